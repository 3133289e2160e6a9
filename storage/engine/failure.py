"""What a database that gave way looks like, told apart from a statement that is wrong.

PostgreSQL's errors are known by their SQLSTATE: its driver is loaded only where it is used.
"""

import sqlite3

from tortoise.exceptions import DBConnectionError, OperationalError


class StorageUnavailableError(Exception):
    """The commit did not happen, or the read: disk full, read-only, locked for too long, server gone. Of a change
    nothing was kept, as far as anybody can know."""


_WORDS = ("disk", "full", "readonly", "read-only", "locked", "I/O", "unable to open", "connection", "closed")
_GONE = ("08", "53", "57P0", "25006", "25P03")
"""How SQLSTATE begins: connection lost, out of resources, shutting down, read-only, too long idle in a transaction."""


def sqlstate(error: BaseException) -> str:
    """Returns the five characters by which PostgreSQL names an error; empty for what doesn't come from it."""
    return str(getattr(error, "sqlstate", None) or "")


def _of_the_server(error: BaseException) -> bool:
    state = sqlstate(error)
    if state or not type(error).__module__.startswith("asyncpg."):
        return state.startswith(_GONE)
    return not isinstance(error, ValueError)  # the driver's own: the connection is closed, or a value was wrong


def gave_way(error: BaseException) -> bool:
    """Tells whether the error comes from the disk or the server, which may be well again later."""
    chain = [
        error,
        *(one for one in (error.__cause__, error.__context__, *error.args) if isinstance(one, BaseException)),
    ]
    if any(isinstance(one, DBConnectionError | OSError) or _of_the_server(one) for one in chain):
        return True
    return isinstance(error, OperationalError | sqlite3.OperationalError) and any(word in str(error) for word in _WORDS)
