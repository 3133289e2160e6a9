"""A reporter's receipt, which keeps changing: who was understood, how far the court is, and what can still be put
right."""

from dataclasses import replace
from datetime import datetime

import locales
from handlers.card import Button, Card, Showing, card
from handlers.describe import debtor_line, in_sight, judge_name, names, officer_name, shows
from handlers.length import shortened, shown
from handlers.parts import Mood, Parts, Step
from storage.alerts import alert, sighting, timeline
from storage.alerts.alert import OPEN, Alert, AlertState
from storage.alerts.sighting import Sighting, SightingState
from storage.cases.debtor import Debtor
from storage.duty import court
from storage.post.delivery import Subject

_ON_THE_WAY = (AlertState.EN_ROUTE, AlertState.ON_SCENE)


@card("receipt")
async def show_receipt(showing: Showing) -> Card | None:
    row = await sighting.whole(showing.ref)
    if row is None:
        return None
    alerts = await alert.of_sighting_root(row.root_id)
    seen = in_sight(row.reporter, [one.debtor for one in row.suspects])
    live = [one for one in alerts if one.state is not AlertState.WITHDRAWN]
    ringing = [one for one in live if not _rings_nobody(one)]
    withdrawn = row.state is SightingState.WITHDRAWN
    phone = "" if ringing else await court.phone_of(row.area_code)
    done = bool(live) and all(one.state not in OPEN for one in live)
    ended = _results(showing, live) if done and seen else ""
    parts = Parts(
        title=_first_line(showing, row, seen),
        noun="report",
        mood=Mood.OVER if withdrawn else Mood.DONE if done else Mood.HAND,
        label=showing.plain("sighting.label_logged", at=showing.at(row.recorded_at or row.reported_at)),
        who=names(showing, [one.name for one in seen], row.doubtful) or shown(_own_words(showing, row)),
        at=row.reported_at,
        where=showing.plain("sighting.at_place", place=row.place) if row.place else "",
        state=showing.plain("sighting.receipt_withdrawn") if withdrawn else ended,
        steps=[] if withdrawn else _receipt_steps(showing, row, ringing),
        progress=_receipt_lines(showing, row, seen, live, ringing, phone),
    )
    buttons = _restoring(showing, row, alerts) if withdrawn else _receipt_buttons(showing, row, live, seen)
    return Card(parts.text(), buttons, parts=parts, shows=_whom(row))


def _restoring(showing: Showing, row: Sighting, alerts: list[Alert]) -> list[list[Button]]:
    """Offers for a moment to undo that it was taken back, where that has reached a judge."""
    events = [event for one in alerts for event in one.timeline[-1:]]
    taken = [one for one in events if (one.kind, one.detail) == ("withdrawn", str(row.id))]
    if not any(timeline.may_undo(one.at, showing.now) for one in taken):
        return []
    fades = timeline.undo_left(taken[0].at, showing.now)
    return [[replace(showing.button("sighting.restore", "restore", row.id), fades=fades)]]


def _receipt_lines(
    showing: Showing, row: Sighting, seen: list[Debtor], live: list[Alert], ringing: list[Alert], phone: str
) -> list[str]:
    """Says how far it is, and what the reporter may do for it."""
    if row.state is SightingState.WITHDRAWN:
        return [showing.text("sighting.receipt_withdrawn")]
    lines = [showing.text("sighting.receipt_joined")] if row.joined_id is not None and seen else []
    lines += [_alert_line(showing, one) for one in ringing] if seen else _court_line(showing, row, ringing)
    if row.state is SightingState.ASKING:
        lines.append(showing.text("sighting.receipt_asking"))
    elif not ringing:
        lines.append(showing.text("sighting.receipt_nobody", phone=phone).rstrip())
    if any(one.state in (AlertState.EN_ROUTE, AlertState.ACKNOWLEDGED) for one in live):
        lines.append(showing.text("sighting.receipt_watch"))
    if row.confidential:
        lines.append(showing.text("sighting.receipt_hidden"))
    return lines


def _receipt_steps(showing: Showing, row: Sighting, ringing: list[Alert]) -> list[Step]:
    """Lists the steps that any of the judges has taken, and the end, which all of them must have reached. None is
    earlier than the report: what others had told before is nobody's business."""
    return [
        Step(showing.plain(f"sighting.way_{kind}"), showing.at(at) if at is not None else "")
        for kind, at in _way(row, ringing)
    ]


def _way(row: Sighting, ringing: list[Alert]) -> list[tuple[str, datetime | None]]:
    """Lists the steps, and the end, each with when the first of the judges took it and all of them had ended."""
    way: list[tuple[str, datetime | None]] = []
    for kind in ("delivered", *(state.value for state in (AlertState.ACKNOWLEDGED, *_ON_THE_WAY))):
        times = [event.at for one in ringing for event in one.since_handed_over if event.kind == kind]
        way.append((kind, max(min(times), row.recorded_at or row.reported_at) if times else None))
    ends = [one.closed_at for one in ringing if one.closed_at is not None]
    return [*way, ("closed", max(ends) if ends and len(ends) == len(ringing) else None)]


def _whom(row: Sighting) -> frozenset[Subject]:
    return shows([one.debtor_id for one in row.suspects], {row.id, row.root_id})


def _first_line(showing: Showing, row: Sighting, seen: list[Debtor]) -> str:
    """Says who is meant; to somebody of another area only their own words, whoever is meant and whether or not it is
    anybody on the list."""
    if seen:
        who = names(showing, [debtor_line(showing, one) for one in seen], row.doubtful)
    else:
        who = _own_words(showing, row)
    place = " · " + showing.text("sighting.at_place", place=row.place) if row.place else ""
    at, parts = showing.at(row.reported_at), {"who": locales.Html(who), "place": locales.Html(place)}
    if row.recorded_at is not None:
        return showing.text("sighting.receipt_logged_late", at=at, recorded=showing.at(row.recorded_at), **parts)
    return showing.text("sighting.receipt_logged", at=at, **parts)


def _own_words(showing: Showing, row: Sighting) -> str:
    """Quotes what was said, as markup; of a photo or voice without a word, that."""
    said = row.amended or row.text
    return showing.text("sighting.own_words", text=shortened(said, 60)) if said else showing.text("sighting.unread")


def _results(showing: Showing, live: list[Alert]) -> str:
    """Says how it ended."""
    ended = [showing.plain(f"alert.outcome_{one.outcome.value}") for one in live if one.outcome is not None]
    return "、".join(dict.fromkeys(ended))


def _rings_nobody(one: Alert) -> bool:
    """Tells whether the whole ladder held nobody who can be reached."""
    return one.state is AlertState.SENT and not one.reachable and one.escalate_at is None and one.delivered_at is None


def _court_line(showing: Showing, row: Sighting, ringing: list[Alert]) -> list[str]:
    """Says how far the court is with what it was told, without anybody's name, however many are at it, and as if nobody
    had told it before."""
    if not ringing:
        return []
    parts = [showing.text("sighting.step_court")]
    keys = {"delivered": "sighting.step_arrived", "closed": "sighting.step_over"}
    for kind, at in _way(row, ringing):
        if at is not None:
            parts.append(showing.text(keys.get(kind) or f"sighting.step_{kind}", at=showing.at(at)))
    return [" · ".join(parts)]


def _alert_line(showing: Showing, one: Alert) -> str:
    steps = {event.kind: event.at for event in one.since_handed_over}
    name = judge_name(showing, one)
    if one.state is AlertState.CLOSED and one.outcome is not None:
        result = showing.plain(f"alert.outcome_{one.outcome.value}")
        told = alert.is_told(one.timeline)  # sum and words are the court's, unless it wants the village to know
        amount = one.amount if told else None
        paid = showing.text("alert.paid", amount=locales.amount(showing.language, amount)) if amount else ""
        note = locales.escape(shortened(one.note, 200)) if told else locales.Html("")
        at = showing.at(one.closed_at or showing.now)
        return showing.text(
            "sighting.step_closed", at=at, judge=name, result=result, paid=locales.Html(paid), note=note
        )
    parts = [showing.text("sighting.step_sending", judge=name)]
    if one.delivered_at is not None:
        hands = [event.actor for event in one.timeline if event.kind == "delivered"]
        reached = officer_name(showing, hands[-1]) if hands and hands[-1] and one.handler is None else name
        parts = [showing.text("sighting.step_delivered", judge=reached, at=showing.at(one.delivered_at))]
    for state in (AlertState.ACKNOWLEDGED, *_ON_THE_WAY):
        if state.value in steps and one.state is not AlertState.SENT:
            parts.append(showing.text(f"sighting.step_{state.value}", at=showing.at(steps[state.value])))
    told_others = any(event.kind == "escalated" and event.detail != "again" for event in one.since_handed_over)
    if one.state is AlertState.SENT and (told_others or not one.reachable):
        parts.append(showing.text("sighting.step_escalated"))
    elif one.state is AlertState.SENT and "escalated" in steps:
        parts.append(showing.text("sighting.step_reminded"))
    return " · ".join(parts)


def _receipt_buttons(showing: Showing, row: Sighting, live: list[Alert], seen: list[Debtor]) -> list[list[Button]]:
    running = any(one.state in OPEN for one in live)
    if row.state is SightingState.ALERTED and live and not running:
        return []
    buttons = []
    if row.state is SightingState.ALERTED and seen:
        buttons.append(showing.button("sighting.not_him", "wrong", row.id))
    buttons.append(showing.button("sighting.undo", "undo", row.id))
    if not row.confidential:
        buttons.append(showing.button("sighting.hide", "hide", row.id))
    return [buttons]


@card("passed_on")
async def show_passed_on(showing: Showing) -> Card | None:
    """Shows the reporter whose matter their words were taken for and who got them, with the way out if they weren't."""
    row = await sighting.whole(showing.ref)
    if row is None:
        return None
    if row.joined_id is None:
        key = "sighting.parted" if row.state is SightingState.ALERTED else "sighting.was_idle"
        return Card(showing.text(key), shows=_whom(row))
    first = await sighting.whole(row.joined_id)
    if first is None:
        return None
    live = [one for one in await alert.of_sighting_root(first.id) if one.state is not AlertState.WITHDRAWN]
    text = showing.text("sighting.passed_on_court")
    if seen := in_sight(row.reporter, [one.debtor for one in first.suspects]):
        judges = "、".join(dict.fromkeys(judge_name(showing, one) for one in live))
        who = names(showing, [debtor_line(showing, one) for one in seen], first.doubtful)
        text = showing.text("sighting.passed_on", judges=judges, who=locales.Html(who))
    ways = [showing.button("sighting.another", "apart", row.id), showing.button("sighting.no_report", "idle", row.id)]
    running = any(one.state in OPEN for one in live)
    return Card(text, [ways] if running else [], shows=_whom(row) | _whom(first))


@card("taken_back")
async def show_taken_back(showing: Showing) -> Card | None:
    """Shows which report the words have taken back: they may have meant another."""
    row = await sighting.whole(showing.ref)
    if row is None:
        return None
    seen = in_sight(row.reporter, [one.debtor for one in row.suspects])
    who = names(showing, [locales.escape(one.name) for one in seen], row.doubtful)
    text = showing.text("sighting.withdrawn", at=showing.at(row.reported_at), who=locales.Html(who))
    back = _restoring(showing, row, await alert.of_sighting_root(row.root_id))
    return Card(text, back, shows=_whom(row))
