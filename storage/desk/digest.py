"""What somebody wants to have told regularly: each day at an hour, or on Monday about the week."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from storage.desk import listing
from storage.engine import audit
from storage.engine.clock import local
from storage.engine.unit import unit
from storage.engine.values import column
from storage.noun import Due, Fate, Noun, Pointer, Record
from storage.people.person import Person, by_id
from storage.post.outbox import Lane, put_to_person


class Rhythm(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"


class Digest(Model):
    """The next one is due at `next_at`."""

    id = fields.IntField(primary_key=True)
    person_id = fields.IntField()
    rhythm = fields.CharEnumField(Rhythm, max_length=10)
    hour = fields.SmallIntField()
    next_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "digest"
        unique_together = (("person_id", "rhythm"),)


def next_time(rhythm: Rhythm, hour: int, now: datetime) -> datetime:
    """Returns the next day at this hour, or the next Monday, later than now; in UTC."""
    here = local(now)
    at = here.replace(hour=hour, minute=0, second=0, microsecond=0)
    if rhythm is Rhythm.WEEKLY:
        at -= timedelta(days=at.weekday())
    step = timedelta(days=7 if rhythm is Rhythm.WEEKLY else 1)
    return (at if at > here else at + step).astimezone(UTC)


async def of(person_id: int) -> list[Digest]:
    return await Digest.filter(person_id=person_id).order_by("rhythm")


async def want(person: Person, rhythm: Rhythm, hour: int) -> None:
    """Sets that from now on it comes at this hour. Needs a unit."""
    await Digest.filter(person_id=person.id, rhythm=rhythm).delete()
    next_at = next_time(rhythm, hour, unit().now)
    await Digest.create(person_id=person.id, rhythm=rhythm, hour=hour, next_at=next_at)
    audit.record("digest.wanted", person.actor, actor=person.actor, rhythm=rhythm, hour=hour)


async def stop(person: Person) -> int:
    """Ends all digests of the person; returns how many there were. Needs a unit."""
    audit.record("digest.stopped", person.actor, actor=person.actor)
    return await Digest.filter(person_id=person.id).delete()


async def due(now: datetime) -> list[int]:
    query = Digest.filter(next_at__lte=now).order_by("next_at").limit(100)
    return column(await query.values_list("id", flat=True))


async def send(digest_id: int) -> None:
    """Queues it, if it is still due: one that an outage has held up comes once. Needs a unit."""
    now = unit().now
    for row in await Digest.select_for_update().filter(id=digest_id, next_at__lte=now):
        await Digest.filter(id=row.id).update(next_at=next_time(row.rhythm, row.hour, now))
        args = {"at": now.isoformat()}
        await put_to_person(row.person_id, row.rhythm.value, lane=Lane.DIGEST, fresh=True, args=args)
        reader = await by_id(row.person_id)
        if row.rhythm is Rhythm.WEEKLY and reader is not None:
            kept = await listing.keep(reader, (await listing.understand("上周", reader, now))[0])
            await put_to_person(row.person_id, "report", kept.id, lane=Lane.DIGEST, fresh=True)


async def end_all(person_id: int) -> None:
    """Ends everything that the person is told regularly. Needs a unit."""
    await Digest.filter(person_id=person_id).delete()


NOUN = Noun(
    (Record(Digest, erasing=Fate.NONE, leaving=Fate.GOES),),
    due=Due(due, send, "timer:digest"),
    leaves_with=end_all,
    changes_role=end_all,
    points=(Pointer("digest", "person_id", "person"),),
)
