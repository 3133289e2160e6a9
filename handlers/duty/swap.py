"""/duty 换: two people change their duty."""

from datetime import timedelta

from handlers.callback import Tap
from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.duty.shift import day_of, keeps_roster, order, understood
from handlers.route import App, on_tap
from storage.duty import shift, swap
from storage.duty.shift import Shift
from storage.duty.swap import Swap, SwapState
from storage.people.area import county_of
from storage.people.person import by_id
from storage.post.outbox import Lane, put_to_person


def register(app: App) -> None:
    on_tap("agree", answer)
    on_tap("refuse", answer)


@order("换", "swap")
async def exchange(turn: Turn, words: str) -> None:
    """Offers one's duty of the first day to somebody, who may give the one of the second day back.

    Who keeps the roster names both people, and both are asked.
    """
    said = await understood(turn, words)
    people = said[1] if said is not None else []
    if len(people) == 1 and people[0].id != turn.who.id:
        people = [turn.who, *people]
    if said is None or len(people) != 2 or (turn.who.id not in {p.id for p in people} and not keeps_roster(turn)):
        await turn.say("shift.how")
        return
    county, days, whole = county_of(turn.who.area_code), said[0], timedelta(days=1)
    mine = await shift.beginning(county, people[0].id, days[0], days[0] + whole)
    back = await shift.beginning(county, people[1].id, days[-1], days[-1] + whole) if len(days) > 1 else None
    if mine is None or (len(days) > 1 and back is None):
        await turn.say("shift.not_on_duty", name=(people[0] if mine is None else people[1]).name)
        return
    row = await swap.ask_swap(mine, people[1], back, turn.who)
    for person, agreed in ((people[0], row.agreed), (people[1], row.other_agreed)):
        if not agreed:
            await put_to_person(person.id, "swap", row.id, lane=Lane.REPLY, fresh=True)
    await turn.say("shift.asked")


async def answer(turn: Turn, tap: Tap) -> None:
    """Answers 同意 or 不同意."""
    row = await swap.swap_of(tap.ref, locked=True)
    state = await swap.answer_swap(row, turn.who, agrees=tap.verb == "agree") if row is not None else None
    if row is None or state is None:
        await turn.refuse(f"swap:{tap.ref}")
        return
    await turn.toast()
    await turn.reply("swap", row.id, fresh=False)
    if state is not SwapState.ASKED:
        for person_id in dict.fromkeys((row.person_id, row.other_id, row.asked_by)):
            if person_id != turn.who.id:
                await put_to_person(person_id, "swap", row.id, lane=Lane.REPLY, fresh=True)


@card("swap")
async def show_swap(showing: Showing) -> Card | None:
    row = await swap.swap_of(showing.ref)
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
    said = showing.plain("shift.gives", name=names[0], other=names[1], day=day_of(showing, mine))
    return said + (showing.plain("shift.gives_back", day=day_of(showing, back)) if back is not None else "")
