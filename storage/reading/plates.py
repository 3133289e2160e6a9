"""Number plates as people say them: whole, their end (尾号幺二A), or half seen (K3Y5开头, 5W7什么C). Pure."""

import re
from collections.abc import Sequence

from storage.cases.plate import PROVINCES
from storage.reading.evidence import Add, Known

_PLATE = re.compile(
    r"(?<![A-Z0-9])([\u4e00-\u9fa5]?[A-Z][A-Z0-9]{4}[学警挂港澳试超领使]"
    r"|[\u4e00-\u9fa5]?[A-Z][A-Z0-9]{4,6}|[A-Z0-9]{5,6})(?![A-Z0-9])"
)
_PLATE_TAIL = re.compile(
    r"(?:尾号|尾巴|尾数|牌照|车牌|车号|那辆|这辆|那部|这部|的车)(?:是|为)?\s?(?=[A-Z]*\d)([A-Z0-9]{2,5})(?![A-Z0-9])"
)


def add_plates(text: str, people: Sequence[Known], add: Add) -> None:
    """Adds those whose plate, or a part of it, is said.

    Each that is said is a mention of its own; the stretches stand before the text, apart from all words.
    """
    whole, tails = (sorted(found) for found in _plates(text))
    parts = _plate_parts(text)
    for person in people:
        for plate in person.plates:
            for place, word in enumerate(whole):
                if plate == word or (len(word) >= 5 and plate.endswith(word)):
                    add(-2 - 2 * place, -1 - 2 * place, person, "plate", word)
                    break
            else:
                for place, tail in enumerate(tails):
                    if plate.endswith(tail):
                        add(-42 - 2 * place, -41 - 2 * place, person, "plate_tail", tail)
                for place, (begin, part) in enumerate(parts):
                    if part.search(plate):
                        add(-72 - 2 * place, -71 - 2 * place, person, "plate_tail", begin)


_SPOKEN_END = re.compile(
    "(?<=尾号|车牌|牌照|车号|尾巴|尾数)是?([零〇一二三四五六七八九幺A-Z0-9]{2,5})"
    "|(?<![零〇一二三四五六七八九幺A-Z0-9])(?=[零〇一二三四五六七八九幺0-9]*[A-Z])([零〇一二三四五六七八九幺A-Z0-9]{5,6})"
    "(?![零〇一二三四五六七八九幺A-Z0-9])"
)
_SPOKEN = str.maketrans("零〇一二三四五六七八九幺", "001234567891")
_UNKNOWN = re.compile(r"(?<![A-Z0-9])([A-Z0-9]{2,5})(?:什么|几|某|\*|×)([A-Z0-9]{1,3})(?![A-Z0-9])")
"""One character wasn't seen: 5W7什么C."""
_BEGUN = re.compile(r"(?<![A-Z0-9])([A-Z0-9]{2,5})(?:开头|打头)(?:[^A-Z0-9,，。]{0,2}([A-Z0-9]{1,3})结尾)?")
"""Only the beginning was seen: K3Y5开头, A2M开头、D结尾."""


def _plates(text: str) -> tuple[set[str], set[str]]:
    """Finds what may be a plate, and what is said to be the end of one; its digits may be spoken: 尾号幺二A."""
    upper = _SPOKEN_END.sub(lambda match: match[0].translate(_SPOKEN), text.upper())
    upper = re.sub(r"(?<=[A-Z0-9])[ ·.](?=[A-Z0-9])|(?<=[A-Z])[•‧∙・\-—–](?=[A-Z0-9])", "", upper)
    whole = {match[1] for match in _PLATE.finditer(upper)}
    whole = {word if word[0].isascii() or word[0] in PROVINCES else word[1:] for word in whole}
    return whole, {match[1] for match in _PLATE_TAIL.finditer(upper)}


def _plate_parts(text: str) -> list[tuple[str, re.Pattern[str]]]:
    """Finds plates said in part: how each begins after province and letter, and what it must look like."""
    upper = text.upper()
    found = [(match[1], f"{match[1]}[A-Z0-9]{match[2]}$") for match in _UNKNOWN.finditer(upper)]
    found += [(match[1], f"{match[1]}[A-Z0-9]*{match[2] or ''}$") for match in _BEGUN.finditer(upper)]
    return [(begin, re.compile(f"^.[A-Z]?{part}")) for begin, part in found]


def plate_traces(text: str) -> list[str]:
    """Lists the plates and ends of plates that a text may speak of."""
    whole, tails = _plates(text)
    return sorted(whole | tails)


def plate_beginnings(text: str) -> list[str]:
    """Lists the beginnings of plates that a text may speak of."""
    return sorted({begin for begin, _part in _plate_parts(text)})
