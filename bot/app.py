"""The assembly: the one place that knows everybody, and the nursery in which every task lives."""

import asyncio
import contextlib
import gc
import hashlib
import json
import os
import platform
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from yarl import URL

import locales
from bot.gateway.methods import Methods
from bot.gateway.quota import Quota
from bot.gateway.server import Gateway
from bot.gateway.store import Store
from bot.health.watchdog import Watchdog
from bot.office.handing import hand_in
from bot.page.board import Board
from bot.page.caller import is_among
from bot.page.chat import WebChat
from bot.page.finder import Finder
from bot.page.importer import Importer
from bot.page.pending import Pending
from bot.settings import Network, Settings, make_private, networks
from bot.timers import Timers
from bot.transport.api import ApiError, BotApi, NoAnswerError, NotSentError
from bot.transport.channel import TELEGRAM, WEB, Channel, Way, build
from bot.transport.dispatcher import Dispatcher
from bot.transport.guard import HEAD_SECONDS, Guard, most_connections
from bot.transport.limiter import Limiter, NoLimits, SharedLimits, TelegramLimits
from bot.transport.metrics import Metrics
from bot.transport.receiver import ALLOWED, Receiver
from bot.transport.router import Router
from bot.transport.transcriber import Transcriber, ear_for
from bot.transport.waking import PushApi
from handlers.people.help import called, groups_for, role_group
from locales import DEFAULT, text
from storage.alerts import alert
from storage.desk import staff
from storage.duty.court import phone_of
from storage.engine.clock import Clock, SystemClock
from storage.engine.database import Database, is_alive
from storage.engine.failure import StorageUnavailableError
from storage.opening import open_database
from storage.people.access import Action, may
from storage.people.area import county_of, name_of
from storage.people.endpoint import at_chat
from storage.post import inbox, invitation, outbox, waking
from storage.post.inbox import chat_of, new_incident

SHUTDOWN_SECONDS = 10.0
_REQUEST_BYTES = 12_000_000
Extend = Callable[[web.Application], None]
_log = structlog.get_logger("app")


@dataclass
class Product:
    """A running product, for whoever started it."""

    db: Database
    settings: Settings
    metrics: Metrics
    channels: dict[str, Channel]
    receiver: Receiver
    router: Router
    dispatcher: Dispatcher
    timers: Timers
    store: Store
    webchat: WebChat
    transcriber: Transcriber | None
    url: str


@contextlib.asynccontextmanager
async def running(
    settings: Settings, clock: Clock | None = None, *, extend: Extend | None = None
) -> AsyncIterator[Product]:
    """Starts everything and ends it cleanly: takes nothing more in, finishes what it holds, closes.

    `extend` is called before the first request is taken, and may add routes of its own. What the body raises is raised
    on; a worker that dies ends the whole with an exception group.
    """
    failed: BaseException | None = None
    clock = clock or SystemClock()
    with contextlib.closing(_listen(settings)) as listener:
        async with (
            open_database(
                settings.database_url,
                settings.secrets(),
                clock=clock,
                channels=settings.channels,
                court_phone=settings.court_phone,
            ) as db,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100), json_serialize=_compact) as session,
        ):
            store = Store(settings.data / "gateway")
            try:
                async with (
                    asyncio.TaskGroup() as nursery,
                    _Assembly(settings, db, session, store, nursery, listener, extend) as product,
                ):
                    try:
                        yield product
                    except BaseException as error:  # noqa: BLE001 - raised again below, outside of the task group
                        failed = error
            finally:
                store.close()
    if failed is not None:
        raise failed


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_OF_PERSON = ("push", "joined", "role", "who", "waiting", "newest", "awake", "asleep", "name", "as", "phone", "court")
"""What the page knows of a person, beside the language."""
_BOT_ID = 9_000_000_000
"""The bot's own number on the gateway: no chat there has it, for they count from 1."""


class _Assembly:
    """Puts the parts together in `__aenter__` and takes them down in order in `__aexit__`."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        session: aiohttp.ClientSession,
        store: Store,
        nursery: asyncio.TaskGroup,
        listener: socket.socket,
        extend: Extend | None,
    ) -> None:
        self._settings = settings
        self._db = db
        self._session = session
        self._store = store
        self._nursery = nursery
        self._listener = listener
        self._extend = extend
        self._metrics = Metrics()
        db.observer = self._metrics.observe
        db.offers = settings.offers
        self._channels: dict[str, Channel] = {}
        self._told: dict[int, float] = {}
        self._receiving: list[asyncio.Task[None]] = []
        self._working: list[asyncio.Task[None]] = []
        self._transcriber: Transcriber | None = None
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Product:
        settings, db = self._settings, self._db
        make_private(settings.data)
        token = self._kept("gateway/token", lambda: f"{_BOT_ID}:{secrets.token_urlsafe(32)}")
        holder = self._name()
        strict = settings.gateway_limits == "telegram"
        methods = self._methods = Methods(self._store, token, Quota() if strict else None)
        app = web.Application(client_max_size=_REQUEST_BYTES)
        Gateway(methods).add_routes(app)
        runner = self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=3, keepalive_timeout=HEAD_SECONDS)
        listener, port = self._listener, self._listener.getsockname()[1]
        url = settings.public_url or f"http://{_loopback(settings.host)}:{port}"
        self._push = PushApi(self._session, db.secrets, settings, f"{url}/")
        asked = (self._person_of, self._subscribe, self._look, self._left)
        proxies = networks(settings.trusted_proxies)
        webchat = self._webchat = WebChat(self._store, methods, f"{url}/", proxies, *asked)
        if settings.web:
            webchat.add_routes(app)
            Board(db, webchat).add_routes(app)
            Finder(db, webchat).add_routes(app)
            Pending(db, webchat).add_routes(app)
            Importer(db, webchat, hand_in).add_routes(app)
            api = BotApi(self._session, f"http://{_loopback(settings.host)}:{port}", token)
            self._channels[WEB] = build(WEB, api, token, TelegramLimits() if strict else NoLimits())
        if settings.bot_token:
            limits = self._limits()
            api = BotApi(self._session, settings.api_base, settings.bot_token, settings.proxy)
            self._channels[TELEGRAM] = build(TELEGRAM, api, settings.bot_token, limits)
        self._router = Router(
            db,
            self._channels,
            self._metrics,
            self._nursery,
            joining_url=f"{url}/",
            push_hosts=settings.own_push_hosts,
        )
        pushing = Way(waking.CHANNEL, self._push, NoLimits())
        ways = {**self._channels, pushing.name: pushing}
        self._dispatcher = Dispatcher(db, ways, self._metrics, self._nursery, holder)
        keep = timedelta(days=settings.keep_days)
        self._timers = Timers(db, self._metrics, keep, self._store, settings.keep_years)
        self._receiver = Receiver(
            db,
            self._metrics,
            self._router.stored,
            self._not_logged,
            self._dispatcher.token_refused,
        )
        self._add_routes(app)
        if self._extend is not None:
            self._extend(app)
        for channel in self._channels.values():
            await channel.app.initialize()
        if WEB in self._channels and (last := await inbox.last_update(WEB)) is not None:
            await self._store.count_on_from(last[0])
        # Before anything comes in, which would be taken out again. If it can't be noted, the leases run out.
        with contextlib.suppress(StorageUnavailableError):
            await db.unit(partial(outbox.take_over, holder), "dispatcher")
        await runner.setup()
        await self._serve(runner, listener, proxies)
        await methods.start()
        self._start()
        return Product(
            db=db,
            settings=settings,
            metrics=self._metrics,
            channels=self._channels,
            receiver=self._receiver,
            router=self._router,
            dispatcher=self._dispatcher,
            timers=self._timers,
            store=self._store,
            webchat=webchat,
            transcriber=self._transcriber,
            url=url,
        )

    async def _serve(self, runner: web.AppRunner, listener: socket.socket, proxies: tuple[Network, ...]) -> None:
        """Takes requests from now on, by way of the guard."""
        assert runner.server is not None
        guard = Guard(runner.server, lambda address: is_among(address, proxies), most_connections())
        self._server = await asyncio.get_running_loop().create_server(guard, sock=listener, backlog=128)

    def _start(self) -> None:
        tick, start = self._settings.tick, self._nursery.create_task
        gc.collect()
        gc.freeze()  # what the start has made stays; a collection that walks through it costs 30 ms each time
        self._working = [
            start(self._router.run(tick), name="router"),
            start(self._dispatcher.run(tick), name="dispatcher"),
            start(self._timers.run(tick), name="timers"),
            start(_ends_with(self._db), name="writer-watch"),
            start(Watchdog(self._metrics.loop_lag.set).run(), name="watchdog"),
            start(self._db.listen(self._router.wake), name="listener"),
        ]
        if (ear := ear_for(self._session, self._settings.transcribe)) is not None:
            self._transcriber = Transcriber(self._db, self._channels, self._router, ear, self._nursery)
            self._working.append(start(self._transcriber.run(tick), name="transcriber"))
        if WEB in self._channels:
            self._receiving.append(start(self._receiver.poll(self._channels[WEB]), name="poll-web"))
        if TELEGRAM in self._channels:
            self._receiving.append(start(self._receive_telegram(), name="receive-telegram"))

    async def __aexit__(self, *_error: object) -> None:
        """Stops everything within SHUTDOWN_SECONDS; what isn't sent by then is in the outbox."""
        for task in self._receiving:
            task.cancel()
        self._webchat.closing.set()
        self._timers.stop()
        try:
            async with asyncio.timeout(SHUTDOWN_SECONDS - 3):
                await self._router.drain()
                await self._dispatcher.drain()
        except TimeoutError:
            _log.warning("not everything was sent before the end; the outbox holds it")
        self._router.cancel()
        self._dispatcher.cancel()
        for task in self._working:
            task.cancel()
        if self._transcriber is not None:
            self._transcriber.cancel()
        self._methods.close()
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()
        for channel in self._channels.values():
            await channel.app.shutdown()

    def _limits(self) -> Limiter:
        if not self._settings.limits_on:
            return NoLimits()
        return TelegramLimits() if self._db.is_sqlite else SharedLimits(self._db)

    async def _person_of(self, chat_id: int) -> dict[str, Any]:
        """Collects what the page needs to know of the person.

        That is the language, the key for being woken, if they may be, what their home looks like, and how many alerts
        wait in the area of somebody who answers for it.
        """
        endpoint = await at_chat(WEB, chat_id)
        who = endpoint.person if endpoint is not None and endpoint.person.active else None
        if who is None:
            return {"language": self._settings.language, **dict.fromkeys(_OF_PERSON, "")}
        role = role_group(who)
        waiting, newest = await alert.unanswered(who.area_code) if role in ("supervisor", "town") else (0, 0)
        return {
            "language": who.language,
            "push": self._push.browser_key if may(who, Action.PUSH) else "",
            "joined": "yes",
            "role": role,
            "who": self._db.secrets.index(f"page:{who.id}")[:16],
            "waiting": str(waiting or ""),
            "newest": str(newest or ""),
            "name": who.name,
            "as": locales.plain(who.language, f"person.role_{who.role.value}"),
            "phone": await phone_of(who.area_code),
            "court": await name_of(county_of(who.area_code)),
            "groups": groups_for(who.language),
            "called": called(who),
            "awake": "" if may(who, Action.PUSH) and await waking.sleepers([who.id]) else "yes",
            "asleep": str(len(await staff.whom_nobody_wakes(who)) or "") if may(who, Action.ROSTER) else "",
        }

    async def _subscribe(self, chat_id: int, subscription: Any) -> bool:
        """Subscribes a browser and tells whether it will be woken for the person of this chat; with `trial` among what
        it says it is rung once more."""
        endpoint = await at_chat(WEB, chat_id)
        target = waking.of_browser(subscription, self._settings.own_push_hosts)
        if endpoint is None or target is None or not may(endpoint.person, Action.PUSH):
            return False
        keep = partial(waking.keep_browser, endpoint.person, target, trial=bool(subscription.get("trial")))
        return bool(await self._db.unit(keep, f"web:{chat_id}"))

    async def _look(self, code: str) -> dict[str, Any]:
        """Tells whom a joining code lets in, and the court that asks; or why it lets nobody in."""
        found = await self._db.unit(partial(invitation.look, code), "web:joining")
        if isinstance(found, invitation.Refused):
            return {"refused": found.why.value, "left": found.left}
        return {"name": found.name, "county": await name_of(county_of(found.area_code))}

    async def _left(self, chat_id: int) -> None:
        """Signs out a web chat whose phone belongs to nobody any more."""
        endpoint = await at_chat(WEB, chat_id)
        if endpoint is not None:
            await self._db.unit(partial(waking.sign_out, endpoint, "pin"), f"web:{chat_id}")

    def _kept(self, name: str, made: Callable[[], str]) -> str:
        """Returns a value made once and kept in the data folder, known to nobody outside this machine."""
        path = self._settings.data / name
        kept = path.read_text().strip() if path.exists() else ""
        if not kept:
            kept, fresh = made(), path.with_name(f"{path.name}.new")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(kept)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        return kept

    def _name(self) -> str:
        """Returns the name by which others on the same database know this process, the same after a restart.

        A copy of the folder, here or on another machine, has another name.
        """
        drawn, folder = self._kept("instance", partial(secrets.token_hex, 8)), self._settings.data.resolve()
        place = f"{drawn} {platform.node()} {folder} {folder.stat().st_ino}"
        return hashlib.blake2b(place.encode(), digest_size=8).hexdigest()

    # -- Telegram ----------------------------------------------------------------------------------------------

    async def _receive_telegram(self) -> None:
        channel, settings = self._channels[TELEGRAM], self._settings
        await self._until_done(channel, self._introduce)
        if settings.webhook_url:
            await self._until_done(channel, self._set_webhook)
        else:
            await self._receiver.poll(channel)

    async def _introduce(self, channel: Channel) -> None:
        channel.bot_name = str((await channel.api.call("getMe")).get("username", ""))
        if not self._settings.webhook_url:
            await channel.api.call("deleteWebhook")

    async def _set_webhook(self, channel: Channel) -> None:
        asked = {"url": self._settings.webhook_url, "secret_token": self._secret(), "allowed_updates": ALLOWED}
        await channel.api.call("setWebhook", {**asked, "max_connections": 40})

    async def _until_done(self, channel: Channel, step: Any) -> None:
        """Repeats what Telegram must hear once at the start. A refusal is logged; receiving begins all the same."""
        pause = 1.0
        while True:
            try:
                await step(channel)
            except ApiError as error:
                _log.warning("Telegram refuses", step=step.__name__, code=error.code)
                if error.code in (400, 404):
                    return
            except (NotSentError, NoAnswerError) as error:
                _log.warning("Telegram out of reach", error=type(error).__name__)
            else:
                return
            await self._db.clock.sleep(pause)
            pause = min(30.0, pause * 2)

    def _secret(self) -> str:
        return self._settings.webhook_secret or self._db.secrets.sign("webhook")[:40]

    # -- the web server ----------------------------------------------------------------------------------------

    def _add_routes(self, app: web.Application) -> None:
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics_page)
        if self._settings.bot_token and self._settings.webhook_url:
            app.router.add_post(URL(self._settings.webhook_url).path or "/", self._webhook)

    async def _healthz(self, _request: web.Request) -> web.Response:
        """Answers that the process is running."""
        return web.json_response({"ok": True})

    async def _readyz(self, _request: web.Request) -> web.Response:
        """Tells whether a report sent now would be kept."""
        ready = await is_alive(self._db)
        return web.json_response({"ok": ready, "storage": ready}, status=200 if ready else 503)

    async def _metrics_page(self, _request: web.Request) -> web.Response:
        await self._timers.counts()
        return web.Response(body=self._metrics.page(), content_type="text/plain", charset="utf-8")

    async def _webhook(self, request: web.Request) -> web.Response:
        return await self._receiver.webhook(self._channels[TELEGRAM], self._secret(), request)

    async def _known_language(self, channel: str, chat_id: int) -> str:
        """Finds the language; empty for a stranger, and for who can't be looked up and hasn't written of late."""
        try:
            endpoint = await at_chat(channel, chat_id)
        except StorageUnavailableError:
            return self._router.languages.get((channel, chat_id), "")
        return (endpoint.person.language or DEFAULT) if endpoint is not None else ""

    async def _not_logged(self, channel: Channel, updates: list[dict[str, Any]]) -> None:
        """Tells known senders that nothing can be kept and whom to call, once a minute, past the outbox."""
        now = asyncio.get_running_loop().time()
        for chat_id in {chat_of(update) for update in updates}:
            if now - self._told.get(chat_id, -60.0) < 60:
                continue
            language = await self._known_language(channel.name, chat_id)
            if not language:
                continue
            self._told[chat_id] = now
            incident = new_incident()
            words = text(
                language,
                "help.not_logged",
                phone=self._settings.court_phone,
                incident=incident,
            )
            _log.error("sender told that nothing was logged", incident=incident)
            try:
                await channel.api.call("sendMessage", {"chat_id": chat_id, "text": words, "parse_mode": "HTML"})
            except (ApiError, NotSentError, NoAnswerError) as error:
                _log.error("sender not told", incident=incident, error=type(error).__name__)


async def _ends_with(db: Database) -> None:
    """Raises what ended the writer, so that the process ends too and is started anew."""
    await asyncio.shield(db.died)


def _listen(settings: Settings) -> socket.socket:
    """Returns a bound socket. Raises OSError where the address is taken."""
    family = socket.AF_INET6 if ":" in settings.host.strip("[]") else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((settings.host.strip("[]"), settings.port))
    listener.listen(1024)
    listener.setblocking(False)
    return listener


def _loopback(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]", "[::]": "[::1]"}.get(host, host)  # noqa: S104 - compared, not bound
