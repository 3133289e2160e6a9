"""The hot way's statements: prepared, by index, without a query builder between.

Written with `?` for both engines. Everything here runs in the unit that is running, else on the readers' connection.
Models come out as tortoise makes them, so that whoever gets one need not know which way it came.
"""

import contextlib
import itertools
import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from tortoise import fields
from tortoise.connection import get_connection
from tortoise.fields.base import Field
from tortoise.models import Model
from tortoise.transactions import in_transaction

from storage.engine.failure import StorageUnavailableError, gave_way
from storage.engine.sqlite import Direct

M = TypeVar("M", bound=Model)
Row = Any
"""A row of either engine, by column or place."""
HOT = "hot"
"""The alias of SQLite's connection for reading by index."""


class _Hot:
    """What a model needs to be written and read without tortoise's query builder."""

    def __init__(self, model: type[Model]) -> None:
        meta = model._meta
        self.table = meta.db_table
        self.names = list(meta.fields_db_projection)
        columns = [meta.fields_db_projection[name] for name in self.names]
        self.columns = ", ".join(f'"{column}"' for column in columns)
        keys = [name for name in self.names if not meta.fields_map[name].generated]
        holes = ", ".join("?" * len(keys))
        listed = ", ".join(f'"{meta.fields_db_projection[name]}"' for name in keys)
        self.keys = keys
        self.insert = f'INSERT INTO "{self.table}" ({listed}) VALUES ({holes})'
        every = ", ".join("?" * len(columns))
        self.insert_numbered = f'INSERT INTO "{self.table}" ({self.columns}) VALUES ({every})'
        self.select = f'SELECT {self.columns} FROM "{self.table}" WHERE '
        self.readers = [(name, read) for name in self.names if (read := _reader(meta.fields_map[name])) is not None]
        self.listed = columns
        self.column = meta.fields_db_projection
        self.defaults = {name: meta.fields_map[name].default for name in keys}


def _reader(field: Field[Any]) -> Any:
    """How a value comes back from either engine; None where it comes as it is."""
    kind = getattr(field, "enum_type", None)
    if kind is not None:
        return {member.value: member for member in kind}.__getitem__
    if isinstance(field, fields.DatetimeField):
        return moment
    if isinstance(field, fields.DateField):
        return day
    if isinstance(field, fields.BooleanField):
        return bool
    return field.to_python_value if isinstance(field, fields.DecimalField) else None


@cache
def _hot(model: type[Model]) -> _Hot:
    return _Hot(model)


@cache
def _numbered(sql: str) -> str:
    """asyncpg's placeholders."""
    count = iter(range(1, sql.count("?") + 1))
    return re.sub(r"\?", lambda _match: f"${next(count)}", sql)


_writing: ContextVar[Direct | None] = ContextVar("chuishao_writing", default=None)
_reading: list[Direct] = []


def _direct() -> Direct | None:
    """SQLite's connection: the unit's inside of one, else the readers'. None on PostgreSQL."""
    return _writing.get() or (_reading[-1] if _reading else None)


def _writer() -> Direct | None:
    """The same for changes: outside of a unit the readers' own connection, which refuses them."""
    return _writing.get() or (_reading[0] if _reading else None)


@contextlib.contextmanager
def writing_on(connection: Direct) -> Iterator[None]:
    """Everything in here belongs to the transaction that is open on this connection."""
    token = _writing.set(connection)
    try:
        yield
    finally:
        _writing.reset(token)


@contextlib.contextmanager
def reading_on(connection: Direct) -> Iterator[None]:
    """Where everything that isn't in a unit reads: the newest of those that are open. The first is the readers' own;
    the writer lends its connection while it has nothing to do, for what it has just written is in its cache, while
    the readers' is empty after each commit."""
    _reading.append(connection)
    try:
        yield
    finally:
        _reading.remove(connection)


@contextlib.asynccontextmanager
async def snapshot() -> AsyncIterator[None]:
    """Everything read in here is as of one moment, whatever is written meanwhile."""
    direct = _reading[0] if _reading else None
    if direct is None:
        async with in_transaction("default") as connection:
            await connection.execute_query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield
        return
    direct.raw.execute("BEGIN")
    try:
        with writing_on(direct):
            yield
    finally:
        direct.raw.execute("COMMIT")


def is_shared() -> bool:
    """Whether other processes may be at work on the same database: PostgreSQL."""
    return _direct() is None


def _plain(values: Iterable[Any]) -> list[Any]:
    """Values as asyncpg's codecs want them, which look at the very type."""
    return [value.value if isinstance(value, Enum) else value for value in values]


async def fetch(sql: str, *args: Any) -> Sequence[Row]:
    """The rows of a SELECT, by column."""
    direct = _direct() if sql.startswith("SELECT") else _writer()
    try:
        if direct is not None:
            return direct.raw.execute(sql, args).fetchall()
        return (await get_connection("default").execute_query(_numbered(sql), _plain(args)))[1]
    except Exception as error:
        if gave_way(error):
            raise StorageUnavailableError(str(error)) from error
        raise


async def run(sql: str, *args: Any) -> int:
    """Changes rows; how many."""
    direct = _writer()
    if direct is not None:
        return direct.raw.execute(sql, args).rowcount
    return (await get_connection("default").execute_query(_numbered(sql), _plain(args)))[0]


async def run_many(sql: str, rows: list[tuple[Any, ...]]) -> None:
    """The same statement for each of these rows of values."""
    direct = _writer()
    if direct is not None:
        direct.raw.executemany(sql, rows)
    else:
        await get_connection("default").execute_many(_numbered(sql), [_plain(row) for row in rows])


async def pick(model: type[M], where: str, *args: Any) -> list[M]:
    """The models that fit; `where` goes after WHERE and may end with ORDER BY and LIMIT."""
    hot = _hot(model)
    return [make(model, row) for row in await fetch(hot.select + where, *args)]


async def one(model: type[M], where: str, *args: Any) -> M | None:
    """The first model that fits."""
    found = await pick(model, where, *args)
    return found[0] if found else None


def _row(model: type[Model], values: dict[str, Any]) -> dict[str, Any]:
    """Every field that the database doesn't give by itself: what is given, else its default."""
    hot = _hot(model)
    row = {name: values.pop(name) if name in values else _default(hot.defaults[name]) for name in hot.keys}
    if values:
        raise TypeError(f"{model.__name__} has no {', '.join(values)}")
    return row


async def add(model: type[M], **values: Any) -> M:
    """Inserts a row, whose id the database gives, and returns it; what isn't given is the field's default."""
    hot = _hot(model)
    row = _row(model, values)
    direct = _writer()
    number: Any
    if direct is not None:
        number = direct.raw.execute(hot.insert, tuple(row.values())).lastrowid
    else:
        returning = _numbered(f"{hot.insert} RETURNING id")
        number = (await get_connection("default").execute_insert(returning, _plain(row.values())))["id"]
    made = _blank(model)
    made.__dict__.update(row, id=number)
    return made


async def add_all(model: type[Model], rows: Iterable[Mapping[str, Any]], conflict: str = "") -> None:
    """Inserts many rows, of which every field is given or has a default; `conflict` may be ON CONFLICT DO NOTHING."""
    hot = _hot(model)
    values = [tuple(row[name] if name in row else _default(hot.defaults[name]) for name in hot.keys) for row in rows]
    await run_many(f"{hot.insert} {conflict}", values)


async def add_once(model: type[Model], **values: Any) -> int | None:
    """Inserts a row, unless one like it is there already; its id, None where it didn't."""
    row = list(_row(model, values).values())
    insert = f"{_hot(model).insert} ON CONFLICT DO NOTHING"
    direct = _writer()
    if direct is not None:
        done = direct.raw.execute(insert, row)
        return done.lastrowid if done.rowcount else None
    made = await get_connection("default").execute_insert(_numbered(f"{insert} RETURNING id"), _plain(row))
    return None if made is None else int(made["id"])


async def add_numbered(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows that bring their ids along, and every other field."""
    hot = _hot(model)
    await run_many(hot.insert_numbered, [tuple(row[name] for name in hot.names) for row in rows])


async def change(model: type[Model], number: int, **values: Any) -> int:
    """Updates the row of that id; 1 if there is one."""
    hot = _hot(model)
    sets = ", ".join(f'"{hot.column[name]}" = ?' for name in values)
    return await run(f'UPDATE "{hot.table}" SET {sets} WHERE id = ?', *values.values(), number)


def make(model: type[M], row: Row, start: int = 0) -> M:
    """A model out of a row in which its columns, as `columns` lists them, begin at `start`."""
    hot = _hot(model)
    made = _blank(model)
    state = made.__dict__
    state.update(zip(hot.names, row[start : start + len(hot.names)], strict=True))
    for name, read in hot.readers:
        value = state[name]
        if value is not None:
            state[name] = read(value)
    return made


@cache
def columns(model: type[Model], alias: str) -> str:
    """A model's columns under the alias of its table, for a join."""
    return ", ".join(f'{alias}."{column}"' for column in _hot(model).listed)


async def joined(models: Sequence[type[Model]], source: str, *args: Any) -> list[list[Any]]:
    """Rows of models that are joined: `source` goes after FROM and names the tables `a`, `b`, `c`… in the order of
    `models`. One that a LEFT JOIN didn't find is None."""
    listed = ", ".join(columns(model, "abcdef"[place]) for place, model in enumerate(models))
    starts = list(itertools.accumulate((len(_hot(model).names) for model in models), initial=0))
    return [
        [None if row[start] is None else make(model, row, start) for model, start in zip(models, starts, strict=False)]
        for row in await fetch(f"SELECT {listed} FROM {source}", *args)
    ]


def _blank(model: type[M]) -> M:
    made = model.__new__(model)
    made.__dict__.update(_partial=False, _custom_generated_pk=False, _saved_in_db=True, _await_when_save={})
    return made


def moment(value: Any) -> datetime:
    """A point in time as either engine gives it."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def day(value: Any) -> date | None:
    """A date as either engine gives it."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _default(default: Any) -> Any:
    return default() if callable(default) else default


def among(values: Iterable[Any]) -> tuple[str, Any]:
    """`IN` for a list of any length: the piece of SQL to put after the column, and its one argument."""
    listed = list(values)
    if len(listed) == 1:
        return "= ?", listed[0]
    if is_shared():
        return "= ANY(?)", listed
    return "IN (SELECT value FROM json_each(?))", json.dumps(listed, ensure_ascii=False)


def for_update() -> str:
    """Locks the rows that are read, where the engine has more than one writer."""
    return " FOR UPDATE" if is_shared() else ""


def relate(row: Model, **related: Any) -> None:
    """Sets what tortoise would have prefetched: a model (or None) for a foreign key, a list for the way back."""
    for name, value in related.items():
        if isinstance(value, list):
            getattr(row, name)._set_result_for_query(value)
        else:
            row.__dict__[f"_{name}"] = value


SPEAKS_SQL = frozenset(
    {
        *("storage.engine.audit", "storage.engine.once", "storage.engine.replicas", "storage.engine.schema"),
        *("storage.people.area", "storage.people.person", "storage.people.endpoint"),
        *(
            "storage.post.inbox",
            "storage.post.outbox",
            "storage.post.delivery",
            "storage.post.question",
            "storage.post.waking",
        ),
        *("storage.duty.court", "storage.duty.shift", "storage.duty.leave", "storage.duty.ladder"),
        *("storage.cases.case", "storage.cases.debtor", "storage.cases.follow"),
        *("storage.reading.candidates", "storage.reading.index"),
        *(
            "storage.alerts.sighting",
            "storage.alerts.attachment",
            "storage.alerts.alert",
            "storage.alerts.timeline",
            "storage.alerts.raising",
        ),
        *("storage.alerts.steps", "storage.alerts.escalation"),
        # What a report passes through ends here. These go through more rows than a query builder plans well for, or
        # through the tables of any noun by name.
        *(
            "storage.desk.listing",
            "storage.desk.figures",
            "storage.desk.endings",
            "storage.post.retention",
            "storage.imports.journal",
        ),
    }
)
"""The modules of `storage/` that speak SQL by way of this one; all others use tortoise's querysets, and none does both.
What is in here, and that the plans of its statements use indexes, is tested."""
