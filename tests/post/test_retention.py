"""What was handled and sent is kept for a time; what people reported, and what went wrong, stays."""

import time
from datetime import timedelta

import pytest

from storage.alerts.alert import Alert
from storage.alerts.sighting import Sighting
from storage.duty import shift
from storage.engine.audit import SUBJECT, AuditEntry, verify
from storage.engine.sql import add_all, run
from storage.engine.unit import unit
from storage.people.endpoint import Address, join
from storage.post.delivery import Delivery
from storage.post.inbox import Inbox
from storage.post.outbox import Lane, Outbox, OutboxState, put
from storage.post.retention import PORTION
from tests.world import JUDGE, SECRETARY, SUPERVISOR, Stage, World

DAY = 24 * 3600.0


async def counts() -> tuple[int, int, int]:
    """Without the audit's head, which is told every day."""
    heads = Outbox.filter(args__contains="privacy.head")
    told = await heads.values_list("id", flat=True)
    sent = Delivery.exclude(outbox_id__in=list(told))
    return await Inbox.all().count(), await Outbox.exclude(id__in=list(told)).count(), await sent.count()


async def test_raw_updates_and_the_record_of_sending_go_after_their_time(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).taps("收到")
    await world.phone(JUDGE).taps("办结")
    await world.phone(JUDGE).taps("找到本人")
    await world.product.db.unit(lambda: run("UPDATE inbox SET state = 2, incident = 'K7Q2' WHERE id = 1"))
    await world.advance(10)
    entries = AuditEntry.exclude(subject=SUBJECT)
    before, audited = await counts(), await entries.count()
    await world.advance(170 * DAY)
    assert await counts() == before
    await world.advance(11 * DAY)
    assert await counts() == (1, 0, 0)
    assert await Inbox.filter(incident="K7Q2").exists(), "a dead letter waits for somebody to look at it"
    assert await Sighting.all().count() == 1 and await Alert.all().count() == 1
    assert await entries.count() == audited
    assert (await verify(world.product.db.secrets)).broken is None


async def test_life_goes_on_while_the_old_goes(world: World) -> None:
    """More than one portion is old, something of it still waits to be sent, and a report comes in between."""
    later = Address("telegram", JUDGE)
    args = {"key": "help.cancelled"}

    async def long_ago() -> None:
        await put(later, "text", lane=Lane.BROADCAST, fresh=True, args=args, delay=timedelta(days=400))
        now, rows = unit().now, range(-2 * PORTION, 0)
        await add_all(
            Inbox,
            [
                {
                    "channel": "telegram",
                    "update_id": n,
                    "payload": "{}",
                    "received_at": now,
                    "not_before": now,
                    "state": 1,
                }
                for n in rows
            ],
        )

    await world.product.db.unit(long_ago)
    await world.advance(181 * DAY)
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).expects("林永福")
    await world.advance(1)
    await world.advance(1)
    assert await Inbox.all().count() == 1
    assert await Outbox.filter(state=OutboxState.PENDING).count() == 1


async def test_chats_in_which_nobody_ever_joined_are_forgotten(world: World) -> None:
    """A stranger's chat goes after two days of silence, an official's stays, and no number is given twice."""
    store, db = world.product.store, world.product.db
    official = await world.person(SECRETARY)
    stranger, *_ = await store.open_chat()
    mine, slug, my_token = await store.open_chat()
    newest, *_ = await store.open_chat()
    for chat_id in (stranger, mine):
        await world.product.webchat.say(chat_id, "/start x")

    async def answered() -> bool:
        """Else an answer may come into a chat that has just been forgotten."""
        said = [await store.since(chat_id, 0) for chat_id in (stranger, mine)]
        return all(any(body and body["from"]["is_bot"] for _seq, body, _id in one) for one in said)

    await world.until(answered)
    await db.unit(lambda: join(official, "web", mine))
    await world.advance(2 * DAY + 3600 + time.time() - world.clock.now().timestamp())
    assert [await store.chat(one) is not None for one in (stranger, mine, newest)] == [False, True, True]
    assert await store.chat_by_session(slug, my_token) is not None
    assert await store.since(stranger, 0) == [] and await store.since(mine, 0)
    again, *_ = await store.open_chat()
    assert again > newest


async def test_the_sweep_goes_once_a_minute_and_digests_do_not_need_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[float] = []
    inner = shift.warn

    async def warn() -> None:
        swept.append(1)
        await inner()

    monkeypatch.setattr(shift, "warn", warn)
    await world.phone(SUPERVISOR).says("/digest 10")
    await world.advance(61)
    count = len(swept)
    for _ in range(5):
        await world.product.timers.once()
    assert len(swept) == count, "not at every tick"
    await world.advance(18 * 60)
    assert len(swept) > count
    world.clock.advance(5)
    await world.product.timers.once()  # a digest may be due in a pass that doesn't sweep
    await world.phone(SUPERVISOR).expects("现在没人应答")


async def test_what_was_said_in_old_reports_that_are_over_is_thinned_out(stage: Stage) -> None:
    async with stage.world(keep_years=3) as world:
        await world.phone(SECRETARY).says("林永福回来了，在村委")
        await world.phone(JUDGE).taps("办结", await world.phone(JUDGE).expects("林永福回来了"))
        await world.phone(JUDGE).taps("找到本人")
        await world.settled()
        await world.phone(SECRETARY).says("杜春生回来了，在村委")
        await world.settled()
        await world.advance(3 * 360 * DAY)
        assert [row.text for row in await Sighting.all().order_by("id")] == [
            "林永福回来了，在村委",
            "杜春生回来了，在村委",
        ]
        await world.advance(30 * DAY)
        first, second = await Sighting.all().order_by("id")
        assert first.text == "（原话已按保存期限删除）" and first.place == "" and second.text == "杜春生回来了，在村委"
        assert await Alert.filter(sighting_id=first.id, outcome="found").exists(), "what became of it stays"
        await world.advance(60)
        assert await AuditEntry.filter(action="sighting.thinned").exists()
        assert (await verify(world.product.db.secrets)).broken is None
