"""Which one is meant? And the judge's word that the bot is waiting for."""

import html

from handlers.callback import Tap
from handlers.card import Button, Card, Showing, card
from handlers.context import Turn
from handlers.describe import debtor_line, shows
from handlers.route import App, on_command, on_tap
from storage.alerts import alert, raising, sighting, steps
from storage.alerts.sighting import Sighting, SightingState
from storage.cases.debtor import Debtor, debtors_by_id
from storage.engine import audit
from storage.engine.database import unit
from storage.people.access import Action
from storage.people.area import within
from storage.people.endpoint import Address
from storage.post import question
from storage.post.outbox import Lane, put
from storage.post.question import Question, QuestionKind
from storage.reading import lesson
from storage.reading.lesson import LessonKind
from storage.reading.sums import paid_in
from storage.reading.understand import understand

MOST = 5


def register(app: App) -> None:
    on_command(app, "cancel", Action.EVERYONE, cancel)
    on_tap("pick", pick, Action.REPORT)
    on_tap("none", none_of_them, Action.REPORT)
    on_tap("unsure", unsure, Action.REPORT)


async def ask_which(turn: Turn, row: Sighting, debtor_ids: list[int]) -> None:
    """Asks the reporter; the answer may take 60 seconds, then everybody concerned is told."""
    asked = await question.ask(QuestionKind.WHICH, turn.channel, turn.chat_id, turn.who.id, row.id, debtor_ids[:MOST])
    await put(turn.address, "which", asked.id, lane=Lane.RECEIPT, fresh=True, reply_to=row.message_id or None)


async def others_nearby(area_code: str, wrong: list[int]) -> list[int]:
    """Who else of the village could be meant: those of the same surname, then the others."""
    surnames = {row.name[:1] for row in await Debtor.filter(id__in=wrong)}
    rows = await Debtor.filter(within("area_code", area_code)).exclude(id__in=wrong).order_by("id").limit(200)
    same = [row.id for row in rows if row.name[:1] in surnames]
    return (same or ([row.id for row in rows] if len(rows) <= MOST else []))[:MOST]


async def close_which(sighting_id: int) -> None:
    """The question has answered itself."""
    for row in await Question.filter(kind=QuestionKind.WHICH, ref=sighting_id, closed_at=None):
        await question.close(row.id)
        await put(Address(row.channel, row.chat_id, row.person_id), "which", row.id, lane=Lane.RECEIPT)


async def take(turn: Turn, text: str) -> bool:
    """Whether a judge's open question took the words: an amount or note behind an outcome."""
    for row in await turn.questions(QuestionKind.NOTE):
        held = await alert.held(row.ref, turn.who)
        await question.close(row.id)
        if held is not None:
            await steps.add_note(held, turn.who, paid_in(text), text.strip()[:500])
            await turn.say("alert.noted")
            return True
    return False


async def cancel(turn: Turn, _words: str) -> None:
    """Closes what the bot has asked here. A report that waits for an answer goes out as doubtful, it isn't lost."""
    rows = await turn.questions(*QuestionKind)
    for row in rows:
        await question.close(row.id)
        if row.kind is QuestionKind.WHICH:
            await tell_all(row)
    await turn.say("help.cancelled" if rows else "help.nothing_to_cancel")


# -- answers -----------------------------------------------------------------------------------------------------


async def _asked(turn: Turn, tap: Tap) -> tuple[Question, Sighting] | None:
    row = await Question.get_or_none(id=tap.ref, person_id=turn.who.id, kind=QuestionKind.WHICH)
    report = await Sighting.get_or_none(id=row.ref) if row else None
    if row is None or report is None or report.state is SightingState.WITHDRAWN:
        audit.record("tap.refused", f"question:{tap.ref}", actor=turn.actor)
        await turn.toast("help.stale_button")
        return None
    return row, report


async def pick(turn: Turn, tap: Tap) -> None:
    """A candidate. An answer that comes late still counts: it corrects what went out as doubtful."""
    found = await _asked(turn, tap)
    if found is None:
        return
    row, report = found
    if tap.arg not in row.option_ids:
        await turn.toast("help.stale_button")
        return
    await turn.toast()
    await _learn(turn, report, tap.arg)
    await sighting.set_suspects(report, {tap.arg: (("chosen", ""),)})
    await _settled(turn, row, report, off_list=False)


async def _learn(turn: Turn, report: Sighting, debtor_id: int) -> None:
    """The reporter said whom their word means: read once more, it is the word that all the signs share."""
    reading = await understand(turn.who, report.amended or report.text, unit().now)
    signs = [sign for guess in reading.guesses for sign in guess.evidence]
    await lesson.teach(LessonKind.ALIAS, report.area_code, signs, debtor_id, turn.who, report.id)


async def none_of_them(turn: Turn, tap: Tap) -> None:
    """都不是: somebody who isn't on the list."""
    found = await _asked(turn, tap)
    if found is not None:
        await turn.toast()
        await sighting.set_suspects(found[1], {})
        await _settled(turn, *found, off_list=True)


async def unsure(turn: Turn, tap: Tap) -> None:
    """不确定: no need to wait any longer."""
    found = await _asked(turn, tap)
    if found is None:
        return
    await turn.toast()
    if await question.close(found[0].id):
        await tell_all(found[0])


async def _settled(turn: Turn, row: Question, report: Sighting, *, off_list: bool) -> None:
    report.doubtful, report.off_list = False, off_list
    await Sighting.filter(id=report.id).update(doubtful=False, off_list=off_list)
    audit.record("sighting.settled", f"sighting:{report.id}", actor=turn.actor)
    await question.close(row.id)
    if report.state is SightingState.ALERTED:
        await raising.retarget(report)
    else:
        await raising.raise_for(report)
    await _show_again(row, report)


async def tell_all(row: Question) -> None:
    """Nobody says which: every judge concerned is told, marked 待确认. Needs a unit; the question is closed already."""
    report = await Sighting.get(id=row.ref)
    if report.state is SightingState.ASKING:
        await raising.raise_for(report)
        await _show_again(row, report)


async def _show_again(row: Question, report: Sighting) -> None:
    to = Address(row.channel, row.chat_id, row.person_id)
    await put(to, "which", row.id, lane=Lane.RECEIPT)
    await put(to, "receipt", report.id, lane=Lane.RECEIPT, reply_to=report.message_id)


async def expire(row: Question) -> None:
    """The time for an answer is over. Runs in a unit of the timer's."""
    if await question.close(row.id) and row.kind is QuestionKind.WHICH:
        audit.record("question.expired", f"question:{row.id}")
        await tell_all(row)


@card("which")
async def show_which(showing: Showing) -> Card | None:
    row = await Question.get_or_none(id=showing.ref)
    report = await Sighting.get_or_none(id=row.ref) if row else None
    if row is None or report is None:
        return None
    if report.state is SightingState.WITHDRAWN:
        return Card(showing.text("sighting.receipt_withdrawn"))
    chosen = await sighting.suspect_ids(report.id)
    if row.closed_at is not None and not report.doubtful:
        people = await Debtor.filter(id__in=chosen)
        who = "、".join(person.name for person in people)
        text = showing.text("question.answered", who=who) if who else showing.text("question.off_list")
        return Card(text, shows=shows(chosen, [report.id]))
    found = await debtors_by_id(row.option_ids)
    people = [found[number] for number in row.option_ids if number in found]
    buttons = [[Button(_label(showing, person), Tap("pick", row.id, person.id))] for person in people]
    buttons.append(
        [showing.button("question.none", "none", row.id), showing.button("question.unsure", "unsure", row.id)]
    )
    key = "question.which" if len(people) > 1 else "question.is_it"
    key = "question.told_all" if row.closed_at is not None else key
    whom = shows([person.id for person in people], [report.id])
    return Card(showing.text(key, count=len(people)), buttons, shows=whom)


def _label(showing: Showing, person: Debtor) -> str:
    """What tells them apart: years, house, and what they are called."""
    called = [alias.text for alias in person.aliases if alias.text not in person.name][:1]
    return " · ".join([html.unescape(debtor_line(showing, person)), *called])
