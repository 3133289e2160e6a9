"""/duty: who is on duty now and in the next seven days, and when nobody is; 设, 删 and 换 change the roster."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from handlers.callback import Tap
from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.route import App, on_command, on_tap
from storage.duty import shift
from storage.duty.shift import Shift, Swap, SwapState, coming, uncovered
from storage.engine import audit
from storage.engine.clock import day_bounds
from storage.engine.database import unit
from storage.people.access import Action, may
from storage.people.area import county_of
from storage.people.person import Person, by_id, named
from storage.post.outbox import Lane, put_to_person
from storage.reading.when import stretch_in

AHEAD = timedelta(days=7)
MOST_DAYS = 62
"""So many days may be set in one sentence."""
_LEAD = "带班"


def register(app: App) -> None:
    on_command(app, "duty", Action.LIST, duty)
    on_tap("agree", answer)
    on_tap("refuse", answer)


async def duty(turn: Turn, words: str) -> None:
    """`/duty`, `/duty 设 12月1日到5日 郑雅芳`, `/duty 删 12月1日 郑雅芳`, `/duty 换 12月1日 郑雅芳 12月8日`."""
    verb, _, rest = words.partition(" ")
    deed = _DEEDS.get(verb.lower())
    if not words:
        audit.record("shift.listed", turn.who.area_code, actor=turn.actor)
        await turn.reply("duty")
    elif deed is None:
        await turn.say("shift.how")
    else:
        await deed(turn, rest)


async def _understood(turn: Turn, words: str) -> tuple[list[datetime], list[Person]] | None:
    """The days (their beginnings, in UTC) and the people of the court that an order names; None if it isn't clear."""
    stretch, left = stretch_in(words, unit().now)
    people = await named(left, county_of(turn.who.area_code))
    if stretch is None or len({one.name for one in people}) != len(people):
        return None
    first, last = day_bounds(stretch[0])[0], stretch[1]
    days = [first + timedelta(days=n) for n in range(MOST_DAYS + 1) if first + timedelta(days=n) < last]
    return (days, people) if len(days) <= MOST_DAYS else None


async def _ordered(turn: Turn, words: str) -> tuple[list[datetime], list[Person]] | None:
    """The same for who keeps the roster; else it has been said what is missing."""
    if not may(turn.who, Action.ROSTER):
        await turn.say("shift.not_yours")
        return None
    said = await _understood(turn, words)
    if said is None:
        await turn.say("shift.how")
    elif not said[1]:
        await turn.say("shift.nobody_of_the_court")
    return said if said is not None and said[1] else None


async def _put_on(turn: Turn, words: str) -> None:
    said = await _ordered(turn, words)
    if said is None:
        return
    days, people = said
    lead = _LEAD in words
    for person in people:
        for day in days:
            await shift.put_on(person, day, day + timedelta(days=1), turn.who, lead=lead)
    await turn.reply("duty")


async def _take_off(turn: Turn, words: str) -> None:
    said = await _ordered(turn, words)
    if said is None:
        return
    for person in said[1]:
        await shift.take_off(person, said[0][0], said[0][-1] + timedelta(days=1), turn.who)
    await turn.reply("duty")


# -- swaps -------------------------------------------------------------------------------------------------------


async def _swap(turn: Turn, words: str) -> None:
    """Own duty of the first day to somebody, who may give the one of the second day back. Who keeps the roster names
    both people, and both are asked."""
    said = await _understood(turn, words)
    people = said[1] if said is not None else []
    if len(people) == 1 and people[0].id != turn.who.id:
        people = [turn.who, *people]
    if said is None or len(people) != 2 or (turn.who.id not in {p.id for p in people} and not _keeps(turn)):
        await turn.say("shift.how")
        return
    county, days, noon = county_of(turn.who.area_code), said[0], timedelta(hours=12)
    mine = await shift.at(county, people[0].id, days[0] + noon)
    back = await shift.at(county, people[1].id, days[-1] + noon) if len(days) > 1 else None
    if mine is None or (len(days) > 1 and back is None):
        await turn.say("shift.not_on_duty", name=(people[0] if mine is None else people[1]).name)
        return
    row = await shift.ask_swap(mine, people[1], back, turn.who)
    for person, agreed in ((people[0], row.agreed), (people[1], row.other_agreed)):
        if not agreed:
            await put_to_person(person.id, "swap", row.id, lane=Lane.REPLY, fresh=True)
    await turn.say("shift.asked")


def _keeps(turn: Turn) -> bool:
    return may(turn.who, Action.ROSTER)


async def answer(turn: Turn, tap: Tap) -> None:
    """同意 or 不同意."""
    row = await shift.swap_of(tap.ref, locked=True)
    state = await shift.answer_swap(row, turn.who, agrees=tap.verb == "agree") if row is not None else None
    if row is None or state is None:
        await turn.toast("help.stale_button")
        return
    await turn.toast()
    await turn.reply("swap", row.id, fresh=False)
    if state is not SwapState.ASKED:
        for person_id in dict.fromkeys((row.person_id, row.other_id, row.asked_by)):
            if person_id != turn.who.id:
                await put_to_person(person_id, "swap", row.id, lane=Lane.REPLY, fresh=True)


@card("swap")
async def show_swap(showing: Showing) -> Card | None:
    row = await shift.swap_of(showing.ref)
    mine = await shift.shift_of(row.shift_id) if row is not None else None
    if row is None or mine is None or showing.person is None:
        return None
    text = showing.text(f"shift.swap_{row.state.value}", what=await _what(showing, row, mine))
    waits = {row.person_id: not row.agreed, row.other_id: not row.other_agreed}
    if row.state is not SwapState.ASKED or not waits.get(showing.person.id):
        return Card(text)
    return Card(
        text, [[showing.button("shift.agree", "agree", row.id), showing.button("shift.refuse", "refuse", row.id)]]
    )


async def _what(showing: Showing, row: Swap, mine: Shift) -> str:
    people = [await by_id(person_id) for person_id in (row.person_id, row.other_id)]
    names = [one.name if one is not None else "" for one in people]
    back = await shift.shift_of(row.back_id)
    said = showing.plain("shift.gives", name=names[0], other=names[1], day=_day(showing, mine))
    return said + (showing.plain("shift.gives_back", day=_day(showing, back)) if back is not None else "")


def _day(showing: Showing, row: Shift) -> str:
    return showing.at(row.starts_at).removesuffix(" 00:00")


# -- the list ----------------------------------------------------------------------------------------------------


@card("duty")
async def show_duty(showing: Showing) -> Card | None:
    person = showing.person
    if person is None:
        return None
    start, end = showing.now, showing.now + AHEAD
    shifts = await coming(person.area_code, start, end)
    how = [showing.text("shift.how")] if may(person, Action.ROSTER) else []
    if not shifts:
        return Card("\n".join([showing.text("shift.none"), *how]))
    lines = [(row.starts_at, _line(showing, row)) for row in shifts]
    for first, last in uncovered([(row.starts_at, row.ends_at) for row in shifts if not row.lead], start, end):
        lines.append((first, showing.text("shift.gap", start=showing.at(first), end=showing.at(last))))
    return Card("\n".join([showing.text("shift.head"), *[line for _at, line in sorted(lines)], *how]))


def _line(showing: Showing, row: Shift) -> str:
    name = row.person.name + (showing.plain("shift.lead") if row.lead else "")
    if row.starts_at <= showing.now:
        phone = f"+86{row.person.phone.removeprefix('0')}"
        return showing.text("shift.now", name=name, phone=phone, until=showing.at(row.ends_at))
    return showing.text("shift.line", start=showing.at(row.starts_at), end=showing.at(row.ends_at), name=name)


@card("uncovered")
async def show_uncovered(showing: Showing) -> Card | None:
    """The day before, to who keeps the roster: tomorrow there are hours without anybody."""
    start, end = (datetime.fromisoformat(showing.args[name]) for name in ("start", "end"))
    shifts = await coming(showing.args["county"], start, end)
    gaps = uncovered([(row.starts_at, row.ends_at) for row in shifts if not row.lead], start, end)
    lines = [showing.text("shift.gap", start=showing.at(first), end=showing.at(last)) for first, last in gaps]
    return Card("\n".join([showing.text("shift.tomorrow"), *lines])) if lines else None


_DEEDS: dict[str, Callable[[Turn, str], Awaitable[None]]] = {
    "设": _put_on,
    "set": _put_on,
    "删": _take_off,
    "del": _take_off,
    "换": _swap,
    "swap": _swap,
}
