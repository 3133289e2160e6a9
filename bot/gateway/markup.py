"""HTML and MarkdownV2 as the Bot API takes them, into plain text with entities counted in UTF-16 units.

What is taken and how it is refused follows the Bot API's documentation ("Formatting options") and the server that
Telegram has published (tdlib/telegram-bot-api, td/telegram/MessageEntity.cpp); offsets in refusals are bytes of UTF-8.
"""

import re
from typing import Any

Entity = dict[str, Any]
_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(lt|gt|amp|quot));?")
_MENTION = re.compile(r"tg:/{0,2}user/?\?id=([0-9]{1,19})")
_SCHEME = re.compile(r"(https?|tg|ton|tonsite)://[^\s<>\"]+|(tel|mailto):[^\s<>\"]+", re.IGNORECASE)
_BARE = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?(/[^\s<>\"]*)?")
_PLAIN = re.compile("[^<&]+")
_TAG = re.compile(r"<([^\s>]*)")
_ATTRIBUTE = re.compile(r"""\s*([^\s=>]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>][^\s>]*))?""")
_LANGUAGE = re.compile(r"([^\s`]+)(?=\s)")
_EMOJI = re.compile(r"tg://emoji\?id=(\d+)")


class MarkupError(ValueError):
    """As the Bot API words it."""


def utf16(text: str) -> int:
    """Returns the length in the Bot API's units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse_html(markup: str) -> tuple[str, list[Entity]]:
    """Returns text and entities in order. Raises MarkupError for tags unknown to the Bot API or not closed."""
    return _Html(markup).parse()


def parse_markdown(markup: str) -> tuple[str, list[Entity]]:
    """Returns text and entities in order.

    Raises MarkupError for reserved characters that aren't escaped and entities left open.
    """
    return _Markdown(markup).parse()


_OLD_MARKS = {"*": "bold", "_": "italic", "`": "code"}


def parse_old_markdown(markup: str) -> tuple[str, list[Entity]]:
    """Returns text and entities of the older Markdown, which is kept for bots that were written before MarkdownV2.

    Nothing is reserved but the four signs that begin an entity. Raises MarkupError for one that is left open.
    """
    text: list[str] = []
    entities: list[Entity] = []
    at = length = 0

    def add(words: str) -> None:
        nonlocal length
        text.append(words)
        length += utf16(words)

    def end_of(sign: str, begin: int, opened: int) -> int:
        found = markup.find(sign, begin)
        if found < 0:
            byte = len(markup[:opened].encode("utf-8", "replace"))
            raise MarkupError(f"can't parse entities: Can't find end of the entity starting at byte offset {byte}")
        return found

    while at < len(markup):
        sign, offset, begun = markup[at], length, at
        if sign == "\\" and markup[at + 1 : at + 2] in ("*", "_", "`", "["):
            add(markup[at + 1])
            at += 2
        elif markup.startswith("```", at):
            end = end_of("```", at + 3, begun)
            add(re.sub(r"^\S*\n", "", markup[at + 3 : end]))
            entities += [{"type": "pre", "offset": offset, "length": length - offset}] if length > offset else []
            at = end + 3
        elif sign in _OLD_MARKS:
            end = end_of(sign, at + 1, begun)
            add(markup[at + 1 : end])
            found = {"type": _OLD_MARKS[sign], "offset": offset, "length": length - offset}
            entities += [found] if length > offset else []
            at = end + 1
        elif sign == "[":
            end = end_of("]", at + 1, begun)
            add(markup[at + 1 : end])
            at = end + 1
            if markup.startswith("(", at):
                close = end_of(")", at, begun)
                link = {"type": "text_link", "offset": offset, "length": length - offset, "url": markup[at + 1 : close]}
                entities += [link] if length > offset and link["url"] else []
                at = close + 1
        else:
            add(sign)
            at += 1
    return "".join(text), entities


class _Parser:
    """What both have in common: where they are, the text so far, and its entities."""

    def __init__(self, markup: str) -> None:
        self._markup, self._at = markup, 0
        self._text: list[str] = []
        self._length = 0
        self._entities: list[Entity] = []

    def _add(self, text: str) -> None:
        self._text.append(text)
        self._length += utf16(text)

    def _refuse(self, why: str, at: int, more: str = "") -> MarkupError:
        byte = len(self._markup[:at].encode("utf-8", "replace"))
        return MarkupError(f"can't parse entities: {why} at byte offset {byte}{more}")

    def _keep(self, kind: str, offset: int, **more: Any) -> None:
        if self._length > offset:
            self._entities.append({"type": kind, "offset": offset, "length": self._length - offset, **more})

    def _keep_link(self, offset: int, url: str) -> None:
        """Keeps a link, whose address is its text where none is given; one that leads nowhere isn't a link."""
        url = url or _from(self._text, offset)
        user, scheme = _MENTION.fullmatch(url), _SCHEME.match(url)
        if user is not None:
            self._keep("text_mention", offset, user={"id": int(user[1]), "is_bot": False, "first_name": ""})
        elif scheme is not None:
            self._keep("text_link", offset, url=url)
        elif _BARE.fullmatch(url):
            self._keep("text_link", offset, url=f"http://{url}" if "/" in url else f"http://{url}/")

    def _done(self) -> tuple[str, list[Entity]]:
        """Removes the blanks around the text and moves the entities accordingly."""
        text = "".join(self._text)
        kept = text.strip()
        before = utf16(text[: len(text) - len(text.lstrip())])
        most = utf16(kept)
        found = []
        for one in self._entities:
            start = max(one["offset"] - before, 0)
            end = min(one["offset"] + one["length"] - before, most)
            if end > start:
                found.append({**one, "offset": start, "length": end - start})
        return kept, sorted(found, key=lambda one: (one["offset"], -one["length"]))


def _from(parts: list[str], offset: int) -> str:
    """Returns the text from that unit on."""
    raw = "".join(parts).encode("utf-16-le", "surrogatepass")
    return raw[2 * offset :].decode("utf-16-le", "replace")


class _Html(_Parser):
    """Tags one in another, character references, and nothing else."""

    def parse(self) -> tuple[str, list[Entity]]:
        open_tags: list[tuple[str, dict[str, str], int]] = []
        while self._at < len(self._markup):
            one = self._markup[self._at]
            if one == "&":
                self._reference()
            elif one != "<":
                plain = _PLAIN.match(self._markup, self._at)
                assert plain is not None
                self._add(plain[0])
                self._at = plain.end()
            elif self._markup.startswith("</", self._at):
                self._close(open_tags)
            else:
                open_tags.append(self._open())
        if open_tags:
            raise MarkupError(
                f"can't parse entities: Can't find end tag corresponding to start tag \"{open_tags[-1][0]}\""
            )
        return self._done()

    def _reference(self) -> None:
        found = _REFERENCE.match(self._markup, self._at)
        self._add("&" if found is None else _unreferenced(found))
        self._at = self._at + 1 if found is None else found.end()

    def _open(self) -> tuple[str, dict[str, str], int]:
        begin = self._at
        head = _TAG.match(self._markup, begin)
        assert head is not None
        name = head[1].lower()
        if head.end() == len(self._markup):
            raise self._refuse("Unclosed start tag", begin)
        if name not in _TAGS:
            raise self._refuse(f'Unsupported start tag "{name}"', begin)
        self._at = head.end()
        attributes = self._attributes(name, begin)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise self._refuse('Tag "span" must have class "tg-spoiler"', begin)
        return name, attributes, self._length

    def _attributes(self, name: str, begin: int) -> dict[str, str]:
        found: dict[str, str] = {}
        while True:
            while self._markup[self._at : self._at + 1].isspace():
                self._at += 1
            if self._at >= len(self._markup):
                raise self._refuse("Unclosed start tag", begin)
            if self._markup[self._at] == ">":
                self._at += 1
                return found
            attribute = _ATTRIBUTE.match(self._markup, self._at)
            if attribute is None:
                raise self._refuse(f'Empty attribute name in the tag "{name}"', begin)
            if attribute[2] is None and not (name == "blockquote" and attribute[1].lower() == "expandable"):
                raise self._refuse(f'Expected equal sign in declaration of an attribute of the tag "{name}"', begin)
            value = attribute[2] or ""
            inner = value[1:-1] if value[:1] in ("'", '"') else value
            found[attribute[1].lower()] = _REFERENCE.sub(_unreferenced, inner)
            self._at = attribute.end()

    def _close(self, open_tags: list[tuple[str, dict[str, str], int]]) -> None:
        begin = self._at
        end = self._markup.find(">", begin)
        name = self._markup[begin + 2 : end if end >= 0 else None].strip().lower()
        if not open_tags:
            raise self._refuse("Unexpected end tag", begin)
        if end < 0:
            raise self._refuse("Unclosed end tag", begin)
        tag, attributes, offset = open_tags[-1]
        if name and name != tag:
            raise self._refuse("Unmatched end tag", begin, f', expected "</{tag}>", found "</{name}>"')
        open_tags.pop()
        self._at = end + 1
        self._end(tag, attributes, offset, inside=bool(open_tags) and open_tags[-1][0] == "pre")

    def _end(self, tag: str, attributes: dict[str, str], offset: int, *, inside: bool) -> None:
        language = attributes.get("class", "")
        if tag == "a":
            self._keep_link(offset, attributes.get("href", ""))
        elif tag == "tg-emoji":
            self._keep("custom_emoji", offset, custom_emoji_id=attributes.get("emoji-id", ""))
        elif tag == "blockquote":
            self._keep("expandable_blockquote" if "expandable" in attributes else "blockquote", offset)
        elif tag == "code" and inside and language.startswith("language-"):
            self._keep("language", offset, language=language.removeprefix("language-"))
        elif tag == "pre":
            inner = next((one for one in self._entities if one["type"] == "language" and one["offset"] == offset), None)
            whole = inner is not None and inner["length"] == self._length - offset
            self._entities = [one for one in self._entities if one is not inner]
            self._keep("pre", offset, **({"language": inner["language"]} if inner is not None and whole else {}))
        else:
            self._keep(_TAGS[tag], offset)


def _unreferenced(found: re.Match[str]) -> str:
    """Returns the character that is meant, or the reference itself where it means none."""
    if found[3]:
        return _NAMED[found[3]]
    code = int(found[1]) if found[1] else int(found[2], 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else found[0]


_MARKS = {"*": "bold", "_": "italic", "__": "underline", "~": "strikethrough", "||": "spoiler"}
_RESERVED = frozenset("_*[]()~`>#+-=|{}.!")
_ENTITY_NAMES = {
    **{mark: kind.capitalize() for mark, kind in _MARKS.items()},
    "`": "Code",
    "```": "PreCode",
    "[": "TextUrl",
}


class _Markdown(_Parser):
    """MarkdownV2, character by character."""

    def __init__(self, markup: str) -> None:
        super().__init__(markup)
        self._open: list[tuple[str, int, int]] = []
        """The mark, the offset in the text, the place in the markup."""
        self._quote: int | None = None
        """The offset at which a quotation began."""
        self._expandable = False

    def parse(self) -> tuple[str, list[Entity]]:
        while self._at < len(self._markup):
            self._step()
        if self._open:
            raise self._unfinished()
        self._end_quote()
        return self._done()

    def _step(self) -> None:
        rest, one = self._markup[self._at : self._at + 3], self._markup[self._at]
        starts_line = self._at == 0 or self._markup[self._at - 1] == "\n"
        if starts_line and self._quote is not None and one != ">":
            self._end_quote()
        if one == "\\" and len(rest) > 1 and 0 < ord(rest[1]) < 127:
            self._add(rest[1])
            self._at += 2
        elif starts_line and (one == ">" or rest == "**>"):
            self._begin_quote(expandable=rest == "**>")
        elif rest == "```":
            self._code("```")
        elif one == "`":
            self._code("`")
        elif rest.startswith("!["):
            self._open.append(("![", self._length, self._at))
            self._at += 2
        elif one == "[":
            self._open.append(("[", self._length, self._at))
            self._at += 1
        elif one == "]" and self._open and self._open[-1][0] in ("[", "!["):
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
            self._add(one)
            self._at += 1

    def _unfinished(self) -> MarkupError:
        mark, _offset, at = self._open[-1]
        return self._refuse(f"Can't find end of {_ENTITY_NAMES.get(mark, 'CustomEmoji')} entity", at)

    def _toggle(self, mark: str) -> None:
        if self._open and self._open[-1][0] == mark:
            self._keep(_MARKS[mark], self._open.pop()[1])
        elif mark == "||" and self._quote is not None and self._markup[self._at + 2 : self._at + 3] in ("", "\n"):
            self._expandable = True  # the end of a quotation that can be unfolded
        else:
            self._open.append((mark, self._length, self._at))
        self._at += len(mark)

    def _begin_quote(self, *, expandable: bool) -> None:
        if expandable:
            self._end_quote()
            self._expandable = True
        if self._quote is None:
            self._quote = self._length
        self._at += 3 if expandable else 1

    def _end_quote(self) -> None:
        if self._quote is not None:
            kind = "expandable_blockquote" if self._expandable else "blockquote"
            trailing = bool(self._text) and "".join(self._text).endswith("\n")
            self._length -= trailing
            self._keep(kind, self._quote)
            self._length += trailing
        self._quote, self._expandable = None, False

    def _code(self, mark: str) -> None:
        begin, offset, language = self._at, self._length, ""
        self._at += len(mark)
        if mark == "```":
            named = _LANGUAGE.match(self._markup, self._at)
            if named is not None:
                language, self._at = named[1], named.end()
            if self._markup.startswith(("\r\n", "\n", "\r"), self._at):
                self._at += 2 if self._markup.startswith("\r\n", self._at) else 1
        text = []
        while not self._markup.startswith(mark, self._at):
            if self._at >= len(self._markup):
                raise self._refuse(f"Can't find end of {_ENTITY_NAMES[mark]} entity", begin)
            escaped = self._markup[self._at] == "\\" and self._markup[self._at + 1 : self._at + 2] in ("\\", "`")
            text.append(self._markup[self._at + escaped])
            self._at += 1 + escaped
        self._add("".join(text))
        self._at += len(mark)
        self._keep("pre" if mark == "```" else "code", offset, **({"language": language} if language else {}))

    def _link(self) -> None:
        mark, offset, begin = self._open.pop()
        self._at += 1
        url = ""
        if self._markup.startswith("(", self._at):
            opened = self._at
            self._at += 1
            while not self._markup.startswith(")", self._at):
                if self._at >= len(self._markup):
                    raise self._refuse("Can't find end of a URL", opened)
                escaped = self._markup[self._at] == "\\" and self._at + 1 < len(self._markup)
                url += self._markup[self._at + escaped]
                self._at += 1 + escaped
            self._at += 1
        if mark == "[":
            self._keep_link(offset, url)
            return
        emoji = _EMOJI.fullmatch(url)
        if emoji is None:
            raise self._refuse(
                "Custom emoji URL must have scheme tg" if url else "Custom emoji entity must contain a tg://emoji URL",
                begin,
            )
        self._keep("custom_emoji", offset, custom_emoji_id=emoji[1])
