"""Who saw and changed what: a chain in which a changed or removed entry shows."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tortoise import fields
from tortoise.models import Model

from storage.engine.mapper import moment
from storage.engine.sql import add_numbered, fetch, for_update, run
from storage.engine.unit import Unit, unit
from storage.noun import Fate, Noun, Record

if TYPE_CHECKING:
    from storage.engine.database import Database
    from storage.engine.secret import Secrets

GENESIS = "0" * 64
SUBJECT = "audit"
"""The subject of entries about the chain itself."""
PUBLISHED, SEALED = "audit.published", "audit.sealed"
PORTION = 5000


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
    seal = fields.CharField(max_length=64, default="")
    """Signs count and hash: who cuts entries off can't make the head fit."""

    class Meta:
        table = "audit_head"


class Fault(StrEnum):
    """What is wrong with a chain."""

    CHANGED = "changed"
    """An entry isn't what was signed, or the key is another."""
    MISSING = "missing"
    """An entry between others is gone."""
    FOREIGN = "foreign"
    """There is an entry that the program never numbers so."""
    UNREADABLE = "unreadable"
    CUT = "cut"
    """The head has signed more entries, or fewer, than there are."""
    HEAD = "head"
    """The head isn't what was signed."""
    NO_HEAD = "no_head"
    AGAINST = "against"
    """The chain doesn't contain the head that somebody has kept: its tail was cut, or an old database was put back."""


@dataclass(frozen=True)
class Verdict:
    """What `verify` found. `broken` is the number of the first bad entry, None for a whole chain."""

    entries: int
    broken: int | None
    fault: Fault | None = None


class NoHeadError(ValueError):
    """The text is no published head of this installation's audit."""


@dataclass(frozen=True)
class Head:
    """Up to which entry the chain goes, and that one's hash."""

    count: int
    hash: str

    def seal(self, secrets: "Secrets") -> str:
        """Signs the head, for whoever has the key."""
        return secrets.sign(f"head {self.count} {self.hash}")

    def attested(self, secrets: "Secrets") -> str:
        """Writes the head as it is published, signed for everybody who has the public key."""
        return f"{self.count}:{self.hash}:{secrets.attest(f'{self.count}:{self.hash}')}"


def published(said: str, secrets: "Secrets") -> Head:
    """Reads a published head. Raises NoHeadError."""
    count, _, rest = said.strip().partition(":")
    hash_, _, signature = rest.partition(":")
    if not (count.isascii() and count.isdigit() and secrets.attested(f"{count}:{hash_}", signature)):
        raise NoHeadError(said)
    return Head(int(count), hash_)


def record(action: str, subject: str = "", *, actor: str = "system", **detail: Any) -> None:
    """Notes an entry in the running unit. `actor` is `person:ID` or `chat:…`; `detail` holds ids and codes only."""
    scope = unit()
    if not scope.audit:
        scope.before_commit.append(append)
    scope.audit.append({"action": action, "subject": subject, "actor": actor, "detail": detail})


async def append(scope: Unit) -> None:
    """Writes the unit's entries after the last one; called once, at the end of the unit."""
    before = await head()
    previous, count, rows = before.hash, before.count, []
    for entry in scope.audit:
        count += 1
        detail = json.dumps(entry["detail"], ensure_ascii=False, sort_keys=True)
        row = {**entry, "id": count, "at": scope.now, "source": scope.source, "detail": detail}
        row["hash"] = previous = link(row, previous, scope.secrets)
        rows.append(row)
    await add_numbered(AuditEntry, rows)
    seal = Head(count, previous).seal(scope.secrets)
    await run("UPDATE audit_head SET count = ?, hash = ?, seal = ? WHERE id = 1", count, previous, seal)


def link(row: Mapping[str, Any], previous: str, secrets: "Secrets") -> str:
    """Signs an entry's fields together with `previous`, the hash of the entry before it."""
    named = (row[name] for name in ("actor", "action", "subject", "source", "detail"))
    return secrets.sign(json.dumps([row["id"], _stamp(row["at"]), *named, previous]))


def _stamp(at: datetime | str) -> str:
    return str(round(moment(at).timestamp() * 1_000_000))


async def head() -> Head:
    """Returns the head as of now. Inside of a unit nobody else appends until it ends."""
    count, hash_ = (await fetch(f"SELECT count, hash FROM audit_head WHERE id = 1{for_update()}"))[0]
    return Head(count, hash_)


async def last_published() -> datetime | None:
    """Tells when the head was published last; before the first time when the chain begins, None where it is empty."""
    sql = "SELECT at FROM audit WHERE subject = ? ORDER BY id DESC LIMIT 1"
    rows = await fetch(sql, SUBJECT) or await fetch("SELECT at FROM audit WHERE id = 1")
    return moment(rows[0][0]) if rows else None


async def verify(
    secrets: "Secrets", against: Head | None = None, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Verdict:
    """Walks the whole chain, and holds it against its own head and one that was kept outside."""
    # 1. What the head says, and whether that is what was signed.
    heads = await fetch("SELECT count, hash, seal FROM audit_head WHERE id = 1")
    count = int((await fetch("SELECT count(*) FROM audit"))[0][0])
    if not heads:
        return Verdict(count, count + 1, Fault.NO_HEAD)
    said, seal = Head(heads[0]["count"], heads[0]["hash"]), heads[0]["seal"]
    # 2. Entries that the program never numbers so.
    if strange := await fetch("SELECT id FROM audit WHERE id < 1 ORDER BY id DESC LIMIT 1"):
        return Verdict(count, int(strange[0][0]), Fault.FOREIGN)
    # 3. Every link, from the first.
    seen = Head(0, GENESIS)
    kept, was_published = against is None or against == seen, False
    columns = "id, at, actor, action, subject, source, detail, hash"
    while rows := await fetch(f"SELECT {columns} FROM audit WHERE id > ? ORDER BY id LIMIT {PORTION:d}", seen.count):
        for row in rows:
            if row["id"] != seen.count + 1:
                return Verdict(count, seen.count + 1, Fault.MISSING)
            try:
                signed = link(row, seen.hash, secrets)
            except (ValueError, TypeError, OverflowError):
                return Verdict(count, row["id"], Fault.UNREADABLE)
            if row["hash"] != signed:
                return Verdict(count, row["id"], Fault.CHANGED)
            if row["action"] == SEALED and was_published:  # there was a seal, and somebody took it off
                return Verdict(count, row["id"], Fault.HEAD)
            was_published = was_published or row["action"] == PUBLISHED
            seen = Head(row["id"], row["hash"])
            kept = kept or against == seen
        progress(seen.count, count)
    # 4. That the chain ends where the head says, and contains what was kept.
    if seen != said or count != seen.count:
        return Verdict(count, seen.count + 1, Fault.CUT)
    if said.seal(secrets) != seal:
        return Verdict(count, seen.count + 1, Fault.HEAD)
    return Verdict(count, None if kept else seen.count + 1, None if kept else Fault.AGAINST)


async def _seal_first(db: "Database") -> None:
    """Seals the head of a new database, and the one that a version without seals has left; of that an entry tells. An
    empty chain beside people isn't new: there was one."""

    async def work() -> None:
        now, seal = (await fetch(f"SELECT count, seal FROM audit_head WHERE id = 1{for_update()}") or [(0, "-")])[0]
        if seal:
            return
        if now:
            record(SEALED, SUBJECT, count=now)
        elif not await fetch("SELECT 1 FROM person LIMIT 1"):
            await run("UPDATE audit_head SET seal = ? WHERE id = 1", Head(0, GENESIS).seal(unit().secrets))

    if (await fetch("SELECT seal FROM audit_head WHERE id = 1") or [("-",)])[0][0] == "":
        await db.unit(work, "upgrade")


NOUN = Noun(
    (
        Record(AuditEntry, erasing=Fate.STAYS, leaving=Fate.STAYS),
        Record(AuditHead, erasing=Fate.NONE, leaving=Fate.NONE),
    ),
    prepares=_seal_first,
)
