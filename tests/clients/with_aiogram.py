"""For aiogram. Arguments: the gateway's address, the token, and the port for a webhook (0: long polling)."""

import asyncio
import io
import sys

from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import TelegramRetryAfter
from aiogram.filters import CommandStart
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
)
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

url, token, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))
dispatcher = Dispatcher()


@dispatcher.message(CommandStart())
async def start(message: Message) -> None:
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="收到", callback_data="tap")]])
    said = "😀 <b>粗</b><i>斜</i><u>下</u><s>删</s><code>码</code><a href='https://example.org/'>链</a><pre>块</pre><tg-spoiler>密</tg-spoiler><blockquote>引</blockquote>"
    await message.answer(said, parse_mode=ParseMode.HTML, reply_markup=keyboard)


@dispatcher.callback_query()
async def tapped(query: CallbackQuery) -> None:
    await query.answer("好")
    assert isinstance(query.message, Message)
    await query.message.edit_text("改了")


@dispatcher.message(F.photo)
async def photo(message: Message) -> None:
    content = io.BytesIO()
    await bot.download(message.photo[-1], destination=content)
    await message.answer_photo(BufferedInputFile(content.getvalue(), "back.jpg"), caption=str(len(content.getvalue())))


@dispatcher.message()
async def many(message: Message) -> None:
    for number in range(3):
        while True:
            try:
                await message.answer(f"第{number}条")
                break
            except TelegramRetryAfter as error:
                await asyncio.sleep(error.retry_after)


async def main() -> None:
    if not port:
        await dispatcher.start_polling(bot, polling_timeout=1)
        return
    app = web.Application()
    SimpleRequestHandler(dispatcher, bot, secret_token="geheim").register(app, path="/hook")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await bot.set_webhook(f"http://127.0.0.1:{port}/hook", secret_token="geheim")
    await asyncio.Event().wait()


asyncio.run(main())
