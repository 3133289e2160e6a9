"""`chuishao invite`: links by which a chat joins somebody."""

from datetime import datetime
from typing import Annotated

import segno
import typer

from bot.cli.app import DONE, app, go, opened, say, stop, word
from bot.settings import Settings
from storage.engine.clock import SHANGHAI
from storage.engine.database import Database
from storage.people.area import full_name
from storage.people.endpoint import reached
from storage.people.person import Person, find
from storage.post.invitation import VALID, invite


async def one_person(who: str) -> Person:
    found = await find(who)
    if len(found) != 1:
        stop(word("cli.invite_several" if found else "cli.invite_unknown", who=who))
    return found[0]


@app.command("invite", help=word("cli.invite"))
def invite_(
    who: Annotated[list[str] | None, typer.Argument(help=word("cli.invite_who"))] = None,
    missing: Annotated[bool, typer.Option("--missing", help=word("cli.invite_missing"))] = False,
) -> None:
    async def work() -> int:
        async with opened() as (settings, db):
            people = [await one_person(one) for one in who or []]
            if missing:
                people += await _not_joined()
            name = await _bot_name(settings)
            for person in people:
                await _invite(settings, db, person, name, picture=not missing)
            if not people:
                say(word("cli.invite_nobody" if await Person.exists() else "cli.invite_no_people", path=settings.data))
        return DONE

    if not who and not missing:
        stop(word("cli.invite_who"))
    go(work())


async def _not_joined() -> list[Person]:
    """Finds who can't be reached by any way that runs here: without a bot, a Telegram number isn't one."""
    people = await Person.filter(active=True).order_by("id")
    there = await reached(one.id for one in people)
    return [one for one in people if one.id not in there]


async def _invite(settings: Settings, db: Database, person: Person, bot_name: str, *, picture: bool) -> None:
    code = await db.unit(lambda: invite(person, actor="cli"), "cli:invite")
    until = (datetime.now(SHANGHAI) + VALID).strftime("%Y-%m-%d %H:%M")
    role, area = word(f"person.role_{person.role.value}"), await full_name(person.area_code)
    say(word("cli.invite_for", name=person.name, role=role, area=area, until=until))
    links = [f"{settings.public_url or f'http://{settings.listen}'}/#{code}"]
    links += [f"https://t.me/{bot_name}?start={code}"] if bot_name else []
    for link in links:
        say(link)
        if picture:
            segno.make(link, micro=False).terminal(compact=True, border=1)


async def _bot_name(settings: Settings) -> str:
    """Returns the bot's user name at Telegram, for links; "" where there is no bot or it can't be asked now."""
    if not settings.bot_token:
        return ""
    import aiohttp

    from bot.transport.api import ApiError, BotApi, NoAnswerError, NotSentError

    async with aiohttp.ClientSession() as session:
        try:
            me = await BotApi(session, settings.api_base, settings.bot_token, settings.proxy).call("getMe", seconds=5)
        except (ApiError, NotSentError, NoAnswerError):
            return ""
    return str(me.get("username", ""))
