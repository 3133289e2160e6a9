"""What the law gives whoever is written about: to know what is kept and who has looked at it, and to have it erased.

The audit names nobody but by number, so its chain stays whole.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from storage import audit, history, trace
from storage.audit import AuditEntry
from storage.case import CaseDebtor, may_read
from storage.db import unit
from storage.debtor import Debtor, debtors_called
from storage.outbox import Delivery, Lane, put
from storage.person import Address, Person
from storage.sighting import Sighting
from storage.sql import among, change, fetch, one, pick, run

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
    index = unit().secrets.index(words.upper())
    found = await pick(Debtor, "id_index = ? AND id_index <> ''", index)
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
    ids = [row["sighting_id"] for row in await fetch("SELECT sighting_id FROM suspect WHERE debtor_id = ?", debtor.id)]
    within, value = among(ids)
    for report in await pick(Sighting, f"id {within} OR joined_id {within} ORDER BY id", value, value):
        await blank(report, words)
    await run("UPDATE suspect SET evidence = '[]' WHERE debtor_id = ?", debtor.id)
    await trace.note([debtor.id])
    await history.forget(debtor.id)
    audit.record("debtor.erased", f"debtor:{debtor.id}", actor=by.actor, reports=len(ids))


async def blank(report: Sighting, words: str) -> None:
    """What was said goes, with its attachments, its messages and the update that it came in. Needs a unit."""
    await _forget_update(report)
    await change(Sighting, report.id, text=words, amended="", place="")
    await run("DELETE FROM attachment WHERE sighting_id = ?", report.id)
    alerts = [row["id"] for row in await fetch("SELECT id FROM alert WHERE sighting_id = ?", report.id)]
    for alert_id in alerts:
        await run("UPDATE alert SET note = '' WHERE id = ?", alert_id)
        await run("UPDATE alert_event SET words = '' WHERE alert_id = ?", alert_id)
        await run("UPDATE relay SET text = '' WHERE alert_id = ?", alert_id)
    shown = [("alert", alert_id) for alert_id in alerts] + [("receipt", report.id), ("witness", report.id)]
    for kind, ref in shown:
        for row in await pick(Delivery, "kind = ? AND ref = ?", kind, ref):
            await _unsay(Address(row.channel, row.chat_id), row.message_id)
    await _unsay(Address(report.channel, report.chat_id), report.message_id)


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


async def _unsay(to: Address, message_id: int) -> None:
    if message_id:
        await put(to, "unsay", lane=Lane.REPLY, fresh=True, args={"message": message_id})


async def _forget_update(report: Sighting) -> None:
    rows = await fetch(
        "SELECT id, payload FROM inbox WHERE channel = ? AND chat_id = ?", report.channel, report.chat_id
    )
    for row in rows:
        if report.text and json.dumps(report.text, ensure_ascii=False)[1:-1] in row["payload"]:
            await run("UPDATE inbox SET payload = '{}' WHERE id = ?", row["id"])
