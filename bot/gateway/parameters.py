"""The Bot API's parameters: JSON bodies have types, forms have strings. Refusals are worded as Telegram words them."""

from typing import Any
from urllib.parse import urlsplit

from bot.gateway.entities import with_found
from bot.gateway.markup import MarkupError, parse_html, parse_markdown, parse_old_markdown, utf16
from bot.transport.body import parse_json

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
DATA_LIMIT = 64
BUTTON_LIMIT = 100
_KINDS_OF_BUTTON = {"url", "callback_data", "web_app", "login_url", "copy_text", "callback_game", "pay"} | {
    f"switch_inline_query{which}" for which in ("", "_current_chat", "_chosen_chat")
}
Parameters = dict[str, Any]


class Upload(bytes):
    """A file's content, and what it is called at the sender's."""

    name: str = ""


Files = dict[str, Upload]


class RefusedError(Exception):
    """An answer with `ok: false`."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(description: str) -> RefusedError:
    return RefusedError(400, f"Bad Request: {description}")


def whole(p: Parameters, name: str, default: int | None = None) -> int | None:
    """Reads an integer, or `default` where there is none."""
    value = p.get(name)
    if value is None or value == "" or value == "null":
        return default
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise bad(f'parameter "{name}" must be an integer')
    try:
        number = int(value)
    except (TypeError, ValueError) as error:
        raise bad(f'parameter "{name}" must be an integer') from error
    if abs(number) >= 2**63:
        raise bad(f'parameter "{name}" must be an integer')
    return number


def within(p: Parameters, name: str, default: int, most: int) -> int:
    """Reads a number that is never refused: what is none, or too small, is 1; what is too large, the most there is."""
    value = p.get(name)
    if value is None or value == "null":
        return default
    try:
        return max(1, min(int(value), most))
    except (TypeError, ValueError):
        return 1


def number(p: Parameters, name: str, limit: float) -> float:
    """Reads a number of at most this size."""
    if p.get(name) in (None, "", "null"):
        raise bad(f"{name} is empty")
    try:
        value = float(p[name])
    except (TypeError, ValueError) as error:
        raise bad(f'parameter "{name}" must be a number') from error
    if not abs(value) <= limit:
        raise bad("invalid location specified")
    return value


def flag(p: Parameters, name: str) -> bool:
    """Reads true or false, which a form sends as words."""
    value = p.get(name)
    return value.lower() in ("true", "1", "yes") if isinstance(value, str) else bool(value)


def word(p: Parameters, name: str) -> str:
    """Reads a string; empty where there is none."""
    value = p.get(name, "")
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise bad(f'parameter "{name}" must be a string')
    if isinstance(value, str) and not _is_unicode(value):
        raise bad("strings must be encoded in UTF-8")
    return str(value)


def _is_unicode(value: str) -> bool:
    """Tells whether there is no half of a surrogate pair: JSON can say one, but it is no character."""
    return not any("\ud800" <= one <= "\udfff" for one in value)


_NAMES = {
    "reply_markup": ("reply keyboard markup JSON object", "object expected as reply markup"),
    "link_preview_options": ("link preview options JSON object", "object expected as link preview options"),
    "reply_parameters": ("reply parameters JSON object", "object expected as reply parameters"),
    "media": ("media JSON object", "expected an Array of InputMedia"),
    "commands": ("commands JSON object", "expected an Array of BotCommand"),
    "scope": ("BotCommandScope JSON object", "can't parse BotCommandScope: expected an Object"),
    "reaction": ("reaction JSON object", "expected an Array of ReactionType"),
}
"""How it is said of each that it is no JSON, or not of the right kind."""


def structure(p: Parameters, name: str, kind: type[dict[str, Any]] | type[list[Any]]) -> Any:
    """Reads an object or a list, which a form sends as JSON; None where there is none."""
    value = p.get(name)
    if value is None or value in ("", "null"):
        return None
    wanted = "an Object" if kind is dict else "an Array"
    no_json, other = _NAMES.get(name, (f"{name.replace('_', ' ')}: can't parse JSON", ""))
    if isinstance(value, str):
        try:
            value = parse_json(value)
        except ValueError as error:
            raise bad(f"can't parse {no_json}") from error
    if value is None:
        return None
    if not isinstance(value, kind):
        raise bad(other or f"can't parse {name.replace('_', ' ')}: expected {wanted}")
    return value


def listed(p: Parameters, name: str) -> list[Any] | None:
    """Reads a list that is passed over where it is none, as entities and kinds of updates are."""
    value = p.get(name)
    if isinstance(value, str):
        try:
            value = parse_json(value)
        except ValueError:
            return None
    return value if isinstance(value, list) else None


_ENTITIES = frozenset(
    [
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
    ]
)
_BYTES_LIMIT = 32_768


def formatted(p: Parameters, name: str, limit: int) -> tuple[str, list[dict[str, Any]]]:
    """Reads a text with its entities, given or made from markup; blanks around it go."""
    text = word(p, name)
    if len(text.encode()) > _BYTES_LIMIT:
        raise bad("text is too long" if name == "text" else "message caption is too long")
    given = listed(p, "entities" if name == "text" else f"{name}_entities") or []
    entities = [_entity(one) for one in given]
    mode = word(p, "parse_mode").lower()
    if mode and mode != "none":
        parse = {"html": parse_html, "markdownv2": parse_markdown, "markdown": parse_old_markdown}.get(mode)
        if parse is None:
            raise bad("unsupported parse_mode")
        try:
            text, entities = parse(text)
        except MarkupError as error:
            raise bad(str(error)) from error
    length = utf16(text)
    for one in entities:
        if one["offset"] > length:
            raise bad(f"entity begins after the end of the text at UTF-16 offset {one['offset']}")
        if one["offset"] + one["length"] > length:
            raise bad(
                f"entity beginning at UTF-16 offset {one['offset']} ends after the end of the text at UTF-16 offset "
                f"{one['offset'] + one['length']}"
            )
    text, entities = _trimmed(text, entities)
    entities = with_found(text, entities)
    if utf16(text) > limit:
        raise bad("message is too long" if name == "text" else "message caption is too long")
    return text, entities


def _trimmed(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    left = utf16(text[: len(text) - len(text.lstrip())])
    bare = text.strip()
    length, moved = utf16(bare), []
    for one in entities:
        begin = max(0, one["offset"] - left)
        end = min(length, one["offset"] + one["length"] - left)
        if end > begin:
            moved.append({**one, "offset": begin, "length": end - begin})
    return bare, moved


def _entity(given: Any) -> dict[str, Any]:
    """Checks an entity; its numbers may be strings."""
    if not isinstance(given, dict):
        raise bad("can't parse MessageEntity: expected an Object")
    found = dict(given)
    for field in ("type", "offset", "length"):
        if field not in given:
            raise bad(f"can't parse MessageEntity: Can't find field \"{field}\"")
    for field in ("offset", "length"):
        try:
            found[field] = int(given[field])
        except (TypeError, ValueError) as error:
            raise bad(f'can\'t parse MessageEntity: Field "{field}" must be of type Number') from error
        if found[field] < 0 or isinstance(given[field], bool):
            raise bad(f'can\'t parse MessageEntity: Field "{field}" must be of type Number')
    if not isinstance(given["type"], str) or given["type"] not in _ENTITIES:
        raise bad("can't parse MessageEntity: Unsupported type specified")
    if given["type"] == "text_link" and not isinstance(given.get("url"), str):
        raise bad("can't parse MessageEntity: Can't find field \"url\"")
    return found


def caption(p: Parameters) -> dict[str, Any]:
    text, entities = formatted(p, "caption", CAPTION_LIMIT)
    return {"caption": text, **({"caption_entities": entities} if entities else {})} if text else {}


def asks_reply(p: Parameters) -> bool:
    """Tells whether the person's phone is to offer an answer to this message at once."""
    return bool((structure(p, "reply_markup", dict) or {}).get("force_reply"))


def markup(p: Parameters) -> dict[str, Any] | None:
    """Checks the keyboard under a message. What is no part of it (a keyboard of the phone's) gives None."""
    given = structure(p, "reply_markup", dict)
    if not given:
        return None
    if "inline_keyboard" not in given:
        _check_keyboard(given)
        return None
    rows = given["inline_keyboard"]
    if not isinstance(rows, list):
        raise bad('field "inline_keyboard" must be of type Array')
    if not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    buttons = [button for row in rows for button in row]
    if len(buttons) > BUTTON_LIMIT:
        raise bad("reply markup is too long")
    rows = [[_button(button) for button in row] for row in rows]
    return {"inline_keyboard": rows} if buttons else None


def _check_keyboard(given: dict[str, Any]) -> None:
    """Checks a keyboard of the phone's, which isn't kept."""
    rows = given.get("keyboard")
    if rows is None:
        return
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "keyboard" must be an Array of Arrays')
    if not all(isinstance(one, str) or (isinstance(one, dict) and "text" in one) for row in rows for one in row):
        raise bad("can't parse keyboard button: Can't find field \"text\"")


def _button(given: Any) -> dict[str, Any]:
    """Checks a button below a message. What it carries may be a number."""
    button: dict[str, Any] = given
    kind = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad(f"{kind}InlineKeyboardButton must be an Object")
    if "text" not in button:
        raise bad(f'{kind}Can\'t find field "text"')
    text, url = button["text"], button.get("url", "")
    if not isinstance(text, str) or not isinstance(url, str) or not _is_unicode(text):
        raise bad(f"{kind}expected a String")
    if not text.strip():
        raise bad("inline keyboard button text must be non-empty")
    data = button.get("callback_data")
    if isinstance(data, int | float) and not isinstance(data, bool):
        button = {**button, "callback_data": (data := str(data))}
    if not _KINDS_OF_BUTTON & set(button) or data == "":
        raise bad(f"{kind}Text buttons are unallowed in the inline keyboard")
    if data is not None and not (isinstance(data, str) and len(data.encode()) <= DATA_LIMIT):
        raise bad("BUTTON_DATA_INVALID")
    if url and not _leads_somewhere(url):
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    return button


def _leads_somewhere(url: str) -> bool:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host = parts.hostname or ""
    except ValueError:
        return False
    return (
        bool(host) and " " not in url and (parts.scheme not in ("http", "https") or "." in host or ":" in parts.netloc)
    )


def kinds(p: Parameters) -> list[str] | None:
    """Reads `allowed_updates`: names of kinds of updates; what is none is passed over."""
    wanted = listed(p, "allowed_updates")
    return None if wanted is None else [one for one in wanted if isinstance(one, str) and one.isidentifier()]
