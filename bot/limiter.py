"""Telegram's sending limits, one for the bot and one a chat, with a share that only alerts may use."""

from contextlib import AsyncExitStack
from typing import Protocol

from aiolimiter import AsyncLimiter

from storage.outbox import Lane

PER_SECOND = 30
FOR_ALERTS = 5
"""Of those thirty, how many the other lanes leave alone."""
GROUP_SECONDS = 3.0
"""20 messages a minute to a group."""
MOST_CHATS = 10_000


class Limiter(Protocol):
    """Waits until a message may go out."""

    async def wait(self, lane: Lane, chat_id: int) -> None: ...


class NoLimits:
    """For our own gateway."""

    async def wait(self, lane: Lane, chat_id: int) -> None:
        """At once."""


class TelegramLimits:
    """Evenly spaced, so that no second ever holds more than is allowed."""

    def __init__(self) -> None:
        self._all = AsyncLimiter(1, 1 / PER_SECOND)
        self._shared = AsyncLimiter(1, 1 / (PER_SECOND - FOR_ALERTS))
        self._chats: dict[int, AsyncLimiter] = {}

    async def wait(self, lane: Lane, chat_id: int) -> None:
        """First the chat's turn, then the bot's, so that a busy chat holds up nobody else."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._chat(chat_id))
            if lane is not Lane.ALERT:
                await stack.enter_async_context(self._shared)
            await stack.enter_async_context(self._all)

    def _chat(self, chat_id: int) -> AsyncLimiter:
        known = self._chats.pop(chat_id, None)
        limiter = known or AsyncLimiter(1, GROUP_SECONDS if chat_id < 0 else 1.0)
        self._chats[chat_id] = limiter
        while len(self._chats) > MOST_CHATS:
            self._chats.pop(next(iter(self._chats)))
        return limiter
