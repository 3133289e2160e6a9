"""Who saw and changed what: a chain in which a changed or removed entry shows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tortoise import fields
from tortoise.models import Model

from storage.engine.sql import add_numbered, fetch, for_update, pick, run
from storage.engine.unit import Unit, unit
from storage.noun import Fate, Noun, Record

if TYPE_CHECKING:
    from storage.engine.secret import Secrets

GENESIS = "0" * 64


class AuditEntry(Model):
    """One link. `hash` signs the entry together with its predecessor's hash."""

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=60)
    action = fields.CharField(max_length=40)
    subject = fields.CharField(max_length=60)
    source = fields.CharField(max_length=60)
    detail = fields.TextField()
    hash = fields.CharField(max_length=64)

    class Meta:
        table = "audit"
        indexes = (("subject", "id"),)


class AuditHead(Model):
    """The last link, so that entries cut off the end show too; its one row is the chain's lock."""

    id = fields.IntField(primary_key=True)
    count = fields.BigIntField()
    hash = fields.CharField(max_length=64)

    class Meta:
        table = "audit_head"


@dataclass(frozen=True)
class Verdict:
    """What `verify` found. `broken` is the number of the first bad entry, None for a whole chain."""

    entries: int
    broken: int | None


def record(action: str, subject: str = "", *, actor: str = "system", **detail: Any) -> None:
    """Notes an entry in the running unit. `actor` is `person:ID` or `chat:…`; `detail` holds ids and codes only."""
    scope = unit()
    if not scope.audit:
        scope.before_commit.append(append)
    scope.audit.append({"action": action, "subject": subject, "actor": actor, "detail": detail})


async def append(scope: Unit) -> None:
    """Writes the unit's entries after the last one; called once, at the end of the unit."""
    head = (await fetch(f"SELECT count, hash FROM audit_head WHERE id = 1{for_update()}"))[0]
    previous, count = head["hash"], head["count"]
    rows = []
    for entry in scope.audit:
        count += 1
        detail = json.dumps(entry["detail"], ensure_ascii=False, sort_keys=True)
        row = {**entry, "id": count, "at": scope.now, "source": scope.source, "detail": detail}
        row["hash"] = previous = link(row, previous, scope.secrets)
        rows.append(row)
    await add_numbered(AuditEntry, rows)
    await run("UPDATE audit_head SET count = ?, hash = ? WHERE id = 1", count, previous)


def link(row: Mapping[str, Any], previous: str, secrets: "Secrets") -> str:
    """Signs an entry's fields together with `previous`, the hash of the entry before it."""
    named = (row[name] for name in ("actor", "action", "subject", "source", "detail"))
    return secrets.sign(json.dumps([row["id"], _stamp(row["at"]), *named, previous]))


def _stamp(at: datetime) -> str:
    return str(round(at.timestamp() * 1_000_000))


async def verify(secrets: "Secrets") -> Verdict:
    """Walks the whole chain, 1,000 entries at a time."""
    previous, seen = GENESIS, 0
    while rows := await pick(AuditEntry, "id > ? ORDER BY id LIMIT 1000", seen):
        for row in rows:
            if row.id != seen + 1 or row.hash != link(vars(row), previous, secrets):
                return Verdict(seen, seen + 1)
            previous, seen = row.hash, row.id
    head = (await fetch("SELECT count, hash FROM audit_head WHERE id = 1"))[0]
    whole = head["count"] == seen and head["hash"] == previous
    return Verdict(seen, None if whole else seen + 1)


NOUN = Noun(
    (
        Record(AuditEntry, erasing=Fate.STAYS, leaving=Fate.STAYS),
        Record(AuditHead, erasing=Fate.NONE, leaving=Fate.NONE),
    )
)
