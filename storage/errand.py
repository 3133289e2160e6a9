"""What is to be done once a day and a place, by whichever process comes to it first."""

from datetime import date

from tortoise import fields
from tortoise.models import Model

from storage.sql import fetch


class Errand(Model):
    """Done, for this place, on this day."""

    id = fields.IntField(primary_key=True)
    kind = fields.CharField(max_length=20)
    place = fields.CharField(max_length=20)
    day = fields.CharField(max_length=10)

    class Meta:
        table = "errand"
        unique_together = (("kind", "place", "day"),)


async def take(kind: str, place: str, day: date) -> bool:
    """Whether it is this unit's to do: nobody has done it before. Needs a unit."""
    sql = "INSERT INTO errand (kind, place, day) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING id"
    return bool(await fetch(sql, kind, place, day.isoformat()))
