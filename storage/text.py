"""Text as people and clerks type it, brought to one form. Pure."""

import re
import unicodedata

_INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u00ad\u180e\ufe00-\ufe0f]")
_SPACE = re.compile(r"\s+")


def fold(text: str) -> str:
    """Full-width to half-width, invisible characters dropped, white space to single blanks, trimmed."""
    flat = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    return _SPACE.sub(" ", flat).strip()


def squeeze(text: str) -> str:
    """`fold` without any blanks: for names, which clerks pad with wide spaces."""
    return fold(text).replace(" ", "")
