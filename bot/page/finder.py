"""Cases found while somebody types, on the page of who may ask about them."""

from functools import partial

from aiohttp import web

from bot.page.chat import WebChat
from bot.page.showing import person_at, showing_for
from handlers.cases import inline
from storage.engine.database import Database
from storage.people.access import Action

HITS = 6


class Finder:
    """One route below the chat's own; for everybody else it answers like a page that doesn't exist."""

    def __init__(self, db: Database, webchat: WebChat) -> None:
        self._db = db
        self._webchat = webchat

    def add_routes(self, app: web.Application) -> None:
        """Registers the route."""
        app.router.add_post("/c/{slug}/find", self._find)

    async def _find(self, request: web.Request) -> web.StreamResponse:
        """Answers {"words"} with {"hits": [{"number", "who", "about"}]}, at most HITS."""
        chat_id, body = await self._webchat.asked_by(request)
        who, words = await person_at(chat_id, Action.CASE), body.get("words")
        if not isinstance(words, str):
            raise web.HTTPBadRequest
        ids = await self._db.unit(partial(inline.found, who, words.strip()[:60], HITS), f"web:{chat_id}")
        hits = await inline.hits(showing_for(self._db, chat_id, who), ids)
        return web.json_response({"hits": hits}, headers={"Cache-Control": "no-store"})
