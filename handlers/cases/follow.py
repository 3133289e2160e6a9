"""关注 and 督办: who follows a case hears how it goes on; who supervises it hears of every step."""

from handlers.callback import Tap
from handlers.card import Button, Card, Showing, card
from handlers.cases.quota import visible
from handlers.context import Turn
from handlers.describe import event_line, shows
from handlers.route import App, on_tap
from storage.alerts import alert
from storage.cases import case as cases
from storage.cases import follow
from storage.cases.case import may_read
from storage.people.access import Action, may
from storage.people.person import Person


def register(app: App) -> None:
    on_tap("follow", change, Action.CASE)
    on_tap("supervise", change, Action.URGE)


async def change(turn: Turn, tap: Tap) -> None:
    """Answers the follow buttons of a case's card: one tap turns it on, one more turns it off."""
    if not await visible(turn, tap):
        return
    supervised = tap.verb == "supervise"
    before = await follow.of(turn.who.id, tap.ref)
    on = await follow.toggle(turn.who, tap.ref, supervised=supervised)
    kind = "supervise" if supervised else "follow"
    less = before is not None and before.supervised and on  # 关注 in the place of 督办
    await turn.toast("follow.no_longer_supervised" if less else f"follow.{kind}_on" if on else f"follow.{kind}_off")
    await turn.reply("case", tap.ref, fresh=False)


async def buttons(showing: Showing, person: Person, case_id: int) -> list[Button]:
    """Returns the buttons for what this person may do next about following the case."""
    row = await follow.of(person.id, case_id)
    way = "" if row is None else "supervise" if row.supervised else "follow"
    shown = ["follow", *(["supervise"] if may(person, Action.URGE) else [])]
    return [showing.button(f"follow.un{one}" if one == way else f"follow.{one}", one, case_id) for one in shown]


@card("step")
async def show_step(showing: Showing) -> Card | None:
    """Shows one step of a case that is followed, to a person who may still read it."""
    event = await alert.event(showing.ref)
    row = await cases.whole(showing.args["case"])
    person = showing.person
    if event is None or row is None or person is None or not await may_read(person, row.id, showing.now):
        return None
    if event.kind == "closed" and event.alert.outcome is None:
        return None  # a slip of the finger, undone since
    way = await follow.of(person.id, row.id)
    if way is None:
        return None
    names = "、".join(party.debtor.name for party in row.parties)
    step = event_line(showing, event)
    key = "follow.step_supervised" if way.supervised else "follow.step"
    rows = [[showing.button("follow.open", "case", row.id)]]
    said = {"lead": event.alert.sighting_id, "judge": event.alert.judge.name}
    text = showing.text(key, number=row.number, who=names, step=step, **said)
    return Card(text, rows, shows=shows(party.debtor_id for party in row.parties))
