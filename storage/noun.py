"""What a noun says of itself, so that nobody has to remember to enter it in lists elsewhere.

Each module of `storage/` that keeps records ends with `NOUN = Noun(...)`; `storage.nouns` finds them all. A handler
says its commands, buttons and cards in the same way where it registers them (`handlers.route`, `handlers.card`).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from tortoise.models import Model

if TYPE_CHECKING:
    from storage.engine.database import Database


class Fate(Enum):
    """What becomes of a model's rows where somebody is erased, somebody leaves, or old reports are thinned."""

    NONE = auto()
    """Nothing: it holds nothing of them."""
    STAYS = auto()
    """It stays as it is: numbers and codes by which nobody is known, or what the court has to keep."""
    GOES = auto()
    """It is deleted or emptied by what the noun does then, or by the database with the row it belongs to."""


@dataclass(frozen=True)
class Record:
    """A model, and what becomes of its rows."""

    model: type[Model]
    erasing: Fate
    leaving: Fate
    thinning: Fate = Fate.NONE
    by_hand: bool = False
    """Whether people add to it while an import is at work: what they add must not pass for the import's."""


@dataclass(frozen=True)
class Erasure:
    """Whom it is about: a debtor as they were, what stands in the name's place, the reports about them, and those that
    are kept for now because they may be about somebody else."""

    debtor_id: int
    name: str
    area_code: str
    words: str
    reports: tuple[int, ...]
    kept: tuple[int, ...] = ()


@dataclass(frozen=True)
class Due:
    """What falls due as time passes. `find` gives what is due at a moment, `act` does one of them in a unit."""

    find: Callable[[datetime], Awaitable[Sequence[Any]]]
    act: Callable[[Any], Awaitable[None]]
    source: str
    """On whose account: `timer:ladder`."""


@dataclass(frozen=True)
class Sweep:
    """Rows that needn't be kept for ever: the table, when a row came, and which are over and done with."""

    table: str
    came: str
    over: str = "1 = 1"


@dataclass(frozen=True)
class Pointer:
    """That a column points to a table's rows without the database knowing."""

    table: str
    column: str
    to: str


@dataclass(frozen=True)
class Noun:
    """Everything that others need to know of a noun. Each function needs a unit, if it doesn't say otherwise."""

    records: tuple[Record, ...] = ()
    prepares: Callable[["Database"], Awaitable[None]] | None = None
    """Brought up to date when the database is opened. Opens its own units."""
    due: Due | None = None
    clock_went_back: Callable[[], Awaitable[None]] | None = None
    """Moves what was written down under a later time than now."""
    upkeep: Callable[[], Awaitable[bool]] | None = None
    """Done about once a minute; whether there is more to do at once."""
    erases: Callable[[Erasure], Awaitable[None]] | None = None
    thins: Callable[[Sequence[int], str], Awaitable[None]] | None = None
    """Takes out what was said in these reports; the words stand in its place."""
    leaves_with: Callable[[int], Awaitable[None]] | None = None
    """Ends what was a person's, who goes."""
    joins: Callable[[int], Awaitable[None]] | None = None
    """Brings somebody what waits for them, once they have a chat."""
    changes_role: Callable[[int], Awaitable[None]] | None = None
    """Ends what a person wanted in the role that they have no more."""
    sweeps: Sweep | None = None
    points: tuple[Pointer, ...] = ()
