"""/duty: who is on duty now and in the next seven days, and when nobody is; 设, 删 and 换 change the roster."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import locales
from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.form import Day, Field, Form, names
from handlers.route import App, on_command
from storage.duty import court, leave, shift
from storage.duty.leave import absences, is_absent
from storage.duty.shift import Shift, coming
from storage.engine import audit
from storage.engine.clock import day_bounds, local
from storage.engine.unit import unit
from storage.people.access import Action, may
from storage.people.area import county_of
from storage.people.endpoint import reached
from storage.people.person import Person, named, of_court
from storage.reading.when import stretch_in

AHEAD = timedelta(days=7)

MOST_DAYS = 62
"""So many days may be set in one sentence."""

_LEAD = "带班"
Order = Callable[[Turn, str], Awaitable[None]]
ORDERS: dict[str, Order] = {}
"""What `/duty` is told to do, by its first word."""


def order(*words: str) -> Callable[[Order], Order]:
    """Registers what `/duty` does where one of these words comes first."""

    def register_order(carry_out: Order) -> Order:
        ORDERS.update(dict.fromkeys(words, carry_out))
        return carry_out

    return register_order


def register(app: App) -> None:
    on_command(app, "duty", Action.LIST, duty, menu=310)


async def duty(turn: Turn, words: str) -> None:
    """Answers `/duty`, `/duty 设 12月1日到5日 郑雅芳`, `/duty 删 12月1日 郑雅芳`, `/duty 换 12月1日 郑雅芳 12月8日`."""
    verb, _, rest = words.partition(" ")
    deed = ORDERS.get(verb.lower())
    if not words:
        audit.record("shift.listed", turn.who.area_code, actor=turn.actor)
        await turn.reply("duty")
    elif deed is None:
        await turn.say("shift.how")
    else:
        await deed(turn, rest)


async def understood(turn: Turn, words: str) -> tuple[list[datetime], list[Person]] | None:
    """Reads the days (their beginnings, in UTC) and the court's people that an order names; None if it isn't clear."""
    stretch, left = stretch_in(words, unit().now)
    people = await named(left, county_of(turn.who.area_code))
    if stretch is None or len({one.name for one in people}) != len(people):
        return None
    first, last = day_bounds(stretch[0])[0], stretch[1]
    days = [first + timedelta(days=n) for n in range(MOST_DAYS + 1) if first + timedelta(days=n) < last]
    return (days, people) if len(days) <= MOST_DAYS else None


async def _ordered(turn: Turn, words: str) -> tuple[list[datetime], list[Person]] | None:
    """Reads an order of somebody who keeps the roster; else says what is missing and returns None."""
    if not may(turn.who, Action.ROSTER):
        await turn.say("shift.not_yours")
        return None
    said = await understood(turn, words)
    if said is None:
        await turn.say("shift.how")
    elif not said[1]:
        await turn.say("shift.nobody_of_the_court")
    return said if said is not None and said[1] else None


@order("设", "set")
async def _put_on(turn: Turn, words: str) -> None:
    said = await _ordered(turn, words)
    if said is None:
        return
    days, people = said
    lead, mine = _LEAD in words, await court.of(turn.who.area_code)
    for person in people:
        spans = [court.duty_span(mine, local(day).date()) for day in days]
        new = [span for span in spans if await shift.put_on(person, *span, turn.who, lead=lead)]
        if person.id != turn.who.id:
            await shift.tell(person.id, new)
    first, last = local(days[0]).date(), local(days[-1]).date()
    when = locales.days(turn.who.language, first, last, first.year != local(unit().now).year)
    await turn.say("shift.done", names="、".join(one.name for one in people), when=when)
    await turn.reply("duty")
    await _say_who_is_not_there(turn, people, days)


async def _say_who_is_not_there(turn: Turn, people: list[Person], days: list[datetime]) -> None:
    """Says at once who will be away then, and who has no phone to be rung on."""
    away, reachable = await absences(unit().now), await reached(one.id for one in people)
    for person in people:
        if any(is_absent(person.id, away, day + timedelta(hours=20)) for day in days):
            await turn.say("shift.away", name=person.name)
        if person.id not in reachable:
            await turn.say("shift.no_phone", name=person.name)


@order("删", "del")
async def _take_off(turn: Turn, words: str) -> None:
    said = await _ordered(turn, words)
    if said is None:
        return
    for person in said[1]:
        gone = await shift.take_off(person, said[0][0], said[0][-1] + timedelta(days=1), turn.who)
        if person.id != turn.who.id:
            await shift.tell(person.id, gone, "off")
    await turn.reply("duty")


def keeps_roster(turn: Turn) -> bool:
    return may(turn.who, Action.ROSTER)


def day_of(showing: Showing, row: Shift) -> str:
    return showing.days(row.starts_at)


WEEKS = 5
"""So many the calendar shows."""


@card("duty")
async def show_duty(showing: Showing) -> Card | None:
    person = showing.person
    if person is None:
        return None
    start, end = showing.now, showing.now + AHEAD
    shifts = await coming(person.area_code, start, end)
    how = showing.text("shift.how") if may(person, Action.ROSTER) else ""
    forms, days = await _forms(showing, person), await _days(showing, person)
    if not shifts:
        return Card(showing.text("shift.none"), forms=forms, days=days, how=how)
    lines = [(row.starts_at, _line(showing, row)) for row in shifts]
    for first, last in await shift.gaps(county_of(person.area_code), start, end):
        lines.append((first, showing.text("shift.gap", when=showing.stretch(first, last))))
    now = [line for at, line in sorted(lines) if at <= showing.now]
    later = [line for at, line in sorted(lines) if at > showing.now]
    text = "\n".join([showing.text("shift.head"), *now])
    return Card(text, forms=forms, days=days, how="\n".join([*later, how]).strip())


async def _forms(showing: Showing, person: Person) -> list[Form]:
    """Asks who keeps the roster whom to put on duty, or to take off it."""
    if not may(person, Action.ROSTER):
        return []
    who = Field("who", showing.plain("form.who"), "select", names(await of_court(person.area_code)))
    days = Field("first", showing.plain("form.first"), "date"), Field("last", showing.plain("form.last"), "date")
    lead = Field("lead", showing.plain("form.lead"), "check", required=False, value=_LEAD)
    return [
        Form(showing.plain("shift.form_on"), "/duty 设 {first} {last} {who} {lead}", (who, *days, lead)),
        Form(showing.plain("shift.form_off"), "/duty 删 {first} {last} {who}", (who, *days)),
    ]


async def _days(showing: Showing, person: Person) -> list[Day]:
    """Lists the coming weeks, from Monday on: who is on duty, who is away, and where nobody is."""
    start = day_bounds(showing.now - timedelta(days=showing.today.weekday()))[0]
    end, county = start + timedelta(days=WEEKS * 7), county_of(person.area_code)
    shifts = await coming(county, start, end)
    leaves = await leave.of_court(county, start)
    mine = await court.of(county)
    gaps = await shift.gaps(county, max(start, showing.now), end)
    there = await reached(row.person_id for row in shifts)
    empty = {day for span in gaps for day in court.duty_days(mine, *span)}
    days = []
    for number in range(WEEKS * 7):
        first, last = start + timedelta(days=number), start + timedelta(days=number + 1)
        date = local(first).date()
        rows = [row for row in shifts if first <= row.starts_at < last]
        on = [row.person.name for row in rows]
        off = [row.person.name for row in leaves if row.starts_at < last and row.ends_at > first]
        reachable = {row.person.name for row in rows if row.person_id in there}
        alone = bool(on) and reachable <= set(off)  # whoever is on duty is away then, or has no phone
        lines = (*dict.fromkeys(on), *(showing.plain("shift.away_short", name=name) for name in dict.fromkeys(off)))
        days.append(Day(date, lines, gap=(date in empty and bool(shifts)) or alone))
    return days


def _line(showing: Showing, row: Shift) -> str:
    name = row.person.name + (showing.plain("shift.lead") if row.lead else "")
    if row.starts_at <= showing.now:
        phone = f"+86{row.person.phone.removeprefix('0')}"
        return showing.text("shift.now", name=name, phone=phone, until=showing.at(row.ends_at))
    return showing.text("shift.line", when=showing.stretch(row.starts_at, row.ends_at), name=name)


@card("rostered")
async def show_rostered(showing: Showing) -> Card | None:
    """Shows somebody their duty: that they were put on it, taken off it, or that it is tomorrow."""
    spans = [[datetime.fromisoformat(one) for one in span] for span in showing.args["spans"]]
    lines = [showing.stretch(start, end) for start, end in spans]
    return Card("\n".join([showing.text(f"shift.rostered_{showing.args['how']}"), *lines]))


@card("uncovered")
async def show_uncovered(showing: Showing) -> Card | None:
    """Shows who keeps the roster, the day before, that tomorrow there are hours without anybody."""
    start, end = (datetime.fromisoformat(showing.args[name]) for name in ("start", "end"))
    spans = await shift.gaps(showing.args["county"], start, end)
    lines = [showing.text("shift.gap", when=showing.stretch(first, last)) for first, last in spans]
    return Card("\n".join([showing.text("shift.tomorrow"), *lines])) if lines else None
