"""/learned: the words that the reader was taught in each village, for those who answer for it; each can be undone."""

from handlers.callback import Tap
from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.describe import shows
from handlers.route import App, on_command, on_tap
from storage.alerts import sighting
from storage.alerts.sighting import Sighting
from storage.engine import audit
from storage.people.access import Action
from storage.people.area import contains, full_name
from storage.post.outbox import Lane
from storage.reading import lesson
from storage.reading.lesson import Lesson

MOST = 20
"""The newest; each has a button."""


def register(app: App) -> None:
    on_command(app, "learned", Action.EXPLAIN, learned, menu=170)
    on_tap("unlearn", unlearn, Action.EXPLAIN)


async def learned(turn: Turn, _words: str) -> None:
    audit.record("lesson.listed", turn.who.area_code, actor=turn.actor)
    await turn.reply("lessons", turn.who.id)


async def unlearn(turn: Turn, tap: Tap) -> None:
    """Answers 撤销. Somebody else's lesson is refused like one that doesn't exist."""
    row = await lesson.standing(tap.ref)
    if row is None or not contains(turn.who.area_code, row.area_code):
        await turn.refuse(f"lesson:{tap.ref}")
        return
    await lesson.undo(row, turn.who)
    await turn.toast("lesson.undone")
    await turn.reply("lessons", turn.who.id, fresh=False, lane=Lane.RECEIPT)


@card("lessons")
async def show_lessons(showing: Showing) -> Card | None:
    person = showing.person
    if person is None:
        return None
    rows = await lesson.in_area(person.area_code, MOST)
    if not rows:
        return Card(showing.text("lesson.none"))
    lines = [showing.text("lesson.head")]
    reports = await sighting.by_ids(row.sighting_id for row in rows)
    lines += [await _line(showing, number, row, reports.get(row.sighting_id)) for number, row in enumerate(rows, 1)]
    buttons = [showing.button("lesson.undo", "unlearn", row.id, number=number) for number, row in enumerate(rows, 1)]
    fours = [buttons[start : start + 4] for start in range(0, len(buttons), 4)]
    return Card("\n".join(lines), fours, shows=shows([row.debtor_id for row in rows], reporters=reports.values()))


async def _line(showing: Showing, number: int, row: Lesson, report: Sighting | None) -> str:
    """Describes one lesson. A reporter who asked to stay unnamed isn't named here either."""
    unnamed = report is not None and report.confidential and report.reporter_id == row.teacher_id
    code = report.code if report is not None else ""
    return showing.text(
        f"lesson.{row.kind.value}",
        number=number,
        village=await full_name(row.area_code),
        word=row.word,
        debtor=row.debtor.name,
        times=row.times,
        teacher=showing.plain("sighting.unnamed", code=code) if unnamed else row.teacher.name,
        at=showing.at(row.at),
    )
