"""`chuishao import`: from a file to the database, in one transaction."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from bot.office import spreadsheet
from storage.engine.database import Database
from storage.imports import OPERATOR, Clerk, Plan, Progress, Report, areas, cases, duty, journal, people
from storage.imports.table import MissingHeadersError, Remark, Row, Sheet, Table, table_of

IMPORT_SECONDS = 900.0


class Kind(StrEnum):
    AREAS = "areas"
    PEOPLE = "people"
    CASES = "cases"
    DUTY = "duty"
    ALL = "all"
    """A whole export, into an empty database; see bot/office/dump.py."""


_MODULES = {Kind.AREAS: areas, Kind.PEOPLE: people, Kind.CASES: cases, Kind.DUTY: duty}


@dataclass
class Imported:
    """The report, what the file holds beside its rows, and the rows that were not taken."""

    report: Report
    table: Table
    unknown_headers: list[str]
    rejected_rows: list[tuple[Row, Remark]]
    written: int
    """The number under which it can be taken back; 0 where nothing was written."""


async def import_file(
    db: Database,
    kind: Kind,
    path: Path,
    progress: Progress,
    *,
    strict: bool = False,
    dry_run: bool = False,
    writing: Callable[[], None] = lambda: None,
) -> Imported:
    """Imports the good rows and reports the others.

    `writing` is called when the rows begin to go in: from then on an interruption comes too late, and they go in whole.
    Raises NotASpreadsheetError, MissingHeadersError, OSError.
    """
    sheets = await spreadsheet.read(path)
    return await import_sheets(db, kind, sheets, path.name, progress, strict=strict, dry_run=dry_run, writing=writing)


def kind_of(sheets: list[Sheet]) -> Kind | None:
    """Tells what a file is by its headers; None where it is nothing that can be imported."""
    for kind, module in _MODULES.items():
        with contextlib.suppress(MissingHeadersError):
            table_of(sheets, module.COLUMNS)
            return kind
    return None


async def import_sheets(
    db: Database,
    kind: Kind,
    sheets: list[Sheet],
    name: str,
    progress: Progress,
    *,
    clerk: Clerk = OPERATOR,
    strict: bool = False,
    dry_run: bool = False,
    writing: Callable[[], None] = lambda: None,
) -> Imported:
    """Imports what has been read of a file called `name`. Raises MissingHeadersError."""
    table = await asyncio.to_thread(table_of, sheets, _MODULES[kind].COLUMNS)
    plan = await _plan(db, kind, table.rows, progress, clerk)
    plan.report.left += table.left
    plan.report.warnings[:0] = table.remarks
    refused = strict and bool(plan.report.rejected)
    write = not dry_run and not refused and bool(plan.report.added or plan.report.changed)
    run = 0
    if write:
        writing()
        apply = partial(journal.apply, plan, kind.value, name, clerk.county)
        run = await db.unit(apply, f"{clerk.actor}:import", seconds=IMPORT_SECONDS)
    where = {(row.sheet, row.line, row.part): row for row in table.rows}
    rejected = [(where[remark.sheet, remark.line, remark.part], remark) for remark in plan.report.rejected]
    return Imported(plan.report, table, table.unknown(_MODULES[kind].COLUMNS), rejected, run)


async def _plan(db: Database, kind: Kind, rows: list[Row], progress: Progress, clerk: Clerk) -> Plan:
    if kind is Kind.CASES:
        return await cases.plan(rows, progress, db.secrets, clerk)
    if kind is Kind.PEOPLE:
        return await people.plan(rows, progress, clerk)
    if kind is Kind.AREAS:
        return await areas.plan(rows, progress, clerk)
    return await duty.plan(rows, progress, clerk)
