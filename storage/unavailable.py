"""What a database that gave way looks like, told apart from a statement that is wrong."""

import sqlite3

import asyncpg
from tortoise.exceptions import DBConnectionError, OperationalError


class StorageUnavailableError(Exception):
    """The commit did not happen, or the read: disk full, read-only, locked for too long, server gone. Of a change
    nothing was kept, as far as anybody can know."""


_WORDS = ("disk", "full", "readonly", "read-only", "locked", "I/O", "unable to open", "connection", "closed")
_SERVER = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    DBConnectionError,
    OSError,
)


def gave_way(error: BaseException) -> bool:
    """Whether it is the disk or the server, and may be well again later."""
    chain: list[BaseException | None] = [error, error.__cause__, error.__context__]
    chain += [one for one in error.args if isinstance(one, BaseException)]
    if any(isinstance(one, _SERVER) for one in chain):
        return True
    return isinstance(error, OperationalError | sqlite3.OperationalError) and any(word in str(error) for word in _WORDS)
