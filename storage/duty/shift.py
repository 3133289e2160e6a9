"""Keeps who is on duty at a court."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise import fields
from tortoise.models import Model

from storage.duty import court
from storage.engine import audit, once
from storage.engine.clock import day_bounds, local
from storage.engine.mapper import moment, relate
from storage.engine.sql import add, change, fetch, for_update, joined, one, pick, run
from storage.engine.unit import unit
from storage.noun import Fate, Noun, Pointer, Record
from storage.people.area import county_of
from storage.people.person import Person, Role, holding
from storage.post.outbox import Lane, put_to_person

WARN_AT = 16
MOST_TOLD = 31
"""So many shifts one message names."""

KEPT = timedelta(days=30)
"""A court that has had nobody on duty for so long keeps no roster."""

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
    lead = fields.BooleanField(default=False)
    """带班: at the head of those who are on duty, called after them."""

    class Meta:
        table = "shift"
        unique_together = (("area_code", "person", "starts_at"),)


@dataclass(frozen=True)
class Post:
    """A shift as the ladder reads it."""

    person_id: int
    starts: datetime
    ends: datetime
    lead: bool = False


def uncovered(shifts: Sequence[tuple[datetime, datetime]], start: datetime, end: datetime) -> list[Span]:
    """Lists the times between `start` and `end` in which nobody is on duty, in order."""
    gaps, covered = list[Span](), start
    for begins, ends in sorted(shifts):
        if begins > covered and covered < end:
            gaps.append((covered, min(begins, end)))
        covered = max(covered, ends)
    return [*gaps, (covered, end)] if covered < end else gaps


async def coming(area_code: str, start: datetime, end: datetime) -> list[Shift]:
    """Lists the court's shifts that touch this time, in order, with their people."""
    source = (
        "shift a JOIN person b ON b.id = a.person_id WHERE a.area_code = ? AND a.ends_at > ? AND a.starts_at < ? "
        "AND b.active = ? ORDER BY a.starts_at, a.id"
    )
    found = await joined((Shift, Person), source, county_of(area_code), start, end, True)
    for shift, who in found:
        relate(shift, person=who)
    return [shift for shift, _who in found]


async def posts(county: str, now: datetime) -> tuple[Post, ...]:
    """Lists the court's duty that isn't over, the latest to begin first; of active people."""
    sql = (
        "SELECT s.person_id, s.starts_at, s.ends_at, s.lead FROM shift s JOIN person p ON p.id = s.person_id "
        "WHERE s.area_code = ? AND s.ends_at > ? AND p.active = ? ORDER BY s.starts_at DESC, s.id"
    )
    return tuple(
        Post(row["person_id"], moment(row["starts_at"]), moment(row["ends_at"]), bool(row["lead"]))
        for row in await fetch(sql, county, now, True)
    )


async def courts_with_duty(since: datetime) -> list[str]:
    """Lists the courts that have kept a roster since then."""
    rows = await fetch("SELECT DISTINCT area_code FROM shift WHERE ends_at > ? ORDER BY area_code", since)
    return [row["area_code"] for row in rows]


async def beginning(county: str, person_id: int, since: datetime, before: datetime) -> Shift | None:
    """Finds the person's first duty that begins in this time."""
    sql = "area_code = ? AND person_id = ? AND starts_at >= ? AND starts_at < ? ORDER BY starts_at LIMIT 1"
    return await one(Shift, sql, county, person_id, since, before)


async def gaps(county: str, start: datetime, end: datetime) -> list[Span]:
    """Lists the times in which nobody is on duty, and the court isn't in its office either."""
    office = court.office_spans(await court.of(county), start, end)
    spans = [(row.starts_at, row.ends_at) for row in await coming(county, start, end) if not row.lead]
    return uncovered([*spans, *office], start, end)


async def is_on(area_code: str, person_id: int, starts: datetime) -> bool:
    """Tells whether the person has a duty that begins then."""
    where = "area_code = ? AND person_id = ? AND starts_at = ?"
    return await one(Shift, where, area_code, person_id, starts) is not None


async def give(row: Shift, person_id: int) -> None:
    """Gives the duty to that person from now on. Needs a unit."""
    await change(Shift, row.id, person_id=person_id)


async def put_on(person: Person, starts: datetime, ends: datetime, by: Person, *, lead: bool = False) -> bool:
    """Puts the person on duty; False where they were already. Needs a unit."""
    code = county_of(person.area_code)
    if await is_on(code, person.id, starts):
        return False
    await add(Shift, area_code=code, person_id=person.id, starts_at=starts, ends_at=ends, lead=lead)
    audit.record("shift.added", person.actor, actor=by.actor, starts=starts.isoformat())
    return True


async def take_off(person: Person, starts: datetime, ends: datetime, by: Person) -> list[Span]:
    """Takes the person's duty that begins in this time away; returns it. Needs a unit."""
    within = "area_code = ? AND person_id = ? AND starts_at >= ? AND starts_at < ?"
    args = county_of(person.area_code), person.id, starts, ends
    gone = [(row.starts_at, row.ends_at) for row in await pick(Shift, f"{within} ORDER BY starts_at", *args)]
    if gone:
        await run(f"DELETE FROM shift WHERE {within}", *args)
        audit.record("shift.removed", person.actor, actor=by.actor, starts=starts.isoformat())
    return gone


async def tell(person_id: int, spans: Iterable[Span], how: str = "on") -> None:
    """Tells somebody at once of their duty that is still to come: that they have been put `on`, or taken `off`. Needs a
    unit."""
    coming = sorted(span for span in spans if span[1] > unit().now)
    if coming:
        args = {"how": how, "spans": [[start.isoformat(), end.isoformat()] for start, end in coming[:MOST_TOLD]]}
        await put_to_person(person_id, "rostered", lane=Lane.REPLY, fresh=True, args=args)


async def remind() -> None:
    """Reminds whoever is on duty tomorrow, once, the day before from WARN_AT o'clock on. Needs a unit."""
    now = unit().now
    if local(now).hour < WARN_AT:
        return
    start, end = day_bounds(now + timedelta(days=1))
    for county in await courts_with_duty(now):
        rows = [row for row in await coming(county, start, end) if start <= row.starts_at < end]
        if not rows or not await once.first_today("duty", county, local(now).date()):
            continue
        for person_id in dict.fromkeys(row.person_id for row in rows):
            mine = [(row.starts_at, row.ends_at) for row in rows if row.person_id == person_id]
            await tell(person_id, mine, "tomorrow")


async def warn() -> None:
    """Warns who answers for a court, once, the day before from WARN_AT o'clock on, of tomorrow's hours without anybody
    on duty. A court that keeps no roster isn't bothered. Needs a unit."""
    now = unit().now
    if local(now).hour < WARN_AT:
        return
    start, end = day_bounds(now + timedelta(days=1))
    for county in await courts_with_duty(now - KEPT):
        if not await gaps(county, start, end) or not await once.first_today("uncovered", county, local(now).date()):
            continue
        audit.record("shift.uncovered", f"area:{county}", day=local(start).date().isoformat())
        for role in (Role.BUREAU_HEAD, Role.SUPERVISOR, Role.ADMIN):
            for person in await holding(role, county):
                args = {"start": start.isoformat(), "end": end.isoformat(), "county": county}
                await put_to_person(person.id, "uncovered", lane=Lane.DIGEST, fresh=True, args=args)


async def shift_of(shift_id: int | None, *, locked: bool = False) -> Shift | None:
    lock = for_update() if locked else ""
    return await one(Shift, f"id = ?{lock}", shift_id) if shift_id else None


async def _leaves_with(person_id: int) -> None:
    """Deletes the coming shifts of a person who goes."""
    await run("DELETE FROM shift WHERE person_id = ? AND starts_at > ?", person_id, unit().now)


async def _upkeep() -> bool:
    await warn()
    await remind()
    return False


NOUN = Noun(
    (Record(Shift, erasing=Fate.NONE, leaving=Fate.GOES, by_hand=True),),
    upkeep=_upkeep,
    leaves_with=_leaves_with,
    points=(Pointer("shift", "area_code", "area"),),
)
