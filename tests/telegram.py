"""A stand-in for Telegram that is as quick as it can be made and as unreliable as it is told to be: for real processes
that are killed, measured, and answered with everything that the Bot API is known to answer."""

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from bot.gateway.quota import Quota

TOKEN = "7000:test"
SECRET = "a-secret-of-the-tests"
MESSAGES = ("sendMessage", "sendPhoto", "sendVoice", "sendLocation")


@dataclass(frozen=True)
class Call:
    """One request of the bot, with the moment (monotonic seconds) at which it arrived."""

    at: float
    method: str
    parameters: dict[str, Any]

    @property
    def chat_id(self) -> int:
        return int(self.parameters.get("chat_id", 0))

    @property
    def text(self) -> str:
        return str(self.parameters.get("text", ""))


Fault = Callable[[Call], Awaitable[web.StreamResponse | None]]
"""Answers in the place of the server, or leaves the call to it with None."""


def refusal(code: int, description: str, **parameters: Any) -> web.Response:
    """An error as the Bot API says it."""
    body = {"ok": False, "error_code": code, "description": description}
    return web.json_response({**body, "parameters": parameters} if parameters else body, status=code)


@dataclass
class Telegram:
    """The server. `feed` is what people say; `calls` is what the bot did, in the order of arrival."""

    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    limits: bool = False
    """Enforces 30 a second, 1 a second to a chat, by 429."""
    refused: int = 0
    """How many calls the limits refused."""
    url: str = ""
    webhook: str = ""
    others: list[str] = field(default_factory=list)
    """Further addresses among which the posts are dealt out, as a balancer does it."""
    confirmed: int = 0
    """The newest update that the bot said it has."""
    waiting: dict[int, dict[str, Any]] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at every call; who waits clears it."""
    update_ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1000))

    def __post_init__(self) -> None:
        self._message_ids = itertools.count(1)
        self._posted = itertools.count()
        self._fed = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._posts: dict[int, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(40)
        self._quota = Quota()

    async def start(self) -> None:
        app = web.Application(client_max_size=30_000_000)
        app.router.add_route("*", f"/bot{TOKEN}/{{method}}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[union-attr]
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=40))

    async def stop(self) -> None:
        for task in self._posts.values():
            task.cancel()
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> "Telegram":
        await self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    # -- people --------------------------------------------------------------------------------------------------

    def feed(self, chat_id: int, text: str) -> int:
        """Somebody says something; the number of the update."""
        number = next(self._message_ids)
        who = {"id": chat_id, "first_name": "某某"}
        message = {
            "message_id": number,
            "date": 1_790_000_000,
            "chat": {**who, "type": "private"},
            "from": {**who, "is_bot": False},
            "text": text,
        }
        return self.queue({"message": message})

    def queue(self, update: dict[str, Any]) -> int:
        """Any update; its number."""
        number = next(self.update_ids)
        self.waiting[number] = {"update_id": number, **update}
        self._fed.set()
        if self.webhook:
            self._post_soon(number)
        return number

    # -- what the bot did ----------------------------------------------------------------------------------------

    def messages(self, chat_id: int | None = None) -> list[Call]:
        """What was sent as a message of its own, in order."""
        return [c for c in self.calls if c.method in MESSAGES and (chat_id is None or c.chat_id == chat_id)]

    async def until(self, condition: Callable[[], bool], patience: float = 20.0) -> None:
        """Until something is so that the bot's calls bring about. TimeoutError after `patience` seconds."""
        async with asyncio.timeout(patience):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    # -- the server ----------------------------------------------------------------------------------------------

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        parameters = await _said(request)
        call = Call(time.monotonic(), request.match_info["method"], parameters)
        for fault in self.faults:
            answer = await fault(call)
            if answer is not None:
                return answer
        if call.method == "getUpdates":
            return await self._updates(call)
        if self.limits and call.method in (*MESSAGES, "editMessageText"):
            refused = self._over_limit(call)
            if refused is not None:
                return refused
        self.calls.append(call)
        self.changed.set()
        return self._result(call)

    def _result(self, call: Call) -> web.Response:
        if call.method == "getMe":
            return _ok({"id": 7000, "is_bot": True, "first_name": "吹哨", "username": "chuishao_test_bot"})
        if call.method == "setWebhook":
            self.webhook = call.parameters["url"]
            for number in list(self.waiting):
                self._post_soon(number)
        if call.method == "deleteWebhook":
            self.webhook = ""
        if call.method not in (*MESSAGES, "editMessageText"):
            return _ok(True)
        number = call.parameters.get("message_id") or next(self._message_ids)
        chat = {"id": call.chat_id, "type": "private"}
        return _ok({"message_id": number, "date": 1_790_000_000, "chat": chat, "text": call.text})

    async def _updates(self, call: Call) -> web.Response:
        if self.webhook:
            return refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = int(call.parameters.get("offset", 0))
        if offset:
            for number in [number for number in self.waiting if number < offset]:
                del self.waiting[number]
            self.confirmed = max(self.confirmed, offset - 1)
        deadline = call.at + float(call.parameters.get("timeout", 0))
        while not self.waiting and (left := deadline - time.monotonic()) > 0:
            self._fed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._fed.wait(), left)
        batch = itertools.islice(self.waiting.values(), int(call.parameters.get("limit", 100)))
        return _ok(list(batch))

    def _over_limit(self, call: Call) -> web.Response | None:
        seconds = self._quota.refusal(call.chat_id, call.at)
        if seconds is None:
            return None
        self.refused += 1
        return refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)

    # -- webhook -------------------------------------------------------------------------------------------------

    def _post_soon(self, number: int) -> None:
        if number not in self._posts:
            task = self._posts[number] = asyncio.get_running_loop().create_task(self._post(number))
            task.add_done_callback(lambda _task: self._posts.pop(number, None))

    async def _post(self, number: int) -> None:
        """Until the bot says 200, as Telegram does it."""
        assert self._session is not None
        while self.webhook and number in self.waiting:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self._slots:
                    status = await self.post(self.waiting[number]) if number in self.waiting else 200
                if status == 200:
                    self.waiting.pop(number, None)
                    return
            await asyncio.sleep(0.2)

    async def post(self, update: Any, secret: str = SECRET) -> int:
        """Posts one update as it is; the status."""
        assert self._session is not None
        body = update if isinstance(update, bytes) else json.dumps(update).encode()
        addresses = [self.webhook, *self.others]
        url = addresses[next(self._posted) % len(addresses)]
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret, "Content-Type": "application/json"}
        async with self._session.post(url, data=body, headers=headers) as response:
            return response.status


async def _said(request: web.Request) -> dict[str, Any]:
    """The parameters, as JSON or as a form, as some clients send them."""
    if request.content_type == "application/json":
        return dict(json.loads(await request.read() or b"{}"))
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _ok(result: Any) -> web.Response:
    body = json.dumps({"ok": True, "result": result}, ensure_ascii=False).encode()
    return web.Response(body=body, content_type="application/json")
