"""`chuishao import`, `export` and `imports`: files in, files out, and the last one taken back."""

from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot.cli.app import DONE, FOUND, app, bar, checked_settings, go, opened, say, stop, word
from bot.health.single import only_one
from bot.office.dump import NotADumpError, NotEmptyError, OtherKeyError, export_all, import_all
from bot.office.exporting import export_cases
from bot.office.importing import IMPORT_SECONDS, Imported, Kind, import_file
from bot.office.spreadsheet import NotASpreadsheetError, rejects, write
from bot.office.telling import reason, tell
from storage.engine.clock import local
from storage.engine.database import Database
from storage.imports import journal
from storage.imports.table import MissingHeadersError


@app.command("import", help=word("cli.import"))
def import_(
    kind: Annotated[Kind, typer.Argument(help=word("cli.import_kind"))],
    file: Annotated[Path, typer.Argument(help=word("cli.import_file"))],
    strict: Annotated[bool, typer.Option("--strict", help=word("cli.import_strict"))] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=word("cli.import_dry_run"))] = False,
    rejects_file: Annotated[Path | None, typer.Option("--rejects", help=word("cli.import_rejects"))] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help=word("cli.import_verbose"))] = False,
) -> None:
    if kind is Kind.ALL:
        _take_in(file)
    begun: list[bool] = []

    async def work() -> int:
        async with opened() as (_, db):
            with bar("imports.progress") as progress:
                done = await import_file(
                    db, kind, file, progress, strict=strict, dry_run=dry_run, writing=lambda: begun.append(True)
                )
        target = rejects_file or file.with_name(f"{file.stem}-退回{file.suffix if file.suffix == '.xlsx' else '.csv'}")
        _tell(done, target, strict=strict, dry_run=dry_run, verbose=verbose)
        return FOUND if done.report.rejected else DONE

    try:
        go(work())
    except FileNotFoundError:
        stop(word("imports.file_missing", path=file))
    except IsADirectoryError:
        stop(word("imports.unread_format", path=file))
    except NotASpreadsheetError as error:
        stop(word(f"imports.unread_{error}", path=file))
    except MissingHeadersError as error:
        stop(word("imports.missing_headers", path=file, names=error))
    except KeyboardInterrupt:
        stop(word("imports.interrupted_late" if begun else "imports.interrupted"), FOUND)


def _take_in(folder: Path) -> NoReturn:
    """Reads the whole export into an empty database."""

    async def work() -> int:
        async with opened() as (_, db):
            with bar("imports.progress") as progress:
                count = await import_all(db, folder, progress)
        say(word("cli.taken_in", count=count))
        return DONE

    try:
        with only_one(checked_settings()):
            go(work())
    except NotADumpError as error:
        stop(word("cli.not_a_dump", path=folder, what=error), FOUND)
    except NotEmptyError:
        stop(word("cli.not_empty"), FOUND)
    except OtherKeyError:
        stop(word("cli.other_key"), FOUND)


def _tell(done: Imported, target: Path, *, strict: bool, dry_run: bool, verbose: bool) -> None:
    report, told = done.report, tell(done, word, verbose=verbose)
    if len(done.table.sheets) > 1:
        say(word("imports.sheets", names="、".join(done.table.sheets)))
    for remark in told.remarks:
        say(remark, err=True)
    if told.alike:
        say(word("imports.verbose"), err=True)
    say(told.summary)
    if report.rejected:
        write(target, *rejects(done.table.headers, [(row, reason(why, word)) for row, why in done.rejected_rows]))
        say(word("imports.rejects_file", path=target))
    if dry_run:
        say(word("imports.dry_run"))
    elif strict and report.rejected:
        say(word("imports.refused"))
    elif not done.written:
        say(word("imports.nothing_changed"))


@app.command("export", help=word("cli.export"))
def export(
    file: Annotated[Path, typer.Argument(help=word("cli.export_file"))],
    everything: Annotated[bool, typer.Option("--all", help=word("cli.export_all"))] = False,
    xlsx: Annotated[bool, typer.Option("--xlsx", help=word("cli.export_xlsx"))] = False,
) -> None:
    async def work() -> int:
        async with opened() as (_, db):
            with bar("cli.export_progress") as progress:
                if everything:
                    count = await export_all(db, file, progress, spreadsheet=xlsx)
                else:
                    count = await export_cases(db, file, progress)
        say(word("cli.export_done", count=count, path=file))
        return DONE

    go(work())


@app.command("imports", help=word("cli.imports"))
def imports_(
    undo: Annotated[bool, typer.Option("--undo", help=word("cli.imports_undo"))] = False,
    yes: Annotated[bool, typer.Option("--yes", help=word("cli.imports_yes"))] = False,
) -> None:
    async def work() -> int:
        async with opened() as (_, db):
            if undo:
                return await _undo(db, yes=yes)
            for row in await journal.runs():
                state = word("cli.import_undone") if row.undone_at is not None else ""
                say(f"{_run_line(row)}{state}")
        return DONE

    go(work())


def _run_line(row: journal.ImportRun) -> str:
    at = local(row.at).strftime("%Y-%m-%d %H:%M")
    return word("cli.import_line", at=at, kind=row.kind, file=row.file, added=row.added, changed=row.changed)


async def _undo(db: Database, *, yes: bool) -> int:
    """Says what it is about to take back, and asks."""
    row = await journal.last()
    if row is None:
        say(word("cli.nothing_to_undo"))
        return DONE
    if not yes and not typer.confirm(word("cli.undo_sure", line=_run_line(row))):
        return FOUND
    try:
        await db.unit(partial(journal.undo, row), "cli:import", seconds=IMPORT_SECONDS)
    except journal.InUseError as error:
        table, count = error.args
        say(word("cli.import_in_use", file=row.file, table=table, count=count), err=True)
        return FOUND
    say(word("cli.import_taken_back", file=row.file, added=row.added, changed=row.changed))
    return DONE
