"""/help, /cancel, and the menu: what each role can do, so that nobody need learn a command."""

import zlib

from telegram import Update

import locales
from handlers.callback import Tap
from handlers.card import Button, Card, Showing, card
from handlers.context import Turn
from handlers.route import COMMANDS, MENU, App, carry_out, forget_waiting, on_command, on_tap
from storage.people.access import Action, may
from storage.people.endpoint import Endpoint, keep_menu
from storage.people.person import Person, Role
from storage.post.outbox import Lane, put

_REPORTERS = (Role.GRID_WORKER, Role.VILLAGE_SECRETARY, Role.TOWN_OFFICER, Role.POLICE)


def register(app: App) -> None:
    on_command(app, "help", Action.EVERYONE, help_, menu=480)
    on_tap("group", open_group)
    on_tap("run", run)


async def help_(turn: Turn, _words: str) -> None:
    await turn.reply("help", turn.who.id)


async def open_group(turn: Turn, tap: Tap) -> None:
    """Answers a group of the menu with its entries; 返回 with the groups."""
    await turn.toast()
    await turn.reply("help", turn.who.id, fresh=False, group=tap.ref)


async def run(turn: Turn, tap: Tap) -> None:
    """Answers an entry of the menu as if its command had been typed."""
    name = next((one for one in menu_of(turn.who) if MENU[one] == tap.ref), "")
    if not name:
        await turn.refuse("menu")
        return
    await turn.toast()
    await forget_waiting(turn)
    await carry_out(turn, name, "")


async def unknown_command(turn: Turn, _update: Update) -> None:
    await turn.say("help.unknown_command")


def role_group(person: Person) -> str:
    """Tells which help fits: official, town (reports and asks), judge, supervisor or other."""
    if person.role in _REPORTERS:
        return "official"
    if person.role is Role.TOWN_SECRETARY:
        return "town"
    if person.role is Role.JUDGE:
        return "judge"
    return "supervisor" if may(person, Action.CASE) else "other"


@card("help")
async def show_help(showing: Showing) -> Card | None:
    if showing.person is None:
        return None
    return Card(showing.text(f"help.for_{role_group(showing.person)}"), _menu(showing, showing.person))


def _menu(showing: Showing, person: Person) -> list[list[Button]]:
    """Offers the menu by buttons: its groups, or the entries of the one that was opened."""
    places = {name: MENU[name] for name in menu_of(person)}
    group = int(showing.args.get("group", 0))
    if not group:
        groups = sorted({place // 100 for place in places.values()})
        buttons = [Button(showing.plain(f"help.group_{number}"), Tap("group", number)) for number in groups]
        return [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    entries = [
        Button(showing.plain(f"help.menu_{name}"), Tap("run", place))
        for name, place in places.items()
        if place // 100 == group
    ]
    rows = [entries[start : start + 2] for start in range(0, len(entries), 2)]
    return [*rows, [showing.button("alert.back", "group")]]


def menu_of(person: Person) -> list[str]:
    """Lists the commands in the person's menu, in order. What stands at 0 has its word, and is found elsewhere."""
    shown = sorted((place, name) for name, place in MENU.items() if place)
    return [name for _place, name in shown if may(person, COMMANDS[name])]


def groups_for(language: str) -> dict[str, str]:
    """Returns the heading under which each command stands in a menu that has any."""
    return {name: locales.plain(language, f"help.group_{place // 100}") for name, place in MENU.items() if place}


def called(person: Person) -> list[dict[str, str]]:
    """Tells what the commands are called that the person has and that stand in no menu."""
    names = [name for name, place in MENU.items() if not place and may(person, COMMANDS[name])]
    return [{"command": name, "description": locales.plain(person.language, f"help.menu_{name}")} for name in names]


def menu_version(person: Person) -> str:
    """Tells one menu from another: where it has changed, it is sent anew."""
    names = format(zlib.crc32(" ".join(menu_of(person)).encode()), "x")
    return f"{person.role.value}:{person.language}:{names}"


async def offer_menu(turn: Turn, endpoint: Endpoint) -> None:
    """Sets the chat's command menu where role or language have changed since."""
    version = menu_version(turn.who)
    if endpoint.menu != version:
        await keep_menu(endpoint, version)
        await put(turn.address, "menu", lane=Lane.DIGEST, fresh=True)


@card("menu")
async def show_menu(showing: Showing) -> Card | None:
    person = showing.person
    if person is None:
        return None
    commands = [{"command": name, "description": showing.plain(f"help.menu_{name}")} for name in menu_of(person)]
    scope = {"type": "chat", "chat_id": showing.chat_id}
    return Card(method="setMyCommands", parameters={"commands": commands, "scope": scope})
