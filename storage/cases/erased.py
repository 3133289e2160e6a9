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


def marks(secrets: Secrets, name: str, id_index: str, cases: Iterable[str]) -> list[str]:
    """Makes the marks of somebody: one by the id number, by its blind index, where there is one; and one by the name
    for each case, for files that leave the number out."""
    said = [f"id:{id_index}"] if id_index else []
    return [secrets.index(f"erased:{one}") for one in (*said, *(f"{name}:{number}" for number in cases))]


async def note(name: str, id_index: str, cases: Iterable[str]) -> None:
    """Notes somebody who is being erased. Needs a unit."""
    made = marks(unit().secrets, name, id_index, cases)
    await Erased.bulk_create([Erased(mark=one, at=unit().now) for one in made])


async def when(wanted: Iterable[str]) -> Mapping[str, datetime]:
    """Finds which of these marks there are, and since when."""
    return dict(await Erased.filter(mark__in=sorted(set(wanted))).values_list("mark", "at"))


NOUN = Noun((Record(Erased, erasing=Fate.STAYS, leaving=Fate.NONE),))
