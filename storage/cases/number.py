"""Reads case numbers, whole or in part. Pure."""

import re
from dataclasses import dataclass

from storage.engine.text import fold

_CASE_NO = re.compile(r"\((\d{4})\)([\u4e00-\u9fa5]\d{2,4})(执恢|执保|执异|执)(?:字第)?(\d{1,6})号?")
CASE_TAIL = re.compile(r"(执恢|执保|执)(?:字第)?(\d{1,6})号?")


@dataclass(frozen=True)
class CaseNo:
    """A case number taken apart."""

    year: int
    court_code: str
    kind: str
    sequence: int

    def __str__(self) -> str:
        return f"（{self.year}）{self.court_code}{self.kind}{self.sequence}号"


def parse_case_no(text: str) -> CaseNo | None:
    """Reads a whole case number in any bracket, width and spacing; None where a part is missing. Never guesses."""
    match = _CASE_NO.fullmatch(fold(text).replace(" ", ""))
    if match is None:
        return None
    year, court, kind, sequence = match.groups()
    return CaseNo(int(year), court, kind, int(sequence))


def find_case_nos(text: str) -> list[CaseNo]:
    """Finds all whole case numbers in a sentence."""
    found = _CASE_NO.finditer(fold(text).replace(" ", ""))
    return [CaseNo(int(m[1]), m[2], m[3], int(m[4])) for m in found]


def find_case_tails(text: str) -> list[tuple[str, int]]:
    """Finds pieces such as 执456号: kind and sequence."""
    return [(m[1], int(m[2])) for m in CASE_TAIL.finditer(fold(text).replace(" ", ""))]
