"""The database: how it is opened, and the one way in which anything is written.

Everything that changes the records runs as a *unit*: `await db.unit(work)`. On SQLite one writer task runs the
units that are waiting, a savepoint each, and commits them together; no caller can cancel it half-way, and a unit
that fails doesn't take the others along. Readers have a connection of their own that refuses to write. On
PostgreSQL the same call takes a connection from the pool.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock
from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper
from tortoise.connection import get_connection, get_connections
from tortoise.migrations.api import migrate
from tortoise.migrations.executor import MigrationExecutor
from tortoise.transactions import in_transaction

from storage.engine.clock import Clock, SystemClock
from storage.engine.failure import StorageUnavailableError, gave_way, sqlstate
from storage.engine.secret import Secrets
from storage.engine.sql import HOT, fetch, reading_on, writing_on
from storage.engine.sqlite import DirectClient
from storage.reading import index

MODELS = [
    "storage.alerts.alert",
    "storage.people.approval",
    "storage.people.area",
    "storage.alerts.attachment",
    "storage.engine.audit",
    "storage.cases.case",
    "storage.duty.court",
    "storage.cases.debtor",
    "storage.post.delivery",
    "storage.desk.digest",
    "storage.engine.once",
    "storage.cases.follow",
    "storage.imports.journal",
    "storage.post.inbox",
    "storage.post.invitation",
    "storage.duty.ladder",
    "storage.duty.leave",
    "storage.reading.lesson",
    "storage.desk.listing",
    "storage.post.outbox",
    "storage.people.person",
    "storage.post.waking",
    "storage.post.question",
    "storage.cases.quota",
    "storage.post.relay",
    "storage.duty.shift",
    "storage.alerts.sighting",
]
EXPANDS = "_expand"
"""How a migration's name ends that only adds what this version need not know: it may run beside the next one."""
_MIGRATING = 0x6368756973
GROUP = 64
"""How many waiting units share one commit."""
_GAVE_WAY_TO_ANOTHER = ("40P01", "40001")
"""SQLSTATE of a deadlock's victim, and of who can't be put in an order with another."""
DEADLOCKS = 5
"""How often a unit that PostgreSQL chose as a deadlock's victim is run again."""
UNIT_SECONDS = 30.0
"""A unit awaits nothing but the database; one that takes longer is broken and must not hold up the others."""
PRAGMAS = {"journal_mode": "WAL", "synchronous": "FULL", "busy_timeout": "30000", "foreign_keys": "ON"}

_log = logging.getLogger("chuishao.db")


class NotADatabaseError(Exception):
    """The file at the database's place is something else; carries its path."""


class SlowUnitError(Exception):
    """The unit took longer than it may; nothing of it was kept."""


class NewerDatabaseError(Exception):
    """The database was made by a newer version; carries the migration that this version doesn't know."""


Work = Callable[[], Awaitable[Any]]


class Follower(NamedTuple):
    """A unit that shares another one's commit. Where it fails, `failed` hears why once the other is on disk."""

    work: Work
    source: str
    failed: Callable[[Exception], None]


@dataclass
class Unit:
    """What one transaction collects besides its rows."""

    db: "Database"
    now: datetime
    source: str = "system"
    audit: list[dict[str, Any]] = field(default_factory=list)
    before_commit: list[Callable[["Unit"], Awaitable[None]]] = field(default_factory=list)
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    behind: list[Follower] = field(default_factory=list)
    """Run right behind this one in the same commit, if this one succeeds. SQLite only."""

    @property
    def secrets(self) -> Secrets:
        return self.db.secrets


_current: ContextVar[Unit] = ContextVar("chuishao_unit")
Job = tuple[Work, str, float, asyncio.Future[Any]]
"""What to run, on whose account, how long it may take, and where its result goes."""


def unit() -> Unit:
    """The unit that this code runs in. LookupError outside of one."""
    return _current.get()


class Database:
    """An open database. Made by `open_database`."""

    def __init__(self, url: str, secrets: Secrets, clock: Clock) -> None:
        self.url = url
        self.secrets = secrets
        self.clock = clock
        self.is_sqlite = url.startswith("sqlite")
        self.committed = asyncio.Event()
        """Set at each commit that put something into the outbox; the dispatcher clears it."""
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Gets an exception if the writer ends by itself: the process must not live on without it."""
        self._queue: asyncio.Queue[Job | None] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None
        self._pool_tasks: set[asyncio.Task[Any]] = set()
        self._pool_slots = asyncio.Semaphore(16)
        self.group_sizes: Callable[[int], None] = lambda _size: None
        self.answered: Callable[[float], None] = lambda _seconds: None
        """Hears how long each alert waited for somebody's 收到."""
        self.rider: Work | None = None
        """Runs as the last unit of each group that put something into the outbox: the dispatcher, which takes what is
        due in the same commit. SQLite only."""

    async def unit(self, work: Work, source: str = "system", *, seconds: float = UNIT_SECONDS) -> Any:
        """Runs `work` as one transaction and returns what it returned, once that is on disk.

        `seconds` is how long it may take: an import needs longer than a report.
        Raises what `work` raised (nothing is kept then), or StorageUnavailableError. Cancelling the caller does
        not cancel the work.
        """
        if self.is_sqlite:
            if self._writer is None:
                raise StorageUnavailableError("closed")
            done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            self._queue.put_nowait((work, source, seconds, done))
            return await asyncio.shield(done)
        task = asyncio.get_running_loop().create_task(self._pooled(work, source, seconds))
        self._pool_tasks.add(task)
        task.add_done_callback(self._pooled_ended)
        return await asyncio.shield(task)

    def _pooled_ended(self, task: asyncio.Task[Any]) -> None:
        self._pool_tasks.discard(task)
        if not task.cancelled():
            task.exception()  # a caller that was cancelled meanwhile doesn't fetch it; that is no accident

    async def alive(self) -> bool:
        """Whether a write would be kept right now: a real, empty change, rolled into a commit."""
        try:
            async with asyncio.timeout(5):
                await self.unit(self._touch)
        except (StorageUnavailableError, TimeoutError):
            return False
        return True

    @staticmethod
    async def _touch() -> None:
        await get_connection("default").execute_query("UPDATE audit_head SET id = id WHERE id = 1")

    # -- SQLite: one writer ------------------------------------------------------------------------------------

    async def _write(self) -> None:
        client = get_connection("writer")
        assert isinstance(client, DirectClient)
        while True:
            with reading_on(client.direct) if client.at_rest else contextlib.nullcontext():
                entry = await self._queue.get()
            group = []
            while entry is not None:
                group.append(entry)
                if len(group) >= GROUP or self._queue.empty():
                    break
                entry = self._queue.get_nowait()
            if group:
                self.group_sizes(len(group))
                await self._commit_group(client, group)
            if entry is None:
                return

    async def _commit_group(self, client: DirectClient, group: list[Job]) -> None:
        outcomes: list[tuple[asyncio.Future[Any] | None, Any, Exception | None, list[Callable[[], None]]]] = []
        try:
            await client.begin()
            token = get_connections().set("default", _as_default(client))
            try:
                with writing_on(client.direct):
                    for work, source, seconds, done in group:
                        scope = Unit(self, self.clock.now(), source)
                        outcomes.append((done, *await self._savepoint(client, scope, work, seconds)))
                        for follower in scope.behind:
                            own = Unit(self, self.clock.now(), follower.source)
                            _result, error, hooks = await self._savepoint(client, own, follower.work, UNIT_SECONDS)
                            outcomes.append((None, None, None, [partial(follower.failed, error)] if error else hooks))
                    if self.rider is not None and any(self.committed.set in hooks for *_rest, hooks in outcomes):
                        scope = Unit(self, self.clock.now(), "dispatcher")
                        outcomes.append((None, *await self._savepoint(client, scope, self.rider, UNIT_SECONDS)))
            finally:
                get_connections().reset(token)
            await client.commit()
        except Exception as error:  # noqa: BLE001 - whatever SQLite says, the writer lives and the callers are told
            _log.error("commit failed: %s", type(error).__name__)
            with contextlib.suppress(sqlite3.OperationalError):  # SQLite may have rolled back by itself
                await client.rollback()
            for _work, _source, _seconds, done in group:
                _fail(done, StorageUnavailableError(str(error)))
            return
        for asked, result, failure, after in outcomes:
            if failure is not None:
                _fail(asked, failure)
                continue
            for hook in after:
                hook()
            if asked is not None and not asked.done():
                asked.set_result(result)

    async def _savepoint(
        self, client: DirectClient, scope: Unit, work: Work, seconds: float
    ) -> tuple[Any, Exception | None, list[Callable[[], None]]]:
        client.direct.raw.execute("SAVEPOINT unit")
        token = _current.set(scope)
        try:
            result = await _in_time(scope, work, seconds)
        except Exception as error:  # noqa: BLE001 - handed to the caller, whoever that is
            client.direct.raw.execute("ROLLBACK TO unit")
            client.direct.raw.execute("RELEASE unit")
            scope.behind.clear()
            return None, _classified(error), []
        finally:
            _current.reset(token)
        client.direct.raw.execute("RELEASE unit")
        return result, None, scope.after_commit

    # -- PostgreSQL: a pool ------------------------------------------------------------------------------------

    async def _pooled(self, work: Work, source: str, seconds: float) -> Any:
        async with self._pool_slots:
            for _attempt in range(DEADLOCKS):
                try:
                    return await self._once(work, source, seconds)
                except _DeadlockError:
                    continue  # PostgreSQL undid this one so that the other could go on; now it is this one's turn
            try:
                return await self._once(work, source, seconds)
            except _DeadlockError as error:
                raise StorageUnavailableError("deadlocks") from error

    async def _once(self, work: Work, source: str, seconds: float) -> Any:
        scope = Unit(self, self.clock.now(), source)
        token = _current.set(scope)
        try:
            async with in_transaction("default") as connection:
                result = await _in_time(scope, work, seconds)
                if self.committed.set in scope.after_commit:
                    await connection.execute_query("SELECT pg_notify('chuishao', 'outbox')")
        except SlowUnitError as error:  # here it is somebody else's lock that it waited for
            raise StorageUnavailableError(str(error)) from error
        except Exception as error:
            raise _classified(error) from error
        finally:
            _current.reset(token)
        for hook in scope.after_commit:
            hook()
        return result

    async def listen(self, received: Callable[[], None]) -> None:
        """On PostgreSQL, for ever: hears what other processes have put there for whoever is free, and calls
        `received` for updates."""
        if self.is_sqlite:
            return
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

    async def start(self) -> None:
        if self.is_sqlite:
            self._writer = asyncio.get_running_loop().create_task(self._write(), name="writer")
            self._writer.add_done_callback(self._writer_ended)

    def _writer_ended(self, task: asyncio.Task[None]) -> None:
        error = task.exception() if not task.cancelled() else RuntimeError("the writer was cancelled")
        if error is not None and not self.died.done():
            self.died.set_exception(error)

    async def close(self) -> None:
        """Finishes what is waiting, then closes."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            self._queue.put_nowait(None)
            await asyncio.wait([writer])
        if self._pool_tasks:
            await asyncio.wait(self._pool_tasks)
        if not self.died.done():
            self.died.cancel()


class _DeadlockError(Exception):
    """Two units wanted the same rows in different orders."""


def _as_default(client: DirectClient) -> SqliteTransactionWrapper:
    """The writer's transaction under the readers' name: what tortoise nests inside (get_or_create) looks the
    connection up by name and must find this one, not begin a transaction of its own."""
    wrapper = SqliteTransactionWrapper(client)
    wrapper.connection_name = "default"
    return wrapper


def _fail(done: asyncio.Future[Any] | None, error: BaseException) -> None:
    if done is not None and not done.done():
        done.set_exception(error)
        done.exception()  # a caller that was cancelled meanwhile doesn't fetch it; that is no accident


def _classified(error: Exception) -> Exception:
    """A disk or server that gave way inside the unit is told apart from a unit that is wrong."""
    if isinstance(error, SlowUnitError):
        return error
    if any(sqlstate(one) in _GAVE_WAY_TO_ANOTHER for one in (error, *error.args)):
        return _DeadlockError()
    return StorageUnavailableError(str(error)) if gave_way(error) else error


async def _in_time(scope: Unit, work: Work, seconds: float) -> Any:
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            result = await work()
            for hook in scope.before_commit:
                await hook(scope)
    except TimeoutError as error:
        if limit.expired():
            raise SlowUnitError(f"{seconds:.0f} s") from error
        raise
    return result


# -- opening and migrating ---------------------------------------------------------------------------------------


def _connections(url: str) -> dict[str, Any]:
    if not url.startswith("sqlite"):
        scheme, rest = url.split("://", 1)
        separator = "&" if "?" in rest else "?"
        return {"default": f"asyncpg://{rest}{separator}maxsize=20" if scheme else url}
    path = url.removeprefix("sqlite://")
    reading = {"file_path": path, **PRAGMAS, "query_only": "ON", "cache_size": "-500"}
    return {
        "writer": {"engine": "storage.engine.sqlite", "credentials": {"file_path": path, **PRAGMAS}},
        HOT: {"engine": "storage.engine.sqlite", "credentials": reading},
        "default": {"engine": "tortoise.backends.sqlite", "credentials": reading},
    }


def tortoise_config(url: str, connection: str = "default") -> dict[str, Any]:
    """The configuration as tortoise's own command line wants it too."""
    return {
        "connections": _connections(url),
        "apps": {
            "chuishao": {
                "models": MODELS,
                "default_connection": connection,
                "migrations": "storage.engine.migrations",
            }
        },
        "use_tz": True,
        "timezone": "UTC",
    }


TORTOISE_ORM = tortoise_config("sqlite://data/chuishao.db", "writer")
"""For tortoise's own command line, which makes migrations."""


def _refuse_foreign(path: Path) -> None:
    """A file that isn't SQLite's, or whose schema can't be read: found with the standard library, whose connection
    closes whatever happened on it."""
    if not path.exists():
        return
    with contextlib.closing(sqlite3.connect(path)) as probe:
        try:
            probe.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            return  # locked or out of reach: said by whoever really opens it
        except sqlite3.DatabaseError as error:
            raise NotADatabaseError(str(path)) from error


@contextlib.asynccontextmanager
async def _bare(url: str) -> AsyncIterator[tuple[BaseDBAsyncClient, dict[str, Any]]]:
    """The connection that may change the schema, and its configuration, without a Database around them."""
    alias = "writer" if url.startswith("sqlite") else "default"
    config = tortoise_config(url, alias)
    await Tortoise.init(config=config)
    try:
        # Here, not at the first statement: tortoise keeps its lock where a connection can't be opened, and the second
        # statement waits for ever.
        await get_connection(alias).create_connection(with_db=True)
        yield get_connection(alias), config
    finally:
        await Tortoise.close_connections()


@contextlib.asynccontextmanager
async def _alone(url: str) -> AsyncIterator[None]:
    """Of several processes that start at once one migrates; the others wait."""
    import asyncpg  # 3 MB that SQLite has no use for

    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATING)
        yield
    finally:
        await connection.close()


async def _migrate(url: str) -> None:
    """Brings the schema up to this version. Foreign keys are off meanwhile: rebuilding a table must not cascade."""
    async with _bare(url) as (client, config):
        await _refuse_newer(client, config)
        if isinstance(client, SqliteClient):
            await client.execute_query("PRAGMA foreign_keys=OFF")
        await migrate(config=config)


async def _refuse_newer(client: BaseDBAsyncClient, config: dict[str, Any]) -> set[str]:
    """The names of the migrations that are still to come. Raises NewerDatabaseError."""
    executor = MigrationExecutor(client, config["apps"])
    await executor.loader.build_graph()
    known = {key.name for key in executor.loader.graph.nodes}
    applied = {key.name for key in await executor.recorder.applied_migrations()}
    for name in sorted(applied - known):
        if not name.endswith(EXPANDS):
            raise NewerDatabaseError(name)
    return known - applied


async def applied_migrations() -> list[str]:
    """The names of the migrations that the open database has had, in order."""
    return [row["name"] for row in await fetch("SELECT name FROM tortoise_migrations ORDER BY name")]


async def pending_migrations(url: str) -> set[str]:
    """What `open_database` would apply. Raises NewerDatabaseError."""
    async with _bare(url) as (client, config):
        return await _refuse_newer(client, config)


@contextlib.asynccontextmanager
async def open_database(
    url: str, secrets: Secrets, *, clock: Clock | None = None, migrating: bool = True
) -> AsyncIterator[Database]:
    """Opens (and unless told otherwise migrates) the database at `sqlite://PATH` or `postgres://…`.

    One per process and event loop. Raises NewerDatabaseError, or OSError and asyncpg's errors where it can't be
    reached.
    """
    EXECUTOR_CACHE.clear()
    if migrating:
        if url.startswith("sqlite"):
            path = Path(url.removeprefix("sqlite://"))
            path.parent.mkdir(parents=True, exist_ok=True)
            _refuse_foreign(path)
            with FileLock(f"{path}.migrate.lock", timeout=60):
                await _migrate(url)
        else:
            async with _alone(url):
                await _migrate(url)
    await Tortoise.init(config=tortoise_config(url))
    EXECUTOR_CACHE.clear()
    aliases = (HOT, "default", "writer") if url.startswith("sqlite") else ("default",)
    try:
        for alias in aliases:
            await get_connection(alias).create_connection(with_db=True)
        db = Database(url, secrets, clock or SystemClock())
        await db.start()
        with contextlib.ExitStack() as stack:
            if db.is_sqlite:
                hot = get_connection(HOT)
                assert isinstance(hot, DirectClient)
                stack.enter_context(reading_on(hot.direct))
            try:
                if migrating:
                    await index.catch_up(db.unit)
                yield db
            finally:
                await db.close()
    finally:
        for alias in aliases:
            # One after the other: of two that close at the same moment neither is the last, which folds the log into
            # the file; then whoever copies the file alone copies old records.
            await get_connection(alias).close()
        await Tortoise.close_connections()
        EXECUTOR_CACHE.clear()
