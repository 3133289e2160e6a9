"""What needs a second pair of eyes: the question to the others who may agree, and doing it once one has."""

from datetime import timedelta

import locales
from handlers.callback import Tap
from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.describe import shows
from handlers.route import App, on_tap
from storage.cases.case import numbers_of
from storage.cases.debtor import by_id as debtor_by_id
from storage.desk import privacy
from storage.duty import ladder
from storage.duty.ladder import Target
from storage.people import approval
from storage.people.access import Action
from storage.people.approval import Approval, ApprovalState, Deed
from storage.people.person import Person, by_id
from storage.post.outbox import Lane, put_to_person


def register(app: App) -> None:
    on_tap("approve", answer, Action.ROSTER)
    on_tap("reject", answer, Action.ROSTER)


async def ask(turn: Turn, deed: Deed, area_code: str, ref: int = 0, **args: object) -> None:
    """Asks everybody of the court who may agree, but not who asks."""
    others = await approval.who_may_agree(turn.who, area_code)
    if not others:
        await turn.say("approval.nobody", about=[ref] if deed is Deed.ERASE else [])
        return
    row = await approval.ask(deed, area_code, turn.who, ref, **args)
    for one in others:
        await put_to_person(one.id, "approval", row.id, lane=Lane.REPLY, fresh=True)
    about = [ref] if deed is Deed.ERASE else []
    await turn.say("approval.asked", names="、".join(one.name for one in others), about=about)


async def answer(turn: Turn, tap: Tap) -> None:
    asked = await approval.by_id(tap.ref)
    if asked is not None and not await approval.is_independent(turn.who, asked.asked_by):
        await turn.toast("approval.not_independent", loud=True)
        return
    row = await approval.answer(tap.ref, turn.who, agrees=tap.verb == "approve")
    if row is None:
        await turn.refuse(f"approval:{tap.ref}")
        return
    await turn.toast()
    asker = await by_id(row.asked_by)
    if row.state is ApprovalState.DONE and asker is not None:
        await _do(row, asker)
    await turn.reply("approval", row.id, fresh=False)
    await put_to_person(row.asked_by, "approval", row.id, lane=Lane.REPLY, fresh=True)


async def _do(row: Approval, asker: Person) -> None:
    if row.deed is Deed.ERASE:
        await privacy.erase(row.ref, asker, locales.plain(locales.DEFAULT, "privacy.erased_name"))
    else:
        after = row.arguments["minutes"]
        minutes = timedelta(minutes=after) if after else None
        await ladder.set_rung(row.area_code, Target(row.arguments["target"]), minutes, asker)


MOST_NUMBERS = 3


@card("approval")
async def show_approval(showing: Showing) -> Card | None:
    row = await approval.by_id(showing.ref)
    asker = await by_id(row.asked_by) if row is not None else None
    if row is None or asker is None or showing.person is None:
        return None
    whom = await _whom(row) if row.deed is Deed.ERASE and row.state is ApprovalState.ASKED else ""
    if whom:
        what = showing.plain("approval.deed_erase_whom", who=whom)
    else:
        what = showing.plain(f"approval.deed_{row.deed.value}", ref=row.ref, target=await _target(showing, row))
    text = showing.text(f"approval.{row.state.value}_card", name=asker.name, what=what)
    if row.deed is Deed.ERASE and row.state is ApprovalState.DONE:
        text = f"{text}\n{showing.text('approval.backups', at=showing.at(showing.now))}"
    if row.state is not ApprovalState.ASKED or showing.person.id == row.asked_by:
        return Card(text, shows=shows([row.ref] if whom else ()))
    return Card(
        text,
        [[showing.button("approval.agree", "approve", row.id), showing.button("approval.refuse", "reject", row.id)]],
        shows=shows([row.ref] if whom else ()),
    )


async def _whom(row: Approval) -> str:
    """Says who is to be erased, and in which cases: the second person shall know what they agree to."""
    debtor = await debtor_by_id(row.ref)
    if debtor is None:
        return ""
    numbers = await numbers_of(row.ref)
    return f"{debtor.name}（{'、'.join(numbers[:MOST_NUMBERS])}{'…' if len(numbers) > MOST_NUMBERS else ''}）"


async def _target(showing: Showing, row: Approval) -> str:
    return showing.plain(f"ladder.target_{row.arguments['target']}") if row.deed is Deed.LADDER else ""
