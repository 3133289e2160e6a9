"""The conversation. One file per noun; this is the one place that says in which order they are asked."""

from telegram import Update
from telegram.ext import filters

from handlers.alerts import alert, assign, attachment, sighting, timeline, urge
from handlers.cases import case, follow, inline
from handlers.context import Turn, note_failure
from handlers.desk import chart, digest, figures, listing, privacy, report, staff
from handlers.duty import court, ladder, leave, shift, swap
from handlers.people import approval, help, person, quiet  # noqa: A004
from handlers.post import invitation, question, relay, waking
from handlers.reading import lesson, why
from handlers.route import PRIVATE, App, on_said, register_taps

NOUNS = (
    *(invitation, help, person, case, listing, figures, alert, question),
    *(sighting, attachment, lesson, why, waking, quiet, urge, shift, swap, leave, ladder),
    *(follow, digest, assign, timeline, chart, report, staff, approval, privacy, inline, court),
)


def register(app: App) -> None:
    """Adds every handler to the application; the first that fits an update handles it."""
    for noun in NOUNS:
        noun.register(app)
    register_taps(app)
    on_said(app, filters.COMMAND, help.unknown_command)
    on_said(app, filters.UpdateType.EDITED_MESSAGE & filters.TEXT, sighting.edited)
    on_said(app, filters.UpdateType.MESSAGE & filters.TEXT, _text)
    on_said(app, filters.UpdateType.MESSAGE & ~filters.StatusUpdate.ALL, attachment.unsupported)
    app.add_error_handler(note_failure)


async def _text(turn: Turn, update: Update) -> None:
    """Plain words: an answer to somebody, else a report, else a question about a case."""
    message = update.effective_message
    assert message is not None
    if await urge.take(turn, message):
        return
    if not await relay.take(turn, message) and not await question.take(turn, message.text or ""):
        await sighting.said(turn, message.text or "")


__all__ = ["NOUNS", "PRIVATE", "register"]
