"""What one chat may do in a while, so that nothing it does makes the others wait. Words are never refused: they wait
their turn, in order."""

import asyncio
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from aiolimiter import AsyncLimiter

TAPS, TAP_SECONDS = 60, 60.0
BYTES_A_DAY = 200_000_000
"""Of photos and voices, as they are uploaded."""
DAY = 24 * 3600.0
WORDS, WORDS_SECONDS = 30, 30.0
"""So many sentences at once; from then on as many a while."""
SLOW = 0.5
"""Seconds of waiting of which the person is told."""
_MOST = 10_000


@dataclass
class _Chat:
    taps: deque[float] = field(default_factory=lambda: deque(maxlen=TAPS))
    pace: AsyncLimiter = field(default_factory=lambda: AsyncLimiter(WORDS, WORDS_SECONDS))
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    since: float = field(default_factory=time.monotonic)
    bytes: int = 0


class Budget:
    """Counts what each chat does, the newest chats of which something is known."""

    def __init__(self) -> None:
        self._chats: OrderedDict[int, _Chat] = OrderedDict()

    def _of(self, chat_id: int) -> _Chat:
        chat = self._chats.setdefault(chat_id, _Chat())
        self._chats.move_to_end(chat_id)
        while len(self._chats) > _MOST:
            self._chats.popitem(last=False)
        return chat

    def may_tap(self, chat_id: int) -> bool:
        """Counts a tap; False for one too many."""
        taps, now = self._of(chat_id).taps, time.monotonic()
        if len(taps) == TAPS and now - taps[0] < TAP_SECONDS:
            return False
        taps.append(now)
        return True

    def has_room(self, chat_id: int, size: int) -> bool:
        """Tells whether a file of so many bytes is still within the day's."""
        chat, now = self._of(chat_id), time.monotonic()
        if now - chat.since > DAY:
            chat.since, chat.bytes = now, 0
        return chat.bytes + max(size, 1) <= BYTES_A_DAY

    def sent(self, chat_id: int, size: int) -> None:
        """Counts the bytes of a file that was read."""
        self._of(chat_id).bytes += size

    def sending(self, chat_id: int) -> asyncio.Lock:
        """Returns what a chat holds while it sends a file: one after the other."""
        return self._of(chat_id).sending

    async def turn(self, chat_id: int) -> bool:
        """Waits until a sentence may go in, after those before it; tells whether that took noticeably long."""
        chat, began = self._of(chat_id), time.monotonic()
        async with chat.turn:
            await chat.pace.acquire()
        return time.monotonic() - began > SLOW
