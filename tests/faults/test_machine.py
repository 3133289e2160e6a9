"""The machine under the product: a clock that is set, memory that runs out, a disk that takes nothing any more."""

import asyncio
import os
import shutil
from pathlib import Path

import aiohttp
import pytest
from tortoise.connection import get_connection

from storage.alerts.alert import Alert
from storage.engine.secret import new_key
from storage.engine.sqlite import DirectClient
from storage.post.inbox import Inbox
from storage.post.outbox import Outbox, OutboxState
from tests.county import County
from tests.faults.test_far_end import FarEndSays, says_no
from tests.parts import absent
from tests.process import CHUISHAO, Bot
from tests.telegram import Telegram
from tests.world import JUDGE, SECOND_JUDGE, SECRETARY, Stage, World

pytestmark = pytest.mark.slow

SENTENCE, OTHER = "林永福回来了，在村委", "林佳回来了，在新村"


async def test_a_clock_that_jumps_ahead_and_back_delays_nothing(world: World) -> None:
    world.clock.advance(3600)
    await world.product.timers.once()
    FarEndSays(world, says_no(502), JUDGE)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(SECRETARY).says(OTHER)
    await world.phone(SECOND_JUDGE).expects(OTHER)
    await world.until(lambda: Outbox.filter(kind="alert", state=OutboxState.PENDING, attempts=1).exists())
    world.clock.set_back(3600)
    await world.product.timers.once()
    world.clock.advance(5)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.advance(125)
    await world.phone(JUDGE).expects("次提醒")
    await world.advance(200)
    assert await Alert.filter(step=4).count() == 2, "the head has both"


async def test_a_clock_set_back_keeps_nobody_silent_and_no_question_open(world: World) -> None:
    FarEndSays(world, says_no(429, retry_after=20), JUDGE)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.until(lambda: Outbox.filter(kind="alert", state=OutboxState.PENDING, attempts=1).exists())
    await world.phone(SECRETARY).says("林永福还是林佳我看不清，在村口")
    await world.phone(SECRETARY).expects("是哪一位")
    world.clock.set_back(3600)
    await world.advance(1)
    await world.phone(SECOND_JUDGE).expects("我看不清")
    await world.phone(JUDGE).expects("我看不清")


async def test_a_clock_set_back_between_two_starts_delays_nothing(stage: Stage) -> None:
    stage.clock.advance(3600)
    async with stage.world() as world:
        FarEndSays(world, says_no(502), JUDGE, times=100)
        await world.phone(SECRETARY).says(SENTENCE)
        await world.until(lambda: Alert.exists())
    stage.clock.set_back(3600)
    async with stage.world() as world:
        await world.product.timers.once()
        await world.phone(JUDGE).expects(SENTENCE)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_database_that_becomes_read_only_takes_everything_in_afterwards(world: World) -> None:
    """What a kernel does that no longer trusts its disk: reading goes on, every change is refused."""
    writer = get_connection("writer")
    assert isinstance(writer, DirectClient)
    writer.direct.raw.execute("PRAGMA query_only = ON")
    await world.phone(SECRETARY).says(SENTENCE)
    told = await world.phone(SECRETARY).expects("现在记不下来，请直接打值班电话")
    assert not await Inbox.exists()
    async with aiohttp.ClientSession() as session, session.get(f"{world.product.url}/readyz") as answer:
        assert answer.status == 503
    assert not await world.phone(JUDGE).received()
    writer.direct.raw.execute("PRAGMA query_only = OFF")

    async def received() -> bool:
        world.clock.advance(2)
        return await Alert.exists()

    await world.until(received)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.phone(SECRETARY).expects("已送达", after=told.id)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_read_only_disk_stops_the_start_with_one_line(engine: str, tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    bot = Bot(place / "data", new_key())
    if os.geteuid() != 0 or await bot.command_of("mount", "-t", "tmpfs", "none", str(place)):
        absent("the right to mount a file system")
    try:
        bot = Bot(place / "data", new_key())
        assert (await bot.command("init"))[0] == 0
        assert await bot.command_of("mount", "-o", "remount,ro", str(place)) == 0
        code, said = await bot.command("run")
        assert code == 2 and said.count("\n") == 1 and "数据文件夹写不了" in said, said
        code, said = await bot.command("doctor")
        assert code == 1 and "写不了，请检查权限" in said and "打不开" in said, said
        assert await bot.command_of("mount", "-o", "remount,rw", str(place)) == 0
        await bot.start()
        await bot.ready()
        assert await bot.stop() == 0
    finally:
        await bot.command_of("umount", str(place))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_process_that_runs_out_of_memory_loses_nothing(engine: str, tmp_path: Path) -> None:
    """Less memory than the work wants: whatever fails, fails aloud, and with enough of it all is brought."""
    if shutil.which("prlimit") is None:
        absent("prlimit (util-linux)")
    county = County(debtors=400, judges=20)
    async with Telegram() as telegram:
        bot = Bot(tmp_path / "data", new_key(), telegram.url)
        await bot.imports(county.write(tmp_path / "files"))
        reports = county.reports()
        said = [next(reports) for _ in range(60)]
        await bot.start(str(CHUISHAO), "run")  # as a user does: how much memory it has is what this is about
        await bot.ready()
        limit = await bot.command_of("prlimit", "--pid", str(bot.pid), f"--data={bot.data_bytes() + 3_000_000}")
        assert limit == 0
        for report in said:
            telegram.feed(report.chat_id, report.text + "，" * 20_000)
        async with asyncio.timeout(30):
            while bot.lives() and len(telegram.calls) <= 10:  # it ends, and a supervisor starts it anew
                await asyncio.sleep(0.05)
        await bot.kill()
        await bot.start()
        missing = {report.text for report in said}

        def all_there() -> bool:
            for call in telegram.messages():
                missing.difference_update([text for text in missing if f"“{text}" in call.text])
            return not missing

        await telegram.until(all_there, 60)
        assert await bot.stop() == 0
