"""Asks the reporter which debtor is meant, and goes on by the answer, or without one."""

from collections.abc import Sequence

from storage.alerts import raising, sighting
from storage.alerts.sighting import Sighting, SightingState
from storage.cases.debtor import debtors_in, names_among
from storage.engine import audit
from storage.noun import Due, Noun
from storage.people.endpoint import Address
from storage.people.person import Person
from storage.post import question
from storage.post.outbox import Lane, put
from storage.post.question import Question, QuestionKind
from storage.reading import lesson
from storage.reading.evidence import Evidence
from storage.reading.lesson import LessonKind

MOST = 5
"""So many are offered."""


async def ask_which(to: Address, person: Person, report: Sighting, debtor_ids: Sequence[int]) -> None:
    """Asks the reporter; the answer may take 60 seconds, then everybody concerned is told. Needs a unit."""
    offered = list(debtor_ids[:MOST])
    asked = await question.ask(QuestionKind.WHICH, to.channel, to.chat_id, person.id, report.id, offered)
    await put(to, "which", asked.id, lane=Lane.RECEIPT, fresh=True, reply_to=report.message_id or None)


async def others_nearby(area_code: str, wrong: Sequence[int]) -> list[int]:
    """Finds who else of the village could be meant: those of the same surname, else the others, if they are few."""
    surnames = {name[:1] for name in (await names_among(wrong)).values()}
    rows = [row for row in await debtors_in(area_code, 200) if row.id not in wrong]
    same = [row.id for row in rows if row.name[:1] in surnames]
    return (same or ([row.id for row in rows] if len(rows) <= MOST else []))[:MOST]


async def close_which(sighting_id: int) -> None:
    """Ends the question: it has answered itself. Needs a unit."""
    for row in await question.open_about(QuestionKind.WHICH, sighting_id):
        await question.close(row.id)
        await put(Address(row.channel, row.chat_id, row.person_id), "which", row.id, lane=Lane.RECEIPT)


async def asked(question_id: int, person: Person) -> tuple[Question, Sighting] | None:
    """Finds the question, if it was asked of this person, and its report, if that still stands."""
    row = await question.of(question_id, person.id, QuestionKind.WHICH)
    report = await sighting.by_id(row.ref) if row is not None else None
    if row is None or report is None or report.state is SightingState.WITHDRAWN:
        return None
    return row, report


async def choose(row: Question, report: Sighting, debtor_id: int, signs: Sequence[Evidence], by: Person) -> None:
    """Goes on with the debtor who is meant, and learns that the word in the signs means them. An answer that comes
    late still counts: it corrects what went out as doubtful. Needs a unit."""
    if [debtor_id] != await sighting.suspect_ids(report.id):
        await raising.stand_alone(report)
    await lesson.teach(LessonKind.ALIAS, report.area_code, signs, debtor_id, by, report.id)
    await sighting.set_suspects(report, {debtor_id: (("chosen", ""),)})
    await _settled(row, report, by, off_list=False)


async def choose_none(row: Question, report: Sighting, by: Person) -> None:
    """Goes on with those of whom the reporter wasn't asked, as they live elsewhere, else with somebody who isn't on the
    list. Needs a unit."""
    await raising.stand_alone(report)
    rest = [one for one in await sighting.suspects_of(report) if one.debtor_id not in row.option_ids]
    await sighting.set_suspects(report, {one.debtor_id: tuple(one.reasons) for one in rest})
    await _settled(row, report, by, off_list=not rest, doubtful=len(rest) > 1)


async def leave_open(row: Question) -> bool:
    """Goes on without an answer, if none has come: every judge concerned is told, marked 待确认. Needs a unit."""
    if not await question.close(row.id):
        return False
    if row.kind is QuestionKind.WHICH:
        report = await sighting.by_id(row.ref)
        if report is not None and report.state is SightingState.ASKING:
            await raising.raise_for(report)
            await _show_again(row, report)
    return True


async def _settled(row: Question, report: Sighting, by: Person, *, off_list: bool, doubtful: bool = False) -> None:
    await sighting.settle(report, off_list=off_list, doubtful=doubtful)
    audit.record("sighting.settled", f"sighting:{report.id}", actor=by.actor)
    await question.close(row.id)
    if report.state is SightingState.ALERTED:
        await raising.retarget(report)
    else:
        await raising.raise_for(report)
    await _show_again(row, report)


async def _show_again(row: Question, report: Sighting) -> None:
    to = Address(row.channel, row.chat_id, row.person_id)
    await put(to, "which", row.id, lane=Lane.RECEIPT)
    await put(to, "receipt", report.id, lane=Lane.RECEIPT, reply_to=report.message_id)


async def expire(row: Question) -> None:
    """Goes on where the time for an answer is over. Needs a unit."""
    if await leave_open(row) and row.kind is QuestionKind.WHICH:
        audit.record("question.expired", f"question:{row.id}")


NOUN = Noun(due=Due(question.expired, expire, "timer:question"))
