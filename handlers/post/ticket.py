"""Invitations to print and cut out: a name, and a picture to scan, village by village."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import segno


@dataclass(frozen=True)
class Ticket:
    """One person's invitation."""

    place: str
    name: str
    link: str


def sheet(title: str, tickets: Sequence[Ticket]) -> bytes:
    """Makes a .docx with three tickets in a row. Not to be called in the event loop."""
    from docx import Document
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt

    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = "SimSun", Pt(11)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "宋体")
    document.add_heading(title, 1)
    for place, some in groupby(tickets, key=lambda ticket: ticket.place):
        document.add_heading(place, 2)
        mine = list(some)
        table = document.add_table(rows=0, cols=3, style="Table Grid")
        for start in range(0, len(mine), 3):
            cells = table.add_row().cells
            for cell, ticket in zip(cells, mine[start : start + 3], strict=False):
                picture = io.BytesIO()
                segno.make(ticket.link, micro=False).save(picture, kind="png", scale=6, border=2)
                picture.seek(0)
                cell.paragraphs[0].add_run(ticket.name).bold = True
                cell.add_paragraph().add_run().add_picture(picture, width=Cm(4))
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()
