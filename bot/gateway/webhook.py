"""The gateway's webhook: posts what waits to the bot's address, in order, until it is taken."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.gateway.parameters import Files, Parameters, RefusedError, bad, flag, kinds, within, word
from bot.gateway.store import Store

SETTING = "webhook"
LONGEST_PAUSE = 60.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
_POST_SECONDS = 30


_LONGEST_ANSWER = 1_000_000
_NOT_IN_ANSWERS = frozenset({"setwebhook", "deletewebhook", "close", "logout"})
Call = Callable[[str, Parameters, Files], Awaitable[Any]]


class Webhook:
    """Where updates go, as it is kept in the store; one task delivers as long as there is an address."""

    def __init__(self, store: Store, call: Call) -> None:
        self._store = store
        self._call = call
        self._task: asyncio.Task[None] | None = None
        self._error: dict[str, Any] = {}

    async def url(self) -> str:
        """Returns the webhook's address; empty where updates are polled for."""
        return str((await self._store.setting(SETTING) or {}).get("url", ""))

    async def start(self) -> None:
        """Delivers to the address that is kept, if there is one, and no longer to any other."""
        known = await self._store.setting(SETTING) or {}
        self.close()
        if known:
            self._task = asyncio.get_running_loop().create_task(self._deliver(known))

    async def set(self, p: Parameters) -> None:
        """Carries out setWebhook. An empty address removes the webhook."""
        url, secret = word(p, "url"), word(p, "secret_token")
        if not url:
            await self.remove(drop=flag(p, "drop_pending_updates"))
            return
        url = url if "://" in url else f"https://{url}"
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise bad("invalid webhook URL specified") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise bad("invalid webhook URL specified")
        if len(secret) > 256:
            raise bad("secret token is too long")
        if secret and not re.fullmatch("[A-Za-z0-9_-]{1,256}", secret):
            raise bad("secret token contains unallowed characters")
        wanted = kinds(p)
        known = {
            "url": url,
            "secret": secret,
            "max_connections": within(p, "max_connections", 40, 100),
            "allowed_updates": wanted,
        }
        if wanted is not None:
            await self._store.want(wanted)
        if flag(p, "drop_pending_updates"):
            await self._store.forget_updates()
        await self._store.keep_setting(SETTING, known)
        await self.start()

    async def remove(self, *, drop: bool) -> None:
        await self._store.keep_setting(SETTING, None)
        self.close()
        if drop:
            await self._store.forget_updates()

    async def info(self) -> dict[str, Any]:
        """Answers getWebhookInfo."""
        known = await self._store.setting(SETTING) or {}
        found = {
            "url": known.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": await self._store.count_updates(),
            **self._error,
        }
        if known:
            found["max_connections"] = known["max_connections"]
            if known["allowed_updates"]:
                found["allowed_updates"] = known["allowed_updates"]
        return found

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = None
        self._error = {}

    async def _deliver(self, known: dict[str, Any]) -> None:
        headers = {"Content-Type": "application/json"}
        if known["secret"]:
            headers[SECRET_HEADER] = known["secret"]
        done, pause = 0, 1.0
        timeout = aiohttp.ClientTimeout(total=_POST_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                self._store.updates_waiting.clear()
                updates = await self._store.updates(done + 1 if done else None, 1)
                if not updates:
                    await self._store.updates_waiting.wait()
                    continue
                if await self._post(session, known["url"], headers, updates[0]):
                    done, pause = updates[0]["update_id"], 1.0
                else:
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)

    async def _carry_out(self, raw: bytes) -> None:
        """Makes the call that an answer holds; what it gives back is thrown away, as at Telegram."""
        try:
            said = json.loads(raw)
        except ValueError:
            return
        method = str(said.pop("method", "")).lower() if isinstance(said, dict) else ""
        if method and not method.startswith("get") and method not in _NOT_IN_ANSWERS:
            with contextlib.suppress(RefusedError):
                await self._call(method, said, {})

    async def _post(
        self, session: aiohttp.ClientSession, url: str, headers: dict[str, str], update: dict[str, Any]
    ) -> bool:
        try:
            async with session.post(url, data=json.dumps(update), headers=headers, allow_redirects=False) as answer:
                if answer.status // 100 == 2:
                    await self._carry_out(await answer.content.read(_LONGEST_ANSWER))
                    return True
                why = f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:  # the last of odd host names
            why = f"Connection failed: {type(error).__name__}"
        self._error = {"last_error_date": int(time.time()), "last_error_message": why}
        return False
