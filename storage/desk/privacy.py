"""What the law gives whoever is written about: to know what is kept and who has looked at it, and to have it erased.

The audit names nobody but by number, so its chain stays whole.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from storage.alerts import sighting
from storage.alerts.sighting import Sighting
from storage.cases.case import CaseDebtor, may_read
from storage.cases.debtor import Debtor, debtors_called
from storage.engine import audit
from storage.engine.audit import AuditEntry
from storage.engine.database import unit
from storage.engine.sql import among, change, fetch, is_shared, one, pick, run
from storage.imports import journal
from storage.people.area import bounds_of, county_of
from storage.people.endpoint import Address
from storage.people.person import Person
from storage.post import outbox
from storage.post.delivery import About, Subject, forbid, messages_about
from storage.post.inbox import InboxState
from storage.reading import index

LOOKED = ("read", "listed", "exported", "followed", "supervised", "left")
"""What counts, of what is done to a case, as having looked at its people."""
_MOST = 30
PORTION = 50
_GONE = {"phone": "", "registered_address": "", "hint": "", "gender": "", "born": None}
_SEALED = {"id_sealed": "", "id_index": "", "id_tail": ""}


@dataclass(frozen=True)
class Look:
    """Somebody has looked."""

    at: datetime
    actor: str
    action: str


@dataclass(frozen=True)
class Kept:
    """What there is about somebody: how many of each."""

    cases: int
    reports: int
    names: int


async def find(words: str, reader: Person) -> list[Debtor]:
    """The debtors whose id number this is, else who are called so, within what the reader may read. Needs a unit."""
    number = unit().secrets.index(words.upper())
    found = await pick(Debtor, "id_index = ? AND id_index <> ''", number)
    if not found:
        ids, value = among(await debtors_called(words))
        found = await pick(Debtor, f"id {ids} ORDER BY id", value)
    mine = []
    for row in found:
        cases = await pick(CaseDebtor, "debtor_id = ?", row.id)
        if any([await may_read(reader, party.case_id, unit().now) for party in cases]):
            mine.append(row)
    return mine


async def kept_about(debtor_id: int) -> Kept:
    async def count(table: str) -> int:
        return int((await fetch(f"SELECT count(*) FROM {table} WHERE debtor_id = ?", debtor_id))[0][0])

    return Kept(await count("case_debtor"), await count("suspect"), await count("alias") + await count("plate"))


async def looks_at(debtor_id: int) -> list[Look]:
    """Who has looked at this person's cases, the newest first."""
    parties = await pick(CaseDebtor, "debtor_id = ?", debtor_id)
    subjects, value = among([f"debtor:{debtor_id}", *(f"case:{party.case_id}" for party in parties)])
    rows = await pick(AuditEntry, f"subject {subjects} ORDER BY id DESC LIMIT 500", value)
    looks = [Look(row.at, row.actor, row.action.removeprefix("case.")) for row in rows]
    return [look for look in looks if look.action in LOOKED][:_MOST]


async def erase(debtor_id: int, by: Person, words: str) -> None:
    """Everything that tells who it is: the record, the names, what was said of them, and the messages that showed it.
    `words` stands in its place. That there was a case, and what became of it, stays. Needs a unit."""
    debtor = await one(Debtor, "id = ?", debtor_id)
    if debtor is None:
        return
    await change(Debtor, debtor.id, name=words, **_GONE, **_SEALED)
    for table in ("alias", "plate", "lesson"):
        await run(f"DELETE FROM {table} WHERE debtor_id = ?", debtor.id)
    await run("UPDATE case_debtor SET note = '' WHERE debtor_id = ?", debtor.id)
    reports = await _reports_about(debtor)
    for report in reports:
        await blank(report, words)
    await run("UPDATE suspect SET evidence = '[]' WHERE debtor_id = ?", debtor.id)
    await _forget_searches(debtor)
    await outbox.take_back(await messages_about([Subject(About.DEBTOR, debtor.id)]))
    await forbid([Subject(About.DEBTOR, debtor.id), *(Subject(About.REPORT, report.id) for report in reports)])
    await run("DELETE FROM trace WHERE debtor_id = ?", debtor.id)
    await index.note([debtor.id])
    await journal.forget(debtor.id)
    audit.record("debtor.erased", f"debtor:{debtor.id}", actor=by.actor, reports=len(reports))


async def _reports_about(debtor: Debtor) -> list[Sighting]:
    """The reports in which the debtor may be meant, those that joined them, and those that say the name, though it was
    put right since, unless it is about somebody else who is called so."""
    ids = [row["sighting_id"] for row in await fetch("SELECT sighting_id FROM suspect WHERE debtor_id = ?", debtor.id)]
    first, last = bounds_of(county_of(debtor.area_code))
    says = "strpos" if is_shared() else "instr"
    sql = (
        f"SELECT id FROM sighting WHERE area_code >= ? AND area_code <= ? AND ({says}(text, ?) > 0 OR "
        f"{says}(amended, ?) > 0) AND NOT EXISTS (SELECT 1 FROM suspect s JOIN debtor d ON d.id = s.debtor_id "
        "WHERE s.sighting_id = sighting.id AND d.name = ? AND d.id <> ?)"
    )
    named = await fetch(sql, first, last, debtor.name, debtor.name, debtor.name, debtor.id)
    within, value = among(sorted({*ids, *(row["id"] for row in named)}))
    return await pick(Sighting, f"id {within} OR joined_id {within} ORDER BY id", value, value)


async def _forget_searches(debtor: Debtor) -> None:
    """The lists that were searched for by their name, and the updates that say it. (JSON has what isn't ASCII
    escaped.)"""
    name, within = json.dumps(debtor.name)[1:-1], "strpos" if is_shared() else "instr"
    lists = [row["id"] for row in await fetch(f"SELECT id FROM listing WHERE {within}(asked, ?) > 0", name)]
    numbers, value = among(lists)
    await run(f"DELETE FROM listing WHERE id {numbers}", value)
    over = f"state IN ({InboxState.DONE:d}, {InboxState.DROPPED:d})"
    await run(f"UPDATE inbox SET payload = '{{}}' WHERE {over} AND {within}(payload, ?) > 0", name)


async def blank(report: Sighting, words: str) -> None:
    """What was said goes, with its attachments, the messages that showed them and the update that it came in. Needs a
    unit."""
    await _forget_updates(report)
    await outbox.take_back(await messages_about([Subject(About.REPORT, report.id)]))
    await outbox.unsay(Address(report.channel, report.chat_id), report.message_id)
    await change(Sighting, report.id, text=words, amended="", place="")
    await run("DELETE FROM attachment WHERE sighting_id = ?", report.id)
    alerts = [row["id"] for row in await fetch("SELECT id FROM alert WHERE sighting_id = ?", report.id)]
    within, value = among(alerts)
    await run(f"UPDATE alert SET note = '' WHERE id {within}", value)
    await run(f"UPDATE alert_event SET words = '' WHERE alert_id {within}", value)
    await run(f"UPDATE relay SET text = '' WHERE alert_id {within}", value)


async def stay_unnamed(report: Sighting) -> None:
    """保密: from now on a code stands for the reporter of this report, and of what they said to go on about it; also in
    the messages that named them. Needs a unit."""
    named = []
    for row in await sighting.family(report.root_id):
        if row.reporter_id == report.reporter_id and (row.id == report.id or not row.confidential):
            await sighting.stay_unnamed(row)
            named.append(Subject(About.REPORTER, row.id))
    report.confidential = True
    await outbox.show_again(await messages_about(named))
    await forbid(named)


async def thin(before: datetime, after_id: int, words: str) -> int | None:
    """What was said in reports older than `before` goes, where nothing of them is open any more; that there was a
    report, about whom, and what became of it stays. A portion behind the report `after_id`; the number of the last one
    that was looked at, None where there is no more. Needs a unit."""
    rows = await pick(Sighting, f"id > ? AND reported_at < ? ORDER BY id LIMIT {PORTION:d}", after_id, before)
    within, value = among([row.joined_id or row.id for row in rows])
    running = await fetch(
        f"SELECT sighting_id FROM alert WHERE sighting_id {within} AND state NOT IN ('closed', 'withdrawn')", value
    )
    open_ones = {row["sighting_id"] for row in running}
    thinned = 0
    for row in rows:
        if (row.joined_id or row.id) not in open_ones and row.text != words:
            await blank(row, words)
            thinned += 1
    if thinned:
        audit.record("sighting.thinned", rows=thinned)
    return rows[-1].id if rows else None


async def _forget_updates(report: Sighting) -> None:
    """The updates in which it came, was put right, or was carried on."""
    said = [text for text in (report.text, report.amended) if text]
    sql = "SELECT id, payload FROM inbox WHERE channel = ? AND chat_id = ?"
    for row in await fetch(sql, report.channel, report.chat_id):
        update = json.loads(row["payload"])
        bodies = [body for name in ("message", "edited_message") if isinstance(body := update.get(name), dict)]
        words = " ".join(str(body.get(name) or "") for body in bodies for name in ("text", "caption"))
        same = any(body.get("message_id") == report.message_id for body in bodies)
        if same or any(text in words for text in said):
            await run("UPDATE inbox SET payload = '{}' WHERE id = ?", row["id"])
