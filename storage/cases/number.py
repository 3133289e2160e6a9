"""Reads case numbers, whole or in part, in every form that is in use. Pure.

Since 2016: （2019）浙1122执恢81号, of a county's court, a city's (浙11), a province's (浙) or the highest (最高法).
Before: （2013）丽缙执民字第456号. 之一 names a document of the same case.
"""

import re
from dataclasses import dataclass, replace

from storage.engine.text import fold, simplified

_YEAR = r"[\[(<{〔【〈《「]?(?P<year>(?:19|20)\d{2})(?:年度?)?[\])>}〕】〉》」]?"
_KIND = "执(?:恢|保|异|复|监|协|他)?"
_HAN = "[\u4e00-\u9fa5]"
_COURT = (
    rf"(?P<court>最高法|{_HAN}{{1,5}}?\d{{0,4}})"
    rf"(?P<kind>执{_HAN}{{1,2}}(?=字第)|{_KIND}|恢执|[民刑商行]执)(?P<word>字?第|字)?"
)
_SEQUENCE = r"0*(?P<sequence>[1-9]\d{0,5})(?!\d)"
_DOCUMENT = r"(?:之[一二三四五六七八九十\d]{1,3})?"
_END = rf"{_DOCUMENT}号?{_DOCUMENT}"
_WHOLE = re.compile(_YEAR + _COURT + _SEQUENCE + _END)
_MORE = re.compile(rf"(?P<mark>[、,;/和及与-]|至)?(?P<kind>{_KIND})?(?:字?第)?{_SEQUENCE}{_END}")
"""A further number in the same words: 97、98号, 95-96号."""
_AROUND = re.compile(
    r"^(?:(?:本院|我院|执行|本案)?(?:案号|案件号)|关于|对)[:是为]?|^[…. ]+|(?:(?:执行)?一?案(?:件)?|[。.,;])+$"
)
_BETWEEN = re.compile(r"[、,;/和及与]+")
CASE_TAIL = re.compile(rf"(?P<kind>{_KIND})(?:字?第)?{_SEQUENCE}{_END}")
_PART = re.compile(rf"(?:{_YEAR})?(?:{_COURT}|(?P<only>{_KIND})(?:字?第)?|第)?{_SEQUENCE}{_END}")
_OTHER = re.compile(rf"{_YEAR}[\u4e00-\u9fa5]{{1,3}}\d{{0,4}}[\u4e00-\u9fa5]{{1,4}}(?:字第)?\d{{1,6}}号?.*")
_NEW_FORM = 2016
_MOST = 20
"""So many numbers one cell may name."""


@dataclass(frozen=True)
class CaseNo:
    """A case number taken apart; `kind` of an old one is what stands before 字第."""

    year: int
    court_code: str
    kind: str
    sequence: int
    old: bool = False

    def __str__(self) -> str:
        return f"（{self.year}）{self.court_code}{self.kind}{'字第' if self.old else ''}{self.sequence}号"


@dataclass(frozen=True)
class Part:
    """What somebody says of a case number: the sequence, and whatever else they name."""

    sequence: int
    kind: str = ""
    court_code: str = ""
    year: int = 0


def _number(match: re.Match[str]) -> CaseNo:
    """Since 2016 a court has a number in its code, or is a province's or the highest."""
    year, court = int(match["year"]), match["court"]
    old = not court[-1].isdigit() and court != "最高法" and (year < _NEW_FORM or match["word"] is not None)
    return CaseNo(year, court, match["kind"], int(match["sequence"]), old)


def _bare(text: str) -> str:
    """Takes off what people write around a number: 案号：…, …号案."""
    plain = simplified(fold(text)).replace(" ", "").strip("\"'“”")
    return _AROUND.sub("", re.sub(r"(?<=[号0-9])\([^()0-9]*\)$", "", plain))


def parse_case_no(text: str) -> CaseNo | None:
    """Reads one whole case number; None where a part is missing. Never guesses."""
    match = _WHOLE.fullmatch(_bare(text))
    return _number(match) if match else None


def parse_case_nos(text: str) -> list[CaseNo]:
    """Reads the numbers that a cell names, and nothing else: one, or several in a line. None of them where a part is
    unclear."""
    words = _bare("、".join(text.split("\n")) if "\n" in text.strip() else text)
    found: list[CaseNo] = []
    at = 0
    while at < len(words) and len(found) <= _MOST:
        if match := _WHOLE.match(words, at):
            found.append(_number(match))
        elif found and (match := _MORE.match(words, at)):
            last = replace(found[-1], kind=match["kind"]) if match["kind"] else found[-1]
            further = _further(last, int(match["sequence"]), match["mark"])
            if further is None:
                return []
            found += further
        elif found and (match := _BETWEEN.match(words, at)):
            pass
        else:
            return []
        at = match.end()
    return list(dict.fromkeys(found)) if len(found) <= _MOST else []


def _further(last: CaseNo, sequence: int, mark: str | None) -> list[CaseNo] | None:
    """Lists the numbers that follow one: up to this; this; none where it is a document of the same case (456-1). None
    where it would be more than a cell can mean."""
    if mark in ("-", "至"):
        if sequence <= last.sequence:
            return []
        if sequence > last.sequence + _MOST:
            return None
        first = last.sequence + 1
    else:
        first = sequence
    return [CaseNo(last.year, last.court_code, last.kind, one, last.old) for one in range(first, sequence + 1)]


def names_a_document(text: str) -> bool:
    """Tells whether a number ends like 456-1号, which may be a document of the case, or a slip."""
    return re.search(r"\d-\d{1,2}号?$", _bare(text)) is not None


def is_of_another_kind(text: str) -> bool:
    """Tells whether it is a whole number of a case that isn't enforced: 民初, 财保."""
    return parse_case_no(text) is None and _OTHER.fullmatch(_bare(text)) is not None


def parse_part(text: str) -> Part | None:
    """Reads a piece of a number as somebody asks for it: 456, 456号案, 执恢81号, 浙1122执456号, 2013年456号."""
    match = _PART.fullmatch(_bare(text))
    if match is None:
        return None
    kind = match["kind"] or match["only"] or ""
    return Part(int(match["sequence"]), kind, match["court"] or "", int(match["year"] or 0))


def find_case_nos(text: str) -> list[CaseNo]:
    """Finds all whole case numbers in a sentence."""
    return [_number(match) for match in _WHOLE.finditer(fold(text).replace(" ", ""))]


def find_case_tails(text: str) -> list[tuple[str, int]]:
    """Finds pieces such as 执456号: kind and sequence."""
    return [(m["kind"], int(m["sequence"])) for m in CASE_TAIL.finditer(fold(text).replace(" ", ""))]
