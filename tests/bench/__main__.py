"""`make bench`: the figures, each with what it measures. Speed has no place in a test; here is where it is shown."""

import asyncio
import csv
import statistics
import tempfile
import time
from pathlib import Path

from bot.importing import Kind, import_file
from storage.clock import SystemClock
from storage.db import open_database
from storage.reading import read
from storage.roster import circles
from storage.secret import new_key
from tests.world import JUDGE, SECRETARY, FarEnd, Stage, World, fill, settings_for

CASES = 100_000
REPORTS = 100
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
                    await db.alive()
                    longest = max(longest, time.perf_counter() - started)
                    await asyncio.sleep(0.05)
            assert not task.result().report.rejected
            show(name, f"{time.perf_counter() - before:.1f} s (another write waits {longest:.1f} s at most)")
        text = "老林回来了，人就在村委，你们赶紧过来！"
        rings = await circles("331122203226", text, db.clock.now())
        before = time.perf_counter()
        for _ in range(20):
            read(text, rings)
        show(
            f"reading one sentence against {sum(map(len, rings)):,} people",
            f"{(time.perf_counter() - before) * 50:.1f} ms",
        )


async def one(world: World, number: int) -> float:
    said = time.perf_counter()
    sentence = f"林永福回来了，在村委{number}号楼"
    await world.phone(SECRETARY).says(sentence)
    await world.phone(JUDGE).expects(f"“{sentence}”")
    took = time.perf_counter() - said
    await world.phone(SECRETARY).says("看错了")
    await world.settled()
    return took


async def reporting(folder: Path) -> None:
    """Everything in one process: the far end, the phones, and the product with reading, routing, audit and outbox."""
    key, clock = new_key(), SystemClock()
    await fill(settings_for(folder / "report", key=key), clock)
    far_end = FarEnd(folder / "far")
    await far_end.start()
    for chat in (SECRETARY, JUDGE):
        await far_end.store.ensure_chat(chat)
    stage = Stage(settings_for(folder / "report", key=key), far_end, clock)  # type: ignore[arg-type]
    async with stage.world() as world:
        times = []
        for number in range(REPORTS):
            times.append(await one(world, number))
    await far_end.stop()
    ordered = sorted(times)
    show("from the sentence to the judge's phone, median", f"{statistics.median(times) * 1000:.0f} ms")
    show("… p99", f"{ordered[int(len(ordered) * 0.99)] * 1000:.0f} ms")


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        await importing(Path(folder))
        await reporting(Path(folder))


if __name__ == "__main__":
    asyncio.run(main())
