"""One running bot for one database file and one data folder: the second one is refused, and told which is the first."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from bot.settings import Settings
from storage.engine.clock import SHANGHAI


@dataclass(frozen=True)
class Holder:
    """The process that runs."""

    pid: int
    since: str


class AlreadyRunningError(Exception):
    """Carries what is in use, and by whom."""

    def __init__(self, path: Path, holder: Holder) -> None:
        super().__init__(str(path))
        self.path = path
        self.holder = holder


def _notes(settings: Settings) -> dict[Path, Path]:
    """Lists what only one process may use, each with the path of the note beside its lock.

    These are the data folder, for its gateway store, and the SQLite file wherever it is.
    """
    notes = {settings.data: settings.data / "running"}
    path = settings.database_path
    if path is not None:
        notes[path] = path.with_name(f"{path.name}.running")
    return notes


@contextlib.contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Holds the locks for as long as the body runs; the system frees them when the process dies, however it dies.

    Raises AlreadyRunningError, OSError.
    """
    with contextlib.ExitStack() as stack:
        for place, note in _notes(settings).items():
            note.parent.mkdir(parents=True, exist_ok=True)
            try:
                stack.enter_context(FileLock(f"{note}.lock", timeout=0))
            except Timeout:
                raise AlreadyRunningError(place, _read(note)) from None
            since = datetime.now(SHANGHAI).strftime("%Y-%m-%d %H:%M")
            note.write_text(json.dumps({"pid": os.getpid(), "since": since}))
        yield


def holder(settings: Settings) -> Holder | None:
    """Finds who runs on these settings now; None where nobody does."""
    for note in _notes(settings).values():
        if not Path(f"{note}.lock").exists():
            continue
        try:
            with FileLock(f"{note}.lock", timeout=0):
                pass
        except Timeout:
            return _read(note)
    return None


def _read(note: Path) -> Holder:
    try:
        body = json.loads(note.read_text())
        return Holder(int(body["pid"]), str(body["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Holder(0, "?")  # the other one is just starting and has not written it yet
