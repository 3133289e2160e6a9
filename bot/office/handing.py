"""A file that an administrator hands in on the page: looked through, and taken in once they have seen what it does."""

import asyncio
from functools import partial
from typing import Any

import locales
from bot.office import spreadsheet
from bot.office.importing import Imported, Kind, import_sheets, kind_of
from bot.office.spreadsheet import NotASpreadsheetError
from bot.office.telling import Word, reason, tell
from storage.engine.database import Database
from storage.imports import Clerk
from storage.people.area import county_of
from storage.people.person import Person

MOST_ROWS = 2_000
"""In one file: while they are written nobody's report is, which takes less than a second for so many."""
_one = asyncio.Lock()
"""One file at a time: the reading of a large one takes all the memory that it may."""


async def hand_in(db: Database, content: bytes, name: str, who: Person, *, go: bool) -> dict[str, Any]:
    """Answers what a file would do, or with `go` does it: {"refused": words}, or {"kind", "summary", "remarks",
    "rejects" (a .csv), "changes" (whether there is anything to take in), "run" (0 where nothing was written)}."""
    word = partial(locales.plain, who.language)
    async with _one:
        try:
            sheets = await spreadsheet.read(content)
        except NotASpreadsheetError as error:
            return {"refused": word(f"imports.unread_{error}", path=name)}
        if sum(len(sheet.lines) for sheet in sheets) > MOST_ROWS:
            return {"refused": word("imports.too_many_rows", path=name, most=MOST_ROWS)}
        kind = await asyncio.to_thread(kind_of, sheets)
        if kind is None:
            return {"refused": word("imports.no_kind", path=name)}
        clerk = Clerk(who.actor, county_of(who.area_code))
        done = await import_sheets(db, kind, sheets, name, lambda _done, _all: None, clerk=clerk, dry_run=not go)
    return _told(done, kind, word)


def _told(done: Imported, kind: Kind, word: Word) -> dict[str, Any]:
    told = tell(done, word)
    return {
        "kind": word(f"imports.kind_{kind.value}"),
        "summary": told.summary,
        "remarks": told.remarks,
        "rejects": _rejects(done, word),
        "changes": bool(done.report.added or done.report.changed),
        "run": done.written,
    }


def _rejects(done: Imported, word: Word) -> str:
    """Returns the rows that were not taken as a .csv, the reason in front; empty where all were."""
    if not done.rejected_rows:
        return ""
    rejected = [(row, reason(why, word)) for row, why in done.rejected_rows]
    return spreadsheet.as_csv(*spreadsheet.rejects(done.table.headers, rejected))
