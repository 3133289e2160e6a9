"""What is to be sent: rows that name a recipient, a card and a record. The text is made when it is sent."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, NamedTuple

from tortoise import fields
from tortoise.models import Model

from storage.engine.mapper import moment
from storage.engine.replicas import free_chats
from storage.engine.sql import add, among, change, fetch, for_update, one, pick, run
from storage.engine.unit import unit
from storage.noun import Erasure, Fate, Noun, Record, Sweep
from storage.people.endpoint import Address, addresses
from storage.people.person import Person, Role, holding
from storage.post.delivery import (
    About,
    Delivery,
    Subject,
    forbid,
    forget,
    last_delivery,
    messages_about,
    note_shown,
)

LEASE = timedelta(seconds=15)
OR_GOES = "or_goes"
"""An argument of a card that is shown again: where it isn't made any more, the message goes."""
IN_A_ROW = 8
LONGEST_PAUSE = timedelta(minutes=5)
"""Between two attempts, unless the far end asks for more."""


class Lane(IntEnum):
    """Priority; a smaller number goes first."""

    ALERT = 0
    RECEIPT = 1
    REPLY = 2
    DIGEST = 3
    BROADCAST = 4


class OutboxState(IntEnum):
    PENDING = 0
    SENDING = 1
    DONE = 2
    FAILED = 3
    DROPPED = 4


class Outbox(Model):
    """One thing to send. `doubtful`: an earlier attempt may have arrived, so this one is marked as a repeat."""

    id = fields.BigIntField(primary_key=True)
    channel = fields.CharField(max_length=10)
    chat_id = fields.BigIntField()
    person_id = fields.IntField(null=True)
    kind = fields.CharField(max_length=20)
    ref = fields.BigIntField(default=0)
    args = fields.TextField(default="{}")
    lane = fields.IntEnumField(Lane)
    fresh = fields.BooleanField(default=False)
    reply_to = fields.BigIntField(null=True)
    asked = fields.BigIntField(null=True)
    """The message of the person's that it answers: by it a question about somebody is found."""
    not_before = fields.DatetimeField()
    created_at = fields.DatetimeField()
    attempts = fields.SmallIntField(default=0)
    state = fields.IntEnumField(OutboxState, default=OutboxState.PENDING)
    lease_until = fields.DatetimeField(null=True)
    holder = fields.CharField(max_length=32, default="")
    """Which process has it in hand, by the name that its data folder gives it."""
    doubtful = fields.BooleanField(default=False)
    dedup = fields.CharField(max_length=100, null=True)

    class Meta:
        table = "outbox"

    @property
    def arguments(self) -> dict[str, Any]:
        return dict(json.loads(self.args))


class Question(NamedTuple):
    """What a person said and got an answer to: where."""

    channel: str
    chat_id: int
    message_id: int


async def put(
    to: Address,
    kind: str,
    ref: int = 0,
    *,
    lane: Lane,
    args: dict[str, Any] | None = None,
    fresh: bool = False,
    reply_to: int | None = None,
    asked: int | None = None,
    delay: timedelta | None = None,
) -> None:
    """Queues a card in the running unit. Not `fresh`: changes the card already there, if there is one, and several
    such changes that are waiting become one. `args` holds codes and ids, nothing personal. `asked` is the number of the
    person's message that it answers."""
    scope = unit()
    dedup = None if ref == 0 else f"{kind}:{ref}:{to.channel}:{to.chat_id}"
    scope.outbox_touched = True
    not_before = scope.now + (delay or timedelta(0))
    if dedup is not None and not fresh:
        # Locked, so that a dispatcher that is just taking it either has it, and a new row is needed, or leaves it
        # until this change can be seen.
        columns = "id, attempts, not_before, args"
        sql = f"SELECT {columns} FROM outbox WHERE dedup = ? AND state = 0 ORDER BY id{for_update()}"
        waiting = await fetch(sql, dedup)
        for row in waiting:
            if args:
                kept = {OR_GOES: True} if json.loads(row["args"]).get(OR_GOES) else {}
                await change(Outbox, row["id"], args=json.dumps({**args, **kept}))
            if not row["attempts"] and moment(row["not_before"]) > not_before:
                await change(Outbox, row["id"], not_before=not_before)
        if waiting:
            return
    await add(
        Outbox,
        channel=to.channel,
        chat_id=to.chat_id,
        person_id=to.person_id,
        kind=kind,
        ref=ref,
        args=json.dumps(args or {}),
        lane=lane,
        fresh=fresh,
        reply_to=reply_to,
        asked=asked,
        not_before=not_before,
        created_at=scope.now,
        dedup=dedup,
    )


async def put_to_person(person_id: int, kind: str, ref: int = 0, **how: Any) -> bool:
    """Queues the card for every chat of the person; False where there is none."""
    where = await addresses(person_id)
    for address in where:
        await put(address, kind, ref, **how)
    return bool(where)


async def tell_all_admins(key: str, **args: Any) -> None:
    """Queues a plain notice to every administrator, whatever their court."""
    await _notify(await pick(Person, "role = ? AND active = ? ORDER BY id", Role.ADMIN, True), key, args)


async def tell_admins(area_code: str, key: str, **args: Any) -> None:
    """Queues a plain notice to the administrators of the court."""
    await _notify(await holding(Role.ADMIN, area_code), key, args)


async def _notify(people: Sequence[Person], key: str, args: dict[str, Any]) -> None:
    for person in people:
        await put_to_person(person.id, "text", lane=Lane.REPLY, fresh=True, args={"key": key, **args})


@dataclass(frozen=True)
class Room:
    """For how many chats something may be taken: alerts have all places, the other lanes `others` of them; on the
    channels that are open, nothing for the chats that are busy. On the `quick` channels, which have no limits, a chat
    gets up to IN_A_ROW messages at once."""

    places: int
    others: int
    channels: frozenset[str]
    busy: frozenset[tuple[str, int]] = frozenset()
    quick: frozenset[str] = frozenset()
    holder: str = ""


async def take_due(room: Room, *, left_over: bool = True) -> list[Outbox]:
    """Takes due rows under a lease, most urgent first, those of a chat in their order; rows whose lease ran out, if
    these are looked for too, count as doubtful."""
    now = unit().now
    taken: dict[tuple[str, int], list[Outbox]] = {}
    stale = (now - STALE, now - STALE)
    for condition, order, ages, places in (
        ("state = 1 AND lease_until < ?", "lane, id", (), room.places if left_over else 0),
        ("state = 0 AND lane = 0 AND not_before <= ?", _FRESH_FIRST, stale, room.places),
        ("state = 0 AND lane > 0 AND not_before <= ?", "lane, id", (), room.others),
    ):
        await _take_due(taken, condition, order, ages, min(places, room.places - len(taken)), room)
    rows = [row for chat_rows in taken.values() for row in chat_rows]
    for row in rows:
        row.doubtful = row.doubtful or row.state is OutboxState.SENDING
        row.state, row.lease_until, row.attempts = OutboxState.SENDING, now + LEASE, row.attempts + 1
        row.holder = room.holder
        await change(
            Outbox,
            row.id,
            state=row.state,
            lease_until=row.lease_until,
            holder=row.holder,
            attempts=row.attempts,
            doubtful=row.doubtful,
        )
    return rows


_FREE: dict[str, Any] = {"lease_until": None, "holder": ""}
"""Of a row that nobody has in hand any more."""
STALE = timedelta(seconds=60)
_FRESH_FIRST = (
    "CASE WHEN kind = 'alert' THEN 0 ELSE 1 END, "
    "CASE WHEN created_at < ? THEN 1 ELSE 0 END, CASE WHEN created_at < ? THEN -id ELSE id END"
)
"""Alerts before what goes on about one that is known, a witness or a photo; each in the order in which they came; after
an outage the new ones before those that are stale, and of these the newest first, for there it is likeliest that
somebody is still where they were seen."""


async def _take_due(
    taken: dict[tuple[str, int], list[Outbox]],
    condition: str,
    order: str,
    ages: tuple[datetime, ...],
    places: int,
    room: Room,
) -> None:
    """Adds rows that fit, by chat. A chat with much to say doesn't hide the others. `condition` has the present time
    as its one argument, `order` has `ages`."""
    busy = {*room.busy, *taken}
    wanted = len(taken) + places
    while len(taken) < wanted:
        # 1. A window of due rows, of chats that are free as far as this process knows; locked where there are others.
        window = 4 * places
        words, open_ones = among(sorted(room.channels))
        out, values = f" AND channel {words}", [open_ones]
        if busy:
            words, value = among(f"{channel}:{chat_id}" for channel, chat_id in busy)
            out, values = f"{out} AND NOT (channel || ':' || chat_id) {words}", [open_ones, value]
        lock = f"{for_update()} SKIP LOCKED" if for_update() else ""
        sql = f"{condition}{out} ORDER BY {order} LIMIT {window:d}{lock}"
        rows = await pick(Outbox, sql, unit().now, *values, *ages)
        # 2. Of their chats those to which no other process is sending.
        free = await free_chats((row.channel, row.chat_id) for row in rows)
        # 3. One row a chat; on channels without limits several, so that a chat's messages go out together.
        for row in rows:
            chat = (row.channel, row.chat_id)
            if chat not in free or chat in busy:
                continue
            if chat not in taken and len(taken) < wanted:
                taken[chat] = [row]
            elif chat in taken and len(taken[chat]) < (IN_A_ROW if row.channel in room.quick else 1):
                taken[chat].append(row)
        # 4. The next window looks past these chats: one with much to say hides nobody.
        busy |= {(row.channel, row.chat_id) for row in rows}
        if len(rows) < window:
            return


async def take_over(holder: str) -> None:
    """Makes due again, and doubtful, what this process had in hand when it died: it is dead, so an alert need not wait
    for the lease to run out. For the start, before anything is taken."""
    now = unit().now
    sql = "UPDATE outbox SET lease_until = ? WHERE state = 1 AND holder = ? AND lease_until >= ?"
    await run(sql, now - LEASE, holder, now)


async def next_due() -> datetime | None:
    """Tells when there is, was or will be something to take; None where nothing waits."""
    waiting, leased = (
        "SELECT min(not_before) FROM outbox WHERE state = 0",
        "SELECT min(lease_until) FROM outbox WHERE state = 1",
    )
    row = (await fetch(f"SELECT ({waiting}), ({leased})"))[0]
    return min((moment(at) for at in row if at is not None), default=None)


async def clock_went_back() -> None:
    """Keeps what was written down under a later time than now from waiting for that time to come again."""
    now = unit().now
    soon = now + timedelta(seconds=5)
    await run("UPDATE outbox SET not_before = ?, created_at = ? WHERE state = 0 AND created_at > ?", now, now, soon)
    await run(
        "UPDATE outbox SET not_before = ? WHERE state = 0 AND attempts > 0 AND not_before > ?", now, now + LONGEST_PAUSE
    )
    await run("UPDATE outbox SET lease_until = ? WHERE state = 1 AND lease_until > ?", now + LEASE, now + LEASE)


async def oldest_by_lane(now: datetime) -> dict[Lane, datetime]:
    """Tells since when the oldest row that should be sent waits, by lane; lanes without one are left out."""
    sql = "SELECT created_at FROM outbox WHERE state = 0 AND lane = ? AND not_before <= ? ORDER BY id LIMIT 1"
    found = {lane: await fetch(sql, lane, now) for lane in Lane}
    return {lane: moment(rows[0][0]) for lane, rows in found.items() if rows}


async def offered(to: Address, message_id: int, button: str, ref: int) -> bool:
    """Tells whether this button has been put before this chat: on the message as it stands or stood, or, where nobody
    knows whether a message has arrived, on a card of the same record."""
    sql = "SELECT buttons FROM delivery WHERE channel = ? AND chat_id = ? AND message_id = ?"
    chat = (to.channel, to.chat_id, ref, True)
    unsure = "SELECT 1 FROM outbox WHERE channel = ? AND chat_id = ? AND ref = ? AND doubtful = ? LIMIT 1"
    flying = "SELECT 1 FROM outbox WHERE state = 1 AND channel = ? AND chat_id = ? AND ref = ? LIMIT 1"

    async def shown() -> bool:
        rows = await fetch(sql, to.channel, to.chat_id, message_id)
        return any(row["buttons"] is None or button in row["buttons"].split() for row in rows)

    if await shown() or await fetch(unsure, *chat) or await fetch(flying, *chat[:3]):
        return True
    return await shown()  # it may have arrived between the two, and then it is no longer on its way


async def sent(
    row: Outbox,
    message_id: int | None,
    rendered: str,
    shows: Iterable[Subject] = (),
    since: int = 0,
    buttons: Iterable[str] = (),
) -> None:
    """Marks the row as sent, as the far end confirmed.

    `buttons` is what its buttons carry, `shows` whom the message shows, `since` what `delivery.last_forbidden` said
    when the card was made.
    """
    await change(Outbox, row.id, state=OutboxState.DONE, **_FREE)
    if message_id is None:
        return
    delivery = await add(
        Delivery,
        outbox_id=row.id,
        channel=row.channel,
        chat_id=row.chat_id,
        kind=row.kind,
        ref=row.ref,
        message_id=message_id,
        rendered=rendered,
        buttons=" ".join(buttons),
        at=unit().now,
    )
    if gone := await note_shown(delivery.id, shows, since):
        await (show_again if all(one.about is About.REPORTER for one in gone) else take_back)([delivery])


async def take_back(messages: Iterable[Delivery], *, replaced: bool = False) -> None:
    """Takes these messages back from the phones on which they are, or where newer ones have `replaced` them. Needs a
    unit."""
    for row in messages:
        await unsay(Address(row.channel, row.chat_id), row.message_id)
        await forget(row, replaced=replaced)


async def unsay(to: Address, message_id: int) -> None:
    """Takes one message back from a phone. Needs a unit."""
    if message_id:
        await put(to, "unsay", lane=Lane.REPLY, fresh=True, args={"message": message_id})


async def questions_about(debtor_id: int) -> list[Question]:
    """Finds what people have said that was answered with a message which shows the debtor."""
    source = (
        "SELECT DISTINCT b.channel, b.chat_id, c.asked FROM shown a JOIN delivery b ON b.id = a.delivery_id "
        "JOIN outbox c ON c.id = b.outbox_id WHERE a.about = ? AND a.ref = ? AND c.asked IS NOT NULL"
    )
    return [Question(*row) for row in await fetch(source, About.DEBTOR, debtor_id)]


async def show_again(messages: Iterable[Delivery]) -> None:
    """Updates these messages to how things stand now; takes back one that can't be, or that a newer one has replaced.
    Needs a unit."""
    for row in messages:
        asked = await one(Outbox, "id = ?", row.outbox_id)
        newest = await last_delivery(row.channel, row.chat_id, row.kind, row.ref)
        if asked is None or not row.ref or newest is None or newest.message_id != row.message_id:
            await take_back([row])
            continue
        to = Address(row.channel, row.chat_id, asked.person_id)
        await put(to, row.kind, row.ref, lane=Lane.RECEIPT, args={**asked.arguments, OR_GOES: True})


async def release(rows: Sequence[Outbox]) -> None:
    """Makes rows that were claimed and not tried due as before."""
    for row in rows:
        await change(Outbox, row.id, state=OutboxState.PENDING, attempts=row.attempts - 1, **_FREE)


async def put_back(row: Outbox, seconds: float, *, doubtful: bool) -> None:
    """Queues again, for later, what was not sent, or is not known to be."""
    await change(
        Outbox,
        row.id,
        state=OutboxState.PENDING,
        dedup=None,
        not_before=unit().now + timedelta(seconds=seconds),
        doubtful=row.doubtful or doubtful,
        **_FREE,
    )


async def renumber(row: Outbox, chat_id: int) -> None:
    """Gives the chat its new number, in this row and in all that wait."""
    await run(
        "UPDATE outbox SET chat_id = ?, dedup = NULL WHERE channel = ? AND chat_id = ? AND state IN (0, 1)",
        chat_id,
        row.channel,
        row.chat_id,
    )
    row.chat_id = chat_id


async def end(row: Outbox, state: OutboxState) -> None:
    """Ends the row: it failed for good, or is dropped as obsolete."""
    await change(Outbox, row.id, state=state, **_FREE)


async def on_its_way(to: Address, kind: str, ref: int) -> bool:
    """Tells whether this card has arrived in that chat, or is still to."""
    chat, args = "channel = ? AND chat_id = ? AND kind = ? AND ref = ?", (to.channel, to.chat_id, kind, ref)
    waiting, flying = (f"SELECT id FROM outbox WHERE state = {state} AND {chat}" for state in (0, 1))
    # In this order: what arrives between the two is found by the second.
    if await fetch(f"{waiting} UNION ALL {flying}", *args, *args):
        return True
    return await last_delivery(to.channel, to.chat_id, kind, ref) is not None


async def _erases(what: Erasure) -> None:
    """Takes back every message that shows the debtor, and what is on its way as it arrives; what is about a report that
    may be about somebody else is shown anew."""
    kept = await messages_about(Subject(About.REPORT, report) for report in what.kept)
    staying = {row.id for row in kept}
    of_theirs = await messages_about([Subject(About.DEBTOR, what.debtor_id)])
    await take_back(row for row in of_theirs if row.id not in staying)
    await show_again(kept)
    await forbid([Subject(About.DEBTOR, what.debtor_id), *(Subject(About.REPORT, report) for report in what.reports)])


async def _thins(reports: Sequence[int], _words: str) -> None:
    """Takes back every message that shows what was said in one of these reports."""
    await take_back(await messages_about(Subject(About.REPORT, report) for report in reports))


NOUN = Noun(
    (Record(Outbox, erasing=Fate.STAYS, leaving=Fate.STAYS),),
    clock_went_back=clock_went_back,
    erases=_erases,
    thins=_thins,
    sweeps=Sweep(
        "outbox",
        "created_at",
        f"state IN ({OutboxState.DONE:d}, {OutboxState.FAILED:d}, {OutboxState.DROPPED:d})",
    ),
)
