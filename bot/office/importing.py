"""`chuishao import`: from a file to the database, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from bot.office import spreadsheet
from storage.engine.database import Database
from storage.imports import Plan, Progress, Report, areas, cases, duty, journal, people
from storage.imports.table import Remark, Row, Table, table_of

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
    written: bool


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
    module = _MODULES[kind]
    table = table_of(await spreadsheet.read(path), module.COLUMNS)
    plan = await _plan(db, kind, table.rows, progress)
    plan.report.left += table.left
    plan.report.warnings[:0] = table.remarks
    refused = strict and bool(plan.report.rejected)
    write = not dry_run and not refused and bool(plan.report.added or plan.report.changed)
    if write:
        writing()
        await db.unit(partial(journal.apply, plan, kind.value, path.name), "cli:import", seconds=IMPORT_SECONDS)
    where = {(row.sheet, row.line, row.part): row for row in table.rows}
    rejected = [(where[remark.sheet, remark.line, remark.part], remark) for remark in plan.report.rejected]
    return Imported(plan.report, table, table.unknown(module.COLUMNS), rejected, write)


async def _plan(db: Database, kind: Kind, rows: list[Row], progress: Progress) -> Plan:
    if kind is Kind.CASES:
        return await cases.plan(rows, progress, db.secrets)
    if kind is Kind.PEOPLE:
        return await people.plan(rows, progress)
    if kind is Kind.AREAS:
        return await areas.plan(rows, progress)
    return await duty.plan(rows, progress)
