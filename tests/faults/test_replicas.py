"""Three processes behind a webhook on one PostgreSQL, without a leader."""

import asyncio
import contextlib
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from storage.engine.secret import Secrets, new_key
from storage.opening import open_database
from storage.people.endpoint import Address
from storage.post.outbox import Lane, put
from tests.county import County
from tests.postgres import Server
from tests.process import Bot
from tests.telegram import Telegram

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
QUOTED = re.compile(r"“(.+?)”")


class Replicas:
    """The processes and what Telegram sees of them."""

    def __init__(self, telegram: Telegram, bots: list[Bot], county: County, key: str) -> None:
        self.telegram, self.bots, self.county, self.key = telegram, bots, county, key

    async def start(self, bot: Bot) -> None:
        await bot.start()
        await bot.ready()


@contextlib.asynccontextmanager
async def replicas(server: Server, folder: Path, count: int = 3, *, limits: bool = False) -> AsyncIterator[Replicas]:
    key, database, county = new_key(), server.create(), County(debtors=400, judges=20)
    async with Telegram(limits=limits) as telegram:
        bots = [Bot(folder / f"bot{n}", key, telegram.url, database=database, webhook=True) for n in range(count)]
        for bot in bots[1:]:
            bot.environment["CHUISHAO_WEB"] = "false"
            telegram.others.append(f"{bot.url}/telegram")
        for bot in bots:
            bot.environment["CHUISHAO_RATE_LIMITS"] = "telegram" if limits else "off"
        await bots[0].imports(county.write(folder / "files"))
        both = Replicas(telegram, bots, county, key)
        try:
            await asyncio.gather(*(both.start(bot) for bot in bots))
            yield both
        finally:
            for bot in bots:
                await bot.stop()


def heard(telegram: Telegram, since: int = 0) -> list[str]:
    """The sentences that reached judges, in order."""
    return [m for call in telegram.messages()[since:] if call.chat_id >= 30_000 for m in QUOTED.findall(call.text)[:1]]


async def test_a_chat_keeps_its_order_whoever_handles_it(postgres_server: Server, tmp_path: Path) -> None:
    """Fifty chats, six sentences each: posted one after the other, dealt out to three processes."""
    async with replicas(postgres_server, tmp_path) as three:
        telegram, chats = three.telegram, []
        reports = three.county.reports()
        for _ in range(50):
            chats.append(next(reports))
        for round_ in range(6):
            for report in chats:
                name = report.text.partition("回来了")[0]
                # The order counts in which Telegram's posts were taken in, so one waits for the one before.
                number = telegram.feed(report.chat_id, f"{name}回来了，第{round_}句")
                await telegram.until(lambda number=number: number not in telegram.waiting)  # type: ignore[misc]
        connection = await asyncpg.connect(three.bots[0].environment["CHUISHAO_DATABASE"])
        async with asyncio.timeout(60):
            while await connection.fetchval("SELECT count(*) FROM inbox WHERE state = 0"):
                await asyncio.sleep(0.05)
        order: dict[int, list[str]] = defaultdict(list)
        for row in await connection.fetch("SELECT chat_id, text FROM sighting ORDER BY id"):
            order[row["chat_id"]].append(row["text"][-2])
        await connection.close()
        assert len(order) == 50
        assert all("".join(numbers) == "012345" for numbers in order.values()), order


async def test_what_a_killed_one_held_the_others_bring_within_fifteen_seconds(
    postgres_server: Server, tmp_path: Path
) -> None:
    async with replicas(postgres_server, tmp_path) as three:
        telegram, reports = three.telegram, three.county.reports()
        wanted = set()
        for _ in range(60):
            report = next(reports)
            wanted.add(report.text)
            telegram.feed(report.chat_id, report.text)
        await telegram.until(lambda: len(heard(telegram)) > 10)
        await three.bots[1].kill()
        killed = time.monotonic()
        await telegram.until(lambda: wanted <= set(heard(telegram)), 40)
        assert time.monotonic() - killed < 15 + 5
        repeated = len(heard(telegram)) - len(wanted)
        assert repeated <= 32


async def test_they_keep_one_limit_together(postgres_server: Server, tmp_path: Path) -> None:
    async with replicas(postgres_server, tmp_path, limits=True) as three:
        database = three.bots[0].environment["CHUISHAO_DATABASE"]
        async with open_database(database, Secrets(three.key), migrating=False) as db:

            async def broadcast() -> None:
                for number in range(150):
                    to = Address("telegram", 50_000 + number)
                    await put(to, "text", lane=Lane.BROADCAST, fresh=True, args={"key": "help.cancelled"})

            await db.unit(broadcast)
        await three.telegram.until(lambda: len(three.telegram.messages()) >= 150, 40)
        assert three.telegram.refused == 0


async def test_an_old_and_a_new_version_run_side_by_side(postgres_server: Server, tmp_path: Path) -> None:
    """A later version has added a column that this one doesn't know; one that changes what is there stops it."""
    async with replicas(postgres_server, tmp_path, count=2) as two:
        database = two.bots[0].environment["CHUISHAO_DATABASE"]
        connection = await asyncpg.connect(database)
        await connection.execute("ALTER TABLE sighting ADD COLUMN weather TEXT")
        note = "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('chuishao', $1, now())"
        await connection.execute(note, "9000_weather_expand")
        await two.bots[1].stop()
        await two.start(two.bots[1])
        report = next(two.county.reports())
        two.telegram.feed(report.chat_id, report.text)
        await two.telegram.until(lambda: report.text in heard(two.telegram))
        await connection.execute(note, "9001_weather_contract")
        await connection.close()
        code, said = await two.bots[1].command("init")
        assert code == 2 and "9001_weather_contract" in said
