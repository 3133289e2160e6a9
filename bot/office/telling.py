"""What an import did, or would do, in words: for the command line, and for the page."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from bot.office.importing import Imported
from storage.imports import Report
from storage.imports.table import Remark

MOST_LINES = 20
Word = Callable[..., str]
"""Looks a message of the catalogue up, in one language."""


class Told(NamedTuple):
    """What went wrong or needs a look, and the sum of it."""

    remarks: list[str]
    summary: str
    alike: bool
    """Whether remarks that say the same of many rows were told together."""


def tell(done: Imported, word: Word, *, verbose: bool = False) -> Told:
    """Says what became of a file."""
    report, table = done.report, done.table
    said = [word(f"imports.{remark.code}", name=remark.word) for remark in table.unread]
    if done.unknown_headers:
        said.append(word("imports.unknown_headers", names="、".join(done.unknown_headers)))
    for remark in report.rejected[:MOST_LINES]:
        said.append(word("imports.rejected_line", line=_line(remark, word), reason=reason(remark, word)))
    if len(report.rejected) > MOST_LINES:
        said.append(word("imports.more_lines", count=len(report.rejected) - MOST_LINES))
    alike = {} if verbose else {code: count for code, count in _wordless(report).items() if count > 1}
    for code, count in alike.items():
        said.append(word("imports.warned_alike", count=count, reason=word(f"imports.reason_{code}")))
    for remark in report.warnings:
        if remark.word or remark.code not in alike:
            said.append(word("imports.warned_line", line=_line(remark, word), reason=reason(remark, word)))
    return Told(said, _summary(report, word), bool(alike))


def reason(remark: Remark, word: Word) -> str:
    """Says why a row was not taken, or what is to be looked at."""
    return word(f"imports.reason_{remark.code}", word=remark.word)


def _line(remark: Remark, word: Word) -> str:
    return word("imports.line_of", sheet=remark.sheet, line=remark.line) if remark.sheet else str(remark.line)


def _summary(report: Report, word: Word) -> str:
    """Says what became of every row of the file; the numbers sum."""
    counts = {
        **{how: report.count(how) for how in ("added", "changed", "unchanged")},
        "rejected": len(report.rejected),
        **{why: report.left[why] for why in ("repeated", "blank", "total", "heading", "note")},
    }
    said = [word(f"imports.count_{name}", count=count) for name, count in counts.items() if count or name == "added"]
    return word("imports.summary", rows=report.rows, counts=word("imports.comma").join(said))


def _wordless(report: Report) -> Counter[str]:
    """Notes that say the same of many rows."""
    return Counter(remark.code for remark in report.warnings if not remark.word)
