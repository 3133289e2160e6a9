"""Text as people and clerks type it, brought to one form. Pure."""

import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

_INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u00ad\u180e\ufe00-\ufe0f]")
_SPACE = re.compile(r"\s+")


def fold(text: str) -> str:
    """Turns full-width into half-width, drops invisible characters, makes white space single blanks, and trims."""
    flat = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    return _SPACE.sub(" ", flat).strip()


@cache
def _simple() -> dict[int, int]:
    """Loads the table beside this file, made from OpenCC's data (`tests/reading/simplified.py`)."""
    with Path(__file__).with_name("simplified.txt").open(encoding="utf-8") as lines:
        return {ord(line[0]): ord(line[1]) for line in lines}


def simplified(text: str) -> str:
    """Replaces traditional characters by simplified ones, each in its place."""
    return text if text.isascii() else text.translate(_simple())


READ_LIMIT = 2000
"""Longer messages are kept whole; only this many characters are read."""


@lru_cache(16)  # a message is gone through several times
def heard(text: str) -> str:
    """Prepares a message for reading: its beginning, folded, with simplified characters."""
    return simplified(fold(text[:READ_LIMIT]))


_COMPANY = re.compile("^.{2,7}?[省市县区](.{3,}?)(?:有限责任公司|股份有限公司|有限公司|公司)?$")
_WORKS = re.compile(".{2}(?:厂|社|场|店|行|坊)$")


def company_names(name: str) -> list[str]:
    """Lists a company's names besides the full one: without county and legal form, and by what it makes (编织厂)."""
    found = _COMPANY.match(name)
    if found is None:
        return []
    core = found[1]
    works = _WORKS.search(core)
    return list(dict.fromkeys([core, *([works[0]] if works else [])]))


def squeeze(text: str) -> str:
    """Folds and drops all blanks: for names, which clerks pad with wide spaces."""
    return fold(text).replace(" ", "")
