"""Telegram's side: webhook posts, polling conflicts, and the far end's refusals."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.gateway.methods import CONFLICT
from storage.alerts.sighting import Sighting
from storage.post import inbox
from storage.post.inbox import Inbox
from storage.post.outbox import Outbox, OutboxState
from tests.world import JUDGE, SECRETARY, Stage, World

SENTENCE = "林永福回来了，在村委"
SECRET = "secret-for-the-test"
HOOK = {"webhook_url": "http://127.0.0.1:1/telegram", "webhook_secret": SECRET}
HEADER = {"X-Telegram-Bot-Api-Secret-Token": SECRET}


def update(number: int, text: str = SENTENCE) -> dict[str, Any]:
    who = {"id": SECRETARY, "first_name": "某"}
    message = {"message_id": number, "date": 1_800_000_000, "text": text, "chat": {**who, "type": "private"}}
    return {"update_id": number, "message": {**message, "from": {**who, "is_bot": False}}}


async def test_a_webhook_post_is_on_disk_before_it_is_answered(stage: Stage) -> None:
    async with stage.world(**HOOK) as world, aiohttp.ClientSession() as session:
        url = f"{world.product.url}/telegram"
        async with session.post(url, json=update(1), headers=HEADER) as answer:
            assert answer.status == 200
            assert await Inbox.filter(channel="telegram", update_id=1).count() == 1
        async with session.post(url, json=update(1), headers=HEADER) as answer:
            assert answer.status == 200
        await world.phone(JUDGE).expects(SENTENCE)
        await world.settled()
        assert await Sighting.all().count() == 1


async def test_posts_that_come_twice_and_out_of_order_are_each_taken_once(stage: Stage) -> None:
    texts = ["林永福回来了，在村委", "林佳回来了，在新村", "你好", "他要走了", "保密"]
    posts = [update(number, text) for number, text in enumerate(texts, 10)]
    async with stage.world(**HOOK) as world, aiohttp.ClientSession() as session:

        async def post(one: dict[str, Any]) -> int:
            async with session.post(f"{world.product.url}/telegram", json=one, headers=HEADER) as answer:
                return answer.status

        order = [3, 1, 1, 4, 0, 2, 3, 0, 2, 4]
        assert await asyncio.gather(*(post(posts[place]) for place in order)) == [200] * 10
        await world.settled()
        assert sorted(await Inbox.all().values_list("update_id", flat=True)) == [10, 11, 12, 13, 14]
        assert sorted(await Sighting.all().values_list("text", flat=True)) == sorted(texts)
        await world.phone(JUDGE).expects(SENTENCE)


@pytest.mark.parametrize("engine", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
async def test_an_earlier_update_that_comes_to_light_late_goes_first(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids are drawn before the commit: the lower one is seen while the higher one is already in hand."""
    payload_of, late = inbox.payload_of, [update(9, "林佳回来了，在新村")]

    async def meanwhile(row_id: int) -> str:
        while late:
            one, now = late.pop(), stage.clock.now()
            times = {"received_at": now, "not_before": now}
            await Inbox.create(
                id=0, channel="telegram", update_id=9, chat_id=SECRETARY, payload=json.dumps(one), **times
            )
        return await payload_of(row_id)

    monkeypatch.setattr(inbox, "payload_of", meanwhile)
    async with stage.world(**HOOK) as world, aiohttp.ClientSession() as session:
        async with session.post(f"{world.product.url}/telegram", json=update(10), headers=HEADER) as answer:
            assert answer.status == 200
        await world.settled()
        assert await Sighting.all().order_by("id").values_list("text", flat=True) == ["林佳回来了，在新村", SENTENCE]


@pytest.mark.parametrize("told", [True, False], ids=["length-told", "in-pieces"])
async def test_a_post_of_20_mb_is_refused_and_the_next_one_taken(stage: Stage, told: bool) -> None:
    length = {"Content-Length": str(20 * 1024 * 1024)} if told else {}

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 1024 * 1024

    async with stage.world(**HOOK) as world, aiohttp.ClientSession() as session:
        url = f"{world.product.url}/telegram"
        try:
            async with session.post(url, data=pieces(), headers={**HEADER, **length}) as answer:
                assert answer.status == 413
        except aiohttp.ClientConnectionError:
            pass  # hung up on while it was still sending: refused too
        async with session.post(url, json=update(1), headers=HEADER) as answer:
            assert answer.status == 200
        await world.phone(JUDGE).expects(SENTENCE)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, b"{}", 403),
        ({"X-Telegram-Bot-Api-Secret-Token": "wrong"}, b"{}", 403),
        (HEADER, b"not json", 400),
        (HEADER, b"[]", 400),
        (HEADER, b'{"update_id": "1"}', 400),
        (HEADER, b'{"update_id": 1e400}', 400),
        (HEADER, b"x" * 1_000_001, 413),
    ],
)
async def test_bad_webhook_posts_are_refused(stage: Stage, headers: dict[str, str], body: bytes, status: int) -> None:
    async with stage.world(**HOOK) as world, aiohttp.ClientSession() as session:
        async with session.post(f"{world.product.url}/telegram", data=body, headers=headers) as answer:
            assert answer.status == status
        assert await Inbox.filter(channel="telegram").count() == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_post_that_cannot_be_kept_is_answered_503(stage: Stage) -> None:
    async with stage.world(**HOOK) as world, aiohttp.ClientSession() as session:
        with world.full_disk():
            async with session.post(f"{world.product.url}/telegram", json=update(1), headers=HEADER) as answer:
                assert answer.status == 503
        await world.phone(SECRETARY).expects("现在记不下来")


class Faults:
    """Answers of the far end, given once each to sends into one chat."""

    def __init__(self, world: World, *answers: tuple[int, dict[str, Any]]) -> None:
        self.left = list(answers)
        world.gateway.interceptors.append(self)

    async def __call__(self, method: str, parameters: dict[str, Any]) -> web.StreamResponse | None:
        if not self.left or parameters.get("chat_id") != JUDGE or method != "sendMessage":
            return None
        status, body = self.left.pop(0)
        return web.json_response({"ok": False, "error_code": status, "description": "x", **body}, status=status)


async def test_too_many_requests_waits_as_long_as_it_says(world: World) -> None:
    Faults(world, (429, {"parameters": {"retry_after": 7}}))
    await world.phone(SECRETARY).says(SENTENCE)
    await world.until(lambda: Outbox.filter(kind="alert", state=OutboxState.PENDING, attempts=1).exists())
    await world.advance(6)
    assert not await world.phone(JUDGE).received()
    await world.advance(2)
    card = await world.phone(JUDGE).expects(SENTENCE)
    assert "可能是重复提醒" not in card.text


async def test_a_server_error_is_tried_again_and_marked(world: World) -> None:
    Faults(world, (502, {}))
    await world.phone(SECRETARY).says(SENTENCE)
    await world.until(lambda: Outbox.filter(kind="alert", state=OutboxState.PENDING, attempts=1).exists())
    await world.advance(3)
    assert "可能是重复提醒" in (await world.phone(JUDGE).expects(SENTENCE)).text


async def test_a_second_poller_waits_and_loses_nothing(world: World) -> None:
    refused = 0

    async def busy(method: str, _parameters: dict[str, Any]) -> web.StreamResponse | None:
        nonlocal refused
        if method != "getUpdates" or refused > 1:
            return None
        refused += 1
        return web.json_response({"ok": False, "error_code": 409, "description": CONFLICT}, status=409)

    world.gateway.interceptors.append(busy)
    world.store.updates_waiting.set()
    await world.phone(SECRETARY).says(SENTENCE)

    async def received() -> bool:
        world.clock.advance(5)
        return await Inbox.filter(channel="telegram").exists()

    await world.until(received)
    assert refused == 2
    await world.phone(JUDGE).expects(SENTENCE)


async def test_a_receipt_whose_message_is_gone_comes_as_a_new_one(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    receipt = await world.phone(SECRETARY).expects("已送达")
    await world.settled()
    await world.store.delete(SECRETARY, receipt.id)
    await world.phone(JUDGE).taps("收到")
    assert (await world.phone(SECRETARY).expects("已收到")).id != receipt.id
