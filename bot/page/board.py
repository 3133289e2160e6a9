"""The big screen and the desk: a page that shows a supervisor's area as it is now. It has the session of their chat."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.page.assets import files
from bot.page.chat import WebChat, send_event, within
from bot.page.showing import showing_for
from bot.transport.channel import WEB
from handlers.card import Showing
from handlers.desk.board import PICTURES, overview, picture
from storage.alerts import alert
from storage.cases import quota
from storage.cases.quota import Verdict
from storage.engine import audit
from storage.engine.database import Database
from storage.people.access import Action, may
from storage.people.endpoint import at_chat
from storage.people.person import Person, Role

LOOKS_EVERY = 2.0
"""Seconds between two looks whether something has happened; what only grows older is shown anew twice a minute."""
_QUIET_LOOKS = 15
KEPT_SECONDS = 60.0
SCREENS = 5
"""So many screens of one person at once."""
_Answer = Callable[[web.Request, Person, Showing], Awaitable[web.StreamResponse]]


class Board:
    """Routes below the chat's own, for who may ask for lists. Everybody else's answer like pages that don't exist."""

    def __init__(self, db: Database, webchat: WebChat) -> None:
        self._db = db
        self._webchat = webchat
        self._pictures: dict[tuple[str, str, int, str], tuple[float, bytes]] = {}
        self._drawing = asyncio.Lock()
        self._open = Counter[int]()

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/c/{slug}/board", self._behind(self._page))
        app.router.add_get("/c/{slug}/board/now", self._behind(self._now))
        app.router.add_get("/c/{slug}/board/events", self._behind(self._events))
        app.router.add_get("/c/{slug}/board/{name}.svg", self._behind(self._picture))

    def _behind(self, answer: _Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def run(request: web.Request) -> web.StreamResponse:
            chat_id = await self._webchat.chat_of(request)
            who = await self._who(chat_id)
            if who is None:
                raise web.HTTPNotFound
            return await answer(request, who, showing_for(self._db, chat_id, who))

        return run

    async def _who(self, chat_id: int) -> Person | None:
        endpoint = await at_chat(WEB, chat_id)
        return endpoint.person if endpoint is not None and may(endpoint.person, Action.LIST) else None

    async def _note(self, who: Person, showing: Showing) -> None:
        """Counts and notes that somebody looks. Raises 429 where they have looked too often."""

        async def note() -> bool:
            audit.record("figures.read", who.area_code, actor=who.actor, kind="board")
            return await quota.look_up(who) is Verdict.GOES

        if not await self._db.unit(note, f"web:{showing.chat_id}"):
            raise web.HTTPTooManyRequests

    async def _page(self, request: web.Request, _who: Person, _showing: Showing) -> web.StreamResponse:
        return files()["board.html"].answer(request)

    async def _now(self, _request: web.Request, who: Person, showing: Showing) -> web.StreamResponse:
        await self._note(who, showing)
        return web.json_response(await overview(showing, who), headers={"Cache-Control": "no-store"})

    async def _picture(self, request: web.Request, who: Person, showing: Showing) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in PICTURES:
            raise web.HTTPNotFound
        drawn = await self._drawn(showing, who, name)
        return web.Response(body=drawn, content_type="image/svg+xml", headers={"Cache-Control": "no-store"})

    async def _drawn(self, showing: Showing, who: Person, name: str) -> bytes:
        """Draws a picture, or takes the one that was drawn for the same area within the last minute."""
        key, now = (name, who.area_code, who.id if who.role is Role.JUDGE else 0, who.language), time.monotonic()
        self._pictures = {one: kept for one, kept in self._pictures.items() if now - kept[0] < KEPT_SECONDS}
        if key not in self._pictures:
            async with self._drawing:  # one after the other: each takes a processor for a while
                if key not in self._pictures:
                    self._pictures[key] = (now, await picture(showing, who, name))
        return self._pictures[key][1]

    async def _events(self, request: web.Request, who: Person, showing: Showing) -> web.StreamResponse:
        """Sends the whole overview again after a step of any alert, as long as the page is signed in and open."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        if self._open[showing.chat_id] >= SCREENS:
            raise web.HTTPTooManyRequests
        await self._note(who, showing)
        await response.prepare(request)
        self._open[showing.chat_id] += 1
        seen, looks = -1, 0
        closing = self._webchat.closing
        try:
            while not closing.is_set():
                newest = await alert.newest_event_id()
                if newest != seen or looks >= _QUIET_LOOKS:
                    current = await self._still(request, showing.chat_id)
                    if current is None:
                        break
                    seen, looks = newest, 0
                    now = await overview(showing_for(self._db, showing.chat_id, current), current)
                    await send_event(response, "now", now)
                looks += 1
                await within(LOOKS_EVERY, closing)
        except ConnectionResetError:
            pass  # the screen went dark; it will ask again
        finally:
            self._open[showing.chat_id] -= 1
        return response

    async def _still(self, request: web.Request, chat_id: int) -> Person | None:
        """Returns who the page is signed in for now; None where it isn't any more, or is locked."""
        try:
            await self._webchat.chat_of(request)
        except web.HTTPException:
            return None
        return await self._who(chat_id)
