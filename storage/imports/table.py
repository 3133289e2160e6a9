"""From the cells of a file to rows under known headers: what the clerk sees in them, and what stands around. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from storage.engine.text import fold, printable, squeeze
from storage.imports.normal import is_filler, untricked

REASON_COLUMN = "退回原因"
_HEADERS_WITHIN = 40
"""So many lines may stand above the headers."""
_TOTAL = re.compile("(?:本页|本表|以上|全部)?(?:合计|总计|小计|共计|累计|总数)[:：]?")
_NOTE = re.compile(
    r"[(\[【*※]*(?:注|备注|说明|附|附件|附注|填表|填报|制表|制单|编制|审核|审批|复核|核对|打印|导出|报送|联系人|联系电话|值班电话|负责人"
    r"|经办|签发|单位|日期|时间|第\d+页|共\d+页|以上|以下)[\])】]?\s*(?:人|单位|时间|日期|说明|页|:|[.、]|$|[\u4e00-\u9fa5])"
    r"|[*※]|\d+[、.)]\s*\D{6,}"
)
"""How a line begins that says something about the table."""
_NOTE_CELLS = 4
_SAME = ("同上", "〃", '"', "″", "同前", "如上")
_EXACT = 10**15
"""From here on Excel has lost digits."""


@dataclass(frozen=True)
class Columns:
    """The columns that a kind of file has."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    """Of these one must be there."""
    also: dict[str, str] = field(default_factory=dict)
    """Other names for the same, as offices write them."""
    joined: tuple[str, ...] = ()
    """Where such a header stands several times, all its columns count."""
    instead: dict[str, str] = field(default_factory=dict)
    """What another name means where the column that it would mean is there under its own: 日期 and 时间 are two."""

    stands_in: dict[str, str] = field(default_factory=dict)
    """A column that is taken for one that must be there and isn't: of a village's own list, 职务 for 角色."""

    @property
    def known(self) -> tuple[str, ...]:
        return (*self.required, *self.one_of, *self.optional)

    def name_of(self, cell: str) -> str:
        """Returns the column that a header cell means; the header itself in normal form where it means none."""
        header = header_of(cell)
        if header in self.known or header == REASON_COLUMN:
            return header
        bare = re.sub(r"\([^()]*\)|[:*]|(?<=[\u4e00-\u9fff])[0-9一二三四]$", "", header)
        return next(
            (self.also.get(one, one) for one in (header, bare) if one in self.also or one in self.known), header
        )

    def names_of(self, cells: Sequence[str]) -> list[str]:
        """Returns the columns that a line of headers means."""
        plain = {header_of(cell) for cell in cells}
        found = []
        for cell in cells:
            name = self.name_of(cell)
            other = name != header_of(cell) and name in plain and header_of(cell) in self.instead
            found.append(self.instead[header_of(cell)] if other else name)
        for name, wanted in self.stands_in.items():
            if wanted not in found:
                found = [wanted if one == name else one for one in found]
        return found

    def missing(self, headers: Iterable[str]) -> list[str]:
        """Lists what lacks among these headers."""
        have = set(headers)
        lacking = [name for name in self.required if name not in have]
        if self.one_of and not have & set(self.one_of):
            lacking.append("/".join(self.one_of[:2]))
        return lacking


def other_names(kind: str) -> dict[str, str]:
    """Loads what offices call the columns of this kind of file, from the list beside this module: name to column."""
    found: dict[str, str] = {}
    with Path(__file__).with_name("headers.txt").open(encoding="utf-8") as lines:
        for line in lines:
            head, _, names = line.partition(" = ")
            if head.startswith(f"{kind}: "):
                found |= dict.fromkeys(names.split(), head.partition(": ")[2])
    return found


def header_of(cell: str) -> str:
    """Brings a header to one form: 执行标的（元）, with blanks or a star, becomes 执行标的(元)."""
    return fold(cell).replace(" ", "").replace("(必填)", "").replace("(选填)", "").strip("*")


@dataclass(frozen=True)
class Number:
    """A cell that holds a number."""

    value: float


@dataclass(frozen=True)
class Mark:
    """A cell that needs a word: `code` is what is wrong with it, `text` what can be read all the same."""

    code: str
    text: str = ""


Cell = str | Number | Mark


@dataclass
class Sheet:
    """A sheet as the file has it: lines with their numbers, from 1, and merged ranges, counted from 0."""

    name: str = ""
    visible: bool = True
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    lines: list[tuple[int, list[Cell]]] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """One line of the file: its number as the clerk's program shows it, its sheet where there are several, its cells by
    header."""

    line: int
    cells: dict[str, str] = field(hash=False)
    sheet: str = ""
    above: str = field(default="", hash=False)
    """What stands above the headers, and the sheet's own name: a title often says the year or the month."""
    beside: str = field(default="", hash=False)
    """What stands behind the last header: of a .csv a comma too many, which moves every cell behind it."""
    part: int = 0
    """Tells rows of one line apart, where two tables stand beside each other."""

    def __getitem__(self, header: str) -> str:
        return self.cells.get(header, "")


@dataclass(frozen=True)
class Remark:
    """A reason or warning: a code of the catalogue, with the word it is about."""

    line: int
    code: str
    word: str = ""
    sheet: str = ""
    part: int = 0


@dataclass
class Table:
    """What a file holds of one kind: its rows, and every line that is none of them."""

    headers: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    """Lines below the headers that are no rows: blank, total, heading, note."""
    remarks: list[Remark] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)
    unread: list[Remark] = field(default_factory=list)
    """Sheets that have something, but not this: the name, and why."""

    def unknown(self, columns: Columns) -> list[str]:
        """Lists the headers that mean nothing, which are named and passed over."""
        return [name for name in self.headers if name not in columns.known and name != REASON_COLUMN]


class MissingHeadersError(Exception):
    """The file lacks required columns; carries their names."""


def table_of(sheets: Sequence[Sheet], columns: Columns) -> Table:
    """Reads every visible sheet whose headers fit. Raises MissingHeadersError where none does."""
    table = Table()
    places = [(sheet, _headers(sheet, columns)) for sheet in sheets]
    fitting = [(sheet, at) for sheet, at in places if at is not None and sheet.visible]
    if not fitting:
        raise MissingHeadersError("、".join(_nearest(sheets, columns)))
    for sheet, at in places:
        if at is None or not sheet.visible:
            if any(any(_text(cell) for cell in cells) for _line, cells in sheet.lines):
                table.unread.append(Remark(0, "sheet_hidden" if not sheet.visible else "sheet_headers", sheet.name))
        else:
            table.sheets.append(sheet.name)
            _read(table, sheet, at, columns, sheet.name if len(fitting) > 1 else "")
    return table


def _headers(sheet: Sheet, columns: Columns) -> int | None:
    """Finds the line of the headers: the first that has all that must be there; of two such lines in a row, as a list
    has them with a header over several others, the one that says more."""
    spread = _spread(sheet, 0, _HEADERS_WITHIN)
    names = [set(columns.names_of([_text(cell) for cell in cells])) for cells in spread]
    for at, found in enumerate(names):
        if columns.missing(found):
            continue
        known = len(found & set(columns.known))
        below = names[at + 1] if at + 1 < len(names) else set()
        return at + 1 if not columns.missing(below) and len(below & set(columns.known)) > known else at
    return None


def _nearest(sheets: Sequence[Sheet], columns: Columns) -> list[str]:
    """Lists what the line lacks that has most of the headers."""
    lines = [cells for sheet in sheets if sheet.visible for cells in _spread(sheet, 0, _HEADERS_WITHIN)]
    found = [set(columns.names_of([_text(cell) for cell in cells])) for cells in lines]
    return min((columns.missing(names) for names in found), key=len, default=list(columns.missing([])))


def _spread(sheet: Sheet, first: int, last: int) -> list[list[Cell]]:
    """Lays out merged cells: what stands in the first of them stands in all."""
    lines = [list(cells) for _line, cells in sheet.lines[first:last]]
    where = {line - 1: place for place, (line, _cells) in enumerate(sheet.lines[first:last])}
    for top, left, bottom, right in sheet.merged:
        if top not in where or bottom - top > 100_000:
            continue
        source = lines[where[top]]
        if left >= len(source):
            continue
        value = source[left]
        for row in range(top, bottom + 1):
            if row not in where:
                continue
            cells = lines[where[row]]
            cells += [""] * (right + 1 - len(cells))
            for column in range(left, right + 1):
                cells[column] = value
    return lines


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, Mark) else _shown(cell.value) if isinstance(cell, Number) else cell.strip()


def _shown(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _read(table: Table, sheet: Sheet, at: int, columns: Columns, name: str) -> None:
    body = _spread(sheet, 0, len(sheet.lines))
    if (both := _over_two_lines(sheet, body, at, columns)) is not None:
        at += 1
        body[at] = both
    heading = columns.names_of([_text(cell) for cell in body[at]])
    where: dict[str, list[int]] = {}
    for column, header in enumerate(heading):
        if header:
            where.setdefault(header, []).append(column)
    said = [header_of(_text(cell)) for cell in body[at]]
    for header, found in where.items():
        found[:] = [at for at in found if said[at] == header] + [at for at in found if said[at] != header]
    table.headers += [header for header in where if header not in table.headers]
    tables = _side_by_side(where, columns)
    twice = (one for one, places in tables[0].items() if len(places) > 1 and one not in columns.joined)
    for header in twice:
        if _apart(heading, sheet, at, header):
            table.remarks.append(Remark(sheet.lines[at][0], "header_twice", header, name))
    before: dict[str, str] = {}
    above = " ".join([sheet.name, *(_text(cell) for _line, cells in sheet.lines[:at] for cell in cells if _text(cell))])
    for (line, own), cells in list(zip(sheet.lines, body, strict=True))[at + 1 :]:
        if not any(_text(cell) for cell in own):
            table.left["blank"] += 1
            continue
        if [one for one in columns.names_of([_text(cell) for cell in cells]) if one] == [one for one in heading if one]:
            table.left["heading"] += 1
            continue
        bare = Row(line, {}, name, above, beside=_beside(cells, len(heading)))
        row, remarks = _row(cells, tables[0], columns, bare, before)
        filled = [_text(cell) for cell in own if _text(cell)]
        if _TOTAL.fullmatch(squeeze(filled[0])):
            table.left["total"] += 1
        elif len(filled) <= _NOTE_CELLS and _is_note(filled, lacking=_lacks(row, columns)):
            table.left["note"] += 1
        else:
            table.rows.append(row)
            table.remarks += remarks
            before = row.cells
            for part in tables[1:]:
                row, remarks = _row(cells, part, columns, replace(bare, part=len(table.rows)), {})
                if any(row.cells.values()):
                    table.rows.append(row)
                    table.remarks += remarks


_NAME_OF = ("姓名", "名称", "姓名或名称", "姓名/名称", "姓名(名称)")


def _over_two_lines(sheet: Sheet, body: list[list[Cell]], at: int, columns: Columns) -> list[Cell] | None:
    """Puts headers together that stand over two lines, one merged over several below it: 被执行人 over 姓名 and
    身份证号. What stands below somebody else (申请执行人 over 电话) is theirs, never the debtor's. None for one
    line."""
    line = sheet.lines[at][0] - 1
    wide = [(left, right) for top, left, bottom, right in sheet.merged if top == bottom == line and right > left]
    below = [_text(cell) for cell in body[at + 1]] if at + 1 < len(body) else []
    inside = [column for left, right in wide for column in range(left, right + 1) if column < len(body[at])]
    said = [below[column] for column in inside if column < len(below)]
    if not inside or not any(said) or any(re.search("[0-9]{4}", one) for one in said):
        return None
    if not any(columns.name_of(one) in columns.known or header_of(one) in _NAME_OF for one in said):
        return None  # a row of the table
    both: list[Cell] = list(body[at])
    for column in inside:
        over, under = _text(body[at][column]), below[column] if column < len(below) else ""
        whose = columns.name_of(over)
        if header_of(under) in _NAME_OF or not under:
            both[column] = over
        elif whose in columns.required or whose not in columns.known:
            both[column] = under
        else:
            both[column] = f"{over}{under}"
    return both


def _side_by_side(where: dict[str, list[int]], columns: Columns) -> list[dict[str, list[int]]]:
    """Parts tables that stand beside each other: every column that must be there stands there as often."""
    count = min(len(where[name]) for name in columns.required)
    if count == 1 or not all(len(where[name]) == count for name in columns.required):
        return [where]
    begins = sorted(min(where[name][part] for name in columns.required) for part in range(count))
    ends = [*begins[1:], max(max(places) for places in where.values()) + 1]
    begins[0] = 0
    return [
        {name: inside for name, places in where.items() if (inside := [at for at in places if begin <= at < end])}
        for begin, end in zip(begins, ends, strict=True)
    ]


def _beside(cells: Sequence[Cell], width: int) -> str:
    """Returns what stands in a line behind the last header."""
    return " ".join(_text(cell) for cell in cells[width:] if _text(cell))


def _is_note(filled: Sequence[str], *, lacking: bool) -> bool:
    """Tells whether a line says something about the table: its beginning does, and it can't be a row; or all of it."""
    notes = [_NOTE.match(fold(cell)) is not None for cell in filled]
    return all(notes) or (lacking and notes[0])


def _lacks(row: Row, columns: Columns) -> bool:
    """Tells whether a line has nothing in a column without which it is no row."""
    return bool(columns.missing(header for header, text in row.cells.items() if text))


def _apart(heading: Sequence[str], sheet: Sheet, at: int, header: str) -> bool:
    """Tells whether a header stands in the file several times, and not once over merged cells."""
    own = [column for column, cell in enumerate(sheet.lines[at][1]) if _text(cell)]
    return sum(heading[column] == header for column in own) > 1


def _row(
    cells: Sequence[Cell], where: dict[str, list[int]], columns: Columns, bare: Row, before: dict[str, str]
) -> tuple[Row, list[Remark]]:
    """Reads a line's cells under their headers, and what is to be said of them."""
    remarks: list[Remark] = []
    found: dict[str, str] = {}
    for header, places in where.items():
        said = []
        for column in places:
            cell = cells[column] if column < len(cells) else ""
            text, code = _seen(cell)
            if code:
                remarks.append(Remark(bare.line, code, header, bare.sheet))
            if header not in columns.required and is_filler(text):
                text = ""
            if squeeze(text) in _SAME and before.get(header):
                text = before[header]
            if text.strip():
                said.append(text)
        if header in columns.joined:
            found[header] = "、".join(dict.fromkeys(said))
            continue
        found[header] = said[0] if said else ""
        if any(squeeze(one) != squeeze(two) for one, two in pairwise(said)):
            remarks.append(Remark(bare.line, "cells_differ", header, bare.sheet))
    return replace(bare, cells=found), remarks


def _seen(cell: Cell) -> tuple[str, str]:
    """Returns what the clerk sees in a cell, and the code of what is wrong with it."""
    if isinstance(cell, Number):
        if abs(cell.value) >= _EXACT:
            return "", "number_cut"
        return _shown(cell.value), ""
    if isinstance(cell, Mark):
        return printable(cell.text), cell.code
    return untricked(printable(cell)), ""
