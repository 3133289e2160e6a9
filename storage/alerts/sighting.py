"""What an official said, word for word, and what was read from it."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from tortoise import fields
from tortoise.models import Model

from storage.alerts.attachment import gather_recent
from storage.cases.debtor import Debtor
from storage.engine import audit
from storage.engine.mapper import relate
from storage.engine.sql import add, among, change, fetch, joined, one, pick, run
from storage.engine.unit import unit
from storage.noun import Erasure, Fate, Noun, Pointer, Record
from storage.people.area import bounds_of
from storage.people.endpoint import Address
from storage.people.person import Person
from storage.post import inbox, outbox
from storage.post.delivery import last_delivery
from storage.post.inbox import new_incident
from storage.reading.read import Reading, may_be_named

WITNESS = timedelta(minutes=30)
"""Who reports the same debtor within this time joins the first report as a witness."""
CORRECTABLE = timedelta(hours=12)


class SightingState(StrEnum):
    NOT_SENT = "not_sent"
    """Kept, but read as no report; a tap sends it all the same."""
    ASKING = "asking"
    ALERTED = "alerted"
    WITHDRAWN = "withdrawn"


class Sighting(Model):
    """One report. `code` stands for the reporter where they asked to stay unnamed (`confidential`)."""

    id = fields.IntField(primary_key=True)
    reporter: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "chuishao.Person", related_name="sightings", on_delete=fields.RESTRICT
    )
    reporter_id: int
    channel = fields.CharField(max_length=10)
    chat_id = fields.BigIntField()
    message_id = fields.BigIntField()
    text = fields.TextField()
    amended = fields.TextField(default="")
    area_code = fields.CharField(max_length=12, db_index=True)
    reported_at = fields.DatetimeField(db_index=True)
    recorded_at = fields.DatetimeField(null=True)
    """When it was recorded, where that was later than it was said."""
    kind = fields.CharField(max_length=10, default="other")
    place = fields.CharField(max_length=80, default="")
    urgent = fields.BooleanField(default=False)
    doubtful = fields.BooleanField(default=False)
    off_list = fields.BooleanField(default=False)
    confidential = fields.BooleanField(default=False)
    spoken = fields.BooleanField(default=False)
    """A machine has written down what was said: the voice counts, not the words."""
    code = fields.CharField(max_length=8)
    blank_with = fields.TextField(null=True)
    """What takes the place of the words once nothing of the report is open: it may be about somebody who is erased."""
    state = fields.CharEnumField(SightingState, max_length=10)
    joined: fields.ForeignKeyNullableRelation["Sighting"] = fields.ForeignKeyField(
        "chuishao.Sighting", related_name="witnesses", null=True, on_delete=fields.SET_NULL
    )
    joined_id: int | None
    suspects: fields.ReverseRelation["Suspect"]

    class Meta:
        table = "sighting"
        indexes = (("channel", "chat_id", "message_id"), ("reporter_id", "reported_at"))

    @property
    def root_id(self) -> int:
        """Returns the number of the report whose alerts this one shares."""
        return self.joined_id or self.id


class Suspect(Model):
    """A debtor who is meant, or may be. `evidence` is a list of [kind, word] pairs."""

    id = fields.IntField(primary_key=True)
    sighting: fields.ForeignKeyRelation[Sighting] = fields.ForeignKeyField(
        "chuishao.Sighting", related_name="suspects", on_delete=fields.CASCADE
    )
    sighting_id: int
    debtor: fields.ForeignKeyRelation[Debtor] = fields.ForeignKeyField(
        "chuishao.Debtor", related_name="suspects", on_delete=fields.CASCADE
    )
    debtor_id: int
    evidence = fields.TextField(default="[]")

    class Meta:
        table = "suspect"
        unique_together = (("sighting", "debtor"),)

    @property
    def reasons(self) -> list[tuple[str, str]]:
        return [(kind, word) for kind, word in json.loads(self.evidence)]


class Receipt(NamedTuple):
    """A reporter's receipt: for which report, and where."""

    sighting_id: int
    reporter_id: int
    channel: str
    chat_id: int
    message_id: int


async def record(
    reporter: Person,
    channel: str,
    chat_id: int,
    message_id: int,
    text: str,
    *,
    said_at: datetime | None = None,
    recorded_at: datetime | None = None,
    spoken: bool = False,
) -> Sighting:
    """Logs the report first, before anything is decided about it. `said_at` is when it was said, if that was earlier
    than it is handled, `recorded_at` when it came, if that was later; `spoken` where a machine wrote it down."""
    row = await add(
        Sighting,
        reporter_id=reporter.id,
        channel=channel,
        chat_id=chat_id,
        message_id=message_id,
        text=text,
        area_code=reporter.area_code,
        reported_at=said_at or unit().now,
        recorded_at=recorded_at,
        state=SightingState.NOT_SENT,
        spoken=spoken,
        code=new_incident(),
    )
    await gather_recent(reporter, row.id, said_at)
    audit.record("sighting.recorded", f"sighting:{row.id}", actor=reporter.actor)
    return row


async def note_reading(row: Sighting, reading: Reading) -> None:
    """Keeps what was read of a report of which nothing was known yet."""
    row.kind, row.place, row.urgent = reading.kind, reading.place[:80], reading.urgent
    row.doubtful, row.confidential = reading.ambiguous, row.confidential or reading.confidential
    row.off_list = reading.is_lead and not reading.guesses
    names = ("kind", "place", "urgent", "doubtful", "confidential", "off_list")
    await change(Sighting, row.id, **{name: getattr(row, name) for name in names})
    await _add_suspects(row, {guess.debtor_id: guess.evidence for guess in reading.guesses})


async def set_suspects(row: Sighting, found: dict[int, tuple[tuple[str, str], ...]]) -> None:
    """Replaces who may be meant: debtor ids with the evidence for each."""
    await run("DELETE FROM suspect WHERE sighting_id = ?", row.id)
    await _add_suspects(row, found)


async def _add_suspects(row: Sighting, found: dict[int, tuple[tuple[str, str], ...]]) -> None:
    for debtor_id, evidence in found.items():
        words = json.dumps(evidence, ensure_ascii=False)
        await add(Suspect, sighting_id=row.id, debtor_id=debtor_id, evidence=words)


async def set_state(row: Sighting, state: SightingState) -> None:
    row.state = state
    await change(Sighting, row.id, state=state)


async def place_in(row: Sighting, area_code: str) -> None:
    """Moves the report to another of the reporter's villages than was thought."""
    if row.area_code != area_code:
        row.area_code = area_code
        await change(Sighting, row.id, area_code=area_code)


async def suspect_ids(sighting_id: int) -> list[int]:
    rows = await fetch("SELECT debtor_id FROM suspect WHERE sighting_id = ? ORDER BY id", sighting_id)
    return [row["debtor_id"] for row in rows]


async def is_urgent(sighting_id: int) -> bool:
    rows = await fetch("SELECT urgent FROM sighting WHERE id = ?", sighting_id)
    return bool(rows and rows[0]["urgent"])


async def suspects_of(row: Sighting) -> list[Suspect]:
    """Finds who may be meant, with their debtors; also sets `row.suspects`."""
    source = "suspect a JOIN debtor b ON b.id = a.debtor_id WHERE a.sighting_id = ? ORDER BY a.id"
    found = await joined((Suspect, Debtor), source, row.id)
    for suspect, debtor in found:
        relate(suspect, debtor=debtor)
    suspects = [suspect for suspect, _debtor in found]
    relate(row, suspects=suspects)
    return suspects


async def with_reporter(sighting_id: int) -> Sighting | None:
    """Loads a report with its reporter."""
    source = "sighting a JOIN person b ON b.id = a.reporter_id WHERE a.id = ?"
    found = _with_reporters(await joined((Sighting, Person), source, sighting_id))
    return found[0] if found else None


async def whole(sighting_id: int) -> Sighting | None:
    """Loads a report with its reporter and with who may be meant."""
    row = await with_reporter(sighting_id)
    if row is not None:
        await suspects_of(row)
    return row


async def amend(row: Sighting, text: str) -> None:
    """Records how the reporter corrected the sentence; the first wording stays."""
    row.amended = text
    await change(Sighting, row.id, amended=text)
    audit.record("sighting.amended", f"sighting:{row.id}", actor=f"person:{row.reporter_id}")


async def is_spoken(row: Sighting) -> None:
    """Notes that a machine has written down what was said."""
    row.spoken = True
    await change(Sighting, row.id, spoken=True)


async def stay_unnamed(row: Sighting) -> None:
    """Hides the reporter (保密): from now on the code stands for them."""
    row.confidential = True
    await change(Sighting, row.id, confidential=True)
    audit.record("sighting.confidential", f"sighting:{row.id}", actor=f"person:{row.reporter_id}")


async def stay_with(row: Sighting, reporter: Person, asks: bool) -> None:
    """Lets words that are no report of their own inherit that their reporter isn't named (保密): they `ask` for it, or
    have asked within the time in which words belong to what was said before. Needs a unit."""
    if not row.confidential and (asks or await is_unnamed(reporter.id, unit().now - CORRECTABLE)):
        await stay_unnamed(row)


async def is_unnamed(reporter_id: int, since: datetime) -> bool:
    """Tells whether the reporter has asked since then not to be named, and hasn't said later that they may be."""
    sql = "SELECT text, confidential FROM sighting WHERE reporter_id = ? AND reported_at >= ? ORDER BY id DESC LIMIT 50"
    for row in await fetch(sql, reporter_id, since):
        if row["confidential"]:
            return True
        if may_be_named(row["text"]):
            break
    return False


async def said_around(root: Sighting, reporter_id: int) -> list[Sighting]:
    """Loads what the reporter said around a report without its being one: answers, corrections, what was taken back."""
    first, last = root.reported_at - CORRECTABLE, root.reported_at + CORRECTABLE
    where = "reporter_id = ? AND reported_at >= ? AND reported_at <= ? AND state IN (?, ?) ORDER BY id"
    return await pick(Sighting, where, reporter_id, first, last, SightingState.NOT_SENT, SightingState.WITHDRAWN)


async def find_open_about(debtor_id: int, since: datetime) -> Sighting | None:
    """Finds the first report about this debtor, no older than `since`, whose alert is still open."""
    return await one(
        Sighting,
        "id IN (SELECT sighting_id FROM suspect WHERE debtor_id = ?) AND joined_id IS NULL AND state = ? "
        "AND reported_at >= ? AND doubtful = ? AND EXISTS (SELECT 1 FROM alert WHERE sighting_id = sighting.id "
        "AND state IN ('sent', 'acknowledged', 'en_route', 'on_scene')) ORDER BY id LIMIT 1",
        debtor_id,
        SightingState.ALERTED,
        since,
        False,
    )


async def latest_of(reporter_id: int, since: datetime) -> Sighting | None:
    """Finds the reporter's newest report still open to correction; of several sentences about one alert the first."""
    row = await one(
        Sighting,
        "reporter_id = ? AND reported_at >= ? AND state IN (?, ?) ORDER BY reported_at DESC, id DESC LIMIT 1",
        reporter_id,
        since,
        SightingState.ASKING,
        SightingState.ALERTED,
    )
    if row is None:
        return None
    first = await root_of(row)
    return first if first.reporter_id == reporter_id else row


async def recent_of(reporter_id: int, since: datetime) -> list[Sighting]:
    """Lists the reporter's own reports still open to correction, the newest first."""
    where = "reporter_id = ? AND reported_at >= ? AND state IN (?, ?) AND joined_id IS NULL ORDER BY id DESC LIMIT 20"
    return await pick(Sighting, where, reporter_id, since, SightingState.ASKING, SightingState.ALERTED)


async def root_of(row: Sighting) -> Sighting:
    """Returns the report whose alerts this one shares; itself where it joined none."""
    return row if row.joined_id is None else await by_id(row.joined_id) or row


async def newest_sent(reporter_id: int, since: datetime) -> Sighting | None:
    """Finds the reporter's newest report that has gone out and isn't over, or waits for an answer: a photo that follows
    belongs to it, whatever else was said between."""
    where = (
        "reporter_id = ? AND reported_at >= ? AND (state = ? OR (state = ? AND (EXISTS (SELECT 1 FROM alert "
        "WHERE sighting_id = COALESCE(joined_id, sighting.id) AND state IN ('sent', 'acknowledged', 'en_route', "
        "'on_scene')) OR NOT EXISTS (SELECT 1 FROM alert WHERE sighting_id = COALESCE(joined_id, sighting.id))))) "
        "ORDER BY id DESC LIMIT 1"
    )
    return await one(Sighting, where, reporter_id, since, SightingState.ASKING, SightingState.ALERTED)


async def newest_bare(reporter_id: int, since: datetime) -> Sighting | None:
    """Finds the reporter's newest photo or voice that went out without a word."""
    where = "reporter_id = ? AND reported_at >= ? AND state = ? AND text = '' AND amended = '' ORDER BY id DESC LIMIT 1"
    return await one(Sighting, where, reporter_id, since, SightingState.ALERTED)


async def at_message(channel: str, chat_id: int, message_id: int) -> Sighting | None:
    """Finds the report that a message became, for edits of that message."""
    where = "channel = ? AND chat_id = ? AND message_id = ? ORDER BY id DESC LIMIT 1"
    return await one(Sighting, where, channel, chat_id, message_id)


async def with_witnesses(root_id: int) -> list[Sighting]:
    """Loads a report and its witnesses, in order, with their reporters."""
    source = "sighting a JOIN person b ON b.id = a.reporter_id WHERE a.id = ? OR a.joined_id = ? ORDER BY a.id"
    return _with_reporters(await joined((Sighting, Person), source, root_id, root_id))


def _with_reporters(rows: list[list[Any]]) -> list[Sighting]:
    for row, reporter in rows:
        relate(row, reporter=reporter)
    return [row for row, _reporter in rows]


async def receipts_of(root_id: int) -> list[Receipt]:
    """Finds where the receipts of a report and its witnesses are: of each reporter the first, and those that they got
    for what they said later."""
    sql = (
        "SELECT id, reporter_id, channel, chat_id, message_id FROM sighting "
        "WHERE id = ? OR joined_id = ? ORDER BY id DESC"
    )
    rows = [Receipt(*row) for row in await fetch(sql, root_id, root_id)]
    first = {row.reporter_id: row for row in rows}
    later = [row for row in rows if row not in first.values()]
    got = [row for row in later if await last_delivery(row.channel, row.chat_id, "receipt", row.sighting_id)]
    return [*first.values(), *got]


async def by_id(sighting_id: int) -> Sighting | None:
    return await one(Sighting, "id = ?", sighting_id)


async def of_reporter(sighting_id: int, reporter_id: int) -> Sighting | None:
    """Returns the report, if it is this person's."""
    return await one(Sighting, "id = ? AND reporter_id = ?", sighting_id, reporter_id)


async def settle(row: Sighting, *, off_list: bool = False, doubtful: bool = False, place: str = "") -> None:
    """Notes that it is now clear who is meant, or one of whom (`doubtful`), or that they aren't on the list
    (`off_list`). Needs a unit."""
    row.doubtful, row.off_list, row.place = doubtful, off_list, place[:80] or row.place
    await change(Sighting, row.id, doubtful=doubtful, off_list=off_list, place=row.place)


async def part(row: Sighting) -> None:
    """Makes a report stand for itself, about somebody who isn't on the list, where nobody is meant of whom it was
    thought. Needs a unit."""
    await set_suspects(row, {})
    await settle(row, off_list=True)
    row.joined_id = None
    await change(Sighting, row.id, joined_id=None)


async def leave(row: Sighting) -> None:
    """Makes a report that joined another stand for itself. Needs a unit."""
    row.joined_id = None
    await change(Sighting, row.id, joined_id=None)


async def take_over(row: Sighting, others: Sequence[Sighting]) -> None:
    """Puts the first of these in the place of a report which they have joined, about whom that was about; who made it
    keeps their own words. Needs a unit."""
    first, *rest = others
    for suspect in await suspects_of(row):
        evidence = {suspect.debtor_id: tuple(suspect.reasons)}
        if suspect.debtor_id not in await suspect_ids(first.id):
            await _add_suspects(first, evidence)
    await leave(first)
    await change(Sighting, first.id, kind=row.kind, doubtful=row.doubtful, off_list=row.off_list)
    for other in rest:
        await change(Sighting, other.id, joined_id=first.id)


async def by_ids(ids: Iterable[int]) -> dict[int, Sighting]:
    """Loads these reports, by number."""
    words, value = among(sorted(set(ids)))
    return {row.id: row for row in await pick(Sighting, f"id {words}", value)}


async def newest_in(area_code: str, limit: int) -> list[Sighting]:
    """Loads the newest reports of an area, also messages that were read as no report."""
    first, last = bounds_of(area_code)
    return await pick(Sighting, f"area_code >= ? AND area_code <= ? ORDER BY id DESC LIMIT {limit:d}", first, last)


async def _erases(what: Erasure) -> None:
    """Keeps, by number, that they may have been meant, but not by which words; of a report that goes on about somebody
    else, nothing."""
    await run("UPDATE suspect SET evidence = '[]' WHERE debtor_id = ?", what.debtor_id)
    words, value = among(what.kept)
    await run(f"DELETE FROM suspect WHERE debtor_id = ? AND sighting_id {words}", what.debtor_id, value)
    await run(f"UPDATE sighting SET blank_with = ? WHERE id {words}", what.words, value)


async def _thins(reports: Sequence[int], words: str) -> None:
    """Removes what was said; that there was a report, about whom, and what became of it stays."""
    for row in (await by_ids(reports)).values():
        said = [text for text in (row.text, row.amended) if text]
        await inbox.forget_updates(row.channel, row.chat_id, row.message_id, said)
        await outbox.unsay(Address(row.channel, row.chat_id), row.message_id)
        await change(Sighting, row.id, text=words, amended="", place="", blank_with=None)


NOUN = Noun(
    (
        Record(Sighting, erasing=Fate.GOES, leaving=Fate.STAYS, thinning=Fate.GOES),
        Record(Suspect, erasing=Fate.GOES, leaving=Fate.NONE, thinning=Fate.STAYS),
    ),
    erases=_erases,
    thins=_thins,
    points=(Pointer("sighting", "area_code", "area"),),
)
