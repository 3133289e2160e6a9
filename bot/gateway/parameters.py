"""The Bot API's parameters: JSON bodies have types, forms have strings. Refusals are worded as Telegram words them."""

from typing import Any

from bot.gateway.markup import MarkupError, parse_html, parse_markdown, utf16
from bot.transport.body import parse_json

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
DATA_LIMIT = 64
BUTTON_LIMIT = 100
_KINDS_OF_BUTTON = {"url", "callback_data", "web_app", "login_url", "copy_text", "callback_game", "pay"} | {
    f"switch_inline_query{which}" for which in ("", "_current_chat", "_chosen_chat")
}
_OTHER_MARKUP = {"keyboard", "remove_keyboard", "force_reply"}
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
    if value is None or value == "":
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


def number(p: Parameters, name: str, limit: float) -> float:
    """Reads a number of at most this size."""
    try:
        value = float(p[name])
    except (KeyError, TypeError, ValueError) as error:
        raise bad(f'parameter "{name}" must be a number') from error
    if not abs(value) <= limit:
        raise bad(f'parameter "{name}" is out of range')
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


def structure(p: Parameters, name: str, kind: type[dict[str, Any]] | type[list[Any]]) -> Any:
    """Reads an object or a list, which a form sends as JSON; None where there is none."""
    value = p.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = parse_json(value)
        except ValueError as error:
            if name == "reply_markup":
                raise bad("can't parse reply keyboard markup JSON object") from error
            raise bad(f"can't parse {name.replace('_', ' ')}: can't parse JSON") from error
    if not isinstance(value, kind):
        if name == "reply_markup":
            raise bad("object expected as reply markup")
        wanted = "an Object" if kind is dict else "an Array"
        raise bad(f"can't parse {name.replace('_', ' ')}: expected {wanted}")
    return value


def formatted(p: Parameters, name: str, limit: int) -> tuple[str, list[dict[str, Any]]]:
    """Reads a text with its entities, given or made from markup."""
    text = word(p, name)
    own = "entities" if name == "text" else f"{name}_entities"
    entities: list[dict[str, Any]] = structure(p, own, list) or []
    if not all(map(_is_entity, entities)):
        raise bad("can't parse MessageEntity: expected an Object with type, offset and length")
    mode = word(p, "parse_mode").lower()
    if mode:
        parse = {"html": parse_html, "markdownv2": parse_markdown}.get(mode)
        if parse is None:
            raise bad("unsupported parse_mode")
        try:
            text, entities = parse(text)
        except MarkupError as error:
            raise bad(str(error)) from error
    if utf16(text) > limit:
        raise bad("message is too long" if name == "text" else "message caption is too long")
    return text, entities


def _is_entity(given: Any) -> bool:
    return (
        isinstance(given, dict)
        and isinstance(given.get("type"), str)
        and all(type(given.get(name)) is int and given[name] >= 0 for name in ("offset", "length"))
        and isinstance(given.get("url", ""), str)
    )


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
        if not _OTHER_MARKUP & set(given):
            raise bad("object expected as reply markup")
        return None
    rows = given["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    buttons = [button for row in rows for button in row]
    if not all(isinstance(button, dict) and isinstance(button.get("text"), str) for button in buttons):
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(buttons) > BUTTON_LIMIT:
        raise bad("reply markup is too long")
    if not all(isinstance(button.get("url", ""), str) and _is_unicode(button["text"]) for button in buttons):
        raise bad("can't parse inline keyboard button: expected a String")
    if not all(_KINDS_OF_BUTTON & set(button) for button in buttons):
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    for button in buttons:
        data = button.get("callback_data")
        if data is not None and not (isinstance(data, str) and 1 <= len(data.encode()) <= DATA_LIMIT):
            raise bad("BUTTON_DATA_INVALID")
    return {"inline_keyboard": rows} if buttons else None


def kinds(p: Parameters) -> list[str] | None:
    """Reads `allowed_updates`: names of kinds of updates."""
    wanted: list[str] | None = structure(p, "allowed_updates", list)
    if wanted and not all(isinstance(one, str) and one.isidentifier() for one in wanted):
        raise bad("can't parse allowed updates: expected an Array of String")
    return wanted
