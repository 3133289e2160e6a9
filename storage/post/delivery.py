"""What arrived where, and whom it shows: how a message is found again to be changed, answered or taken back."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from tortoise import fields
from tortoise.models import Model

from storage.engine.sql import add_all, among, fetch, is_shared, joined, one, pick, run
from storage.noun import Fate, Noun, Record, Sweep

_TAKING_BACK = 0x636875697362


class Delivery(Model):
    """A message on somebody's phone."""

    id = fields.BigIntField(primary_key=True)
    outbox_id = fields.BigIntField()
    channel = fields.CharField(max_length=10)
    chat_id = fields.BigIntField()
    kind = fields.CharField(max_length=20)
    ref = fields.BigIntField()
    message_id = fields.BigIntField()
    rendered = fields.TextField()
    buttons = fields.TextField(null=True)
    """What its buttons carry, with blanks between; None for what was sent before that was kept."""
    at = fields.DatetimeField()

    class Meta:
        table = "delivery"
        indexes = (("channel", "chat_id", "kind", "ref"), ("channel", "chat_id", "message_id"))


class About(StrEnum):
    """As what somebody is shown by a message."""

    DEBTOR = "debtor"
    """The debtor of that number, by name or by what is known of them."""
    REPORT = "report"
    """What was said in the report of that number."""
    REPORTER = "reporter"
    """Who made the report of that number, by name."""


class Subject(NamedTuple):
    """Whom a message shows."""

    about: About
    ref: int


class Shown(Model):
    """That a message shows somebody. Without a message: no card made before may show them so any more."""

    id = fields.BigIntField(primary_key=True)
    delivery: fields.ForeignKeyNullableRelation[Delivery] = fields.ForeignKeyField(
        "chuishao.Delivery", related_name="shown", null=True, on_delete=fields.CASCADE
    )
    delivery_id: int | None
    about = fields.CharEnumField(About, max_length=10)
    ref = fields.BigIntField()

    class Meta:
        table = "shown"
        indexes = (("about", "ref"),)


async def last_delivery(channel: str, chat_id: int, kind: str, ref: int) -> Delivery | None:
    """Finds the newest message that shows this card in this chat."""
    return await one(
        Delivery,
        "channel = ? AND chat_id = ? AND kind = ? AND ref = ? ORDER BY id DESC LIMIT 1",
        channel,
        chat_id,
        kind,
        ref,
    )


async def older_deliveries(channel: str, chat_id: int, kind: str, ref: int) -> list[Delivery]:
    """Finds the messages of this card that stand in this chat although a newer one has replaced them, each once."""
    where = (
        "channel = ? AND chat_id = ? AND kind = ? AND ref = ? "
        "AND EXISTS (SELECT 1 FROM shown WHERE delivery_id = delivery.id) ORDER BY id DESC"
    )
    rows = await pick(Delivery, where, channel, chat_id, kind, ref)
    newest = rows[0].message_id if rows else 0
    return list({row.message_id: row for row in rows if row.message_id != newest}.values())


async def delivery_of(channel: str, chat_id: int, message_id: int) -> Delivery | None:
    """Tells which card a message is: to know what somebody replied to."""
    return await one(
        Delivery,
        "channel = ? AND chat_id = ? AND message_id = ? ORDER BY id DESC LIMIT 1",
        channel,
        chat_id,
        message_id,
    )


async def last_forbidden() -> int:
    """Returns the number of the last word of `forbid`; a card that is made afterwards keeps to it."""
    return int((await fetch("SELECT max(id) FROM shown WHERE delivery_id IS NULL"))[0][0] or 0)


async def _alone(*, shared: bool = False) -> None:
    """Lets whoever takes somebody's messages back wait until those that are being noted are noted, and the other way
    round (`shared`: those who note don't wait for each other); until the unit ends. SQLite has one writer."""
    if is_shared():
        await fetch(f"SELECT pg_advisory_xact_lock{'_shared' if shared else ''}(?)", _TAKING_BACK)


async def note_shown(delivery_id: int, subjects: Iterable[Subject], since: int) -> list[Subject]:
    """Keeps whom the message shows; returns those who were taken back while it was on its way. Needs a unit.

    `since` is what `last_forbidden` said when the card was made.
    """
    rows = sorted(set(subjects))
    if not rows:
        return []
    await _alone(shared=True)
    await add_all(Shown, [{"delivery_id": delivery_id, "about": about, "ref": ref} for about, ref in rows])
    words, value = among(sorted({ref for _about, ref in rows}))
    gone = await fetch(
        f"SELECT about, ref FROM shown WHERE ref {words} AND delivery_id IS NULL AND id > ?", value, since
    )
    taken = {(row["about"], row["ref"]) for row in gone}
    return [one for one in rows if (one.about.value, one.ref) in taken]


async def messages_about(subjects: Iterable[Subject]) -> list[Delivery]:
    """Finds every message that shows one of these, each once, the newest first.

    Needs the unit in which they are taken back: until it ends, no other message is noted.
    """
    await _alone()
    found: dict[tuple[str, int, int], Delivery] = {}
    listed = sorted(set(subjects))
    for about in About:
        words, value = among([ref for kind, ref in listed if kind is about])
        source = (
            f"shown a JOIN delivery b ON b.id = a.delivery_id WHERE a.about = ? AND a.ref {words} ORDER BY b.id DESC"
        )
        for _shown, row in await joined((Shown, Delivery), source, about, value):
            found.setdefault((row.channel, row.chat_id, row.message_id), row)
    return list(found.values())


async def newest_kind(channel: str, chat_id: int) -> str:
    """Returns the kind of the newest card in a chat; "" where there is none."""
    sql = "SELECT kind FROM delivery WHERE channel = ? AND chat_id = ? ORDER BY id DESC LIMIT 1"
    rows = await fetch(sql, channel, chat_id)
    return str(rows[0][0]) if rows else ""


async def chats_with(kind: str, report: int) -> list[tuple[str, int]]:
    """Finds the chats in which a card of this kind shows a report."""
    sql = (
        "SELECT DISTINCT b.channel, b.chat_id FROM shown a JOIN delivery b ON b.id = a.delivery_id "
        "WHERE a.about = ? AND a.ref = ? AND b.kind = ? AND b.ref = ?"
    )
    return [(row[0], row[1]) for row in await fetch(sql, About.REPORT, report, kind, report)]


async def forbid(subjects: Iterable[Subject]) -> None:
    """Forbids that anybody is shown so by a card that has been made already: it is taken back as it arrives. Needs
    the unit in which `messages_about` was asked."""
    rows = [{"delivery_id": None, "about": about, "ref": ref} for about, ref in sorted(set(subjects))]
    await add_all(Shown, rows)


async def forget(row: Delivery, *, replaced: bool = False) -> None:
    """Forgets the message, which is gone from the phone; of one that a newer has `replaced` it is still known what it
    was, for somebody may be just answering it. Needs a unit."""
    sql = "SELECT id FROM delivery WHERE channel = ? AND chat_id = ? AND message_id = ?"
    words, value = among(found[0] for found in await fetch(sql, row.channel, row.chat_id, row.message_id))
    await run(f"DELETE FROM shown WHERE delivery_id {words}", value)
    if not replaced:
        await run(f"UPDATE delivery SET ref = 0 WHERE id {words}", value)  # the next update is a new message


NOUN = Noun(
    (
        Record(Delivery, erasing=Fate.STAYS, leaving=Fate.STAYS, thinning=Fate.STAYS),
        Record(Shown, erasing=Fate.GOES, leaving=Fate.STAYS, thinning=Fate.GOES),
    ),
    sweeps=Sweep("delivery", "at"),
)
