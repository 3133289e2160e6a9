"""`chuishao export`: the cases as a spreadsheet that can be imported again."""

from functools import partial
from pathlib import Path

from bot.office import spreadsheet
from storage.cases.case import CaseDebtor
from storage.cases.debtor import read_id_number
from storage.engine import audit
from storage.engine.database import Database
from storage.imports import Progress
from storage.imports.cases import WRITTEN, cells_of

PAGE = 500


async def export_cases(db: Database, path: Path, progress: Progress) -> int:
    """Writes one row a debtor of a case, with id numbers in clear; returns how many. Each page is one unit, for the
    id numbers' audit entries. Raises OSError."""
    total = await CaseDebtor.all().count()
    rows: list[list[str]] = []
    last = 0
    while (
        some := await CaseDebtor.filter(id__gt=last)
        .order_by("id")
        .limit(PAGE)
        .prefetch_related("case__judge", "debtor__aliases", "debtor__plates")
    ):
        rows += await db.unit(partial(_page, some), "cli:export")
        last = some[-1].id
        progress(len(rows), total)
    spreadsheet.write(path, WRITTEN, rows)
    return len(rows)


async def _page(some: list[CaseDebtor]) -> list[list[str]]:
    audit.record("export.cases", actor="cli", count=len(some))
    page = []
    for party in some:
        id_number = read_id_number(party.debtor, "cli") if party.debtor.id_sealed else ""
        page.append(cells_of(party, id_number))
    return page
