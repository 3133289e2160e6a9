"""Who is on duty at a court."""

from collections.abc import Sequence
from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from storage.area import contains, county_of
from storage.person import Person, Role, holding
from storage.sql import joined, relate

Span = tuple[datetime, datetime]
"""From when until when, the end not included."""


class Shift(Model):
    """A person's duty for the court of a county, from `starts_at` until before `ends_at`."""

    id = fields.IntField(primary_key=True)
    area_code = fields.CharField(max_length=12)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "chuishao.Person", related_name="shifts", on_delete=fields.CASCADE
    )
    person_id: int
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()

    class Meta:
        table = "shift"
        unique_together = (("area_code", "person", "starts_at"),)


def uncovered(shifts: Sequence[tuple[datetime, datetime]], start: datetime, end: datetime) -> list[Span]:
    """The times between `start` and `end` in which nobody is on duty, in order."""
    gaps, covered = list[Span](), start
    for begins, ends in sorted(shifts):
        if begins > covered and covered < end:
            gaps.append((covered, min(begins, end)))
        covered = max(covered, ends)
    return [*gaps, (covered, end)] if covered < end else gaps


async def coming(area_code: str, start: datetime, end: datetime) -> list[Shift]:
    """The court's shifts that touch this time, in order, with their people."""
    source = (
        "shift a JOIN person b ON b.id = a.person_id WHERE a.area_code = ? AND a.ends_at > ? AND a.starts_at < ? "
        "AND b.active = ? ORDER BY a.starts_at, a.id"
    )
    found = await joined((Shift, Person), source, county_of(area_code), start, end, True)
    for shift, who in found:
        relate(shift, person=who)
    return [shift for shift, _who in found]


async def on_duty(area_code: str, now: datetime) -> Person | None:
    """The duty person of the court that `area_code` belongs to."""
    row = (
        await Shift.filter(area_code=county_of(area_code), starts_at__lte=now, ends_at__gt=now, person__active=True)
        .order_by("-starts_at")
        .first()
        .prefetch_related("person")
    )
    return row.person if row else None


async def stand_in(area_code: str, now: datetime) -> Person | None:
    """Who answers where no judge is known: the duty person, else the head of the bureau, else an administrator."""
    duty = await on_duty(area_code, now)
    if duty is not None:
        return duty
    for role in (Role.BUREAU_HEAD, Role.ADMIN):
        people = [p for p in await holding(role, area_code) if contains(county_of(area_code), p.area_code)]
        if people:
            return people[0]
    return None
