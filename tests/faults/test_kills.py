"""Killed with SIGKILL in the middle of the work: every report has reached its judge in the end."""

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
from pathlib import Path

import pytest

from storage.engine.audit import verify
from storage.engine.secret import Secrets, new_key
from storage.opening import open_database
from tests import warm
from tests.county import County
from tests.faults.kills import IN_FLIGHT, Killing
from tests.postgres import Server
from tests.process import Bot
from tests.telegram import Telegram

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
async def test_nothing_is_lost_by_killing(
    engine: str, webhook: bool, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server: Server | None = request.getfixturevalue("postgres_server") if engine == "postgres" else None
    database = server.create() if server else ""
    async with Telegram() as telegram:
        killing = Killing(tmp_path / "data", telegram, database=database, webhook=webhook)
        await killing.prepare(tmp_path / "files")
        outcome = await killing.run(kills=2, seed=4, verify_every=2)
    assert not outcome.lost, outcome
    assert not outcome.unmarked, outcome
    assert not outcome.audit, outcome
    assert outcome.repeats <= IN_FLIGHT * outcome.kills, outcome


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_other_commands_may_be_killed_at_any_moment(engine: str, tmp_path: Path) -> None:
    """The first start, a migration, an import and a backup: begun again, each ends as if nothing had happened."""
    data, chance = tmp_path / "data", random.Random(5)
    county = County(debtors=3000, judges=20)
    files = county.write(tmp_path / "files")
    bot = Bot(data, new_key())
    for words, kills in (
        (("init",), 1),
        (("import", "areas", str(files["areas"])), 0),
        (("import", "people", str(files["people"])), 1),
        (("import", "cases", str(files["cases"])), 2),
        (("backup", str(tmp_path / "copy")), 1),
    ):
        for _ in range(kills):
            await killed(bot, words, 0.05 + chance.random() * 1.5)
        code, said = await bot.command(*words)
        assert code == 0 or (words[0] == "backup" and "copy" in said), said
    assert (await bot.command("audit", "verify"))[0] == 0
    copies = sorted((tmp_path / "copy").rglob("chuishao.db"))
    for path in (data / "chuishao.db", *copies):
        with sqlite3.connect(path) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert db.execute("SELECT count(*) FROM case_debtor").fetchone() == (3000,)
        db.close()


async def killed(bot: Bot, words: tuple[str, ...], after: float) -> None:
    with Path(os.devnull).open("wb") as nothing:
        process = await warm.start(*words, environment=bot.environment, out=nothing.fileno())
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), after)
    if process.returncode is None:
        process.kill()
        await process.wait()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_power_cut_leaves_a_database_that_opens(engine: str, tmp_path: Path) -> None:
    """Copies of the database and its log, taken at random moments under load, the log cut off somewhere: what a disk
    holds when the current goes. Each opens, is sound, and its audit chain is whole."""
    chance = random.Random(6)
    async with Telegram() as telegram:
        killing = Killing(tmp_path / "data", telegram)
        await killing.prepare(tmp_path / "files")
        await killing.bot.start()
        await killing.bot.ready()
        reports = killing.county.reports()
        copies = []
        for number in range(6):
            for _ in range(30):
                report = next(reports)
                telegram.feed(report.chat_id, report.text)
            seen = len(telegram.calls)
            await telegram.until(lambda seen=seen: len(telegram.calls) > seen + 10)  # type: ignore[misc]
            copies.append(tmp_path / f"copy{number}")
            copies[-1].mkdir()
            os.kill(killing.bot.pid, signal.SIGSTOP)  # both files as they are at one moment
            log = (tmp_path / "data" / "chuishao.db-wal").read_bytes()
            (copies[-1] / "chuishao.db").write_bytes((tmp_path / "data" / "chuishao.db").read_bytes())
            os.kill(killing.bot.pid, signal.SIGCONT)
            cut = chance.randrange(len(log) // 2, len(log)) if number % 2 else len(log)
            (copies[-1] / "chuishao.db-wal").write_bytes(log[:cut])
        await killing.bot.kill()
    for copy in copies:
        with sqlite3.connect(copy / "chuishao.db") as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()
        secrets = Secrets(killing.bot.environment["CHUISHAO_KEY"])
        async with open_database(f"sqlite://{copy / 'chuishao.db'}", secrets):
            verdict = await verify(secrets)
            assert verdict.broken is None and verdict.entries > 0, verdict
