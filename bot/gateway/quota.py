"""The Bot API's sending limits, as the far end keeps them: whoever sends more hears 429 and how long to wait."""

import math
from collections import defaultdict, deque

BOT, BOT_SECONDS = 30, 1.0
"""Messages of one bot within so many seconds."""
CHAT, CHAT_SECONDS = 1, 0.95
"""To one person; a little less than a second, for messages sent evenly may arrive closer together."""
GROUP, GROUP_SECONDS = 20, 60.0
_MOST_CHATS = 10_000


class Quota:
    """Counts what was sent. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._bot = deque[float](maxlen=BOT)
        self._chats = defaultdict[int, deque[float]](deque)

    def refusal(self, chat_id: int, now: float) -> int | None:
        """Returns the seconds to wait, or None, and then the message counts."""
        allowed, span = (GROUP, GROUP_SECONDS) if chat_id < 0 else (CHAT, CHAT_SECONDS)
        chat = self._chats[chat_id]
        while chat and now - chat[0] >= span:
            chat.popleft()
        bot_free = self._bot[0] + BOT_SECONDS if len(self._bot) == BOT else now
        chat_free = chat[0] + span if len(chat) >= allowed else now
        if max(bot_free, chat_free) > now:
            return max(1, math.ceil(max(bot_free, chat_free) - now))
        self._bot.append(now)
        chat.append(now)
        if len(self._chats) > _MOST_CHATS:
            self._forget(now)
        return None

    def _forget(self, now: float) -> None:
        """Chats that have been quiet for longer than any limit looks back."""
        for chat_id in [one for one, times in self._chats.items() if not times or now - times[-1] >= GROUP_SECONDS]:
            del self._chats[chat_id]
