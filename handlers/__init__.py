"""The conversation. Every module of a wing that has a `register` is asked to say what it handles."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from telegram import Update
from telegram.ext import filters

from handlers.alerts import attachment, outcome, sighting, steps, urge
from handlers.cases import case
from handlers.context import Turn, note_failure
from handlers.people import help as helping
from handlers.people import spoken
from handlers.post import question, relay
from handlers.route import PRIVATE, App, on_said, register_taps
from storage.people.access import Action, may

WINGS = ("people", "post", "duty", "cases", "reading", "alerts", "desk", "imports")


@cache
def nouns() -> list[ModuleType]:
    """Finds the modules that handle something: by looking, not by a list."""
    found = []
    for wing in WINGS:
        package = importlib.import_module(f"{__name__}.{wing}")
        for module in sorted(one.name for one in pkgutil.iter_modules(package.__path__)):
            found.append(importlib.import_module(f"{package.__name__}.{module}"))
    return [module for module in found if hasattr(module, "register")]


def register(app: App) -> None:
    """Adds every handler to the application. What no noun takes comes last."""
    for noun in nouns():
        noun.register(app)
    register_taps(app)
    on_said(app, filters.COMMAND, helping.unknown_command)
    on_said(app, filters.UpdateType.EDITED_MESSAGE & (filters.TEXT | filters.CAPTION), sighting.edited)
    on_said(app, filters.UpdateType.MESSAGE & filters.TEXT, _text)
    on_said(app, filters.UpdateType.MESSAGE & ~filters.StatusUpdate.ALL, attachment.unsupported)
    app.add_error_handler(note_failure)


async def _text(turn: Turn, update: Update) -> None:
    """Takes plain words as an answer to somebody, else as a report, else as a question about a case."""
    message = update.effective_message
    assert message is not None
    text = message.text or ""
    for take in (urge.take, steps.take, relay.take):
        if await take(turn, message):
            return
    if await outcome.take(turn, text) or await question.take(turn, text):
        return
    reports, asks = may(turn.who, Action.REPORT), may(turn.who, Action.CASE)
    if await spoken.take(turn, text, reports=reports):
        return
    if reports and not (asks and await sighting.asked(turn, text)):
        await sighting.report(turn, text)
    elif asks and not reports and (await sighting.offered(turn, text) or await steps.show_instead(turn, text)):
        pass
    elif asks and not reports:
        await case.case(turn, text)
    elif not asks and not reports:
        await turn.reply("help")


__all__ = ["PRIVATE", "nouns", "register"]
