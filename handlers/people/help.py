"""/help, /cancel, and the menu: what each role can do, so that nobody need learn a command."""

import zlib

from telegram import Update

import locales
from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.route import COMMANDS, MENU, App, on_command
from storage.people.access import Action, may
from storage.people.endpoint import Endpoint, keep_menu
from storage.people.person import Person, Role
from storage.post.outbox import Lane, put

_REPORTERS = (Role.GRID_WORKER, Role.VILLAGE_SECRETARY, Role.TOWN_OFFICER, Role.POLICE)


def register(app: App) -> None:
    on_command(app, "help", Action.EVERYONE, help_, menu=480)


async def help_(turn: Turn, _words: str) -> None:
    await turn.reply("help")


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
    return Card(showing.text(f"help.for_{role_group(showing.person)}"))


def menu_of(person: Person) -> list[str]:
    """Lists the commands in the person's menu, in order."""
    return [name for name in sorted(MENU, key=lambda one: (MENU[one], one)) if may(person, COMMANDS[name])]


def groups_for(language: str) -> dict[str, str]:
    """Returns the heading under which each command stands in a menu that has any."""
    return {name: locales.plain(language, f"help.group_{place // 100}") for name, place in MENU.items()}


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
