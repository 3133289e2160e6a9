"""What one chat or one stranger does makes nobody else wait; and what somebody says in words is never refused."""

import asyncio
import contextlib
import stat
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import aiohttp
import pytest

from bot.page import budget, session
from bot.page.board import SCREENS
from bot.transport import guard
from bot.transport.guard import FROM_ONE, Guard
from storage.alerts.sighting import Sighting
from storage.alerts.timeline import AlertEvent
from storage.engine.audit import AuditEntry
from storage.post.invitation import invite
from storage.post.outbox import Outbox
from tests.post.test_waking import page_of
from tests.world import ADMIN, JUDGE, SECRETARY, STRANGER, SUPERVISOR, World

SENTENCE = "林永福回来了，人就在村委"


def _port(world: World) -> int:
    return int(world.product.url.rpartition(":")[2])


async def test_a_connection_that_says_nothing_or_half_is_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(session, "BODY_SECONDS", 0.3)
    for said in (b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "):
        reader, writer = await asyncio.open_connection("127.0.0.1", _port(world))
        writer.write(said)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", _port(world))
    writer.write(b"POST /api/join HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{")
    assert b" 408 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()


async def test_a_request_that_takes_its_time_to_be_answered_is_not_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "HEAD_SECONDS", 0.3)
    async with page_of(world, SECRETARY) as (page, base), page.get(f"{base}/events") as stream:
        await asyncio.sleep(0.5)  # the time in which a connection has to come to its point
        await page.post(f"{base}/say", json={"text": SENTENCE})
        async for line in stream.content:
            if "林永福" in line.decode().encode().decode("unicode_escape", "ignore"):
                break


class _Transport(asyncio.Transport):
    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 1)})
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


async def test_one_address_has_so_many_connections_and_no_more() -> None:
    doors = Guard(asyncio.Protocol, lambda address: address == "10.0.0.1", 1000)

    def knock(address: str) -> tuple[asyncio.Protocol, _Transport]:
        protocol, transport = doors(), _Transport(address)
        protocol.connection_made(transport)
        return protocol, transport

    mine = [knock("203.0.113.7") for _ in range(FROM_ONE + 5)]
    assert [one.aborted for _, one in mine] == [False] * FROM_ONE + [True] * 5
    assert not knock("203.0.113.8")[1].aborted
    assert not any(knock("10.0.0.1")[1].aborted for _ in range(FROM_ONE + 5)), "the court's own proxy"
    mine[0][0].connection_lost(None)
    assert not knock("203.0.113.7")[1].aborted
    for number in range(2000):
        knock(f"198.51.{number // 250}.{number % 250}")
    assert knock("192.0.2.1")[1].aborted and not knock("127.0.0.1")[1].aborted, "the bot itself has room"
    for protocol, transport in mine:
        if not transport.aborted:
            protocol.connection_lost(None)


async def test_words_wait_their_turn_and_all_come_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "WORDS", 5)
    monkeypatch.setattr(budget, "WORDS_SECONDS", 0.5)
    monkeypatch.setattr(budget, "SLOW", 0.05)
    async with page_of(world, SECRETARY) as (page, base):

        async def say(number: int) -> bool:
            async with page.post(f"{base}/say", json={"text": f"第{number}句", "id": f"n{number}"}) as answer:
                assert answer.status == 200
                return "slow" in await answer.json()

        slow = await asyncio.gather(*[say(number) for number in range(12)])
        assert slow.count(True) >= 5 and not slow[0]
        await world.until(lambda: _count(12))


async def _count(wanted: int) -> bool:
    return await Sighting.filter(text__startswith="第").count() == wanted


async def test_taps_and_files_have_their_measure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "BYTES_A_DAY", 3000)
    jpeg = b"\xff\xd8\xff\xe0" + b"x" * 1000
    async with page_of(world, SECRETARY) as (page, base):
        statuses = []
        for number in range(budget.TAPS + 3):
            tap = {"message_id": 1, "data": f"1:undo:{number}:0"}
            statuses.append((await page.post(f"{base}/tap", json=tap)).status)
        assert statuses[-3:] == [429] * 3 and 429 not in statuses[: budget.TAPS]
        for expected in ("1", "1", "today"):
            form = aiohttp.FormData()
            form.add_field("id", f"p{expected}{len(statuses)}")
            form.add_field("file", jpeg, filename="a.jpg")
            answer = await page.post(f"{base}/file", data=form)
            assert answer.headers["X-Chuishao"] == expected
        assert (await page.post(f"{base}/say", json={"text": SENTENCE})).status == 200, "words are never refused"
        await world.phone(JUDGE).expects(SENTENCE)


async def test_a_long_chat_is_given_in_pages(world: World) -> None:
    async with page_of(world, SECRETARY) as (page, base):
        chat_id = next(iter(await world.product.store.transact(_chats)))
        for number in range(40):
            await world.product.webchat.say(chat_id, f"{number} " + "长" * 5000)
        seen: set[int] = set()
        answer = await (await page.get(f"{base}/changes?after=0")).read()
        assert len(answer) < 300_000
        first = await (await page.get(f"{base}/changes?after=0")).json()
        seen |= {one["message"]["message_id"] for one in first["messages"] if "message" in one}
        while min(seen) > 1:
            earlier = await (await page.get(f"{base}/earlier?before={min(seen)}")).json()
            assert len(str(earlier)) < 300_000
            seen |= {one["message_id"] for one in earlier["messages"]}
        assert len(seen) >= 40
        forward, after = 0, 1
        while news := (await (await page.get(f"{base}/changes?after={after}")).json())["messages"]:
            forward, after = forward + len(news), news[-1]["seq"]
        assert forward >= 40


def _chats(db: object) -> list[int]:
    return [row[0] for row in db.execute("SELECT id FROM chat ORDER BY id DESC LIMIT 1")]  # type: ignore[attr-defined]


async def test_a_stranger_who_goes_on_is_only_counted(world: World) -> None:
    stranger = world.phone(STRANGER)
    for number in range(8):
        await stranger.says(f"喂{number}")
    await stranger.sends(sticker={"file_id": "x"})
    await world.settled()
    assert len(await stranger.received()) == 1
    assert await AuditEntry.filter(action="stranger.refused").count() == 1
    assert "chuishao_strangers_total 9.0" in world.product.metrics.page().decode()
    assert await Outbox.filter(chat_id=STRANGER).count() == 1
    await world.advance(61)
    await stranger.says("喂")
    await world.settled()
    assert len(await stranger.received()) == 2


async def test_who_joined_and_was_dismissed_a_moment_later_is_answered(world: World) -> None:
    """A code that was used is no answer to a stranger."""
    stranger, who = world.phone(STRANGER), await world.person(SECRETARY)
    code = await world.product.db.unit(lambda: invite(who))
    await stranger.says(f"/start {code}")
    await stranger.expects("登记好了")
    await world.phone(ADMIN).says("/people 应建华")
    await world.phone(ADMIN).taps("手机丢了")
    await world.phone(ADMIN).taps("退出所有手机")
    await world.settled()
    await stranger.says("喂")
    await stranger.expects("只对登记人员开放")


async def test_who_urges_on_and_on_rings_once_a_minute_and_words_go_on(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    await world.settled()
    supervisor = world.phone(SUPERVISOR)
    await supervisor.says("456")
    card = await supervisor.expects("（2013）浙1122执456号")
    for _ in range(5):
        await supervisor.taps("催办", card)
        await world.settled()
    await supervisor.hears("刚催过")
    assert await AlertEvent.filter(kind="urged").count() == 1
    await supervisor.says("今天一定要去", card)
    await world.phone(JUDGE).expects("今天一定要去")
    await world.advance(61)
    await supervisor.taps("催办", card)
    await world.settled()
    assert await AlertEvent.filter(kind="urged").count() == 3


async def test_a_command_of_two_thousand_words_is_answered_at_once(world: World) -> None:
    admin = world.phone(ADMIN)
    await admin.says("/handover " + "没人应 " * 2000)
    await admin.expects("移交：/handover")
    await admin.says("/case " + "林" * 15000)
    await admin.expects("没有查到")


async def test_screens_of_one_person_are_few_and_pictures_are_drawn_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = 0

    async def draw(*_args: object) -> bytes:
        nonlocal drawn
        drawn += 1
        await asyncio.sleep(0)
        return b"<svg/>"

    monkeypatch.setattr("bot.page.board.picture", draw)
    async with page_of(world, SUPERVISOR) as (page, base):
        answers = await asyncio.gather(*[page.get(f"{base}/board/map.svg") for _ in range(20)])
        assert {answer.status for answer in answers} == {200} and drawn == 1
        streams = [await page.get(f"{base}/board/events") for _ in range(SCREENS + 1)]
        assert [stream.status for stream in streams] == [200] * SCREENS + [429]
        for stream in streams:
            stream.close()


async def test_the_data_folder_is_nobody_elses(world: World) -> None:
    folder: Path = world.product.settings.data
    places = [folder, *folder.iterdir(), folder / "gateway" / "gateway.db"]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in places} == {0}


async def test_slow_lines_of_one_hold_up_nobody_elses_photo(world: World) -> None:
    """Somebody begins eight uploads and sends a byte now and then."""
    jpeg = b"\xff\xd8\xff\xe0" + b"x" * 1000
    async with page_of(world, SECRETARY) as (slow, slow_base), page_of(world, JUDGE) as (page, base):
        ends = asyncio.Event()

        async def dripping() -> AsyncIterator[bytes]:
            yield b'--X\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
            await ends.wait()

        headers = {"Content-Type": "multipart/form-data; boundary=X"}
        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(_ignoring(slow.post(f"{slow_base}/file", data=dripping(), headers=headers)))
            await asyncio.sleep(0.3)  # they have begun: what comes now is beside them
            form = aiohttp.FormData()
            form.add_field("id", "mine")
            form.add_field("file", jpeg, filename="a.jpg")
            async with asyncio.timeout(5):
                assert (await page.post(f"{base}/file", data=form)).status in (200, 415)
            ends.set()


async def _ignoring(work: Awaitable[aiohttp.ClientResponse]) -> None:
    with contextlib.suppress(aiohttp.ClientError):
        (await work).close()
