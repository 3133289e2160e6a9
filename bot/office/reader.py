"""Opens a file of tables in a process of its own, which can be given up: `python -m bot.office.reader FILE`,
or `-` for what comes on its standard input.

What a clerk hands in may be broken, or made to do harm. So nothing of it is opened in the product's own process: this
one has a limit of memory and of CPU time, and says on its standard output what it finds, a line of JSON each:

    {"sheet": NAME, "visible": BOOL, "merged": [[row, column, last row, last column], ...]}
    [LINE, CELL, CELL, ...]
    {"end": true} or {"refused": "password" | "large" | "broken" | "format"}

A cell is text, a number, null, {"error": "#N/A"}, {"formula": true} where it has no value, or {"stray": TEXT} where a
quotation mark was opened and never closed. Rows and columns are counted from 0, lines from 1, as the clerk's program
shows them.
"""

import codecs
import contextlib
import csv
import io
import json
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

MEMORY_BYTES = 2 << 30
CPU_SECONDS = 150
FROM_INPUT = "-"
"""Stands for the file's name where its content comes on the standard input."""
MOST_CELLS = 4_000_000
LONGEST_CELL = 32_767
LONGEST_RECORD = 200
"""Lines that one quoted cell may go over."""
Cell = Any
Found = dict[str, Any] | list[Cell]

_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
_OTHERS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"{\\rtf", b"\x1f\x8b")
"""How files begin that are no tables, whatever they are called."""


class Refused(Exception):  # noqa: N818 - it is an answer
    """The file can't be read; carries why."""


def main() -> None:
    """Reads the file that the command line names."""
    _limit()
    csv.field_size_limit(LONGEST_CELL * 64)
    try:
        for found in _read(sys.argv[1]):
            _say(found)
        _say({"end": True})
    except Refused as why:
        _say({"refused": str(why)})
    except MemoryError:
        _say({"refused": "large"})


def _say(found: Found) -> None:
    sys.stdout.write(f"{json.dumps(found)}\n")


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows: the parent's patience is all there is
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def _read(path: str) -> Iterator[Found]:
    content = sys.stdin.buffer.read() if path == FROM_INPUT else Path(path).read_bytes()
    if content.startswith((_OLE, _ZIP)):
        yield from _workbook(content)
    elif not content.strip():
        raise Refused("empty")
    elif content.startswith(_OTHERS):
        raise Refused("format")
    else:
        text = _decoded(content)
        if re.match(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype|html|table|head|meta|style|body|div)\b", text, re.I | re.S):
            yield from _bounded(_html(text))
        elif "urn:schemas-microsoft-com:office:spreadsheet" in text[:2000]:
            yield from _bounded(_xml_spreadsheet(content))
        else:
            yield from _bounded(_text(text))


def _bounded(found: Iterable[Found]) -> Iterator[Found]:
    """Gives up where there are more cells than anybody's table has."""
    count = 0
    for one in found:
        if isinstance(one, list):
            count += sum(cell not in ("", None) for cell in one) - 1
            if count > MOST_CELLS:
                raise Refused("large")
        yield one


# -- workbooks: .xlsx, .xls, .xlsb, .ods -----------------------------------------------------------------------------


def _workbook(content: bytes) -> Iterator[Found]:
    from python_calamine import (
        CalamineError,
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
        WorksheetNotFound,
        XmlError,
        ZipError,
    )

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        shown = _Shown(content)
        for about in book.sheets_metadata:
            if about.typ is not SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(about.name)
            first_row, first_column = sheet.start or (0, 0)
            merged = [[*first, *last] for first, last in sheet.merged_cell_ranges or []]
            yield {"sheet": about.name, "visible": about.visible is SheetVisibleEnum.Visible, "merged": merged}
            said = shown.of(about.name)
            rows = _rows(sheet.iter_rows(), first_row, first_column, said)
            yield from _bounded(rows)
    except PasswordError as error:
        raise Refused("password") from error
    except (CalamineError, XmlError, ZipError, WorksheetNotFound, zipfile.BadZipFile, OSError, ValueError) as error:
        raise Refused("broken") from error


def _rows(
    rows: Iterable[list[Any]], first_row: int, first_column: int, said: dict[tuple[int, int], Cell]
) -> Iterator[Found]:
    blank: list[Found] = [[line] for line in range(1, first_row + 1)]
    for number, values in enumerate(rows, first_row):
        cells = [*[None] * first_column, *map(_value, values)]
        for column in range(len(cells)):
            if (number, column) in said:
                cells[column] = said[number, column]
        if all(cell in ("", None) for cell in cells):
            blank.append([number + 1])
            continue
        yield from blank
        blank.clear()
        yield [number + 1, *cells]


def _value(value: Any) -> Cell:
    """Turns what calamine gives into what JSON has: moments and times as text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, timedelta):
        return f"{value.days * 24 + value.seconds // 3600}:{value.seconds // 60 % 60:02}"
    return str(value)


_ZEROS = re.compile(r"""(?P<before>(?:"[^"]*"|\\.)*)(?P<zeros>0+)(?P<after>(?:"[^"]*"|\\.)*)(?:;.*)?""", re.S)
"""A format that shows a number with leading zeros, or with words around it: 000000, "FY"000."""


class _Shown:
    """What a cell of an .xlsx shows and calamine doesn't say: an error, a formula that has no value, zeros in front.

    openpyxl knows, where it can open the file; it is asked only where the file has such a thing at all.
    """

    def __init__(self, content: bytes) -> None:
        self._books: list[Any] = []
        formulas, errors, zeros = _peek(content)
        if not (formulas or errors or zeros):
            return
        from openpyxl import load_workbook

        try:
            self._books = [
                load_workbook(io.BytesIO(content), read_only=True, data_only=values)
                for values in ((True, False) if formulas else (True,))
            ]
        except Exception:  # noqa: BLE001 - openpyxl fails in a hundred ways on styles that Excel forgives; calamine reads on
            self._books = []

    def of(self, name: str) -> dict[tuple[int, int], Cell]:
        """Maps row and column, from 0, to what such a cell is."""
        found: dict[tuple[int, int], Cell] = {}
        if not self._books or name not in self._books[0].sheetnames:
            return found
        valueless = set()
        try:
            for cell in self._cells(0, name):
                if cell.data_type == "e":
                    found[cell.row - 1, cell.column - 1] = {"error": str(cell.value)}
                elif isinstance(cell.value, int | float) and not isinstance(cell.value, bool):
                    if (text := _with_zeros(cell.value, cell.number_format)) is not None:
                        found[cell.row - 1, cell.column - 1] = text
                elif cell.value is None:
                    valueless.add((cell.row - 1, cell.column - 1))
            if len(self._books) > 1:
                for cell in self._cells(1, name):
                    place = (cell.row - 1, cell.column - 1)
                    # One that says itself when it is empty, =IF(A1="","",…), lacks nothing.
                    if cell.data_type == "f" and place in valueless and '""' not in str(cell.value):
                        found[place] = {"formula": True}
        except Exception:  # noqa: BLE001 - as above
            return {}
        return found

    def _cells(self, book: int, name: str) -> Iterator[Any]:
        sheet = self._books[book][name]
        sheet.reset_dimensions()
        for row in sheet.iter_rows():
            yield from (cell for cell in row if hasattr(cell, "column"))


def _with_zeros(value: float, number_format: str) -> str | None:
    """Writes a whole number as such a format shows it; None for every other format."""
    match = _ZEROS.fullmatch(number_format or "")
    if match is None or value != int(value) or value < 0 or value >= 1e15:
        return None
    before, after = (re.sub(r'"([^"]*)"|\\(.)', r"\1\2", match[part]) for part in ("before", "after"))
    if len(match["zeros"]) < 2 and not before:
        return None
    return f"{before}{int(value):0{len(match['zeros'])}d}{after}"


def _peek(content: bytes) -> tuple[bool, bool, bool]:
    """Looks whether a workbook of XML has formulas, errors, and formats with leading zeros."""
    if not content.startswith(_ZIP):
        return False, False, False
    formulas = errors = zeros = False
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                for piece in _pieces(parts, name):
                    formulas = formulas or b"<f>" in piece or b"<f " in piece
                    errors = errors or b't="e"' in piece
            elif name == "xl/styles.xml":
                zeros = any(re.search(rb'formatCode="[^"]*0', piece) for piece in _pieces(parts, name))
    return formulas, errors, zeros


def _pieces(parts: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Yields a part of the archive a megabyte at a time, the pieces overlapping."""
    with parts.open(name) as part:
        before = b""
        while piece := part.read(1 << 20):
            yield before + piece
            before = piece[-64:]


# -- text --------------------------------------------------------------------------------------------------------


def _decoded(content: bytes) -> str:
    """Decodes UTF-8, GB18030, or UTF-16 as Excel's "Unicode text" is; a file that was put together out of several is
    decoded line by line, and what is in none of them is left out."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _without_nul(_by(content, "utf-16"))
    nul = content.count(0)
    if nul > len(content) // 20:
        even, odd = content[:4096:2].count(0), content[1:4096:2].count(0)
        if abs(even - odd) < len(content[:4096]) // 20:
            raise Refused("format")
        return _without_nul(_by(content, "utf-16-le" if odd > even else "utf-16-be"))
    content = content.replace(b"\0", b"")
    for encoding in ("utf-8-sig", "gb18030"):
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode(encoding)
    return _line_by_line(content.removeprefix(codecs.BOM_UTF8))


def _by(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused("format") from error


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise Refused("format")
    return text


def _line_by_line(content: bytes) -> str:
    """Decodes each line by itself. Where most of them have signs of no encoding, it is no text."""
    lines, strange = [], 0
    for line in content.split(b"\n"):
        for encoding in ("utf-8", "gb18030"):
            try:
                lines.append(line.decode(encoding))
                break
            except UnicodeDecodeError:
                continue
        else:
            strange += 1
            lines.append(line.decode("utf-8" if _is_mostly_utf8(line) else "gb18030", "replace"))
    if strange > max(3, len(lines) // 10):
        raise Refused("format")
    return "\n".join(lines)


def _is_mostly_utf8(line: bytes) -> bool:
    return line.decode("utf-8", "replace").count("\ufffd") <= line.decode("gb18030", "replace").count("\ufffd")


def _text(text: str) -> Iterator[Found]:
    yield {"sheet": "", "visible": True, "merged": []}
    lines = list(io.StringIO(text, newline=""))
    delimiter = _delimiter(lines)
    widths = Counter(len(_alone(line, delimiter)) for line in lines[:40] if line.strip())
    columns = max(widths, key=lambda width: (widths[width], width), default=0)
    at = 0
    while at < len(lines):
        # 1. A record as the rules of .csv have it: a quoted cell may go over several lines.
        cells, count = _record(lines, at, delimiter)
        # 2. Where it breaks these rules, or a cell holds what look like whole rows, a quotation mark was never closed:
        #    then every line stands for itself.
        if not cells or (count > 1 and _swallows(cells, columns, delimiter)):
            cells, count = _alone(lines[at], delimiter), 1
        yield [at + 1, *cells] if any(cells) else [at + 1]
        at += count


def _delimiter(lines: list[str]) -> str:
    sample = "".join(lines[:30])
    counts = {mark: sample.count(mark) for mark in ",\t;"}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] or "，" not in sample else "，"


def _record(lines: list[str], at: int, delimiter: str) -> tuple[list[Cell], int]:
    """Reads the record that begins at this line: its cells and how many lines it takes; no cells where a quotation
    mark is never closed, or closed in the middle of a cell."""
    reader = csv.reader(lines[at : at + LONGEST_RECORD], delimiter=delimiter, strict=True)
    try:
        cells: list[Cell] = list(next(reader, []))
    except csv.Error:
        return [], 1
    return cells or [""], reader.line_num


def _swallows(cells: list[Cell], columns: int, delimiter: str) -> bool:
    """Tells whether a cell holds line ends and, behind one, as many delimiters as a whole row has."""
    inner = [line for cell in cells for line in cell.splitlines()[1:]]
    return columns > 2 and any(line.count(delimiter) >= columns - 1 for line in inner)


def _alone(line: str, delimiter: str) -> list[Cell]:
    """Reads a line by itself; a quotation mark that isn't closed in it is a character like any other, and said."""
    cell = re.compile(rf'(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<bare>[^{delimiter}]*))(?P<end>{delimiter}|$)')
    text, at, cells = line.rstrip("\r\n"), 0, []
    while match := cell.match(text, at):
        quoted, bare = match["quoted"], match["bare"]
        if quoted is not None:
            cells.append(quoted.replace('""', '"'))
        elif bare.startswith('"'):
            cells.append({"stray": bare[1:]})
        else:
            cells.append(bare)
        at = match.end()
        if not match["end"]:
            break
    return cells


# -- what court systems call .xls --------------------------------------------------------------------------------


def _html(text: str) -> Iterator[Found]:
    """Reads the tables of a page: what many systems write when they are asked for a spreadsheet."""
    from lxml import html

    page = html.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    for number, table in enumerate(page.xpath("//table[not(.//table)]"), 1):
        rows = table.xpath(".//tr")
        yield from _grid(
            f"{number}" if number > 1 else "",
            [
                [
                    _Spanning(str(cell.text_content()).strip(), _span(cell.get("colspan")), _span(cell.get("rowspan")))
                    for cell in row.xpath("./td|./th")
                ]
                for row in rows
            ],
        )


class _Spanning(NamedTuple):
    """A cell that goes over so many columns and rows; `at` is its column where the file says it, else -1."""

    text: str
    across: int = 1
    down: int = 1
    at: int = -1


def _span(said: str | None) -> int:
    return min(int(said), 1000) if said and said.isdigit() and int(said) > 0 else 1


def _xml_spreadsheet(content: bytes) -> Iterator[Found]:
    """Reads the XML that Excel 2003 wrote, and many programs still do."""
    from lxml import etree

    name = "{urn:schemas-microsoft-com:office:spreadsheet}"
    try:
        book = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise Refused("broken") from error
    for sheet in book.iter(f"{name}Worksheet"):
        table: list[list[_Spanning]] = []
        for row in sheet.iter(f"{name}Row"):
            while int(row.get(f"{name}Index") or 0) > len(table) + 1 <= 100_000:
                table.append([])
            cells: list[_Spanning] = []
            for cell in row.iter(f"{name}Cell"):
                words = "".join(text for data in cell.iter(f"{name}Data") for text in data.itertext())
                across, down = (int(cell.get(f"{name}Merge{way}") or 0) + 1 for way in ("Across", "Down"))
                words = re.sub(r"T00:00:00(?:\.000)?$", "", words)
                at = min(int(cell.get(f"{name}Index") or 0), 16_384) - 1
                cells.append(_Spanning(words, _span(str(across)), _span(str(down)), at))
            table.append(cells)
        yield from _grid(sheet.get(f"{name}Name") or "", table)


def _grid(name: str, rows: list[list[_Spanning]]) -> Iterator[Found]:
    """Lays cells that span several columns or rows out in a grid."""
    taken: set[tuple[int, int]] = set()
    merged, grid = [], []
    for number, row in enumerate(rows):
        cells: list[Cell] = []
        for text, across, down, at in row:
            while (number, len(cells)) in taken or len(cells) < at:
                cells.append(None)
            column = len(cells)
            if across > 1 or down > 1:
                merged.append([number, column, number + down - 1, column + across - 1])
                taken |= {(number + y, column + x) for y in range(1, down) for x in range(across)}
            cells += [text, *[None] * (across - 1)]
        grid.append(cells)
    yield {"sheet": name, "visible": True, "merged": merged}
    for number, cells in enumerate(grid, 1):
        yield [number, *cells] if any(cells) else [number]


if __name__ == "__main__":
    main()
