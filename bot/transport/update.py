"""What the product reads of an update: the fields it knows, of the types they should have, and nothing else.

The inbox keeps every update as it came. A field that is new, broken or absurd must not keep a report from its judge,
so handlers are given this extract, which python-telegram-bot can always take in.
"""

from collections.abc import Callable
from typing import Any

from storage.engine.text import printable

Raw = dict[str, Any]
_LATEST = 4_102_444_800
"""The year 2100; a date beyond it is no date."""
_CHATS = ("private", "group", "supergroup", "channel")
_MOVES: Raw = {"width": 1, "height": 1, "duration": 0}
_FILES: dict[str, Raw] = {
    "animation": _MOVES,
    "video": _MOVES,
    "video_note": {"length": 1, "duration": 0},
    "audio": {"duration": 0},
    "document": {},
}
"""Files of other kinds that go along with a report, and what the library wants to know of each; a GIF comes as a
document too, so it stands first."""
_OTHER = ("checklist", "contact", "dice", "game", "paid_media", "poll", "sticker", "story")
"""What people send and the product doesn't take; it answers that it doesn't."""
_NOTHING: Raw = {"file_id": "-", "file_unique_id": "-"}


def readable(raw: Raw) -> Raw | None:
    """Extracts what the product uses, with the `update_id`; None where there is nothing for it."""
    kinds: dict[str, Callable[[Any], Raw | None]] = {
        "message": _message,
        "edited_message": _message,
        "callback_query": _tap,
        "inline_query": _asked,
    }
    for kind, extract in kinds.items():
        body = extract(raw.get(kind))
        if body is not None:
            return {"update_id": raw["update_id"], kind: body}
    return None


def _message(raw: object) -> Raw | None:
    envelope = _envelope(raw)
    if envelope is None or not isinstance(raw, dict):
        return None
    content = _content(raw)
    if content is None:
        return None
    answered = _envelope(raw.get("reply_to_message"))
    return {**envelope, **content, **({"reply_to_message": answered} if answered else {})}


def _envelope(raw: object) -> Raw | None:
    """Extracts number, chat, sender and date; None without a chat."""
    chat = _chat(raw.get("chat")) if isinstance(raw, dict) else None
    if chat is None or not isinstance(raw, dict):
        return None
    envelope = {"message_id": _whole(raw.get("message_id")) or 0, "chat": chat, "date": _date(raw.get("date"))}
    sender = _user(raw.get("from"))
    return {**envelope, "from": sender} if sender else envelope


def _content(raw: Raw) -> Raw | None:
    text, caption = _text(raw.get("text")), _text(raw.get("caption"))
    if text is not None:
        command = text.split(maxsplit=1)[0] if text.startswith("/") else ""
        length = len(command.encode("utf-16-le")) // 2
        entities = [{"type": "bot_command", "offset": 0, "length": length}] if len(command) > 1 else []
        return {"text": text, "entities": entities}
    captioned = {"caption": caption} if caption is not None else {}
    album = _text(raw.get("media_group_id"))
    captioned |= {"media_group_id": album[:64]} if album else {}
    photo = _photo(raw.get("photo"))
    if photo is not None:
        return {"photo": photo, **captioned}
    voice = _file(raw.get("voice"))
    if voice is not None:
        return {"voice": {**voice, "duration": 0}, **captioned}
    for name, wanted in _FILES.items():
        if (file := _file(raw.get(name))) is not None:
            return {name: {**file, **wanted}, **captioned}
    place = _place(raw.get("location"))
    if place is not None:
        return {"location": place}
    taken = any(raw.get(name) for name in (*_OTHER, *_FILES)) or caption is not None
    return {"sticker": _sticker(), **captioned} if taken else None


def _sticker() -> Raw:
    """Stands for everything that isn't taken: they are answered alike."""
    return {**_NOTHING, "type": "regular", "width": 1, "height": 1, "is_animated": False, "is_video": False}


def _tap(raw: object) -> Raw | None:
    if not isinstance(raw, dict):
        return None
    sender, data, message = _user(raw.get("from")), _text(raw.get("data")), _envelope(raw.get("message"))
    number = _text(raw.get("id"))
    if sender is None or data is None or number is None:
        return None
    tap = {"id": number[:64], "from": sender, "chat_instance": "", "data": data}
    return {**tap, "message": message} if message else tap


def _asked(raw: object) -> Raw | None:
    if not isinstance(raw, dict):
        return None
    sender, words, number = _user(raw.get("from")), _text(raw.get("query")), _text(raw.get("id"))
    if sender is None or words is None or number is None:
        return None
    return {"id": number[:64], "from": sender, "query": words[:256], "offset": ""}


def _chat(raw: object) -> Raw | None:
    number = _whole(raw.get("id")) if isinstance(raw, dict) else None
    if number is None or not isinstance(raw, dict):
        return None
    kind = raw.get("type")
    return {"id": number, "type": kind if kind in _CHATS else "channel"}


def _user(raw: object) -> Raw | None:
    number = _whole(raw.get("id")) if isinstance(raw, dict) else None
    return {"id": number, "is_bot": False, "first_name": "-"} if number is not None else None


def _photo(raw: object) -> list[Raw] | None:
    """Picks the largest size of a photo, which comes last."""
    sizes = [file for size in raw if (file := _file(size)) is not None] if isinstance(raw, list) else []
    return [{**sizes[-1], "width": 1, "height": 1}] if sizes else None


def _file(raw: object) -> Raw | None:
    number = _text(raw.get("file_id")) if isinstance(raw, dict) else None
    if number is None or not isinstance(raw, dict):
        return None
    size = _whole(raw.get("file_size"))
    return {"file_id": number[:200], "file_unique_id": number[:16], **({"file_size": size} if size else {})}


def _place(raw: object) -> Raw | None:
    place: Raw = {name: raw.get(name) for name in ("latitude", "longitude")} if isinstance(raw, dict) else {}
    limits = {"latitude": 90, "longitude": 180}
    good = place and all(_is_number(value) and abs(value) <= limits[name] for name, value in place.items())
    return place if good else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: object) -> int | None:
    good = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    return int(value) if good and isinstance(value, int) else None


def _date(value: object) -> int:
    number = _whole(value)
    return number if number is not None and 0 < number < _LATEST else 1


def _text(value: object) -> str | None:
    """Takes what can be printed: control characters are blanks, halves of surrogate pairs a mark."""
    if not isinstance(value, str):
        return None
    return printable(value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
