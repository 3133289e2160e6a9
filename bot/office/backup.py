"""`chuishao backup`: a folder that a data folder can be made of again, consistent while the bot runs; and `restore`."""

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from bot.settings import BadSettingsError, Settings
from storage.engine.audit import Head
from storage.version import VERSION

PAGES = 2000
"""How many pages are copied before the writer gets its turn."""
MANIFEST = "manifest.json"
Progress = Callable[[int, int], None]


class BackupError(Exception):
    """Nothing usable was made; `key` is the reason in the catalogue."""

    def __init__(self, key: str, why: str = "") -> None:
        super().__init__(key)
        self.key = key
        self.why = why


def back_up(settings: Settings, target: Path, progress: Progress) -> int:
    """Copies database, gateway store and media to `target`, which must not exist; returns the bytes.

    It is made under another name and renamed when it is whole, so a backup that was interrupted can't be mistaken
    for one. The key stays out: who finds the backup shall not read id numbers with it. Raises BackupError, OSError.
    """
    if target.exists():
        raise BackupError("backup_exists")
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    try:
        if settings.database_path is not None:
            _copy_sqlite(settings.database_path, part / "chuishao.db", progress)
        else:
            _dump_postgres(settings.database_url, part / "chuishao.pgdump")
        gateway = settings.data / "gateway"
        if (gateway / "gateway.db").exists():
            (part / "gateway").mkdir()
            _copy_sqlite(gateway / "gateway.db", part / "gateway" / "gateway.db", progress)
            _copy_files(gateway / "files", part / "gateway" / "files")
        _write_manifest(part, _audit_head(settings, part))
        part.rename(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return sum(path.stat().st_size for path in target.rglob("*") if path.is_file())


def _copy_files(source: Path, target: Path) -> None:
    """Copies what people sent; a file that is pruned meanwhile is none any more."""
    target.mkdir()
    for path in sorted(source.rglob("*")):
        there = target / path.relative_to(source)
        if path.is_dir():
            there.mkdir(exist_ok=True)
            continue
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(path, there)


def _audit_head(settings: Settings, part: Path) -> str:
    """Returns the head of the audit, signed, as it stands in the backup; on PostgreSQL as it stands after that was
    made. Empty where there is none."""
    asked = "SELECT count, hash FROM audit_head WHERE id = 1"
    if settings.database_path is not None:
        with contextlib.closing(sqlite3.connect(part / "chuishao.db")) as db:
            found = db.execute(asked).fetchone()
    else:
        found = asyncio.run(_ask_postgres(settings.database_url, asked))
    with contextlib.suppress(BadSettingsError):  # without the key a backup is one all the same
        return Head(*found).attested(settings.secrets()) if found else ""
    return ""


async def _ask_postgres(url: str, asked: str) -> Sequence[Any] | None:
    db = await asyncpg.connect(url)
    try:
        row: Sequence[Any] | None = await db.fetchrow(asked)
        return row
    finally:
        await db.close()


def _write_manifest(folder: Path, audit_head: str) -> None:
    """Writes down what belongs to the backup, and makes all of it private."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    hashes = {str(path.relative_to(folder)): _hash(path) for path in files}
    made = datetime.now(UTC).isoformat(timespec="seconds")
    said = {"version": VERSION, "made": made, "audit_head": audit_head, "files": hashes}
    (folder / MANIFEST).write_text(json.dumps(said, indent=1), "utf-8")
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def restore(settings: Settings, source: Path) -> Path | None:
    """Makes the data folder what the backup says, and puts what was there aside; returns where, None for nothing.

    The caller holds the lock that a running bot has. Raises BackupError before anything is touched.
    """
    database = settings.database_path
    if database is None or (source / "chuishao.pgdump").exists():
        raise BackupError("restore_postgres")
    _check(source)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    aside = settings.data / f"before-restore-{stamp}"
    database.parent.mkdir(parents=True, exist_ok=True)
    fresh = database.with_name(f"{database.name}.restored")
    shutil.copy2(source / "chuishao.db", fresh)  # first: where the disk is full, nothing has been touched
    there = [
        path for path in database.parent.glob(f"{database.name}*") if path != fresh and not path.name.endswith(".lock")
    ]
    there += [path for path in (settings.data / "gateway" / name for name in _GATEWAY) if path.exists()]
    for path in there:
        aside.mkdir(parents=True, mode=0o700, exist_ok=True)
        shutil.move(path, aside / path.name)
    fresh.replace(database)
    if (source / "gateway").exists():
        shutil.copytree(source / "gateway", settings.data / "gateway", dirs_exist_ok=True)
    return aside if there else None


_GATEWAY = ("gateway.db", "gateway.db-wal", "gateway.db-shm", "files")


def _check(source: Path) -> None:
    try:
        said = json.loads((source / MANIFEST).read_text("utf-8"))
        hashes = dict(said["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError("restore_no_backup") from error
    for name, wanted in hashes.items():
        path = source / name
        if ".." in Path(name).parts or not path.is_file() or _hash(path) != wanted:
            raise BackupError("restore_damaged", name)
    if "chuishao.db" not in hashes:
        raise BackupError("restore_no_backup")


def _copy_sqlite(source: Path, target: Path, progress: Progress) -> None:
    """SQLite's own online copy, checked afterwards."""
    if not source.exists():
        raise BackupError("backup_failed", f"{source}: not there")
    try:
        original, copy = sqlite3.connect(f"file:{source}?mode=ro", uri=True), sqlite3.connect(target)
        try:
            original.execute("PRAGMA busy_timeout=30000")
            # One moment is copied: without this transaction every change by the bot would send the copy back to the
            # first page, and under load it would never end.
            original.execute("BEGIN")
            original.execute("SELECT count(*) FROM sqlite_master").fetchone()
            original.backup(copy, pages=PAGES, progress=lambda _status, left, total: progress(total - left, total))
            copy.execute("PRAGMA journal_mode=DELETE")
            verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
        finally:
            original.close()
            copy.close()
    except sqlite3.DatabaseError as error:
        raise BackupError("backup_failed", str(error)) from error
    if verdict != "ok":
        raise BackupError("backup_failed", str(verdict))


def _dump_postgres(url: str, target: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise BackupError("backup_no_pg_dump")
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    plain = urlunsplit((parts.scheme, f"{parts.username or ''}@{host}", parts.path, parts.query, ""))
    # The password goes by the environment: a command's arguments can be read by everybody on the machine.
    environment = {**os.environ, "PGPASSWORD": unquote(parts.password or "")}
    command = [program, "--format=custom", f"--file={target}", f"--dbname={plain}"]
    done = subprocess.run(command, stderr=subprocess.PIPE, check=False, env=environment)  # noqa: S603 - our own
    if done.returncode:
        raise BackupError("backup_failed", done.stderr.decode(errors="replace").strip().splitlines()[-1])
