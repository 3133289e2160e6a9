"""For python-telegram-bot. Arguments: the gateway's address, the token, the port for a webhook (0: long polling)."""

import asyncio
import sys

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.constants import ParseMode
from telegram.error import RetryAfter
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes, MessageHandler, filters

url, token, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
Context = ContextTypes.DEFAULT_TYPE


async def start(update: Update, _context: Context) -> None:
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("收到", callback_data="tap")]])
    said = "😀 <b>粗</b><i>斜</i><u>下</u><s>删</s><code>码</code><a href='https://example.org/'>链</a><pre>块</pre><tg-spoiler>密</tg-spoiler><blockquote>引</blockquote>"
    assert update.message is not None
    await update.message.reply_text(said, parse_mode=ParseMode.HTML, reply_markup=keyboard)


async def tapped(update: Update, _context: Context) -> None:
    assert update.callback_query is not None
    await update.callback_query.answer("好")
    await update.callback_query.edit_message_text("改了")


async def photo(update: Update, _context: Context) -> None:
    assert update.message is not None
    content = await (await update.message.photo[-1].get_file()).download_as_bytearray()
    await update.message.reply_photo(bytes(content), caption=str(len(content)))


async def many(update: Update, _context: Context) -> None:
    assert update.message is not None
    for number in range(3):
        while True:
            try:
                await update.message.reply_text(f"第{number}条")
                break
            except RetryAfter as error:
                await asyncio.sleep(float(str(error.retry_after)))


app = Application.builder().token(token).base_url(f"{url}/bot").base_file_url(f"{url}/file/bot").build()
app.add_handler(CommandHandler("start", start))
app.add_handler(CallbackQueryHandler(tapped))
app.add_handler(MessageHandler(filters.PHOTO, photo))
app.add_handler(MessageHandler(filters.TEXT, many))
if port:
    import http.server
    import json
    import threading

    class Hook(http.server.BaseHTTPRequestHandler):
        """Its own webhook server needs a further package; this hands it what comes in."""

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            good = self.headers.get("X-Telegram-Bot-Api-Secret-Token") == "geheim"
            if good:
                update = Update.de_json(json.loads(raw), app.bot)
                asyncio.run_coroutine_threadsafe(app.update_queue.put(update), loop).result()
            self.send_response(200 if good else 403)
            self.end_headers()

    async def main() -> None:
        global loop
        loop = asyncio.get_running_loop()
        server = http.server.HTTPServer(("127.0.0.1", port), Hook)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        async with app:
            await app.start()
            await app.bot.set_webhook(f"http://127.0.0.1:{port}/hook", secret_token="geheim")
            await asyncio.Event().wait()

    loop: asyncio.AbstractEventLoop
    asyncio.run(main())
else:
    app.run_polling(timeout=1, stop_signals=None)
