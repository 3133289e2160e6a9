"""The command line. Exit codes: 0 done, 1 something was rejected or found, 2 wrong use or settings."""

import asyncio
import contextlib
import errno
import json
import os
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import aiohttp
import segno
import typer
from cryptography.exceptions import InvalidTag
from tortoise.exceptions import BaseORMException

if sys.platform != "win32":
    import uvloop

import locales
from bot.app import running
from bot.demo import open_demo
from bot.health import doctor as examination
from bot.health import logs
from bot.health.single import AlreadyRunningError, only_one
from bot.office.backup import BackupError, back_up
from bot.office.dump import NotADumpError, NotEmptyError, OtherKeyError, export_all, import_all
from bot.office.exporting import export_cases
from bot.office.importing import IMPORT_SECONDS, Imported, Kind, import_file
from bot.office.spreadsheet import NotASpreadsheetError, write_rejects
from bot.settings import BadSettingsError, Settings, load, unknown_in_environment
from bot.transport.api import ApiError, BotApi, NoAnswerError, NotSentError
from bot.transport.channel import TELEGRAM, WEB
from storage.cases.debtor import debtors_by_id
from storage.engine.audit import verify
from storage.engine.clock import SHANGHAI, local
from storage.engine.database import Database
from storage.engine.failure import StorageUnavailableError, sqlstate
from storage.engine.schema import NewerDatabaseError, NotADatabaseError, OlderDatabaseError
from storage.engine.secret import new_key
from storage.engine.text import heard
from storage.imports import MissingHeadersError, Remark, Report, journal
from storage.opening import open_database
from storage.people.area import full_name
from storage.people.person import Person, find
from storage.post import inbox
from storage.post.inbox import Inbox
from storage.post.invitation import VALID, invite
from storage.reading.plates import plate_traces
from storage.reading.read import Reading
from storage.reading.understand import understand
from storage.reading.when import times_in

DONE, FOUND, WRONG = 0, 1, 2
_MOST_LINES = 20
LANGUAGE = os.environ.get("CHUISHAO_LANGUAGE", "")
LANGUAGE = LANGUAGE if LANGUAGE in locales.LANGUAGES else locales.DEFAULT

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
audit_app = typer.Typer(no_args_is_help=True)
dead_app = typer.Typer()


def word(key: str, **args: object) -> str:
    return locales.plain(LANGUAGE, key, **args)


app.add_typer(audit_app, name="audit", help=word("cli.audit"))
app.add_typer(dead_app, name="deadletters", help=word("cli.dead"))


@app.callback(help=word("cli.app"))
def _root() -> None:
    """Only there for the help."""


def main() -> None:
    """The `chuishao` command."""
    with _explained():
        app()


# -- errors, in one line each --------------------------------------------------------------------------------------


def _stop(line: str, code: int = WRONG) -> NoReturn:
    typer.echo(line, err=True)
    raise SystemExit(code)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """What keeps a command from working, said in one line that names what to change."""
    try:
        yield
    except BadSettingsError as error:
        _stop(str(error))
    except NewerDatabaseError as error:
        _stop(word("cli.newer_database", name=error))
    except OlderDatabaseError as error:
        _stop(word("cli.older_database", commit=error))
    except AlreadyRunningError as error:
        held = error.holder
        _stop(word("cli.already_running", path=error.path, pid=held.pid, since=held.since))
    except StorageUnavailableError as error:
        _stop(word("cli.storage_unavailable", why=error))
    except NotADatabaseError as error:
        _stop(word("cli.not_a_database", path=error))
    except (sqlite3.DatabaseError, BaseORMException) as error:
        damaged = load().database_path if "malformed" in str(error) else None
        _stop(word("cli.not_a_database", path=damaged) if damaged else _unreachable(error))
    except InvalidTag:
        _stop(word("doctor.key_wrong"))
    except OSError as error:
        _stop(_system(error))
    except Exception as error:
        if not sqlstate(error):
            raise
        _stop(_unreachable(error))


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


def _settings() -> Settings:
    settings = load()
    if unknown := unknown_in_environment():
        typer.echo(word("settings.unknown_warning", names="、".join(unknown)), err=True)
    return settings


def _go(work: Coroutine[Any, Any, int]) -> NoReturn:
    """Runs a command's coroutine; what it returns is the exit code."""
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        raise typer.Exit(runner.run(work))


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's, which doesn't exist for Windows."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


@contextlib.asynccontextmanager
async def _opened() -> Any:
    settings = _settings()
    async with open_database(settings.database_url, settings.secrets()) as db:
        yield settings, db


# -- running -----------------------------------------------------------------------------------------------------


def _heed(told: asyncio.Event) -> None:
    """From now on SIGTERM and Ctrl-C ask for a clean end. Before, while the database is opened and brought up to date,
    they end it at once, which does no harm."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)


@app.command("run", help=word("cli.run"))
def run() -> None:
    settings = _settings()
    logs.set_up(settings.log_level)

    async def work() -> int:
        told = asyncio.Event()
        async with running(settings, extend=lambda _app: _heed(told)) as product:
            typer.echo(word("cli.running", url=product.url))
            await told.wait()
        typer.echo(word("cli.stopped"))
        return DONE

    with only_one(settings):
        _go(work())


@app.command("demo", help=word("cli.demo"))
def demo() -> None:
    logs.set_up("WARNING")

    async def work() -> int:
        told = asyncio.Event()
        async with open_demo(_settings()) as (_product, url):
            _heed(told)
            typer.echo(word("cli.demo_running", url=url))
            await told.wait()
        typer.echo(word("cli.stopped"))
        return DONE

    _go(work())


@app.command("init", help=word("cli.init"))
def init() -> None:
    async def work() -> int:
        async with _opened() as (settings, _db):
            typer.echo(word("cli.initialised", where=settings.database_shown))
        return DONE

    _go(work())


@app.command("key", help=word("cli.key"))
def key() -> None:
    typer.echo(new_key())


# -- importing and exporting ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def _bar(key: str) -> Iterator[Any]:
    """A progress bar on standard error; the body gets a callback (done, all)."""
    with typer.progressbar(length=1, label=word(key), file=sys.stderr, show_pos=True) as bar:

        def shown(done: int, total: int) -> None:
            bar.length = total
            if done < bar.pos:  # a second part: the bar itself only draws what goes forward
                bar.pos, bar.finished = 0, False
                bar.render_progress()
            bar.update(done - bar.pos)

        yield shown


@app.command("import", help=word("cli.import"))
def import_(
    kind: Annotated[Kind, typer.Argument(help=word("cli.import_kind"))],
    file: Annotated[Path, typer.Argument(help=word("cli.import_file"))],
    strict: Annotated[bool, typer.Option("--strict", help=word("cli.import_strict"))] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=word("cli.import_dry_run"))] = False,
    rejects: Annotated[Path | None, typer.Option("--rejects", help=word("cli.import_rejects"))] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help=word("cli.import_verbose"))] = False,
) -> None:
    if kind is Kind.ALL:
        _take_in(file)
    begun: list[bool] = []

    async def work() -> int:
        async with _opened() as (_, db):
            with _bar("imports.progress") as progress:
                done = await import_file(
                    db, kind, file, progress, strict=strict, dry_run=dry_run, writing=lambda: begun.append(True)
                )
        target = rejects or file.with_name(f"{file.stem}-退回{file.suffix if file.suffix == '.xlsx' else '.csv'}")
        _tell(done, target, strict=strict, dry_run=dry_run, verbose=verbose)
        return FOUND if done.report.rejected else DONE

    try:
        _go(work())
    except FileNotFoundError:
        _stop(word("imports.file_missing", path=file))
    except (NotASpreadsheetError, IsADirectoryError):
        _stop(word("imports.not_a_spreadsheet", path=file))
    except MissingHeadersError as error:
        _stop(word("imports.missing_headers", path=file, names=error))
    except KeyboardInterrupt:
        _stop(word("imports.interrupted_late" if begun else "imports.interrupted"), FOUND)


def _take_in(folder: Path) -> NoReturn:
    """The whole export, into an empty database."""

    async def work() -> int:
        async with _opened() as (_, db):
            with _bar("imports.progress") as progress:
                count = await import_all(db, folder, progress)
        typer.echo(word("cli.taken_in", count=count))
        return DONE

    try:
        with only_one(_settings()):
            _go(work())
    except NotADumpError as error:
        _stop(word("cli.not_a_dump", path=folder, what=error), FOUND)
    except NotEmptyError:
        _stop(word("cli.not_empty"), FOUND)
    except OtherKeyError:
        _stop(word("cli.other_key"), FOUND)


def _reason(remark: Remark) -> str:
    return word(f"imports.reason_{remark.code}", word=remark.word)


def _wordless(report: Report) -> Counter[str]:
    """Notes that say the same of many rows."""
    return Counter(remark.code for remark in report.warnings if not remark.word)


def _tell(done: Imported, target: Path, *, strict: bool, dry_run: bool, verbose: bool) -> None:
    report = done.report
    if done.unknown_headers:
        typer.echo(word("imports.unknown_headers", names="、".join(done.unknown_headers)), err=True)
    for remark in report.rejected[:_MOST_LINES]:
        typer.echo(word("imports.rejected_line", line=remark.line, reason=_reason(remark)), err=True)
    if len(report.rejected) > _MOST_LINES:
        typer.echo(word("imports.more_lines", count=len(report.rejected) - _MOST_LINES), err=True)
    alike = {} if verbose else {code: count for code, count in _wordless(report).items() if count > 1}
    for code, count in alike.items():
        typer.echo(word("imports.warned_alike", count=count, reason=word(f"imports.reason_{code}")), err=True)
    for remark in report.warnings:
        if remark.word or remark.code not in alike:
            typer.echo(word("imports.warned_line", line=remark.line, reason=_reason(remark)), err=True)
    if alike:
        typer.echo(word("imports.verbose"), err=True)
    counts = {name: getattr(report, name) for name in ("added", "changed", "unchanged", "repeated", "blank")}
    typer.echo(word("imports.summary", rejected=len(report.rejected), **counts))
    if report.rejected:
        write_rejects(target, done.headers, [(row, _reason(remark)) for row, remark in done.rejected_rows])
        typer.echo(word("imports.rejects_file", path=target))
    if dry_run:
        typer.echo(word("imports.dry_run"))
    elif strict and report.rejected:
        typer.echo(word("imports.refused"))
    elif not done.written:
        typer.echo(word("imports.nothing_changed"))


@app.command("export", help=word("cli.export"))
def export(
    file: Annotated[Path, typer.Argument(help=word("cli.export_file"))],
    everything: Annotated[bool, typer.Option("--all", help=word("cli.export_all"))] = False,
    xlsx: Annotated[bool, typer.Option("--xlsx", help=word("cli.export_xlsx"))] = False,
) -> None:
    async def work() -> int:
        async with _opened() as (_, db):
            with _bar("cli.export_progress") as progress:
                if everything:
                    count = await export_all(db, file, progress, spreadsheet=xlsx)
                else:
                    count = await export_cases(db, file, progress)
        typer.echo(word("cli.export_done", count=count, path=file))
        return DONE

    _go(work())


@app.command("imports", help=word("cli.imports"))
def imports_(
    undo: Annotated[bool, typer.Option("--undo", help=word("cli.imports_undo"))] = False,
    yes: Annotated[bool, typer.Option("--yes", help=word("cli.imports_yes"))] = False,
) -> None:
    async def work() -> int:
        async with _opened() as (_, db):
            if undo:
                return await _undo(db, yes=yes)
            for row in await journal.runs():
                state = word("cli.import_undone") if row.undone_at is not None else ""
                typer.echo(f"{_run_line(row)}{state}")
        return DONE

    _go(work())


def _run_line(row: journal.ImportRun) -> str:
    at = local(row.at).strftime("%Y-%m-%d %H:%M")
    return word("cli.import_line", at=at, kind=row.kind, file=row.file, added=row.added, changed=row.changed)


async def _undo(db: Database, *, yes: bool) -> int:
    """Says what it is about to take back, and asks."""
    row = await journal.last()
    if row is None:
        typer.echo(word("cli.nothing_to_undo"))
        return DONE
    if not yes and not typer.confirm(word("cli.undo_sure", line=_run_line(row))):
        return FOUND
    try:
        await db.unit(partial(journal.undo, row), "cli:import", seconds=IMPORT_SECONDS)
    except journal.InUseError as error:
        table, count = error.args
        typer.echo(word("cli.import_in_use", file=row.file, table=table, count=count), err=True)
        return FOUND
    typer.echo(word("cli.import_taken_back", file=row.file, added=row.added, changed=row.changed))
    return DONE


# -- dead letters ----------------------------------------------------------------------------------------------------


@dead_app.callback(invoke_without_command=True)
def dead_letters(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return

    async def work() -> int:
        async with _opened():
            rows = await inbox.dead()
        for row in rows:
            at = local(row.received_at).strftime("%Y-%m-%d %H:%M")
            line = word("cli.dead_line", incident=row.incident, at=at, channel=row.channel, attempts=row.attempts)
            typer.echo(line)
        typer.echo(word("cli.dead_how" if rows else "cli.dead_none"))
        return FOUND if rows else DONE

    _go(work())


Incidents = Annotated[list[str] | None, typer.Argument(help=word("cli.dead_incident"))]
Everything = Annotated[bool, typer.Option("--all", help=word("cli.dead_all"))]
Deed = Callable[[Inbox, str], Awaitable[str | None]]


def _with_dead(incidents: list[str] | None, everything: bool, deed: Deed, key: str) -> NoReturn:
    """Does it to each of these dead letters, a transaction each."""
    wanted = [one.upper() for one in incidents or []]
    if not wanted and not everything:
        _stop(word("cli.dead_which"))

    async def work() -> int:
        async with _opened() as (_settings, db):
            rows = await inbox.dead(None if everything else wanted)
            for row in rows:
                said = await db.unit(partial(deed, row, "command line"), "command line")
                typer.echo(said or word(key, incident=row.incident))
        missing = sorted(set(wanted) - {row.incident for row in rows})
        if missing:
            typer.echo(word("cli.dead_unknown", incidents="、".join(missing)), err=True)
        return FOUND if missing else DONE

    _go(work())


@dead_app.command("show", help=word("cli.dead_show"))
def dead_show(incidents: Incidents = None, everything: Everything = False) -> None:
    _with_dead(incidents, everything, inbox.shown, "")


@dead_app.command("retry", help=word("cli.dead_retry"))
def dead_retry(incidents: Incidents = None, everything: Everything = False) -> None:
    _with_dead(incidents, everything, inbox.retry, "cli.dead_retried")


@dead_app.command("drop", help=word("cli.dead_drop"))
def dead_drop(incidents: Incidents = None, everything: Everything = False) -> None:
    _with_dead(incidents, everything, inbox.drop, "cli.dead_dropped")


# -- people --------------------------------------------------------------------------------------------------------


async def _one(who: str) -> Person:
    found = await find(who)
    if len(found) != 1:
        _stop(word("cli.invite_several" if found else "cli.invite_unknown", who=who))
    return found[0]


@app.command("invite", help=word("cli.invite"))
def invite_(
    who: Annotated[list[str] | None, typer.Argument(help=word("cli.invite_who"))] = None,
    missing: Annotated[bool, typer.Option("--missing", help=word("cli.invite_missing"))] = False,
) -> None:
    async def work() -> int:
        async with _opened() as (settings, db):
            people = [await _one(one) for one in who or []]
            if missing:
                people += await _not_joined(settings)
            name = await _bot_name(settings)
            for person in people:
                await _invite(settings, db, person, name, picture=not missing)
            if not people:
                typer.echo(word("cli.invite_nobody"))
        return DONE

    if not who and not missing:
        _stop(word("cli.invite_who"))
    _go(work())


async def _not_joined(settings: Settings) -> list[Person]:
    """Who can't be reached by any way that is running here: a Telegram number is none where there is no bot."""
    ways = [*([TELEGRAM] if settings.bot_token else []), *([WEB] if settings.web else [])]
    joined = {one.id for one in await Person.filter(endpoints__channel__in=ways, endpoints__active=True)}
    return [one for one in await Person.filter(active=True).order_by("id") if one.id not in joined]


async def _invite(settings: Settings, db: Database, person: Person, bot_name: str, *, picture: bool) -> None:
    code = await db.unit(lambda: invite(person, actor="cli"), "cli:invite")
    until = (datetime.now(SHANGHAI) + VALID).strftime("%Y-%m-%d %H:%M")
    role, area = word(f"person.role_{person.role.value}"), await full_name(person.area_code)
    typer.echo(word("cli.invite_for", name=person.name, role=role, area=area, until=until))
    links = [f"{settings.public_url or f'http://{settings.listen}'}/#{code}"]
    links += [f"https://t.me/{bot_name}?start={code}"] if bot_name else []
    for link in links:
        typer.echo(link)
        if picture:
            segno.make(link, micro=False).terminal(compact=True, border=1)


async def _bot_name(settings: Settings) -> str:
    """The bot's user name at Telegram, for links into it; "" where there is none or it can't be asked now."""
    if not settings.bot_token:
        return ""
    async with aiohttp.ClientSession() as session:
        try:
            me = await BotApi(session, settings.api_base, settings.bot_token).call("getMe", seconds=5)
        except (ApiError, NotSentError, NoAnswerError):
            return ""
    return str(me.get("username", ""))


@app.command("read", help=word("cli.read"))
def read_(
    as_: Annotated[str, typer.Option("--as", help=word("cli.read_as"))],
    as_json: Annotated[bool, typer.Option("--json", help=word("cli.read_json"))] = False,
) -> None:
    async def work() -> int:
        async with _opened() as (_, db):
            person = await _one(as_)
            for line in sys.stdin:
                text = line.rstrip("\n")
                if not text.strip():
                    continue
                now = db.clock.now()
                told = (await understand(person, text, now)).told
                people = await debtors_by_id(guess.debtor_id for guess in told.guesses)
                names = {number: debtor.name for number, debtor in people.items()}
                _show(text, told, names, now, as_json=as_json)
        return DONE

    _go(work())


def _show(text: str, reading: Reading, names: dict[int, str], now: datetime, *, as_json: bool) -> None:
    debtors: list[dict[str, Any]] = [
        {
            "id": guess.debtor_id,
            "name": names[guess.debtor_id],
            "evidence": [word(f"sighting.because_{kind}", word=said) for kind, said in guess.evidence],
        }
        for guess in reading.guesses
    ]
    if as_json:
        shown = {
            "text": text,
            "is_lead": reading.is_lead,
            "debtors": debtors,
            "ambiguous": reading.ambiguous,
            "kind": reading.kind,
            "place": reading.place,
            "urgent": reading.urgent,
            "confidence": round(reading.confidence, 2),
            "times": [
                {"words": one.words, "from": one.start.isoformat(), "to": one.end.isoformat()}
                for one in times_in(text, now)
            ],
            "amounts": list(reading.amounts),
            "phones": list(reading.phones),
            "plates": plate_traces(heard(text)),
            "confidential": reading.confidential,
            "withdraws": reading.withdraws,
            "corrects": reading.corrects,
        }
        typer.echo(json.dumps(shown, ensure_ascii=False))
        return
    if not reading.is_lead:
        typer.echo(f"{text}\n  {word('cli.read_not_lead')}")
        return
    glue = word("case.or") if reading.ambiguous else word("case.and")
    who = glue.join(str(one["name"]) for one in debtors) or word("cli.read_nobody")
    urgent = word("cli.read_urgent") if reading.urgent else ""
    line = word("cli.read_lead", kind=word(f"cli.kind_{reading.kind}"), who=who, place=reading.place, urgent=urgent)
    reasons = "；".join("，".join(one["evidence"]) for one in debtors)
    typer.echo(f"{text}\n  {line}\n  {reasons}".rstrip())


# -- looking after it ----------------------------------------------------------------------------------------------


@app.command("backup", help=word("cli.backup"))
def backup(target: Annotated[Path | None, typer.Argument(help=word("cli.backup_target"))] = None) -> None:
    settings = _settings()
    stamp = local(datetime.now(UTC)).strftime("%Y%m%d-%H%M%S")
    folder = target or Path(f"chuishao-{stamp}")
    try:
        with _bar("cli.backup_progress") as progress:
            size = back_up(settings, folder, progress)
    except BackupError as error:
        _stop(word(f"cli.{error.key}", path=folder, why=error.why), FOUND)
    where = "CHUISHAO_KEY" if settings.key else settings.data / "key"
    typer.echo(word("cli.backup_done", path=folder, size=f"{size / 1e6:.1f}", where=where))


@audit_app.command("verify", help=word("cli.audit_verify"))
def audit_verify() -> None:
    async def work() -> int:
        async with _opened() as (settings, _db):
            verdict = await verify(settings.secrets())
        if verdict.broken is None:
            typer.echo(word("cli.audit_whole", count=verdict.entries))
            return DONE
        typer.echo(word("cli.audit_broken", number=verdict.broken))
        return FOUND

    _go(work())


@app.command("doctor", help=word("cli.doctor"))
def doctor() -> None:
    async def work() -> int:
        worst = DONE
        async for finding in examination.examine(load()):
            grade = word(f"doctor.{finding.grade.value}")
            line = f"{grade:　<3}{word(f'doctor.{finding.subject}')}：{word(finding.key, **finding.args)}"
            typer.echo(line)
            worst = FOUND if finding.grade is examination.Grade.BAD else worst
        return worst

    _go(work())
