"""What Telegram really answers, and what the people on both sides see of it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from bot.transport.dispatcher import FOR_ALERTS, SIDE_BY_SIDE
from storage.alerts import raising
from storage.alerts.sighting import Sighting
from storage.people.endpoint import Address, Endpoint, join
from storage.post.inbox import Inbox
from storage.post.outbox import Lane, Outbox, OutboxState, Room, put, take_due
from tests.world import ADMIN, JUDGE, SECOND_JUDGE, SECRETARY, THIRD_JUDGE, World

pytestmark = pytest.mark.slow

SENTENCE, OTHER = "林永福回来了，在村委", "林佳回来了，在新村"
REPEAT = "可能是重复提醒"
Answer = Callable[[], web.StreamResponse | None]


class Cut(web.Response):
    """The line breaks after the request was read: nobody knows what became of it."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        assert request.transport is not None
        request.transport.abort()
        return None


def says_no(code: int, description: str = "x", **parameters: Any) -> Answer:
    body = {"ok": False, "error_code": code, "description": description, "parameters": parameters}
    return lambda: web.json_response(body, status=code)


class FarEndSays:
    """Answers sends into some chats, `times` times; counts them."""

    def __init__(self, world: World, answer: Answer, *chats: int, times: int = 1, method: str = "sendMessage") -> None:
        self.asked = 0
        self._answer, self._chats, self._times, self._method = answer, chats, times, method
        world.gateway.interceptors.append(self)

    async def __call__(self, method: str, parameters: dict[str, Any]) -> web.StreamResponse | None:
        wanted = method == self._method and (not self._chats or parameters.get("chat_id") in self._chats)
        if not wanted or self.asked >= self._times:
            return None
        self.asked += 1
        return self._answer()


async def asked(world: World, fault: FarEndSays, times: int = 1) -> None:
    async def so() -> bool:
        return fault.asked >= times

    await world.until(so)
    await world.until(lambda: _none_flying())


async def _none_flying() -> bool:
    return not await Outbox.filter(state=OutboxState.SENDING).exists()


async def test_a_chat_that_is_hushed_hears_nothing_and_the_others_go_on(world: World) -> None:
    hushed = FarEndSays(world, says_no(429, retry_after=20), JUDGE)
    await world.phone(SECRETARY).says(SENTENCE)
    await asked(world, hushed)
    await world.phone(SECRETARY).says("林永福在祠堂门口")
    await world.phone(SECRETARY).says(OTHER)
    await world.phone(SECOND_JUDGE).expects(OTHER)
    world.clock.advance(18)
    await world.product.timers.once()
    await asyncio.sleep(0.1)
    assert not await world.phone(JUDGE).received()
    assert [c for c, p in world.calls if p.get("chat_id") == JUDGE] == ["sendMessage"]
    world.clock.advance(3)
    card = await world.phone(JUDGE).expects(SENTENCE)
    assert REPEAT not in card.text


async def test_two_chats_hushed_at_once_mean_the_whole_bot(world: World) -> None:
    hushed = FarEndSays(world, says_no(429, retry_after=20), JUDGE, SECOND_JUDGE, times=2)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(SECRETARY).says(OTHER)
    await asked(world, hushed, 2)
    calls = len([name for name, _ in world.calls if name == "sendMessage"])
    await world.phone(ADMIN).says("/help")
    await world.until(lambda: Outbox.filter(kind="help").exists())
    world.clock.advance(10)
    await asyncio.sleep(0.1)
    assert len([name for name, _ in world.calls if name == "sendMessage"]) == calls
    world.clock.advance(11)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.phone(SECOND_JUDGE).expects(OTHER)
    await world.phone(ADMIN).expects("/pending")


async def test_a_line_cut_after_the_request_leaves_doubt_and_says_so(world: World) -> None:
    cut = FarEndSays(world, Cut, JUDGE)
    await world.phone(SECRETARY).says(SENTENCE)
    await asked(world, cut)
    await world.advance(5)
    assert REPEAT in (await world.phone(JUDGE).expects(SENTENCE)).text


async def test_half_an_answer_is_no_answer(world: World) -> None:
    half = FarEndSays(world, lambda: web.Response(body=b'{"ok": true, "resu'), JUDGE)
    await world.phone(SECRETARY).says(SENTENCE)
    await asked(world, half)
    await world.advance(5)
    assert REPEAT in (await world.phone(JUDGE).expects(SENTENCE)).text


async def test_a_slow_chat_holds_up_nobody_else(world: World) -> None:
    release, waiting = asyncio.Event(), asyncio.Event()

    async def slow(method: str, parameters: dict[str, Any]) -> web.StreamResponse | None:
        if method == "sendMessage" and parameters.get("chat_id") == JUDGE:
            waiting.set()
            await release.wait()
        return None

    world.gateway.interceptors.append(slow)
    await world.phone(SECRETARY).says(SENTENCE)
    await waiting.wait()
    await world.phone(SECRETARY).says(OTHER)
    await world.phone(SECOND_JUDGE).expects(OTHER)
    release.set()
    await world.phone(JUDGE).expects(SENTENCE)


async def test_a_refused_token_stops_the_sending_and_the_administrators_hear_of_it(world: World) -> None:
    admin = await world.person(ADMIN)
    await world.product.db.unit(lambda: join(admin, "web", 77))
    await world.product.store.ensure_chat(77)
    refused = FarEndSays(world, says_no(401, "Unauthorized"), times=1000)
    await world.phone(SECRETARY).says(SENTENCE)
    await asked(world, refused)

    async def told() -> bool:
        rows = await world.product.store.since(77, 0, 10)
        return any("令牌" in str(body) for _seq, body, _id in rows)

    await world.until(told)
    before = refused.asked
    await world.phone(SECRETARY).says(OTHER)
    await world.until(lambda: Sighting.filter(text=OTHER).exists())
    world.clock.advance(10)
    await asyncio.sleep(0.1)
    assert refused.asked == before
    refused._times = 0
    world.clock.advance(70)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.phone(SECOND_JUDGE).expects(OTHER)
    assert await Outbox.filter(kind="text", channel="web").count() == 1


async def test_a_chat_that_became_a_supergroup_is_followed(world: World) -> None:
    await world.store.ensure_chat(-1009101)
    FarEndSays(world, says_no(400, "group chat was upgraded", migrate_to_chat_id=-1009101), JUDGE, times=1000)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(-1009101).expects(SENTENCE)
    assert await Endpoint.filter(channel="telegram", chat_id=-1009101).exists()


async def test_numbers_that_begin_anew_after_a_silence_are_new_messages(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.settled()
    number = (await Inbox.filter(channel="telegram").order_by("-id").first()).update_id  # type: ignore[union-attr]
    await world.advance(7 * 24 * 3600)
    who = {"id": SECRETARY, "first_name": "某"}
    message = {"message_id": 900, "date": 1_800_000_000, "text": OTHER, "chat": {**who, "type": "private"}}
    again = {"update_id": number, "message": {**message, "from": {**who, "is_bot": False}}}
    await world.product.receiver.store(world.product.channels["telegram"], [again])
    await world.phone(SECOND_JUDGE).expects(OTHER)
    assert await Inbox.filter(channel="telegram", update_id=number).count() == 1
    await world.product.receiver.store(world.product.channels["telegram"], [again])
    await world.settled()
    assert await Sighting.filter(text=OTHER).count() == 1


async def test_after_an_outage_the_newest_goes_first_and_the_old_say_their_age(world: World) -> None:
    away = FarEndSays(world, says_no(502), times=100_000)
    reporter = world.phone(SECRETARY)
    await reporter.says(SENTENCE)
    await reporter.says(OTHER)
    withdrawn = "林永福在祠堂门口"
    await reporter.says(withdrawn)
    await world.until(lambda: Sighting.filter(text=withdrawn).exists())
    for _ in range(9):
        world.clock.advance(60)
        await world.product.timers.once()
    newest = "朱宝根回来了，在家"
    await reporter.says(newest)
    await world.until(lambda: Sighting.filter(text=newest).exists())
    first = await Sighting.get(text=SENTENCE)
    await world.product.db.unit(lambda: raising.withdraw(first))
    await world.until(_none_flying)
    away._times, before = 0, len(world.calls)
    world.clock.advance(310)  # the longest pause between two attempts
    old = await world.phone(SECOND_JUDGE).expects(OTHER)
    assert "分钟前报的" in old.text
    await world.phone(THIRD_JUDGE).expects(newest)
    await world.settled()
    for card in await world.phone(JUDGE).received():  # a 502 may have arrived all the same: whoever has it must hear
        assert "不用去了" in card.text
    louder = [p for name, p in world.calls[before:] if name == "sendMessage" and "次提醒" in p["text"]]
    assert not louder


async def test_what_has_become_obsolete_before_it_was_ever_sent_is_dropped(world: World) -> None:
    world.product.channels["telegram"].silence.keep_all(world.clock.now(), 600)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.until(lambda: Sighting.exists())
    row = await Sighting.get(text=SENTENCE)
    await world.product.db.unit(lambda: raising.withdraw(row))
    world.clock.advance(601)
    await world.phone(SECRETARY).expects("撤回")
    assert not await world.phone(JUDGE).received()


async def test_a_witness_that_may_have_arrived_says_so(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    FarEndSays(world, says_no(502), JUDGE)
    await world.phone(SECRETARY).says("他要走了")
    await world.until(lambda: Outbox.filter(kind="witness", state=OutboxState.PENDING, attempts=1).exists())
    await world.advance(3)
    assert (await world.phone(JUDGE).expects("他要走了")).text.startswith("（可能是重复提醒）")


async def test_somebody_on_the_way_who_refuses_costs_no_alert(world: World) -> None:
    """A proxy's page, an unknown token: nothing that speaks against the judge's chat."""
    page = FarEndSays(world, lambda: web.Response(status=403, text="<html>no</html>"), JUDGE)
    await world.phone(SECRETARY).says(SENTENCE)
    await asked(world, page)
    lost = FarEndSays(world, says_no(404, "Not Found"), JUDGE)
    world.clock.advance(3)
    await asked(world, lost)
    world.clock.advance(31)
    card = await world.phone(JUDGE).expects(SENTENCE)
    assert "可能是重复提醒" not in card.text
    assert await Endpoint.filter(chat_id=JUDGE, active=True).exists()


async def test_stale_alerts_wait_for_the_fresh_ones_and_go_newest_first(world: World) -> None:
    """Seen at the moment of choosing: which one of those that wait is taken next. Their ages in seconds are written
    down; a clock that jumped while the first timer pass is under way would be a clock set back."""
    now = world.clock.now()
    world.product.channels["telegram"].silence.keep_all(now, 3600)
    people = {9301: 230, 9302: 230, 9303: 130, 9304: 30}

    async def note(chat_id: int, age: int) -> None:
        await put(Address("telegram", chat_id), "text", lane=Lane.ALERT, fresh=True, args={"key": "help.cancelled"})
        await Outbox.filter(chat_id=chat_id).update(created_at=now - timedelta(seconds=age))

    for chat_id, age in people.items():
        await world.product.db.unit(partial(note, chat_id, age))
    taken: list[int] = []
    for _ in people:
        room = Room(1, 0, frozenset({"telegram"}), frozenset(("telegram", number) for number in taken))
        rows = await world.product.db.unit(partial(take_due, room))
        taken += [row.chat_id for row in rows]
    assert taken == [9304, 9303, 9302, 9301]


async def test_an_alert_never_waits_for_a_place_that_other_messages_have(world: World) -> None:
    """The far end takes its time over forty other messages: the places that are kept for alerts are free."""
    release, held = asyncio.Event(), 0
    others = range(9400, 9440)

    async def slow(method: str, parameters: dict[str, Any]) -> web.StreamResponse | None:
        nonlocal held
        if method == "sendMessage" and parameters.get("chat_id") in others:
            held += 1
            await release.wait()
        return None

    world.gateway.interceptors.append(slow)
    for chat_id in others:
        await world.store.ensure_chat(chat_id)

    async def fill() -> None:
        for chat_id in others:
            await put(Address("telegram", chat_id), "text", lane=Lane.REPLY, fresh=True, args={"key": "help.cancelled"})

    await world.product.db.unit(fill)

    async def full() -> bool:
        return held >= SIDE_BY_SIDE - FOR_ALERTS

    await world.until(full)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    assert held == SIDE_BY_SIDE - FOR_ALERTS > 0
    release.set()
    await world.settled()


async def test_an_alert_goes_before_what_is_said_on_about_another(world: World) -> None:
    """In the judge's own chat: twenty follow-ups wait, and the alert about somebody else has grown stale."""
    now = world.clock.now()
    world.product.channels["telegram"].silence.keep_all(now, 3600)

    async def note(kind: str, age: int) -> None:
        await put(Address("telegram", JUDGE), kind, 7, lane=Lane.ALERT, fresh=True)
        newest = await Outbox.all().order_by("-id").first()
        assert newest is not None
        await Outbox.filter(id=newest.id).update(created_at=now - timedelta(seconds=age))

    for number in range(20):
        await world.product.db.unit(partial(note, "witness", number))
    await world.product.db.unit(partial(note, "alert", 90))
    rows = await world.product.db.unit(partial(take_due, Room(1, 0, frozenset({"telegram"}))))
    assert [row.kind for row in rows] == ["alert"]
