"""A PIN for a page on a phone that several people pick up: after a quarter of an hour without a touch it shows nothing
until the PIN is given. Whoever guesses is signed out."""

import asyncio
import hashlib
import secrets
import sqlite3
import time

from bot.gateway.store import Store, digest

OPEN_SECONDS = 15 * 60
TRIES = 5


class Lock:
    """The PINs of the page's chats, kept in the gateway's store. A chat without one is never locked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pinned: set[int] | None = None
        self._hashing = asyncio.Lock()
        """One PIN after the other: each takes a processor for a tenth of a second."""
        self._open: dict[tuple[int, str], float] = {}
        """Until when each session is open, in seconds of a clock that nobody sets. After a restart all are locked."""

    def has(self, chat_id: int) -> bool:
        """Tells whether the chat has a PIN; asked often, so it is remembered."""
        if self._pinned is None:
            self._pinned = {row["chat_id"] for row in self._store.rows("SELECT chat_id FROM pin")}
        return chat_id in self._pinned

    def is_locked(self, chat_id: int, token: str) -> bool:
        """Tells whether this session has to give the PIN before anything else."""
        return self.has(chat_id) and self._open.get((chat_id, digest(token)), 0.0) <= time.monotonic()

    def touch(self, chat_id: int, token: str) -> None:
        """Keeps the page open for another while, as somebody who may is at it."""
        if self.has(chat_id):
            now = time.monotonic()
            self._open = {session: until for session, until in self._open.items() if until > now}
            self._open[chat_id, digest(token)] = now + OPEN_SECONDS

    async def keep(self, chat_id: int, token: str, pin: str) -> None:
        """Sets the PIN, or takes it away where it is empty. `pin` is four to six digits."""
        salt = secrets.token_bytes(16)
        kept = await self._hashed(pin, salt) if pin else b""

        def work(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM pin WHERE chat_id = ?", (chat_id,))
            if pin:
                db.execute("INSERT INTO pin (chat_id, salt, hash) VALUES (?, ?, ?)", (chat_id, salt, kept))

        await self._store.transact(work)
        self._pinned = None
        self._open = {session: until for session, until in self._open.items() if session[0] != chat_id}
        if pin:
            self.touch(chat_id, token)

    async def open(self, chat_id: int, token: str, pin: str) -> bool | None:
        """Tells whether it was the PIN; None with the last of TRIES wrong ones, after which nobody is to go on."""

        known = self._store.rows("SELECT salt FROM pin WHERE chat_id = ?", chat_id)
        salt = bytes(known[0]["salt"]) if known else b""
        guess = await self._hashed(pin, salt)

        def work(db: sqlite3.Connection) -> int:
            row = db.execute("SELECT salt, hash, tries FROM pin WHERE chat_id = ?", (chat_id,)).fetchone()
            if row is not None and row["tries"] >= TRIES:
                return TRIES
            if row is not None and not (row["salt"] == salt and secrets.compare_digest(guess, row["hash"])):
                db.execute("UPDATE pin SET tries = tries + 1 WHERE chat_id = ?", (chat_id,))
                return int(row["tries"]) + 1
            db.execute("UPDATE pin SET tries = 0 WHERE chat_id = ?", (chat_id,))
            return 0

        wrong = await self._store.transact(work)
        if not wrong:
            self.touch(chat_id, token)
        return None if wrong >= TRIES else not wrong

    async def _hashed(self, pin: str, salt: bytes) -> bytes:
        async with self._hashing:
            return await asyncio.to_thread(_hash, pin, salt)

    async def forgotten(self, chat_id: int) -> None:
        """Signs the browsers out, as nobody knows the PIN; another invitation opens another chat."""
        await self._store.end_sessions(chat_id)
        await self.keep(chat_id, "", "")


def _hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=2**14, r=8, p=1)
