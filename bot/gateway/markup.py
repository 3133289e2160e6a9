"""HTML and MarkdownV2 as the Bot API takes them, into plain text with entities counted in UTF-16 units."""

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


_MARKS = {"*": "bold", "_": "italic", "__": "underline", "~": "strikethrough", "||": "spoiler"}
_RESERVED = frozenset("_*[]()~`>#+-=|{}.!")


class _Markdown:
    """MarkdownV2, character by character."""

    def __init__(self, markup: str) -> None:
        self._markup, self._at = markup, 0
        self.text = ""
        self.entities: list[dict[str, Any]] = []
        self._open: list[tuple[str, dict[str, Any]]] = []

    def parse(self) -> None:
        while self._at < len(self._markup):
            self._step()
        if self._open:
            mark, entity = self._open[-1]
            raise MarkupError(
                f"can't parse entities: Can't find end of {_named(mark)} entity at byte offset {entity['byte']}"
            )
        for entity in self.entities:
            entity.pop("byte", None)

    def _step(self) -> None:
        rest, one = self._markup[self._at :], self._markup[self._at]
        if one == "\\" and len(rest) > 1 and ord(rest[1]) < 128:
            self.text += rest[1]
            self._at += 2
        elif rest.startswith("```"):
            self._code("```", "pre")
        elif one == "`":
            self._code("`", "code")
        elif one == "[":
            self._begin("[", "text_link", 1)
        elif one == "]" and self._open and self._open[-1][0] == "[":
            self._link()
        elif rest.startswith(("__", "||")):
            self._toggle(rest[:2])
        elif one in _MARKS:
            self._toggle(one)
        elif one in _RESERVED:
            raise MarkupError(
                f"can't parse entities: Character '{one}' is reserved and must be escaped with the preceding '\\'"
            )
        else:
            self.text += one
            self._at += 1

    def _begin(self, mark: str, kind: str, width: int) -> None:
        offset = utf16(self.text)
        self._open.append((mark, {"type": kind, "offset": offset, "byte": len(self._markup[: self._at].encode())}))
        self._at += width

    def _end(self) -> dict[str, Any]:
        entity = self._open.pop()[1]
        entity["length"] = utf16(self.text) - entity["offset"]
        if entity["length"]:
            self.entities.append(entity)
        return entity

    def _toggle(self, mark: str) -> None:
        if self._open and self._open[-1][0] == mark:
            self._end()
            self._at += len(mark)
        else:
            self._begin(mark, _MARKS[mark], len(mark))

    def _code(self, mark: str, kind: str) -> None:
        self._begin(mark, kind, len(mark))
        end = self._markup.find(mark, self._at)
        while end > 0 and self._markup[end - 1] == "\\":
            end = self._markup.find(mark, end + 1)
        if end < 0:
            byte = self._open[-1][1]["byte"]
            raise MarkupError(f"can't parse entities: Can't find end of {_named(mark)} entity at byte offset {byte}")
        self.text += self._markup[self._at : end].replace("\\\\", "\\").replace("\\`", "`")
        self._at = end + len(mark)
        self._end()

    def _link(self) -> None:
        entity = self._end()
        self._at += 1
        end = self._markup.find(")", self._at)
        if not self._markup.startswith("(", self._at) or end < 0:
            raise MarkupError("can't parse entities: Can't find end of a URL")
        entity["url"] = self._markup[self._at + 1 : end]
        self._at = end + 1


def _named(mark: str) -> str:
    names = {**{key: kind.capitalize() for key, kind in _MARKS.items()}, "`": "Code", "```": "PreCode", "[": "TextUrl"}
    return names[mark]


def parse_markdown(markup: str) -> tuple[str, list[dict[str, Any]]]:
    """Text and entities in order. MarkupError for reserved characters that aren't escaped and entities left open."""
    parser = _Markdown(markup)
    parser.parse()
    return parser.text.strip(), sorted(parser.entities, key=lambda e: (e["offset"], -e["length"]))
