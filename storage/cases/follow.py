"""Who wants to hear when a case moves (关注), and which cases somebody supervises step by step (督办)."""

from typing import NamedTuple

from tortoise import fields
from tortoise.models import Model

from storage.engine import audit
from storage.engine.sql import add, change, fetch, one, run
from storage.engine.unit import unit
from storage.noun import Fate, Noun, Pointer, Record
from storage.people.person import Person


class Follow(Model):
    """`supervised`: every step is reported, and the judge's card says who is watching."""

    id = fields.IntField(primary_key=True)
    person_id = fields.IntField()
    case_id = fields.IntField(db_index=True)
    supervised = fields.BooleanField(default=False)
    since = fields.DatetimeField()

    class Meta:
        table = "follow"
        unique_together = (("person_id", "case_id"),)


class Follower(NamedTuple):
    """Somebody who follows a case that a report is about."""

    person_id: int
    case_id: int
    supervised: bool


MAIN_STEPS = frozenset({"raised", "acknowledged", "on_scene", "closed", "withdrawn"})
"""What who merely follows hears of; who supervises hears of every step."""
STEPS = MAIN_STEPS | {
    "en_route",
    "escalated",
    "transferred",
    "deputised",
    "unreachable",
    "urged",
    "corrected",
    "witness",
}


async def of(person_id: int, case_id: int) -> Follow | None:
    return await one(Follow, "person_id = ? AND case_id = ?", person_id, case_id)


async def toggle(person: Person, case_id: int, *, supervised: bool) -> bool:
    """Follows the case in this way, or no longer where it was followed so already; whether it is now. Needs a unit."""
    row = await of(person.id, case_id)
    off = row is not None and row.supervised is supervised
    if row is None:
        await add(Follow, person_id=person.id, case_id=case_id, supervised=supervised, since=unit().now)
    elif off:
        await run("DELETE FROM follow WHERE id = ?", row.id)
    else:
        await change(Follow, row.id, supervised=supervised)
    deed = ("supervised" if supervised else "followed") if not off else "left"
    audit.record(f"case.{deed}", f"case:{case_id}", actor=person.actor)
    return not off


async def followers(sighting_id: int) -> list[Follower]:
    """Lists who follows the cases of those who are meant, each person once: with the case they supervise, if any."""
    sql = (
        "SELECT f.person_id, f.case_id, f.supervised FROM suspect s JOIN case_debtor p ON p.debtor_id = s.debtor_id "
        "JOIN follow f ON f.case_id = p.case_id WHERE s.sighting_id = ? ORDER BY f.supervised, f.id DESC"
    )
    rows = [Follower(row[0], row[1], bool(row[2])) for row in await fetch(sql, sighting_id)]
    return list({row.person_id: row for row in rows}.values())


async def supervisors(sighting_id: int) -> list[str]:
    """Lists the names of those who supervise a case that the report is about."""
    sql = (
        "SELECT DISTINCT b.name FROM suspect s JOIN case_debtor p ON p.debtor_id = s.debtor_id "
        "JOIN follow f ON f.case_id = p.case_id JOIN person b ON b.id = f.person_id "
        "WHERE s.sighting_id = ? AND f.supervised = ? AND b.active = ? ORDER BY b.name"
    )
    return [row[0] for row in await fetch(sql, sighting_id, True, True)]


async def end_all(person_id: int) -> None:
    """Ends everything that the person follows. Needs a unit."""
    await run("DELETE FROM follow WHERE person_id = ?", person_id)


NOUN = Noun(
    (Record(Follow, erasing=Fate.NONE, leaving=Fate.GOES),),
    leaves_with=end_all,
    changes_role=end_all,
    points=(Pointer("follow", "case_id", "court_case"), Pointer("follow", "person_id", "person")),
)
