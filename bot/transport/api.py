"""The Bot API as a client: JSON over one aiohttp session, and errors by what is to be done about them."""

import io
import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram import User
from telegram.ext import ExtBot
from telegram.request import BaseRequest, RequestData

CALL_SECONDS = 20.0
_UNSAID, _UNBELIEVABLE = 5.0, 24 * 3600.0
"""Seconds to wait where a far end doesn't say how long, or what can't be meant."""


class ApiError(Exception):
    """The far end refused. `code` and `description` are the Bot API's."""

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.parameters = parameters or {}


class RetryAfterError(ApiError):
    """429: not before so many seconds."""

    @property
    def seconds(self) -> float:
        try:
            seconds = float(self.parameters.get("retry_after", 1))
        except (TypeError, ValueError):
            return _UNSAID
        return seconds if 0 <= seconds < _UNBELIEVABLE else _UNSAID


class UnreachableError(ApiError):
    """This chat can't be reached: blocked, gone, never started."""


class UnauthorizedError(ApiError):
    """401: the token is wrong or revoked."""


class ConflictError(ApiError):
    """409: somebody else polls this bot."""


class ServerError(ApiError):
    """5xx: theirs, passing."""


class NotSentError(Exception):
    """No connection came about: certainly not sent."""


class NoAnswerError(Exception):
    """The request went out and no answer came back: perhaps sent."""


_UNREACHABLE = (
    "chat not found",
    "user is deactivated",
    "bot was blocked",
    "bot can't initiate",
    "PEER_ID_INVALID",
    "bot was kicked",
)


class Upload(NamedTuple):
    """A file that is sent along: in which field, its content, what it is called."""

    field: str
    content: bytes
    name: str


def proxy_for(base: str, proxy: str) -> str | None:
    """Returns the proxy through which this server is reached: the one of the settings, else the environment's
    (HTTPS_PROXY, less what NO_PROXY excepts); never one for this machine itself."""
    parts = urlsplit(base)
    host = parts.hostname or ""
    if host in ("localhost", "::1") or host.startswith("127."):
        return None
    if proxy:
        return proxy
    return None if proxy_bypass(host) else getproxies().get(parts.scheme)


class BotApi:
    """One bot at one Bot API server."""

    def __init__(self, session: aiohttp.ClientSession, base: str, token: str, proxy: str = "") -> None:
        self._session = session
        self._base = base
        self._token = token
        self._proxy = proxy_for(base, proxy)

    async def call(
        self,
        method: str,
        parameters: dict[str, Any] | None = None,
        *,
        seconds: float = CALL_SECONDS,
        upload: Upload | None = None,
    ) -> Any:
        """Calls a method and returns its result. Raises the errors above."""
        url = f"{self._base}/bot{self._token}/{method}"
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=5)
        body = self._body(parameters or {}, upload)
        try:
            async with self._session.post(url, timeout=timeout, proxy=self._proxy, **body) as response:
                raw = await response.read()
                status = response.status
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSentError(type(error).__name__) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NoAnswerError(type(error).__name__) from error
        return _result(status, raw)

    @staticmethod
    def _body(parameters: dict[str, Any], upload: Upload | None) -> dict[str, Any]:
        if upload is None:
            return {"json": parameters}
        form = aiohttp.FormData(quote_fields=False)  # names as people read them
        for name, value in parameters.items():
            form.add_field(name, value if isinstance(value, str) else json.dumps(value))
        form.add_field(upload.field, io.BytesIO(upload.content), filename=upload.name)
        return {"data": form}

    async def download(self, file_id: str) -> bytes:
        """Downloads a file's content."""
        info = await self.call("getFile", {"file_id": file_id})
        url = f"{self._base}/file/bot{self._token}/{info['file_path']}"
        try:
            async with self._session.get(url, timeout=aiohttp.ClientTimeout(total=60), proxy=self._proxy) as response:
                response.raise_for_status()
                return await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotSentError(type(error).__name__) from error


def _result(status: int, raw: bytes) -> Any:
    try:
        answer = json.loads(raw)
        if answer["ok"]:
            return answer["result"]
        code = int(answer.get("error_code", status))
        description = str(answer.get("description", ""))
        parameters = answer.get("parameters") or {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if status == 429:
            raise RetryAfterError(status, "unreadable answer", {"retry_after": 5}) from error
        if 400 <= status < 500:  # somebody on the way, not the Bot API: says nothing about the chat
            raise NotSentError(f"unreadable answer {status}") from error
        if status >= 500:
            raise ServerError(status, "unreadable answer") from error
        raise NoAnswerError("unreadable answer") from error
    raise _error_class(code, description)(code, description, parameters)


def _error_class(code: int, description: str) -> type[ApiError]:
    if code == 403 or (code == 400 and any(words in description for words in _UNREACHABLE)):
        return UnreachableError
    if code >= 500:
        return ServerError
    if code == 404 or "Logged out" in description:  # the token isn't known there; a chat that is unknown is a 400
        return UnauthorizedError
    return {401: UnauthorizedError, 409: ConflictError, 429: RetryAfterError}.get(code, ApiError)


class _NoRequest(BaseRequest):
    """What handlers say goes through the outbox. One that sends by itself would send what was never committed."""

    @property
    def read_timeout(self) -> float | None:
        return None

    async def initialize(self) -> None:
        """Opens nothing, as there is nothing to open."""

    async def shutdown(self) -> None:
        """Closes nothing, as there is nothing to close."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = None,
        write_timeout: Any = None,
        connect_timeout: Any = None,
        pool_timeout: Any = None,
    ) -> tuple[int, bytes]:
        raise RuntimeError(f"handlers answer through the outbox, not by {url.rsplit('/', 1)[-1]}")


class QuietBot(ExtBot[None]):
    """python-telegram-bot's bot without the network: updates are read with it, nothing is sent through it. So the
    product starts, and handles what it has, also while the Bot API is out of reach."""

    def __init__(self, token: str) -> None:
        super().__init__(token, request=_NoRequest(), get_updates_request=_NoRequest())

    async def initialize(self) -> None:
        number = int(self.token.partition(":")[0])
        self._bot_user = User(number, "chuishao", is_bot=True, username="chuishao_bot")
        self._initialized = True

    async def shutdown(self) -> None:
        self._initialized = False
