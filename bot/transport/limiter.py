"""Telegram's sending limits, one for the bot and one a chat, with a share that only alerts may use; and the silence
that the far end asks for."""

from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from aiolimiter import AsyncLimiter

from storage.engine.database import Database
from storage.engine.replicas import reserve
from storage.post.outbox import Lane

PER_SECOND = 28
"""Telegram allows about 30; what is sent evenly may arrive a little closer together."""
FOR_ALERTS = 5
"""Of those, how many the other lanes leave alone."""
CHAT_SECONDS = 1.05
GROUP_SECONDS = 3.1
"""20 messages a minute to a group."""
MOST_CHATS = 10_000


class Limiter(Protocol):
    """Waits until a message may go out."""

    async def wait(self, lane: Lane, chat_id: int) -> None: ...


class NoLimits:
    """For our own gateway."""

    async def wait(self, lane: Lane, chat_id: int) -> None:
        """Returns at once."""


class TelegramLimits:
    """Evenly spaced, so that no second ever holds more than is allowed."""

    def __init__(self) -> None:
        self._all = AsyncLimiter(1, 1 / PER_SECOND)
        self._shared = AsyncLimiter(1, 1 / (PER_SECOND - FOR_ALERTS))
        self._chats: dict[int, AsyncLimiter] = {}

    async def wait(self, lane: Lane, chat_id: int) -> None:
        """Waits first for the chat's turn, then for the bot's, so that a busy chat holds up nobody else."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._chat(chat_id))
            if lane is not Lane.ALERT:
                await stack.enter_async_context(self._shared)
            await stack.enter_async_context(self._all)

    def _chat(self, chat_id: int) -> AsyncLimiter:
        known = self._chats.pop(chat_id, None)
        limiter = known or AsyncLimiter(1, GROUP_SECONDS if chat_id < 0 else CHAT_SECONDS)
        self._chats[chat_id] = limiter
        while len(self._chats) > MOST_CHATS:
            self._chats.pop(next(iter(self._chats)))
        return limiter


class SharedLimits:
    """The same for several processes on one database: each message takes the next free moment of all."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def wait(self, lane: Lane, chat_id: int) -> None:
        await self._turn(f"chat:{chat_id}", GROUP_SECONDS if chat_id < 0 else CHAT_SECONDS)
        if lane is not Lane.ALERT:
            await self._turn("others", 1 / (PER_SECOND - FOR_ALERTS))
        await self._turn("bot", 1 / PER_SECOND)

    async def _turn(self, name: str, seconds: float) -> None:
        at = await self._db.unit(partial(reserve, name, seconds), "limiter")
        pause = (at - self._db.clock.now()).total_seconds()
        if pause > 0:
            await self._db.clock.sleep(pause)


class Silence:
    """What a 429 asks for. It doesn't say whether the chat or the bot was meant: the chat it is, until a second chat
    is told the same meanwhile."""

    def __init__(self) -> None:
        self._chats: dict[int, datetime] = {}
        self._all: datetime | None = None
        self._last: datetime | None = None

    def keep(self, chat_id: int, now: datetime, seconds: float) -> None:
        until = now + timedelta(seconds=seconds)
        others = [end for chat, end in self._chats.items() if chat != chat_id and end > now]
        self._chats[chat_id] = max(until, self._chats.get(chat_id, until))
        if others:
            self.keep_all(now, (max(until, *others) - now).total_seconds())

    def keep_all(self, now: datetime, seconds: float) -> None:
        until = now + timedelta(seconds=seconds)
        self._all = max(until, self._all or until)

    def _noted(self, now: datetime) -> None:
        """Forgets all silences if the clock was set back, which would prolong them: better to be told again."""
        if self._last is not None and now < self._last - timedelta(seconds=2):
            self._chats, self._all = {}, None
        self._last = now

    def chats(self, now: datetime) -> set[int]:
        """Returns the chats to which nothing may be sent now."""
        self._noted(now)
        self._chats = {chat: until for chat, until in self._chats.items() if until > now}
        return set(self._chats)

    def everybody(self, now: datetime) -> bool:
        """Tells whether nothing at all may be sent now."""
        self._noted(now)
        return self._all is not None and self._all > now
