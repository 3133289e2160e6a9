"""Who owes: people and companies, as the village knows them."""

import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from tortoise import fields
from tortoise.models import Model

from storage.cases.plate import plate_asked
from storage.engine import audit
from storage.engine.mapper import relate
from storage.engine.secret import Secrets
from storage.engine.sql import among, change, fetch, one, pick, run
from storage.engine.text import company_names, person_name
from storage.engine.unit import unit
from storage.noun import Erasure, Fate, Noun, Pointer, Record
from storage.people.area import bounds_of

if TYPE_CHECKING:
    from storage.cases.case import CaseDebtor

PLATE_LENGTH = 12
_PORTION = 500


class DebtorKind(StrEnum):
    PERSON = "person"
    COMPANY = "company"


class Debtor(Model):
    """A debtor. The id number is sealed; `id_index` finds it without showing it."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=120, db_index=True)
    kind = fields.CharEnumField(DebtorKind, max_length=10)
    gender = fields.CharField(max_length=4, default="")
    born = fields.DateField(null=True)
    id_sealed = fields.TextField(default="")
    id_index = fields.CharField(max_length=64, default="", db_index=True)
    id_tail = fields.CharField(max_length=64, default="", db_index=True)
    """Finds whoever's number ends so, by its last four, just as blindly."""
    phone = fields.CharField(max_length=30, default="")
    registered_address = fields.CharField(max_length=200, default="")
    hint = fields.CharField(max_length=120, default="")
    area_code = fields.CharField(max_length=12, db_index=True)
    aliases: fields.ReverseRelation["Alias"]
    plates: fields.ReverseRelation["Plate"]
    parties: fields.ReverseRelation["CaseDebtor"]

    class Meta:
        table = "debtor"


class Alias(Model):
    """A nickname, former name or trade: 阿福, 做豆腐的."""

    id = fields.IntField(primary_key=True)
    debtor: fields.ForeignKeyRelation[Debtor] = fields.ForeignKeyField(
        "chuishao.Debtor", related_name="aliases", on_delete=fields.CASCADE
    )
    debtor_id: int
    text = fields.CharField(max_length=60)

    class Meta:
        table = "alias"
        unique_together = (("debtor", "text"),)


class Plate(Model):
    """A vehicle's number plate, in upper case without spaces: 浙K8G12A."""

    id = fields.IntField(primary_key=True)
    debtor: fields.ForeignKeyRelation[Debtor] = fields.ForeignKeyField(
        "chuishao.Debtor", related_name="plates", on_delete=fields.CASCADE
    )
    debtor_id: int
    number = fields.CharField(max_length=PLATE_LENGTH, db_index=True)

    class Meta:
        table = "plate"
        unique_together = (("debtor", "number"),)


async def debtors_by_id(ids: Iterable[int]) -> dict[int, Debtor]:
    """Loads debtors with their nicknames and plates."""
    words, value = among(sorted(set(ids)))
    found = {row.id: row for row in await pick(Debtor, f"id {words}", value)}
    if not found:
        return {}
    aliases = await pick(Alias, f"debtor_id {words} ORDER BY id", value)
    plates = await pick(Plate, f"debtor_id {words} ORDER BY id", value)
    for row in found.values():
        relate(
            row,
            aliases=[alias for alias in aliases if alias.debtor_id == row.id],
            plates=[plate for plate in plates if plate.debtor_id == row.id],
        )
    return found


def age(born: date | None, today: date) -> int | None:
    """Counts full years, or returns None where the birthday isn't known."""
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def read_id_number(debtor: Debtor, actor: str) -> str:
    """Returns the id number in clear, for those who may see it; each reading is an audit entry. Needs a unit."""
    audit.record("debtor.id_read", f"debtor:{debtor.id}", actor=actor)
    return unit().secrets.unseal(debtor.id_sealed) if debtor.id_sealed else ""


def id_tail(id_number: str, secrets: Secrets) -> str:
    """Returns what finds a number by its last four; empty for no number."""
    return secrets.index(f"tail:{id_number[-4:].upper()}") if id_number else ""


async def by_id(debtor_id: int) -> Debtor | None:
    """Finds the debtor of that number."""
    return await one(Debtor, "id = ?", debtor_id)


async def names_among(ids: Iterable[int]) -> dict[int, str]:
    """Loads the names of these debtors."""
    words, value = among(sorted(set(ids)))
    return {row["id"]: row["name"] for row in await fetch(f"SELECT id, name FROM debtor WHERE id {words}", value)}


async def debtors_in(area_code: str, limit: int) -> list[Debtor]:
    """Lists the debtors of an area, so many at most."""
    first, last = bounds_of(area_code)
    return await pick(Debtor, f"area_code >= ? AND area_code <= ? ORDER BY id LIMIT {limit:d}", first, last)


async def index_tails() -> bool:
    """Gives tails to numbers that an earlier version has sealed, a portion at a time; tells whether there is more.
    Needs a unit."""
    rows = await pick(Debtor, f"id_tail = '' AND id_sealed <> '' ORDER BY id LIMIT {_PORTION:d}")
    secrets = unit().secrets
    try:
        for row in rows:
            await change(Debtor, row.id, id_tail=id_tail(secrets.unseal(row.id_sealed), secrets))
    except InvalidTag:  # another key: `chuishao doctor` says so
        return False
    return len(rows) == _PORTION


async def debtors_called(text: str) -> list[int]:
    """Finds the ids of those who have this name; else this plate, or its end; else this nickname; else a company's
    short name, or a name with a dot as people say it."""
    name, plate = person_name(text), plate_asked(text)
    plates: Iterable[tuple[str, list[str]]] = (
        ("SELECT debtor_id FROM plate WHERE number = ?", [plate]),
        ("SELECT debtor_id FROM plate WHERE number LIKE ?", [f"%{plate}"]),
    )
    for sql, args in (
        ("SELECT id FROM debtor WHERE name = ?", [name]),
        *(plates if plate else ()),
        ("SELECT debtor_id FROM alias WHERE substr(text, 1, 2) = ? AND text = ?", [text[:2], text]),
    ):
        if found := await fetch(sql, *args):
            return [int(row[0]) for row in found]
    return await _called_in_short(name)


async def _called_in_short(said: str) -> list[int]:
    core = next(iter(company_names(said)), said)
    if len(said) < 2 or re.search(r"[%_\\]", said):
        return []
    sql = (
        "SELECT id, name FROM debtor WHERE name LIKE ? AND kind = ? UNION SELECT id, name FROM debtor WHERE name LIKE ?"
    )
    rows = await fetch(sql, f"%{core}%", DebtorKind.COMPANY, f"{said[:2]}%·%")
    short, plain = {said, core}, said.replace("·", "")
    return [
        int(row["id"])
        for row in rows
        if short & {*company_names(row["name"])}
        or ("·" in row["name"] and plain in (row["name"].replace("·", ""), row["name"].partition("·")[0]))
    ]


_GONE = {"phone": "", "registered_address": "", "hint": "", "gender": "", "born": None}
_SEALED = {"id_sealed": "", "id_index": "", "id_tail": ""}


async def _erases(what: Erasure) -> None:
    """Empties what says who the debtor is; the row's number stays."""
    await change(Debtor, what.debtor_id, name=what.words, **_GONE, **_SEALED)
    for table in ("alias", "plate"):
        await run(f"DELETE FROM {table} WHERE debtor_id = ?", what.debtor_id)


NOUN = Noun(
    (
        Record(Debtor, erasing=Fate.GOES, leaving=Fate.NONE),
        Record(Alias, erasing=Fate.GOES, leaving=Fate.NONE),
        Record(Plate, erasing=Fate.GOES, leaving=Fate.NONE),
    ),
    upkeep=index_tails,
    erases=_erases,
    points=(Pointer("debtor", "area_code", "area"),),
)
