"""Who a browser is: joining, the session's cookie, the PIN, and that nobody else speaks in its name."""

import asyncio
import re
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import web

from bot.gateway.lock import Lock
from bot.gateway.store import Store
from bot.page.caller import caller
from bot.settings import Network
from bot.transport.body import parse_json
from storage.post.invitation import MOST_TRIES

_log = structlog.get_logger("page")
YEAR = 365 * 24 * 3600
RENEWED_AFTER = 7 * 24 * 3600
JOINS_A_MINUTE = 30
JSON_BYTES = 256_000
BODY_SECONDS = 15.0
"""For so long the body of a request may take; of a file for its next part."""
NUMBERS = 10_000
"""Of so many telephone numbers that nobody was asked to join with it is known how often somebody tried them."""
_LINK = re.compile(r"[\w-]{16,64}", re.ASCII)
Left = Callable[[int], Awaitable[None]]
"""Hears that the phone of a chat is no longer its person's."""
Look = Callable[[str], Awaitable[dict[str, Any]]]
"""Tells whom a joining code lets in (name, court), or why nobody (refused, left). Uses nothing up."""
Say = Callable[[int, str], Awaitable[Any]]
"""Says something in a chat, as its person."""


class Locked(web.HTTPClientError):
    """The page wants its PIN first."""

    status_code = 423


class Sessions:
    """Routes of joining and of the PIN. Sessions are cookies tied to the chat's own path, so several chats fit in one
    browser."""

    def __init__(
        self,
        store: Store,
        joining_url: str,
        proxies: tuple[Network, ...],
        say: Say,
        look: Look,
        left: Left,
        wake: Callable[[int], None],
    ) -> None:
        self._store = store
        self._joining_url = joining_url
        self._proxies = proxies
        self._say = say
        self._look = look
        self._left = left
        self._wake = wake
        self.lock = self._lock = Lock(store)
        self._joins: dict[str, deque[float]] = {}
        self._looks: dict[str, deque[float]] = {}
        self._guesses = Counter[str]()

    def add_routes(self, app: web.Application) -> None:
        """Registers these routes."""
        app.router.add_post("/api/join", self._join)
        app.router.add_post("/api/invited", self._invited)
        app.router.add_get("/c/{slug}/session", self._session)
        app.router.add_post("/c/{slug}/pin", self._keep_pin)
        app.router.add_post("/c/{slug}/unlock", self._unlock)
        app.router.add_post("/c/{slug}/awake", self._awake)

    async def _join(self, request: web.Request) -> web.StreamResponse:
        """Opens a chat and says `/start CODE` in it: joining is the bot's business, here as on Telegram."""
        self.same_origin(request)
        self._count(self._joins, request)
        body = await self.json_of(request)
        code = str(body.get("code", ""))[:64]
        found = await self._look(code)
        if "refused" in found:
            return web.json_response(self._with_tries(code, found), status=403)
        chat_id, slug, token = await self._store.open_chat()
        await self._say(chat_id, f"/start {code}")
        response = web.json_response({"slug": slug})
        give_session(response, slug, token, secure=self._is_secure(request))
        return response

    async def _invited(self, request: web.Request) -> web.StreamResponse:
        """Tells whom a link invites, and to which court: who was given the link would learn it by joining."""
        self.same_origin(request)
        self._count(self._looks, request)
        body = await self.json_of(request)
        code = str(body.get("code", ""))[:64]
        found = await self._look(code) if _LINK.fullmatch(code) else {"refused": "wrong"}
        return web.json_response(found, status=403 if "refused" in found else 200)

    def _count(self, of: dict[str, deque[float]], request: web.Request) -> None:
        """Raises 429 where an address asks too often."""
        now = time.monotonic()
        if len(of) > 10_000:
            of.clear()
        mine = of.setdefault(caller(request, self._proxies), deque(maxlen=JOINS_A_MINUTE))
        if len(mine) == JOINS_A_MINUTE and now - mine[0] < 60:
            raise web.HTTPTooManyRequests
        mine.append(now)

    def _with_tries(self, code: str, found: dict[str, Any]) -> dict[str, Any]:
        """Counts the tries at a number that nobody was asked to join with, so that it looks like any other."""
        phone, dash, _digits = code.partition("-")
        if not dash or found.get("left") is not None or found["refused"] != "wrong" or not phone.isdigit():
            return found
        if len(self._guesses) > NUMBERS:
            self._guesses.clear()
        self._guesses[phone] = min(self._guesses[phone] + 1, MOST_TRIES)
        left = MOST_TRIES - self._guesses[phone]
        return {"refused": "wrong" if left else "spent", "left": left}

    async def signed_in(self, request: web.Request) -> tuple[int, str, float]:
        """Returns the chat, the token and since when there is that token.

        Raises 401 for everything that isn't a session, so that nobody learns which chats there are.
        """
        slug = request.match_info["slug"]
        token = request.cookies.get(_cookie(slug), "")
        known = await self._store.chat_by_session(slug, token)
        if known is None:
            raise web.HTTPUnauthorized
        return known[0], token, known[1]

    async def _open(self, request: web.Request) -> tuple[int, str, float]:
        """Returns the same as `signed_in` for a page that isn't locked; raises 423 where it is."""
        chat_id, token, since = await self.signed_in(request)
        if self._lock.is_locked(chat_id, token):
            raise Locked
        return chat_id, token, since

    async def chat_of(self, request: web.Request) -> int:
        """Returns the chat of an open page; what is sent from it shows that somebody is there."""
        chat_id, token, _since = await self._open(request)
        if request.method == "POST":
            self._lock.touch(chat_id, token)
        return chat_id

    async def _session(self, request: web.Request) -> web.StreamResponse:
        """Tells whether the browser is signed in to this chat; an event stream can't tell a page that it isn't.

        Changes a cookie that has served for a week for a new one.
        """
        chat_id, token, since = await self._open(request)
        response = web.Response(status=204)
        if time.time() - since > RENEWED_AFTER:
            fresh = await self._store.renew_session(chat_id, token)
            self._lock.touch(chat_id, fresh)
            give_session(response, request.match_info["slug"], fresh, secure=self._is_secure(request))
        return response

    async def _keep_pin(self, request: web.Request) -> web.StreamResponse:
        """Sets the PIN of this chat; an empty one takes it away."""
        chat_id, body = await self.chat_of(request), await self.json_of(request)
        pin = body.get("pin")
        if not isinstance(pin, str) or not re.fullmatch(r"(\d{4,6})?", pin, re.ASCII):
            raise web.HTTPBadRequest
        await self._lock.keep(chat_id, request.cookies[_cookie(request.match_info["slug"])], pin)
        self._wake(chat_id)
        return web.json_response({})

    async def _unlock(self, request: web.Request) -> web.StreamResponse:
        """Opens a locked page with its PIN; without one (it was forgotten) it is signed out instead."""
        (chat_id, token, _since), body = await self.signed_in(request), await self.json_of(request)
        pin = body.get("pin")
        if pin is None:
            await self._forgotten(chat_id)
            raise web.HTTPUnauthorized
        right = isinstance(pin, str) and await self._lock.open(chat_id, token, pin[:6] if pin.isascii() else "")
        if not right:
            _log.warning("wrong PIN", chat=chat_id, last=right is None)
        if right is None:
            await self._forgotten(chat_id)
        if not right:
            raise web.HTTPForbidden
        self._wake(chat_id)
        return web.json_response({})

    def _is_secure(self, request: web.Request) -> bool:
        """Tells whether the page is opened by TLS: as the court has written its address, or as the proxy says."""
        return self._joining_url.startswith("https:") or request.secure or forwarded_tls(request)

    async def _forgotten(self, chat_id: int) -> None:
        """Signs the phone out, as nobody knows the PIN or somebody guesses; it is no longer one of the person's."""
        await self._lock.forgotten(chat_id)  # first: it needs nothing but the gateway's own memory
        await self._left(chat_id)

    async def _awake(self, request: web.Request) -> web.StreamResponse:
        """Keeps the page open, as somebody is reading."""
        await self.chat_of(request)
        self.same_origin(request)
        return web.json_response({})

    def same_origin(self, request: web.Request) -> None:
        """Refuses what another site's page says in this one's name: the cookie is strict, and this is the second lock.

        A proxy on the way may have changed the host, but not the address that people open.
        """
        origin = request.headers.get("Origin")
        own = (request.headers.get("Host", ""), self._joining_url.partition("://")[2].partition("/")[0])
        if origin is not None and origin.partition("://")[2] not in own:
            raise web.HTTPForbidden

    async def json_of(self, request: web.Request) -> dict[str, Any]:
        self.same_origin(request)
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        try:
            body = parse_json(await _within_limit(request))
        except (ValueError, ConnectionResetError) as error:  # no JSON, or a phone that went away in the middle
            raise web.HTTPBadRequest from error
        if not isinstance(body, dict):
            raise web.HTTPBadRequest
        return body


async def _within_limit(request: web.Request) -> bytes:
    """Reads the body, no more of it than JSON may be. Raises 413, 408."""
    if (request.content_length or 0) > JSON_BYTES:
        raise web.HTTPRequestEntityTooLarge(JSON_BYTES, request.content_length or 0)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.content.iter_any():
                body += part
                if len(body) > JSON_BYTES:
                    raise web.HTTPRequestEntityTooLarge(JSON_BYTES, len(body))
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    return bytes(body)


def _cookie(slug: str) -> str:
    """Returns the name of the chat's cookie, its own for each, so that several chats fit in one browser."""
    return f"chuishao-{slug}"


def give_session(response: web.StreamResponse, slug: str, token: str, *, secure: bool) -> None:
    """Signs the browser in to the chat, and only to its own path."""
    response.set_cookie(
        _cookie(slug), token, path=f"/c/{slug}/", max_age=YEAR, httponly=True, samesite="Strict", secure=secure
    )


def forwarded_tls(request: web.Request) -> bool:
    return request.headers.get("X-Forwarded-Proto", "") == "https"
