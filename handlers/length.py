"""How long a text may be, and what is left out of one that is longer."""

import html
import re
from collections.abc import Sequence

import locales

TEXT_LIMIT, CAPTION_LIMIT = 4096, 1024
"""Units, entities resolved."""
_REPEAT = 100
"""Room for what is said above a card that may have come before."""
_TAGS = re.compile("<[^>]*>")


def units(text: str) -> int:
    """Counts as Telegram counts: UTF-16 units, of which a smiley or a rare character has two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shown(text: str) -> str:
    """Returns what a person sees of a text with markup, and what counts for its length."""
    return html.unescape(_TAGS.sub("", text))


def shortened(words: str, limit: int = 900) -> str:
    """Shortens a sentence to so many units, to fit into a card; people don't write longer ones, machines do."""
    if units(words) <= limit:
        return words
    return words.encode("utf-16-le", "surrogatepass")[: 2 * limit].decode("utf-16-le", "ignore") + "…"


def fitting(text: str, limit: int = TEXT_LIMIT) -> str:
    """Shortens a text with markup, without which it is then: cards keep to their limits, this is for what they didn't
    foresee."""
    plain = shown(text)
    return text if units(plain) <= limit else locales.escape(shortened(plain, limit - 1))


class Spare(str):
    """A line that is left out where a card would get too long; of several the one of the highest rank first."""

    rank: int

    def __new__(cls, line: str, rank: int) -> "Spare":
        self = super().__new__(cls, line)
        self.rank = rank
        return self


def kept(lines: Sequence[str], limit: int = TEXT_LIMIT - _REPEAT) -> list[str]:
    """Returns a card's lines without the empty ones and without as many spare ones as it must."""
    left = [line for line in lines if line]
    spare = sorted((one for one in left if isinstance(one, Spare)), key=lambda one: one.rank)
    while spare and units(shown("\n".join(left))) > limit:
        gone = spare.pop()
        left = [line for line in left if line is not gone]
    return left


def together(lines: Sequence[str]) -> str:
    """Puts a card's lines together, as many as fit."""
    return "\n".join(kept(lines))
