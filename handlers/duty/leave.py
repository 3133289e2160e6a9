"""/leave: who is away from when until when, and who answers meanwhile."""

from collections import Counter
from datetime import datetime, timedelta

from handlers.callback import Tap
from handlers.card import Button, Card, Showing, card
from handlers.context import Turn
from handlers.form import Field, Form, names
from handlers.route import App, on_command, on_tap
from storage.duty import leave, shift
from storage.duty.leave import Leave
from storage.engine import audit
from storage.engine.clock import local
from storage.engine.unit import unit
from storage.people.access import Action, may
from storage.people.area import county_of
from storage.people.person import Person, by_id, named, of_court
from storage.post.outbox import Lane, put_to_person
from storage.reading.when import stretch_in


def register(app: App) -> None:
    on_command(app, "leave", Action.LEAVE, take, menu=320, awaits=True)
    on_tap("endleave", end, Action.LEAVE)


async def take(turn: Turn, words: str) -> None:
    """Answers `/leave 12月1日到5日 郑雅芳`: the speaker is away, and 郑雅芳 answers.

    Who keeps the roster names both: first who is away.
    """
    if not words:
        audit.record("leave.listed", turn.who.area_code, actor=turn.actor)
        await turn.reply("leaves")
        return
    stretch, left = stretch_in(words, unit().now)
    people = await named(left, county_of(turn.who.area_code))
    inside = {one.name for one in people for other in people if one.name != other.name and one.name in other.name}
    if any(left.count(one.name) > 1 for one in people if one.name not in inside):
        await turn.say("leave.self_deputy")
        return
    for one in people:
        left = left.replace(one.name, "")
    away, deputy = _who(turn.who, people)
    unclear = len({one.name for one in people}) != len(people) or left.strip(leave.FILLING)
    if stretch is not None and unclear and stretch[1] > unit().now:
        days = [local(at).date().isoformat() for at in (stretch[0], stretch[1] - timedelta(seconds=1))]
        await turn.reply("leaves", days=days)  # when is clear, and who answers can be chosen
        return
    if stretch is None or away is None or unclear:
        await turn.say("leave.how")
        return
    if stretch[1] <= unit().now:
        await turn.say("leave.past")
        return
    if (there := await leave.overlapping(away.id, *stretch)) is not None:
        await turn.reply("leave", there.id, there=True)
        return
    row = await leave.take(away, deputy, *stretch, turn.who)
    await turn.reply("leave", row.id)
    await _warn(turn, away, deputy, *stretch)
    for other in (away, deputy):
        if other is not None and other.id != turn.who.id:
            await put_to_person(other.id, "leave", row.id, lane=Lane.REPLY, fresh=True)


async def _warn(turn: Turn, away: Person, deputy: Person | None, starts: datetime, ends: datetime) -> None:
    """Says what nobody would answer for: a duty of theirs in that time, a deputy who is away, too."""
    if any(one.person_id == away.id for one in await shift.coming(away.area_code, starts, ends)):
        await turn.say("leave.on_duty", name=away.name)
    if deputy is not None and await leave.overlapping(deputy.id, starts, ends) is not None:
        await turn.say("leave.deputy_away", name=deputy.name)


def _who(speaker: Person, people: list[Person]) -> tuple[Person | None, Person | None]:
    """Tells who is away and who answers; nobody is away where the speaker may not say so."""
    others = [one for one in people if one.id != speaker.id]
    if may(speaker, Action.ROSTER) and (len(others) == 2 or (len(people) == 1 and len(others) == 1)):
        return others[0], others[1] if len(others) == 2 else None
    return (speaker, others[0] if others else None) if len(others) < 2 else (None, None)


async def end(turn: Turn, tap: Tap) -> None:
    """Answers 销假: ends one's own leave, or anybody's of the court for who keeps the roster."""
    row = await leave.by_id(tap.ref)
    owner = await by_id(row.person_id) if row is not None else None
    mine = owner is not None and (owner.id == turn.who.id or _keeps(turn.who, owner))
    if row is None or not mine or row.ends_at <= unit().now:
        await turn.refuse(f"leave:{tap.ref}")
        return
    await leave.end(row, turn.who)
    await turn.toast("leave.ended")
    await turn.reply("leaves")


def _keeps(keeper: Person, of: Person) -> bool:
    return may(keeper, Action.ROSTER) and county_of(keeper.area_code) == of.area_code


@card("leaves")
async def show_leaves(showing: Showing) -> Card | None:
    """Shows the leaves of one's court, with a button for each that may be ended."""
    person = showing.person
    if person is None:
        return None
    rows = await leave.of_court(county_of(person.area_code), showing.now)
    mine = [row for row in rows if row.person_id == person.id or _keeps(person, row.person)]
    days = showing.args.get("days")
    lines = [showing.text("leave.when_clear", first=days[0], last=days[1])] if days else []
    lines += [showing.text("leave.head" if rows else "leave.none"), *[_line(showing, row) for row in rows[:20]]]
    several = Counter(row.person_id for row in mine)
    buttons = [[_back(showing, row, dated=several[row.person_id] > 1)] for row in mine[:8]]
    return Card("\n".join(lines), buttons, forms=[await _form(showing, person)], how=showing.text("leave.how"))


async def _form(showing: Showing, person: Person) -> Form:
    """Asks from when until when, and who answers; of who keeps the roster also who is away."""
    first, last = showing.args.get("days", ("", ""))
    staff = names(await of_court(person.area_code))
    who = [Field("who", showing.plain("form.who"), "select", staff)] if may(person, Action.ROSTER) else []
    return Form(
        showing.plain("leave.form"),
        f"/leave {'{who} ' if who else ''}{{first}} {{last}} {{deputy}}",
        (
            *who,
            Field("first", showing.plain("form.first"), "date", value=first),
            Field("last", showing.plain("form.last"), "date", value=last),
            Field("deputy", showing.plain("form.deputy"), "select", staff, required=False),
        ),
        open=bool(first),
    )


@card("leave")
async def show_leave(showing: Showing) -> Card | None:
    row = await leave.whole(showing.ref)
    if row is None:
        return None
    mine = row.person_id == (showing.person.id if showing.person else None)
    buttons = [[_back(showing, row)]] if mine or showing.args.get("there") else []
    key = "leave.there" if showing.args.get("there") else "leave.taken"
    return Card(showing.text(key, line=_line(showing, row, weekdays=True)), buttons)


def _back(showing: Showing, row: Leave, *, dated: bool = False) -> Button:
    """Makes the button that ends a leave; of several of one person it says which."""
    key = "leave.end_dated" if dated else "leave.end"
    when = showing.stretch(row.starts_at, row.ends_at)
    return Button(showing.plain(key, name=row.person.name, when=when), Tap("endleave", row.id))


def _line(showing: Showing, row: Leave, *, weekdays: bool = False) -> str:
    when = showing.stretch(row.starts_at, row.ends_at, weekdays=weekdays)
    if row.deputy is None:
        return showing.plain("leave.line_duty", name=row.person.name, when=when)
    return showing.plain("leave.line", name=row.person.name, deputy=row.deputy.name, when=when)
