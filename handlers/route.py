"""How handlers are registered: every command and button with its permission; strangers get one sentence."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from telegram import Update
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, MessageHandler, filters

from handlers.callback import Tap, unpack
from handlers.context import Context, Turn
from storage.engine import audit
from storage.engine.unit import unit
from storage.people.access import Action, may
from storage.post import question
from storage.post.outbox import offered
from storage.post.question import QuestionKind

App = Application[Any, Context, Any, Any, Any, Any]
Command = Callable[[Turn, str], Awaitable[None]]
Tapped = Callable[[Turn, Tap], Awaitable[None]]
Said = Callable[[Turn, Update], Awaitable[None]]

PRIVATE = filters.ChatType.PRIVATE
_taps: dict[str, tuple[Tapped, Action]] = {}
COMMANDS: dict[str, Action] = {}
"""Every command with its permission; the exhaustive permission test walks this table."""
LONGEST = 1000
"""So many characters of a command's words are looked at."""
HANDLERS: dict[str, Command] = {}
AWAITING: set[str] = set()
"""The commands whose words may come in the next message."""
MENU: dict[str, int] = {}
"""The place of each command in the menu; one that isn't here isn't in it. Its words are `help.menu_NAME`; the hundreds
are its group, whose words are `help.group_N`."""


async def refuse_stranger(turn: Turn, what: str) -> None:
    """Answers a stranger with one polite sentence, the same whatever was typed, and makes an audit entry; within the
    next minute what they send is only counted."""
    scope = unit()
    scope.after_commit.append(partial(scope.db.observer, "stranger", 1))
    if turn.muted:
        return
    audit.record("stranger.refused", actor=turn.actor, what=what)
    if turn.query_id:
        await turn.toast()
    else:
        await turn.say("invitation.stranger")


async def forget_waiting(turn: Turn) -> None:
    """Closes what a command waits for: whoever says something else has changed their mind."""
    for row in await turn.questions(QuestionKind.COMMAND):
        await question.close(row.id)


def on_command(
    app: App, name: str, action: Action, handle: Command, *, menu: int | None = None, awaits: bool = False
) -> None:
    """Registers `/name` with its permission and its place in the menu, if it stands there. Who may not use it gets the
    answer of a command that doesn't exist. One that `awaits` words takes them from the next message where it is tapped
    without any."""
    COMMANDS[name] = action
    HANDLERS[name] = handle
    if awaits:
        AWAITING.add(name)
    if menu is not None:
        MENU[name] = menu

    async def run(update: Update, context: Context) -> None:
        turn = context.turn
        await forget_waiting(turn)
        if turn.person is None:
            await refuse_stranger(turn, "command")
        elif not may(turn.person, action):
            await turn.say("help.unknown_command")
        else:
            message = update.effective_message
            words = (message.text or "").split(maxsplit=1) if message else []
            await carry_out(turn, name, words[1].strip()[:LONGEST] if len(words) > 1 else "")

    app.add_handler(CommandHandler(name, run, filters=PRIVATE & filters.UpdateType.MESSAGE))


async def carry_out(turn: Turn, name: str, words: str) -> None:
    """Does what the command does; where it lacks its words, the next message is expected to have them."""
    await HANDLERS[name](turn, words)
    if not words and name in AWAITING:
        await question.ask(QuestionKind.COMMAND, turn.channel, turn.chat_id, turn.who.id, 0, name=name)


def on_said(app: App, what: filters.BaseFilter, handle: Said) -> None:
    """Registers a handler for messages in private chats."""

    async def run(update: Update, context: Context) -> None:
        if context.turn.person is None:
            await refuse_stranger(context.turn, "message")
        else:
            await handle(context.turn, update)

    app.add_handler(MessageHandler(PRIVATE & what, run))


def on_tap(verb: str, handle: Tapped, action: Action = Action.EVERYONE) -> None:
    """Registers what a button does; whether this person may do it to this record is the handler's own check."""
    _taps[verb] = (handle, action)


def register_taps(app: App) -> None:
    """Registers the one handler of all buttons."""

    async def run(update: Update, context: Context) -> None:
        turn = context.turn
        query = update.callback_query
        if turn.person is None:
            await refuse_stranger(turn, "tap")
            return
        tap = unpack(query.data if query else None)
        known = _taps.get(tap.verb) if tap else None
        message = query.message.message_id if query is not None and query.message is not None else 0
        data = str(query.data) if query is not None else ""
        if (
            tap is None
            or known is None
            or not may(turn.person, known[1])
            or not await offered(turn.address, message, data, tap.ref)
        ):
            await turn.refuse(f"tap:{tap.verb}" if known is not None and tap is not None else "tap")
            return
        await known[0](turn, tap)

    app.add_handler(CallbackQueryHandler(run))


def route_table() -> dict[str, str]:
    """Returns which action each verb needs, for the test that pins it."""
    return {verb: action.value for verb, (_handle, action) in sorted(_taps.items())}
