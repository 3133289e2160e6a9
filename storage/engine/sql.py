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
from enum import Enum
from functools import cache
from typing import Any

from tortoise.connection import get_connection
from tortoise.models import Model
from tortoise.transactions import in_transaction

from storage.engine.failure import StorageUnavailableError, gave_way
from storage.engine.mapper import M, Row, blank, columns, default_of, make, map_of, row_of
from storage.engine.sqlite import Direct

HOT = "hot"
"""The alias of SQLite's connection for reading by index."""


@cache
def _numbered(sql: str) -> str:
    """Replaces each `?` by asyncpg's numbered placeholders."""
    count = iter(range(1, sql.count("?") + 1))
    return re.sub(r"\?", lambda _match: f"${next(count)}", sql)


_writing: ContextVar[Direct | None] = ContextVar("chuishao_writing", default=None)

_reading: list[Direct] = []


def _direct() -> Direct | None:
    """Returns SQLite's connection: the unit's inside of one, else the one to read on. None on PostgreSQL."""
    return _writing.get() or (_reading[-1] if _reading else None)


def _writer() -> Direct | None:
    """Returns the same for changes: outside of a unit the readers' own connection, which refuses them."""
    return _writing.get() or (_reading[0] if _reading else None)


@contextlib.contextmanager
def writing_on(connection: Direct) -> Iterator[None]:
    """Makes everything in here part of the transaction that is open on this connection."""
    token = _writing.set(connection)
    try:
        yield
    finally:
        _writing.reset(token)


@contextlib.contextmanager
def reading_on(connection: Direct) -> Iterator[None]:
    """Lets everything that isn't in a unit read on this connection; of several that are open the newest counts. The
    first is the readers' own; the writer lends its connection while it has nothing to do, for what it has just
    written is in its cache, while the readers' is empty after each commit."""
    _reading.append(connection)
    try:
        yield
    finally:
        _reading.remove(connection)


@contextlib.asynccontextmanager
async def snapshot() -> AsyncIterator[None]:
    """Keeps everything read in here as of one moment, whatever is written meanwhile."""
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
    """Tells whether other processes may be at work on the same database: on PostgreSQL."""
    return _direct() is None


def _plain(values: Iterable[Any]) -> list[Any]:
    """Replaces enum members by their values: asyncpg's codecs look at the exact type."""
    return [value.value if isinstance(value, Enum) else value for value in values]


async def fetch(sql: str, *args: Any) -> Sequence[Row]:
    """Returns the rows of a SELECT, by column."""
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
    """Changes rows and returns how many."""
    direct = _writer()
    if direct is not None:
        return direct.raw.execute(sql, args).rowcount
    return (await get_connection("default").execute_query(_numbered(sql), _plain(args)))[0]


async def run_many(sql: str, rows: list[tuple[Any, ...]]) -> None:
    """Runs the same statement for each of these rows of values."""
    direct = _writer()
    if direct is not None:
        direct.raw.executemany(sql, rows)
    else:
        await get_connection("default").execute_many(_numbered(sql), [_plain(row) for row in rows])


async def pick(model: type[M], where: str, *args: Any) -> list[M]:
    """Loads the models that fit; `where` goes after WHERE and may end with ORDER BY and LIMIT."""
    hot = map_of(model)
    return [make(model, row) for row in await fetch(hot.select + where, *args)]


async def one(model: type[M], where: str, *args: Any) -> M | None:
    """Loads the first model that fits, or None."""
    found = await pick(model, where, *args)
    return found[0] if found else None


async def add(model: type[M], **values: Any) -> M:
    """Inserts a row, whose id the database gives, and returns it; what isn't given is the field's default."""
    hot = map_of(model)
    row = row_of(model, values)
    direct = _writer()
    number: Any
    if direct is not None:
        number = direct.raw.execute(hot.insert, tuple(row.values())).lastrowid
    else:
        returning = _numbered(f"{hot.insert} RETURNING id")
        number = (await get_connection("default").execute_insert(returning, _plain(row.values())))["id"]
    made = blank(model)
    made.__dict__.update(row, id=number)
    return made


async def add_all(model: type[Model], rows: Iterable[Mapping[str, Any]], conflict: str = "") -> None:
    """Inserts many rows, of which every field is given or has a default; `conflict` may be ON CONFLICT DO NOTHING."""
    hot = map_of(model)
    values = [tuple(row[name] if name in row else default_of(hot.defaults[name]) for name in hot.keys) for row in rows]
    await run_many(f"{hot.insert} {conflict}", values)


async def add_once(model: type[Model], **values: Any) -> int | None:
    """Inserts a row, unless one like it is there already; returns its id, None where it didn't."""
    row = list(row_of(model, values).values())
    insert = f"{map_of(model).insert} ON CONFLICT DO NOTHING"
    direct = _writer()
    if direct is not None:
        done = direct.raw.execute(insert, row)
        return done.lastrowid if done.rowcount else None
    made = await get_connection("default").execute_insert(_numbered(f"{insert} RETURNING id"), _plain(row))
    return None if made is None else int(made["id"])


async def add_numbered(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows that bring their ids along, and every other field."""
    hot = map_of(model)
    await run_many(hot.insert_numbered, [tuple(row[name] for name in hot.names) for row in rows])


async def change(model: type[Model], number: int, **values: Any) -> int:
    """Updates the row of that id; returns 1 if there is one."""
    hot = map_of(model)
    sets = ", ".join(f'"{hot.column[name]}" = ?' for name in values)
    return await run(f'UPDATE "{hot.table}" SET {sets} WHERE id = ?', *values.values(), number)


async def joined(models: Sequence[type[Model]], source: str, *args: Any) -> list[list[Any]]:
    """Loads rows of models that are joined: `source` goes after FROM and names the tables `a`, `b`, `c`… in the order
    of `models`. One that a LEFT JOIN didn't find is None."""
    listed = ", ".join(columns(model, "abcdef"[place]) for place, model in enumerate(models))
    starts = list(itertools.accumulate((len(map_of(model).names) for model in models), initial=0))
    return [
        [None if row[start] is None else make(model, row, start) for model, start in zip(models, starts, strict=False)]
        for row in await fetch(f"SELECT {listed} FROM {source}", *args)
    ]


def among(values: Iterable[Any]) -> tuple[str, Any]:
    """Builds `IN` for a list of any length: the piece of SQL to put after the column, and its one argument."""
    listed = list(values)
    if len(listed) == 1:
        return "= ?", listed[0]
    if is_shared():
        return "= ANY(?)", listed
    return "IN (SELECT value FROM json_each(?))", json.dumps(listed, ensure_ascii=False)


def for_update() -> str:
    """Returns what to add to a SELECT so that it locks its rows, where the engine has more than one writer."""
    return " FOR UPDATE" if is_shared() else ""


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
