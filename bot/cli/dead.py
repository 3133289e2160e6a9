"""`chuishao deadletters`: what could not be handled is looked at, tried again or dropped."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, NoReturn

import typer

from bot.cli.app import DONE, FOUND, app, go, opened, say, stop, word
from storage.engine.clock import local
from storage.post import inbox
from storage.post.inbox import Inbox

dead_app = typer.Typer()
app.add_typer(dead_app, name="deadletters", help=word("cli.dead"))


@dead_app.callback(invoke_without_command=True)
def dead_letters(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return

    async def work() -> int:
        async with opened():
            rows = await inbox.dead()
        for row in rows:
            at = local(row.received_at).strftime("%Y-%m-%d %H:%M")
            line = word("cli.dead_line", incident=row.incident, at=at, channel=row.channel, attempts=row.attempts)
            say(line)
        say(word("cli.dead_how" if rows else "cli.dead_none"))
        return FOUND if rows else DONE

    go(work())


Incidents = Annotated[list[str] | None, typer.Argument(help=word("cli.dead_incident"))]

Everything = Annotated[bool, typer.Option("--all", help=word("cli.dead_all"))]

Deed = Callable[[Inbox, str], Awaitable[str | None]]


def _with_dead(incidents: list[str] | None, everything: bool, deed: Deed, key: str) -> NoReturn:
    """Does it to each of these dead letters, a transaction each."""
    wanted = [one.upper() for one in incidents or []]
    if not wanted and not everything:
        stop(word("cli.dead_which"))

    async def work() -> int:
        async with opened() as (_settings, db):
            rows = await inbox.dead(None if everything else wanted)
            for row in rows:
                said = await db.unit(partial(deed, row, "command line"), "command line")
                say(said or word(key, incident=row.incident))
        missing = sorted(set(wanted) - {row.incident for row in rows})
        if missing:
            say(word("cli.dead_unknown", incidents="、".join(missing)), err=True)
        return FOUND if missing else DONE

    go(work())


@dead_app.command("show", help=word("cli.dead_show"))
def dead_show(incidents: Incidents = None, everything: Everything = False) -> None:
    _with_dead(incidents, everything, inbox.shown, "")


@dead_app.command("retry", help=word("cli.dead_retry"))
def dead_retry(incidents: Incidents = None, everything: Everything = False) -> None:
    _with_dead(incidents, everything, inbox.retry, "cli.dead_retried")


@dead_app.command("drop", help=word("cli.dead_drop"))
def dead_drop(incidents: Incidents = None, everything: Everything = False) -> None:
    _with_dead(incidents, everything, inbox.drop, "cli.dead_dropped")
