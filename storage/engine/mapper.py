"""Makes models out of rows without tortoise's query builder, and rows out of values.

The one place that knows tortoise from inside: which private fields an instance has, how relations are set. Its tests
hold it against the pinned version: what is made here is what a queryset gives.
"""

from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

from tortoise import fields
from tortoise.fields.base import Field
from tortoise.models import Model

M = TypeVar("M", bound=Model)

Row = Any
"""A row of either engine, by column or place."""


class ModelMap:
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
    """Returns what converts the field's value from either engine; None where it comes as it is."""
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
def map_of(model: type[Model]) -> ModelMap:
    return ModelMap(model)


def row_of(model: type[Model], values: dict[str, Any]) -> dict[str, Any]:
    """Fills every field that the database doesn't give by itself: with what is given, else its default."""
    hot = map_of(model)
    row = {name: values.pop(name) if name in values else default_of(hot.defaults[name]) for name in hot.keys}
    if values:
        raise TypeError(f"{model.__name__} has no {', '.join(values)}")
    return row


def make(model: type[M], row: Row, start: int = 0) -> M:
    """Makes a model out of a row in which its columns, as `columns` lists them, begin at `start`."""
    hot = map_of(model)
    made = blank(model)
    state = made.__dict__
    state.update(zip(hot.names, row[start : start + len(hot.names)], strict=True))
    for name, read in hot.readers:
        value = state[name]
        if value is not None:
            state[name] = read(value)
    return made


@cache
def columns(model: type[Model], alias: str) -> str:
    """Lists a model's columns under the alias of its table, for a join."""
    return ", ".join(f'{alias}."{column}"' for column in map_of(model).listed)


def blank(model: type[M]) -> M:
    made = model.__new__(model)
    made.__dict__.update(_partial=False, _custom_generated_pk=False, _saved_in_db=True, _await_when_save={})
    return made


def moment(value: Any) -> datetime:
    """Reads a point in time as either engine gives it."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def day(value: Any) -> date | None:
    """Reads a date as either engine gives it."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def default_of(default: Any) -> Any:
    return default() if callable(default) else default


def relate(row: Model, **related: Any) -> None:
    """Sets what tortoise would have prefetched: a model (or None) for a foreign key, a list for the way back."""
    for name, value in related.items():
        if isinstance(value, list):
            getattr(row, name)._set_result_for_query(value)
        else:
            row.__dict__[f"_{name}"] = value
