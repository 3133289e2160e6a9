"""What others do with the same reports, as a process: `python -m tests.bench.peers NAME API DATABASE`. Each keeps the
report in SQLite (synchronous=FULL), tells one judge, and answers the reporter; nothing else."""

import asyncio
import json
import sqlite3
import sys
from typing import Any

import aiohttp
from telegram import Message, Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters
from telegram.request import BaseRequest, RequestData

from tests.county import JUDGES
from tests.telegram import TOKEN


class AiohttpRequest(BaseRequest):
    """python-telegram-bot over one aiohttp session."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        return 30

    async def initialize(self) -> None:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100))

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_timeouts: Any, **_more: Any
    ) -> tuple[int, bytes]:
        assert self._session is not None
        body = request_data.json_parameters if request_data else None
        parameters = {name: _read(value) for name, value in (body or {}).items()}
        async with self._session.request(method, url, json=parameters) as response:
            return response.status, await response.read()


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def table(path: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE IF NOT EXISTS report (id INTEGER PRIMARY KEY, chat INTEGER, text TEXT)")
    return db


def ptb(api: str, database: str, *, over_aiohttp: bool) -> None:
    db = table(database)

    async def handle(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        message: Message | None = update.message
        assert message is not None
        db.execute("INSERT INTO report (chat, text) VALUES (?, ?)", (message.chat_id, message.text))
        await context.bot.send_message(JUDGES, f"“{message.text}”")
        await message.reply_text("已记录")

    builder = Application.builder().token(TOKEN).base_url(f"{api}/bot").concurrent_updates(64)
    if over_aiohttp:
        builder = builder.request(AiohttpRequest()).get_updates_request(AiohttpRequest())
    app = builder.build()
    app.add_handler(MessageHandler(filters.TEXT, handle))
    app.run_polling(stop_signals=None)


def aiogram(api: str, database: str) -> None:
    from aiogram import Bot, Dispatcher
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer

    db = table(database)
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def handle(message: Any, bot: Bot) -> None:
        db.execute("INSERT INTO report (chat, text) VALUES (?, ?)", (message.chat.id, message.text))
        await bot.send_message(JUDGES, f"“{message.text}”")
        await message.reply("已记录")

    async def main() -> None:
        session = AiohttpSession(api=TelegramAPIServer.from_base(api))
        await dispatcher.start_polling(Bot(TOKEN, session=session))

    asyncio.run(main())


if __name__ == "__main__":
    name, api, database = sys.argv[1:]
    if name == "aiogram":
        aiogram(api, database)
    else:
        ptb(api, database, over_aiohttp=name == "ptb-aiohttp")
