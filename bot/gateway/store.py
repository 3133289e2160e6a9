"""The gateway's own memory: chats, messages, updates and files in a SQLite file beside the product's database.

What changes it runs in one thread, which commits together what has come meanwhile; nothing can cancel it half-way, and
one that fails doesn't take the others along, unless it is the disk that fails. What is found by index is read where it
is asked for, on another connection.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import secrets
import sqlite3
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from storage.engine import stray

T = TypeVar("T")
SESSION_SECONDS = 365 * 24 * 3600
GROUP = 128
"""How many changes share one commit."""
PAGE_BYTES = 240_000
"""About so much of a chat is given at once."""
PORTION = 500
"""How many messages are forgotten in one transaction."""
OVERLAP_SECONDS = 120
"""For so long a session's former token still holds, for what was under way."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS chat (
    id INTEGER PRIMARY KEY, slug TEXT UNIQUE, session TEXT NOT NULL DEFAULT '', name TEXT NOT NULL DEFAULT '',
    made_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS session (
    chat_id INTEGER NOT NULL, token TEXT NOT NULL, made_at REAL NOT NULL, ends_at REAL NOT NULL,
    replaces TEXT NOT NULL DEFAULT '', PRIMARY KEY (chat_id, token)
);
INSERT INTO session SELECT id, session, made_at, made_at + 31536000, '' FROM chat WHERE session <> '';
UPDATE chat SET session = '' WHERE session <> '';
CREATE TABLE IF NOT EXISTS message (
    chat_id INTEGER NOT NULL, message_id INTEGER NOT NULL, seq INTEGER NOT NULL, client_id TEXT,
    body TEXT NOT NULL, deleted INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (chat_id, message_id)
);
CREATE UNIQUE INDEX IF NOT EXISTS message_client ON message (chat_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS message_seq ON message (chat_id, seq);
CREATE INDEX IF NOT EXISTS message_date ON message (json_extract(body, '$.date'));
CREATE INDEX IF NOT EXISTS message_answers
    ON message (chat_id, json_extract(body, '$.reply_to_message.message_id'))
    WHERE json_extract(body, '$.reply_to_message.message_id') IS NOT NULL;
CREATE INDEX IF NOT EXISTS message_cards ON message (chat_id, message_id)
    WHERE json_extract(body, '$.card.noun') IS NOT NULL;
CREATE TABLE IF NOT EXISTS pending (update_id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS file (
    id TEXT PRIMARY KEY, chat_id INTEGER NOT NULL, kind TEXT NOT NULL, mime TEXT NOT NULL, size INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS shows (
    file_id TEXT NOT NULL, chat_id INTEGER NOT NULL, message_id INTEGER NOT NULL,
    PRIMARY KEY (file_id, chat_id, message_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS shows_message ON shows (chat_id, message_id);
CREATE TABLE IF NOT EXISTS menu (chat_id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pin (
    chat_id INTEGER PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL, tries INTEGER NOT NULL DEFAULT 0
);
DROP TABLE IF EXISTS opened;
CREATE TABLE IF NOT EXISTS numbered (chat_id INTEGER PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO counter VALUES ('seq', 0);
"""


Job = tuple[Callable[[], Any], asyncio.Future[Any]]
Outcome = tuple[asyncio.Future[Any], Any, BaseException | None]


MOST_TAPS = 10_000
TAPS_LIVE = 900.0
"""Seconds in which a tap can be answered."""


class Store:
    """Asynchronous face of the file. `watchers` hear the chat id of every commit that touched its messages."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.files = folder / "files"
        self.files.mkdir(exist_ok=True)
        self._thread = ThreadPoolExecutor(1, "gateway")
        stray.put_aside(folder / "gateway.db")
        self._db, self._reading = (self._connect(folder / "gateway.db") for _ in range(2))
        self._db.executescript(_SCHEMA)
        if "about" not in [row["name"] for row in self._db.execute("SELECT name FROM pragma_table_info('file')")]:
            self._db.execute("ALTER TABLE file ADD COLUMN about TEXT NOT NULL DEFAULT '{}'")
            self._note_all_files()
        for pragma in ("query_only=ON", "cache_size=-500"):
            self._reading.execute(f"PRAGMA {pragma}")
        self._waiting: deque[Job] = deque()
        self._at_work = False
        """Whether the thread has a group in hand."""
        self.taps: OrderedDict[str, None] = OrderedDict()
        """The newest taps, by number, that the bot may answer."""
        self._opened = time.monotonic()
        self.watchers: list[Callable[[int], None]] = []
        self._wanted: list[str] | None = None
        """The kinds of updates that the bot has asked for; all where it is empty, None where it isn't read yet."""
        self.updates_waiting = asyncio.Event()

    @staticmethod
    def _connect(path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        db.row_factory = sqlite3.Row
        # What is deleted is overwritten.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "secure_delete=ON"):
            db.execute(f"PRAGMA {pragma}")
        return db

    def close(self) -> None:
        """Finishes what was begun, and closes the file."""
        self._thread.shutdown(wait=True)
        while self._waiting:
            _settle(self._commit())
        self._reading.close()
        self._db.close()

    async def _run(self, work: Callable[[], T]) -> T:
        """Runs a change in the store's thread, and returns its result once it is on disk."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._waiting.append((work, done))
        if not self._at_work:
            self._begin(loop)
        return await asyncio.shield(done)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Sets the thread to work on what waits, again and again until nothing does."""

        def ended(group: list[Outcome]) -> None:
            self._at_work = False
            _settle(group)
            if self._waiting and not self._at_work:
                self._begin(loop)

        self._thread.submit(lambda: loop.call_soon_threadsafe(ended, self._commit()))
        self._at_work = True

    def _commit(self) -> list[Outcome]:
        group: list[Job] = []
        while self._waiting and len(group) < GROUP:
            group.append(self._waiting.popleft())
        try:
            self._db.execute("BEGIN IMMEDIATE")
            outcomes = [(done, *self._in_savepoint(work)) for work, done in group]
            self._db.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - of the disk: nothing of the group was kept, and everybody is told
            with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back by itself
                self._db.execute("ROLLBACK")
            return [(done, None, error) for _work, done in group]
        return outcomes

    def _in_savepoint(self, work: Callable[[], T]) -> tuple[T | None, BaseException | None]:
        self._db.execute("SAVEPOINT job")
        try:
            result = work()
        except Exception as error:
            if not self._db.in_transaction:
                raise  # the disk gave way, and SQLite has undone the whole group
            self._db.execute("ROLLBACK TO job")
            self._db.execute("RELEASE job")
            return None, error
        self._db.execute("RELEASE job")
        return result, None

    async def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Runs `work` as one transaction, in the store's own thread."""
        return await self._run(lambda: work(self._db))

    def rows(self, sql: str, *args: Any) -> list[sqlite3.Row]:
        """Returns what is found by index, as of the last commit."""
        return self._read(sql, args).fetchall()

    def _read(self, sql: str, args: tuple[Any, ...]) -> sqlite3.Cursor:
        return self._reading.execute(sql, args)

    def _touched(self, chat_id: int) -> None:
        for watcher in list(self.watchers):
            watcher(chat_id)

    # -- chats -------------------------------------------------------------------------------------------------

    async def open_chat(self, name: str = "") -> tuple[int, str, str]:
        """Opens a web chat; returns its id, its place in the page's address and session token (kept as a hash only)."""
        slug, token = secrets.token_urlsafe(9), secrets.token_urlsafe(32)

        def work() -> int:
            cursor = self._db.execute(
                "INSERT INTO chat (slug, name, made_at) VALUES (?, ?, ?)", (slug, name, time.time())
            )
            chat_id = int(cursor.lastrowid or 0)
            self._open_session(chat_id, token)
            return chat_id

        return await self._run(work), slug, token

    async def ensure_chat(self, chat_id: int, name: str = "") -> None:
        """Makes sure there is a chat with a number given from outside, as people on Telegram have one."""

        def work() -> None:
            self._db.execute(
                "INSERT OR IGNORE INTO chat (id, slug, name, made_at) VALUES (?, ?, ?, ?)",
                (chat_id, f"t{chat_id}", name, time.time()),
            )

        await self._run(work)

    def _open_session(self, chat_id: int, token: str, replaces: str = "") -> None:
        now = time.time()
        row = (chat_id, digest(token), now, now + SESSION_SECONDS, replaces)
        self._db.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?)", row)

    async def chat_by_session(self, slug: str, token: str) -> tuple[int, float] | None:
        """Returns the chat, and since when there is that token, if the token is of a session of it that hasn't ended.

        The first use of a renewed token ends its predecessor: until then the answer that brought it may have been lost.
        """

        now = time.time()
        found = self.rows(
            "SELECT c.id, s.made_at, s.replaces FROM session s JOIN chat c ON c.id = s.chat_id "
            "WHERE c.slug = ? AND s.token = ? AND s.ends_at > ?",
            slug,
            digest(token),
            now,
        )
        if not found:
            return None
        row = found[0]

        def work() -> None:
            self._db.execute(
                "UPDATE session SET ends_at = min(ends_at, ?) WHERE chat_id = ? AND token = ?",
                (now + OVERLAP_SECONDS, row["id"], row["replaces"]),
            )
            self._db.execute(
                "UPDATE session SET replaces = '' WHERE chat_id = ? AND token = ?", (row["id"], digest(token))
            )

        if row["replaces"]:
            await self._run(work)
        return int(row["id"]), float(row["made_at"])

    async def renew_session(self, chat_id: int, token: str) -> str:
        """Returns another token in place of this one; one that was renewed in vain before is void."""
        fresh = secrets.token_urlsafe(32)

        def work() -> None:
            self._db.execute("DELETE FROM session WHERE chat_id = ? AND replaces = ?", (chat_id, digest(token)))
            self._db.execute("DELETE FROM session WHERE ends_at <= ?", (time.time(),))
            self._open_session(chat_id, fresh, digest(token))

        await self._run(work)
        return fresh

    async def end_sessions(self, chat_id: int) -> None:
        """Ends all sessions of the chat: nobody sees it any more, whatever cookie they have."""
        await self._run(lambda: self._db.execute("DELETE FROM session WHERE chat_id = ?", (chat_id,)))
        self._touched(chat_id)

    async def chat(self, chat_id: int) -> dict[str, Any] | None:
        """Returns the Bot API's Chat, or None."""
        found = self.rows("SELECT name FROM chat WHERE id = ?", chat_id)
        return {"id": chat_id, "type": "private", "first_name": found[0]["name"] or "网页"} if found else None

    async def quiet_chats(self, after: int, before: float) -> list[int]:
        """Returns the next PORTION of chats after number `after` in which nothing was said since `before`.

        The newest chat is never among them, so that no number is given twice.
        """

        def work() -> list[int]:
            rows = self._db.execute(
                "SELECT id FROM chat c WHERE id > ? AND id < (SELECT max(id) FROM chat) AND made_at < ? "
                "AND NOT EXISTS (SELECT 1 FROM message WHERE chat_id = c.id AND json_extract(body, '$.date') >= ?) "
                "ORDER BY id LIMIT ?",
                (after, before, before, PORTION),
            )
            return [row["id"] for row in rows]

        return await self._run(work)

    async def forget_chats(self, chat_ids: list[int]) -> None:
        """Deletes the chats with all that was said and shown in them."""

        def work() -> list[str]:
            sql = "SELECT id FROM file WHERE chat_id = ?"
            files = [row["id"] for one in chat_ids for row in self._db.execute(sql, (one,))]
            for delete in (
                "DELETE FROM session WHERE chat_id = ?",
                "DELETE FROM message WHERE chat_id = ?",
                "DELETE FROM shows WHERE chat_id = ?",
                "DELETE FROM menu WHERE chat_id = ?",
                "DELETE FROM pin WHERE chat_id = ?",
                "DELETE FROM numbered WHERE chat_id = ?",
                "DELETE FROM chat WHERE id = ?",
            ):
                self._db.executemany(delete, [(one,) for one in chat_ids])
            return [file_id for file_id in files if self._forgotten(file_id)]

        self._unlink(await self._run(work))

    def _forgotten(self, file_id: str) -> bool:
        """Takes the file's row away, unless a message shows it."""
        shown = "SELECT 1 FROM shows WHERE file_id = ? LIMIT 1"
        if self._db.execute(shown, (file_id,)).fetchone() is not None:
            return False
        self._db.execute("DELETE FROM file WHERE id = ?", (file_id,))
        return True

    def _unlink(self, gone: list[str]) -> None:
        """Deletes files after the commit: a row without its file would be worse than a file without its row."""
        for file_id in gone:
            (self.files / file_id).unlink(missing_ok=True)

    async def forget_file(self, file_id: str) -> None:
        """Deletes a file that nobody will ask for: the message that it came with was refused."""
        self._unlink([file_id] if await self._run(lambda: self._forgotten(file_id)) else [])

    # -- messages ----------------------------------------------------------------------------------------------

    def _note_all_files(self) -> None:
        """Notes which message shows which file, once, in a store that was made before that was noted."""
        sql = "SELECT chat_id, message_id, body FROM message WHERE deleted = 0 AND instr(body, '\"file_id\"') > 0"
        for row in self._db.execute(sql).fetchall():
            self._note_files(row["chat_id"], row["message_id"], json.loads(row["body"]))

    def _note_files(self, chat_id: int, message_id: int, body: dict[str, Any]) -> None:
        """Notes which files the message shows, so that they are found without searching what was said."""
        self._db.execute("DELETE FROM shows WHERE chat_id = ? AND message_id = ?", (chat_id, message_id))
        rows = [(one, chat_id, message_id) for one in dict.fromkeys(files_in(body))]
        self._db.executemany("INSERT INTO shows VALUES (?, ?, ?)", rows)

    def _requote(self, chat_id: int, message_id: int, body: dict[str, Any] | None) -> None:
        """Shows a message as it is now, or no more, also where others quote it."""
        answers = (
            "SELECT message_id, body FROM message WHERE chat_id = ? AND deleted = 0 "
            "AND json_extract(body, '$.reply_to_message.message_id') = ?"
        )
        for row in self._db.execute(answers, (chat_id, message_id)).fetchall():
            quoting = json.loads(row["body"])
            del quoting["reply_to_message"]
            quoting.pop("quote", None)
            if body is not None:
                quoting["reply_to_message"] = {k: v for k, v in body.items() if k not in ("reply_to_message", "card")}
            self._rewrite(chat_id, row["message_id"], quoting)

    def _rewrite(self, chat_id: int, message_id: int, body: dict[str, Any]) -> None:
        self._db.execute(
            "UPDATE message SET body = ?, seq = ? WHERE chat_id = ? AND message_id = ?",
            (json.dumps(body), self._next_seq(), chat_id, message_id),
        )
        self._note_files(chat_id, message_id, body)

    def _next_seq(self) -> int:
        row = self._db.execute("UPDATE counter SET value = value + 1 WHERE name = 'seq' RETURNING value").fetchone()
        return int(row[0])

    def _insert(self, chat_id: int, body: dict[str, Any], client_id: str | None) -> dict[str, Any]:
        # What is forgotten keeps its number: the bot knows messages by it.
        row = self._db.execute(
            "INSERT INTO numbered VALUES (?, (SELECT coalesce(max(message_id), 0) + 1 FROM message WHERE chat_id = ?)) "
            "ON CONFLICT (chat_id) DO UPDATE SET last = last + 1 RETURNING last",
            (chat_id, chat_id),
        ).fetchone()
        body["message_id"] = int(row["last"])
        self._db.execute(
            "INSERT INTO message (chat_id, message_id, seq, client_id, body) VALUES (?, ?, ?, ?, ?)",
            (chat_id, body["message_id"], self._next_seq(), client_id, json.dumps(body)),
        )
        if files_in(body):
            self._note_files(chat_id, body["message_id"], body)
        return body

    async def from_bot(self, chat_id: int, *bodies: dict[str, Any]) -> list[dict[str, Any]]:
        """Stores what the bot says, all of it or nothing, and returns it with its numbers."""
        stored = await self._run(lambda: [self._insert(chat_id, body, None) for body in bodies])
        self._touched(chat_id)
        return stored

    async def from_person(self, chat_id: int, body: dict[str, Any], client_id: str | None = None) -> dict[str, Any]:
        """Stores what the person says together with the update for the bot, in one commit. A `client_id` that was
        sent before gives the message that is there already."""

        def work() -> dict[str, Any]:
            before = _sent(self._db, chat_id, client_id) if client_id is not None else None
            if before is not None:
                return before
            stored = self._insert(chat_id, body, client_id)
            self._queue({"message": stored})
            return stored

        stored = await self._run(work)
        self.updates_waiting.set()
        self._touched(chat_id)
        return stored

    async def change(
        self, chat_id: int, message_id: int, change: Callable[[dict[str, Any]], bool]
    ) -> dict[str, Any] | None:
        """Applies `change`, which says whether anything differs, to a message's body. None: no such message."""

        def work() -> dict[str, Any] | None:
            body = _body(self._db, chat_id, message_id)
            if body is None:
                return None
            if change(body):
                self._rewrite(chat_id, message_id, body)
                self._requote(chat_id, message_id, body)
            return body

        body = await self._run(work)
        if body is not None:
            self._touched(chat_id)
        return body

    async def delete(self, chat_id: int, message_id: int) -> bool:
        """Takes a message away, with what it said, where others quote it, and the files that only it showed. That there
        was one stays, for the phones that have yet to hear it."""

        def work() -> list[str] | None:
            body = _body(self._db, chat_id, message_id)
            if body is None:
                return None
            left = json.dumps({"message_id": message_id, "date": body.get("date", 0)})
            self._db.execute(
                "UPDATE message SET deleted = 1, body = ?, seq = ? WHERE chat_id = ? AND message_id = ?",
                (left, self._next_seq(), chat_id, message_id),
            )
            self._db.execute("DELETE FROM shows WHERE chat_id = ? AND message_id = ?", (chat_id, message_id))
            self._requote(chat_id, message_id, None)
            return [file_id for file_id in files_in(body) if self._forgotten(file_id)]

        gone = await self._run(work)
        self._unlink(gone or [])
        self._touched(chat_id)
        return gone is not None

    async def message(self, chat_id: int, message_id: int) -> dict[str, Any] | None:
        return _body(self._reading, chat_id, message_id)

    def _page(self, sql: str, *args: Any, most: int) -> list[sqlite3.Row]:
        """Reads rows until their bodies have so many bytes, at least one."""
        rows, size = list[sqlite3.Row](), 0
        with contextlib.closing(self._read(sql, args)) as found:
            for row in found:
                size += len(row["body"])
                if rows and size > most:
                    break
                rows.append(row)
        return rows

    async def since(
        self, chat_id: int, seq: int, limit: int = 200, most: int = PAGE_BYTES
    ) -> list[tuple[int, dict[str, Any] | None, int]]:
        """Returns messages new or changed after `seq`, in order, at most `limit`, and about `most` bytes of them.

        Each is (seq, body or None where deleted, message id). From 0 it returns the newest ones, however long ago they
        were changed, else the next changes.
        """
        sql = "SELECT seq, body, deleted, message_id FROM message WHERE chat_id = ? "
        if seq:
            rows = self._page(sql + "AND seq > ? ORDER BY seq LIMIT ?", chat_id, seq, limit, most=most)
        else:
            rows = self._page(sql + "ORDER BY message_id DESC LIMIT ?", chat_id, limit, most=most)
        return [
            (row["seq"], None if row["deleted"] else json.loads(row["body"]), row["message_id"])
            for row in sorted(rows, key=lambda row: int(row["seq"]))
        ]

    async def first(self, chat_id: int) -> int:
        """Returns the number of the oldest message that is still there; 0 where there is none."""
        sql = "SELECT coalesce(min(message_id), 0) FROM message WHERE chat_id = ? AND deleted = 0"
        return int(self.rows(sql, chat_id)[0][0])

    async def earlier(self, chat_id: int, message_id: int, limit: int = 50) -> list[dict[str, Any]]:
        """Returns the messages before that one, the newest `limit` of them, in order."""
        rows = self._page(
            "SELECT body FROM message WHERE chat_id = ? AND message_id < ? AND deleted = 0 "
            "ORDER BY message_id DESC LIMIT ?",
            chat_id,
            message_id,
            limit,
            most=PAGE_BYTES,
        )
        return [json.loads(row["body"]) for row in rows][::-1]

    async def cards(self, chat_id: int, limit: int = 200) -> list[dict[str, Any]]:
        """Returns the newest messages that are the card of something, of a lead, of a report, or belong to one."""
        rows = self._page(
            "SELECT body FROM message WHERE chat_id = ? AND json_extract(body, '$.card.noun') IS NOT NULL "
            "AND deleted = 0 ORDER BY message_id DESC LIMIT ?",
            chat_id,
            limit,
            most=PAGE_BYTES,
        )
        return [json.loads(row["body"]) for row in rows]

    # -- updates -----------------------------------------------------------------------------------------------

    def _queue(self, update: dict[str, Any]) -> None:
        if self._wanted is None:
            row = self._db.execute("SELECT value FROM setting WHERE name = 'allowed_updates'").fetchone()
            self._wanted = json.loads(row["value"]) if row else []
        if self._wanted and not set(update) & set(self._wanted):
            return
        self._db.execute("INSERT INTO pending (body) VALUES (?)", (json.dumps(update),))

    async def queue(self, *updates: dict[str, Any]) -> None:
        """Queues updates for the bot that aren't messages."""

        def work() -> None:
            for update in updates:
                self._queue(update)

        for tap in (str(update["callback_query"]["id"]) for update in updates if "callback_query" in update):
            self.taps[tap] = None
        while len(self.taps) > MOST_TAPS:
            self.taps.popitem(last=False)
        await self._run(work)
        self.updates_waiting.set()

    def may_answer(self, tap: str) -> bool:
        """Tells whether there was such a tap; of those before the start nobody knows, for as long as taps live."""
        return tap in self.taps or time.monotonic() - self._opened < TAPS_LIVE

    async def want(self, kinds: list[str]) -> None:
        """Sets which kinds of updates the bot gets from now on, all of them where it is empty; what waits stays."""
        if kinds != self._wanted:
            await self.keep_setting("allowed_updates", kinds)
            self._wanted = kinds

    async def updates(self, offset: int | None, limit: int) -> list[dict[str, Any]]:
        """Returns what waits from `offset` on, at most `limit`; what is below `offset` is confirmed and forgotten.

        A negative offset counts from the end and forgets what is before.
        """

        def work() -> list[dict[str, Any]]:
            if offset is not None and offset > 0:
                self._db.execute("DELETE FROM pending WHERE update_id < ?", (offset,))
            elif offset is not None and offset < 0:
                self._db.execute(
                    "DELETE FROM pending WHERE update_id NOT IN "
                    "(SELECT update_id FROM pending ORDER BY update_id DESC LIMIT ?)",
                    (-offset,),
                )
            rows = self._db.execute(
                "SELECT update_id, body FROM pending ORDER BY update_id LIMIT ?", (limit,)
            ).fetchall()
            return [{"update_id": row["update_id"], **json.loads(row["body"])} for row in rows]

        return await self._run(work)

    async def count_updates(self) -> int:
        return int(self.rows("SELECT count(*) FROM pending")[0][0])

    async def forget_updates(self) -> None:
        await self._run(lambda: self._db.execute("DELETE FROM pending"))

    async def setting(self, name: str) -> Any:
        """Returns what was kept under this name, else None."""
        found = self.rows("SELECT value FROM setting WHERE name = ?", name)
        return json.loads(found[0]["value"]) if found else None

    async def keep_setting(self, name: str, value: Any) -> None:
        await self._run(
            lambda: self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, json.dumps(value)))
        )

    async def count_on_from(self, number: int) -> None:
        """Sees to it that no update gets a number that the bot has seen already.

        After a restart with an older file, or none, the bot would take what is new for confirmed.
        """

        def work() -> None:
            row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'pending'").fetchone()
            last = int(row["seq"]) if row else 0
            if last >= number:
                return
            self._db.execute("UPDATE pending SET update_id = update_id + ?", (number,))
            self._db.execute("DELETE FROM sqlite_sequence WHERE name = 'pending'")
            self._db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('pending', ?)", (last + number,))

        await self._run(work)

    # -- files and menus ---------------------------------------------------------------------------------------

    async def sent_before(self, chat_id: int, client_id: str | None) -> dict[str, Any] | None:
        """Finds the message that this phone sent under this id."""
        return _sent(self._reading, chat_id, client_id) if client_id else None

    async def keep_file(
        self, chat_id: int, kind: str, mime: str, content: bytes, about: dict[str, Any] | None = None
    ) -> str:
        """Keeps a file and returns its id. The content is on disk before its row is. `about` is what whoever sees the
        file is told of it: its name, how long it lasts, how large a picture is."""
        file_id = secrets.token_urlsafe(18)
        told = json.dumps(about or {})

        path, row = self.files / file_id, (file_id, chat_id, kind, mime, len(content), told)
        try:
            await asyncio.to_thread(_write, path, content)  # beside the writer, who serves others meanwhile
            await self._run(lambda: self._db.execute("INSERT INTO file VALUES (?, ?, ?, ?, ?, ?)", row))
        except Exception:
            path.unlink(missing_ok=True)  # half of it would keep a full disk full
            raise
        return file_id

    async def file(self, file_id: str) -> dict[str, Any] | None:
        """Returns the file's id, chat_id, kind, mime, size and what else is told about it, or None."""
        found = self.rows("SELECT * FROM file WHERE id = ?", file_id)
        return {**dict(found[0]), "about": json.loads(found[0]["about"])} if found else None

    async def shown_in(self, chat_id: int, file_id: str) -> bool:
        """Tells whether a message of the chat shows the file, which decides who may see it."""
        return bool(self.rows("SELECT 1 FROM shows WHERE file_id = ? AND chat_id = ?", file_id, chat_id))

    async def prune(self, before: float) -> bool:
        """Forgets a portion of the messages that are older than `before`, and the files that only they show.

        Tells whether there may be more.
        """

        def work() -> tuple[int, list[str]]:
            old = self._db.execute(
                "SELECT rowid, chat_id, message_id, body FROM message WHERE json_extract(body, '$.date') < ? LIMIT ?",
                (before, PORTION),
            ).fetchall()
            self._db.executemany("DELETE FROM message WHERE rowid = ?", [(row["rowid"],) for row in old])
            places = [(row["chat_id"], row["message_id"]) for row in old]
            self._db.executemany("DELETE FROM shows WHERE chat_id = ? AND message_id = ?", places)
            files = {one for row in old for one in files_in(json.loads(row["body"]))}
            gone = [file_id for file_id in files if self._forgotten(file_id)]
            self._db.execute("DELETE FROM session WHERE ends_at < ?", (time.time(),))
            return len(old), gone

        count, gone = await self._run(work)
        self._unlink(gone)
        return count == PORTION

    async def set_menu(self, chat_id: int, commands: list[dict[str, str]]) -> None:
        def work() -> None:
            self._db.execute("INSERT OR REPLACE INTO menu VALUES (?, ?)", (chat_id, json.dumps(commands)))

        await self._run(work)
        self._touched(chat_id)

    async def menu(self, chat_id: int) -> list[dict[str, str]]:
        found = self.rows("SELECT body FROM menu WHERE chat_id = ?", chat_id)
        return list(json.loads(found[0]["body"])) if found else []


def _write(path: Path, content: bytes) -> None:
    """Writes a file that nobody else on this machine reads, down to the disk."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _settle(group: list[Outcome]) -> None:
    for done, result, error in group:
        if done.done():
            continue
        if error is None:
            done.set_result(result)
        else:
            done.set_exception(error)
            done.exception()  # a caller that was cancelled meanwhile doesn't fetch it; that is no accident


def _body(db: sqlite3.Connection, chat_id: int, message_id: int) -> dict[str, Any] | None:
    row = db.execute(
        "SELECT body FROM message WHERE chat_id = ? AND message_id = ? AND deleted = 0", (chat_id, message_id)
    ).fetchone()
    return dict(json.loads(row["body"])) if row else None


def _sent(db: sqlite3.Connection, chat_id: int, client_id: str) -> dict[str, Any] | None:
    row = db.execute("SELECT body FROM message WHERE chat_id = ? AND client_id = ?", (chat_id, client_id)).fetchone()
    return dict(json.loads(row["body"])) if row else None


def files_in(body: dict[str, Any]) -> list[str]:
    """Returns the ids of the files shown by a message and by the one that it answers."""
    found = [*body.get("photo", ()), *(body[name] for name in ("voice", "document") if name in body)]
    found += [one["thumbnail"] for one in found if "thumbnail" in one]
    replied = body.get("reply_to_message")
    return [one["file_id"] for one in found] + (files_in(replied) if isinstance(replied, dict) else [])


def digest(token: str) -> str:
    """Returns the hash as which a token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()
