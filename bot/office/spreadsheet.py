"""Spreadsheets as offices have them, in and out. A process of its own reads them, see bot/office/reader.py."""

import asyncio
import csv
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from storage.engine.text import printable
from storage.imports.table import REASON_COLUMN, Cell, Mark, Number, Row, Sheet

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CELL_LIMIT = 32_767
PATIENCE_SECONDS = 180.0
_MOST_BYTES = 200_000_000
"""Larger files aren't opened at all."""
_LONGEST_LINE = 64 << 20
_MARKS = {"error": "cell_error", "formula": "cell_formula", "stray": "stray_quote"}


class NotASpreadsheetError(Exception):
    """The file can't be read as tables; carries why: format, broken, password, large."""


async def read(path: Path) -> list[Sheet]:
    """Reads every sheet of a file: .xlsx, .xls, .xlsb, .ods, text with commas, tabs or semicolons, and what systems
    call .xls. The reading can fail, hang or fill its memory without harm. Raises NotASpreadsheetError, OSError."""
    if await asyncio.to_thread(_size, path) > _MOST_BYTES:
        raise NotASpreadsheetError("large")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.office.reader", str(path)),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        limit=_LONGEST_LINE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await _take(process)
    except (TimeoutError, ValueError) as error:  # the second of a line that is too long
        raise NotASpreadsheetError("large") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _size(path: Path) -> int:
    """Returns the bytes of a file that is there and may be read; raises OSError for others, NotASpreadsheetError for
    what is no file."""
    if path.exists() and not path.is_file():
        raise NotASpreadsheetError("format")
    with path.open("rb") as file:
        return os.fstat(file.fileno()).st_size


async def _take(process: asyncio.subprocess.Process) -> list[Sheet]:
    sheets: list[Sheet] = []
    assert process.stdout is not None
    async for line in process.stdout:
        found = json.loads(line)
        if isinstance(found, list):
            sheets[-1].lines.append((found[0], [_cell(value) for value in found[1:]]))
        elif "sheet" in found:
            merged = [(top, left, bottom, right) for top, left, bottom, right in found["merged"]]
            sheets.append(Sheet(found["sheet"], found["visible"], merged))
        elif "refused" in found:
            raise NotASpreadsheetError(found["refused"])
        else:
            return sheets
    raise NotASpreadsheetError("broken")  # it died


def _cell(value: Any) -> Cell:
    if value is None:
        return ""
    if isinstance(value, dict):
        ((kind, text),) = value.items()
        return Mark(_MARKS[kind], text if kind == "stray" else "")
    return value if isinstance(value, str) else Number(value)


def write(path: Path, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Writes the rows in the format that the file's name says. Nothing becomes a formula: text is text."""
    if path.suffix.lower() == ".xlsx":
        from openpyxl import Workbook

        book = Workbook()
        sheet = book.active
        assert sheet is not None
        for number, row in enumerate([headers, *rows], 1):
            for column, cell in enumerate(row, 1):
                target = sheet.cell(number, column)
                target.value = printable(cell)[:_CELL_LIMIT]
                target.data_type = "s"
        book.save(path)
        return
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headers)
        writer.writerows([[_safe(printable(cell)) for cell in row] for row in rows])


def _safe(cell: str) -> str:
    """Keeps a text from becoming a formula where the file is opened, with an apostrophe that `read` takes off again."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def write_rejects(path: Path, headers: Sequence[str], rejected: Sequence[tuple[Row, str]]) -> None:
    """Writes the rows that were not taken, the reason in front, to be corrected and imported again."""
    kept = [header for header in headers if header != REASON_COLUMN]
    write(path, [REASON_COLUMN, *kept], [[reason, *[row[header] for header in kept]] for row, reason in rejected])
