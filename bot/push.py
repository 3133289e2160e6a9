"""Sends what wakes people beside their chats: through Apprise, and SMS through one HTTP hook of the court's."""

import asyncio
import html
from collections import Counter
from typing import Any

import aiohttp

from bot.api import CALL_SECONDS, NotSentError, UnreachableError
from bot.settings import Settings
from storage import push
from storage.push import Target
from storage.secret import Secrets

FAILURES = 3
"""After so many in a row a way is given up."""


class PushApi:
    """Speaks like a Bot API of one method, so that the dispatcher need not know the difference. Never says more than
    the notice, and where the page is; the link signs nobody in."""

    def __init__(self, session: aiohttp.ClientSession, secrets: Secrets, settings: Settings, page: str) -> None:
        self._session = session
        self._secrets = secrets
        self._sms_hook = settings.sms_hook
        self._mail = settings.mail
        self._page = page
        self._failures = Counter[int]()

    async def call(
        self,
        _method: str,
        parameters: dict[str, Any] | None = None,
        *,
        seconds: float = CALL_SECONDS,
        upload: tuple[str, bytes] | None = None,
    ) -> Any:
        """Sends the text to the way whose number stands for a chat. Raises NotSentError, UnreachableError."""
        assert parameters is not None and upload is None
        number = int(parameters["chat_id"])
        target = await push.target_of(number, self._secrets)
        if target is None:
            raise UnreachableError(404, "push removed")
        text = f"{html.unescape(str(parameters['text']))}\n{self._page}"
        try:
            async with asyncio.timeout(seconds):
                sent = await self._send(target, text)
        except TimeoutError:
            sent = False
        if sent:
            del self._failures[number]
            return {"message_id": 1}
        self._failures[number] += 1
        if self._failures[number] >= FAILURES:
            raise UnreachableError(410, f"push of kind {target.kind}")
        raise NotSentError(target.kind)

    async def download(self, _file_id: str) -> bytes:
        raise NotSentError("nothing is kept here")

    async def _send(self, target: Target, text: str) -> bool:
        if target.kind == "sms":
            return bool(self._sms_hook) and await self._sms(target.url, text)
        url = target.url
        if target.kind == "mail":
            if not self._mail:
                return False
            url = f"{self._mail}{'&' if '?' in self._mail else '?'}to={target.url}"
        import apprise  # 35 MB, only where somebody has such a way

        way = apprise.Apprise()
        return way.add(url) and bool(await way.async_notify(body=text, title=text.partition("\n")[0]))

    async def _sms(self, phone: str, text: str) -> bool:
        """POST {"phone", "text"} to the hook; 2xx is sent."""
        try:
            async with self._session.post(self._sms_hook, json={"phone": phone, "text": text}) as answer:
                return answer.status // 100 == 2
        except aiohttp.ClientError:
            return False
