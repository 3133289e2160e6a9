"""转派: who heads enforcement gives a running alert to another judge of the court, who sees what was done so far."""

from handlers.callback import Tap
from handlers.card import Button, Card, Showing, card
from handlers.context import Turn
from handlers.route import App, on_tap
from storage.alerts import alert, steps
from storage.alerts.alert import Alert
from storage.duty.leave import absences, is_absent
from storage.people.access import Action
from storage.people.area import contains
from storage.people.person import Person, by_id, judges_of_court


def register(app: App) -> None:
    on_tap("reassign", choose, Action.REASSIGN)
    on_tap("give", give, Action.REASSIGN)


async def _mine(turn: Turn, alert_id: int) -> Alert | None:
    """Loads the alert, locked, if it is in the speaker's area and still open."""
    found = await alert.by_id(alert_id, locked=True)
    if found is None or not contains(turn.who.area_code, found.area_code):
        await turn.refuse(f"alert:{alert_id}")
        return None
    if found.state not in alert.OPEN:
        await turn.toast(f"alert.stands_{found.state.value}")
        return None
    return found


async def choose(turn: Turn, tap: Tap) -> None:
    """Answers 转派, the button on a case's card, by asking to whom."""
    if await _mine(turn, tap.ref) is not None:
        await turn.toast()
        await turn.reply("reassign", tap.ref)


async def give(turn: Turn, tap: Tap) -> None:
    found = await _mine(turn, tap.ref)
    if found is None:
        return
    to = next((judge for judge in await judges_of_court(found.area_code) if judge.id == tap.arg), None)
    if to is not None and await steps.transfer(found, to, turn.who):
        await turn.toast("alert.toast_transferred")
        await turn.reply("reassign", tap.ref, fresh=False)
    else:
        await turn.refuse(f"alert:{tap.ref}")


@card("reassign")
async def show_reassign(showing: Showing) -> Card | None:
    found = await alert.by_id(showing.ref)
    if found is None:
        return None
    away = await absences(showing.now)
    buttons = [
        Button(_name(showing, judge, absent=is_absent(judge.id, away, showing.now)), Tap("give", found.id, judge.id))
        for judge in await judges_of_court(found.area_code)
        if judge.id != found.judge_id
    ]
    rows = [buttons[start : start + 3] for start in range(0, min(len(buttons), 60), 3)]
    holder = await by_id(found.judge_id)
    name = holder.name if holder is not None else ""
    return Card(showing.text("reassign.to_whom", name=name), rows if found.state in alert.OPEN else [])


def _name(showing: Showing, judge: Person, *, absent: bool) -> str:
    return showing.plain("reassign.absent", name=judge.name) if absent else judge.name
