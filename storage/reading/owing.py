"""Whom somebody owes and how much, in the words people use: 欠老杜13万的, 农商行告的那个. Pure."""

import re
from collections.abc import Sequence

from storage.reading.evidence import Known
from storage.reading.sums import owed_in, sums_in

_CREDITOR = re.compile(
    r"欠(?!了|着|过|一屁股)(?:老|小|阿)?([\u4e00-\u9fa5]{1,8}?)(?:的)?(?:钱|[\d一二两三四五六七八九十]|的|债)"
)


def amounts_in(text: str) -> tuple[int, ...]:
    """Lists the sums of money in a text, in whole yuan, each once."""
    return tuple(dict.fromkeys(int(one.yuan) for one in sums_in(text)))


_ACCUSER = re.compile(r"([\u4e00-\u9fa5]{2,8}?)(?:(?:起诉|告)了?的|[讲说](?:有人)?欠[他她])")
"""农商行告的那个, 云青讲欠他钱那个."""
_LENDER = re.compile(r"[问跟向](?:老|小|阿)?([\u4e00-\u9fa5]{1,4}?)(?:手里)?借")
OWED_TO = (_CREDITOR, _LENDER, _ACCUSER)


def owing_to(creditor: str, people: Sequence[Known]) -> list[Known]:
    """Finds who owes to somebody of these words; where nobody does, to somebody of that surname."""
    named = [person for person in people if any(creditor in name for name in person.creditors)]
    if named and len(creditor) > 1:
        return named
    return [person for person in people if any(name.startswith(creditor[:1]) for name in person.creditors)]


def speaks_of_debt(text: str) -> bool:
    """Tells whether it may matter whom and how much somebody owes.

    It says True rather too often than too seldom, for the reader cuts out what is denied before it looks.
    """
    return "欠" in text or "借" in text or bool(creditor_traces(text))


def amount_traces(text: str) -> list[int]:
    """Lists how much somebody is said to owe, in the words after 欠, in yuan."""
    return sorted({int(one.yuan) for one in owed_in(text)})


def creditor_traces(text: str) -> list[str]:
    """Lists who is said to be owed, in the words after 欠."""
    return sorted({match[1] for pattern in OWED_TO for match in pattern.finditer(text)})
