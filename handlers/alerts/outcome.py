"""What comes after 办结: a note, which stays in the court unless somebody wants the village to read it, and another
result where the first was a slip."""

import re
from dataclasses import replace

import locales
from handlers.alerts.alert import OUTCOMES
from handlers.callback import Tap
from handlers.card import Card, Showing, card
from handlers.cases import case
from handlers.context import Turn
from handlers.describe import shows
from handlers.length import shortened
from handlers.people import spoken
from handlers.route import App, on_tap
from storage.alerts import alert, sighting, steps, timeline
from storage.alerts.alert import Alert
from storage.cases.case import search
from storage.cases.number import parse_case_no
from storage.engine.text import fold
from storage.people.access import Action
from storage.post import question
from storage.post.question import QuestionKind
from storage.reading.sums import paid_in


def register(app: App) -> None:
    on_tap("told", tell)
    on_tap("amend", ask_which)
    on_tap("fix", change)
    on_tap("reopen", reopen)
    on_tap("paid", paid)
    on_tap("lookup", look_up, Action.CASE)
    on_tap("unnote", drop_note)


_ASKS = re.compile(r"(?:帮我|请)?(?:查一?下|查查|查询|搜一?下|看一?下|看看)|.*(?:[?？]|吗)$")
"""How somebody speaks who wants to know something, and notes nothing. 查封了车 and 找到人了 are notes."""
_NUMBER = re.compile("[0-9]{1,6}")
_SHORT = 20
"""Words so short may be a name, a plate or a number that somebody looks up, if there is such a case."""


async def take(turn: Turn, text: str) -> bool:
    """Tells whether the words are what the bot waits for after a result: an amount or a note. Who asks for a case or
    a person, or uses the menu's words, gets that, and may still note something."""
    for row in await turn.questions(QuestionKind.NOTE):
        held = await alert.held(row.ref, turn.who)
        if held is None:
            await question.close(row.id)
            continue
        said = fold(text).strip("。.！!，, ")
        if _ASKS.match(said) or _is_command(turn, said) or parse_case_no(said):
            return False
        known = len(said) <= _SHORT and await search(turn.who, said, 1)
        if known and _NUMBER.fullmatch(said):
            await turn.reply("sum_or_case", held.id, number=int(said))
            return True
        if known:
            return False
        await question.close(row.id)
        await _note(turn, held, text.strip()[:500])
        return True
    return False


def _is_command(turn: Turn, said: str) -> bool:
    """Tells whether the words are the menu's; what may as well tell of somebody (他下周一住院) is a note here."""
    name = spoken.named(turn, said)
    return name not in ("", "leave", "invite") and (name != "duty" or "谁" in said or said.startswith("值班"))


async def _note(turn: Turn, held: Alert, text: str) -> None:
    await steps.add_note(held, turn.who, paid_in(text), text)
    await turn.reply("noted", held.id)


async def paid(turn: Turn, tap: Tap) -> None:
    """Answers 到位 456 元 where a number may be a sum or a case."""
    held = await _closed(turn, tap)
    if held is not None:
        await turn.toast()
        await _note(turn, held, f"{tap.arg}元")


async def look_up(turn: Turn, tap: Tap) -> None:
    """Answers 查案件 where a number may be a sum or a case."""
    await turn.toast()
    await case.case(turn, str(tap.ref))


async def drop_note(turn: Turn, tap: Tap) -> None:
    """Answers 撤销 below a note."""
    held = await _closed(turn, tap)
    if held is None:
        return
    await turn.toast("outcome.dropped")
    await steps.drop_note(held, turn.who)
    await turn.reply("noted", held.id, fresh=False)


@card("sum_or_case")
async def show_sum_or_case(showing: Showing) -> Card | None:
    """Asks what a bare number is: what was paid, or a case."""
    number = int(showing.args["number"])
    ways = [
        showing.button("outcome.is_sum", "paid", showing.ref, number, number=locales.amount(showing.language, number)),
        showing.button("outcome.is_case", "lookup", number, number=number),
    ]
    one = await alert.by_id(showing.ref)
    of = one.sighting_id if one is not None else 0
    return Card(showing.text("outcome.sum_or_case", number=number), [ways], of=of)


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


async def reopen(turn: Turn, tap: Tap) -> None:
    """Answers 撤销 below a result, within seconds: it is as if it hadn't been tapped."""
    held = await _closed(turn, tap)
    if held is None:
        return
    if await steps.reopen(held, turn.who):
        for row in await turn.questions(QuestionKind.NOTE):
            await question.close(row.id)
        await turn.toast("outcome.reopened")
    else:
        await turn.toast("outcome.too_late", loud=True)


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
        await turn.say("outcome.why", of=held.sighting_id)
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
    if not one.note:
        return Card(showing.text("outcome.no_note"), of=report.id)
    paid = showing.plain("alert.paid", amount=locales.amount(showing.language, one.amount)) if one.amount else ""
    told = alert.is_told(await timeline.events_of(one.id))
    key = "outcome.noted_told" if told else "outcome.noted"
    whom = shows([one.debtor_id for one in report.suspects], [report.id])
    text = showing.text(key, note=shortened(one.note, 300), paid=paid)
    ways = [showing.button("outcome.drop", "unnote", one.id)]
    if not told:
        ways.insert(0, replace(showing.button("outcome.tell", "told", one.id), beside=True))
    return Card(text, [ways], shows=whom, of=report.id)
