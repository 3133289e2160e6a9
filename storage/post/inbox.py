"""Raw updates as they came in: on disk before the far end is told that they arrived."""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model

from storage.engine import audit
from storage.engine.mapper import moment
from storage.engine.replicas import INBOX, announce, hold, is_next
from storage.engine.sql import add_once, among, change, fetch, is_shared, pick, run
from storage.engine.unit import unit
from storage.noun import Erasure, Fate, Noun, Record, Sweep

MAX_ATTEMPTS = 5
COUNTS_ANEW = timedelta(days=5)
"""After so long a silence an update's number says nothing about the ones before."""


class InHandError(Exception):
    """Another process has the chat in hand, and goes on with what waits there."""


class OutOfTurnError(Exception):
    """An earlier update of the chat has come to light, which goes first."""


class InboxState(IntEnum):
    NEW = 0
    DONE = 1
    DEAD = 2
    DROPPED = 3


class Inbox(Model):
    """One update. `update_id` is unique per channel, so what is delivered twice is stored once."""

    id = fields.BigIntField(primary_key=True)
    channel = fields.CharField(max_length=10)
    update_id = fields.BigIntField()
    chat_id = fields.BigIntField(default=0)
    payload = fields.TextField()
    received_at = fields.DatetimeField()
    attempts = fields.SmallIntField(default=0)
    not_before = fields.DatetimeField()
    state = fields.IntEnumField(InboxState, default=InboxState.NEW)
    incident = fields.CharField(max_length=8, default="")

    class Meta:
        table = "inbox"
        unique_together = (("channel", "update_id"),)


def chat_of(update: dict[str, Any]) -> int:
    """Finds the chat (failing that, the user) whose order the update must keep; 0 where there is neither."""
    for value in update.values():
        if not isinstance(value, dict):
            continue
        message = value.get("message")
        for holder in (value, message if isinstance(message, dict) else {}):
            chat = holder.get("chat")
            if isinstance(chat, dict) and _is_id(chat.get("id")):
                return int(chat["id"])
        sender = value.get("from")
        if isinstance(sender, dict) and _is_id(sender.get("id")):
            return int(sender["id"])
    return 0


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


@dataclass(frozen=True)
class Waiting:
    """An update that has not been handled, without what is in it."""

    id: int
    channel: str
    chat_id: int
    not_before: datetime


async def store(channel: str, updates: list[dict[str, Any]]) -> list[tuple["Waiting", dict[str, Any]]]:
    """Keeps a whole batch; those already there are passed over, the others returned. The caller refuses updates
    without a usable id."""
    now = unit().now
    words, value = among(update["update_id"] for update in updates)
    # After a week without a message Telegram begins to count anew, anywhere: a number from before isn't a repetition.
    await run(
        f"UPDATE inbox SET update_id = -id WHERE channel = ? AND update_id {words} AND received_at < ? AND state <> 0",
        channel,
        value,
        now - COUNTS_ANEW,
    )
    kept = []
    for update in updates:
        chat_id, payload = chat_of(update), json.dumps(update, ensure_ascii=True)
        row_id = await add_once(
            Inbox,
            channel=channel,
            update_id=update["update_id"],
            chat_id=chat_id,
            payload=payload,
            received_at=now,
            not_before=now,
        )
        if row_id is not None:
            kept.append((Waiting(row_id, channel, chat_id, now), update))
    await announce(INBOX)
    return kept


WINDOW = 500
"""How many waiting updates are looked at together."""


async def waiting(busy: list[tuple[str, int]], channels: Iterable[str]) -> list[Waiting]:
    """Lists what has not been handled on these channels, oldest first, except for the chats (channel, number) that are
    in hand or have to wait; without the payloads, of which a storm has many and large ones."""
    here, names = among(sorted(channels))
    chats, args = f" AND channel {here}", [names]
    for channel in sorted({channel for channel, _number in busy}):
        words, value = among(number for name, number in busy if name == channel)
        chats += f" AND NOT (channel = ? AND chat_id {words})"
        args += [channel, value]
    sql = f"SELECT id, channel, chat_id, not_before FROM inbox WHERE state = 0{chats} ORDER BY id LIMIT {WINDOW:d}"
    return [
        Waiting(row["id"], row["channel"], row["chat_id"], moment(row["not_before"])) for row in await fetch(sql, *args)
    ]


async def waits_before(row: Waiting) -> bool:
    """Tells whether an earlier update of the chat has not been handled."""
    sql = "SELECT 1 FROM inbox WHERE state = 0 AND id < ? AND channel = ? AND chat_id = ? LIMIT 1"
    return bool(await fetch(sql, row.id, row.channel, row.chat_id))


async def payload_of(row_id: int) -> str:
    return str((await fetch("SELECT payload FROM inbox WHERE id = ?", row_id))[0]["payload"])


async def last_update(channel: str) -> tuple[int, datetime] | None:
    """Returns number and time of the newest update that is on disk, from which polling goes on."""
    sql = "SELECT update_id, received_at FROM inbox WHERE channel = ? ORDER BY id DESC LIMIT 1"
    rows = await fetch(sql, channel)
    return (int(rows[0][0]), moment(rows[0][1])) if rows else None


async def clock_went_back() -> None:
    """Makes due now what came in, or waits for its retry, under a later time than now."""
    now = unit().now
    longest = now + timedelta(seconds=2**MAX_ATTEMPTS)
    await run(
        "UPDATE inbox SET not_before = ?, received_at = ? WHERE state = 0 AND (received_at > ? OR not_before > ?)",
        now,
        now,
        now + timedelta(seconds=5),
        longest,
    )


async def oldest() -> datetime | None:
    """Tells since when the oldest update waits."""
    rows = await fetch("SELECT received_at FROM inbox WHERE state = 0 ORDER BY id LIMIT 1")
    return moment(rows[0][0]) if rows else None


async def take(row_id: int, chat: tuple[str, int]) -> bool:
    """Marks the row as done in the handler's own transaction: what it did and that it did it are one commit; what came
    in isn't kept twice. Raises InHandError or OutOfTurnError where it isn't this row's turn; False where the row is
    done."""
    if not await hold(chat):
        raise InHandError
    if not await is_next(chat, row_id):
        raise OutOfTurnError
    return bool(await run("UPDATE inbox SET state = 1, payload = '{}' WHERE id = ? AND state = 0", row_id))


async def failed(row_id: int) -> str | None:
    """Notes that the handler raised. Tries again later; after MAX_ATTEMPTS parks the row and returns its incident."""
    attempts = int((await fetch("SELECT attempts FROM inbox WHERE id = ?", row_id))[0][0]) + 1
    if attempts < MAX_ATTEMPTS:
        later = unit().now + timedelta(seconds=2**attempts)
        await change(Inbox, row_id, attempts=attempts, not_before=later)
        return None
    incident = new_incident()
    await change(Inbox, row_id, attempts=attempts, state=InboxState.DEAD, incident=incident)
    audit.record("inbox.dead", f"inbox:{row_id}", incident=incident)
    return incident


async def dead(incidents: list[str] | None = None) -> list[Inbox]:
    """Lists the dead letters, or those of these incident numbers; the oldest first."""
    rows = await pick(Inbox, "state = 2 ORDER BY id")
    return [row for row in rows if incidents is None or row.incident in incidents]


async def retry(row: Inbox, actor: str) -> None:
    """Lets a dead letter be handled again, as if it had just come."""
    await change(Inbox, row.id, state=InboxState.NEW, attempts=0, not_before=row.received_at)
    audit.record("inbox.retried", f"inbox:{row.id}", actor=actor, incident=row.incident)
    await announce(INBOX)


async def drop(row: Inbox, actor: str) -> None:
    """Gives up an update: nobody will handle it any more. That it came stays on record."""
    await change(Inbox, row.id, state=InboxState.DROPPED, payload="{}")
    audit.record("inbox.dropped", f"inbox:{row.id}", actor=actor, incident=row.incident)


async def shown(row: Inbox, actor: str) -> str:
    """Returns what is in a dead letter, word for word; looking is an audit entry."""
    audit.record("inbox.read", f"inbox:{row.id}", actor=actor, incident=row.incident)
    return row.payload


def new_incident() -> str:
    """Makes an incident number of four characters that can be read out on the phone."""
    return "".join(secrets.choice("23456789ACDEFGHJKLMNPQRTUVWXY") for _ in range(4))


OVER = f"state IN ({InboxState.DONE:d}, {InboxState.DROPPED:d})"


async def forget_updates(channel: str, chat_id: int, message_id: int, said: Sequence[str]) -> None:
    """Empties the dead letters in which a message came, was put right, or was carried on. Needs a unit."""
    sql = "SELECT id, payload FROM inbox WHERE state = ? AND channel = ? AND chat_id = ?"
    for row in await fetch(sql, InboxState.DEAD, channel, chat_id):
        payload = row["payload"]
        if f'"message_id": {message_id},' in payload or any(_escaped(text) in payload for text in said):
            await run("UPDATE inbox SET payload = '{}' WHERE id = ?", row["id"])


def _escaped(text: str) -> str:
    """Returns the text as it stands in a payload, whether or not that can be read otherwise."""
    return json.dumps(text)[1:-1]


async def _erases(what: Erasure) -> None:
    """Empties the dead letters that say the name."""
    within = "strpos" if is_shared() else "instr"
    sql = f"UPDATE inbox SET payload = '{{}}' WHERE state = ? AND {within}(payload, ?) > 0"
    await run(sql, InboxState.DEAD, _escaped(what.name))


NOUN = Noun(
    (Record(Inbox, erasing=Fate.GOES, leaving=Fate.STAYS, thinning=Fate.GOES),),
    clock_went_back=clock_went_back,
    erases=_erases,
    sweeps=Sweep("inbox", "received_at", OVER),
)
