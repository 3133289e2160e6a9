"""Spreadsheets as offices have them, in and out. A process of its own reads them, see bot/office/reader.py."""

import asyncio
import contextlib
import csv
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.office.reader import FROM_INPUT
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


async def read(file: Path | bytes) -> list[Sheet]:
    """Reads every sheet of a file, or of its content: .xlsx, .xls, .xlsb, .ods, text with commas, tabs or semicolons,
    and what systems call .xls. The reading can fail, hang or fill its memory without harm. Raises
    NotASpreadsheetError, OSError."""
    if isinstance(file, Path) and await asyncio.to_thread(_size, file) > _MOST_BYTES:
        raise NotASpreadsheetError("large")
    whence, stdin = (
        (str(file), asyncio.subprocess.DEVNULL) if isinstance(file, Path) else (FROM_INPUT, asyncio.subprocess.PIPE)
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.office.reader", whence),
        stdin=stdin, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        limit=_LONGEST_LINE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            if isinstance(file, bytes):
                await _hand_over(process, file)
            return await _take(process)
    except (TimeoutError, ValueError) as error:  # the second of a line that is too long
        raise NotASpreadsheetError("large") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _hand_over(process: asyncio.subprocess.Process, content: bytes) -> None:
    """Writes the content to the reader, which reads it whole before it says anything."""
    assert process.stdin is not None
    with contextlib.suppress(ConnectionError):  # it died; what it said tells so
        process.stdin.write(content)
        await process.stdin.drain()
    process.stdin.close()


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
    path.write_text(as_csv(headers, rows), encoding="utf-8-sig", newline="")


def as_csv(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns the rows as a .csv's text, without the mark by which Excel knows that it is UTF-8."""
    text = io.StringIO()
    csv.writer(text).writerows([headers, *[[_safe(printable(cell)) for cell in row] for row in rows]])
    return text.getvalue()


def _safe(cell: str) -> str:
    """Keeps a text from becoming a formula where the file is opened, with an apostrophe that `read` takes off again."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def rejects(headers: Sequence[str], rejected: Sequence[tuple[Row, str]]) -> tuple[list[str], list[list[str]]]:
    """Returns headers and rows of what was not taken, the reason in front, to be corrected and imported again."""
    kept = [header for header in headers if header != REASON_COLUMN]
    return [REASON_COLUMN, *kept], [[reason, *[row[header] for header in kept]] for row, reason in rejected]
