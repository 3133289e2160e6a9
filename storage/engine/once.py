"""What is to be done once a day and a place, by whichever process comes to it first."""

from datetime import date

from tortoise import fields
from tortoise.models import Model

from storage.engine.sql import add_once
from storage.noun import Fate, Noun, Record


class Once(Model):
    """Done, for this place, on this day."""

    id = fields.IntField(primary_key=True)
    kind = fields.CharField(max_length=20)
    place = fields.CharField(max_length=20)
    day = fields.CharField(max_length=10)

    class Meta:
        table = "errand"
        unique_together = (("kind", "place", "day"),)


async def first_today(kind: str, place: str, day: date) -> bool:
    """Tells whether this unit is the first to do it, and notes that it has been done. Needs a unit."""
    return await add_once(Once, kind=kind, place=place, day=day.isoformat()) is not None


NOUN = Noun((Record(Once, erasing=Fate.NONE, leaving=Fate.NONE),))
