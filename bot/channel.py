"""A leg on which people are reached: Telegram, or the web chats of our own gateway. Same handlers, same cards."""

from dataclasses import dataclass, field

from telegram.ext import Application, ContextTypes

import handlers
from bot.api import BotApi, QuietBot
from bot.limiter import Limiter, Silence
from handlers.context import Context
from handlers.route import App


@dataclass
class Channel:
    """Its name is what endpoints, inbox and outbox rows carry."""

    name: str
    api: BotApi
    app: App
    limiter: Limiter
    silence: Silence = field(default_factory=Silence)
    refused: bool = False
    """The far end doesn't take the bot's token; the administrators have been told."""
    bot_name: str = ""
    """The bot's user name, once it is known; links into Telegram need it."""


def build(name: str, api: BotApi, token: str, limiter: Limiter) -> Channel:
    """A channel with the conversation registered."""
    builder = Application.builder().bot(QuietBot(token)).context_types(ContextTypes(context=Context))
    app: App = builder.updater(None).job_queue(None).build()
    handlers.register(app)
    return Channel(name, api, app, limiter)
