"""Importing what offices have in spreadsheets: good rows in, every other row named with its reason."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tortoise.connection import get_connection
from tortoise.models import Model

from storage.engine.text import fold, squeeze
from storage.engine.unit import unit
from storage.imports.normal import Unclear

Progress = Callable[[int, int], None]
M = TypeVar("M", bound=Model)
REASON_COLUMN = "退回原因"
_TOTAL = ("合计", "总计", "小计")


@dataclass(frozen=True)
class Row:
    """One line of the file: its number as the clerk's program shows it, and its cells by header."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, header: str) -> str:
        return self.cells.get(header, "")

    @property
    def blank(self) -> bool:
        """Tells whether the row is empty, or the sum at the end of a list."""
        words = [squeeze(cell) for cell in self.cells.values()]
        return not any(words) or words[0] in _TOTAL


@dataclass(frozen=True)
class Remark:
    """A reason or warning: a code of the catalogue, with the word it is about."""

    line: int
    code: str
    word: str = ""


@dataclass
class Report:
    """What an import did, or would do."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    repeated: int = 0
    blank: int = 0
    rejected: list[Remark] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)

    def reject(self, row: Row, why: Unclear) -> None:
        self.rejected.append(Remark(row.line, why.code, why.word))

    def warn(self, row: Row, code: str, word: str = "") -> None:
        self.warnings.append(Remark(row.line, code, word))


@dataclass
class Plan:
    """The rows to write, worked out beforehand, so that the writing itself is short. `apply` needs a unit."""

    report: Report
    apply: Callable[[], Awaitable[None]]
    adding: Sequence[type[Model]] = ()
    """What it adds to, those first that others point to."""
    changing: Sequence[tuple[type[Model], Sequence[Any]]] = ()
    """What it changes: the keys of the rows."""


class MissingHeadersError(Exception):
    """The file lacks required columns; carries their names."""


def header_of(cell: str) -> str:
    """Brings a header to one form: 执行标的（元）, with blanks or a star, becomes 执行标的(元)."""
    return fold(cell).replace(" ", "").rstrip("*")


def check_headers(headers: Sequence[str], required: Sequence[str], known: Sequence[str]) -> list[str]:
    """Returns the unknown headers, to be named and ignored. Raises MissingHeadersError."""
    missing = [name for name in required if name not in headers]
    if missing:
        raise MissingHeadersError("、".join(missing))
    return [name for name in headers if name and name not in known and name != REASON_COLUMN]


def sift(rows: Iterable[Row], report: Report) -> list[Row]:
    """Leaves out blank rows and exact repetitions, counting both."""
    seen: set[tuple[str, ...]] = set()
    kept = []
    for row in rows:
        key = tuple(squeeze(cell) for header, cell in row.cells.items() if header != REASON_COLUMN)
        if row.blank:
            report.blank += 1
        elif key in seen:
            report.repeated += 1
        else:
            seen.add(key)
            kept.append(row)
    return kept


async def numbered(model: type[M], rows: Sequence[M]) -> None:
    """Inserts many rows under ids given here, so that rows of other tables can point to them. Needs a unit."""
    for start in range(0, len(rows), 5000):
        await model.bulk_create(rows[start : start + 5000], batch_size=500)


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
