"""What several processes on one PostgreSQL agree on: whose turn a chat is, how fast all of them send together, and who
has something to do. With SQLite there is one process, which knows all this by itself.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from storage.engine.mapper import moment
from storage.engine.sql import fetch, is_shared, run
from storage.engine.unit import unit
from storage.noun import Noun

CHANNEL = "chuishao"
"""The NOTIFY channel; what is said on it is INBOX or OUTBOX."""
INBOX, OUTBOX = "inbox", "outbox"
Chat = tuple[str, int]


def _key(space: str, chat: Chat) -> int:
    digest = hashlib.blake2b(f"{space}:{chat[0]}:{chat[1]}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


async def announce(what: str) -> None:
    """Wakes the others when the running unit is committed."""
    if is_shared():
        await fetch("SELECT pg_notify(?, ?)", CHANNEL, what)


async def hold(chat: Chat) -> bool:
    """Locks the chat until the running unit ends; tells whether it could: False where another process has it."""
    return not is_shared() or bool((await fetch("SELECT pg_try_advisory_xact_lock(?)", _key(INBOX, chat)))[0][0])


async def is_next(chat: Chat, inbox_id: int) -> bool:
    """Tells whether no earlier update of the chat waits. Where ids are drawn by several transactions at once, a lower
    one may come to light after a higher one."""
    earlier = "SELECT 1 FROM inbox WHERE state = 0 AND channel = ? AND chat_id = ? AND id < ? LIMIT 1"
    return not is_shared() or not await fetch(earlier, *chat, inbox_id)


async def free_chats(chats: Iterable[Chat]) -> set[Chat]:
    """Locks those of these chats to which nobody is sending until the running unit ends, and returns them."""
    wanted = set(chats)
    if not is_shared() or not wanted:
        return wanted
    got = {
        chat
        for chat in sorted(wanted)
        if (await fetch("SELECT pg_try_advisory_xact_lock(?)", _key(OUTBOX, chat)))[0][0]
    }
    sending = await fetch("SELECT channel, chat_id FROM outbox WHERE state = 1 AND lease_until >= ?", unit().now)
    return got - {(row["channel"], row["chat_id"]) for row in sending}


async def clock_went_back() -> None:
    """Resets paces over a minute ahead of now: they were kept before the clock went back."""
    now = unit().now
    await run("UPDATE pace SET free_at = ? WHERE free_at > ?", now, now + timedelta(minutes=1))


async def reserve(name: str, seconds: float) -> datetime:
    """Takes the next free moment of a pace that all keep together; the one after it is `seconds` later."""
    now = unit().now
    sql = (
        "WITH next AS (INSERT INTO pace AS p (name, free_at) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET free_at = greatest(p.free_at, ?) + ? RETURNING free_at) "
        "SELECT free_at FROM next"
    )
    gap = timedelta(seconds=seconds)
    return moment((await fetch(sql, name, now + gap, now, gap))[0][0]) - gap


NOUN = Noun(clock_went_back=clock_went_back)
