"""/push: being woken beside the chat, by a robot, an app, e-mail or SMS."""

from handlers.callback import Tap
from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.route import App, on_command, on_tap
from storage.alerts import alert
from storage.alerts.alert import AlertState
from storage.people.access import Action
from storage.post import waking
from storage.post.outbox import Lane, Outbox, put_to_person
from storage.post.waking import Push


def register(app: App) -> None:
    on_command(app, "push", Action.PUSH, push_, menu=420, awaits=True)
    on_tap("pushtry", try_it, Action.PUSH)
    on_tap("pushoff", remove, Action.PUSH)


async def push_(turn: Turn, words: str) -> None:
    """Answers `/push` with the list; `/push ADDRESS` adds one and tries it at once."""
    if words:
        target = waking.understood(words, turn.push_hosts)
        if target is None:
            await turn.say("waking.unknown")
            return
        if (target.kind == "sms" and not turn.texting) or (target.kind == "mail" and not turn.mailing):
            await turn.say(f"waking.no_{target.kind}")
            return
        row = await waking.keep(turn.who, target)
        if row is None:
            await turn.say("waking.many", most=waking.MOST)
            return
        await waking.try_out(row)
    await turn.reply("pushes", turn.who.id)


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


async def remove(turn: Turn, tap: Tap) -> None:
    """Answers 删除: removes the address."""
    row = await _own(turn, tap)
    if row is not None:
        await waking.remove(row, turn.who)
        await turn.toast("waking.removed")
        await turn.reply("pushes", turn.who.id, fresh=False, lane=Lane.RECEIPT)


@card("pushes")
async def show_pushes(showing: Showing) -> Card | None:
    rows = await waking.of_person(showing.ref)
    lines = [showing.text("waking.head" if rows else "waking.none")]
    buttons = []
    for number, row in enumerate(rows, 1):
        state = showing.plain("waking.works" if row.active else "waking.stopped")
        lines.append(f"{number}. {showing.text(f'waking.kind_{row.kind}')} · {state}")
        buttons.append(
            [
                showing.button("waking.try", "pushtry", row.id, number=number),
                showing.button("waking.remove", "pushoff", row.id, number=number),
            ]
        )
    return Card("\n".join([*lines, showing.text("waking.how")]), buttons)


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
