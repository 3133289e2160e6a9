"""A lead as who supervises sees it: opened from a list, however nobody on any list it is about; called for, urged."""

import re

from handlers.callback import Tap
from handlers.card import Button, Card, Showing, card
from handlers.cases.quota import stopped
from handlers.context import Turn
from handlers.describe import dialled, event_line, judge_name, names, shows
from handlers.length import shortened, shown
from handlers.parts import Contact, Mood, Parts
from handlers.route import App, on_command, on_tap
from storage.alerts import alert, sighting
from storage.alerts.alert import OPEN, Alert, AlertState
from storage.alerts.sighting import Sighting
from storage.engine import audit
from storage.people.access import Action, may, sees_whole
from storage.people.area import contains, full_name
from storage.people.person import Person, Role

_KINDS = ("acknowledged", "en_route", "on_scene", "closed", "escalated", "transferred", "urged", "withdrawn")
"""The steps that say how far it is; the whole of them is in 全部经过."""


def register(app: App) -> None:
    on_command(app, "lead", Action.LIST, lead, menu=0)
    on_tap("lead", open_lead, Action.LIST)


async def lead(turn: Turn, words: str) -> None:
    """Answers `/lead 12` with the lead of that number."""
    number = words.removeprefix("#").strip()
    if not re.fullmatch(r"[0-9]{1,9}", number) or not await _open(turn, int(number)):
        await turn.say("lead.none", number=number[:20])


async def _visible(person: Person, number: int) -> tuple[Sighting, list[Alert]] | None:
    """Loads a report with its alerts, if this person supervises it: their area's, a judge's own."""
    row = await sighting.whole(number)
    if row is None or row.joined_id is not None:
        return None
    alerts = await alert.of_sighting_root(row.id)
    if person.role is Role.JUDGE:
        mine = any(person.id in (one.judge_id, one.handler_id) for one in alerts)
    else:
        mine = contains(person.area_code, row.area_code)
    return (row, alerts) if mine else None


async def open_lead(turn: Turn, tap: Tap) -> None:
    """Answers a row of a list: its card, which a judge who holds it gets to work with."""
    if await _open(turn, tap.ref):
        await turn.toast()
    else:
        await turn.refuse(f"sighting:{tap.ref}")


async def _open(turn: Turn, number: int) -> bool:
    """Shows a lead, as long as this person hasn't looked up too much; False where it isn't theirs to see."""
    found = await _visible(turn.who, number)
    if found is None or await stopped(turn):
        return found is not None
    row, alerts = found
    audit.record("sighting.read", f"sighting:{row.id}", actor=turn.actor)
    held = [one for one in alerts if any(holder.person_id == turn.who.id for holder in one.recipients)]
    await (turn.reply("alert", held[-1].id) if held else turn.reply("lead", row.id))
    return True


@card("lead")
async def show_lead(showing: Showing) -> Card | None:
    person = showing.person
    found = await _visible(person, showing.ref) if person is not None and may(person, Action.LIST) else None
    if found is None or person is None:
        return None
    row, alerts = found
    standing = [one for one in alerts if one.state is not AlertState.WITHDRAWN]
    who = names(showing, [one.debtor.name for one in row.suspects], row.doubtful)
    who = who or shown(showing.text("sighting.off_list"))
    where = await full_name(row.area_code)
    parts = Parts(
        title=showing.text("lead.title", number=row.id, who=who, where=where, at=showing.at(row.reported_at)),
        mood=_mood(standing),
        label=showing.plain("lead.label", number=row.id),
        who=who,
        where=where,
        at=row.reported_at,
        quote=_quote(showing, person, row),
        place=showing.text("sighting.at_place", place=row.place) if row.place else "",
        facts=[] if sees_whole(person) else [showing.text("lead.hidden")],
        people=[Contact(judge_name(showing, one), dialled(one.taken_by)) for one in standing],
        progress=[_line(showing, one) for one in standing] or [showing.text("sighting.receipt_withdrawn")],
    )
    whom = shows([one.debtor_id for one in row.suspects], [row.id])
    return Card(parts.text(), await _buttons(showing, person, standing), parts=parts, shows=whom, of=row.id)


def _quote(showing: Showing, person: Person, row: Sighting) -> list[str]:
    """Quotes what was said to the court's own people; who merely supervises sees how it stands."""
    said = row.amended or row.text
    return [showing.text("alert.quote", text=shortened(said, 300))] if said and sees_whole(person) else []


def _mood(standing: list[Alert]) -> Mood:
    if any(one.state is AlertState.SENT for one in standing):
        return Mood.ALARM
    if any(one.state in OPEN for one in standing):
        return Mood.HAND
    return Mood.DONE if standing else Mood.OVER


def _line(showing: Showing, one: Alert) -> str:
    """Says with whom it is, where they can be called, and how far they are."""
    steps = [event_line(showing, event) for event in one.timeline if event.kind in _KINDS]
    state = showing.plain(f"alert.state_{one.state.value}")
    head = showing.text("lead.with", judge=judge_name(showing, one), phone=dialled(one.taken_by), state=state)
    return "\n".join([head, *([" → ".join(steps)] if steps else [])])


async def _buttons(showing: Showing, person: Person, standing: list[Alert]) -> list[list[Button]]:
    rows: list[list[Button]] = []
    for one in [one for one in standing if one.state in OPEN][:1]:
        ways = [showing.button("urge.button", "urge", one.id)] if may(person, Action.URGE) else []
        ways += [showing.button("reassign.button", "reassign", one.id)] if may(person, Action.REASSIGN) else []
        rows.append(ways)
    parties = await alert.parties_of(standing[0]) if standing else []
    if parties and may(person, Action.CASE):
        rows.append([showing.button("lead.case", "case", parties[-1].case_id)])
    return [row for row in rows if row]
