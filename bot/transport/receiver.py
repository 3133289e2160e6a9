"""Receiving: everything is on disk before the far end hears that it arrived."""

import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import structlog
from aiohttp import web

from bot.transport.api import ApiError, ConflictError, NoAnswerError, NotSentError, UnauthorizedError
from bot.transport.body import parse_json
from bot.transport.channel import Channel
from bot.transport.metrics import Metrics
from storage.engine.database import Database
from storage.engine.failure import StorageUnavailableError
from storage.post import inbox

ALLOWED = ["message", "edited_message", "callback_query", "inline_query"]
POLL_SECONDS = 25
LIMIT = 100
WEBHOOK_BYTES = 1_000_000

_log = structlog.get_logger("receiver")
Stored = Callable[[Channel, list[tuple[inbox.Waiting, dict[str, Any]]]], None]
TellNotLogged = Callable[[Channel, list[dict[str, Any]]], Awaitable[None]]


class Receiver:
    """Stores updates, and tells the router in the same unit."""

    def __init__(
        self,
        db: Database,
        metrics: Metrics,
        stored: Stored,
        refuse: TellNotLogged,
        token_refused: Callable[[Channel], Awaitable[None]],
    ) -> None:
        self._db = db
        self._metrics = metrics
        self._stored = stored
        self._refuse = refuse
        self._tell_token_refused = token_refused

    async def store(self, channel: Channel, updates: list[dict[str, Any]]) -> bool:
        """Returns True once they are on disk, False where they can't be kept: then the senders have been told."""
        good = [update for update in updates if _usable(update)]

        async def keep() -> None:
            self._stored(channel, await inbox.store(channel.name, good))

        try:
            if good:
                await self._db.unit(keep, f"receive:{channel.name}")
        except StorageUnavailableError:
            _log.error("updates not kept", channel=channel.name, count=len(good))
            await self._refuse(channel, good)
            return False
        self._metrics.received.labels(channel.name).inc(len(updates))
        return True

    async def poll(self, channel: Channel) -> None:
        """Asks for updates for ever. The next offset confirms a batch only after it is on disk."""
        offset, since = await self._first_offset(channel)
        while True:
            if offset is not None and self._db.clock.now() - since > inbox.COUNTS_ANEW:
                offset = None
            try:
                asked: dict[str, Any] = {"timeout": POLL_SECONDS, "limit": LIMIT, "allowed_updates": ALLOWED}
                if offset is not None:
                    asked["offset"] = offset
                updates = await channel.api.call("getUpdates", asked, seconds=POLL_SECONDS + 10)
            except UnauthorizedError:
                await self._token_refused(channel)
                await self._db.clock.sleep(30)
                continue
            except (ApiError, NotSentError, NoAnswerError) as error:
                await self._db.clock.sleep(self._pause(channel, error))
                continue
            if not isinstance(updates, list) or not updates:
                continue
            if await self.store(channel, updates):
                since = self._db.clock.now()
                offset = max((u["update_id"] for u in updates if _usable(u)), default=(offset or 1) - 1) + 1
            else:
                await self._db.clock.sleep(2)

    async def _token_refused(self, channel: Channel) -> None:
        try:
            await self._tell_token_refused(channel)
        except StorageUnavailableError:
            _log.error("administrators not told, storage unavailable")

    async def _first_offset(self, channel: Channel) -> tuple[int | None, datetime]:
        """Returns the number after the newest update on disk, None where there is none; and when that came."""
        while True:
            try:
                last = await inbox.last_update(channel.name)
            except StorageUnavailableError:
                await self._db.clock.sleep(1)
            else:
                return (last[0] + 1, last[1]) if last is not None else (None, self._db.clock.now())

    @staticmethod
    def _pause(channel: Channel, error: Exception) -> float:
        if isinstance(error, ConflictError):
            _log.warning("somebody else is polling this bot; waiting", channel=channel.name)
            return 5
        _log.warning("no updates", channel=channel.name, error=type(error).__name__)
        return 1

    async def webhook(self, channel: Channel, secret: str, request: web.Request) -> web.Response:
        """Telegram's posts. 200 only for what is on disk; anything else and it is sent again."""
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return web.Response(status=403)
        if request.content_length is not None and request.content_length > WEBHOOK_BYTES:
            return web.Response(status=413)
        try:
            update = parse_json(await request.read())
        except ValueError:
            return web.Response(status=400)
        if not isinstance(update, dict) or not _usable(update):
            return web.Response(status=400)
        return web.Response(status=200 if await self.store(channel, [update]) else 503)


def _usable(update: object) -> bool:
    number = update.get("update_id") if isinstance(update, dict) else None
    return isinstance(number, int) and not isinstance(number, bool) and abs(number) < 2**63
