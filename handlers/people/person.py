"""/me, /lang, leaving, and moving to a new phone."""

import locales
from handlers.callback import Tap
from handlers.card import Button, Card, Showing, card
from handlers.context import Turn
from handlers.people.help import offer_menu
from handlers.route import App, on_command, on_tap
from storage.engine.unit import unit
from storage.people import endpoint
from storage.people.access import Action
from storage.people.area import full_name
from storage.people.person import set_language
from storage.post.invitation import invite
from storage.post.waking import sign_out
from storage.version import VERSION


def register(app: App) -> None:
    on_command(app, "me", Action.EVERYONE, me, menu=410)
    on_command(app, "lang", Action.EVERYONE, lang, menu=470)
    on_tap("lang", choose_language)
    on_tap("leave", ask_leave)
    on_tap("left", do_leave)
    on_tap("alone", leave_others)
    on_tap("stay", stay)
    on_tap("move", move_phone)


async def me(turn: Turn, _words: str) -> None:
    await turn.reply("me")


async def lang(turn: Turn, words: str) -> None:
    """Answers `/lang en` by setting the language; without one it offers them."""
    if words in locales.LANGUAGES:
        await set_language(turn.who, words)
        await _confirm_language(turn)
    else:
        await turn.reply("languages")


async def choose_language(turn: Turn, tap: Tap) -> None:
    if tap.arg < len(locales.LANGUAGES):
        await set_language(turn.who, locales.LANGUAGES[tap.arg])
    await turn.toast()
    await _confirm_language(turn)


async def _confirm_language(turn: Turn) -> None:
    await turn.say("person.language_set")
    if turn.endpoint is not None:
        await offer_menu(turn, turn.endpoint)


async def ask_leave(turn: Turn, _tap: Tap) -> None:
    await turn.toast()
    await turn.reply("leaving")


async def stay(turn: Turn, _tap: Tap) -> None:
    await turn.toast("person.staying")


async def do_leave(turn: Turn, tap: Tap) -> None:
    """Signs out this chat, or another of the person's own; refuses a forged id of somebody else's."""
    row = await endpoint.of_person(tap.ref, turn.who.id)
    if row is None:
        await turn.refuse(f"endpoint:{tap.ref}")
        return
    await sign_out(row)
    await turn.toast()
    await turn.say("person.left")


async def leave_others(turn: Turn, _tap: Tap) -> None:
    """Signs out every phone of the person but this one."""
    here = turn.endpoint.id if turn.endpoint is not None else 0
    for row in await endpoint.all_of(turn.who.id):
        if row.id != here:
            await sign_out(row)
    await turn.toast("person.alone_now")
    await turn.reply("me", fresh=False)


async def move_phone(turn: Turn, _tap: Tap) -> None:
    """Answers with a link for the new phone; using it signs this one out."""
    code = await invite(turn.who, replaces=turn.endpoint, actor=turn.actor)
    await turn.toast()
    await turn.reply("moving", sealed=unit().secrets.seal(code), base=turn.joining_url, bot=turn.bot_name)


@card("me")
async def show_me(showing: Showing) -> Card | None:
    person = showing.person
    if person is None:
        return None
    rows = await endpoint.all_of(person.id, active=True)
    lines = [
        showing.text(
            "person.me",
            name=person.name,
            role=showing.plain(f"person.role_{person.role.value}"),
            area="、".join([await full_name(code) for code in person.area_codes]),
            organisation=person.organisation,
        )
    ]
    buttons: list[list[Button]] = []
    for row in rows:
        here = (row.channel, row.chat_id) == (showing.channel, showing.chat_id)
        key = "person.phone_here" if here else "person.phone_other"
        lines.append(
            showing.text(key, channel=showing.plain(f"person.channel_{row.channel}"), at=showing.at(row.joined_at))
        )
        if here:
            buttons.append([showing.button("person.move", "move"), showing.button("person.leave", "leave", row.id)])
        else:
            buttons.append([showing.button("person.leave_other", "left", row.id)])
    if len(rows) > 2:
        buttons.append([showing.button("person.alone", "alone")])
    lines.append(showing.text("person.version", version=VERSION))
    return Card("\n".join(lines), buttons)


@card("signout")
async def show_signout(showing: Showing) -> Card | None:
    """Ends the chat's sessions, unless somebody has joined with the same chat again meanwhile."""
    if await endpoint.at_chat(showing.channel, showing.chat_id) is not None:
        return None
    return Card(method="endSessions", parameters={"chat_id": showing.chat_id})


@card("leaving")
async def show_leaving(showing: Showing) -> Card | None:
    row = await endpoint.at_chat(showing.channel, showing.chat_id)
    if row is None:
        return None
    buttons = [[showing.button("person.leave_yes", "left", row.id), showing.button("person.leave_no", "stay")]]
    return Card(showing.text("person.leave_sure"), buttons)


@card("languages")
async def show_languages(showing: Showing) -> Card | None:
    buttons = [
        [Button(locales.plain(language, "person.language_name"), Tap("lang", 0, place))]
        for place, language in enumerate(locales.LANGUAGES)
    ]
    return Card(showing.text("person.which_language"), buttons)


@card("moving")
async def show_moving(showing: Showing) -> Card | None:
    code = showing.secrets.unseal(showing.args["sealed"])
    lines = [showing.text("person.moving")]
    if showing.args.get("bot"):
        lines.append(f"https://t.me/{showing.args['bot']}?start={code}")
    if showing.args.get("base"):
        lines.append(f"{showing.args['base']}#{code}")
    return Card("\n".join(lines))
