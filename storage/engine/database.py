"""The database, as everybody else sees it: what changes the records runs as a *unit*, `await db.unit(work)`.

Two classes do it: `SqliteWriter` (one task writes, and commits what waits together) and `PostgresPool` (a connection of
the pool for each). Readers have connections of their own.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from tortoise.connection import get_connection

from storage.engine.clock import Clock
from storage.engine.failure import StorageUnavailableError
from storage.engine.secret import Secrets
from storage.engine.unit import UNIT_SECONDS, Work

Observer = Callable[[str, float], None]
"""Hears of what is measured: a name (`group`, `answered`, `escalated`) and a figure."""


class Database(Protocol):
    """An open database. Made by `storage.opening.open_database`."""

    url: str
    secrets: Secrets
    clock: Clock
    is_sqlite: bool
    committed: asyncio.Event
    """Set at each commit that put something into the outbox; the dispatcher clears it."""
    died: asyncio.Future[None]
    """Gets an exception if the writer ends by itself: the process must not live on without it."""
    observer: Observer
    offers: frozenset[str]
    """What the court has for reaching people beside their chats: mail, sms, call."""
    rider: Work | None
    """Runs as the last unit of each group that put something into the outbox: the dispatcher, which takes what is due
    in the same commit. SQLite only."""

    async def unit(self, work: Work, source: str = "system", *, seconds: float = UNIT_SECONDS) -> Any:
        """Runs `work` as one transaction and returns what it returned, once that is on disk.

        `seconds` is how long it may take: an import needs longer than a report. Raises what `work` raised (nothing is
        kept then), or StorageUnavailableError. Cancelling the caller does not cancel the work.
        """

    async def listen(self, received: Callable[[], None]) -> None:
        """Hears, for ever, what other processes have put there for whoever is free; calls `received` for updates."""

    async def start(self) -> None:
        """Begins to take units."""

    async def close(self) -> None:
        """Finishes what is waiting, then closes."""


def unobserved(_name: str, _figure: float) -> None:
    """Measures nothing."""


async def is_alive(db: Database) -> bool:
    """Tells whether a write would be kept right now: a real, empty change, rolled into a commit."""
    try:
        async with asyncio.timeout(5):
            await db.unit(_touch)
    except (StorageUnavailableError, TimeoutError):
        return False
    return True


async def _touch() -> None:
    await get_connection("default").execute_query("UPDATE audit_head SET id = id WHERE id = 1")
