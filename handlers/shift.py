"""/duty: who is on duty now and in the next seven days, and when nobody is."""

from datetime import timedelta

from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.route import App, on_command
from storage import audit
from storage.access import Action
from storage.shift import Shift, coming, uncovered

AHEAD = timedelta(days=7)


def register(app: App) -> None:
    on_command(app, "duty", Action.LIST, duty)


async def duty(turn: Turn, _words: str) -> None:
    audit.record("shift.listed", turn.who.area_code, actor=turn.actor)
    await turn.reply("duty")


@card("duty")
async def show_duty(showing: Showing) -> Card | None:
    person = showing.person
    if person is None:
        return None
    start, end = showing.now, showing.now + AHEAD
    shifts = await coming(person.area_code, start, end)
    if not shifts:
        return Card(showing.text("shift.none"))
    lines = [(shift.starts_at, _line(showing, shift)) for shift in shifts]
    for first, last in uncovered([(shift.starts_at, shift.ends_at) for shift in shifts], start, end):
        lines.append((first, showing.text("shift.gap", start=showing.at(first), end=showing.at(last))))
    return Card("\n".join([showing.text("shift.head"), *[line for _at, line in sorted(lines)]]))


def _line(showing: Showing, shift: Shift) -> str:
    if shift.starts_at <= showing.now:
        phone = f"+86{shift.person.phone.removeprefix('0')}"
        return showing.text("shift.now", name=shift.person.name, phone=phone, until=showing.at(shift.ends_at))
    start, end = showing.at(shift.starts_at), showing.at(shift.ends_at)
    return showing.text("shift.line", start=start, end=end, name=shift.person.name)
