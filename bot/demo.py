"""`chuishao demo`: the product on a sample county, and a page with three phones side by side."""

import contextlib
import json
import os
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.app import Product, running
from bot.health.single import only_one
from bot.office.importing import Kind, import_file
from bot.page.assets import files
from bot.page.session import forwarded_tls, give_session
from bot.settings import Settings
from storage.alerts.alert import Alert
from storage.opening import open_database
from storage.people.endpoint import Endpoint
from storage.people.person import Person
from storage.post.invitation import invite

SAMPLE = Path(__file__).parent.parent / "storage" / "data"
CAST = {"official": "19800001001", "judge": "19800001101", "supervisor": "19800001202", "admin": "19800001203"}
"""The phones, by the number of the sample people; the last one is switched on by whoever wants it."""
BENCH = {"judge2": "19800001102", "judge3": "19800001103"}
"""The sample's other judges: whoever is meant has the phone in the middle."""
COURT_PHONE = "0578-0000000"
_PORTS = 20


@contextlib.asynccontextmanager
async def open_demo(settings: Settings, *, at_root: bool = True) -> AsyncIterator[tuple[Product, str]]:
    """Starts the product and yields it with the address of the page with the three phones.

    Everything is in a folder of its own inside the data folder, so that the demo never touches real records; a bot
    token in the environment isn't used. Where the port is taken and nobody asked for it, the next free one serves.
    `at_root` leads who types the plain address to the demo.
    """
    folder = settings.data / "demo"
    changes = {"data": folder, "database": "", "bot_token": "", "key": "", "public_url": ""}
    own = settings.model_copy(update={**changes, "court_phone": settings.court_phone or COURT_PHONE})
    with only_one(own):
        await _fill(own)
        phones = Phones(folder / "phones.json", at_root=at_root)
        async with contextlib.AsyncExitStack() as stack:
            product = await _first_free(own, phones, stack)
            await phones.prepare(product)
            yield product, f"{product.url}/demo/"


async def _first_free(settings: Settings, phones: "Phones", stack: contextlib.AsyncExitStack) -> Product:
    chosen = "CHUISHAO_LISTEN" in os.environ or settings.port == 0
    last = settings.port + (0 if chosen else _PORTS)
    for port in range(settings.port, last):
        asked = settings.model_copy(update={"listen": f"{settings.host}:{port}"})
        with contextlib.suppress(OSError):
            return await stack.enter_async_context(running(asked, extend=phones.add_routes))
    asked = settings.model_copy(update={"listen": f"{settings.host}:{last}"})
    return await stack.enter_async_context(running(asked, extend=phones.add_routes))


async def _fill(settings: Settings) -> None:
    """Imports the sample county, once."""
    async with open_database(
        settings.database_url, settings.secrets(), channels=settings.channels, court_phone=settings.court_phone
    ) as db:
        if await Person.exists():
            return
        for kind in (Kind.AREAS, Kind.PEOPLE, Kind.CASES):
            await import_file(db, kind, SAMPLE / f"sample-{kind.value}.csv", lambda _done, _all: None, strict=True)


class Phones:
    """The cast's web chats and `/demo/`, a page of three frames, each signed in as one of them.

    Everybody has joined by a real invitation; places and sessions are kept, so that the next demo finds them again.
    """

    def __init__(self, path: Path, *, at_root: bool) -> None:
        self._path = path
        self._at_root = at_root
        self._chats: dict[str, dict[str, str]] = json.loads(path.read_text()) if path.exists() else {}

    async def prepare(self, product: Product) -> None:
        """Opens a chat for everybody of the cast who has none; returns once all of them have joined."""
        everybody = {**CAST, **BENCH}
        for role, phone in everybody.items():
            person = await Person.get(phone=phone)
            if role in self._chats and await Endpoint.filter(person_id=person.id, active=True).exists():
                continue
            code = await product.db.unit(partial(invite, person), "demo")
            chat_id, slug, session = await product.store.open_chat()
            await product.webchat.say(chat_id, f"/start {code}")
            self._chats[role] = {"slug": slug, "session": session}
        while await Endpoint.filter(person__phone__in=list(everybody.values()), active=True).count() < len(everybody):
            await product.db.clock.sleep(0.05)
        with os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(self._chats, file)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/demo/", self._page)
        app.router.add_get("/demo/phones", self._phones)
        app.router.add_get("/demo/meant", self._meant)
        if self._at_root:
            app.middlewares.append(_to_the_demo)

    async def _page(self, request: web.Request) -> web.StreamResponse:
        response = files()["demo.html"].answer(request, "no-store")
        for chat in self._chats.values():
            give_session(response, chat["slug"], chat["session"], secure=forwarded_tls(request))
        return response

    async def _phones(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({role: chat["slug"] for role, chat in self._chats.items() if role in CAST})

    async def _meant(self, _request: web.Request) -> web.StreamResponse:
        """Tells which judge the newest alert is for, and the place of their phone."""
        newest = await Alert.all().order_by("-id").select_related("judge").first()
        numbers = {phone: role for role, phone in {**CAST, **BENCH}.items() if "judge" in role}
        role = numbers.get(newest.judge.phone) if newest is not None else None
        if newest is None or role is None:
            return web.json_response({})
        return web.json_response({"slug": self._chats[role]["slug"], "name": newest.judge.name})


@web.middleware
async def _to_the_demo(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Leads who types the plain address to the demo; the page brings invitations back to where one joins."""
    if request.path == "/" and not request.query_string:
        raise web.HTTPFound("/demo/")
    return await handler(request)
