"""Photos, voice messages and locations that belong to what was reported."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model

from storage.engine import audit
from storage.engine.sql import add, among, change, for_update, is_shared, one, pick, run
from storage.engine.unit import unit
from storage.noun import Erasure, Fate, Noun, Record
from storage.people.area import bounds_of, county_of
from storage.people.endpoint import Address
from storage.people.person import Person
from storage.post import outbox

BELONGS = timedelta(minutes=10)
"""A photo this long before or after the sentence belongs to it."""


EXPLAINED = timedelta(seconds=60)
"""So long a photo or voice waits for a sentence; then somebody at the court looks at it or hears it."""
LOOKED_BACK = timedelta(hours=1)
"""What is older belongs to the past: a start after a long pause raises no alarm about it."""
HEARD_AGAIN = timedelta(seconds=10)
"""After so long the machine that writes down what is said is asked again, where it gave no answer."""
HEARD_WITHIN = timedelta(minutes=10)
LONGEST_WORDS = 2000


class AttachmentKind(StrEnum):
    PHOTO = "photo"
    VOICE = "voice"
    LOCATION = "location"
    VIDEO = "video"
    ANIMATION = "animation"
    VIDEO_NOTE = "video_note"
    AUDIO = "audio"
    DOCUMENT = "document"


SPOKEN = frozenset({AttachmentKind.VOICE, AttachmentKind.AUDIO, AttachmentKind.VIDEO_NOTE})


class Attachment(Model):
    """One file (by the far end's `file_id`) or place. `sighting_id` is empty until the sentence has come. `words` is
    what a machine has heard in it; it is asked at `hear_at`, which is empty once it has answered or was given up."""

    id = fields.IntField(primary_key=True)
    reporter: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "chuishao.Person", related_name="attachments", on_delete=fields.CASCADE
    )
    reporter_id: int
    sighting_id = fields.IntField(null=True, db_index=True)
    kind = fields.CharEnumField(AttachmentKind, max_length=10)
    channel = fields.CharField(max_length=10)
    file_id = fields.CharField(max_length=200, default="")
    latitude = fields.FloatField(null=True)
    longitude = fields.FloatField(null=True)
    at = fields.DatetimeField()
    said_at = fields.DatetimeField(null=True)
    """When it was sent, where that was earlier than it came: the phone had no signal."""
    chat_id = fields.BigIntField(default=0)
    message_id = fields.BigIntField(default=0)
    words = fields.TextField(default="")
    hear_at = fields.DatetimeField(null=True, db_index=True)

    class Meta:
        table = "attachment"
        indexes = (("reporter_id", "at"),)


async def keep(
    reporter: Person,
    kind: AttachmentKind,
    channel: str,
    *,
    chat_id: int = 0,
    message_id: int = 0,
    said_at: datetime | None = None,
    file_id: str = "",
    latitude: float | None = None,
    longitude: float | None = None,
    sighting_id: int | None = None,
) -> Attachment:
    """Records the attachment before anything is decided about it."""
    row = await add(
        Attachment,
        reporter_id=reporter.id,
        kind=kind,
        channel=channel,
        file_id=file_id,
        latitude=latitude,
        longitude=longitude,
        at=unit().now,
        sighting_id=sighting_id,
        chat_id=chat_id,
        message_id=message_id,
        said_at=said_at,
        hear_at=unit().now if kind in SPOKEN else None,
    )
    audit.record("attachment.kept", f"attachment:{row.id}", actor=reporter.actor, kind=kind)
    return row


async def by_id(attachment_id: int, *, locked: bool = False) -> Attachment | None:
    return await one(Attachment, f"id = ?{for_update() if locked else ''}", attachment_id)


async def bare(attachment_id: int, reporter_id: int) -> Attachment | None:
    """Finds the person's own attachment, if it doesn't belong to a report yet."""
    return await one(Attachment, "id = ? AND reporter_id = ? AND sighting_id IS NULL", attachment_id, reporter_id)


async def belong(row: Attachment, sighting_id: int) -> None:
    """Makes it part of that report from now on. Needs a unit."""
    row.sighting_id = sighting_id
    await change(Attachment, row.id, sighting_id=sighting_id)


async def of_reporter(attachment_id: int, reporter_id: int) -> Attachment | None:
    return await one(Attachment, "id = ? AND reporter_id = ?", attachment_id, reporter_id)


async def set_free(row: Attachment) -> None:
    """Takes it out of its report: it belongs to what is said about it from now on. Needs a unit."""
    row.sighting_id, row.at = None, unit().now
    await change(Attachment, row.id, sighting_id=None, at=row.at)


async def withdraw(row: Attachment) -> None:
    """Deletes what its sender takes back. Needs a unit."""
    await run("DELETE FROM attachment WHERE id = ?", row.id)
    audit.record("attachment.withdrawn", f"attachment:{row.id}", actor=f"person:{row.reporter_id}")


async def gather_recent(reporter: Person, sighting_id: int, at: datetime | None = None) -> None:
    """Makes what the reporter sent shortly before the sentence part of it."""
    since = min(unit().now, at or unit().now) - BELONGS
    await run(
        "UPDATE attachment SET sighting_id = ? WHERE reporter_id = ? AND sighting_id IS NULL AND at >= ?",
        sighting_id,
        reporter.id,
        since,
    )


async def unexplained(now: datetime, limit: int = 100) -> list[Attachment]:
    """Lists what came a minute ago and belongs to no report: a voice that nobody has put into words, a photo of
    somebody. A place by itself tells nothing."""
    where = (
        "sighting_id IS NULL AND at <= ? AND at > ? AND kind <> ? "
        "AND EXISTS (SELECT 1 FROM person WHERE person.id = attachment.reporter_id AND active = ?) "
        f"ORDER BY id LIMIT {limit:d}"
    )
    return await pick(Attachment, where, now - EXPLAINED, now - LOOKED_BACK, AttachmentKind.LOCATION, True)


async def unheard(now: datetime, channels: Sequence[str], limit: int) -> list[Attachment]:
    """Lists the voices on these channels that a machine shall listen to now, the newest first: whoever speaks waits."""
    names, value = among(channels)
    where = f"hear_at > ? AND hear_at <= ? AND at > ? AND channel {names} ORDER BY hear_at DESC LIMIT {limit:d}"
    return await pick(Attachment, where, now - LOOKED_BACK, now, now - LOOKED_BACK, value)


async def listen(row: Attachment, lease: timedelta) -> bool:
    """Takes a voice in hand for so long; then somebody may ask the machine anew. False where somebody else has it, or
    it has been heard meanwhile. Needs a unit."""
    now = unit().now
    return bool(await run("UPDATE attachment SET hear_at = ? WHERE id = ? AND hear_at <= ?", now + lease, row.id, now))


async def heard(row: Attachment, words: str) -> None:
    """Keeps what a machine has heard. Needs a unit."""
    row.words, row.hear_at = words[:LONGEST_WORDS], None
    await change(Attachment, row.id, words=row.words, hear_at=None)
    audit.record("attachment.heard", f"attachment:{row.id}")


async def hear_later(row: Attachment) -> None:
    """Lets the machine be asked again; what is too old for that is given up. Needs a unit."""
    now = unit().now
    again = now + HEARD_AGAIN if now - row.at < HEARD_WITHIN else None
    await run("UPDATE attachment SET hear_at = ? WHERE id = ? AND hear_at IS NOT NULL", again, row.id)


async def release(sighting_id: int) -> None:
    """Frees what was gathered for words that rang nobody: the sentence that explains it may be still to come."""
    await run("UPDATE attachment SET sighting_id = NULL WHERE sighting_id = ?", sighting_id)


async def of_sighting(sighting_id: int) -> list[Attachment]:
    return await pick(Attachment, "sighting_id = ? ORDER BY id", sighting_id)


async def of_report_and_witnesses(root_id: int) -> list[Attachment]:
    """Loads what came with a report and with its witnesses' words."""
    where = "sighting_id = ? OR sighting_id IN (SELECT id FROM sighting WHERE joined_id = ?) ORDER BY sighting_id, id"
    return await pick(Attachment, where, root_id, root_id)


async def place_of(sighting_ids: list[int]) -> tuple[float, float] | None:
    """Returns latitude and longitude of the newest place that was sent with one of these reports."""
    words, value = among(sighting_ids)
    found = await pick(
        Attachment, f"sighting_id {words} AND latitude IS NOT NULL AND longitude IS NOT NULL ORDER BY id DESC", value
    )
    return (found[0].latitude or 0.0, found[0].longitude or 0.0) if found else None


async def _unsay(where: str, *args: Any) -> None:
    """Deletes attachments, and takes the messages back in which they came."""
    for row in await pick(Attachment, where, *args):
        if row.chat_id and row.message_id:
            await outbox.unsay(Address(row.channel, row.chat_id), row.message_id)
        await run("DELETE FROM attachment WHERE id = ?", row.id)


async def _thins(reports: Sequence[int], _words: str) -> None:
    """Deletes what came with a report along with its words."""
    within, value = among(reports)
    await _unsay(f"sighting_id {within}", value)


async def _erases(what: Erasure) -> None:
    """Takes out what was heard of the name in the court's voices that belong to no report; one that may still become a
    report goes on without the words."""
    says = "strpos" if is_shared() else "instr"
    first, last = bounds_of(county_of(what.area_code))
    ours = "reporter_id IN (SELECT id FROM person WHERE area_code >= ? AND area_code <= ?)"
    loose = f"sighting_id IS NULL AND {says}(words, ?) > 0 AND {ours}"
    since = unit().now - LOOKED_BACK
    await _unsay(f"{loose} AND at <= ?", what.name, first, last, since)
    await run(f"UPDATE attachment SET words = '', hear_at = NULL WHERE {loose}", what.name, first, last)


NOUN = Noun(
    (Record(Attachment, erasing=Fate.GOES, leaving=Fate.STAYS, thinning=Fate.GOES),), erases=_erases, thins=_thins
)
