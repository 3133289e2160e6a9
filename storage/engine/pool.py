"""PostgreSQL: each unit has a connection of the pool. Several processes share the work."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from tortoise.transactions import in_transaction

from storage.engine.clock import Clock
from storage.engine.database import Observer, unobserved
from storage.engine.failure import StorageUnavailableError, gave_way, sqlstate
from storage.engine.secret import Secrets
from storage.engine.unit import (
    UNIT_SECONDS,
    DeadlockError,
    SlowUnitError,
    Unit,
    Work,
    classified,
    current,
    in_time,
)

DEADLOCKS = 5
"""How often a unit that PostgreSQL chose as a deadlock's victim is run again."""
SIDE_BY_SIDE = 16
_log = logging.getLogger("chuishao.db")


class PostgresPool:
    """The Database of one of several processes on one PostgreSQL."""

    def __init__(self, url: str, secrets: Secrets, clock: Clock) -> None:
        self.url = url
        self.secrets = secrets
        self.clock = clock
        self.is_sqlite = False
        self.committed = asyncio.Event()
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.observer: Observer = unobserved
        self.offers: frozenset[str] = frozenset()
        self.rider: Work | None = None
        self._running: set[asyncio.Task[Any]] = set()
        self._slots = asyncio.Semaphore(SIDE_BY_SIDE)

    async def unit(self, work: Work, source: str = "system", *, seconds: float = UNIT_SECONDS) -> Any:
        """Runs the work on a connection of its own; in a task, so that nobody cancels it half-way."""
        task = asyncio.get_running_loop().create_task(self._pooled(work, source, seconds))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # a caller that was cancelled meanwhile doesn't fetch it; that is no accident

    async def start(self) -> None:
        """Has nothing to begin: tortoise has opened the pool."""

    async def close(self) -> None:
        """Finishes what is running."""
        if self._running:
            await asyncio.wait(self._running)
        if not self.died.done():
            self.died.cancel()

    async def _pooled(self, work: Work, source: str, seconds: float) -> Any:
        async with self._slots:
            for _attempt in range(DEADLOCKS):
                try:
                    return await self._once(work, source, seconds)
                except DeadlockError:
                    continue  # PostgreSQL undid this one so that the other could go on; now it is this one's turn
            try:
                return await self._once(work, source, seconds)
            except DeadlockError as error:
                raise StorageUnavailableError("deadlocks") from error

    async def _once(self, work: Work, source: str, seconds: float) -> Any:
        scope = Unit(self, self.clock.now(), source)
        token = current.set(scope)
        try:
            async with in_transaction("default") as connection:
                result = await in_time(scope, work, seconds)
                if scope.outbox_touched:
                    await connection.execute_query("SELECT pg_notify('chuishao', 'outbox')")
        except SlowUnitError as error:  # here it is somebody else's lock that it waited for
            raise StorageUnavailableError(str(error)) from error
        except Exception as error:
            raise classified(error) from error
        finally:
            current.reset(token)
        scope.committed()
        return result

    async def listen(self, received: Callable[[], None]) -> None:
        """Hears, for ever, what other processes have put there for whoever is free; calls `received` for updates."""
        import asyncpg

        wakes = {"inbox": received, "outbox": self.committed.set}
        while True:
            gone = asyncio.Event()
            try:
                connection = await asyncpg.connect(self.url)
                try:
                    connection.add_termination_listener(lambda _connection, gone=gone: gone.set())
                    await connection.add_listener("chuishao", lambda *said: wakes[said[-1]]())
                    received()  # something may have been said while nobody listened
                    self.committed.set()
                    await gone.wait()
                finally:
                    connection.terminate()
            except Exception as error:
                if not (sqlstate(error) or gave_way(error)):
                    raise
                _log.warning("not listening: %s", type(error).__name__)
            await asyncio.sleep(1)
