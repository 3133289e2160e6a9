"""Whom somebody owes and how much, in the words people use: 欠老杜13万的, 农商行告的那个. Pure."""

import re
from collections.abc import Sequence

from storage.evidence import Known

_CREDITOR = re.compile(
    r"欠(?!了|着|过|一屁股)(?:老|小|阿)?([\u4e00-\u9fa5]{1,8}?)(?:的)?(?:钱|[\d一二两三四五六七八九十]|的|债)"
)
_AMOUNT = r"(([0-9]{1,7}(?:\.[0-9]{1,4})?|[一二两三四五六七八九十百]{1,8})(万|千|百)([一二两三四五六七八九0-9])?)"
"""The whole of it, the number, the unit, the digit behind: what `yuan_of` reads."""
OWED = re.compile(rf"(?:欠|借)[^,，。;；0-9]{{0,8}}?{_AMOUNT}(?![年月号])")
"""How much somebody owes, in words: 欠八万六的, 欠老杜13万."""
_DIGITS = {
    digit: number for digits in ("零一二三四五六七八九", "0123456789") for number, digit in enumerate(digits)
} | {"两": 2}
_TENS = {"十": 10, "百": 100}
_UNITS = {"万": 10_000, "千": 1_000, "百": 100}
_SUM = re.compile(
    rf"(?<![0-9.]){_AMOUNT}(?![年月号亩斤个])"
    r"|(?<![0-9.])([0-9]{2,9})(?=元|块)"
)


def amounts_in(text: str) -> tuple[int, ...]:
    """The sums of money in a text, in yuan."""
    found = (int(match[5]) if match[5] else yuan_of(match) for match in _SUM.finditer(text))
    return tuple(dict.fromkeys(found))


def yuan_of(match: re.Match[str]) -> int:
    """八万六 → 86,000; the digit behind the unit counts tenths of it."""
    unit = _UNITS[match[3]]
    tenth = _DIGITS[match[4] or "零"]
    return round(_number(match[2]) * unit) + tenth * unit // 10


def _number(words: str) -> float:
    if words[0].isascii():
        return float(words)
    total, digit = 0, 0
    for one in words:
        if one in _TENS:
            total, digit = total + (digit or 1) * _TENS[one], 0
        else:
            digit = _DIGITS[one]
    return total + digit


_ACCUSER = re.compile(r"([\u4e00-\u9fa5]{2,8}?)(?:(?:起诉|告)了?的|[讲说](?:有人)?欠[他她])")
"""农商行告的那个, 云青讲欠他钱那个."""
_LENDER = re.compile(r"[问跟向](?:老|小|阿)?([\u4e00-\u9fa5]{1,4}?)(?:手里)?借")
OWED_TO = (_CREDITOR, _LENDER, _ACCUSER)


def owing_to(creditor: str, people: Sequence[Known]) -> list[Known]:
    """Who owes to somebody of these words; where nobody does, to somebody of that surname."""
    named = [person for person in people if any(creditor in name for name in person.creditors)]
    if named and len(creditor) > 1:
        return named
    return [person for person in people if any(name.startswith(creditor[:1]) for name in person.creditors)]


def speaks_of_debt(text: str) -> bool:
    """Whether it may matter whom and how much somebody owes; True rather than too seldom, for the reader cuts out what
    is denied before it looks."""
    return "欠" in text or "借" in text or bool(creditor_traces(text))


def amount_traces(text: str) -> list[int]:
    """What somebody owes, in the words behind 欠, in yuan."""
    return sorted({yuan_of(match) for match in OWED.finditer(text)})


def creditor_traces(text: str) -> list[str]:
    """Who is owed, in the words behind 欠."""
    return sorted({match[1] for pattern in OWED_TO for match in pattern.finditer(text)})
