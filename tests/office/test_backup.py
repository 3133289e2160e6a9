"""A backup, and the data folder that is made of it again, also beside what a crash left."""

import asyncio
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from bot.office import backup
from bot.office.backup import BackupError, back_up, restore
from bot.settings import Settings
from storage.engine import stray
from storage.engine.audit import Fault, published, verify
from storage.opening import open_database
from storage.people.person import Person
from tests.world import ManualClock, fill, settings_for


@pytest.fixture
def settings(tmp_path: Path, key: str) -> Settings:
    found = settings_for(tmp_path / "data", key=key)
    asyncio.run(fill(found, ManualClock()))
    return found


def people(settings: Settings) -> int:
    async def count() -> int:
        async with open_database(settings.database_url, settings.secrets()):
            return await Person.all().count()

    return asyncio.run(count())


def leave_a_log(path: Path) -> None:
    """What `kill -9` leaves: a log with changes that aren't in the file yet."""
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("PRAGMA wal_autocheckpoint=0")
    writer.execute("DELETE FROM endpoint")
    writer.execute("DELETE FROM person")
    writer.commit()
    for end in ("", "-wal"):
        shutil.copy2(f"{path}{end}", f"{path}{end}.kept")
    writer.close()
    for end in ("", "-wal"):
        Path(f"{path}{end}.kept").replace(f"{path}{end}")


def test_a_backup_beside_what_a_crash_left_is_restored(settings: Settings, tmp_path: Path) -> None:
    everybody = people(settings)
    back_up(settings, tmp_path / "B", lambda _done, _all: None)
    database = settings.database_path
    assert database is not None
    leave_a_log(database)
    aside = restore(settings, tmp_path / "B")
    assert people(settings) == everybody and aside is not None and (aside / "chuishao.db-wal").exists()


def test_a_backup_that_was_copied_by_hand_beside_a_crashs_log_is_not_undone(settings: Settings, tmp_path: Path) -> None:
    everybody = people(settings)
    back_up(settings, tmp_path / "B", lambda _done, _all: None)
    database = settings.database_path
    assert database is not None
    leave_a_log(database)
    shutil.copy2(tmp_path / "B" / "chuishao.db", database)
    assert stray.is_beside(database)
    assert people(settings) == everybody and not stray.is_beside(database)
    assert list(database.parent.glob("chuishao.db-wal.aside-*"))


def test_the_log_of_a_crash_is_its_own_databases_and_stays(settings: Settings) -> None:
    database = settings.database_path
    assert database is not None
    people(settings)
    leave_a_log(database)
    assert not stray.is_beside(database) and people(settings) == 0


def test_what_is_no_backup_or_was_changed_touches_nothing(settings: Settings, tmp_path: Path) -> None:
    everybody = people(settings)
    back_up(settings, tmp_path / "B", lambda _done, _all: None)
    (tmp_path / "B" / "chuishao.db").write_bytes(b"x")
    for source, key in ((tmp_path / "B", "restore_damaged"), (tmp_path, "restore_no_backup")):
        with pytest.raises(BackupError, match=key):
            restore(settings, source)
    assert people(settings) == everybody


def test_photos_that_are_pruned_meanwhile_break_no_backup(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = settings.data / "gateway" / "files"
    files.mkdir(parents=True)
    sqlite3.connect(settings.data / "gateway" / "gateway.db").close()
    for n in range(3):
        (files / f"photo{n}").write_bytes(b"x")
    copy = shutil.copy2

    def pruned(source: Path, target: Path) -> object:
        (files / "photo1").unlink(missing_ok=True)
        return copy(source, target)

    monkeypatch.setattr(shutil, "copy2", pruned)
    back_up(settings, tmp_path / "B", lambda _done, _all: None)
    assert sorted(path.name for path in (tmp_path / "B" / "gateway" / "files").iterdir()) == ["photo0", "photo2"]


def test_a_backup_says_to_where_the_audit_went(settings: Settings, tmp_path: Path) -> None:
    back_up(settings, tmp_path / "B", lambda _done, _all: None)
    said = json.loads((tmp_path / "B" / "manifest.json").read_text())["audit_head"]

    async def check() -> Fault | None:
        async with open_database(settings.database_url, settings.secrets()) as db:
            return (await verify(db.secrets, published(said, db.secrets))).fault

    assert asyncio.run(check()) is None
    (settings.data / "key").unlink(missing_ok=True)
    nobodys = settings.model_copy(update={"key": ""})
    back_up(nobodys, tmp_path / "C", lambda _done, _all: None)
    assert json.loads((tmp_path / "C" / "manifest.json").read_text())["audit_head"] == ""


def test_a_backup_is_private(settings: Settings, tmp_path: Path) -> None:
    back_up(settings, tmp_path / "B", lambda _done, _all: None)
    assert {path.stat().st_mode & 0o077 for path in [tmp_path / "B", *(tmp_path / "B").rglob("*")]} == {0}


def test_the_password_stands_in_no_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pg_dump"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/said\necho "$PGPASSWORD" >> {tmp_path}/said\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    backup._dump_postgres("postgres://chuishao:geheim%23123@127.0.0.1:1/x", tmp_path / "out")
    arguments, password = (tmp_path / "said").read_text().splitlines()
    assert "geheim" not in arguments and "chuishao@127.0.0.1:1/x" in arguments and password == "geheim#123"
