"""`make bench`: the figures, each with what it measures. Speed has no place in a test; here is where it is shown."""

import asyncio
import contextlib
import csv
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bot.office.importing import Kind, import_file
from storage.engine.clock import SystemClock
from storage.engine.database import Database, is_alive
from storage.engine.secret import Secrets, new_key
from storage.engine.sql import run
from storage.opening import open_database
from storage.people.person import Person, Role
from storage.reading import index
from storage.reading.understand import understand
from tests.bench.mountain import first_and_next_start
from tests.bench.phones import phones
from tests.bench.product import CLIENTS, Bench, share
from tests.county import County
from tests.faults.kills import Killing
from tests.postgres import Server, find_binaries
from tests.telegram import Telegram
from tests.world import fill, settings_for

CASES = 100_000
SOAKED = 60_000
"""More debtors than there are reports within the time in which a second one joins the first."""
ADMIN = 39_999
SURNAMES, SYLLABLES = "林杜朱丁黄何吕邢李应陈王周胡", "永福春生宝根爱香国强小龙金法美芳伟明秀珠志刚丽萍"


def show(name: str, figure: str) -> None:
    print(f"{name:<58} {figure}", flush=True)


def write_cases(path: Path) -> None:
    """100,000 rows in real villages, with id numbers, aliases and plates."""
    header = [
        "案号",
        "被执行人",
        "曾用名/绰号",
        "性别",
        "身份证号码",
        "所在村社",
        "申请执行人",
        "执行标的(元)",
        "立案日期",
        "承办法官工号",
        "车牌号",
    ]
    villages = ["331122203226", "331122203240", "331122103224"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for n in range(CASES):
            name = SURNAMES[n % 14] + SYLLABLES[n % 24] + SYLLABLES[n // 24 % 24]
            number = f"33112219{50 + n % 50}{1 + n % 12:02}{1 + n % 28:02}{n // 16800 % 10}{n % 1000:03}"
            row = [f"（{2000 + n % 25}）浙1122执{n + 10000}号", name, f"阿{name[2]}", "男", number, villages[n % 3]]
            writer.writerow([*row, "某银行", 1000 + n, "2020-01-01", "FY101", f"浙K{n % 100000:05}"])


async def importing(folder: Path) -> None:
    settings = settings_for(folder / "import", key=new_key())
    await fill(settings, SystemClock())
    write_cases(folder / "cases.csv")
    async with open_database(settings.database_url, settings.secrets()) as db:
        for name in ("import of 100,000 cases", "the same file again (changes nothing)"):
            before, longest = time.perf_counter(), 0.0
            async with asyncio.TaskGroup() as group:
                task = group.create_task(import_file(db, Kind.CASES, folder / "cases.csv", lambda _d, _a: None))
                while not task.done():
                    started = time.perf_counter()
                    await is_alive(db)
                    longest = max(longest, time.perf_counter() - started)
                    await asyncio.sleep(0.05)
            assert not task.result().report.rejected
            show(name, f"{time.perf_counter() - before:.1f} s (another write waits {longest:.1f} s at most)")


async def reading(folder: Path) -> None:
    """A sentence against a county of 100,000 debtors: fetching whom it can mean, and understanding it; and the words
    by which they are found, made anew."""
    bench = Bench(folder / "reading", CASES)
    await bench.prepare(cases=CASES)
    url = f"sqlite://{folder / 'reading' / 'template' / 'chuishao.db'}"
    async with open_database(url, Secrets(bench.key)) as db:
        await read_all(db, bench.county)


async def read_all(db: Database, county: County) -> None:
    texts = [f"{county.name(n)}回来了，人就在村委" for n in range(0, 3000, 10)]
    texts += [
        "老林回来了，人就在村委，你们赶紧过来！",
        "linyongtu huilai le",
        "那个欠老杜钱的开着他那辆尾号12A的车走了",
    ] * 20
    times = []
    for n, text in enumerate(texts):
        before = time.perf_counter()
        sender = Person(role=Role.GRID_WORKER, area_code=county.home(10 * n))
        await understand(sender, text, db.clock.now())
        times.append((time.perf_counter() - before) * 1000)
    show("a sentence against 100,000 people", f"p50 {share(times, 0.5):.1f} ms, p99 {share(times, 0.99):.1f} ms")

    async def anew() -> None:
        await run("UPDATE traced SET rules = 0")

    await db.unit(anew)
    before = time.perf_counter()
    await index.catch_up(db.unit)
    show("the words by which they are found, made anew", f"{time.perf_counter() - before:.1f} s")


async def speed(bench: Bench) -> None:
    """Side by side, each on core 0 with the far end on core 1. The product does its whole work: reading, routing,
    audit, outbox; the peers insert, alert and answer."""
    runs = {
        "chuishao, polling": {},
        "chuishao, webhook": {"webhook": True},
        "python-telegram-bot with our aiohttp request": {"peer": "ptb-aiohttp"},
        "python-telegram-bot with HTTPX": {"peer": "ptb-httpx"},
        "aiogram": {"peer": "aiogram"},
    }
    for name, how in runs.items():
        if how.get("peer") == "aiogram" and not CLIENTS:
            show(f"{name}, all at once", "not measured: make clients")
            continue
        slow = how.get("peer") == "ptb-httpx"
        for manner, count, rate in (("all at once", 300 if slow else 1500, 0), ("30 a second", 300, 30)):
            try:
                figure = str(await bench.speed(count, rate=rate, **how))  # type: ignore[arg-type]
            except TimeoutError:
                figure = "not everything arrived within five minutes"
            show(f"{name}, {manner}", figure)


async def lanes(bench: Bench) -> None:
    times, refused, pace = await bench.lanes()
    show("an urgent alert during a broadcast to 2,000, p99", f"{share(times, 0.99):.2f} s")
    show("… messages a second, refused by the limits", f"{pace:.0f}/s, {refused}")


async def pages(folder: Path) -> None:
    """500 phones with the page open on one process."""
    found = await phones(folder / "phones", 500)
    show("500 phones on the page, what is sent", f"p50 {found.p50:.1f} ms, p99 {found.p99:.1f} ms")
    show("… sent to all of them at once, from the commit", f"p99 {found.at_once:.1f} ms")
    show("… memory", f"{found.each:.0f} KB a phone, {found.memory:.0f} MB in all")
    starts = await first_and_next_start(folder / "mountain")
    figure = "not measured: Chromium is absent" if starts is None else f"{starts[0]:.1f} s, then {starts[1]:.1f} s"
    show("the page on 400 ms and 400 kbit/s, until one can type", figure)


async def growth(folder: Path, *, long: bool) -> None:
    """The same reports and questions in a small county, in one with a million cases, and with a year behind it."""
    sizes = {
        "10,000 cases": {"cases": 10_000},
        "1,000,000 cases, 100,000 debtors and officials": {"cases": 1_000_000, "officials": 100_000},
        "… and 2,000,000 reports of a year": {"cases": 1_000_000, "officials": 100_000, "sightings": 2_000_000},
    }
    for name, size in sizes.items():
        if size.get("sightings") and not long:
            continue
        place = folder / f"county{sum(size.values())}"
        bench = Bench(place, min(size["cases"], 100_000))
        await bench.prepare(**size)
        speed = await bench.speed(900, rate=30)
        show(f"{name}, 30 a second", f"{speed}, start {speed.start:.1f} s")
        for words in ("/case 执17号", f"/case {bench.county.name(0)}", "/pending", "/today"):
            late = await bench.asked(ADMIN, words)
            show(f"  {words}", f"p50 {statistics.median(late):5.1f} ms  p99 {share(late, 0.99):5.1f} ms")
        shutil.rmtree(place)


async def soak(folder: Path, minutes: int) -> None:
    """An hour at 30 a second: the last ten minutes against the second ten."""
    bench = Bench(folder / "soak", SOAKED)
    await bench.prepare(cases=SOAKED)
    found = await bench.soak(minutes)
    for number, one in enumerate(found, 1):
        if number % 10 == 0 or number == len(found):
            show(
                f"minute {number} at 30 a second",
                f"p50 {one.p50:5.1f} ms  p99 {one.p99:6.1f} ms  {one.memory:4.0f} MB  {one.files} files  "
                f"log {one.log:.1f} MB  {one.cpu:.0f} CPU s",
            )
    early, late = found[minutes // 6 : minutes // 3], found[-minutes // 6 :]
    flat = {
        "memory": max(one.memory for one in late) - max(one.memory for one in early) <= 5,
        "latency": statistics.median(one.p50 for one in late) <= 1.5 * statistics.median(one.p50 for one in early),
        "log": max(one.log for one in found) <= 64,
        "files": max(one.files for one in late) <= max(one.files for one in early) + 2,
    }
    show("flat", ", ".join(f"{name} {'yes' if good else 'NO'}" for name, good in flat.items()))
    if not all(flat.values()):
        sys.exit(1)


async def side_by_side(folder: Path) -> None:
    """One, two and three processes behind a webhook on one PostgreSQL, all on this machine's cores."""
    binaries = find_binaries()
    if binaries is None:
        show("replicas", "not measured: PostgreSQL's binaries initdb and postgres are absent")
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    with Server(binaries).running() as server:
        for count in (1, 2, 3):
            bench = Bench(folder / f"replicas{count}")
            per_second = await bench.replicas(server.create(), count)
            show(f"{count} processes on PostgreSQL, webhook, all at once", f"{per_second:7.0f}/s")
    os.sched_setaffinity(0, cores)


async def killing(folder: Path, kills: int) -> None:
    """So many kills for each engine and each way of receiving; no report may be lost."""
    binaries = find_binaries()
    for engine in ("SQLite", "PostgreSQL"):
        server = Server(binaries) if engine == "PostgreSQL" and binaries else None
        if engine == "PostgreSQL" and server is None:
            show("killed, on PostgreSQL", "not measured: its binaries initdb and postgres are absent")
            continue
        with server.running() if server else contextlib.nullcontext():
            for webhook in (False, True):
                async with Telegram() as telegram:
                    place = folder / f"kills{engine}{webhook}"
                    database = server.create() if server else ""
                    story = Killing(place, telegram, database=database, webhook=webhook, debtors=20_000)
                    await story.prepare(place / "files")
                    outcome = await story.run(kills, seed=1)
                show(f"killed while {'posted to' if webhook else 'polling'}, {engine}", str(outcome))


async def main() -> None:
    long = "--long" in sys.argv
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = Bench(folder / "bench")
        await bench.prepare()
        if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
            os.sched_setaffinity(0, {1})
        await speed(bench)
        await lanes(bench)
        await pages(folder)
        await growth(folder, long=long)
        await importing(folder)
        await reading(folder)
        await side_by_side(folder)
        await killing(folder, 50 if long else 5)
        if long:
            await soak(folder, 60)


if __name__ == "__main__":
    asyncio.run(main())
