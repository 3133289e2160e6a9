"""Who is away from when until when, and who answers in their place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from tortoise import fields
from tortoise.models import Model

from storage.engine import audit
from storage.engine.mapper import moment, relate
from storage.engine.sql import add, fetch, joined, one, run
from storage.engine.unit import unit
from storage.noun import Fate, Noun, Record
from storage.people.person import Person

FILLING = " ，,。代管请休假出差由给替我本人想要需的法官"
"""What people write around times and names."""


class Leave(Model):
    """A person's absence, from `starts_at` until before `ends_at`."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "chuishao.Person", related_name="leaves", on_delete=fields.CASCADE
    )
    person_id: int
    deputy: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "chuishao.Person", related_name="deputising", null=True, on_delete=fields.SET_NULL
    )
    deputy_id: int | None
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()

    class Meta:
        table = "leave"


@dataclass(frozen=True)
class Absence:
    """A leave as the ladder reads it. `deputy_id` is None where nobody was named, or who was is gone."""

    person_id: int
    deputy_id: int | None
    starts: datetime
    ends: datetime


def is_absent(person_id: int, absences: Sequence[Absence], at: datetime) -> bool:
    return any(one.person_id == person_id and one.starts <= at < one.ends for one in absences)


def answering(person_id: int, absences: Sequence[Absence], at: datetime) -> int | None:
    """Finds who answers: the person, or while they are away their deputy, or the deputy's own; None where the chain
    ends in nobody. Of several absences at the same time one with a deputy counts."""
    passed: set[int] = set()
    here: int | None = person_id
    while here is not None and is_absent(here, absences, at):
        passed.add(here)
        named = (one.deputy_id for one in absences if one.person_id == here and one.starts <= at < one.ends)
        here = next((deputy for deputy in named if deputy is not None and deputy not in passed), None)
    return here


async def absences(now: datetime) -> tuple[Absence, ...]:
    """Lists every leave that isn't over, the one that ends first first."""
    sql = (
        "SELECT l.person_id, p.id AS deputy_id, l.starts_at, l.ends_at FROM leave l "
        "LEFT JOIN person p ON p.id = l.deputy_id AND p.active = ? WHERE l.ends_at > ? ORDER BY l.ends_at, l.id"
    )
    return tuple(
        Absence(row["person_id"], row["deputy_id"], moment(row["starts_at"]), moment(row["ends_at"]))
        for row in await fetch(sql, True, now)
    )


async def of_court(area_code: str, now: datetime) -> list[Leave]:
    """Lists the court's leaves that aren't over, with person and deputy."""
    source = (
        "leave a JOIN person b ON b.id = a.person_id LEFT JOIN person c ON c.id = a.deputy_id "
        "WHERE a.ends_at > ? AND b.area_code = ? ORDER BY a.starts_at, a.id"
    )
    found = await joined((Leave, Person, Person), source, now, area_code)
    for row, person, deputy in found:
        relate(row, person=person, deputy=deputy)
    return [row for row, _person, _deputy in found]


async def by_id(leave_id: int) -> Leave | None:
    return await one(Leave, "id = ?", leave_id)


async def whole(leave_id: int) -> Leave | None:
    """Loads the leave with person and deputy."""
    source = "leave a JOIN person b ON b.id = a.person_id LEFT JOIN person c ON c.id = a.deputy_id WHERE a.id = ?"
    for row, person, deputy in await joined((Leave, Person, Person), source, leave_id):
        relate(row, person=person, deputy=deputy)
        return cast(Leave, row)
    return None


async def overlapping(person_id: int, starts: datetime, ends: datetime) -> Leave | None:
    """Finds a leave of the person's that touches this time already."""
    where = "person_id = ? AND starts_at < ? AND ends_at > ? ORDER BY starts_at LIMIT 1"
    found = await one(Leave, where, person_id, ends, starts)
    return await whole(found.id) if found is not None else None


async def take(person: Person, deputy: Person | None, starts: datetime, ends: datetime, by: Person) -> Leave:
    """Notes the absence. Needs a unit."""
    deputy_id = deputy.id if deputy is not None else None
    row = await add(Leave, person_id=person.id, deputy_id=deputy_id, starts_at=starts, ends_at=ends)
    audit.record("leave.taken", person.actor, actor=by.actor, deputy=deputy_id)
    return row


async def end(row: Leave, by: Person) -> None:
    """Ends the leave now, where somebody is back earlier or was never gone. Needs a unit."""
    now = unit().now
    if row.starts_at >= now:
        await run("DELETE FROM leave WHERE id = ?", row.id)
    else:
        await run("UPDATE leave SET ends_at = ? WHERE id = ?", now, row.id)
    audit.record("leave.ended", f"person:{row.person_id}", actor=by.actor)


async def standing_in_for(person: Person, now: datetime) -> list[int]:
    """Lists the person, and everybody who is away and whose cases the person has meanwhile."""
    away = await absences(now)
    return [person.id, *dict.fromkeys(a.person_id for a in away if answering(a.person_id, away, now) == person.id)]


async def _leaves_with(person_id: int) -> None:
    """Deletes the leaves of a person who goes, and takes them out of others' leaves as deputy."""
    await run("DELETE FROM leave WHERE person_id = ?", person_id)
    await run("UPDATE leave SET deputy_id = NULL WHERE deputy_id = ?", person_id)


NOUN = Noun((Record(Leave, erasing=Fate.NONE, leaving=Fate.GOES),), leaves_with=_leaves_with)
