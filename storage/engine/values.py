"""Values of records as JSON has them, and back: for exports, and for what an import can take back."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from tortoise import fields
from tortoise.fields.base import Field
from tortoise.models import Model


def columns_of(model: type[Model]) -> dict[str, Field[Any]]:
    """Returns a model's columns by the names of its fields, in order."""
    return {name: model._meta.fields_map[name] for name in model._meta.fields_db_projection}


def to_json(value: Any) -> Any:
    """Converts a value for JSON: times in ISO form, amounts as text, states by their values."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def from_json(field: Field[Any], value: Any) -> Any:
    """Converts what `to_json` made of a field's value back into what the field takes."""
    if value is None:
        return None
    if isinstance(field, fields.DatetimeField):
        return datetime.fromisoformat(value)
    if isinstance(field, fields.DateField):
        return date.fromisoformat(value)
    return Decimal(value) if isinstance(field, fields.DecimalField) else value


def column(values: Any) -> list[Any]:
    """Lists a column of a query, as `values_list(name, flat=True)` gives it, which tortoise types as tuples."""
    return list(values)
