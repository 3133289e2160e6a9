"""The hot way's statements: prepared, by index, without a query builder between.

Written with `?` for both engines. Everything here runs in the unit that is running, else on the readers' connection.
Models come out as tortoise makes them, so that whoever gets one need not know which way it came.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from tortoise import fields
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection
from tortoise.fields.base import Field
from tortoise.models import Model

from storage.sqlite import Direct

M = TypeVar("M", bound=Model)
Row = Mapping[str, Any]
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
        self.generated = len(keys) < len(self.names)
        self.insert = f'INSERT INTO "{self.table}" ({listed}) VALUES ({holes})'
        self.select = f'SELECT {self.columns} FROM "{self.table}" WHERE '
        self.readers = [
            (column, name, _reader(meta.fields_map[name])) for column, name in zip(columns, self.names, strict=True)
        ]
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
        return lambda value: value if isinstance(value, date) else date.fromisoformat(value)
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


def _client() -> tuple[BaseDBAsyncClient, Direct | None]:
    """The unit's connection, else the readers'; and the same as SQLite, if it is."""
    client = get_connection("default")
    connection = getattr(client, "_connection", None)
    if isinstance(connection, Direct):
        return client, connection
    if client.capabilities.dialect == "sqlite":
        hot = get_connection(HOT)
        return hot, getattr(hot, "_connection", None)
    return client, None


def _plain(value: Any) -> Any:
    """Values as asyncpg's codecs want them, which look at the very type."""
    return value.value if isinstance(value, Enum) else value


async def fetch(sql: str, *args: Any) -> Sequence[Row]:
    """The rows of a SELECT, by column."""
    client, direct = _client()
    if direct is not None:
        return direct.raw.execute(sql, args).fetchall()
    return (await client.execute_query(_numbered(sql), [_plain(arg) for arg in args]))[1]


async def run(sql: str, *args: Any) -> int:
    """Changes rows; how many."""
    client, direct = _client()
    if direct is not None:
        return direct.raw.execute(sql, args).rowcount
    return (await client.execute_query(_numbered(sql), [_plain(arg) for arg in args]))[0]


async def pick(model: type[M], where: str, *args: Any) -> list[M]:
    """The models that fit; `where` goes behind WHERE and may end with ORDER BY and LIMIT."""
    hot = _hot(model)
    return [make(model, row) for row in await fetch(hot.select + where, *args)]


async def one(model: type[M], where: str, *args: Any) -> M | None:
    """The first model that fits."""
    found = await pick(model, where, *args)
    return found[0] if found else None


async def add(model: type[M], **values: Any) -> M:
    """Inserts a row and returns it; what isn't given is the field's default."""
    hot = _hot(model)
    row = {name: values.pop(name) if name in values else _default(hot.defaults[name]) for name in hot.keys}
    if values:
        raise TypeError(f"{model.__name__} has no {', '.join(values)}")
    client, direct = _client()
    number: Any = None
    if direct is not None:
        number = direct.raw.execute(hot.insert, tuple(row.values())).lastrowid
    elif hot.generated:
        found = await client.execute_insert(
            _numbered(f"{hot.insert} RETURNING id"), [_plain(value) for value in row.values()]
        )
        number = found["id"]
    else:
        await client.execute_insert(_numbered(hot.insert), [_plain(value) for value in row.values()])
    made = _blank(model)
    made.__dict__.update(row)
    if hot.generated:
        made.__dict__["id"] = number
    return made


async def add_all(model: type[Model], rows: Iterable[Mapping[str, Any]], conflict: str = "") -> None:
    """Inserts many rows, of which every field is given or has a default; `conflict` may be ON CONFLICT DO NOTHING."""
    hot = _hot(model)
    values = [tuple(row[name] if name in row else _default(hot.defaults[name]) for name in hot.keys) for row in rows]
    sql = f"{hot.insert} {conflict}"
    client, direct = _client()
    if direct is not None:
        direct.raw.executemany(sql, values)
    else:
        await client.execute_many(_numbered(sql), [[_plain(value) for value in row] for row in values])


async def add_numbered(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows that bring their ids along, and every other field."""
    hot = _hot(model)
    values = [tuple(row[name] for name in hot.names) for row in rows]
    sql = f'INSERT INTO "{hot.table}" ({hot.columns}) VALUES ({", ".join("?" * len(hot.names))})'
    client, direct = _client()
    if direct is not None:
        direct.raw.executemany(sql, values)
    else:
        await client.execute_many(_numbered(sql), [[_plain(value) for value in row] for row in values])


async def change(model: type[Model], number: int, **values: Any) -> int:
    """Updates the row of that id; 1 if there is one."""
    hot = _hot(model)
    sets = ", ".join(f'"{hot.column[name]}" = ?' for name in values)
    return await run(f'UPDATE "{hot.table}" SET {sets} WHERE id = ?', *values.values(), number)


def make(model: type[M], row: Row) -> M:
    """A model out of a row that has all its columns."""
    made = _blank(model)
    state = made.__dict__
    for column, name, read in _hot(model).readers:
        value = row[column]
        state[name] = value if read is None or value is None else read(value)
    return made


def _blank(model: type[M]) -> M:
    made = model.__new__(model)
    made.__dict__.update(_partial=False, _saved_in_db=True, _custom_generated_pk=False, _await_when_save={})
    return made


def moment(value: Any) -> datetime:
    """A point in time as either engine gives it."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _default(default: Any) -> Any:
    return default() if callable(default) else default


def among(values: Iterable[Any]) -> tuple[str, Any]:
    """`IN` for a list of any length: the piece of SQL to put behind the column, and its one argument."""
    direct = _client()[1]
    listed = list(values)
    if direct is not None:
        return "IN (SELECT value FROM json_each(?))", json.dumps(listed, ensure_ascii=False)
    return "= ANY(?)", listed


def for_update() -> str:
    """Locks the rows that are read, where the engine has more than one writer."""
    return "" if _client()[1] is not None else " FOR UPDATE"


def relate(row: Model, **related: Any) -> None:
    """Sets what tortoise would have prefetched: a model (or None) for a foreign key, a list for the way back."""
    for name, value in related.items():
        if isinstance(value, list):
            getattr(row, name)._set_result_for_query(value)
        else:
            row.__dict__[f"_{name}"] = value
