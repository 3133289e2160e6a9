"""Keeps, blindly, who was erased, so that no file brings them back: marks that only the key can make."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from storage.engine.secret import Secrets
from storage.engine.unit import unit
from storage.noun import Fate, Noun, Record


class Erased(Model):
    """One mark of somebody who was erased."""

    id = fields.IntField(primary_key=True)
    mark = fields.CharField(max_length=64, db_index=True)
    at = fields.DatetimeField()

    class Meta:
        table = "erased"


SEVENTEEN = 17
"""Digits of an id number by which somebody is known: the eighteenth is worked out, and in files often wrong."""


def by_number(secrets: Secrets, number: str) -> str:
    """Makes the mark of an id number."""
    return secrets.index(f"erased:id:{number[:SEVENTEEN]}")


def by_case(secrets: Secrets, name: str, case: str) -> str:
    """Makes the mark of a name in a case, for files that leave the number out."""
    return secrets.index(f"erased:{name}:{case}")


async def note(name: str, number: str, cases: Iterable[str]) -> None:
    """Notes somebody who is being erased; `number` is empty where it isn't known. Needs a unit."""
    secrets = unit().secrets
    made = [by_case(secrets, name, one) for one in cases] + ([by_number(secrets, number)] if number else [])
    await Erased.bulk_create([Erased(mark=one, at=unit().now) for one in made])


async def when(wanted: Iterable[str]) -> Mapping[str, datetime]:
    """Finds which of these marks there are, and since when."""
    return dict(await Erased.filter(mark__in=sorted(set(wanted))).values_list("mark", "at"))


NOUN = Noun((Record(Erased, erasing=Fate.STAYS, leaving=Fate.NONE),))
