"""What the court's people teach the reader: in this village 老林 is 林永福; 阿福 was a false alarm last time.

A lesson holds for the village in which it was learned. A nickname that was taught once makes somebody a candidate, no
more; taught again by somebody else it decides among those whom the word can mean. A caution makes a weak sign of that
debtor doubtful until an administrator undoes it, or two people have taught that it is this one after all.
Every lesson is seen and undone by the court's administrators.
"""

from collections.abc import Sequence
from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from storage.cases.debtor import Debtor
from storage.engine import audit
from storage.engine.database import unit
from storage.engine.sql import add, change, for_update, joined, one, pick, relate
from storage.people.area import bounds_of
from storage.people.person import Person
from storage.reading import index
from storage.reading.evidence import LEARNABLE, Evidence

LONGEST = 12
"""Characters of a word that can be taught; a longer one is no name for anybody."""


class LessonKind(StrEnum):
    ALIAS = "alias"
    CAUTION = "caution"


class Lesson(Model):
    """One word for one debtor in one village; `times` counts how often it was taught."""

    id = fields.IntField(primary_key=True)
    area_code = fields.CharField(max_length=12)
    word = fields.CharField(max_length=LONGEST)
    debtor: fields.ForeignKeyRelation[Debtor] = fields.ForeignKeyField(
        "chuishao.Debtor", related_name="lessons", on_delete=fields.CASCADE
    )
    debtor_id: int
    kind = fields.CharEnumField(LessonKind, max_length=10)
    times = fields.IntField(default=1)
    teacher: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "chuishao.Person", related_name="lessons", on_delete=fields.RESTRICT
    )
    teacher_id: int
    sighting_id = fields.IntField()
    at = fields.DatetimeField()
    undone_at = fields.DatetimeField(null=True)

    class Meta:
        table = "lesson"
        indexes = (("debtor_id", "area_code"), ("area_code", "at"))


async def teach(
    kind: LessonKind, area_code: str, evidence: Sequence[Evidence], debtor_id: int, by: Person, sighting_id: int
) -> None:
    """Learns that the one word in the evidence means the debtor (ALIAS) or may well not (CAUTION). Nothing is learned
    where there are several words, or none that can stand for somebody. One report teaches one thing, and who has
    taught it last doesn't make it surer by saying it again. Needs a unit."""
    words = {word for sign, word in evidence if sign in LEARNABLE and 2 <= len(word) <= LONGEST}
    if len(words) != 1:
        return
    word = words.pop()
    from_here = await pick(Lesson, "sighting_id = ? AND word = ? AND kind = ?", sighting_id, word, kind)
    if any(row.debtor_id == debtor_id for row in from_here):
        return  # said already, or undone since by somebody who answers for it
    for row in from_here:
        if row.undone_at is None:
            await undo(row, by)
    known = await _standing(kind, area_code, word, debtor_id)
    if known is not None and known.teacher_id == by.id:
        return
    if known is not None:
        await change(Lesson, known.id, times=known.times + 1, teacher_id=by.id, sighting_id=sighting_id, at=unit().now)
    else:
        await add(
            Lesson,
            area_code=area_code,
            word=word,
            debtor_id=debtor_id,
            kind=kind,
            teacher_id=by.id,
            sighting_id=sighting_id,
            at=unit().now,
        )
        await index.note([debtor_id])
    audit.record(
        "lesson.taught", f"debtor:{debtor_id}", actor=by.actor, kind=kind, area=area_code, sighting=sighting_id
    )


async def _standing(kind: LessonKind, area_code: str, word: str, debtor_id: int) -> Lesson | None:
    where = f"debtor_id = ? AND area_code = ? AND word = ? AND kind = ? AND undone_at IS NULL{for_update()}"
    return await one(Lesson, where, debtor_id, area_code, word, kind)


async def undo(lesson: Lesson, by: Person) -> None:
    """The lesson stays on record and counts no more. Needs a unit."""
    lesson.undone_at = unit().now
    await change(Lesson, lesson.id, undone_at=lesson.undone_at)
    audit.record("lesson.undone", f"debtor:{lesson.debtor_id}", actor=by.actor, lesson=lesson.id)


async def in_area(area_code: str, limit: int) -> list[Lesson]:
    """The standing lessons of an area, the newest first, with their debtors and teachers."""
    source = (
        "lesson a JOIN debtor b ON b.id = a.debtor_id JOIN person c ON c.id = a.teacher_id WHERE a.area_code >= ? "
        f"AND a.area_code <= ? AND a.undone_at IS NULL ORDER BY a.at DESC, a.id DESC LIMIT {limit:d}"
    )
    rows = await joined((Lesson, Debtor, Person), source, *bounds_of(area_code))
    for row, debtor, teacher in rows:
        relate(row, debtor=debtor, teacher=teacher)
    return [row for row, _debtor, _teacher in rows]


async def standing(lesson_id: int) -> Lesson | None:
    """The lesson, locked, if it still counts."""
    return await one(Lesson, f"id = ? AND undone_at IS NULL{for_update()}", lesson_id)
