"""A leg on which people are reached: Telegram, or the web chats of our own gateway. Same handlers, same cards."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from telegram.ext import Application, ContextTypes

import handlers
from bot.transport.api import CALL_SECONDS, BotApi, QuietBot, Upload
from bot.transport.limiter import Limiter, Silence
from handlers.context import Context
from handlers.route import App
from storage.people.endpoint import TELEGRAM, WEB


class Api(Protocol):
    """What the dispatcher needs of a far end. Raises the errors of `bot.transport.api`."""

    async def call(
        self,
        method: str,
        parameters: dict[str, Any] | None = None,
        /,
        *,
        seconds: float = CALL_SECONDS,
        upload: Upload | None = None,
    ) -> Any: ...

    async def download(self, file_id: str, /) -> bytes: ...


@dataclass
class Way:
    """A way out. Its name is what endpoints, inbox and outbox rows carry."""

    name: str
    api: Api
    limiter: Limiter
    shows_parts: bool = field(default=False, kw_only=True)
    """Its screens show a card by its parts: those of the page."""
    silence: Silence = field(default_factory=Silence, kw_only=True)
    refused: bool = field(default=False, kw_only=True)
    """The far end doesn't take the bot's token; the administrators have been told."""


@dataclass
class Channel(Way):
    """A way out and in, with the conversation behind it."""

    api: BotApi
    app: App
    bot_name: str = ""
    """The bot's user name, once it is known; links into Telegram need it."""


def build(name: str, api: BotApi, token: str, limiter: Limiter) -> Channel:
    """Builds a channel with the conversation's handlers registered."""
    builder = Application.builder().bot(QuietBot(token)).context_types(ContextTypes(context=Context))
    app: App = builder.updater(None).job_queue(None).build()
    handlers.register(app)
    return Channel(name, api, limiter, app, shows_parts=name == WEB)


__all__ = ["TELEGRAM", "WEB", "Api", "Channel", "Way", "build"]
