"""For pyTelegramBotAPI. Arguments: the gateway's address, the token, and the port for a webhook (0: long polling)."""

import asyncio
import sys
from typing import Any

import telebot
from aiohttp import web
from telebot import asyncio_helper
from telebot.async_telebot import AsyncTeleBot
from telebot.asyncio_helper import ApiTelegramException

url, token, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
asyncio_helper.API_URL = url + "/bot{0}/{1}"
asyncio_helper.FILE_URL = url + "/file/bot{0}/{1}"
bot = AsyncTeleBot(token)


@bot.message_handler(commands=["start"])
async def start(message: Any) -> None:
    keyboard = telebot.types.InlineKeyboardMarkup([[telebot.types.InlineKeyboardButton("收到", callback_data="tap")]])
    said = "😀 <b>粗</b><i>斜</i><u>下</u><s>删</s><code>码</code><a href='https://example.org/'>链</a><pre>块</pre><tg-spoiler>密</tg-spoiler><blockquote>引</blockquote>"
    await bot.send_message(message.chat.id, said, parse_mode="HTML", reply_markup=keyboard)


@bot.callback_query_handler(func=lambda _query: True)
async def tapped(query: Any) -> None:
    await bot.answer_callback_query(query.id, "好")
    await bot.edit_message_text("改了", query.message.chat.id, query.message.message_id)


@bot.message_handler(content_types=["photo"])
async def photo(message: Any) -> None:
    info = await bot.get_file(message.photo[-1].file_id)
    content = await bot.download_file(info.file_path)
    await bot.send_photo(message.chat.id, content, caption=str(len(content)))


@bot.message_handler(content_types=["text"])
async def many(message: Any) -> None:
    for number in range(3):
        while True:
            try:
                await bot.send_message(message.chat.id, f"第{number}条")
                break
            except ApiTelegramException as error:
                if error.error_code != 429:
                    raise
                await asyncio.sleep(error.result_json["parameters"]["retry_after"])


async def hook(request: web.Request) -> web.Response:
    if request.headers.get("X-Telegram-Bot-Api-Secret-Token") != "geheim":
        return web.Response(status=403)
    await bot.process_new_updates([telebot.types.Update.de_json(await request.text())])
    return web.Response()


async def main() -> None:
    if not port:
        await bot.infinity_polling(timeout=1, request_timeout=5)
        return
    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await bot.set_webhook(f"http://127.0.0.1:{port}/hook", secret_token="geheim")
    await asyncio.Event().wait()


asyncio.run(main())
