"""Who gets an alert now, and who gets it then where nobody answers: the rungs as data, and the pure rules that read
them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from storage.duty import court, leave, shift
from storage.duty.leave import Absence, answering, is_absent
from storage.duty.shift import Post
from storage.engine import audit
from storage.engine.sql import add, among, fetch, pick, run
from storage.noun import Fate, Noun, Record
from storage.people.area import bounds_of, contains, county_of
from storage.people.endpoint import reached
from storage.people.person import Person, Role

PATIENCE = timedelta(minutes=5)
"""How long an alert waits where a court has no rungs at all."""
LAST = 99
"""The number of the rung that isn't in any table: where all others held nobody, an administrator is told."""


class Target(StrEnum):
    JUDGE = "judge"
    """The case's judge. Never a rung: where the ladder begins."""
    DEPUTY = "deputy"
    """Who stands in for the judge. Never a rung."""
    AGAIN = "again"
    """The same recipients once more, louder."""
    DUTY = "duty"
    DUTY_HEAD = "duty_head"
    HEAD = "head"
    """The head of the enforcement bureau."""
    PRESIDENT = "president"
    ADMIN = "admin"


INSTEAD = (Target.DUTY, Target.DUTY_HEAD, Target.HEAD, Target.PRESIDENT, Target.ADMIN)
"""Who is asked first where the judge isn't there, or no judge is known: the first of these who is."""


class Rung(Model):
    """One rung. `area_code` "" is the default ladder; a court's own rows replace it whole."""

    id = fields.IntField(primary_key=True)
    area_code = fields.CharField(max_length=12, default="")
    number = fields.SmallIntField()
    after_seconds = fields.IntField()
    target = fields.CharEnumField(Target, max_length=10)

    class Meta:
        table = "rung"
        unique_together = (("area_code", "number"),)


@dataclass(frozen=True)
class Staff:
    """A court's people as far as its ladder asks for them, by id; only those who are active."""

    posts: tuple[Post, ...] = ()
    absences: tuple[Absence, ...] = ()
    heads: tuple[int, ...] = ()
    presidents: tuple[int, ...] = ()
    admins: tuple[int, ...] = ()
    deaf: frozenset[int] = frozenset()
    """Of these and the judges concerned: who has no phone that can be rung. They are nobody to the ladder."""


@dataclass(frozen=True)
class Call:
    """Who is rung when, and as what. `number` is the rung's, 0 for the first call."""

    at: datetime
    number: int
    target: Target
    people: tuple[int, ...]


@dataclass(frozen=True)
class Climb:
    """How far an alert has climbed: the last rung's number, and who has been called, in order."""

    raised_at: datetime
    done: int
    called: tuple[int, ...]
    reachable: bool = True


# -- pure rules --------------------------------------------------------------------------------------------------


def holding(target: Target, staff: Staff, at: datetime) -> tuple[int, ...]:
    """Finds who is the target then. Whoever is on leave is replaced by their deputy, or left out."""
    if target in (Target.DUTY, Target.DUTY_HEAD):
        leading = target is Target.DUTY_HEAD
        named = tuple(post.person_id for post in staff.posts if post.lead is leading and post.starts <= at < post.ends)
    else:
        named = {Target.HEAD: staff.heads, Target.PRESIDENT: staff.presidents, Target.ADMIN: staff.admins}[target]
    there = (answering(person, staff.absences, at) for person in named)
    return tuple(dict.fromkeys(person for person in there if person is not None and person not in staff.deaf))


def first_call(judge_id: int | None, staff: Staff, at: datetime, *, off_hours: bool = False) -> Call:
    """Chooses the judge, else the deputy, else the first of INSTEAD; outside of the court's hours the duty judge as
    well. Where everybody is on leave or has no phone, the judge or the administrators all the same."""
    person = answering(judge_id, staff.absences, at) if judge_id is not None else None
    if person is not None and person not in staff.deaf:
        call = Call(at, 0, Target.JUDGE if person == judge_id else Target.DEPUTY, (person,))
        duty = holding(Target.DUTY, staff, at) if off_hours else ()
        return replace(call, people=tuple(dict.fromkeys((person, *duty))))
    for target in INSTEAD:
        if people := holding(target, staff, at):
            return Call(at, 0, target, people if target is Target.DUTY else people[:1])
    if judge_id is not None:
        return Call(at, 0, Target.JUDGE, (judge_id,))
    rest = (*(post.person_id for post in staff.posts), *staff.heads, *staff.presidents, *staff.admins)
    return Call(at, 0, Target.ADMIN, rest[-1:])


def next_call(climb: Climb, rungs: Sequence[Rung], staff: Staff, now: datetime) -> Call | None:
    """Finds the next rung that holds somebody who hasn't been called; ringing again is left out where nobody could be
    reached, and then everything is due at once. None at the ladder's end."""
    # 1. The rungs above the one that was taken last, in order.
    for rung in rungs:
        if rung.number <= climb.done:
            continue
        at = due_at(climb, rung, now)
        # 2. Who is there then: those who were called, once more; or who holds the target and wasn't called yet.
        if rung.target is Target.AGAIN:
            people = tuple(
                one for one in climb.called if not is_absent(one, staff.absences, at) and one not in staff.deaf
            )
            people = people if climb.reachable else ()
        else:
            people = _new(holding(rung.target, staff, at), climb)
        # 3. A rung that holds nobody is passed over.
        if people:
            return Call(at, rung.number, rung.target, people)
    # 4. Where the whole ladder held nobody but the first, or nobody who could be reached, an administrator is called.
    if climb.done < LAST and (len(climb.called) < 2 or not climb.reachable):
        at = due_at(climb, rungs[-1] if rungs else None, now)
        if people := _new(holding(Target.ADMIN, staff, at), climb):
            return Call(at, LAST, Target.ADMIN, people)
    return None


def due_at(climb: Climb, rung: Rung | None, now: datetime) -> datetime:
    """Tells when the rung is due: at its time, or at once where nobody could be reached."""
    wait = timedelta(seconds=rung.after_seconds) if rung is not None else PATIENCE
    return max(now, climb.raised_at + wait) if climb.reachable else now


def _new(people: Sequence[int], climb: Climb) -> tuple[int, ...]:
    return tuple(person for person in people if person not in climb.called)


def plan(
    judge_id: int | None, rungs: Sequence[Rung], staff: Staff, raised_at: datetime, *, off_hours: bool = False
) -> list[Call]:
    """Lists who gets this alert, call after call, if nobody ever answers. The same for the same arguments."""
    calls = [first_call(judge_id, staff, raised_at, off_hours=off_hours)]
    climb = Climb(raised_at, 0, calls[0].people)
    while (call := next_call(climb, rungs, staff, raised_at)) is not None:
        calls.append(call)
        climb = replace(climb, done=call.number, called=tuple(dict.fromkeys((*climb.called, *call.people))))
    return calls


# -- reading -----------------------------------------------------------------------------------------------------


async def rungs_for(area_code: str) -> list[Rung]:
    """Loads the ladder of the court that `area_code` belongs to, in order."""
    rows = await pick(Rung, "number > 0 ORDER BY number")
    nearest = max(
        (row.area_code for row in rows if row.area_code and contains(row.area_code, area_code)), default="", key=len
    )
    return [row for row in rows if row.area_code == nearest]


async def set_rung(county: str, target: Target, after: timedelta | None, by: Person) -> list[Rung]:
    """Sets when the court's ladder comes to the target, None for never; returns the ladder as it is then. A court that
    changes one rung keeps the others of the default as its own. Needs a unit."""
    old = await rungs_for(county)
    steps = {rung.target: rung.after_seconds for rung in old if rung.target is not target}
    if after is not None:
        steps[target] = int(after.total_seconds())
    await run("DELETE FROM rung WHERE area_code = ?", county)
    ordered = sorted(steps.items(), key=lambda step: step[1])
    for number, (aim, seconds) in enumerate(ordered, 1):
        await add(Rung, area_code=county, number=number, after_seconds=seconds, target=aim)
    # Those under way climb the new one from its foot: nobody is called twice.
    first, last = bounds_of(county)
    await run("UPDATE alert SET step = 0 WHERE state = 'sent' AND area_code >= ? AND area_code <= ?", first, last)
    audit.record("ladder.changed", f"area:{county}", actor=by.actor, target=target, after=steps.get(target))
    return await rungs_for(county)


async def staff_for(area_code: str, now: datetime, judges: Sequence[int] = ()) -> Staff:
    """Loads the people of that court, with all their duty and leave that isn't over, and who of them and of these
    judges can't be reached."""
    words, value = among(role.value for role in (Role.BUREAU_HEAD, Role.PRESIDENT, Role.ADMIN))
    sql = f"SELECT id, role, area_code FROM person WHERE role {words} AND active = ? ORDER BY id"
    county = county_of(area_code)
    near = [row for row in await fetch(sql, value, True) if contains(row["area_code"], area_code)]
    near.sort(key=lambda row: (-len(row["area_code"]), row["id"]))
    admins = [row for row in near if row["role"] == Role.ADMIN and contains(county, row["area_code"])]

    def ids(role: Role) -> tuple[int, ...]:
        return tuple(row["id"] for row in near if row["role"] == role)

    posts, absences = await shift.posts(county, now), await leave.absences(now)
    everybody = {*judges, *(row["id"] for row in near), *(post.person_id for post in posts)}
    everybody |= {one.deputy_id for one in absences if one.deputy_id is not None}
    return Staff(
        posts=posts,
        absences=absences,
        deaf=frozenset(everybody - await reached(everybody)),
        heads=ids(Role.BUREAU_HEAD),
        presidents=ids(Role.PRESIDENT),
        admins=tuple(row["id"] for row in admins),
    )


async def foreseen(area_code: str, judge_id: int | None, at: datetime) -> list[Call]:
    """Returns what `plan` says about an alert raised in this area at this time."""
    off_hours = await court.is_off_hours(area_code, at)
    staff = await staff_for(area_code, at, [judge_id] if judge_id is not None else ())
    return plan(judge_id, await rungs_for(area_code), staff, at, off_hours=off_hours)


async def stand_in(area_code: str, now: datetime) -> int | None:
    """Finds who answers where no judge is known: the id of somebody on duty, else of the first who is there."""
    call = first_call(None, await staff_for(area_code, now), now)
    return call.people[0] if call.people else None


NOUN = Noun((Record(Rung, erasing=Fate.NONE, leaving=Fate.NONE),))
