"""The Bot API's methods that the gateway has. Each takes the decoded parameters and returns the result."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from bot.gateway.markup import MarkupError, parse_html, utf16
from bot.gateway.store import Store

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
DATA_LIMIT = 64
BUTTON_LIMIT = 100
CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
Parameters = dict[str, Any]
Files = dict[str, bytes]


class RefusedError(Exception):
    """An answer with `ok: false`."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(description: str) -> RefusedError:
    return RefusedError(400, f"Bad Request: {description}")


class Methods:
    """One bot's methods on a store."""

    def __init__(self, store: Store, token: str) -> None:
        self.store = store
        self.token = token
        self.bot = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": "吹哨",
            "username": "chuishao_bot",
        }
        self.answers: list[Callable[[str, str, bool], None]] = []
        """Hear answers to taps: query id, text, whether it is loud."""
        self._poller: asyncio.Event | None = None
        self._closing = False
        self.table: dict[str, Callable[[Parameters, Files], Awaitable[Any]]] = {
            "getme": self._get_me,
            "getupdates": self._get_updates,
            "deletewebhook": self._delete_webhook,
            "sendmessage": self._send_message,
            "sendphoto": self._send_photo,
            "sendvoice": self._send_voice,
            "sendlocation": self._send_location,
            "editmessagetext": self._edit_text,
            "deletemessage": self._delete_message,
            "answercallbackquery": self._answer_tap,
            "getfile": self._get_file,
            "getchat": self._get_chat,
            "setmycommands": self._set_commands,
            "endsessions": self._end_sessions,
        }

    def close(self) -> None:
        """Ends the long poll, so that the server can go down without waiting for it."""
        self._closing = True
        self.store.updates_waiting.set()

    async def call(self, method: str, parameters: Parameters, files: Files) -> Any:
        """Raises RefusedError."""
        run = self.table.get(method.lower())
        if run is None:
            raise RefusedError(404, "Not Found: method not found")
        return await run(parameters, files)

    async def _get_me(self, _p: Parameters, _f: Files) -> Any:
        return {
            **self.bot,
            "can_join_groups": False,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    async def _get_updates(self, p: Parameters, _f: Files) -> Any:
        """Long polling. A second poller ends the first, as at Telegram."""
        offset, limit = _whole(p, "offset", None), _whole(p, "limit", 100) or 100
        until = asyncio.get_running_loop().time() + min(_whole(p, "timeout", 0) or 0, 50)
        if self._poller is not None:
            self._poller.set()
        mine = self._poller = asyncio.Event()
        try:
            while True:
                self.store.updates_waiting.clear()
                updates = await self.store.updates(offset, max(1, min(limit, 100)))
                left = until - asyncio.get_running_loop().time()
                if mine.is_set():
                    raise RefusedError(409, CONFLICT)
                if updates or left <= 0 or self._closing:
                    return updates
                await _first(left, mine, self.store.updates_waiting)
        finally:
            if self._poller is mine:
                self._poller = None

    async def _delete_webhook(self, _p: Parameters, _f: Files) -> Any:
        return True

    # -- sending -----------------------------------------------------------------------------------------------

    async def _send_message(self, p: Parameters, _f: Files) -> Any:
        text, entities = _formatted(p, "text", TEXT_LIMIT)
        if not text:
            raise bad("message text is empty")
        return await self._post(p, {"text": text, **({"entities": entities} if entities else {})})

    async def _send_photo(self, p: Parameters, f: Files) -> Any:
        file_id, size = await self._file(p, f, "photo", "image/jpeg")
        photo = {"file_id": file_id, "file_unique_id": file_id[:16], "width": 0, "height": 0, "file_size": size}
        return await self._post(p, {"photo": [photo], **_caption(p)})

    async def _send_voice(self, p: Parameters, f: Files) -> Any:
        file_id, size = await self._file(p, f, "voice", "audio/ogg")
        voice = {"file_id": file_id, "file_unique_id": file_id[:16], "duration": 0, "file_size": size}
        return await self._post(p, {"voice": voice, **_caption(p)})

    async def _send_location(self, p: Parameters, _f: Files) -> Any:
        place = {"latitude": _number(p, "latitude"), "longitude": _number(p, "longitude")}
        return await self._post(p, {"location": place})

    async def _file(self, p: Parameters, f: Files, kind: str, mime: str) -> tuple[str, int]:
        chat = await self._chat(p)
        if kind in f:
            return await self.store.keep_file(int(chat["id"]), kind, mime, f[kind]), len(f[kind])
        known = await self.store.file(str(p.get(kind, "")))
        if known is None:
            raise bad("wrong file identifier/HTTP URL specified")
        return known["id"], known["size"]

    async def _post(self, p: Parameters, content: dict[str, Any]) -> Any:
        chat = await self._chat(p)
        body = {"from": self.bot, "chat": chat, "date": int(time.time()), **content}
        markup = _markup(p)
        if markup:
            body["reply_markup"] = markup
        reply = _object(p, "reply_parameters")
        if reply:
            answered = await self.store.message(int(chat["id"]), int(reply.get("message_id", 0)))
            if answered is not None:
                body["reply_to_message"] = {k: v for k, v in answered.items() if k != "reply_to_message"}
            elif not reply.get("allow_sending_without_reply"):
                raise bad("message to be replied not found")
        if p.get("disable_notification"):
            body["silent"] = True
        return await self.store.from_bot(int(chat["id"]), body)

    # -- changing ----------------------------------------------------------------------------------------------

    async def _edit_text(self, p: Parameters, _f: Files) -> Any:
        chat = await self._chat(p)
        text, entities = _formatted(p, "text", TEXT_LIMIT)
        if not text:
            raise bad("message text is empty")
        markup = _markup(p)
        same = False

        def change(body: dict[str, Any]) -> bool:
            nonlocal same
            before = (body.get("text"), body.get("entities") or [], body.get("reply_markup"))
            same = before == (text, entities, markup)
            if same:
                return False
            body.update(text=text, entities=entities, edit_date=int(time.time()))
            body.pop("reply_markup", None)
            if markup:
                body["reply_markup"] = markup
            return True

        body = await self.store.change(int(chat["id"]), _whole(p, "message_id", 0) or 0, change)
        if body is None:
            raise bad("message to edit not found")
        if same:
            raise bad(NOT_MODIFIED)
        return body

    async def _delete_message(self, p: Parameters, _f: Files) -> Any:
        chat = await self._chat(p)
        if not await self.store.delete(int(chat["id"]), _whole(p, "message_id", 0) or 0):
            raise bad("message to delete not found")
        return True

    async def _answer_tap(self, p: Parameters, _f: Files) -> Any:
        for hear in self.answers:
            hear(str(p.get("callback_query_id", "")), str(p.get("text", "")), bool(p.get("show_alert")))
        return True

    # -- asking ------------------------------------------------------------------------------------------------

    async def _get_file(self, p: Parameters, _f: Files) -> Any:
        known = await self.store.file(str(p.get("file_id", "")))
        if known is None:
            raise bad("invalid file_id")
        return {
            "file_id": known["id"],
            "file_unique_id": known["id"][:16],
            "file_size": known["size"],
            "file_path": known["id"],
        }

    async def _get_chat(self, p: Parameters, _f: Files) -> Any:
        return await self._chat(p)

    async def _set_commands(self, p: Parameters, _f: Files) -> Any:
        commands, scope = _object(p, "commands"), _object(p, "scope") or {}
        if not isinstance(commands, list):
            raise bad('parameter "commands" is required')
        if scope.get("type") == "chat":
            await self.store.set_menu(int(scope.get("chat_id", 0)), commands)
        return True

    async def _end_sessions(self, p: Parameters, _f: Files) -> Any:
        """Not the Bot API's: the person has left, or lost the phone, and its browser must not show the chat."""
        chat = await self._chat(p)
        await self.store.end_sessions(int(chat["id"]))
        return True

    async def _chat(self, p: Parameters) -> dict[str, Any]:
        chat_id = _whole(p, "chat_id", None)
        if chat_id is None:
            raise bad("chat_id is empty")
        chat = await self.store.chat(chat_id)
        if chat is None:
            raise bad("chat not found")
        return chat


# -- parameters: JSON bodies have types, forms have strings ------------------------------------------------------


def _whole(p: Parameters, name: str, default: int | None) -> int | None:
    value = p.get(name)
    if value is None or value == "":
        return default
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise bad(f'parameter "{name}" must be an integer') from error


def _number(p: Parameters, name: str) -> float:
    try:
        return float(p[name])
    except (KeyError, TypeError, ValueError) as error:
        raise bad(f'parameter "{name}" must be a number') from error


def _object(p: Parameters, name: str) -> Any:
    value = p.get(name)
    if isinstance(value, str) and value:
        try:
            return json.loads(value)
        except ValueError as error:
            raise bad(f"can't parse {name} JSON object") from error
    return value


def _formatted(p: Parameters, name: str, limit: int) -> tuple[str, list[dict[str, Any]]]:
    text = str(p.get(name, ""))
    entities: list[dict[str, Any]] = _object(p, "entities") or []
    if str(p.get("parse_mode", "")).lower() == "html":
        try:
            text, entities = parse_html(text)
        except MarkupError as error:
            raise bad(str(error)) from error
    if utf16(text) > limit:
        raise bad("message is too long" if name == "text" else "message caption is too long")
    return text, entities


def _caption(p: Parameters) -> dict[str, Any]:
    text, entities = _formatted(p, "caption", CAPTION_LIMIT)
    return {"caption": text, "caption_entities": entities} if text else {}


def _markup(p: Parameters) -> dict[str, Any] | None:
    markup = _object(p, "reply_markup")
    if not isinstance(markup, dict):
        return None
    rows = markup.get("inline_keyboard")
    if rows is None:
        return markup
    buttons = [button for row in rows for button in row]
    if len(buttons) > BUTTON_LIMIT:
        raise bad("reply markup is too long")
    if any(len(str(button.get("callback_data", "")).encode()) > DATA_LIMIT for button in buttons):
        raise bad("BUTTON_DATA_INVALID")
    return {"inline_keyboard": rows} if buttons else None


async def _first(seconds: float, *events: asyncio.Event) -> None:
    """Until one of the events is set, at most so long."""
    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(event.wait()) for event in events]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()
