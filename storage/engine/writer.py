"""SQLite: one task writes everything. It runs the units that wait, a savepoint each, and commits them together.

No caller can cancel it half-way, and a unit that fails doesn't take the others along.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from tortoise.backends.sqlite.client import SqliteTransactionWrapper
from tortoise.connection import get_connection, get_connections

from storage.engine.clock import Clock
from storage.engine.database import Observer, unobserved
from storage.engine.failure import StorageUnavailableError
from storage.engine.secret import Secrets
from storage.engine.sql import reading_on, writing_on
from storage.engine.sqlite import DirectClient
from storage.engine.unit import UNIT_SECONDS, Unit, Work, classified, current, in_time

GROUP = 64
"""How many waiting units share one commit at most."""
GROUP_SECONDS = 0.02
"""After so long a group is committed, however many more wait: the first of them waits for the last."""
Job = tuple[Work, str, float, asyncio.Future[Any]]
"""What to run, on whose account, how long it may take, and where its result goes."""
_Hook = Callable[[], None]
_log = logging.getLogger("chuishao.db")


class SqliteWriter:
    """The Database of one process on one SQLite file."""

    def __init__(self, url: str, secrets: Secrets, clock: Clock) -> None:
        self.url = url
        self.secrets = secrets
        self.clock = clock
        self.is_sqlite = True
        self.committed = asyncio.Event()
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.observer: Observer = unobserved
        self.offers: frozenset[str] = frozenset()
        self.rider: Work | None = None
        self._queue: asyncio.Queue[Job | None] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None

    async def unit(self, work: Work, source: str = "system", *, seconds: float = UNIT_SECONDS) -> Any:
        """Puts the work in the queue and waits for its commit."""
        if self._writer is None:
            raise StorageUnavailableError("closed")
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((work, source, seconds, done))
        return await asyncio.shield(done)

    async def start(self) -> None:
        """Begins to take units."""
        self._writer = asyncio.get_running_loop().create_task(self._write(), name="writer")
        self._writer.add_done_callback(self._writer_ended)

    def _writer_ended(self, task: asyncio.Task[None]) -> None:
        error = task.exception() if not task.cancelled() else RuntimeError("the writer was cancelled")
        if error is not None and not self.died.done():
            self.died.set_exception(error)

    async def listen(self, _received: Callable[[], None]) -> None:
        """Returns at once: with SQLite there is no other process."""

    async def close(self) -> None:
        """Finishes what is waiting, then closes."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            self._queue.put_nowait(None)
            await asyncio.wait([writer])
        if not self.died.done():
            self.died.cancel()

    async def _write(self) -> None:
        client = get_connection("writer")
        assert isinstance(client, DirectClient)
        while True:
            with reading_on(client.direct) if client.at_rest else contextlib.nullcontext():
                first = await self._queue.get()
            if first is None or not await self._commit_group(client, first):
                return

    async def _commit_group(self, client: DirectClient, first: Job) -> bool:
        """Runs the first job and those that wait, and commits them together. False where the end was among them."""
        # 1. Everything in the group runs on the writer's connection, each unit in a savepoint of its own. What comes
        #    while they run joins them, up to GROUP and for GROUP_SECONDS.
        group, outcomes = [first], list[tuple[asyncio.Future[Any] | None, Any, Exception | None, list[_Hook]]]()
        until, going_on = time.monotonic() + GROUP_SECONDS, True
        try:
            await client.begin()
            token = get_connections().set("default", _as_default(client))
            try:
                with writing_on(client.direct):
                    touched = False
                    for job in group:
                        touched |= await self._run_job(client, job, outcomes)
                        if len(group) < GROUP and not self._queue.empty() and time.monotonic() < until:
                            following = self._queue.get_nowait()
                            if following is None:
                                going_on = False
                                break
                            group.append(following)
                    # 2. The dispatcher takes what they put into the outbox along in the same commit.
                    if self.rider is not None and touched:
                        await self._run_unit(client, self.rider, "dispatcher", UNIT_SECONDS, None, outcomes)
            finally:
                get_connections().reset(token)
            # 3. One fsync for all. Until here nobody has been told anything.
            await client.commit()
        except Exception as error:  # noqa: BLE001 - whatever SQLite says, the writer lives and the callers are told
            _log.error("commit failed: %s", type(error).__name__)
            with contextlib.suppress(sqlite3.OperationalError):  # SQLite may have rolled back by itself
                await client.rollback()
            for _work, _source, _seconds, done in group:
                _fail(done, StorageUnavailableError(str(error)))
            return going_on
        # 4. It is on disk: the hooks run, and the callers get what their units returned or raised.
        self.observer("group", len(group))
        for asked, result, failure, hooks in outcomes:
            if failure is not None:
                _fail(asked, failure)
                continue
            for hook in hooks:
                hook()
            if asked is not None and not asked.done():
                asked.set_result(result)
        return going_on

    async def _run_job(self, client: DirectClient, job: Job, outcomes: list[Any]) -> bool:
        """Runs a unit and those that share its fate; tells whether one of them touched the outbox."""
        work, source, seconds, done = job
        scope = await self._run_unit(client, work, source, seconds, done, outcomes)
        touched = scope.outbox_touched
        for companion in scope.companions:
            own, failed = Unit(self, self.clock.now(), companion.source), companion.failed
            _result, error, hooks = await self._savepoint(client, own, companion.work, UNIT_SECONDS)
            outcomes.append((None, None, None, [partial(failed, error)] if error is not None else hooks))
            touched |= own.outbox_touched
        return touched

    async def _run_unit(
        self,
        client: DirectClient,
        work: Work,
        source: str,
        seconds: float,
        done: asyncio.Future[Any] | None,
        outcomes: list[Any],
    ) -> Unit:
        scope = Unit(self, self.clock.now(), source)
        outcomes.append((done, *await self._savepoint(client, scope, work, seconds)))
        return scope

    async def _savepoint(
        self, client: DirectClient, scope: Unit, work: Work, seconds: float
    ) -> tuple[Any, Exception | None, list[_Hook]]:
        """Runs a unit so that it can be undone alone; returns its result or its error, and what hears of its commit."""
        client.direct.raw.execute("SAVEPOINT unit")
        token = current.set(scope)
        try:
            result = await in_time(scope, work, seconds)
        except Exception as error:  # noqa: BLE001 - handed to the caller, whoever that is
            client.direct.raw.execute("ROLLBACK TO unit")
            client.direct.raw.execute("RELEASE unit")
            scope.companions.clear()
            scope.outbox_touched = False
            return None, classified(error), []
        finally:
            current.reset(token)
        client.direct.raw.execute("RELEASE unit")
        return result, None, [scope.committed]


def _as_default(client: DirectClient) -> SqliteTransactionWrapper:
    """Gives the writer's transaction the readers' name: what tortoise nests inside (get_or_create) looks the connection
    up by name and must find this one, not begin a transaction of its own."""
    wrapper = SqliteTransactionWrapper(client)
    wrapper.connection_name = "default"
    return wrapper


def _fail(done: asyncio.Future[Any] | None, error: BaseException) -> None:
    if done is not None and not done.done():
        done.set_exception(error)
        done.exception()  # a caller that was cancelled meanwhile doesn't fetch it; that is no accident
