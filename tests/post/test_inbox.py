"""Nothing that came in is lost, nothing is done twice."""

import asyncio
import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.transport.router import Router
from handlers.alerts import sighting as handler
from storage.alerts.sighting import Sighting
from storage.engine.sql import add_all
from storage.engine.unit import unit
from storage.post.inbox import MAX_ATTEMPTS, WINDOW, Inbox, InboxState, waiting
from tests.process import Bot
from tests.world import ADMIN, GRID_WORKER, JUDGE, SECRETARY, Stage, World

SENTENCE = "林永福回来了，在村委"


async def test_the_same_update_twice_is_handled_once(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.settled()
    row = await Inbox.filter(channel="telegram").order_by("-id").first()
    assert row is not None and row.payload == "{}", "what was handled isn't kept twice"
    said = next(m for m in await world.phone(SECRETARY).messages() if m.mine)
    again = [{"update_id": row.update_id, "message": said.body}] * 2
    assert await world.product.receiver.store(world.product.channels["telegram"], again)
    await world.settled()
    assert (await Inbox.filter(channel="telegram").count(), await Sighting.all().count()) == (1, 1)


async def test_an_update_stored_before_a_crash_is_handled_after_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_args: object) -> None:
        """Received, and the process dies before it is handled."""

    with monkeypatch.context() as dying:
        dying.setattr(Router, "_take", never)
        dying.setattr(Router, "stored", lambda *_args: None)
        async with stage.world() as world:
            await world.phone(SECRETARY).says(SENTENCE)
            await world.until(lambda: Inbox.filter(channel="telegram", state=InboxState.NEW).exists())
            assert await Sighting.all().count() == 0
    async with stage.world() as world:
        await world.phone(JUDGE).expects(SENTENCE)


async def test_a_handler_that_fails_is_tried_again_then_parked_and_an_admin_told(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(*_args: object) -> None:
        raise ValueError("林永福")

    monkeypatch.setattr(handler, "report", broken)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.settled()
    for attempt in range(1, MAX_ATTEMPTS):
        await world.advance(2**attempt)
    row = await Inbox.get(channel="telegram", state=InboxState.DEAD)
    await world.phone(SECRETARY).expects(f"故障号 {row.incident}")
    await world.phone(ADMIN).expects(f"故障号 {row.incident}")
    assert "林永福" not in (await world.phone(ADMIN).expects("故障号")).text
    assert await Sighting.all().count() == 0
    logged = "".join(capsys.readouterr())
    assert row.incident in logged and "ValueError" in logged
    assert "林永福" not in logged and "应建华" not in logged and "19800001001" not in logged


def fails(monkeypatch: pytest.MonkeyPatch, sentence: str, times: int = 1) -> None:
    """The handler raises at this sentence so many times."""
    real, failures = handler.report, [sentence] * times

    async def report(turn: Any, text: str) -> None:
        if text in failures:
            failures.remove(text)
            raise RuntimeError("passing")
        await real(turn, text)

    monkeypatch.setattr(handler, "report", report)


async def test_a_chat_keeps_its_order_while_one_update_waits_for_its_retry(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails(monkeypatch, "朱宝根回来了，在老车站")
    await world.phone(SECRETARY).says("朱宝根回来了，在老车站")
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(GRID_WORKER).says("林佳回来了，在新村")
    await world.until(lambda: Sighting.exists())
    await world.until(lambda: Inbox.filter(channel="telegram", attempts=1).exists())
    assert [row.text for row in await Sighting.all()] == ["林佳回来了，在新村"]
    world.clock.advance(3)
    await world.phone(JUDGE).expects(SENTENCE)
    texts = [row.text for row in await Sighting.filter(reporter__endpoints__chat_id=SECRETARY).order_by("id")]
    assert texts == ["朱宝根回来了，在老车站", SENTENCE]


async def test_what_comes_behind_one_that_fails_again_waits_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It failed where it was stored, and once more at its retry; then the next sentence comes."""
    fails(monkeypatch, "朱宝根回来了，在老车站", times=2)
    await world.phone(SECRETARY).says("朱宝根回来了，在老车站")
    await world.until(lambda: Inbox.filter(channel="telegram", attempts=1).exists())
    world.clock.advance(3)
    await world.until(lambda: Inbox.filter(channel="telegram", attempts=2).exists())
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(GRID_WORKER).says("林佳回来了，在新村")
    await world.until(lambda: Sighting.exists())
    assert [row.text for row in await Sighting.all()] == ["林佳回来了，在新村"]
    world.clock.advance(5)
    await world.phone(JUDGE).expects(SENTENCE)
    texts = [row.text for row in await Sighting.filter(reporter__endpoints__chat_id=SECRETARY).order_by("id")]
    assert texts == ["朱宝根回来了，在老车站", SENTENCE]


async def test_storage_trouble_where_it_was_stored_costs_no_attempt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, troubles = handler.report, [sqlite3.OperationalError("database or disk is full")]

    async def full_once(turn: Any, text: str) -> None:
        if troubles:
            raise troubles.pop()
        await real(turn, text)

    monkeypatch.setattr(handler, "report", full_once)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.until(lambda: Inbox.filter(channel="telegram", state=InboxState.NEW).exists())
    async with asyncio.timeout(10):
        while await Inbox.filter(channel="telegram", state=InboxState.NEW).exists():
            world.clock.advance(1)
    await world.phone(JUDGE).expects(SENTENCE)
    assert (await Inbox.get(channel="telegram")).attempts == 0


async def test_a_pile_that_cannot_be_handled_here_holds_nobody_up(world: World) -> None:
    """Another process's channel, and a chat whose first update waits for its retry with hundreds behind it."""

    async def pile() -> None:
        now = unit().now
        later = now + timedelta(hours=1)
        for channel, first in (("elsewhere", now), ("telegram", later)):
            rows = [
                {"channel": channel, "update_id": -n, "chat_id": 5, "payload": "{}", "received_at": now}
                | {"not_before": first if n == 1 else now}
                for n in range(1, WINDOW + 50)
            ]
            await add_all(Inbox, rows)

    await world.product.db.unit(pile)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    assert await Inbox.filter(chat_id=5, state=InboxState.NEW).count() == 2 * (WINDOW + 49)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_full_disk_is_said_to_the_sender_and_shows_in_readyz(world: World) -> None:
    async with aiohttp.ClientSession() as session:
        await world.settled()
        with world.full_disk():
            await world.phone(SECRETARY).says(SENTENCE)
            told = await world.phone(SECRETARY).expects("现在记不下来，请直接打值班电话 0578-0000000")
            assert "故障号" in told.text
            async with session.get(f"{world.product.url}/readyz") as answer:
                assert answer.status == 503
            async with session.get(f"{world.product.url}/healthz") as answer:
                assert answer.status == 200
        world.clock.advance(5)
        await world.phone(JUDGE).expects(SENTENCE)
        async with session.get(f"{world.product.url}/readyz") as answer:
            assert answer.status == 200


async def test_what_is_received_at_the_shutdown_is_handled_at_the_next_start(stage: Stage) -> None:
    async with stage.world() as world:
        for number in range(20):
            await world.phone(SECRETARY).says(f"林永福回来了，在村委{number}号楼")

        async def received() -> bool:
            return await Inbox.filter(channel="telegram").count() == 20

        await world.until(received)
    async with stage.world() as world:
        await world.settled()
        assert await Sighting.all().count() == 20


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_dead_letter_is_looked_at_retried_and_dropped_on_the_command_line(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def broken(*_args: object) -> None:
        raise ValueError

    with monkeypatch.context() as breaking:
        breaking.setattr(handler, "report", broken)
        async with stage.world() as world:
            await world.phone(SECRETARY).says(SENTENCE)
            await world.settled()
            await world.phone(GRID_WORKER).says("林佳回来了，在新村")
            await world.settled()
            for attempt in range(1, MAX_ATTEMPTS):
                await world.advance(2**attempt)
            first, second = [row.incident for row in await Inbox.filter(state=InboxState.DEAD).order_by("id")]
    bot = Bot(tmp_path / "cli", stage.settings.key, database=stage.settings.database_url)
    code, said = await bot.command("deadletters")
    assert code == 1 and first in said and second in said and "林" not in said
    code, said = await bot.command("deadletters", "show", first.lower())
    assert code == 0 and SENTENCE in json.loads(said)["message"]["text"]
    assert (await bot.command("deadletters", "drop", second))[0] == 0
    assert (await bot.command("deadletters", "retry", first, "ZZZZ"))[0] == 1
    assert (await bot.command("deadletters", "retry"))[0] == 2
    code, said = await bot.command("deadletters")
    assert code == 0 and first not in said
    assert (await bot.command("audit", "verify"))[0] == 0
    stage.clock.advance(3600)
    async with stage.world() as world:
        await world.phone(JUDGE).expects(SENTENCE)
        await world.settled()
        assert await Sighting.all().count() == 1


async def test_a_chat_that_is_busy_on_one_channel_is_not_on_another(world: World) -> None:
    """Numbers of chats mean something only on their own channel."""

    async def work() -> None:
        now = unit().now
        rows = [
            {
                "channel": channel,
                "update_id": number,
                "chat_id": chat,
                "payload": "{}",
                "received_at": now,
                "not_before": now,
            }
            for number, (channel, chat) in enumerate([("one", 5), ("other", 5), ("one", 6)], 900_000)
        ]
        for row in rows:
            await Inbox.create(**row)
        found = await waiting([("one", 5)], ["one", "other"])
        assert [(row.channel, row.chat_id) for row in found] == [("other", 5), ("one", 6)]
        assert [row.channel for row in await waiting([], ["other"])] == ["other"]
        await Inbox.filter(update_id__gte=900_000).delete()

    await world.product.db.unit(work)
