"""Importing what offices have in spreadsheets: good rows in, every other row named with its reason."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tortoise.connection import get_connection
from tortoise.models import Model

from storage.engine.text import squeeze
from storage.engine.unit import unit
from storage.imports.normal import Unclear
from storage.imports.table import REASON_COLUMN, Remark, Row

Progress = Callable[[int, int], None]
_AT_ONCE = 50
"""So many rows are worked on before others have their turn."""
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Clerk:
    """Who hands in a file: whoever runs the machine, for every court; or an administrator, for their own county."""

    actor: str = "cli"
    county: str = ""

    def check(self, *area_codes: str) -> None:
        """Raises Unclear where one of these areas isn't theirs."""
        for code in area_codes:
            if not code.startswith(self.county):
                raise Unclear("not_yours", code)


OPERATOR = Clerk()


@dataclass
class Report:
    """What an import did, or would do. Every row of the file is counted once."""

    outcome: dict[Row, str] = field(default_factory=dict)
    """Rows that are in: added, changed or unchanged."""
    left: Counter[str] = field(default_factory=Counter)
    """Lines that aren't rows, and rows that stand there twice: repeated, blank, total, heading, note."""
    rejected: list[Remark] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)

    def reject(self, row: Row, why: Unclear) -> None:
        self.rejected.append(Remark(row.line, why.code, why.word, row.sheet, row.part))

    def warn(self, row: Row, code: str, word: str = "") -> None:
        self.warnings.append(Remark(row.line, code, word, row.sheet, row.part))

    def fit(self, row: Row, column: str, text: str, most: int) -> str:
        """Returns as much of a text as its column holds, and says so where that isn't all."""
        if len(text) > most:
            self.warn(row, "cut_short", f"{column}（{most}）")
        return text[:most]

    def took(self, row: Row, how: str) -> None:
        """Notes what a row was; one that stands for several things is what the first of added, changed is true of."""
        ways = ("added", "changed", "unchanged")
        self.outcome[row] = min(how, self.outcome.get(row, how), key=ways.index)

    def count(self, how: str) -> int:
        return sum(one == how for one in self.outcome.values())

    @property
    def added(self) -> int:
        return self.count("added")

    @property
    def changed(self) -> int:
        return self.count("changed")

    @property
    def unchanged(self) -> int:
        return self.count("unchanged")

    @property
    def rows(self) -> int:
        """Counts the lines of the file below its headers."""
        return len(self.outcome) + len(self.rejected) + sum(self.left.values())


@dataclass
class Plan:
    """The rows to write, worked out beforehand, so that the writing itself is short. `apply` needs a unit."""

    report: Report
    apply: Callable[[], Awaitable[None]]
    adding: Sequence[type[Model]] = ()
    """What it adds to, those first that others point to."""
    changing: Sequence[tuple[type[Model], Sequence[Any]]] = ()
    """What it changes: the keys of the rows."""


async def step(progress: Progress, count: int, of: int) -> None:
    """Says how far a file is worked through, and lets others have their turn."""
    if count % _AT_ONCE == 0:
        progress(count, of)
        await asyncio.sleep(0)


def sift(rows: Iterable[Row], report: Report) -> list[Row]:
    """Leaves out exact repetitions, counting them, and rejects rows that have more cells than there are headers."""
    seen: set[tuple[str, ...]] = set()
    kept = []
    for row in rows:
        key = tuple(squeeze(cell) for header, cell in row.cells.items() if header != REASON_COLUMN)
        if row.beside:
            report.reject(row, Unclear("more_cells", row.beside[:40]))
        elif key in seen:
            report.left["repeated"] += 1
        else:
            seen.add(key)
            kept.append(row)
    return kept


async def numbered(model: type[M], rows: Sequence[M]) -> None:
    """Inserts many rows under ids given here, so that rows of other tables can point to them. Needs a unit."""
    for start in range(0, len(rows), 500):
        await model.bulk_create(rows[start : start + 500])


async def sequences_follow(*models: type[Model]) -> None:
    """Moves PostgreSQL's sequences past the ids given by hand, of which they don't know."""
    if unit().db.is_sqlite:
        return
    client = get_connection("default")
    for model in models:
        table = model._meta.db_table
        await client.execute_query(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM \"{table}\"))"
        )


def chunks(values: Sequence[Any], size: int = 500) -> Iterable[Sequence[Any]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
