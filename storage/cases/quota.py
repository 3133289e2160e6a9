"""How many names somebody may look up in an hour: who needs more is copying the list."""

from datetime import timedelta
from enum import Enum, auto

from tortoise import fields
from tortoise.models import Model

from storage.engine import audit
from storage.engine.unit import unit
from storage.noun import Fate, Noun, Record
from storage.people.person import Person
from storage.post.outbox import tell_admins

AN_HOUR = timedelta(hours=1)
LOOK_UPS = 200


class Verdict(Enum):
    GOES = auto()
    STOPPED = auto()


class Quota(Model):
    """The look-ups of one person's present hour."""

    id = fields.IntField(primary_key=True)
    person_id = fields.IntField(unique=True)
    since = fields.DatetimeField()
    count = fields.IntField()

    class Meta:
        table = "quota"


async def look_up(person: Person) -> Verdict:
    """Counts one; the first over LOOK_UPS tells the administrators. Needs a unit."""
    now = unit().now
    row = await Quota.select_for_update().get_or_none(person_id=person.id)
    if row is None:
        await Quota.create(person_id=person.id, since=now, count=1)
        return Verdict.GOES
    if not row.since <= now < row.since + AN_HOUR:
        await Quota.filter(id=row.id).update(since=now, count=1)
        return Verdict.GOES
    await Quota.filter(id=row.id).update(count=row.count + 1)
    if row.count == LOOK_UPS:
        audit.record("reading.stopped", person.actor, count=row.count)
        await tell_admins(person.area_code, "privacy.alarm", name=person.name, count=LOOK_UPS)
    return Verdict.GOES if row.count < LOOK_UPS else Verdict.STOPPED


NOUN = Noun((Record(Quota, erasing=Fate.NONE, leaving=Fate.STAYS),))
