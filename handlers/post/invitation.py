"""/start: joining with a one-time code. /invite: giving one."""

import asyncio
import json

from telegram import Update
from telegram.ext import CommandHandler, filters

from handlers.callback import Tap
from handlers.card import Card, File, Showing, card
from handlers.context import Context, Turn
from handlers.form import Field, Form
from handlers.people.help import offer_menu
from handlers.post.ticket import Ticket, sheet
from handlers.route import PRIVATE, App, on_command, on_tap, refuse_stranger
from storage.desk.staff import not_joined
from storage.duty import court
from storage.engine.unit import unit
from storage.people.access import Action
from storage.people.area import area_names, contains, full_name
from storage.people.area import named as area_named
from storage.people.endpoint import at_chat
from storage.people.person import by_id, find, these
from storage.post.invitation import VALID, accept, invite, speak
from storage.post.outbox import Lane, Outbox, put, put_to_person
from storage.post.waking import by_sms

MOST = 300
"""Invitations on a sheet."""


def register(app: App) -> None:
    app.add_handler(CommandHandler("start", start, filters=PRIVATE & filters.UpdateType.MESSAGE))
    on_command(app, "invite", Action.INVITE, invite_, menu=350, awaits=True)
    on_tap("text", text_code, Action.INVITE)


async def start(update: Update, context: Context) -> None:
    """Answers `/start CODE`, which joins; without a code it greets those who are known and tells strangers nothing."""
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
    mine = await court.of(person.area_code)
    phone = await court.phone_of(person.area_code)
    if mine.greeting or phone:
        await turn.say("court.greets", greeting=mine.greeting, phone=phone)
    await turn.reply("help")
    if turn.endpoint is not None:
        await offer_menu(turn, turn.endpoint)


async def invite_(turn: Turn, words: str) -> None:
    """Gives a link and six digits for one person of the administrator's area, by name, phone or staff number."""
    if not words:
        await turn.reply("inviting")
        return
    found = [one for one in await find(words) if contains(turn.who.area_code, one.area_code)]
    if not found and (code := await area_named(words, turn.who.area_code)):
        await _invite_all(turn, code)
        return
    if len(found) != 1:
        await turn.say("invitation.several" if found else "invitation.nobody")
        return
    code, digits = await invite(found[0], actor=turn.actor), await speak(found[0], actor=turn.actor)
    seal = unit().secrets.seal
    sealed = {"code": seal(code), "digits": seal(digits)}
    base, bot = turn.joining_url, turn.bot_name
    await turn.reply("invited", found[0].id, sealed=sealed, base=base, bot=bot, sms="sms" in turn.offers)


async def text_code(turn: Turn, tap: Tap) -> None:
    """Answers 短信发给他 with an SMS of other digits, which nobody has to read out."""
    person = await by_id(tap.ref)
    if person is None or "sms" not in turn.offers or not contains(turn.who.area_code, person.area_code):
        await turn.refuse(f"person:{tap.ref}")
        return
    args = {"sealed": unit().secrets.seal(await speak(person, actor=turn.actor)), "asker": turn.who.id}
    await put(by_sms(person), "code", person.id, lane=Lane.REPLY, fresh=True, args=args)
    await turn.toast("invitation.texting")


async def _invite_all(turn: Turn, area_code: str) -> None:
    """Sends a sheet to print, with a picture to scan for everybody of the area who hasn't joined."""
    people = (await not_joined(area_code))[:MOST]
    if not people:
        await turn.say("invitation.all_joined")
        return
    codes = [[one.id, await invite(one, actor=turn.actor)] for one in people]
    sealed = unit().secrets.seal(json.dumps(codes))
    await turn.reply("invitations", sealed=sealed, area=area_code, base=turn.joining_url, bot=turn.bot_name)


@card("inviting")
async def show_inviting(showing: Showing) -> Card | None:
    """Asks whom: somebody who hasn't joined, or everybody of a village."""
    if showing.person is None:
        return None
    area = showing.person.area_code
    people = [one.name for one in await not_joined(area)]
    who = Field("who", showing.plain("invitation.form_who"), "text", (*people[:MOST], *await area_names(area)))
    form = Form(showing.plain("invitation.form"), "/invite {who}", (who,))
    return Card(showing.text("invitation.whom", count=len(people)), forms=[form], how=showing.text("invitation.how"))


@card("invitations")
async def show_invitations(showing: Showing) -> Card | None:
    codes = dict(json.loads(showing.secrets.unseal(showing.args["sealed"])))
    people = await these(list(codes))
    bot = showing.args.get("bot")
    base = f"https://t.me/{bot}?start=" if bot and showing.channel == "telegram" else f"{showing.args['base']}#"
    tickets = [
        Ticket(
            place=await full_name(one.area_code),
            name=f"{one.name} {showing.plain(f'person.role_{one.role.value}')}",
            link=f"{base}{codes[one.id]}",
        )
        for one in people
    ]
    area = await full_name(showing.args["area"])
    title = showing.plain("invitation.sheet", area=area, days=VALID.days)
    content = await asyncio.to_thread(sheet, title, tickets)
    return Card(showing.text("invitation.sheet_note"), file=File("document", f"{area}.docx", content))


@card("invited")
async def show_invited(showing: Showing) -> Card | None:
    person = await by_id(showing.ref)
    if person is None:
        return None
    code, digits = (showing.secrets.unseal(showing.args["sealed"][name]) for name in ("code", "digits"))
    address = showing.args["base"].rstrip("/")
    lines = [showing.text("invitation.given", name=person.name, phone=person.phone, digits=digits, address=address)]
    lines += [f"https://t.me/{showing.args['bot']}?start={code}"] if showing.args.get("bot") else []
    buttons = [[showing.button("invitation.text", "text", person.id)]] if showing.args.get("sms") else []
    return Card("\n".join([*lines, f"{showing.args['base']}#{code}"]), buttons)


async def _not_texted(row: Outbox) -> None:
    person = await by_id(row.ref)
    args = {"key": "invitation.not_texted", "name": person.name if person is not None else ""}
    await put_to_person(row.arguments["asker"], "text", lane=Lane.REPLY, fresh=True, args=args)


@card("code", undeliverable=_not_texted)
async def show_code(showing: Showing) -> Card | None:
    """Shows the SMS; the address of the page is put after it."""
    return Card(showing.text("invitation.sms", digits=showing.secrets.unseal(showing.args["sealed"])))
