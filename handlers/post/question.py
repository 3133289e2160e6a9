"""Which one is meant?"""

import html

from handlers.callback import Tap
from handlers.card import Button, Card, Showing, card
from handlers.context import Turn
from handlers.describe import debtor_line, in_sight, shows
from handlers.route import App, on_command, on_tap
from storage.alerts import asking, sighting
from storage.alerts.sighting import Sighting, SightingState
from storage.cases.debtor import Debtor, age, debtors_by_id
from storage.engine.clock import local
from storage.engine.unit import unit
from storage.people.access import Action
from storage.post import question
from storage.post.question import Question, QuestionKind
from storage.reading.chosen import Beside, Offered, chosen
from storage.reading.understand import understand


def register(app: App) -> None:
    on_command(app, "cancel", Action.EVERYONE, cancel, menu=0)
    on_tap("pick", pick)
    on_tap("none", none_of_them)
    on_tap("unsure", unsure)


async def cancel(turn: Turn, _words: str) -> None:
    """Closes what the bot has asked here. A report that waits for an answer goes out as doubtful, it isn't lost."""
    rows = await turn.questions(*QuestionKind)
    for row in rows:
        await asking.leave_open(row)
    await turn.say("help.cancelled" if rows else "help.nothing_to_cancel")


async def take(turn: Turn, text: str) -> bool:
    """Takes words for the answer to which of them is meant, where they are one: 老的那个, 第二个, 都不是."""
    for row in await turn.questions(QuestionKind.WHICH):
        found = await asking.asked(row.id, turn.who)
        people = await debtors_by_id(row.option_ids)
        there = [people[number] for number in row.option_ids if number in people]
        today = local(unit().now).date()
        offered = [
            Offered(
                (one.name, *(other.text for other in one.aliases)), one.born, one.gender, one.hint, age(one.born, today)
            )
            for one in there
        ]
        answer = chosen(text, offered)
        if found is None or answer is None:
            continue
        if answer is Beside.NONE:
            await asking.choose_none(*found, turn.who)
        elif isinstance(answer, Beside):
            await asking.leave_open(row)
        else:
            await _choose(turn, *found, there[answer].id)
        return True
    return False


# -- answers -----------------------------------------------------------------------------------------------------


async def _asked(turn: Turn, tap: Tap) -> tuple[Question, Sighting] | None:
    found = await asking.asked(tap.ref, turn.who)
    if found is None:
        await turn.refuse(f"question:{tap.ref}")
    return found


async def pick(turn: Turn, tap: Tap) -> None:
    """Answers a tap on a candidate.

    Reads the report once more: the reporter has said whom the word means that all its signs share.
    """
    found = await _asked(turn, tap)
    if found is None:
        return
    row, report = found
    if tap.arg not in row.option_ids:
        await turn.refuse(f"question:{tap.ref}")
        return
    await turn.toast()
    await _choose(turn, row, report, tap.arg)


async def _choose(turn: Turn, row: Question, report: Sighting, debtor_id: int) -> None:
    reading = await understand(turn.who, report.amended or report.text, unit().now)
    signs = [sign for guess in reading.guesses for sign in guess.evidence]
    await asking.choose(row, report, debtor_id, signs, turn.who)


async def none_of_them(turn: Turn, tap: Tap) -> None:
    """Answers 都不是: somebody who isn't on the list is meant."""
    found = await _asked(turn, tap)
    if found is not None:
        await turn.toast()
        await asking.choose_none(*found, turn.who)


async def unsure(turn: Turn, tap: Tap) -> None:
    """Answers 不确定: there is no need to wait any longer."""
    found = await _asked(turn, tap)
    if found is not None:
        await turn.toast()
        await asking.leave_open(found[0])


@card("which")
async def show_which(showing: Showing) -> Card | None:
    row = await question.by_id(showing.ref)
    report = await sighting.by_id(row.ref) if row is not None else None
    person = showing.person
    if row is None or report is None or person is None:
        return None
    if report.state is SightingState.WITHDRAWN:
        return Card(showing.text("sighting.receipt_withdrawn"))
    chosen = await sighting.suspect_ids(report.id)
    if row.closed_at is not None and not report.doubtful:
        known = await debtors_by_id(chosen)
        who = "、".join(one.name for one in in_sight(person, [known[one] for one in chosen if one in known]))
        text = showing.text("question.answered", who=who) if who else showing.text("question.off_list")
        return Card(text, shows=shows(chosen, [report.id]))
    found = await debtors_by_id(row.option_ids)
    people = in_sight(person, [found[number] for number in row.option_ids if number in found])
    buttons = [[Button(_label(showing, person), Tap("pick", row.id, person.id))] for person in people]
    buttons.append(
        [showing.button("question.none", "none", row.id), showing.button("question.unsure", "unsure", row.id)]
    )
    key = "question.which" if len(people) > 1 else "question.is_it"
    key = "question.told_all" if row.closed_at is not None else key
    whom = shows([person.id for person in people], [report.id])
    lasts = row.expires_at - row.asked_at if row.closed_at is None else None
    return Card(showing.text(key, count=len(people)), buttons, lasts=lasts, shows=whom)


def _label(showing: Showing, person: Debtor) -> str:
    """Writes what tells the candidates apart: years, house, and what they are called."""
    called = [alias.text for alias in person.aliases if alias.text not in person.name][:1]
    return " · ".join([html.unescape(debtor_line(showing, person)), *called])
