"""Spreadsheets that are sent: a sheet a table, with figures as figures and text never as a formula."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

Cell = str | int | float | Decimal | date | datetime | None
_LONGEST = 32_000
"""Characters that a cell holds."""
_WIDEST = 60
_UPRIGHT = 6
"""So many columns fit a page that stands."""


@dataclass(frozen=True)
class Sheet:
    """A table: its title, the heads of its columns, and its rows. Times are local."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """Makes the .xlsx. Takes a while for many rows: not to be called in the event loop."""
    from openpyxl import Workbook  # 20 MB that a bot which nobody asks for a table need not have

    book = Workbook()
    for number, sheet in enumerate(sheets):
        page = book.active if number == 0 else book.create_sheet()
        assert page is not None
        page.title = sheet.title[:31]
        _fill(page, sheet)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _wide(value: Cell) -> int:
    """Returns how wide a cell's text is, in Latin letters: a Chinese character is as wide as two."""
    text = f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str("" if value is None else value)
    return sum(2 if ord(char) > 0xFF else 1 for char in text)


def _fill(page: "Worksheet", sheet: Sheet) -> None:
    from openpyxl.styles import Alignment, Border, Font, Side
    from openpyxl.utils import get_column_letter

    line = Side(style="thin", color="999999")
    for row, cells in enumerate([sheet.heads, *sheet.rows], 1):
        for column, value in enumerate(cells, 1):
            target = page.cell(row, column)
            if isinstance(value, str):
                target.value = value[:_LONGEST]
                target.data_type = "s"
            elif isinstance(value, datetime):
                target.value = value.replace(tzinfo=None, microsecond=0)
                target.number_format = "yyyy-mm-dd hh:mm"
            else:
                target.value = value
                target.number_format = "yyyy-mm-dd" if isinstance(value, date) else target.number_format
            target.border = Border(line, line, line, line)
            target.alignment = Alignment(vertical="top", wrap_text=isinstance(value, str))
    for column, head in enumerate(sheet.heads, 1):
        page.cell(1, column).font = Font(bold=True)
        longest = max([_wide(head), *(_wide(row[column - 1]) for row in sheet.rows[:200])])
        page.column_dimensions[get_column_letter(column)].width = min(_WIDEST, 2 + longest)
    page.freeze_panes = "A2"
    _for_paper(page, sheet)


def _for_paper(page: "Worksheet", sheet: Sheet) -> None:
    """Sets it for A4: as wide as the paper, the heads on every page, what it is above and the page's number below."""
    from openpyxl.worksheet.properties import PageSetupProperties

    page.page_setup.paperSize = 9  # A4, as the format numbers it
    page.page_setup.orientation = "landscape" if len(sheet.heads) > _UPRIGHT else "portrait"
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.print_title_rows = "1:1"
    for place, words in ((page.oddHeader, sheet.title.replace("&", "&&")), (page.oddFooter, "&P / &N")):
        assert place is not None
        place.center.text = words
