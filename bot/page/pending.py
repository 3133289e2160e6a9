"""What nobody has answered, as rows on the page of who watches over it."""

from functools import partial

from aiohttp import web

from bot.page.chat import WebChat
from bot.page.showing import person_at, showing_for
from handlers.desk import listing
from storage.desk.listing import seen
from storage.engine.database import Database
from storage.people.access import Action


class Pending:
    """One route below the chat's own; for everybody else it answers like a page that doesn't exist."""

    def __init__(self, db: Database, webchat: WebChat) -> None:
        self._db = db
        self._webchat = webchat

    def add_routes(self, app: web.Application) -> None:
        """Registers the route."""
        app.router.add_post("/c/{slug}/pending", self._pending)

    async def _pending(self, request: web.Request) -> web.StreamResponse:
        """Answers {"leads": [{"number", "who", "where", "at", "how"}]}, a list's first page."""
        chat_id, _body = await self._webchat.asked_by(request)
        who = await person_at(chat_id, Action.LIST)
        await self._db.unit(partial(seen, who), f"web:{chat_id}")
        leads = await listing.waiting(showing_for(self._db, chat_id, who), who)
        return web.json_response({"leads": leads}, headers={"Cache-Control": "no-store"})
