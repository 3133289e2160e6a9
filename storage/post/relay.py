"""What judge and reporter say to each other through the bot, so that a 保密 reporter can be asked too."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from storage.engine import audit
from storage.engine.unit import unit
from storage.noun import Fate, Noun, Record
from storage.people.person import Person


class Direction(StrEnum):
    TO_REPORTER = "to_reporter"
    TO_JUDGE = "to_judge"


class Relay(Model):
    """One sentence on its way through. `sighting_id` says whose report it is about."""

    id = fields.IntField(primary_key=True)
    alert_id = fields.IntField(db_index=True)
    sighting_id = fields.IntField()
    direction = fields.CharEnumField(Direction, max_length=12)
    author_id = fields.IntField()
    asker_id = fields.IntField()
    text = fields.TextField()
    at = fields.DatetimeField()

    class Meta:
        table = "relay"


async def by_id(relay_id: int) -> Relay | None:
    return await Relay.get_or_none(id=relay_id)


async def last_answer(author_id: int, since: datetime) -> Relay | None:
    """Finds the newest answer that this reporter gave a judge since then."""
    answers = Relay.filter(author_id=author_id, direction=Direction.TO_JUDGE, at__gte=since)
    return await answers.order_by("-id").first()


async def say(direction: Direction, alert_id: int, sighting_id: int, author: Person, asker_id: int, text: str) -> Relay:
    row = await Relay.create(
        alert_id=alert_id,
        sighting_id=sighting_id,
        direction=direction,
        author_id=author.id,
        asker_id=asker_id,
        text=text,
        at=unit().now,
    )
    audit.record("relay.said", f"alert:{alert_id}", actor=author.actor, direction=direction)
    return row


async def _thins(reports: Sequence[int], _words: str) -> None:
    """Empties what judge and reporter said to each other about these reports."""
    await Relay.filter(sighting_id__in=list(reports)).update(text="")


NOUN = Noun((Record(Relay, erasing=Fate.GOES, leaving=Fate.STAYS, thinning=Fate.GOES),), thins=_thins)
