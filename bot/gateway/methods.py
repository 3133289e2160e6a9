"""The Bot API's methods that the gateway has. Each takes the decoded parameters and returns the result.

A file is sent along or named by its id. One that is named by an HTTP URL is refused: the gateway fetches nothing, or
whoever holds the token could have it ask machines that only it reaches.
"""

import asyncio
import mimetypes
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from bot.gateway.parameters import (
    TEXT_LIMIT,
    Files,
    Parameters,
    RefusedError,
    Upload,
    asks_reply,
    bad,
    caption,
    flag,
    formatted,
    kinds,
    markup,
    number,
    structure,
    whole,
    within,
    word,
)
from bot.gateway.picture import measured
from bot.gateway.quota import Quota
from bot.gateway.store import Store
from bot.gateway.webhook import Webhook

CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
HOOKED = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
_UPLOADS = ("photo", "video", "voice", "document", "video_note")
ACTIONS = frozenset(
    {"typing", "choose_sticker", "find_location", "record_video", "record_voice", "record_video_note"}
    | {f"upload_{what}" for what in _UPLOADS}
)
_CARRIED = ("text", "entities", "caption", "caption_entities", "photo", "voice", "document", "location", "reply_markup")
_ATTACHED = "attach://"
_CAPTIONED = {"photo", "voice", "document"}
_COMMAND = re.compile("[a-z0-9_]{1,32}")
_SCOPES = frozenset(
    {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}
    | {"chat", "chat_administrators", "chat_member"}
)
_GROUP = {
    "photo": "image/jpeg",
    "document": "application/octet-stream",
    "video": "video/mp4",
    "audio": "audio/mpeg",
}
_ALBUM = 10
_OLD_ACTIONS = {"record_audio": "record_voice", "upload_audio": "upload_voice", "pick_up_location": "find_location"}
Method = Callable[[Parameters, Files], Awaitable[Any]]


class Described(NamedTuple):
    """A result with a word beside it."""

    result: Any
    description: str


class Methods:
    """One bot's methods on a store."""

    def __init__(self, store: Store, token: str, quota: Quota | None = None) -> None:
        self.store = store
        self.token = token
        self.quota = quota
        """The limits that are kept, if any."""
        self.bot = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": "吹哨",
            "username": "chuishao_bot",
        }
        self.answers: list[Callable[[str, str, bool], None]] = []
        """Hear answers to taps: query id, text, whether it is loud."""
        self._webhook = Webhook(store, self.call)
        self._poller: asyncio.Event | None = None
        self._closing = False
        self.table: dict[str, Method] = {
            "getme": self._get_me,
            "getupdates": self._get_updates,
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
            "getwebhookinfo": self._webhook_info,
            "sendmessage": self._send_message,
            "sendphoto": self._send_photo,
            "senddocument": self._send_document,
            "sendvoice": self._send_voice,
            "sendlocation": self._send_location,
            "sendmediagroup": self._send_group,
            "sendchataction": self._send_action,
            "copymessage": self._copy,
            "forwardmessage": self._forward,
            "editmessagetext": self._edit_text,
            "editmessagecaption": self._edit_caption,
            "editmessagereplymarkup": self._edit_markup,
            "deletemessage": self._delete_message,
            "deletemessages": self._delete_messages,
            "setmessagereaction": self._react,
            "answercallbackquery": self._answer_tap,
            "getfile": self._get_file,
            "getchat": self._get_chat,
            "getchatmember": self._get_member,
            "setmycommands": self._set_commands,
            "getmycommands": self._get_commands,
            "deletemycommands": self._delete_commands,
            "setchatmenubutton": self._set_menu_button,
            "getchatmenubutton": self._get_menu_button,
        }
        self.own: dict[str, Method] = {"endsessions": self._end_sessions}
        """Not the Bot API's: what the product asks of its own page."""

    async def start(self) -> None:
        """Goes on delivering to a webhook that was set before a restart."""
        await self._webhook.start()

    def close(self) -> None:
        """Ends the long poll, so that the server can go down without waiting for it."""
        self._closing = True
        self._webhook.close()
        self.store.updates_waiting.set()

    async def call(self, method: str, parameters: Parameters, files: Files) -> Any:
        """Raises RefusedError."""
        run = self.table.get(method.lower()) or self.own.get(method.lower())
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

    # -- updates -----------------------------------------------------------------------------------------------

    async def _get_updates(self, p: Parameters, _f: Files) -> Any:
        """Answers long polling. A second poller ends the first, as at Telegram."""
        if await self._webhook.url():
            raise RefusedError(409, HOOKED)
        offset, limit = whole(p, "offset"), within(p, "limit", 100, 100)
        wanted = kinds(p)
        if wanted is not None:
            await self.store.want(wanted)
        until = asyncio.get_running_loop().time() + min(max(whole(p, "timeout", 0) or 0, 0), 50)
        if self._poller is not None:
            self._poller.set()
        mine = self._poller = asyncio.Event()
        try:
            while True:
                self.store.updates_waiting.clear()
                updates = await self.store.updates(offset, limit)
                left = until - asyncio.get_running_loop().time()
                if mine.is_set():
                    raise RefusedError(409, CONFLICT)
                if updates or left <= 0 or self._closing:
                    return updates
                await _first(left, mine, self.store.updates_waiting)
        finally:
            if self._poller is mine:
                self._poller = None

    async def _set_webhook(self, p: Parameters, _f: Files) -> Any:
        before = await self._webhook.url()
        await self._webhook.set(p)
        if self._poller is not None:
            self._poller.set()
        removed = "Webhook was deleted" if before else "Webhook is already deleted"
        return Described(True, "Webhook was set" if word(p, "url") else removed)

    async def _delete_webhook(self, p: Parameters, _f: Files) -> Any:
        before = await self._webhook.url()
        await self._webhook.remove(drop=flag(p, "drop_pending_updates"))
        return Described(True, "Webhook was deleted" if before else "Webhook is already deleted")

    async def _webhook_info(self, _p: Parameters, _f: Files) -> Any:
        return await self._webhook.info()

    # -- sending -----------------------------------------------------------------------------------------------

    async def _send_message(self, p: Parameters, _f: Files) -> Any:
        text, entities = formatted(p, "text", TEXT_LIMIT)
        if not text:
            raise bad("text must be non-empty" if word(p, "text") else "message text is empty")
        preview = structure(p, "link_preview_options", dict)
        more = {"entities": entities} if entities else {}
        more |= {"link_preview_options": preview} if preview else {}
        return await self._post(p, {"text": text, **more})

    async def _send_photo(self, p: Parameters, f: Files) -> Any:
        words = caption(p)
        file = await self._file(p, f, "photo", "image/jpeg")
        shown = {"has_media_spoiler": True} if flag(p, "has_spoiler") else {}
        shown |= {"show_caption_above_media": True} if flag(p, "show_caption_above_media") else {}
        return await self._post_file(p, file, {"photo": [_picture(file)], **words, **shown})

    async def _send_document(self, p: Parameters, f: Files) -> Any:
        words = caption(p)
        file = await self._file(p, f, "document", "application/octet-stream")
        return await self._post_file(p, file, {"document": _document(file), **words})

    async def _send_voice(self, p: Parameters, f: Files) -> Any:
        words = caption(p)
        file = await self._file(p, f, "voice", "audio/ogg")
        return await self._post_file(p, file, {"voice": {**_plain(file), "duration": 0, **file.about}, **words})

    async def _send_location(self, p: Parameters, _f: Files) -> Any:
        place: dict[str, Any] = {"latitude": number(p, "latitude", 90), "longitude": number(p, "longitude", 180)}
        for name in ("live_period", "heading", "proximity_alert_radius", "horizontal_accuracy"):
            if p.get(name) not in (None, "", "null"):
                place[name] = whole(p, name) if name != "horizontal_accuracy" else number(p, name, 1500)
        return await self._post(p, {"location": place})

    async def _send_group(self, p: Parameters, f: Files) -> Any:
        """Photos and documents that belong together, a message each."""
        media = structure(p, "media", list)
        if media is None:
            raise bad('parameter "media" is required')
        if not 1 <= len(media) <= _ALBUM:
            raise bad("too many messages to send as an album" if media else "there are no messages to send")
        group, files, bodies = str(time.time_ns()), list[_File](), list[dict[str, Any]]()
        try:
            for one in media:
                kind = one.get("type") if isinstance(one, dict) else None
                if kind not in _GROUP:
                    raise bad(f'can\'t parse InputMedia: type "{kind}" is unsupported')
                source = str(one.get("media", ""))
                if not source:
                    raise bad("can't parse InputMedia: media not found")
                sent_along = f if source.startswith(_ATTACHED) else {}
                words = caption(one)
                file = await self._file({**p, kind: source}, sent_along, kind, _GROUP[kind])
                files.append(file)
                content = {kind: [_picture(file)] if kind == "photo" else _document(file)}
                bodies.append({**content, "media_group_id": group, **words})
            return await self._post_all(p, bodies)
        except RefusedError:
            await self._give_back(files)
            raise

    async def _send_action(self, p: Parameters, _f: Files) -> Any:
        await self._chat(p)
        action = word(p, "action").lower()
        if action != "cancel" and _OLD_ACTIONS.get(action, action) not in ACTIONS:
            raise bad("wrong parameter action in request")
        return True

    async def _copy(self, p: Parameters, _f: Files) -> Any:
        source = await self._source(p, "copy")
        body = {name: source[name] for name in _CARRIED if name in source and name != "reply_markup"}
        if "caption" in p and "text" not in body:
            body = {name: value for name, value in body.items() if not name.startswith("caption")} | caption(p)
        return {"message_id": (await self._post(p, body))["message_id"]}

    async def _forward(self, p: Parameters, _f: Files) -> Any:
        source = await self._source(p, "forward")
        body = {name: source[name] for name in _CARRIED if name in source and name != "reply_markup"}
        origin = {"type": "user", "sender_user": source["from"], "date": source["date"]}
        return await self._post({"chat_id": p.get("chat_id")}, {**body, "forward_origin": origin})

    async def _source(self, p: Parameters, verb: str) -> dict[str, Any]:
        if p.get("from_chat_id") in (None, "", "null"):
            raise bad('parameter "from_chat_id" is required')
        chat = await self._chat({"chat_id": p.get("from_chat_id")})
        found = await self.store.message(int(chat["id"]), whole(p, "message_id", 0) or 0)
        if found is None:
            raise bad(f"message to {verb} not found")
        if found.get("has_protected_content"):
            raise bad("message can't be forwarded" if verb == "forward" else "message can't be copied")
        return found

    async def _file(self, p: Parameters, f: Files, kind: str, mime: str) -> "_File":
        """Finds the file of this field: sent along under its name or as attach://NAME, else known by its id."""
        chat = await self._chat(p)
        said = p.get(kind)
        name = said.removeprefix(_ATTACHED) if isinstance(said, str) and said.startswith(_ATTACHED) else kind
        if name in f:
            if not f[name]:
                raise bad("file must be non-empty")
            mime = "image/png" if kind == "photo" and f[name].startswith(b"\x89PNG") else mime
            about = await self._about(p, f, kind, f[name])
            file_id = await self.store.keep_file(int(chat["id"]), kind, mime, f[name], about)
            return _File(file_id, len(f[name]), about, fresh=True)
        if not p.get(kind):
            raise bad(f"there is no {kind} in the request")
        known = await self.store.file(word(p, kind))
        if known is None:
            raise bad("wrong file identifier/HTTP URL specified")  # files by URL are not fetched here
        if known["kind"] != kind:
            raise bad(f"can't use file of type {_type_of(known['kind'])} as {_type_of(kind)}")
        return _File(known["id"], known["size"], known["about"])

    async def _about(self, p: Parameters, f: Files, kind: str, sent: Upload) -> dict[str, Any]:
        """Collects what is told about a file, now and when it is sent again by its id."""
        if kind == "photo":
            return dict(await asyncio.to_thread(measured, sent))
        if kind == "voice":
            return {"duration": max(0, whole(p, "duration", 0) or 0), "mime_type": "audio/ogg"}
        mime = mimetypes.guess_type(sent.name)[0] if sent.name else None
        about: dict[str, Any] = {"file_name": sent.name} if sent.name else {}
        about |= {"mime_type": mime} if mime else {}
        said = str(p.get("thumbnail") or p.get("thumb") or "").removeprefix(_ATTACHED)
        small = f.get(said) or f.get("thumbnail") or f.get("thumb")
        if small:
            shown = await asyncio.to_thread(measured, small)
            kept = await self.store.keep_file(0, "photo", "image/jpeg", small, dict(shown))
            about["thumbnail"] = _picture(_File(kept, len(small), dict(shown)))
        return about

    async def _post_file(self, p: Parameters, file: "_File", content: dict[str, Any]) -> Any:
        try:
            return await self._post(p, content)
        except RefusedError:
            await self._give_back([file])
            raise

    async def _give_back(self, files: Sequence["_File"]) -> None:
        """Forgets the files that came along with a refused call."""
        for file in files:
            if file.fresh:
                await self.store.forget_file(file.id)
                if small := file.about.get("thumbnail"):
                    await self.store.forget_file(small["file_id"])

    def _within_quota(self, chat_id: int) -> None:
        seconds = self.quota.refusal(chat_id, time.monotonic()) if self.quota is not None else None
        if seconds is not None:
            raise RefusedError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)

    async def _post(self, p: Parameters, content: dict[str, Any]) -> Any:
        return (await self._post_all(p, [content]))[0]

    async def _post_all(self, p: Parameters, contents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Posts all of the messages or none."""
        chat = await self._chat(p)
        shared = await self._shared(p, chat)
        self._within_quota(int(chat["id"]))
        return await self.store.from_bot(int(chat["id"]), *({**shared, **content} for content in contents))

    async def _shared(self, p: Parameters, chat: dict[str, Any]) -> dict[str, Any]:
        """Returns what every message has besides its content."""
        body: dict[str, Any] = {"from": self.bot, "chat": chat, "date": int(time.time())}
        keyboard = markup(p)
        if keyboard:
            body["reply_markup"] = keyboard
        if whole(p, "message_thread_id"):
            raise bad("message thread not found")
        if word(p, "business_connection_id"):
            raise bad("business connection not found")
        if flag(p, "protect_content"):
            body["has_protected_content"] = True
        reply = structure(p, "reply_parameters", dict)
        if reply and "message_id" not in reply:
            raise bad('can\'t find field "message_id"')
        if not reply and (replied := whole(p, "reply_to_message_id")):  # as it was before 7.0, and still is taken
            reply = {"message_id": replied, "allow_sending_without_reply": flag(p, "allow_sending_without_reply")}
        if reply:
            answered = await self.store.message(int(chat["id"]), whole(reply, "message_id", 0) or 0)
            if answered is not None:
                body["reply_to_message"] = {k: v for k, v in answered.items() if k not in ("reply_to_message", "card")}
                words, quote = str(answered.get("text") or answered.get("caption") or ""), reply.get("quote")
                if isinstance(quote, str) and quote in words:
                    place = len(words[: words.index(quote)].encode("utf-16-le")) // 2
                    body["quote"] = {"text": quote, "position": place, "is_manual": True}
            elif not flag(reply, "allow_sending_without_reply"):
                raise bad("message to be replied not found")
        if flag(p, "disable_notification"):
            body["silent"] = True
        if asks_reply(p):
            body["asks_reply"] = True
        if parts := structure(p, "card", dict):  # of our own: what a bot says besides to the page
            body["card"] = parts
        return body

    # -- changing ----------------------------------------------------------------------------------------------

    async def _edit_text(self, p: Parameters, _f: Files) -> Any:
        text, entities = formatted(p, "text", TEXT_LIMIT)
        if not text:
            raise bad("text must be non-empty" if word(p, "text") else "message text is empty")
        return await self._edit(p, {"text": text, "entities": entities}, "text")

    async def _edit_caption(self, p: Parameters, _f: Files) -> Any:
        fresh = {"caption": "", "caption_entities": [], **caption(p)}
        return await self._edit(p, fresh, "caption")

    async def _edit_markup(self, p: Parameters, _f: Files) -> Any:
        return await self._edit(p, {}, "")

    async def _edit(self, p: Parameters, fresh: dict[str, Any], what: str) -> Any:
        """Replaces these fields and the keyboard of a message of the bot's own."""
        if p.get("chat_id") in (None, "", "null"):
            raise bad("message identifier is not specified")
        chat, keyboard = await self._chat(p), markup(p)
        if what == "text":
            fresh = {**fresh, "card": structure(p, "card", dict) or {}}
        self._within_quota(int(chat["id"]))
        refusal = ""

        def change(body: dict[str, Any]) -> bool:
            nonlocal refusal
            if not body.get("from", {}).get("is_bot") or "forward_origin" in body:
                refusal = "message can't be edited"
            elif what == "text" and "text" not in body:
                refusal = "there is no text in the message to edit"
            elif what == "caption" and not _CAPTIONED & set(body):
                refusal = "there is no caption in the message to edit"
            elif all((body.get(name) or type(value)()) == value for name, value in fresh.items()) and (
                body.get("reply_markup") == keyboard
            ):
                refusal = NOT_MODIFIED
            if refusal:
                return False
            for name, value in {**fresh, "reply_markup": keyboard, "edit_date": int(time.time())}.items():
                body.pop(name, None)
                if value:
                    body[name] = value
            return True

        body = await self.store.change(int(chat["id"]), whole(p, "message_id", 0) or 0, change)
        if body is None:
            raise bad("message to edit not found")
        if refusal:
            raise bad(refusal)
        return body

    def _numbered(self, p: Parameters) -> int:
        found = whole(p, "message_id")
        if found is None:
            raise bad("message identifier is not specified")
        return found

    async def _delete_message(self, p: Parameters, _f: Files) -> Any:
        if p.get("chat_id") in (None, "", "null"):
            raise bad("chat identifier is not specified")
        chat = await self._chat(p)
        if not await self.store.delete(int(chat["id"]), self._numbered(p)):
            raise bad("message to delete not found")
        return True

    async def _delete_messages(self, p: Parameters, _f: Files) -> Any:
        """Deletes messages; those that aren't there are skipped."""
        chat, numbers = await self._chat(p), structure(p, "message_ids", list)
        if not numbers:
            raise bad("message identifiers are not specified")
        if len(numbers) > 100:
            raise bad("too many message identifiers specified")
        if not all(str(one).isascii() and str(one).isdigit() for one in numbers):
            raise bad("can't parse message identifier as a Number")
        for one in numbers:
            await self.store.delete(int(chat["id"]), int(one))
        return True

    async def _react(self, p: Parameters, _f: Files) -> Any:
        chat, reactions = await self._chat(p), structure(p, "reaction", list) or []
        if len(reactions) > 1:
            raise bad("REACTIONS_TOO_MANY")
        for one in reactions:
            if not isinstance(one, dict) or "type" not in one:
                raise bad("can't parse ReactionType: Can't find field \"type\"")
            if one["type"] not in ("emoji", "custom_emoji", "paid"):
                raise bad("can't parse ReactionType: invalid reaction type specified")
            if one["type"] != "emoji" or not isinstance(one.get("emoji"), str):
                raise bad("REACTION_INVALID")

        def change(body: dict[str, Any]) -> bool:
            body["reaction"] = reactions
            return True

        if await self.store.change(int(chat["id"]), whole(p, "message_id", 0) or 0, change) is None:
            raise bad("message to react not found")
        return True

    async def _answer_tap(self, p: Parameters, _f: Files) -> Any:
        tap = word(p, "callback_query_id")
        if not tap or not self.store.may_answer(tap):
            raise bad("query is too old and response timeout expired or query ID is invalid")
        for hear in self.answers:
            hear(word(p, "callback_query_id"), word(p, "text"), flag(p, "show_alert"))
        return True

    async def _end_sessions(self, p: Parameters, _f: Files) -> Any:
        """Ends the sessions of a person who has left or lost the phone: its browser must not show the chat."""
        chat = await self._chat(p)
        await self.store.end_sessions(int(chat["id"]))
        return True

    # -- asking ------------------------------------------------------------------------------------------------

    async def _get_file(self, p: Parameters, _f: Files) -> Any:
        known = await self.store.file(word(p, "file_id"))
        if known is None:
            raise bad("invalid file_id" if word(p, "file_id") else "file_id not specified")
        return {**_plain(_File(known["id"], known["size"], {})), "file_path": known["id"]}

    async def _get_chat(self, p: Parameters, _f: Files) -> Any:
        return {**await self._chat(p), "accent_color_id": 0, "max_reaction_count": 1, "accepted_gift_types": _NO_GIFTS}

    async def _get_member(self, p: Parameters, _f: Files) -> Any:
        chat, who = await self._chat(p), whole(p, "user_id")
        if who == self.bot["id"]:
            return {"status": "member", "user": self.bot}
        if who != chat["id"]:
            raise bad("invalid user_id specified" if who is None else "PARTICIPANT_ID_INVALID")
        return {"status": "member", "user": {"id": who, "is_bot": False, "first_name": chat["first_name"]}}

    async def _set_commands(self, p: Parameters, _f: Files) -> Any:
        commands = [_command(one) for one in structure(p, "commands", list) or []]
        await self._keep_commands(p, commands)
        return True

    async def _delete_commands(self, p: Parameters, _f: Files) -> Any:
        await self._keep_commands(p, [])
        return True

    async def _keep_commands(self, p: Parameters, commands: list[dict[str, str]]) -> None:
        scope, language = await self._scope(p), word(p, "language_code")
        if scope["type"] == "chat" and not language:
            await self.store.set_menu(scope["chat_id"], commands)
        else:
            await self.store.keep_setting(_commands_of(scope, language), commands)

    async def _scope(self, p: Parameters) -> dict[str, Any]:
        """Checks and returns the scope, which says for whom commands are."""
        scope = structure(p, "scope", dict) or {"type": "default"}
        if "type" not in scope:
            raise bad("can't parse BotCommandScope: Can't find field \"type\"")
        if not isinstance(scope["type"], str) or scope["type"] not in _SCOPES:
            raise bad("can't parse BotCommandScope: Unsupported type specified")
        found: dict[str, Any] = {"type": scope["type"]}
        if scope["type"] in ("chat", "chat_administrators", "chat_member"):
            found["chat_id"] = int((await self._chat(scope))["id"])
        if scope["type"] == "chat_member":
            found["user_id"] = whole(scope, "user_id")
            if found["user_id"] is None:
                raise bad("invalid user_id specified")
        return found

    async def _get_commands(self, p: Parameters, _f: Files) -> Any:
        scope, language = await self._scope(p), word(p, "language_code")
        if scope["type"] == "chat" and not language:
            return await self.store.menu(scope["chat_id"])
        return await self.store.setting(_commands_of(scope, language)) or []

    async def _set_menu_button(self, p: Parameters, _f: Files) -> Any:
        try:
            chat_id = int((await self._chat(p))["id"]) if p.get("chat_id") else 0
        except RefusedError as error:
            raise bad("user not found") from error
        button = structure(p, "menu_button", dict) or {"type": "default"}
        if button.get("type") not in ("default", "commands", "web_app"):
            raise bad("can't parse menu button: MenuButton has unsupported type")
        app = button.get("web_app")
        if button["type"] == "web_app" and not (
            isinstance(button.get("text"), str) and isinstance(app, dict) and isinstance(app.get("url"), str)
        ):
            raise bad("can't parse menu button: Can't find field \"web_app\"")
        await self.store.keep_setting(f"button:{chat_id}", button)
        return True

    async def _get_menu_button(self, p: Parameters, _f: Files) -> Any:
        return await self.store.setting(f"button:{whole(p, 'chat_id', 0)}") or {"type": "default"}

    async def _chat(self, p: Parameters) -> dict[str, Any]:
        if p.get("chat_id") in (None, ""):
            raise bad("chat_id is empty")
        try:
            chat_id = whole(p, "chat_id") or 0
        except RefusedError as error:
            raise bad("chat not found") from error  # @names are no chats here
        chat = await self.store.chat(chat_id)
        if chat is None:
            raise bad("chat not found")
        return chat


def _command(given: Any) -> dict[str, str]:
    """Checks a command; a slash before it is taken off."""
    kind = "can't parse BotCommand: "
    if not isinstance(given, dict):
        raise bad(f"{kind}expected an Object")
    for field in ("command", "description"):
        if field not in given:
            raise bad(f'{kind}Can\'t find field "{field}"')
    name, description = str(given["command"]).removeprefix("/"), given["description"]
    if not name:
        raise bad("command must be non-empty")
    if len(name) > 32:
        raise bad("command length must not exceed 32")
    if not isinstance(description, str) or not description.strip():
        raise bad("command description must be non-empty")
    if not _COMMAND.fullmatch(name) or len(description) > 256:
        raise bad("BOT_COMMAND_INVALID")
    return {"command": name, "description": description}


_NO_GIFTS = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
)


class _File(NamedTuple):
    """A file of the store. `fresh`: it came along with this very call."""

    id: str
    size: int
    about: dict[str, Any]
    """What is told about it: name, kind, how long it lasts, how large it is."""
    fresh: bool = False


def _commands_of(scope: dict[str, Any], language: str) -> str:
    return ":".join(["commands", *(str(one) for one in scope.values()), language])


def _plain(file: _File) -> dict[str, Any]:
    return {"file_id": file.id, "file_unique_id": file.id[:16], "file_size": file.size}


def _type_of(kind: str) -> str:
    return {"voice": "VoiceNote", "video_note": "VideoNote"}.get(kind, kind.capitalize())


def _picture(file: _File) -> dict[str, Any]:
    return {**_plain(file), "width": 0, "height": 0, **file.about}


def _document(file: _File) -> dict[str, Any]:
    return {**_plain(file), **file.about}


async def _first(seconds: float, *events: asyncio.Event) -> None:
    """Waits until one of the events is set, at most so many seconds."""
    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(event.wait()) for event in events]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()
