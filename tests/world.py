"""The stage on which the stories play: the real product on a real database, a Bot API server on loopback that stands
in for Telegram, phones that say, tap and expect, and a clock that is advanced by hand."""

import asyncio
import contextlib
import heapq
import resource
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, cast

from aiohttp import web

from bot.app import Product, running
from bot.gateway.methods import Methods
from bot.gateway.server import Gateway
from bot.gateway.store import Store
from bot.office.importing import Kind, import_file
from bot.settings import Settings
from bot.transport.api import BotApi
from bot.transport.channel import build
from bot.transport.limiter import NoLimits
from storage.engine.clock import SHANGHAI
from storage.engine.unit import unit
from storage.opening import open_database
from storage.people.person import Person
from storage.post.delivery import Delivery
from storage.post.inbox import Inbox, InboxState
from storage.post.outbox import Outbox, OutboxState
from tests import declared

TOKEN = "7000:test"
PATIENCE = 10.0
START = datetime(2026, 11, 24, 9, 41, tzinfo=SHANGHAI).astimezone(UTC)
SAMPLE = Path(__file__).parent.parent / "storage" / "data"

# The cast. Their chat numbers stand in tests/data/people.csv.
SECRETARY, GRID_WORKER, NEIGHBOUR, OTHER_TOWN = 9001, 9002, 9003, 9004
JUDGE, SECOND_JUDGE, THIRD_JUDGE, HEAD = 9101, 9102, 9103, 9110
TOWN_SECRETARY, SUPERVISOR, ADMIN, POLICE = 9201, 9202, 9203, 9204
STRANGER = 9999


build("telegram", cast(BotApi, None), TOKEN, NoLimits())  # fills the tables of commands and buttons, which tests read
declared.watch()  # every card of every story says whom it shows


class ManualClock:
    """Time stands still until somebody advances it."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = count()
        self.watchers: list[Callable[[], None]] = []
        """Hear of every jump: who is just about to go to sleep would sleep through it, as nobody does in real time."""

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + timedelta(seconds=seconds), next(self._order), future))
        await future

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        async def passed() -> None:
            await self.sleep(seconds)

        async def happened() -> None:
            await event.wait()

        async with asyncio.TaskGroup() as two:
            waits = [two.create_task(passed()), two.create_task(happened())]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for task in waits:
                task.cancel()

    def set_back(self, seconds: float) -> None:
        """As an administrator does it, or a time server."""
        self._now -= timedelta(seconds=seconds)

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= self._now:
            future = heapq.heappop(self._sleepers)[2]
            if not future.done():
                future.set_result(None)
        for watcher in self.watchers:
            watcher()


@dataclass
class Message:
    """What a phone shows, as it stands now."""

    id: int
    text: str
    mine: bool
    buttons: list[tuple[str, str]]
    reply_to: int | None
    body: dict[str, Any]

    @classmethod
    def of(cls, body: dict[str, Any]) -> "Message":
        rows = (body.get("reply_markup") or {}).get("inline_keyboard") or []
        buttons = [(b["text"], b.get("callback_data", "")) for row in rows for b in row]
        text = body.get("text") or body.get("caption") or ""
        reply = (body.get("reply_to_message") or {}).get("message_id")
        return cls(body["message_id"], text, not body["from"].get("is_bot"), buttons, reply, body)


async def _put_button(chat_id: int, message_id: int, data: str) -> None:
    row = await Delivery.filter(channel="telegram", chat_id=chat_id, message_id=message_id).first()
    if row is None:
        at = unit().now
        about = {"outbox_id": 0, "kind": "text", "ref": 0, "rendered": "", "at": at, "buttons": ""}
        row = await Delivery.create(channel="telegram", chat_id=chat_id, message_id=message_id, **about)
    if data not in (row.buttons or "").split():
        await Delivery.filter(id=row.id).update(buttons=f"{row.buttons or ''} {data}")


class Phone:
    """One person's chat with the bot, on the stand-in for Telegram."""

    def __init__(self, world: "World", chat_id: int) -> None:
        self._world = world
        self.chat_id = chat_id

    def _user(self) -> dict[str, Any]:
        who = {"id": self.chat_id, "first_name": "某某"}
        return {"from": {**who, "is_bot": False}, "chat": {**who, "type": "private"}, "date": 1_800_000_000}

    async def sends(self, **content: Any) -> int:
        """Any message; its number."""
        body = {**self._user(), **content}
        text = content.get("text", "")
        if text.startswith("/"):
            body["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
        return int((await self._world.store.from_person(self.chat_id, body))["message_id"])

    async def says(self, text: str, reply_to: Message | None = None) -> int:
        extra = {"reply_to_message": {**reply_to.body}} if reply_to else {}
        return await self.sends(text=text, **extra)

    async def edits(self, message_id: int, text: str) -> None:
        body = {**self._user(), "message_id": message_id, "text": text, "edit_date": 1_800_000_001}
        await self._world.store.queue({"edited_message": body})

    async def taps_data(self, message: Message, data: str) -> None:
        """A tap with any data, as if a button with it had been put on this message: what the button does has to check
        for itself whose it is."""
        await self._world.product.db.unit(partial(_put_button, self.chat_id, message.id, data), "story")
        await self.forges(message, data)

    async def forges(self, message: Message, data: str) -> None:
        """A tap with any data, on a message in this phone's own chat that may have no such button."""
        body = {**message.body, "chat": self._user()["chat"]}
        query = {"id": f"q{next(self._world.numbers)}", "chat_instance": "1", "data": data, "message": body}
        await self._world.store.queue({"callback_query": {**query, "from": self._user()["from"]}})

    async def taps(self, label: str, message: Message | None = None) -> Message:
        """Taps the newest button of that label; returns its message."""
        found = message or await self.expects(
            lambda m: any(text == label for text, _ in m.buttons), what=f"button {label}"
        )
        await self.forges(found, next(data for text, data in found.buttons if text == label))
        return found

    async def messages(self) -> list[Message]:
        """All messages now on the phone, in order."""
        rows = await self._world.store.since(self.chat_id, 0, 1000, most=10**9)
        return sorted((Message.of(body) for _seq, body, _id in rows if body is not None), key=lambda m: m.id)

    async def received(self) -> list[Message]:
        return [message for message in await self.messages() if not message.mine]

    async def expects(self, wanted: str | Callable[[Message], bool], *, after: int = 0, what: str = "") -> Message:
        """The newest message from the bot that contains the words (or fits), waiting for it."""
        fits = wanted if callable(wanted) else lambda message: wanted in message.text
        changed = self._world.watch(self.chat_id)
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    changed.clear()
                    for message in reversed(await self.received()):
                        if message.id > after and fits(message):
                            return message
                    await changed.wait()
        except TimeoutError:
            seen = "\n---\n".join(message.text for message in await self.received())
            state = await self._world.state()
            raise AssertionError(f"{self.chat_id} waited for {what or wanted!r} and sees:\n{seen}\n{state}") from None

    async def hears(self, words: str) -> None:
        """An answer to a tap."""
        async with asyncio.timeout(PATIENCE):
            while not any(words in text for text in self._world.toasts):
                self._world.toasted.clear()
                await self._world.toasted.wait()


@dataclass
class World:
    """A running product with everybody's phones."""

    product: Product
    store: Store
    gateway: Gateway
    clock: ManualClock
    numbers: Any = field(default_factory=lambda: count(1))
    toasts: list[str] = field(default_factory=list)
    toasted: asyncio.Event = field(default_factory=asyncio.Event)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _watched: dict[int, asyncio.Event] = field(default_factory=dict)

    def phone(self, chat_id: int) -> Phone:
        return Phone(self, chat_id)

    def watch(self, chat_id: int) -> asyncio.Event:
        return self._watched.setdefault(chat_id, asyncio.Event())

    def note_change(self, chat_id: int) -> None:
        self.watch(chat_id).set()

    def note_toast(self, _query: str, text: str, _loud: bool) -> None:
        self.toasts.append(text)
        self.toasted.set()

    async def settled(self, patience: float = PATIENCE) -> None:
        """Until nothing that is due is left to do."""

        async def idle() -> bool:
            return not await self._busy()

        await self.until(idle, patience)

    async def until(self, condition: Callable[[], Awaitable[bool]], patience: float = PATIENCE) -> None:
        """Until something is so that nobody announces: rows in the database."""
        try:
            async with asyncio.timeout(patience):
                while not await condition():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(await self.state()) from None

    async def state(self) -> str:
        """What a story that doesn't go on hangs on."""
        inbox = await Inbox.all().values_list("id", "chat_id", "state", "attempts", "not_before")
        outbox = await Outbox.all().values_list("id", "chat_id", "kind", "state", "attempts", "not_before")
        return f"now {self.clock.now()}\ninbox {inbox}\noutbox {outbox}\ncalls {[name for name, _ in self.calls]}"

    @contextlib.contextmanager
    def full_disk(self) -> Iterator[None]:
        """The database's log can't grow by a byte: the kernel refuses, as it does on a full disk. (The limit is one
        for all files of the process, so the log is made longer than any other file that the test writes.)"""
        path = self.product.settings.database_path
        assert path is not None
        wal = path.with_name(f"{path.name}-wal")
        with sqlite3.connect(path, timeout=10) as padding:
            padding.execute("CREATE TABLE IF NOT EXISTS padding (content BLOB)")
            padding.execute("INSERT INTO padding VALUES (zeroblob(2000000))")
        padding.close()
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    async def _busy(self) -> bool:
        now = self.clock.now()
        return (
            await self._unconfirmed()
            or await Inbox.filter(state=InboxState.NEW, not_before__lte=now).exists()
            or await Outbox.filter(state=OutboxState.PENDING, not_before__lte=now).exists()
            or await Outbox.filter(state=OutboxState.SENDING).exists()
        )

    async def _unconfirmed(self) -> bool:
        """Whether the far end holds an update that the inbox doesn't."""
        waiting = [update["update_id"] for update in await self.store.updates(None, 100)]
        return await Inbox.filter(channel="telegram", update_id__in=waiting).count() < len(waiting)

    async def advance(self, seconds: float) -> None:
        """Time passes, and everything that became due has happened."""
        await self.settled()
        self.clock.advance(seconds)
        await self.product.timers.once()
        await self.settled()

    async def person(self, chat_id: int) -> Person:
        return await Person.get(endpoints__chat_id=chat_id)


def settings_for(folder: Path, database: str = "", **more: Any) -> Settings:
    return Settings(
        **{"data": folder, "database": database, "listen": "127.0.0.1:0", "court_phone": "0578-0000000", **more}
    )


async def fill(settings: Settings, clock: ManualClock, cases: Path | None = None) -> None:
    """The sample county, with the cast of the stories."""
    async with open_database(settings.database_url, settings.secrets(), clock=clock) as db:
        here = Path(__file__).parent / "data"
        files = {
            Kind.AREAS: SAMPLE / "sample-areas.csv",
            Kind.PEOPLE: here / "people.csv",
            Kind.CASES: cases or SAMPLE / "sample-cases.csv",
        }
        for kind, path in files.items():
            done = await import_file(db, kind, path, lambda _done, _all: None, strict=True)
            assert done.written, (kind, done.report)


class FarEnd:
    """The Bot API server that stands in for Telegram, on a port of its own. It outlives the product's restarts."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder)
        self.methods = Methods(self.store, TOKEN)
        self.gateway = Gateway(self.methods)
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application(client_max_size=30_000_000)
        self.gateway.add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        self.methods.close()
        if self._runner is not None:
            await self._runner.cleanup()
        self.store.close()


@dataclass
class Stage:
    """Where a world can be opened, closed and opened again on the same database."""

    settings: Settings
    far_end: FarEnd
    clock: ManualClock

    @contextlib.asynccontextmanager
    async def world(self, **more: Any) -> AsyncIterator[World]:
        settings = self.settings.model_copy(
            update={"bot_token": TOKEN, "api_base": self.far_end.url, "rate_limits": "off", **more}
        )
        async with running(settings, self.clock) as product:
            world = World(product, self.far_end.store, self.far_end.gateway, self.clock)
            self.far_end.store.watchers[:] = [world.note_change]
            self.far_end.methods.answers[:] = [world.note_toast]

            async def note_call(method: str, parameters: dict[str, Any]) -> web.StreamResponse | None:
                world.calls.append((method, parameters))
                return None

            self.far_end.gateway.interceptors[:] = [note_call]
            if isinstance(self.clock, ManualClock):
                self.clock.watchers[:] = [product.db.committed.set, product.router.wake]
            yield world
