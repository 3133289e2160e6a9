"""The judge's card and its buttons; /pending."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import locales
from handlers.callback import Tap
from handlers.card import Button, Card, Showing, card
from handlers.context import Turn
from handlers.describe import (
    case_line,
    debtor_line,
    dialled,
    event_line,
    judge_name,
    names,
    reporter_name,
    shows,
    witness_line,
)
from handlers.length import shortened
from handlers.parts import Contact, Mood, Parts, Step
from handlers.post import relay as relay_handlers
from handlers.route import App, on_tap
from storage.alerts import alert, escalation, sighting, steps, timeline
from storage.alerts.alert import OPEN, Alert, AlertState, Outcome
from storage.alerts.attachment import AttachmentKind, of_sighting
from storage.alerts.sighting import Sighting, SightingState, Suspect
from storage.cases import follow
from storage.cases.case import CaseDebtor, of_debtors
from storage.engine.clock import local
from storage.people.area import full_name
from storage.people.endpoint import reached
from storage.people.person import Person, by_id, colleagues
from storage.post import question
from storage.post.delivery import last_delivery, older_deliveries
from storage.post.outbox import Lane, Outbox, take_back
from storage.post.question import QuestionKind
from storage.reading.evidence import Sureness, sureness
from storage.reading.when import times_in

STEP_OF_VERB = {"ack": AlertState.ACKNOWLEDGED, "go": AlertState.EN_ROUTE, "there": AlertState.ON_SCENE}
OUTCOMES = tuple(Outcome)
_PAGE = 6
CHANGEABLE = timedelta(days=7)
"""For so long a result can be put right on its card."""
LATE = timedelta(minutes=3)
"""From this age on a card that arrives only now says how old it is."""
LOUDER_AFTER = timedelta(seconds=60)
_PEOPLE, _CASES, _WORDS = 5, 5, 6
"""So many debtors, cases, and nicknames or plates of each stand on a card."""
_WITNESSES = 5
"""The newest that fit on the card; each came as a message of its own too."""


def register(app: App) -> None:
    for verb in STEP_OF_VERB:
        on_tap(verb, advance)
    on_tap("close", open_menu)
    on_tap("xfer", open_menu)
    on_tap("back", open_menu)
    on_tap("out", close)
    on_tap("to", transfer)
    on_tap("ask", relay_handlers.ask_button)


# -- taps --------------------------------------------------------------------------------------------------------


async def _held(turn: Turn, tap: Tap) -> Alert | None:
    """Loads the alert if this person holds its card; refuses somebody else's like one that doesn't exist."""
    held = await alert.held(tap.ref, turn.who)
    if held is None:
        await turn.refuse(f"alert:{tap.ref}")
    return held


async def advance(turn: Turn, tap: Tap) -> None:
    """Answers 收到, 出发 and 到场."""
    held = await _held(turn, tap)
    if held is None:
        return
    if await steps.advance(held, STEP_OF_VERB[tap.verb], turn.who):
        await turn.toast(f"alert.toast_{tap.verb}")
    else:
        await _stands(turn, held)


async def open_menu(turn: Turn, tap: Tap) -> None:
    """Answers 办结 and 转交 with further buttons on the same card, to choose from; 返回 takes them back."""
    held = await _held(turn, tap)
    if held is None:
        return
    if held.state not in OPEN and tap.verb != "back":
        await _stands(turn, held)
        return
    await turn.toast()
    await turn.reply("alert", held.id, fresh=False, menu=tap.verb, page=tap.arg)


async def close(turn: Turn, tap: Tap) -> None:
    held = await _held(turn, tap)
    if held is None:
        return
    if tap.arg < len(OUTCOMES) and await steps.close(held, OUTCOMES[tap.arg], turn.who):
        await turn.toast("alert.toast_closed")
        await question.ask(QuestionKind.NOTE, turn.channel, turn.chat_id, turn.who.id, held.id)
        await turn.say("alert.add_note", of=held.sighting_id)
    else:
        await _stands(turn, held)


async def transfer(turn: Turn, tap: Tap) -> None:
    held = await _held(turn, tap)
    if held is None:
        return
    target = next((one for one in await colleagues(turn.who) if one.id == tap.arg), None)
    if target is not None and await steps.transfer(held, target, turn.who):
        await turn.toast("alert.toast_transferred")
    else:
        await _stands(turn, held)


async def _stands(turn: Turn, held: Alert) -> None:
    """Answers a button that is out of date: says how things stand and shows the card so."""
    await turn.toast(f"alert.stands_{held.state.value}")
    await turn.reply("alert", held.id, fresh=False, lane=Lane.RECEIPT)


# -- the card ----------------------------------------------------------------------------------------------------


async def _delivered(row: Outbox) -> None:
    """Notes that it arrived. A reminder takes the place of the card before it: one lead is one card on a phone."""
    await escalation.delivered(row.ref, row.person_id)
    await take_back(await older_deliveries(row.channel, row.chat_id, "alert", row.ref), replaced=True)


async def _undeliverable(row: Outbox) -> None:
    await escalation.undeliverable(row.ref, row.person_id, (row.channel, row.chat_id))


@card("alert", delivered=_delivered, undeliverable=_undeliverable)
async def show_alert(showing: Showing) -> Card | None:
    """Shows the task on one screen. A louder repetition that has been answered meanwhile is dropped."""
    rows = await alert.side_by_side(showing.ref)
    one = rows[0] if rows and rows[0].id == showing.ref else None
    if one is None or await _obsolete(showing, one):
        return None
    family = await sighting.with_witnesses(one.sighting_id)
    first = next(row for row in family if row.id == one.sighting_id)
    suspects = await sighting.suspects_of(first)
    parties = await of_debtors([suspect.debtor_id for suspect in suspects])
    gave = await _given_away(showing, one)
    others = {row.concerns for row in rows[1:]}
    cases = _cases(showing, [party for party in parties if party.case.judge_id not in others])
    later = [row for row in family if row is not first and row.state is not SightingState.WITHDRAWN]
    watching = await follow.supervisors(one.sighting_id)
    title = await _title(showing, first, suspects, parties)
    parts = Parts(
        title=title.line,
        noun="lead",
        mood=_mood(one, gave),
        label=title.label,
        who=title.who,
        where=await full_name(first.area_code),
        at=first.reported_at,
        state=_state(showing, one, gave),
        notes=gave or [*_choosing(showing), *_headlines(showing, one)],
        quote=[showing.text("alert.quote", text=shortened(first.text))] if first.text else [],
        asides=_asides(showing, first),
        place=showing.text("sighting.at_place", place=first.place) if first.place else "",
        sure=_evidence(showing, first, suspects),
        people=[] if first.confidential else [Contact(first.reporter.name, dialled(first.reporter))],
        says=_says(showing, first),
        facts=[*_facts(showing, parties), *cases],
        thread=[witness_line(showing, row, first) for row in later[-_WITNESSES:]],
        steps=_steps(showing, one),
        progress=_progress(showing, one),
        foot=[
            *([showing.text("alert.supervised", names="、".join(watching))] if watching else []),
            *_others(showing, rows[1:]),
        ],
    )
    whom = shows(
        {*(one.debtor_id for one in suspects), *(party.debtor_id for party in parties)},
        [row.id for row in family],
        [first, *later[-_WITNESSES:]],
    )
    return Card(parts.text(), await _buttons(showing, one), urgent=first.urgent, parts=parts, shows=whom, of=first.id)


def _mood(one: Alert, gave: Sequence[str]) -> Mood:
    if one.state is AlertState.CLOSED:
        return Mood.DONE
    if one.state not in OPEN or gave:
        return Mood.OVER
    return Mood.ALARM if one.state is AlertState.SENT else Mood.HAND


def _state(showing: Showing, one: Alert, gave: Sequence[str]) -> str:
    """Says in a word what ended it for whoever holds the card."""
    if one.state is AlertState.WITHDRAWN:
        return showing.plain("alert.no_need")
    if one.state is AlertState.CLOSED and one.outcome is not None:
        return showing.plain(f"alert.outcome_{one.outcome.value}")
    return showing.plain("alert.gone_over") if gave else ""


def _steps(showing: Showing, one: Alert) -> list[Step]:
    """Lists the four steps, each with the time at which it was taken."""
    times = {event.kind: event.at for event in one.timeline}
    steps = []
    for state in (*STEP_OF_VERB.values(), AlertState.CLOSED):
        at = times.get(state.value)
        steps.append(Step(showing.plain(f"alert.step_{state.value}"), showing.at(at) if at is not None else ""))
    return steps


def _asides(showing: Showing, first: Sighting) -> list[str]:
    lines = []
    if first.recorded_at is not None:
        said, recorded = showing.at(first.reported_at), showing.at(first.recorded_at)
        lines.append(showing.text("alert.said_earlier", at=said, recorded=recorded))
    if first.amended:
        lines.append(showing.text("alert.amended", text=shortened(first.amended)))
    if first.spoken:
        lines.append(showing.text("alert.spoken"))
    return lines + _times(showing, first)


async def _obsolete(showing: Showing, one: Alert) -> bool:
    """Tells whether to drop the card: a louder repetition that has been answered meanwhile, or whose first card is only
    now arriving; and the first card of an alert that is over already."""
    if showing.args.get("again"):
        before = await last_delivery(showing.channel, showing.chat_id, "alert", one.id)
        return one.state is not AlertState.SENT or before is None or showing.now - before.at < LOUDER_AFTER
    if one.state in OPEN or showing.repeat:  # it may hang on a phone already, as if it were still true
        return False
    return await last_delivery(showing.channel, showing.chat_id, "alert", one.id) is None


def _headlines(showing: Showing, one: Alert) -> list[str]:
    lines = []
    mine = next((row for row in one.recipients if showing.person and row.person_id == showing.person.id), None)
    minutes = max(1, round(alert.waited(one, showing.now).total_seconds() / 60))
    first = one.delivered_at is None and not (mine and mine.escalated)
    if first and alert.waited(one, showing.now) > LATE:
        lines.append(showing.text("alert.late", minutes=minutes))
    deputised = next((event for event in one.events if event.kind == "deputised" and event.actor), None)
    if deputised is not None and deputised.actor is not None and not (mine and mine.escalated):
        lines.append(showing.text("alert.deputised", name=deputised.actor.name))
    if one.state in OPEN and one.timeline and one.timeline[-1].kind == "urged":
        lines.append(showing.text("alert.urged_now", step=event_line(showing, one.timeline[-1])))
    if one.state is AlertState.SENT:
        if mine is not None and mine.escalated:
            deaf = any(e.kind == "unreachable" and e.detail == str(one.judge_id) for e in one.events)
            key = "alert.escalated_unreachable" if deaf else "alert.escalated"
            lines.append(showing.text(key, name=one.judge.name, minutes=minutes))
        elif one.step and not first:
            lines.append(showing.text("alert.again", minutes=minutes))
    return lines


class _Title(NamedTuple):
    """A headline as a line of markup, and its parts, plain."""

    line: str
    label: str
    who: str


async def _title(
    showing: Showing, report: Sighting, suspects: Sequence[Suspect], parties: Sequence[CaseDebtor]
) -> _Title:
    people = {party.debtor_id: party.debtor.name for party in parties}
    if not people:
        people = {row.debtor_id: row.debtor.name for row in suspects}
    if people:
        key = "doubtful" if report.doubtful else str(report.kind)
    elif report.text or report.amended:
        key = "off_list"
    else:
        kinds = {one.kind for one in await of_sighting(report.id)}
        key = "unheard" if kinds and kinds <= {AttachmentKind.VOICE, AttachmentKind.AUDIO} else "unseen"
    who = names(showing, list(people.values())[:_PEOPLE], report.doubtful)
    where, at = await full_name(report.area_code), showing.at(report.reported_at)
    line = showing.text(f"alert.title_{key}", who=who, at=at, where=where)
    return _Title(line, showing.plain(f"alert.label_{key}"), who)


def _times(showing: Showing, report: Sighting) -> list[str]:
    """Says which times 明天 and 昨晚 were when it was said: the judge may read it a day later."""
    said = times_in(report.amended or report.text, report.reported_at)
    today = local(report.reported_at).date()
    words = [
        f"{one.words}（{locales.span(showing.language, one.start, one.end)}）"
        for one in said
        if one.start.date() != today or one.end - one.start < timedelta(hours=2)
    ]
    return [showing.text("alert.when", times=showing.plain("case.comma").join(words[:3]))] if words else []


def _facts(showing: Showing, parties: list[CaseDebtor]) -> list[str]:
    """Says what helps to recognise each debtor; of many the first."""
    people = {party.debtor_id: party.debtor for party in parties}
    lines = []
    for debtor in list(people.values())[:_PEOPLE]:
        facts = [debtor_line(showing, debtor)]
        facts += [locales.escape(alias.text) for alias in list(debtor.aliases)[:_WORDS]]
        facts += [locales.escape(plate.number) for plate in list(debtor.plates)[:_WORDS]]
        lines.append(" · ".join(facts))
    rest = len(people) - _PEOPLE
    return [*lines, showing.text("alert.more_people", count=rest)] if rest > 0 else lines


def _cases(showing: Showing, parties: list[CaseDebtor]) -> list[str]:
    """Lists the newest cases; how many more there are, and what to send to see them."""
    lines = [case_line(showing, party) for party in parties[-_CASES:]]
    rest = len(parties) - _CASES
    if rest > 0:
        lines.append(showing.text("alert.more_cases", count=rest, name=parties[0].debtor.name))
    return lines


def _says(showing: Showing, report: Sighting) -> str:
    if report.confidential:
        return showing.text("alert.says_unnamed", code=report.code)
    return showing.text("alert.says", who=reporter_name(showing, report), phone=dialled(report.reporter))


def _evidence(showing: Showing, report: Sighting, suspects: Sequence[Suspect]) -> str:
    """Says how sure it is, and by which words; of many people the first."""
    reasons, sure = [], set()
    for suspect in suspects:
        sure.add(sureness(suspect.reasons))
        words = [showing.plain(f"sighting.because_{kind}", word=word) for kind, word in suspect.reasons]
        if words:
            name = f"{suspect.debtor.name}：" if report.doubtful else ""
            reasons.append(name + showing.plain("case.comma").join(words))
    if not reasons:
        return ""
    least = next(level for level in reversed(Sureness) if level in sure)
    key = "alert.sure_doubtful" if report.doubtful else f"alert.sure_{least.value}"
    return showing.text("alert.because", sure=showing.plain(key), reasons="；".join(reasons[:_PEOPLE]))


def _progress(showing: Showing, one: Alert) -> list[str]:
    """Says who did what when, in one line; the whole of it is in /case."""
    if one.state is AlertState.WITHDRAWN:
        return [showing.text("alert.was_withdrawn")]
    steps = [
        event
        for event in one.timeline
        if event.kind in ("acknowledged", "en_route", "on_scene", "closed", "changed", "transferred")
    ]
    words = [event_line(showing, event) for event in steps]
    lines = [" → ".join(words)] if words else []
    if one.state is AlertState.CLOSED and one.outcome is not None:
        paid = showing.text("alert.paid", amount=locales.amount(showing.language, one.amount)) if one.amount else ""
        result = showing.plain(f"alert.outcome_{one.outcome.value}")
        note = locales.escape(shortened(one.note, 300))
        lines.append(showing.text("alert.closed", result=result, paid=locales.Html(paid), note=note))
    return lines


def _others(showing: Showing, others: list[Alert]) -> list[str]:
    """Shows the other judges, where several cases have several judges: they see each other."""
    rest = [other for other in others if other.state is not AlertState.WITHDRAWN]
    words = [
        showing.plain(
            "alert.other", judge=judge_name(showing, other), state=showing.plain(f"alert.state_{other.state.value}")
        )
        for other in rest
    ]
    return [showing.text("alert.others", list="、".join(words))] if words else []


async def _given_away(showing: Showing, one: Alert) -> list[str]:
    """Says to whom and when, on the card of who gave it away."""
    event = alert.given_away(one, showing.person.id) if showing.person is not None else None
    to = await by_id(int(event.detail)) if event is not None else None
    if event is None or to is None:
        return []
    return [showing.text("alert.given_away", name=to.name, at=showing.at(event.at))]


def _choosing(showing: Showing) -> list[str]:
    """Says what is being chosen from, where the buttons are names."""
    return [showing.text("alert.to_whom")] if showing.args.get("menu") == "xfer" else []


async def _buttons(showing: Showing, one: Alert) -> list[list[Button]]:
    if showing.person and alert.given_away(one, showing.person.id):
        return []
    menu = showing.args.get("menu")
    if one.state is AlertState.CLOSED and one.closed_at is not None and showing.now - one.closed_at < CHANGEABLE:
        return _results(showing, one) if menu == "amend" else [_ways_back(showing, one)]
    if one.state not in OPEN:
        return []
    if menu == "close":
        buttons = [showing.button(f"alert.outcome_{o.value}", "out", one.id, n) for n, o in enumerate(OUTCOMES)]
        back = showing.button("alert.back", "back", one.id)
        steps = [button for button in _moves(showing, one) if button.tap.verb != "close"]
        return [[replace(step, main=False) for step in steps], buttons[:3], buttons[3:], [back]]
    if menu == "xfer" and showing.person is not None:
        return await _colleague_buttons(showing, one, showing.person)
    first, *later = _moves(showing, one)
    ways = [showing.button("alert.xfer", "xfer", one.id), _beside(showing.button("alert.ask", "ask", one.id))]
    if not later and first.tap.verb == "close":
        return [[first], ways]
    over = showing.button("alert.close", "close", one.id)
    return [[first], later, [over if one.state is AlertState.SENT else _beside(over), *ways]]


def _ways_back(showing: Showing, one: Alert) -> list[Button]:
    """Lists how a result is put right; a slip of the finger, for a moment, as if it hadn't been."""
    ways = [showing.button("outcome.amend", "amend", one.id)]
    mine = showing.person is not None and showing.person.id == one.handler_id
    if mine and timeline.may_undo(one.closed_at, showing.now):
        fades = timeline.undo_left(one.closed_at, showing.now)
        ways.insert(0, replace(showing.button("outcome.reopen", "reopen", one.id), fades=fades))
    return ways


def _results(showing: Showing, one: Alert) -> list[list[Button]]:
    """Lists the other results, where the one that stands was a slip."""
    rest = [(n, o) for n, o in enumerate(OUTCOMES) if o is not one.outcome]
    buttons = [showing.button(f"alert.outcome_{o.value}", "fix", one.id, n) for n, o in rest]
    return [buttons[:3], buttons[3:], [showing.button("alert.back", "back", one.id)]]


def _beside(button: Button) -> Button:
    return replace(button, beside=True)


def _moves(showing: Showing, one: Alert) -> list[Button]:
    """Lists the steps that are still to come, the next one first; after the last it is to close the alert."""
    steps = [
        showing.button(f"alert.{verb}", verb, one.id)
        for verb, to in STEP_OF_VERB.items()
        if alert.may_advance(one.state, to)
    ]
    first, *later = steps or [showing.button("alert.close", "close", one.id)]
    return [replace(first, main=True), *later]


async def _colleague_buttons(showing: Showing, one: Alert, person: Person) -> list[list[Button]]:
    every = await colleagues(person)
    there = await reached(colleague.id for colleague in every)
    people = [colleague for colleague in every if colleague.id in there and colleague.id != one.judge_id]
    page = min(int(showing.args.get("page", 0)), max(0, (len(people) - 1) // _PAGE))
    shown = people[page * _PAGE : (page + 1) * _PAGE]
    buttons = [Button(colleague.name, Tap("to", one.id, colleague.id)) for colleague in shown]
    rows = [buttons[start : start + 3] for start in range(0, len(buttons), 3)]
    last = [showing.button("alert.back", "back", one.id)]
    if len(people) > (page + 1) * _PAGE:
        last.append(showing.button("alert.more", "xfer", one.id, page + 1))
    return [*rows, last]


@card("change")
async def show_change(showing: Showing) -> Card | None:
    """Shows that the reporter took something back, and loudly, for the judge may be on the road."""
    report = await sighting.by_id(showing.args["sighting"])
    if report is None or await last_delivery(showing.channel, showing.chat_id, "alert", showing.ref) is None:
        return None  # who hasn't seen the card yet sees it as it is now, or not at all
    words = shortened(report.amended or report.text, 200)
    text = showing.text(f"alert.change_{showing.args['what']}", at=showing.at(report.reported_at), text=words)
    return Card(text, shows=shows(reports=[report.id]), of=report.root_id)
