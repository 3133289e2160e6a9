"""The product under measurement: a process on a core of its own, with a county of 5,000 debtors."""

import asyncio
import contextlib
import os
import re
import shutil
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from storage.engine.secret import Secrets, new_key
from storage.opening import open_database
from storage.people.endpoint import Address
from storage.post.outbox import Lane, put
from tests.bench.growth import Filling
from tests.county import JUDGES, SECRETARIES, County, Report
from tests.process import Bot
from tests.telegram import Telegram

QUOTED = re.compile(r"“(.+?)”")


CLIENTS = list((Path(__file__).parent.parent.parent / ".clients" / "py" / "lib").glob("*/site-packages"))
"""aiogram's own packages, which `make clients` installs; they can't live beside ours."""


def on_core(core: int) -> list[str]:
    """What pins a command to a core, where there is taskset."""
    return ["taskset", "-c", str(core)] if shutil.which("taskset") and (os.cpu_count() or 1) > 1 else []


@dataclass(frozen=True)
class Speed:
    """What one run showed; times in milliseconds, memory in MB."""

    per_second: float
    p50: float
    p99: float
    cpu_per_thousand: float
    peak: float
    start: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.per_second:7.0f}/s  p50 {self.p50:7.1f} ms  p99 {self.p99:7.1f} ms  "
            f"{self.cpu_per_thousand:5.2f} CPU s/1,000  {self.peak:4.0f} MB"
        )


@dataclass(frozen=True)
class Minute:
    """One minute of a long run: milliseconds, MB, open files, MB of the database's log, CPU seconds since the start."""

    p50: float
    p99: float
    memory: float
    files: int
    log: float
    cpu: float


def share(times: list[float], part: float) -> float:
    """The value below which this part of the times lies."""
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


class Bench:
    """A filled database, copied for each run."""

    def __init__(self, folder: Path, debtors: int = 5000) -> None:
        self.folder, self.key, self.county = folder, new_key(), County(debtors)

    async def prepare(self, *, cases: int = 0, officials: int = 0, sightings: int = 0) -> None:
        """The county imported, or for a large one its debtors with so many cases written straight into the database,
        with officials who say nothing and a year of reports behind them."""
        bot = Bot(self.folder / "template", self.key)
        people = County(0) if cases else self.county
        await bot.imports(people.write(self.folder / "files"))
        if cases:
            with contextlib.closing(Filling(self.folder / "template" / "chuishao.db", self.county)) as filling:
                filling.cases(cases)
                filling.officials(officials)
                filling.year(sightings)
            code, said = await bot.command("init")
            assert code == 0, said

    def bot(self, telegram: Telegram, *, webhook: bool = False, limits: bool = False) -> Bot:
        """A fresh one, on core 0."""
        data = self.folder / f"run{time.monotonic_ns()}"
        data.mkdir()
        shutil.copy(self.folder / "template" / "chuishao.db", data)
        os.sync()  # else the first commit waits for the whole copy to reach the disk
        bot = Bot(data, self.key, telegram.url, webhook=webhook)
        bot.prefix = on_core(0)
        bot.environment["CHUISHAO_RATE_LIMITS"] = "telegram" if limits else "off"
        return bot

    async def speed(self, count: int, *, rate: float = 0.0, webhook: bool = False, peer: str = "") -> Speed:
        """`count` reports, all at once or `rate` a second, to the product or to a peer; everybody has written
        before."""
        async with Telegram() as telegram:
            bot = self.bot(telegram, webhook=webhook)
            before = time.monotonic()
            if peer:
                database = bot.environment["CHUISHAO_DATA"] + "/peer.db"
                bot.environment["PYTHONPATH"] = os.pathsep.join(map(str, CLIENTS if peer == "aiogram" else ()))
                await bot.start(sys.executable, "-m", "tests.bench.peers", peer, telegram.url, database)
            else:
                await bot.start()
                await bot.ready()
            start = time.monotonic() - before
            reports = self.county.reports()
            known = [next(reports) for _ in self.county.villages]
            await self._arrive(telegram, [(report, time.monotonic()) for report in known])
            await asyncio.sleep(2)
            used = bot.usage()
            due, begun = [], time.monotonic()
            said = [next(reports) for _ in range(count)]
            for number, report in enumerate(said):
                at = begun + number / rate if rate else begun
                if (pause := at - time.monotonic()) > 0:
                    await asyncio.sleep(pause)
                due.append((report, at))
                if rate:
                    telegram.feed(report.chat_id, report.text)
            times = await self._arrive(telegram, due, fed=bool(rate))
            took = max(at + late for (_report, at), late in zip(due, times, strict=True)) - begun
            now = bot.usage()
            await bot.kill() if peer else await bot.stop()
            late = [one * 1000 for one in times]
            cpu = (now["cpu"] - used["cpu"]) * 1000 / count
            return Speed(count / took, statistics.median(late), share(late, 0.99), cpu, now["peak"], start)

    @staticmethod
    async def _arrive(telegram: Telegram, due: list[tuple[Report, float]], *, fed: bool = False) -> list[float]:
        """Seconds from each report's time to its judge's message."""
        for report, _at in due if not fed else ():
            telegram.feed(report.chat_id, report.text)
        wanted = {report.text: report for report, _at in due}
        seen: dict[str, float] = {}
        place = 0

        def all_there() -> bool:
            nonlocal place
            for call in telegram.calls[place:]:
                quoted = QUOTED.search(call.text) if call.method == "sendMessage" and call.chat_id >= JUDGES else None
                if quoted and quoted[1] in wanted:
                    seen.setdefault(quoted[1], call.at)
            place = len(telegram.calls)
            return len(seen) == len(wanted)

        await telegram.until(all_there, 300)
        return [seen[report.text] - at for report, at in due]

    async def replicas(self, database: str, count: int, reports: int = 1000) -> float:
        """Reports a second that so many processes on one PostgreSQL bring to their judges, posted all at once."""
        async with Telegram() as telegram:
            places = [self.folder / f"bot{n}" for n in range(count)]
            bots = [Bot(place, self.key, telegram.url, database=database, webhook=True) for place in places]
            for bot in bots[1:]:
                bot.environment["CHUISHAO_WEB"] = "false"
                telegram.others.append(f"{bot.url}/telegram")
            await bots[0].imports(self.county.write(self.folder / "files"))
            for bot in bots:
                await bot.start()
                await bot.ready()
            coming = self.county.reports()
            await self._arrive(telegram, [(next(coming), time.monotonic()) for _ in self.county.villages])
            begun = time.monotonic()
            await self._arrive(telegram, [(next(coming), begun) for _ in range(reports)])
            took = time.monotonic() - begun
            for bot in bots:
                await bot.stop()
            return reports / took

    async def soak(self, minutes: int, rate: int = 30) -> list[Minute]:
        """`rate` reports a second for so long, nobody answers them: how the product did in each minute."""
        async with Telegram() as telegram:
            bot = self.bot(telegram)
            await bot.start()
            await bot.ready()
            log = Path(bot.environment["CHUISHAO_DATA"]) / "chuishao.db-wal"
            reports, found = self.county.reports(), list[Minute]()
            for _ in range(minutes):
                begun, due = time.monotonic(), list[tuple[Report, float]]()
                for number in range(60 * rate):
                    at = begun + number / rate
                    if (pause := at - time.monotonic()) > 0:
                        await asyncio.sleep(pause)
                    report = next(reports)
                    due.append((report, at))
                    telegram.feed(report.chat_id, report.text)
                late = [one * 1000 for one in await self._arrive(telegram, due, fed=True)]
                used = bot.usage()
                size = log.stat().st_size / 1e6
                p50, p99 = statistics.median(late), share(late, 0.99)
                found.append(Minute(p50, p99, used["rss"], used["files"], size, used["cpu"]))
                telegram.calls.clear()
            await bot.stop()
            return found

    async def asked(self, chat_id: int, words: str, times: int = 200) -> list[float]:
        """Milliseconds from a command to its answer, one after the other."""
        async with Telegram() as telegram:
            bot = self.bot(telegram)
            await bot.start()
            await bot.ready()
            late = []
            for _ in range(times):
                before, begun = len(telegram.messages()), time.monotonic()
                telegram.feed(chat_id, words)
                await telegram.until(lambda seen=before: len(telegram.messages()) > seen)  # type: ignore[misc]
                late.append((telegram.messages()[before].at - begun) * 1000)
            await bot.stop()
            return late

    async def lanes(self, people: int = 2000, alerts: int = 20) -> tuple[list[float], int, float]:
        """An urgent alert every other second while a broadcast goes to many: seconds to the judge, refusals by the
        far end's limits, messages a second."""
        async with Telegram(limits=True) as telegram:
            bot = self.bot(telegram, limits=True)
            data = Path(bot.environment["CHUISHAO_DATA"])
            async with open_database(f"sqlite://{data / 'chuishao.db'}", Secrets(self.key)) as db:

                async def broadcast() -> None:
                    for number in range(people):
                        to = Address("telegram", SECRETARIES + 1000 + number)
                        await put(to, "text", lane=Lane.BROADCAST, fresh=True, args={"key": "help.cancelled"})

                await db.unit(broadcast)
            await bot.start()
            await bot.ready()
            await telegram.until(lambda: len(telegram.messages()) > 20)
            reports, due = self.county.reports(), []
            begun, before = time.monotonic(), len(telegram.messages())
            for _ in range(alerts):
                report = next(reports)
                due.append((report, time.monotonic()))
                telegram.feed(report.chat_id, report.text)
                await asyncio.sleep(2)
            times = await self._arrive(telegram, due, fed=True)
            pace = (len(telegram.messages()) - before) / (time.monotonic() - begun)
            await bot.stop()
            return times, telegram.refused, pace
