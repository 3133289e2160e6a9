"""Tables taken in on the page of who keeps the court's people: looked through first, and then taken in."""

from collections.abc import Awaitable
from functools import partial
from typing import Any, Protocol

from aiohttp import web

from bot.page.chat import WebChat
from bot.page.showing import person_at
from storage.engine.database import Database
from storage.people.access import Action
from storage.people.person import Person
from storage.post.outbox import Lane, put_to_person


class HandIn(Protocol):
    """What is done with a file: see bot/office/handing.py."""

    def __call__(
        self, db: Database, content: bytes, name: str, who: Person, *, go: bool
    ) -> Awaitable[dict[str, Any]]: ...


class Importer:
    """One route below the chat's own; for everybody else it answers like a page that doesn't exist."""

    def __init__(self, db: Database, webchat: WebChat, hand_in: HandIn) -> None:
        self._db = db
        self._webchat = webchat
        self._hand_in = hand_in

    def add_routes(self, app: web.Application) -> None:
        """Registers the route."""
        app.router.add_post("/c/{slug}/import", self._import)

    async def _import(self, request: web.Request) -> web.StreamResponse:
        """Takes a form with `file`, its `name`, and `go` once it is to be taken in; answers what `hand_in` says. The
        file itself isn't kept."""
        who = await person_at(await self._webchat.chat_of(request), Action.PEOPLE)
        _chat_id, form, content = await self._webchat.uploaded(request)
        done = await self._hand_in(self._db, content, form.get("name", "")[:100], who, go=bool(form.get("go")))
        if done.get("run"):
            tell = partial(put_to_person, who.id, "imports", done["run"], lane=Lane.REPLY, fresh=True)
            await self._db.unit(tell, who.actor)
        return web.json_response(done, headers={"Cache-Control": "no-store"})
