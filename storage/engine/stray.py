"""A log that lies beside a database file and isn't its own: what a crash left, when a backup was put in its place."""

import logging
from datetime import UTC, datetime
from pathlib import Path

_LEGACY = 1
"""What a file's header says of a database that keeps no such log: a backup's does."""
_log = logging.getLogger("chuishao.db")


def is_beside(path: Path) -> bool:
    """Tells whether such a log lies beside this file. SQLite would read it into the database, or break it."""
    log = path.with_name(f"{path.name}-wal")
    if not path.exists() or not log.exists() or log.stat().st_size == 0:
        return False
    with path.open("rb") as file:
        header = file.read(20)
    return len(header) == 20 and header[18] == _LEGACY


def put_aside(path: Path) -> None:
    """Renames such a log, so that nothing is lost and nothing is read from it."""
    if not is_beside(path):
        return
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    for end in ("wal", "shm"):
        log = path.with_name(f"{path.name}-{end}")
        if log.exists():
            log.rename(log.with_name(f"{log.name}.aside-{stamp}"))
    _log.warning("a log that isn't this database's was put aside: %s-wal.aside-%s", path.name, stamp)
