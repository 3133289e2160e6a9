"""SQLite for tortoise, on the event loop's own thread where that is quicker.

A statement by primary key or index takes SQLite some microseconds; handing it to another thread and back takes ten
times that. What can wait for a disk or for another process (opening, BEGIN, COMMIT, a checkpoint) goes through
aiosqlite's thread; the statements between run where they are awaited. For connections that only one task uses at a
time.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, cast

import aiosqlite
from tortoise.backends.sqlite.client import SqliteClient

STATEMENTS = 512
"""How many prepared statements a connection keeps."""


class Direct:
    """What tortoise wants of an aiosqlite connection, without leaving the thread."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self.threaded = connection
        self.raw: sqlite3.Connection = connection._conn

    @property
    def total_changes(self) -> int:
        return self.raw.total_changes

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> sqlite3.Cursor:
        return self.raw.execute(sql, tuple(parameters or ()))

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> sqlite3.Cursor:
        return self.raw.executemany(sql, cast("Iterable[Sequence[Any]]", parameters))

    async def executescript(self, sql: str) -> sqlite3.Cursor:
        return self.raw.executescript(sql)

    async def execute_insert(self, sql: str, parameters: Iterable[Any] | None = None) -> tuple[int]:
        return (int(self.raw.execute(sql, tuple(parameters or ())).lastrowid or 0),)

    async def execute_fetchall(self, sql: str, parameters: Iterable[Any] | None = None) -> list[Any]:
        return self.raw.execute(sql, tuple(parameters or ())).fetchall()

    async def commit(self) -> None:
        await self.threaded.commit()

    async def rollback(self) -> None:
        await self.threaded.rollback()

    async def close(self) -> None:
        await self.threaded.close()


class DirectClient(SqliteClient):
    """The writer's connection, and the one for reading by index."""

    _patient = True
    """Whether a statement waits for another process that writes."""

    async def create_connection(self, with_db: bool) -> None:
        if self._connection:
            return
        threaded = await aiosqlite.connect(
            self.filename, isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS
        )
        threaded._conn.row_factory = sqlite3.Row
        try:
            for pragma, value in self.pragmas.items():
                await (await threaded.execute(f"PRAGMA {pragma}={value}")).close()
        except BaseException:
            await threaded.close()  # else its thread would keep the process from ending
            raise
        self._connection = cast(aiosqlite.Connection, Direct(threaded))

    @property
    def direct(self) -> Direct:
        return cast(Direct, self._connection)

    @property
    def at_rest(self) -> bool:
        """Tells whether no transaction is open on it, as one is where even undoing it has failed."""
        return not self.direct.raw.in_transaction

    async def begin(self) -> None:
        """Begins a transaction, at once where nobody else writes; else waits, in the thread, for the other process."""
        raw = self.direct.raw
        if self._patient:
            raw.execute("PRAGMA busy_timeout = 0")
            self._patient = False
        try:
            raw.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raw.execute(f"PRAGMA busy_timeout = {self.pragmas['busy_timeout']}")
            self._patient = True
            await self.direct.threaded.execute("BEGIN IMMEDIATE")

    async def commit(self) -> None:
        """Waits, in the thread, for the disk."""
        await self.direct.threaded.execute("COMMIT")

    async def rollback(self) -> None:
        await self.direct.threaded.execute("ROLLBACK")


client_class = DirectClient
"""How tortoise finds it."""
