"""How a database is reached, and how its schema is brought up to this version."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock
from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.backends.sqlite.client import SqliteClient
from tortoise.connection import get_connection
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from storage.engine import stray
from storage.engine.clock import Clock
from storage.engine.database import Database
from storage.engine.migrations import BEFORE, LAST_WITH_THEM
from storage.engine.pool import PostgresPool
from storage.engine.secret import Secrets
from storage.engine.sql import HOT, fetch, reading_on
from storage.engine.sqlite import DirectClient
from storage.engine.writer import SqliteWriter

EXPANDS = "_expand"
"""How a migration's name ends that only adds what this version need not know: it may run beside the next one."""
PRAGMAS = {
    **{"journal_mode": "WAL", "synchronous": "FULL", "busy_timeout": "30000", "foreign_keys": "ON"},
    "trusted_schema": "OFF",
}
WRITING = {**PRAGMAS, "temp_store": "MEMORY", "secure_delete": "ON"}
"""Savepoints stay in memory, else each that outgrows 64 KB makes a file; what is deleted is overwritten."""
READING = {**PRAGMAS, "query_only": "ON", "cache_size": "-500"}
_MIGRATING = 0x6368756973


class NotADatabaseError(Exception):
    """The file at the database's place is something else; carries its path."""


class NewerDatabaseError(Exception):
    """The database was made by a newer version; carries the migration that this version doesn't know."""


class OlderDatabaseError(Exception):
    """The database is from before 0001_schema and lacks some of what it stands for; carries the commit whose program
    brings it there."""


def connections(url: str) -> dict[str, Any]:
    """Returns the connections of a database, by name, as tortoise wants them."""
    if not url.startswith("sqlite"):
        scheme, rest = url.split("://", 1)
        separator = "&" if "?" in rest else "?"
        return {"default": f"asyncpg://{rest}{separator}maxsize=20" if scheme else url}
    path = url.removeprefix("sqlite://")
    reading = {"file_path": path, **READING}
    return {
        "writer": {"engine": "storage.engine.sqlite", "credentials": {"file_path": path, **WRITING}},
        HOT: {"engine": "storage.engine.sqlite", "credentials": reading},
        "default": {"engine": "tortoise.backends.sqlite", "credentials": reading},
    }


def tortoise_config(url: str, models: Sequence[str], connection: str = "default") -> dict[str, Any]:
    """Tortoise's configuration; `models` are the modules that have some."""
    app = {"models": list(models), "default_connection": connection, "migrations": "storage.engine.migrations"}
    return {"connections": connections(url), "apps": {"chuishao": app}, "use_tz": True, "timezone": "UTC"}


def _refuse_foreign(path: Path) -> None:
    """Refuses a file that isn't SQLite's, or whose schema can't be read: found with the standard library, whose
    connection closes whatever happened on it."""
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
async def bare(url: str) -> AsyncIterator[tuple[BaseDBAsyncClient, dict[str, Any]]]:
    """Opens the connection that may change the schema, without a Database around it; gives its configuration, too."""
    alias = "writer" if url.startswith("sqlite") else "default"
    config = tortoise_config(url, ["storage.engine.audit"], alias)  # tortoise wants a module with models, any one
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
    """Locks out the other processes that start at the same time: one migrates, they wait."""
    import asyncpg  # 3 MB that SQLite has no use for

    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATING)
        yield
    finally:
        await connection.close()


async def _migrate(url: str) -> None:
    """Brings the schema up to this version. Foreign keys are off meanwhile: rebuilding a table must not cascade."""
    async with bare(url) as (client, config):
        pending = await _pending(client, config)
        if not pending:
            return
        if isinstance(client, SqliteClient):
            await client.execute_query("PRAGMA foreign_keys=OFF")
        await MigrationExecutor(client, config["apps"]).migrate([MigrationTarget("chuishao", "__latest__")])


async def _pending(client: BaseDBAsyncClient, config: dict[str, Any]) -> set[str]:
    """Lists the migrations that are still to come. Raises NewerDatabaseError and OlderDatabaseError."""
    executor = MigrationExecutor(client, config["apps"])
    await executor.loader.build_graph()
    known = {key.name for key in executor.loader.graph.nodes}
    applied = {key.name for key in await executor.recorder.applied_migrations()}
    if 0 < len(applied & BEFORE) < len(BEFORE):
        raise OlderDatabaseError(LAST_WITH_THEM)
    for name in sorted(applied - known - BEFORE):
        if not name.endswith(EXPANDS):
            raise NewerDatabaseError(name)
    return known - applied


async def applied_migrations() -> list[str]:
    """Lists the names of the migrations that the open database has had, in order."""
    return [row["name"] for row in await fetch("SELECT name FROM tortoise_migrations ORDER BY name")]


async def pending_migrations(url: str) -> set[str]:
    """Lists the migrations that `bring_up_to_date` would apply. Raises NewerDatabaseError and OlderDatabaseError."""
    async with bare(url) as (client, config):
        return await _pending(client, config)


async def bring_up_to_date(url: str) -> None:
    """Makes or migrates the schema; one process at a time. Raises as `open_engine` does."""
    EXECUTOR_CACHE.clear()
    if not url.startswith("sqlite"):
        async with _alone(url):
            await _migrate(url)
        return
    path = Path(url.removeprefix("sqlite://"))
    path.parent.mkdir(parents=True, exist_ok=True)
    stray.put_aside(path)
    _refuse_foreign(path)
    with FileLock(f"{path}.migrate.lock", timeout=60):
        await _migrate(url)


@contextlib.asynccontextmanager
async def open_engine(url: str, models: Sequence[str], secrets: Secrets, clock: Clock) -> AsyncIterator[Database]:
    """Opens the database at `sqlite://PATH` or `postgres://…`, whose schema is up to date. One per process and loop.

    Raises OSError and asyncpg's errors where it can't be reached.
    """
    await Tortoise.init(config=tortoise_config(url, models))
    EXECUTOR_CACHE.clear()
    is_sqlite = url.startswith("sqlite")
    aliases = (HOT, "default", "writer") if is_sqlite else ("default",)
    try:
        for alias in aliases:
            await get_connection(alias).create_connection(with_db=True)
        db = SqliteWriter(url, secrets, clock) if is_sqlite else PostgresPool(url, secrets, clock)
        await db.start()
        with contextlib.ExitStack() as stack:
            if is_sqlite:
                hot = get_connection(HOT)
                assert isinstance(hot, DirectClient)
                stack.enter_context(reading_on(hot.direct))
            try:
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
