"""The report of a time as an office files it (.docx), and its tables as a spreadsheet (.xlsx)."""

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import locales
from handlers.callback import Tap
from handlers.card import Card, File, Showing, card
from handlers.context import Turn
from handlers.desk.chart import cartogram, chart, places
from handlers.desk.figures import lines_of, reform_lines
from handlers.desk.listing import ask_figures, kept_for, owned
from handlers.desk.picture import Draw, drawn
from handlers.route import App, on_command, on_tap
from handlers.workbook import Cell, Sheet, workbook
from storage.desk import endings, figures, listing
from storage.desk.endings import Ending
from storage.desk.figures import SMALL, Counted, Figures
from storage.engine.clock import day_bounds, local
from storage.people.access import Action
from storage.people.area import county_of, full_name, name_of, short_name
from storage.people.person import names_of

_FILES = ("report", "table")
_IN_SENTENCE = ("alerts", "unanswered", "running", "closed", "useful", "false_alarms")


def register(app: App) -> None:
    on_command(app, "report", Action.LIST, report, menu=250)
    for name in _FILES:
        on_tap(name, make, Action.LIST)


async def report(turn: Turn, words: str) -> None:
    """Answers `/report 上周` with a .docx; without a time it is about the last week."""
    await ask_figures(turn, words, "report", "上周", kind="report")


async def make(turn: Turn, tap: Tap) -> None:
    """Answers Word 报告 and Excel 表: the buttons under the figures."""
    row = await owned(turn, tap)
    if row is not None:
        await turn.reply(tap.verb, row.id)


@dataclass(frozen=True)
class Gathered:
    """What a report is made of."""

    title: str
    unit: str
    """Who signs it."""
    sentence: str
    """What happened, in a sentence."""
    lines: list[str]
    tables: list[Sheet]
    pictures: list[Draw]
    small: bool


async def _gathered(showing: Showing, *, pictures: bool) -> Gathered | None:
    kept = await kept_for(showing)
    if kept is None:
        return None
    row, person = kept
    of = await figures.counted(row.what, person, showing.now)
    now = figures.figures_of(of.rows)
    ended = await endings.endings(of.asked, person, of.since, of.until)
    area = await full_name(of.asked.seen_by(person)[0])
    until = listing.moment(of.asked.until) if of.asked.until else day_bounds(showing.now)[1]
    when = locales.period(showing.language, local(of.since), local(until))
    counts = {name: getattr(now, name) for name in _IN_SENTENCE}
    tables = [await one(showing, of) for one in (_days, _places, _judges, _reporters)]
    return Gathered(
        title=showing.plain("report.title", area=area, when=when),
        unit=showing.plain("report.unit", area=await name_of(county_of(person.area_code))),
        sentence=showing.plain(
            "report.sentence", when=when, area=area, paid=locales.amount(showing.language, now.paid), **counts
        ),
        lines=[
            *lines_of(showing, now, *await figures.earlier_than(of)),
            *reform_lines(showing, endings.case_figures_of(ended)),
        ],
        tables=tables if pictures else [*tables, await _sources(showing, of), _ended(showing, ended)],
        pictures=[await one(showing, of) for one in (chart, cartogram)] if pictures else [],
        small=0 < now.alerts < SMALL,
    )


def _heads(showing: Showing, first: str) -> list[str]:
    return [showing.plain(f"report.{first}"), *showing.plain("report.columns").split("|")]


def _cells(name: str | date, one: Figures) -> list[Cell]:
    return [
        name,
        one.alerts,
        one.unanswered,
        one.running,
        one.closed,
        one.useful,
        one.false_alarms,
        one.on_scene,
        *(_minutes(times.median) if times is not None else None for times in (one.to_acknowledge, one.to_close)),
        _minutes(one.to_acknowledge.ninety) if one.to_acknowledge is not None else None,
        one.paid,
    ]


def _minutes(time: timedelta) -> float:
    return round(time.total_seconds() / 60, 1)


async def _days(showing: Showing, of: Counted) -> Sheet:
    cells = [_cells(day, one) for day, one in figures.by_day(of.rows, of.since, of.until)]
    return Sheet(showing.plain("report.days"), _heads(showing, "day"), cells)


async def _places(showing: Showing, of: Counted) -> Sheet:
    cells = [_cells(short_name(part.name), one) for part, one in await places(of)]
    return Sheet(showing.plain("report.places"), _heads(showing, "place"), cells)


async def _judges(showing: Showing, of: Counted) -> Sheet:
    found = figures.of_each(of.rows, lambda one: one.judge_id)
    names = await names_of(found)
    cells = [_cells(names.get(judge_id, ""), one) for judge_id, one in found.items()]
    return Sheet(showing.plain("report.judges"), _heads(showing, "judge"), cells)


async def _reporters(showing: Showing, of: Counted) -> Sheet:
    """Tells who reported how much.

    Those who asked to stay unnamed, and counts small enough to guess from, are one line.
    """
    found = figures.of_each(of.rows, lambda one: one.reporter_id)
    named = {who: one for who, one in found.items() if one.alerts >= SMALL}
    rest = [row for row in of.rows if row.reporter_id not in named]
    names = await names_of(named)
    cells = [_cells(names.get(who, ""), one) for who, one in named.items()]
    cells += [_cells(showing.plain("report.others", small=SMALL), figures.figures_of(rest))] if rest else []
    return Sheet(showing.plain("report.reporters"), _heads(showing, "reporter"), cells)


@card("report")
async def show_report(showing: Showing) -> Card | None:
    found = await _gathered(showing, pictures=True)
    if found is None:
        return None
    signed = showing.plain("report.made", at=f"{local(showing.now):%Y-%m-%d %H:%M}")
    note = showing.plain("figures.small") if found.small else ""
    how = showing.plain("figures.definitions", small=SMALL)
    pictures = [await drawn(draw, "png") for draw in found.pictures]
    today = locales.period(showing.language, local(showing.now), local(showing.now))
    content = await asyncio.to_thread(_document, found, pictures, [note, how, signed], [found.unit, today])
    return Card(locales.escape(found.title), file=File("document", f"{found.title}.docx", content))


@card("table")
async def show_table(showing: Showing) -> Card | None:
    """Shows a spreadsheet: one sheet for each table, the reports behind the figures after these."""
    found = await _gathered(showing, pictures=False)
    if found is None:
        return None
    content = await asyncio.to_thread(workbook, found.tables)
    return Card(locales.escape(found.title), file=File("document", f"{found.title}.xlsx", content))


async def _sources(showing: Showing, of: Counted) -> Sheet:
    """Lists the alerts that were counted: number, place, times, state and whose they are, without anybody's name beside
    the court's."""
    judges = await names_of({one.judge_id for one in of.rows if one.judge_id is not None})
    cells: list[Sequence[Cell]] = []
    for one in of.rows:
        moments = (one.raised_at, one.acknowledged_at, one.scene_at, one.closed_at)
        cells.append(
            [
                one.number,
                await full_name(one.area_code),
                judges.get(one.judge_id or 0, ""),
                *(local(at) if at is not None else None for at in moments),
                showing.plain(f"alert.state_{one.state.value}"),
                showing.plain(f"alert.outcome_{one.outcome.value}") if one.outcome is not None else "",
                one.amount,
            ]
        )
    return Sheet(showing.plain("report.sources"), showing.plain("report.source_columns").split("|"), cells)


def _ended(showing: Showing, endings: Sequence[Ending]) -> Sheet:
    """Lists the cases behind the reform's figures."""
    cells: list[list[Cell]] = [
        [
            one.number,
            showing.plain(f"case.status_{one.status.value}"),
            *(one.filed, one.ended, one.received, one.paid_out),
            "" if one.voluntary is None else showing.plain("report.voluntary" if one.voluntary else "report.forced"),
            one.petitions,
            one.owed,
            one.paid,
        ]
        for one in endings
    ]
    return Sheet(showing.plain("report.ended"), showing.plain("report.ended_columns").split("|"), cells)


def _document(found: Gathered, pictures: Sequence[bytes], closing: list[str], signed: list[str]) -> bytes:
    """Writes the report as a .docx, with the paper, margins and sizes of GB/T 9704. Not to be called in the event
    loop."""
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    document = Document()

    def typed(style: str, font: str, size: float, *, bold: bool = False) -> None:
        of = document.styles[style]
        of.font.name, of.font.size, of.font.bold = font, Pt(size), bold
        of.font.color.rgb = None
        of.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)

    typed("Normal", "仿宋", 16)
    typed("Heading 1", "宋体", 22, bold=True)
    typed("Heading 2", "黑体", 16)
    document.styles["Normal"].paragraph_format.line_spacing = Pt(28)
    for section in document.sections:
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.bottom_margin = Mm(37), Mm(35)
        section.left_margin, section.right_margin = Mm(28), Mm(26)
    document.add_heading(found.title, 1).alignment = WD_ALIGN_PARAGRAPH.CENTER
    for line in (found.sentence, *found.lines):
        document.add_paragraph(line).paragraph_format.first_line_indent = Pt(32)
    for picture in pictures:
        document.add_picture(io.BytesIO(picture), width=Mm(155))
        document.paragraphs[-1].paragraph_format.line_spacing = 1.0
    for table in found.tables[1:]:
        document.add_heading(table.title, 2)
        _table(document, table)
    for line in filter(None, closing):
        made = document.add_paragraph(line)
        made.paragraph_format.line_spacing = Pt(16)
        for run in made.runs:
            run.font.size = Pt(10.5)
    for line in signed:
        document.add_paragraph(line).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


_IN_DOCUMENT = (0, 1, 2, 4, 5, 6, 8, 11)
"""The columns that fit a page."""


def _table(document: Any, table: Sheet) -> None:
    """Adds a table without the lines in which nothing has happened."""
    from docx.shared import Pt

    made = document.add_table(rows=1, cols=len(_IN_DOCUMENT), style="Table Grid")
    told = [row for row in table.rows if any(row[column] for column in _IN_DOCUMENT[1:])]
    for row, values in enumerate([table.heads, *told]):
        cells = made.rows[0].cells if row == 0 else made.add_row().cells
        for place, column in enumerate(_IN_DOCUMENT):
            value = values[column]
            cells[place].text = "" if value is None else str(value)
            cells[place].paragraphs[0].paragraph_format.line_spacing = Pt(14)
            for run in cells[place].paragraphs[0].runs:
                run.font.size, run.font.bold = Pt(9), row == 0
