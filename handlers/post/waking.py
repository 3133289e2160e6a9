"""/push: how somebody is reached when something is urgent, with a trial of each way."""

from handlers.callback import Tap
from handlers.card import Button, Card, Showing, card
from handlers.context import Turn
from handlers.form import Field, Form
from handlers.route import App, on_command, on_tap
from storage.alerts import alert
from storage.alerts.alert import AlertState
from storage.people.access import Action
from storage.people.endpoint import TELEGRAM, served_by
from storage.post import waking
from storage.post.outbox import Lane, Outbox, put_to_person
from storage.post.waking import BY_PHONE, CALL, SMS, Push, WakeAddress

_ADDED = {1: SMS, 2: CALL}
"""What the buttons add that need no address."""


def register(app: App) -> None:
    on_command(app, "push", Action.PUSH, push_, menu=420, awaits=True)
    on_tap("pushadd", add_phone, Action.PUSH)
    on_tap("pushtry", try_it, Action.PUSH)
    on_tap("pushoff", remove, Action.PUSH)
    on_tap("pushrang", rang, Action.PUSH)
    on_tap("pushmute", stayed_mute, Action.PUSH)


async def push_(turn: Turn, words: str) -> None:
    """Answers `/push` with the list; `/push ADDRESS` adds one and tries it."""
    if not words:
        await waking.with_calls(turn.who.id)
        await _list(turn)
        return
    target = waking.understood(words, turn.push_hosts)
    if target is None:
        await turn.say("waking.unknown")
    else:
        await _add(turn, target)


async def _add(turn: Turn, target: WakeAddress) -> None:
    if target.kind in ("mail", *BY_PHONE) and target.kind not in turn.offers:
        await turn.say(f"waking.no_{target.kind}")
        return
    row = await waking.keep(turn.who, target)
    if row is None:
        await turn.say("waking.many", most=waking.MOST)
        return
    await waking.try_out(row)
    await _list(turn)


async def _list(turn: Turn, *, fresh: bool = True) -> None:
    lane = Lane.REPLY if fresh else Lane.RECEIPT
    await turn.reply("pushes", turn.who.id, fresh=fresh, lane=lane, offers=sorted(turn.offers))


async def add_phone(turn: Turn, tap: Tap) -> None:
    """Answers 短信 and 打电话 under the list."""
    if tap.ref not in _ADDED:
        await turn.refuse("push:0")
        return
    await turn.toast()
    await _add(turn, WakeAddress(_ADDED[tap.ref], ""))


async def _own(turn: Turn, tap: Tap) -> Push | None:
    row = next((one for one in await waking.of_person(turn.who.id) if one.id == tap.ref), None)
    if row is None:
        await turn.refuse(f"push:{tap.ref}")
    return row


async def try_it(turn: Turn, tap: Tap) -> None:
    """Answers 试一下: sends a trial."""
    row = await _own(turn, tap)
    if row is not None:
        await waking.try_out(row)
        await turn.toast("waking.trying")


async def rang(turn: Turn, tap: Tap) -> None:
    """Answers 响了: from now on it is known that this way wakes."""
    await _hear(turn, tap, woke=True)


async def stayed_mute(turn: Turn, tap: Tap) -> None:
    """Answers 没响: says what can be done about it."""
    await _hear(turn, tap, woke=False)


async def _hear(turn: Turn, tap: Tap, *, woke: bool) -> None:
    row = await _own(turn, tap)
    if row is None:
        return
    await waking.heard(row, turn.who, woke=woke)
    await turn.toast()
    await put_to_person(turn.who.id, "trial", row.id, lane=Lane.RECEIPT, args={"woke": woke})


async def remove(turn: Turn, tap: Tap) -> None:
    """Answers 删除: removes the address."""
    row = await _own(turn, tap)
    if row is not None:
        await waking.remove(row, turn.who)
        await turn.toast("waking.removed")
        await _list(turn, fresh=False)


def _state(showing: Showing, row: Push) -> str:
    if not row.active:
        return showing.plain("waking.stopped")
    return showing.plain("waking.proven" if row.proven_at is not None else "waking.untried")


@card("pushes")
async def show_pushes(showing: Showing) -> Card | None:
    """Shows every way in which somebody is reached, whether it has been proven, and what could be added."""
    rows = await waking.of_person(showing.ref)
    telegram = await served_by(TELEGRAM, [showing.ref])
    lines = [showing.text("waking.head"), showing.text("waking.telegram" if telegram else "waking.page")]
    buttons = []
    for number, row in enumerate(rows, 1):
        what = showing.text(f"waking.kind_{row.kind}")
        lines.append(showing.text("waking.way", number=number, what=what, state=_state(showing, row)))
        pair = [showing.button("waking.try", "pushtry", row.id, number=number)]
        if row.active or row.kind != CALL:
            pair.append(showing.button("waking.remove", "pushoff", row.id, number=number))
        buttons.append(pair)
    if await waking.sleepers([showing.ref]):
        lines.append(showing.text("waking.asleep"))
    lacks = set(showing.args.get("offers", ())) - {row.kind for row in rows}
    more = [_more(showing, number, kind) for number, kind in _ADDED.items() if kind in lacks]
    address = Field("address", showing.plain("waking.form_address"))
    form = Form(showing.plain("waking.form"), "/push {address}", (address,))
    return Card("\n".join(lines), [*buttons, more], forms=[form], how=showing.text("waking.how"))


def _more(showing: Showing, number: int, kind: str) -> Button:
    return showing.button(f"waking.add_{kind}", "pushadd", number)


@card("trial")
async def show_trial(showing: Showing) -> Card | None:
    """Asks whether a trial has been heard; once it was answered it says what that means."""
    row = next((one for one in await waking.of_person(_whose(showing)) if one.id == showing.ref), None)
    if row is None:
        return None
    what = showing.plain(f"waking.kind_{row.kind}")
    if "woke" in showing.args:
        if showing.args["woke"]:
            return Card(showing.text("waking.woke", what=what))
        again = [showing.button("waking.try_again", "pushtry", row.id)]
        return Card(showing.text("waking.mute_web" if row.kind == waking.WEB else "waking.mute", what=what), [again])
    text = showing.text("waking.ask", what=what, count=int(waking.TRIAL_AFTER.total_seconds()))
    answers = [showing.button("waking.yes", "pushrang", row.id), showing.button("waking.no", "pushmute", row.id)]
    return Card(text, [answers])


def _whose(showing: Showing) -> int:
    return showing.person.id if showing.person is not None else 0


async def _undeliverable(row: Outbox) -> None:
    """Gives up an address that no longer works: tells its owner in the chat; the alert goes its ladder as ever."""
    given_up = await waking.give_up(row.chat_id)
    if given_up is not None:
        args = {"key": f"waking.failed_{given_up.kind}"}
        await put_to_person(given_up.person_id, "text", lane=Lane.REPLY, fresh=True, args=args)


@card("notice", undeliverable=_undeliverable)
async def show_notice(showing: Showing) -> Card | None:
    """Shows only that something waits. Obsolete once the alert is answered; without an alert it is a trial."""
    if not showing.ref:
        return Card(showing.text("waking.trial"))
    one = await alert.by_id(showing.ref)
    return Card(showing.text("waking.notice")) if one is not None and one.state is AlertState.SENT else None
