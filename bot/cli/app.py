"""The command line: its words, its errors in one line each, and how a command is run.

Exit codes: 0 done, 1 something was rejected or found, 2 wrong use or settings.
"""

import asyncio
import contextlib
import errno
import os
import sqlite3
import sys
from collections.abc import Coroutine, Iterator
from typing import Annotated, Any, NoReturn

import typer
from cryptography.exceptions import InvalidTag
from tortoise.exceptions import BaseORMException

import locales
from bot.health.single import AlreadyRunningError
from bot.settings import BadSettingsError, Settings, load, unknown_in_environment
from storage.engine.failure import StorageUnavailableError, sqlstate
from storage.engine.schema import NewerDatabaseError, NotADatabaseError, OlderDatabaseError
from storage.engine.text import printable
from storage.opening import open_database
from storage.version import VERSION

if sys.platform != "win32":
    import uvloop

DONE, FOUND, WRONG = 0, 1, 2

LANGUAGE = os.environ.get("CHUISHAO_LANGUAGE", "")

LANGUAGE = LANGUAGE if LANGUAGE in locales.LANGUAGES else locales.DEFAULT

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


def word(key: str, **args: object) -> str:
    return locales.plain(LANGUAGE, key, **args)


def _show_version(wanted: bool) -> None:
    if wanted:
        say(f"chuishao {VERSION}")
        raise typer.Exit


@app.callback(help=word("cli.app"))
def _root(
    _version: Annotated[
        bool, typer.Option("--version", help=word("cli.version"), callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Takes what stands before a command."""


def main() -> None:
    """Runs the `chuishao` command."""
    with _explained():
        app()


def stop(line: str, code: int = WRONG) -> NoReturn:
    say(line, err=True)
    raise SystemExit(code)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Stops a command that can't work with one line that says why and names what to change."""
    try:
        yield
    except BadSettingsError as error:
        stop(str(error))
    except NewerDatabaseError as error:
        stop(word("cli.newer_database", name=error))
    except OlderDatabaseError as error:
        stop(word("cli.older_database", commit=error))
    except AlreadyRunningError as error:
        held = error.holder
        stop(word("cli.already_running", path=error.path, pid=held.pid, since=held.since))
    except StorageUnavailableError as error:
        stop(word("cli.storage_unavailable", why=error))
    except NotADatabaseError as error:
        stop(word("cli.not_a_database", path=error))
    except (sqlite3.DatabaseError, BaseORMException) as error:
        damaged = load().database_path if "malformed" in str(error) else None
        stop(word("cli.not_a_database", path=damaged) if damaged else _unreachable(error))
    except InvalidTag:
        stop(word("doctor.key_wrong"))
    except BrokenPipeError:  # whoever read it has seen enough: `doctor | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(DONE) from None
    except OSError as error:
        stop(_system(error))
    except Exception as error:
        if not sqlstate(error):
            raise
        stop(_unreachable(error))


def _unreachable(error: Exception) -> str:
    return word("cli.database_unreachable", why=str(error).splitlines()[0] if str(error) else type(error).__name__)


def _system(error: OSError) -> str:
    settings = load()
    if error.errno in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
        return word("cli.address_taken", listen=settings.listen)
    if error.errno in (errno.EACCES, errno.EROFS, errno.ENOSPC, errno.ENOTDIR, errno.EEXIST, errno.EPERM):
        return word("cli.data_not_writable", path=error.filename or settings.data, why=os.strerror(error.errno))
    if isinstance(error, FileNotFoundError) and error.filename:
        return word("imports.file_missing", path=error.filename)
    return _unreachable(error)


def checked_settings() -> Settings:
    settings = load()
    if unknown := unknown_in_environment():
        say(word("settings.unknown_warning", names="、".join(unknown)), err=True)
    return settings


def go(work: Coroutine[Any, Any, int]) -> NoReturn:
    """Runs a command's coroutine; what it returns is the exit code."""
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        raise typer.Exit(runner.run(work))


def _new_loop() -> asyncio.AbstractEventLoop:
    """Returns uvloop's event loop, or asyncio's on Windows, for which uvloop doesn't exist."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def say(text: str, *, err: bool = False) -> None:
    """Prints a text without what would steer the terminal: names and sentences are other people's."""
    typer.echo(printable(text), err=err)


@contextlib.asynccontextmanager
async def opened() -> Any:
    settings = checked_settings()
    async with open_database(
        settings.database_url, settings.secrets(), channels=settings.channels, court_phone=settings.court_phone
    ) as db:
        yield settings, db


@contextlib.contextmanager
def bar(key: str) -> Iterator[Any]:
    """Shows a progress bar on standard error; the body gets a callback (done, all)."""
    with typer.progressbar(length=1, label=word(key), file=sys.stderr, show_pos=True) as bar:

        def shown(done: int, total: int) -> None:
            bar.length = total
            if done < bar.pos:  # a second part: the bar itself only draws what goes forward
                bar.pos, bar.finished = 0, False
                bar.render_progress()
            bar.update(done - bar.pos)

        yield shown
