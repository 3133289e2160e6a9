"""Keeps the officials, judges and supervisors: who they are, and who they are to each other."""

from collections.abc import Iterable
from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from storage.engine import audit
from storage.engine.sql import among, change, fetch, pick
from storage.noun import Fate, Noun, Pointer, Record
from storage.people.area import contains, county_of


class Role(StrEnum):
    GRID_WORKER = "grid_worker"
    VILLAGE_SECRETARY = "village_secretary"
    TOWN_OFFICER = "town_officer"
    TOWN_SECRETARY = "town_secretary"
    JUDGE = "judge"
    BUREAU_HEAD = "bureau_head"
    PRESIDENT = "president"
    POLICE = "police"
    AGENCY = "agency"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


COURT = frozenset({Role.JUDGE, Role.BUREAU_HEAD, Role.PRESIDENT, Role.ADMIN})
"""The court's own people: who may be on duty, stand in, and read cases whole."""

ROLE_NAMES = {
    "网格员": Role.GRID_WORKER,
    "村社书记": Role.VILLAGE_SECRETARY,
    "乡镇干部": Role.TOWN_OFFICER,
    "乡镇书记": Role.TOWN_SECRETARY,
    "执行法官": Role.JUDGE,
    "执行局局长": Role.BUREAU_HEAD,
    "院长": Role.PRESIDENT,
    "民警": Role.POLICE,
    "协作单位": Role.AGENCY,
    "监督": Role.SUPERVISOR,
    "管理员": Role.ADMIN,
}
"""The words of the import's 角色 column."""


class Person(Model):
    """Somebody with a task in the reform. The phone number is the key."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=40)
    phone = fields.CharField(max_length=20, unique=True)
    staff_no = fields.CharField(max_length=20, default="", db_index=True)
    role = fields.CharEnumField(Role, max_length=20)
    area_code = fields.CharField(max_length=12)
    more_areas = fields.CharField(max_length=200, default="")
    """Further villages in which they work, their codes with commas between."""
    organisation = fields.CharField(max_length=80, default="")
    title = fields.CharField(max_length=40, default="")
    language = fields.CharField(max_length=10, default="zh_Hans")
    active = fields.BooleanField(default=True)
    quiet_from = fields.SmallIntField(null=True)
    """The hour from which what isn't urgent makes no noise; `quiet_until` is the one at which it is over."""
    quiet_until = fields.SmallIntField(null=True)

    class Meta:
        table = "person"
        indexes = (("role", "area_code"),)

    @property
    def actor(self) -> str:
        """Returns the name that the audit has for this person."""
        return f"person:{self.id}"

    @property
    def area_codes(self) -> list[str]:
        """Lists every area in which they work, the first one first."""
        return [self.area_code, *filter(None, self.more_areas.split(","))]

    def covers(self, code: str) -> bool:
        """Tells whether the area is theirs, or in one of theirs."""
        return any(contains(mine, code) for mine in self.area_codes)


async def names_of(ids: Iterable[int]) -> dict[int, str]:
    """Looks up the names of these people."""
    words, value = among(sorted(set(ids)))
    return {row["id"]: row["name"] for row in await fetch(f"SELECT id, name FROM person WHERE id {words}", value)}


async def by_id(person_id: int | None) -> Person | None:
    found = await pick(Person, "id = ?", person_id) if person_id else []
    return found[0] if found else None


async def these(ids: Iterable[int]) -> list[Person]:
    """Loads these people, place by place."""
    words, value = among(sorted(set(ids)))
    return await pick(Person, f"id {words} ORDER BY area_code, id", value)


async def set_language(person: Person, language: str) -> None:
    await change(Person, person.id, language=language)
    person.language = language
    audit.record("person.language", person.actor, actor=person.actor, language=language)


async def holding(role: Role, area_code: str) -> list[Person]:
    """Finds active people in `role` whose area holds `area_code`, the nearest area first."""
    rows = await pick(Person, "role = ? AND active = ? ORDER BY id", role, True)
    near = [row for row in rows if contains(row.area_code, area_code)]
    return sorted(near, key=lambda row: (-len(row.area_code), row.id))


async def find(who: str) -> list[Person]:
    """Finds active people with this phone number or staff number, else this name."""
    words = who.strip()[:20]
    by_number = "(phone = ? OR staff_no = ?) AND active = ? ORDER BY id"
    exact = await pick(Person, by_number, words, words, True) if words else []
    return exact or await pick(Person, "name = ? AND active = ? ORDER BY id", words, True)


async def named(text: str, county: str) -> list[Person]:
    """Finds the court's own people whose names the text says, in its order; of several of one name all of them."""
    roles, value = among(role.value for role in COURT)
    sql = f"active = ? AND area_code = ? AND role {roles} ORDER BY id"
    said = [(text.find(one.name), one) for one in await pick(Person, sql, True, county, value)]
    return [one for place, one in sorted(said, key=lambda pair: (pair[0], pair[1].id)) if place >= 0]


async def of_court(area_code: str) -> list[Person]:
    """Lists the active people of the court that the area belongs to, who may be on duty or stand in."""
    roles, value = among(role.value for role in COURT)
    sql = f"active = ? AND area_code = ? AND role {roles} ORDER BY id"
    return await pick(Person, sql, True, county_of(area_code), value)


async def judges_of_court(area_code: str) -> list[Person]:
    """Lists the active judges of the court that the area belongs to."""
    where = "role = ? AND area_code = ? AND active = ? ORDER BY id"
    return await pick(Person, where, Role.JUDGE, county_of(area_code), True)


async def colleagues(judge: Person) -> list[Person]:
    """Lists the other active judges of the same court, for 转交."""
    where = "role = ? AND area_code = ? AND active = ? AND id <> ? ORDER BY id"
    return await pick(Person, where, Role.JUDGE, judge.area_code, True, judge.id)


NOUN = Noun(
    (Record(Person, erasing=Fate.NONE, leaving=Fate.STAYS, by_hand=True),),
    points=(Pointer("person", "area_code", "area"),),
)
