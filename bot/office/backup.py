"""`chuishao backup`: a folder that a data folder can be made of again, consistent while the bot runs."""

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

from bot.settings import Settings

PAGES = 2000
"""How many pages are copied before the writer gets its turn."""
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
            shutil.copytree(gateway / "files", part / "gateway" / "files")
        part.rename(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return sum(path.stat().st_size for path in target.rglob("*") if path.is_file())


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
    command = [program, "--format=custom", f"--file={target}", f"--dbname={url}"]
    done = subprocess.run(command, stderr=subprocess.PIPE, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        raise BackupError("backup_failed", done.stderr.decode(errors="replace").strip().splitlines()[-1])
