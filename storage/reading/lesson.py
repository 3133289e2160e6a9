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
from storage.engine.unit import unit
from storage.noun import Erasure, Fate, Noun, Record
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
    from_here = await Lesson.filter(sighting_id=sighting_id, word=word, kind=kind)
    if any(row.debtor_id == debtor_id for row in from_here):
        return  # said already, or undone since by somebody who answers for it
    for row in from_here:
        if row.undone_at is None:
            await undo(row, by)
    known = await _standing(kind, area_code, word, debtor_id)
    if known is not None and known.teacher_id == by.id:
        return
    if known is not None:
        again = {"teacher_id": by.id, "sighting_id": sighting_id, "at": unit().now}
        await Lesson.filter(id=known.id).update(times=known.times + 1, **again)
    else:
        await Lesson.create(
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
    query = Lesson.select_for_update().filter(debtor_id=debtor_id, area_code=area_code, word=word, kind=kind)
    return await query.filter(undone_at=None).order_by("id").first()


async def undo(lesson: Lesson, by: Person) -> None:
    """Undoes a lesson, which stays on record but no longer counts. Needs a unit."""
    lesson.undone_at = unit().now
    await lesson.save(update_fields=["undone_at"])
    audit.record("lesson.undone", f"debtor:{lesson.debtor_id}", actor=by.actor, lesson=lesson.id)


async def take_back(kind: LessonKind, sighting_id: int, by: Person) -> None:
    """Unlearns what this report has taught. Needs a unit."""
    for row in await Lesson.filter(sighting_id=sighting_id, kind=kind, undone_at=None):
        await undo(row, by)


async def in_area(area_code: str, limit: int) -> list[Lesson]:
    """Returns the standing lessons of an area, the newest first, with their debtors and teachers."""
    first, last = bounds_of(area_code)
    query = Lesson.filter(area_code__gte=first, area_code__lte=last, undone_at=None).order_by("-at", "-id")
    return await query.limit(limit).prefetch_related("debtor", "teacher")


async def standing(lesson_id: int) -> Lesson | None:
    """Returns the lesson, locked, if it still counts."""
    return await Lesson.select_for_update().get_or_none(id=lesson_id, undone_at=None)


async def _erases(what: Erasure) -> None:
    """Deletes what was learned of a debtor who is erased."""
    await Lesson.filter(debtor_id=what.debtor_id).delete()


NOUN = Noun((Record(Lesson, erasing=Fate.GOES, leaving=Fate.STAYS),), erases=_erases)
