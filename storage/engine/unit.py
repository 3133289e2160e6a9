"""One transaction: what it collects besides its rows, and how it ends."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from storage.engine.failure import StorageUnavailableError, gave_way, sqlstate
from storage.engine.secret import Secrets

if TYPE_CHECKING:
    from storage.engine.database import Database

UNIT_SECONDS = 30.0
"""A unit awaits nothing but the database; one that takes longer is broken and must not hold up the others."""
_GAVE_WAY_TO_ANOTHER = ("40P01", "40001")
"""SQLSTATE of a deadlock's victim, and of who can't be put in an order with another."""
Work = Callable[[], Awaitable[Any]]
"""What runs as one transaction."""


class SlowUnitError(Exception):
    """The unit took longer than it may; nothing of it was kept."""


class DeadlockError(Exception):
    """Two units wanted the same rows in different orders."""


class Companion(NamedTuple):
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
    companions: list[Companion] = field(default_factory=list)
    """Run right after this one in the same commit, if this one succeeds. SQLite only."""
    outbox_touched: bool = False
    """Whether something was put into the outbox: then the dispatcher is woken once it is on disk."""

    @property
    def secrets(self) -> Secrets:
        return self.db.secrets

    def committed(self) -> None:
        """Tells everybody who waits for it that the unit is on disk."""
        for hook in self.after_commit:
            hook()
        if self.outbox_touched:
            self.db.committed.set()


current: ContextVar[Unit] = ContextVar("chuishao_unit")


def unit() -> Unit:
    """Gives the unit that this code runs in. LookupError outside of one."""
    return current.get()


def classified(error: Exception) -> Exception:
    """Tells a disk or server that gave way inside the unit from a unit that is wrong."""
    if isinstance(error, SlowUnitError):
        return error
    if any(sqlstate(one) in _GAVE_WAY_TO_ANOTHER for one in (error, *error.args)):
        return DeadlockError()
    return StorageUnavailableError(str(error)) if gave_way(error) else error


async def in_time(scope: Unit, work: Work, seconds: float) -> Any:
    """Runs the work and what it asked for before the commit. Raises SlowUnitError after so many seconds."""
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
