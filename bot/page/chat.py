"""The page: a messenger in any browser, whose far side is the gateway. What it does, a phone on Telegram does too."""

import asyncio
import json
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.gateway.methods import Methods
from bot.gateway.store import Store, files_in
from bot.page.assets import Assets
from bot.page.budget import Budget
from bot.page.session import Left, Look, Sessions
from bot.page.upload import prepared, read_form
from bot.settings import Network

WAITED_AT_MOST = 7 * 24 * 3600
"""Seconds that a report may have waited on a phone for a signal."""
TEXT_CHARACTERS = 20_000
CAPTION_CHARACTERS = 1024
"""As Telegram has it."""
PersonOf = Callable[[int], Awaitable[dict[str, Any]]]
"""What the page needs to know of the person behind a chat."""
Subscribe = Callable[[int, Any], Awaitable[bool]]
UPLOADS = 16
"""So many files are read at once, one of each chat: a slow line holds up nobody else's. They are held in memory."""
STREAMS = 20
"""So many streams of one chat at once: a page has one."""


class WebChat:
    """Routes of the page. Sessions are cookies tied to the chat's own path, so several chats fit in one browser."""

    def __init__(
        self,
        store: Store,
        methods: Methods,
        joining_url: str,
        proxies: tuple[Network, ...],
        person_of: PersonOf,
        subscribe: Subscribe,
        look: Look,
        left: Left,
    ) -> None:
        self._store = store
        self._person_of = person_of
        self._subscribe = subscribe
        self._streams: dict[int, set[asyncio.Event]] = {}
        self._toasts: dict[int, deque[dict[str, Any]]] = {}
        self._taps: dict[str, int] = {}
        self.closing = asyncio.Event()
        self._budget = Budget()
        self._reading, self._preparing = asyncio.Semaphore(UPLOADS), asyncio.Semaphore(2)
        self._assets = Assets(joining_url)
        self._sessions = Sessions(store, joining_url, proxies, self.say, look, left, self._wake)
        self._lock = self._sessions.lock
        store.watchers.append(self._wake)
        methods.answers.append(self._answered)

    def add_routes(self, app: web.Application) -> None:
        """Registers these routes, with those of the sessions and of the page's files."""
        self._assets.add_routes(app)
        self._sessions.add_routes(app)
        app.router.add_get("/c/{slug}/events", self._events)
        app.router.add_get("/c/{slug}/changes", self._changes)
        app.router.add_get("/c/{slug}/earlier", self._earlier)
        app.router.add_get("/c/{slug}/cards", self._cards)
        app.router.add_post("/c/{slug}/say", self._say)
        app.router.add_post("/c/{slug}/tap", self._tap)
        app.router.add_post("/c/{slug}/place", self._place)
        app.router.add_post("/c/{slug}/file", self._upload)
        app.router.add_post("/c/{slug}/push", self._wake_me)
        app.router.add_get("/c/{slug}/file/{file_id}", self._download)

    def _wake(self, chat_id: int) -> None:
        for event in self._streams.get(chat_id, ()):
            event.set()

    def _answered(self, query_id: str, text: str, loud: bool) -> None:
        chat_id = self._taps.pop(query_id, None)
        if chat_id is not None and text:
            self._toasts.setdefault(chat_id, deque(maxlen=5)).append({"text": text, "loud": loud})
            self._wake(chat_id)

    async def chat_of(self, request: web.Request) -> int:
        """Returns the chat of an open page."""
        return await self._sessions.chat_of(request)

    async def asked_by(self, request: web.Request) -> tuple[int, dict[str, Any]]:
        """Returns the chat of an open page and what it asks, once it is its turn. Raises 400, 403."""
        chat_id, body = await self._sessions.chat_of(request), await self._sessions.json_of(request)
        await self._budget.turn(chat_id)
        return chat_id, body

    # -- what the person does ----------------------------------------------------------------------------------

    async def say(
        self,
        chat_id: int,
        text: str,
        client_id: str | None = None,
        reply_to: int | None = None,
        said_at: float | None = None,
    ) -> dict[str, Any]:
        """Stores a sentence that the person says."""
        body = {**_envelope(chat_id, said_at), "text": text}
        if text.startswith("/"):
            length = len(text.split(maxsplit=1)[0])
            body["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        if reply_to is not None:
            answered = await self._store.message(chat_id, reply_to)
            if answered is not None:
                body["reply_to_message"] = {k: v for k, v in answered.items() if k not in ("reply_to_message", "card")}
        return await self._store.from_person(chat_id, body, client_id)

    async def _say(self, request: web.Request) -> web.StreamResponse:
        chat_id, body = await self._sessions.chat_of(request), await self._sessions.json_of(request)
        text = body.get("text")
        text = (
            text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if isinstance(text, str) else text
        )
        if not isinstance(text, str) or not text.strip():
            raise web.HTTPBadRequest
        if len(text) > TEXT_CHARACTERS:
            raise web.HTTPRequestEntityTooLarge(TEXT_CHARACTERS, len(text))
        said_at = _said_at(body.get("waited"))
        slow = await self._budget.turn(chat_id)
        stored = await self.say(chat_id, text, _client_id(body), _message_id(body, "reply_to"), said_at)
        return web.json_response({"message_id": stored["message_id"], **({"slow": True} if slow else {})})

    async def _place(self, request: web.Request) -> web.StreamResponse:
        chat_id, body = await self._sessions.chat_of(request), await self._sessions.json_of(request)
        try:
            place = {name: float(body[name]) for name in ("latitude", "longitude")}
        except (KeyError, TypeError, ValueError) as error:
            raise web.HTTPBadRequest from error
        if not (abs(place["latitude"]) <= 90 and abs(place["longitude"]) <= 180):
            raise web.HTTPBadRequest
        said_at = _said_at(body.get("waited"))
        await self._budget.turn(chat_id)
        stored = await self._store.from_person(
            chat_id, {**_envelope(chat_id, said_at), "location": place}, _client_id(body)
        )
        return web.json_response({"message_id": stored["message_id"]})

    async def _tap(self, request: web.Request) -> web.StreamResponse:
        """Passes the tap on a button under a message of this chat on to the bot."""
        chat_id, body = await self._sessions.chat_of(request), await self._sessions.json_of(request)
        if not self._budget.may_tap(chat_id):
            raise web.HTTPTooManyRequests
        message = await self._store.message(chat_id, _message_id(body, "message_id") or 0)
        data = body.get("data")
        if message is None or not isinstance(data, str) or len(data.encode("utf-8", "replace")) > 64:
            raise web.HTTPBadRequest
        query = {
            "id": secrets.token_hex(8),
            "from": _envelope(chat_id)["from"],
            "chat_instance": str(chat_id),
            "message": {name: value for name, value in message.items() if name != "card"},
            "data": data,
        }
        if len(self._taps) > 10_000:
            self._taps.clear()
        self._taps[query["id"]] = chat_id
        await self._store.queue({"callback_query": query})
        return web.json_response({})

    async def _wake_me(self, request: web.Request) -> web.StreamResponse:
        """Subscribes the browser, which wants to be woken when the page isn't open."""
        (chat_id, _token, _since), body = await self._sessions._open(request), await self._sessions.json_of(request)
        if not await self._subscribe(chat_id, body):
            raise web.HTTPBadRequest
        return web.json_response({})

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        """Takes in a photo or a voice message."""
        chat_id, form, content = await self.uploaded(request)
        async with self._preparing:
            return await self._take_in(chat_id, form, content)

    async def uploaded(self, request: web.Request) -> tuple[int, dict[str, str], bytes]:
        """Returns the chat of an open page, and the fields and the file of a form that it sends, within what one may
        send. Raises 400, 413."""
        chat_id = await self._sessions.chat_of(request)
        self._sessions.same_origin(request)
        if not (await self._person_of(chat_id))["joined"]:
            raise web.HTTPBadRequest  # else anybody could fill the disk
        async with self._budget.sending(chat_id), self._reading:
            if not self._budget.has_room(chat_id, request.content_length or 0):
                raise web.HTTPRequestEntityTooLarge(0, 0, headers={"X-Chuishao": "today"})
            form, content = await read_form(request)
            self._budget.sent(chat_id, len(content))
        return chat_id, form, content

    async def _take_in(self, chat_id: int, form: dict[str, str], content: bytes) -> web.StreamResponse:
        """Keeps a file and says it in the chat, once however often it is sent under its id."""
        client_id = form.get("id", "")[:64] or None
        if (before := await self._store.sent_before(chat_id, client_id)) is not None:
            return web.json_response({"message_id": before["message_id"]})
        made = await asyncio.to_thread(prepared, content, form.get("seconds", ""))
        file_id = await self._store.keep_file(chat_id, made.kind, made.mime, made.content, made.about)
        file = {"file_id": file_id, "file_unique_id": file_id[:16], "file_size": len(made.content)}
        caption = form.get("caption", "").strip()[:CAPTION_CHARACTERS]
        said = {"caption": caption} if caption else {}
        part: dict[str, Any] = {"voice": {**file, "duration": 0, **made.about}}
        if made.kind == "photo":
            part = {"photo": [{**file, **made.about}]}
        stored = await self._store.from_person(
            chat_id, {**_envelope(chat_id, _said_at(form.get("waited"))), **part, **said}, client_id
        )
        if file_id not in files_in(stored):  # the same came twice at once: the first one's is shown
            await self._store.forget_file(file_id)
        return web.json_response({"message_id": stored["message_id"]})

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """Sends a file that a message of this chat shows."""
        chat_id, file_id = await self._sessions.chat_of(request), request.match_info["file_id"]
        known = await self._store.file(file_id)
        if known is None or not await self._store.shown_in(chat_id, file_id):
            raise web.HTTPNotFound
        headers = {"Content-Type": known["mime"], "Cache-Control": "no-store"}
        if known["kind"] == "document":  # to be saved, never shown as a page of ours
            headers |= {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        return web.FileResponse(self._store.files / file_id, headers=headers)

    # -- what the person sees ----------------------------------------------------------------------------------

    async def _home(self, chat_id: int) -> dict[str, Any]:
        """Returns what the page shows besides messages."""
        pin = "yes" if self._lock.has(chat_id) else ""
        shown = {"commands": await self._store.menu(chat_id), "first": await self._store.first(chat_id), "pin": pin}
        return {**shown, **await self._person_of(chat_id)}

    async def _changes(self, request: web.Request) -> web.StreamResponse:
        """Answers with the same as the stream, asked repeatedly: for phones behind a proxy that keeps a stream back."""
        (chat_id, token, _since), after = await self._sessions.signed_in(request), _seen(request)
        if self._lock.is_locked(chat_id, token):
            up_to, loud = await self._ringing(chat_id, after)
            ring = None if loud is None else {"loud": loud}
            return web.json_response({"locked": up_to, "ring": ring}, headers={"Cache-Control": "no-store"})
        changes = await self._store.since(chat_id, after)
        toasts = list(self._toasts.pop(chat_id, ()))
        messages = [{"seq": change[0], **_changed(*change)} for change in changes]
        body = {"messages": messages, "toasts": toasts, "person": await self._home(chat_id)}
        return web.json_response(body, headers={"Cache-Control": "no-store"})

    async def _earlier(self, request: web.Request) -> web.StreamResponse:
        """Returns what was said before the message `before`."""
        chat_id, before = await self._sessions.chat_of(request), request.query.get("before", "")
        if not (before.isascii() and before.isdigit() and len(before) < 10):
            raise web.HTTPBadRequest
        body = {"messages": await self._store.earlier(chat_id, int(before))}
        return web.json_response(body, headers={"Cache-Control": "no-store"})

    async def _cards(self, request: web.Request) -> web.StreamResponse:
        """Returns the cards of leads and reports, the newest first, for the page's list of them."""
        chat_id = await self._sessions.chat_of(request)
        body = {"messages": await self._store.cards(chat_id)}
        return web.json_response(body, headers={"Cache-Control": "no-store"})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Streams messages as they come and change, from the last one that the page has seen."""
        (chat_id, token, _since), slug = await self._sessions.signed_in(request), request.match_info["slug"]
        if len(self._streams.get(chat_id, ())) >= STREAMS:
            raise web.HTTPTooManyRequests
        last, behind = _seen(request), False
        told: dict[str, Any] = {}
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        await response.prepare(request)
        woken = asyncio.Event()
        self._streams.setdefault(chat_id, set()).add(woken)
        try:
            await response.write(b"retry: 1000\n\n")
            while not self.closing.is_set():
                woken.clear()
                if await self._store.chat_by_session(slug, token) is None:
                    break  # meanwhile; the page asks and learns it
                if self._lock.is_locked(chat_id, token):
                    last, loud = await self._ringing(chat_id, last)
                    await send_event(response, "locked", {}, last)
                    if loud is not None:
                        await send_event(response, "ring", {"loud": loud}, last)
                    behind = True
                    await within(15, woken, self.closing)
                    continue
                if behind:  # by another page of the same browser: this one begins anew
                    await send_event(response, "unlocked", {})
                    break
                last = await self._send_news(response, chat_id, last)
                now = await self._home(chat_id)
                if now != told:
                    told = now
                    await send_event(response, "person", now)
                if not await within(15, woken, self.closing):
                    await send_event(response, "alive", {})  # an event, for scripts can't see a comment
        except ConnectionResetError:
            pass  # the phone went away; it will ask again from where it was
        finally:
            self._streams[chat_id].discard(woken)
            if not self._streams[chat_id]:
                del self._streams[chat_id]
        return response

    async def _send_news(self, response: web.StreamResponse, chat_id: int, last: int) -> int:
        """Sends the messages after number `last`, and answers to taps; returns the last number sent."""
        while changes := await self._store.since(chat_id, last):
            for change in changes:
                last = change[0]
                await send_event(response, "message", _changed(*change), last)
        for toast in self._toasts.pop(chat_id, ()):
            await send_event(response, "toast", toast)
        return last

    async def _ringing(self, chat_id: int, after: int) -> tuple[int, bool | None]:
        """Returns up to which number a locked page has now been told what came after `after`, and whether it rings.

        True rings loudly, for an alert, False softly, and None not at all. A page that was opened locked (`after` is 0)
        begins with what comes next.
        """
        news = await self._store.since(chat_id, after)
        up_to = news[-1][0] if news else after
        coming = [body for _seq, body, _id in news if body and body["from"]["is_bot"] and "edit_date" not in body]
        if not after or all(body.get("silent") for body in coming):
            return up_to, None
        return up_to, any(_waits(body) for body in coming)


def _buttons(message: dict[str, Any]) -> set[str]:
    """Returns what the buttons under a message say when they are tapped."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", ())
    return {button["callback_data"] for row in rows for button in row if "callback_data" in button}


def _waits(message: dict[str, Any]) -> bool:
    """Tells whether the message is an alert that nobody has answered."""
    return any(data.startswith("1:ack:") for data in _buttons(message))


def _envelope(chat_id: int, said_at: float | None = None) -> dict[str, Any]:
    who = {"id": chat_id, "first_name": "网页"}
    date = int(said_at or time.time())
    return {"from": {**who, "is_bot": False}, "chat": {**who, "type": "private"}, "date": date}


def _said_at(waited: object) -> float | None:
    """Returns when a message was said, if it waited so many milliseconds on the phone; None where that can't be.

    The wait is what counts, because the phone's clock may be wrong.
    """
    try:
        seconds = float(str(waited)) / 1000
    except ValueError:
        return None
    return time.time() - seconds if 0 < seconds < WAITED_AT_MOST else None


def _client_id(body: dict[str, Any]) -> str | None:
    value = body.get("id")
    return value[:64] if isinstance(value, str) and value.isascii() and value else None


def _message_id(body: dict[str, Any], name: str) -> int | None:
    value = body.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31 else None


def _seen(request: web.Request) -> int:
    text = request.headers.get("Last-Event-ID") or request.query.get("after", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _changed(_seq: int, body: dict[str, Any] | None, message_id: int) -> dict[str, Any]:
    """Returns a message as it is now, or that it is gone."""
    return {"message": body} if body is not None else {"deleted": message_id}


async def send_event(response: web.StreamResponse, name: str, data: dict[str, Any], number: int | None = None) -> None:
    """Sends one event of a stream; the page asks on from its number."""
    identity = f"id: {number}\n" if number is not None else ""
    await response.write(f"{identity}event: {name}\ndata: {json.dumps(data)}\n\n".encode())


async def within(seconds: float, *events: asyncio.Event) -> bool:
    """Tells whether one of the events came in time; `seconds` is how long to wait."""
    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(event.wait()) for event in events]
        done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()
    return bool(done)
