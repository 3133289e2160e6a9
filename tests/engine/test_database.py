"""The writer, the migrations and the audit chain, on both engines."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import OperationalError

from bot.office.backup import BackupError, back_up
from storage.engine import audit
from storage.engine.audit import AuditEntry, AuditHead, verify
from storage.engine.failure import StorageUnavailableError
from storage.engine.secret import new_key
from storage.engine.unit import SlowUnitError
from storage.opening import open_database
from storage.people.person import Person
from storage.post.inbox import Inbox
from tests.world import JUDGE, SECRETARY, Stage, World, settings_for


async def note(word: str) -> str:
    audit.record("test", word)
    await asyncio.sleep(0)
    return word


async def test_a_unit_that_fails_takes_no_other_along(world: World) -> None:
    async def broken() -> None:
        audit.record("test", "broken")
        await Person.filter(phone="19800001001").update(name="坏了")
        raise ValueError("no")

    works = [broken if n % 5 == 0 else lambda n=n: note(f"n{n}") for n in range(60)]
    results = await asyncio.gather(*(world.product.db.unit(work) for work in works), return_exceptions=True)
    assert [type(one) for one in results[::5]] == [ValueError] * 12
    assert await AuditEntry.filter(action="test").count() == 48
    assert (await Person.get(phone="19800001001")).name == "应建华"
    assert (await verify(world.product.db.secrets)).broken is None


async def test_cancelling_the_caller_does_not_cancel_the_work(world: World) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        audit.record("test", "slow")
        begun.set()
        await go_on.wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(world.product.db.unit(slow))
        await begun.wait()
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
    await world.until(lambda: AuditEntry.filter(subject="slow").exists())
    assert await world.product.db.unit(lambda: note("after")) == "after"


async def test_a_unit_that_hangs_is_ended_and_the_others_go_on(world: World) -> None:
    async def hangs() -> None:
        await asyncio.Event().wait()

    with pytest.raises(
        (SlowUnitError, StorageUnavailableError)
    ):  # on PostgreSQL it may be another's lock that it waits for
        await world.product.db.unit(hangs, seconds=0.05)
    assert await world.product.db.unit(lambda: note("after")) == "after"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_readers_cannot_write(world: World) -> None:
    with pytest.raises(OperationalError, match="readonly"):
        await Person.filter(phone="19800001001").update(name="x")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_the_promised_pragmas_hold(world: World) -> None:
    for alias in ("writer", "default"):
        values = {}
        for pragma in ("journal_mode", "synchronous", "foreign_keys"):
            _count, rows = await get_connection(alias).execute_query(f"PRAGMA {pragma}")
            values[pragma] = next(iter(dict(rows[0]).values()))
        assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


async def test_changed_removed_and_cut_off_entries_show(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).expects("林永福")
    await world.settled()
    db = world.product.db
    whole = await verify(db.secrets)
    assert whole.broken is None and whole.entries >= 5
    kept = await AuditEntry.get(id=3)

    async def change() -> None:
        await AuditEntry.filter(id=3).update(actor="somebody else")

    await db.unit(change)
    assert (await verify(db.secrets)).broken == 3

    async def restore_and_remove() -> None:
        await AuditEntry.filter(id=3).update(actor=kept.actor)
        await AuditEntry.filter(id=4).delete()

    await db.unit(restore_and_remove)
    assert (await verify(db.secrets)).broken == 4


async def test_an_entry_cut_off_the_end_shows(world: World) -> None:
    await world.product.db.unit(lambda: note("last"))

    async def cut() -> None:
        head = await AuditHead.get(id=1)
        await AuditEntry.filter(id=head.count).delete()

    await world.product.db.unit(cut)
    assert (await verify(world.product.db.secrets)).broken is not None


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_backup_made_while_running_is_whole(stage: Stage, tmp_path: Path) -> None:
    async with stage.world() as world:
        async with asyncio.TaskGroup() as group:
            copying = group.create_task(
                asyncio.to_thread(back_up, stage.settings, tmp_path / "copy", lambda _done, _all: None)
            )
            for number in range(20):
                await world.phone(SECRETARY).says(f"林永福回来了，在{number}号楼")
        assert copying.result() > 100_000
        await world.settled()
        with pytest.raises(BackupError):
            back_up(stage.settings, tmp_path / "copy", lambda _done, _all: None)
    restored = settings_for(tmp_path / "copy", key=stage.settings.key)
    async with open_database(restored.database_url, restored.secrets(), migrating=False) as db:
        assert (await verify(db.secrets)).broken is None
        assert await Person.filter(name="应建华").exists() and await Inbox.all().count() <= 20


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_backup_ends_however_much_is_written_meanwhile(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It copies one moment: what is written between two steps doesn't send it back to the beginning."""
    monkeypatch.setattr("bot.office.backup.PAGES", 20)
    settings, copied = stage.settings, list[int]()
    path = settings.database_path
    assert path is not None
    with sqlite3.connect(path, isolation_level=None) as other:

        def written_meanwhile(done: int, _all: int) -> None:
            copied.append(done)
            assert len(copied) < 100, "it begins again and again"
            other.execute("UPDATE area SET name = name || 'x' WHERE code = '331122'")

        assert back_up(settings, tmp_path / "copy", written_meanwhile) > 100_000
    other.close()
    assert copied == sorted(copied) and len(copied) > 4


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_stopped_product_leaves_its_records_in_one_file(engine: str, tmp_path: Path) -> None:
    """Whoever copies the file of a product that isn't running has everything: no log lies beside it."""
    settings = settings_for(tmp_path, key=new_key())
    for _ in range(12):
        async with open_database(settings.database_url, settings.secrets()) as db:
            await db.unit(lambda: note("word"))
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith("chuishao.db-")] == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_full_disk_keeps_nothing_half(world: World) -> None:
    with world.full_disk(), pytest.raises(StorageUnavailableError):
        await world.product.db.unit(lambda: note("x" * 50))
    assert not await AuditEntry.filter(action="test").exists()
    assert await world.product.db.unit(lambda: note("again")) == "again"
