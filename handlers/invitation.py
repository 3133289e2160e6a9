"""/start: joining with a one-time code."""

from telegram import Update
from telegram.ext import CommandHandler, filters

from handlers.context import Context
from handlers.help import offer_menu
from handlers.route import PRIVATE, App, refuse_stranger
from storage.invitation import accept
from storage.person import at_chat


def register(app: App) -> None:
    app.add_handler(CommandHandler("start", start, filters=PRIVATE & filters.UpdateType.MESSAGE))


async def start(update: Update, context: Context) -> None:
    """`/start CODE` joins; without a code it greets those who are known and tells strangers nothing."""
    turn = context.turn
    message = update.effective_message
    words = ((message.text if message else "") or "").split(maxsplit=1)
    code = words[1].strip() if len(words) > 1 else ""
    if not code:
        await (turn.reply("help") if turn.person else refuse_stranger(turn, "start"))
        return
    person = await accept(code, turn.channel, turn.chat_id)
    if person is None:
        await turn.say("invitation.invalid" if turn.person else "invitation.stranger")
        return
    turn.person, turn.endpoint = person, await at_chat(turn.channel, turn.chat_id)
    await turn.say("invitation.joined", name=person.name)
    await turn.reply("help")
    if turn.endpoint is not None:
        await offer_menu(turn, turn.endpoint)
