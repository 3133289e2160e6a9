"""The database server dies, hangs up, or is replaced by its replica, while people report."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.county import County, Report
from tests.faults.kills import Killing
from tests.postgres import Server
from tests.telegram import Telegram

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


class Door:
    """The address at which the product knows its database: what stands behind it can be changed, and lines cut."""

    def __init__(self, behind: int) -> None:
        self.behind = behind
        self.port = 0
        self._lines: set[asyncio.StreamWriter] = set()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Door"]:
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self
            self.cut()

    def cut(self) -> None:
        """Every connection breaks off."""
        for line in list(self._lines):
            line.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.behind)
        except OSError:
            writer.transport.abort()
            return
        self._lines |= {writer, back}
        with contextlib.suppress(OSError):
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass(reader, back))
                both.create_task(_pass(there, writer))
        self._lines -= {writer, back}


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


class Story:
    """A bot on a database behind a door, and people who report."""

    def __init__(self, killing: Killing) -> None:
        self.killing, self.telegram = killing, killing.telegram
        self.reports = killing.county.reports()
        self.told: dict[str, Report] = {}

    def says(self, count: int) -> list[Report]:
        said = [next(self.reports) for _ in range(count)]
        for report in said:
            self.telegram.feed(report.chat_id, report.text)
            self.told[report.text] = report
        return said

    def arrived(self, said: list[Report]) -> bool:
        return not {report.text for report in said} & self.killing._missing(self.told)

    async def readyz(self) -> int:
        async with aiohttp.ClientSession() as session:
            return await self.killing.bot.status(session, "/readyz")

    async def until_readyz(self, wanted: int) -> None:
        async with asyncio.timeout(30):
            while await self.readyz() != wanted:
                await asyncio.sleep(0.1)

    async def ends_well(self) -> None:
        """Everything that was said has arrived, the chain is whole, and the process is the same one still."""
        await self.telegram.until(lambda: self.arrived(list(self.told.values())), 60)
        assert self.killing.bot.process is not None and self.killing.bot.process.returncode is None
        assert self.killing._repeats(self.told)[1] == 0
        code, said = await self.killing.bot.command("audit", "verify")
        assert code == 0, said


@contextlib.asynccontextmanager
async def running(server: Server, tmp_path: Path) -> AsyncIterator[tuple[Story, Door]]:
    name = server.create().rsplit("/", 1)[1]
    async with Door(server.port).open() as door, Telegram() as telegram:
        database = f"postgres://chuishao@127.0.0.1:{door.port}/{name}"
        killing = Killing(tmp_path / "data", telegram, database=database)
        killing.county = County(debtors=400, judges=20)
        await killing.prepare(tmp_path / "files")
        await killing.bot.start()
        try:
            await killing.bot.ready()
            story = Story(killing)
            said = story.says(5)
            await telegram.until(lambda: story.arrived(said))
            yield story, door
        finally:
            await killing.bot.stop()


@pytest.fixture
async def own_server(postgres_server: Server) -> AsyncIterator[Server]:
    """A server for one story only, which may be broken."""
    server = Server(postgres_server.binaries)
    await asyncio.to_thread(server.start)
    yield server
    with contextlib.suppress(Exception):
        await asyncio.to_thread(server.stop)


async def test_the_server_is_killed_and_comes_back(own_server: Server, tmp_path: Path) -> None:
    async with running(own_server, tmp_path) as (story, _door):
        story.says(40)
        await asyncio.to_thread(own_server.kill)
        story.says(20)
        await story.until_readyz(503)
        await asyncio.to_thread(own_server.restart)
        await story.until_readyz(200)
        story.says(10)
        await story.ends_well()


async def test_the_line_to_the_server_is_cut_again_and_again(own_server: Server, tmp_path: Path) -> None:
    async with running(own_server, tmp_path) as (story, door):
        for _ in range(5):
            story.says(15)
            await asyncio.sleep(0.3)
            door.cut()
        await story.ends_well()


async def test_a_replica_takes_over(own_server: Server, tmp_path: Path) -> None:
    """What the bot has confirmed is on the replica too, for the primary waits for it."""
    replica = await asyncio.to_thread(own_server.replica, "standby")
    async with running(own_server, tmp_path) as (story, door):
        story.says(40)
        await story.telegram.until(lambda: len(story.telegram.messages()) > 20)
        await asyncio.to_thread(own_server.kill)
        await asyncio.to_thread(replica.promote)
        door.behind = replica.port
        door.cut()
        story.says(20)
        await story.until_readyz(200)
        await story.ends_well()
    await asyncio.to_thread(replica.stop)


async def test_a_backup_made_under_load_is_restored(own_server: Server, tmp_path: Path) -> None:
    """pg_dump beside a bot at work, pg_restore into a new database: the chain is whole, and it goes on from there."""
    async with running(own_server, tmp_path) as (story, _door):
        bot = story.killing.bot
        bot.environment["PATH"] = f"{own_server.binaries}:{bot.environment['PATH']}"
        story.says(60)
        code, said = await bot.command("backup", str(tmp_path / "copy"))
        assert code == 0, said
        story.says(10)
        await story.ends_well()
        dump = tmp_path / "copy" / "chuishao.pgdump"
        restored = own_server.create()
        restoring = str(own_server.binaries / "pg_restore"), "--no-owner", f"--dbname={restored}", str(dump)
        assert await bot.command_of(*restoring) == 0
        bot.environment["CHUISHAO_DATABASE"] = restored
        code, said = await bot.command("audit", "verify")
        assert code == 0, said
        code, said = await bot.command("doctor")
        assert "打不开" not in said, said
