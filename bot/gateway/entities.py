"""Finds what a text says by itself, as the Bot API's server does: addresses, mentions, hashtags, commands.

The rules follow what the Bot API documents of MessageEntity and what its published server takes; of addresses without a
scheme only those with a common ending are known.
"""

import re
from collections.abc import Iterator
from typing import Any

from bot.gateway.markup import Entity, utf16

_ENDINGS = "com|org|net|cn|gov|edu|io|dev|app|info|me|top|xyz|cc|co|biz|tv|hk|tw|jp|kr|sg|uk|us|de|fr|ru|eu"
_HOST = rf"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:{_ENDINGS})\b"
_SCHEME = r"(?:https?|ftp|ton|tonsite|tg)://[^\s<>\"，。；、！？）】》”]+"
_REST = r"(?::\d{1,5})?(?:[/?#][^\s<>\"，。；、！？）】》”]*)?"
_KINDS = (
    ("email", re.compile(rf"(?<![\w.+-])[a-z0-9_.+-]{{1,64}}@{_HOST}", re.I)),
    ("url", re.compile(rf"{_SCHEME}|(?<![@\w.-]){_HOST}{_REST}", re.I)),
    ("mention", re.compile(r"(?<![\w@])@[a-z]\w{2,31}\b", re.I | re.A)),
    ("hashtag", re.compile(r"(?<![\w#])#(?=\w*[^\W\d_])\w{1,256}")),
    ("cashtag", re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?![A-Za-z0-9_])")),
    ("bot_command", re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z]\w{2,31})?(?![\w/<>@])", re.A)),
)
_NAMES = frozenset(kind for kind, _pattern in _KINDS)
_SIGNS = frozenset("@#$/.")
_CLOSED = frozenset({"code", "pre", "text_link", "text_mention", "custom_emoji"})
"""Within these nothing is looked for."""


def with_found(text: str, given: list[Entity]) -> list[Entity]:
    """Returns the entities that were given and those that the text has by itself, in order."""
    if _SIGNS.isdisjoint(text):
        return given
    entities = list(given)
    for one in _found(text):
        if all(_apart(one, other) or (other["type"] not in _CLOSED and _within(one, other)) for other in entities):
            entities.append(one)
    return sorted(entities, key=lambda one: (one["offset"], -one["length"]))


def _found(text: str) -> Iterator[Entity]:
    for kind, pattern in _KINDS:
        for match in pattern.finditer(text):
            words = match[0].rstrip(".,:;!?'\")]}") if kind == "url" else match[0]
            yield {"type": kind, "offset": utf16(text[: match.start()]), "length": utf16(words)}


def _apart(one: dict[str, Any], other: dict[str, Any]) -> bool:
    begin, end = one["offset"], one["offset"] + one["length"]
    return bool(end <= other["offset"] or begin >= other["offset"] + other["length"])


def _within(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tells whether `one` lies in a larger stretch that is only written otherwise: bold, a quotation."""
    inside = other["offset"] <= one["offset"] and one["offset"] + one["length"] <= other["offset"] + other["length"]
    return other["type"] not in _NAMES and bool(inside)
