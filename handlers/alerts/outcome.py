"""What comes after 办结: a note, which stays in the court unless somebody wants the village to read it, and another
result where the first was a slip."""

from dataclasses import replace

import locales
from handlers.alerts.alert import OUTCOMES
from handlers.callback import Tap
from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.describe import shows
from handlers.length import shortened
from handlers.route import App, on_tap
from storage.alerts import alert, sighting, steps, timeline
from storage.alerts.alert import Alert
from storage.post import question
from storage.post.question import QuestionKind


def register(app: App) -> None:
    on_tap("told", tell)
    on_tap("amend", ask_which)
    on_tap("fix", change)


async def _closed(turn: Turn, tap: Tap) -> Alert | None:
    held = await alert.held(tap.ref, turn.who)
    if held is None or held.outcome is None:
        await turn.refuse(f"alert:{tap.ref}")
        return None
    return held


async def tell(turn: Turn, tap: Tap) -> None:
    """Answers 也告诉报告人 below a note."""
    held = await _closed(turn, tap)
    if held is None:
        return
    await turn.toast()
    if not alert.is_told(await timeline.events_of(held.id)):
        await steps.tell_note(held, turn.who)
    await turn.reply("noted", held.id, fresh=False)


async def ask_which(turn: Turn, tap: Tap) -> None:
    """Answers 改结果 on a card that is closed, with the results to choose from."""
    held = await _closed(turn, tap)
    if held is not None:
        await turn.toast()
        await turn.reply("alert", held.id, fresh=False, menu="amend")


async def change(turn: Turn, tap: Tap) -> None:
    """Answers the right result; the next sentence says why, for the court."""
    held = await _closed(turn, tap)
    if held is None:
        return
    if tap.arg < len(OUTCOMES) and await steps.correct(held, OUTCOMES[tap.arg], turn.who):
        await turn.toast("outcome.changed")
        await question.ask(QuestionKind.NOTE, turn.channel, turn.chat_id, turn.who.id, held.id)
        await turn.say("outcome.why")
    else:
        await turn.toast()
        await turn.reply("alert", held.id, fresh=False)


@card("noted")
async def show_noted(showing: Showing) -> Card | None:
    """Shows a note that has been made, with the way to have the reporter read it, too."""
    one = await alert.by_id(showing.ref)
    report = await sighting.whole(one.sighting_id) if one is not None else None
    if one is None or report is None:
        return None
    paid = showing.plain("alert.paid", amount=locales.amount(showing.language, one.amount)) if one.amount else ""
    told = alert.is_told(await timeline.events_of(one.id))
    key = "outcome.noted_told" if told else "outcome.noted"
    whom = shows([one.debtor_id for one in report.suspects], [report.id])
    text = showing.text(key, note=shortened(one.note, 300), paid=paid)
    ways = [] if told or not one.note else [[replace(showing.button("outcome.tell", "told", one.id), beside=True)]]
    return Card(text, ways, shows=whom)
