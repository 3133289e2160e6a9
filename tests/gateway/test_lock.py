"""The PIN of a page, and files on a disk that is full."""

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.gateway.lock import OPEN_SECONDS, Lock
from bot.gateway.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store(tmp_path)
    yield one
    one.close()


async def test_a_clock_set_back_by_a_day_opens_no_page_for_longer(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_id, _slug, token = await store.open_chat()
    lock = Lock(store)
    await lock.keep(chat_id, token, "2468")
    assert not lock.is_locked(chat_id, token)
    assert lock.is_locked(chat_id, "another browser's")
    now, passed = time.time(), time.monotonic()
    monkeypatch.setattr("time.time", lambda: now - 24 * 3600)
    monkeypatch.setattr("time.monotonic", lambda: passed + OPEN_SECONDS - 10)
    assert not lock.is_locked(chat_id, token)
    monkeypatch.setattr("time.monotonic", lambda: passed + OPEN_SECONDS + 10)
    assert lock.is_locked(chat_id, token)
    assert await lock.open(chat_id, token, "1111") is False and lock.is_locked(chat_id, token)
    assert await lock.open(chat_id, token, "2468") and not lock.is_locked(chat_id, token)
    assert Lock(store).is_locked(chat_id, token), "after a restart the PIN is asked for"


async def test_a_full_disk_keeps_no_half_files(store: Store) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            await store.keep_file(1, "photo", "image/jpeg", b"x" * 3_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(store.files.iterdir()) == []
    kept = await store.keep_file(1, "photo", "image/jpeg", b"x" * 3_000_000)
    assert (store.files / kept).stat().st_size == 3_000_000
