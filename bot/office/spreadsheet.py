"""Spreadsheets as offices have them: .csv in UTF-8 (with or without BOM) or GB18030, and .xlsx."""

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from storage.imports import REASON_COLUMN, Row, header_of

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CELL_LIMIT = 32_767


class NotASpreadsheetError(Exception):
    """The file is neither .csv nor .xlsx, whatever it is called."""


def read(path: Path) -> tuple[list[str], list[Row]]:
    """Headers in normal form and rows with the line numbers that the clerk's own program shows."""
    content = path.read_bytes()
    table = _xlsx(content) if content.startswith(b"PK\x03\x04") else _csv(content)
    first = next((place for place, (_line, cells) in enumerate(table) if any(cell.strip() for cell in cells)), None)
    if first is None:
        raise NotASpreadsheetError
    while first + 1 < len(table) and _filled(table[first][1]) == 1 < _filled(table[first + 1][1]):
        first += 1  # a title over the headers, which are several
    headers = [header_of(cell) for cell in table[first][1]]
    rows = []
    for line, cells in table[first + 1 :]:
        padded = [*cells, *[""] * (len(headers) - len(cells))]
        rows.append(Row(line, {header: _typed(cell) for header, cell in zip(headers, padded, strict=False) if header}))
    return [header for header in headers if header], rows


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def _typed(cell: str) -> str:
    """Takes off the apostrophe with which `write` keeps a text from becoming a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:2] in _FORMULA else cell


def _csv(content: bytes) -> list[tuple[int, list[str]]]:
    if b"\0" in content:
        raise NotASpreadsheetError
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise NotASpreadsheetError
    table = []
    reader = csv.reader(io.StringIO(text, newline=""))
    line = 1
    try:
        for cells in reader:
            table.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise NotASpreadsheetError from error
    return table


def _xlsx(content: bytes) -> list[tuple[int, list[str]]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False)
        sheet = book.worksheets[0]
        return [
            (line, [_text(value) for value in row]) for line, row in enumerate(sheet.iter_rows(values_only=True), 1)
        ]
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, IndexError, OSError) as error:
        raise NotASpreadsheetError from error


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


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
                target.value = cell[:_CELL_LIMIT]
                target.data_type = "s"
        book.save(path)
        return
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headers)
        writer.writerows([[f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row] for row in rows])


def write_rejects(path: Path, headers: Sequence[str], rejected: Sequence[tuple[Row, str]]) -> None:
    """Writes the rows that were not taken, the reason in front, to be corrected and imported again."""
    kept = [header for header in headers if header != REASON_COLUMN]
    write(path, [REASON_COLUMN, *kept], [[reason, *[row[header] for header in kept]] for row, reason in rejected])
