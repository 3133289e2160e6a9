"""How handlers are registered: every command and button with its permission; strangers get one sentence."""

from collections.abc import Awaitable, Callable
from typing import Any

from telegram import Update
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, MessageHandler, filters

from handlers.callback import Tap, unpack
from handlers.context import Context, Turn
from storage.engine import audit
from storage.people.access import Action, may

App = Application[Any, Context, Any, Any, Any, Any]
Command = Callable[[Turn, str], Awaitable[None]]
Tapped = Callable[[Turn, Tap], Awaitable[None]]
Said = Callable[[Turn, Update], Awaitable[None]]

PRIVATE = filters.ChatType.PRIVATE
_taps: dict[str, tuple[Tapped, Action]] = {}
COMMANDS: dict[str, Action] = {}
"""Every command with its permission; the exhaustive permission test walks this table."""
MENU: dict[str, int] = {}
"""The place of each command in the menu; one that isn't here isn't in it. Its words are `help.menu_NAME`."""


async def refuse_stranger(turn: Turn, what: str) -> None:
    """Answers a stranger with one polite sentence, the same whatever was typed, and makes an audit entry."""
    audit.record("stranger.refused", actor=turn.actor, what=what)
    if turn.query_id:
        await turn.toast()
    else:
        await turn.say("invitation.stranger")


def on_command(app: App, name: str, action: Action, handle: Command, *, menu: int | None = None) -> None:
    """Registers `/name` with its permission and its place in the menu, if it stands there. Who may not use it gets the
    answer of a command that doesn't exist."""
    COMMANDS[name] = action
    if menu is not None:
        MENU[name] = menu

    async def run(update: Update, context: Context) -> None:
        turn = context.turn
        if turn.person is None:
            await refuse_stranger(turn, "command")
        elif not may(turn.person, action):
            await turn.say("help.unknown_command")
        else:
            message = update.effective_message
            words = (message.text or "").split(maxsplit=1) if message else []
            await handle(turn, words[1].strip() if len(words) > 1 else "")

    app.add_handler(CommandHandler(name, run, filters=PRIVATE & filters.UpdateType.MESSAGE))


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
        if tap is None or known is None or not may(turn.person, known[1]):
            await turn.refuse(f"tap:{tap.verb}" if known is not None and tap is not None else "tap")
            return
        await known[0](turn, tap)

    app.add_handler(CallbackQueryHandler(run))


def route_table() -> dict[str, str]:
    """Returns which action each verb needs, for the test that pins it."""
    return {verb: action.value for verb, (_handle, action) in sorted(_taps.items())}
