"""HTML as the Bot API takes it, into plain text with entities counted in UTF-16 units."""

from html.parser import HTMLParser
from typing import Any

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
}


class MarkupError(ValueError):
    """As the Bot API words it."""


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.entities: list[dict[str, Any]] = []
        self._open: list[tuple[str, dict[str, Any]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise MarkupError(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {self.getpos()[1]}')
        entity: dict[str, Any] = {"type": _TAGS[tag], "offset": utf16(self.text)}
        if tag == "a":
            entity["url"] = dict(attrs).get("href") or ""
        self._open.append((tag, entity))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            raise MarkupError(f"can't parse entities: Unexpected end tag at byte offset {self.getpos()[1]}")
        entity = self._open.pop()[1]
        entity["length"] = utf16(self.text) - entity["offset"]
        if entity["length"]:
            self.entities.append(entity)

    def handle_data(self, data: str) -> None:
        self.text += data

    def done(self) -> None:
        self.close()
        if self._open:
            raise MarkupError(
                f"can't parse entities: Can't find end tag corresponding to start tag {self._open[-1][0]}"
            )


def utf16(text: str) -> int:
    """The length in the Bot API's units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse_html(markup: str) -> tuple[str, list[dict[str, Any]]]:
    """Text and entities in order. MarkupError for tags that the Bot API doesn't know or that aren't closed."""
    parser = _Parser()
    parser.feed(markup)
    parser.done()
    return parser.text.strip(), sorted(parser.entities, key=lambda e: (e["offset"], -e["length"]))
