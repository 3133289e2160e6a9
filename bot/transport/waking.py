"""Sends what wakes people beside their chats: through Apprise, SMS and telephone calls through an HTTP hook each of the
court's."""

import asyncio
import base64
import hmac
import html
import json
import time
from collections import Counter
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.settings import Settings
from bot.transport.api import CALL_SECONDS, NotSentError, UnreachableError, Upload
from storage.engine.secret import Secrets
from storage.post import waking
from storage.post.waking import WakeAddress

TTL_SECONDS = 3600
"""So long a push service keeps a message for a phone that it doesn't reach."""
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""How many private keys the curve P-256 has."""
FAILURES = 3
"""After so many in a row a way is given up."""


class PushApi:
    """Speaks like a Bot API of one method, so that the dispatcher need not know the difference. Never says more than
    the notice, and where the page is; the link signs nobody in."""

    def __init__(self, session: aiohttp.ClientSession, secrets: Secrets, settings: Settings, page: str) -> None:
        self._session = session
        self._secrets = secrets
        self._hooks = {waking.SMS: settings.sms_hook, waking.CALL: settings.call_hook}
        self._mail = settings.mail
        self._page = page
        self._sender = page if page.startswith("https:") else f"mailto:chuishao@{urlsplit(page).hostname}"
        """Whom a push service may ask; it takes nothing else."""
        self._failures = Counter[int]()

    async def call(
        self,
        _method: str,
        parameters: dict[str, Any] | None = None,
        *,
        seconds: float = CALL_SECONDS,
        upload: Upload | None = None,
    ) -> Any:
        """Sends the text to the way whose number stands for a chat. Raises NotSentError, UnreachableError."""
        assert parameters is not None and upload is None
        number = int(parameters["chat_id"])
        target = await waking.target_of(number, self._secrets)
        if target is None:
            raise UnreachableError(404, "push removed")
        text = f"{html.unescape(str(parameters['text']))}\n{self._page}"
        try:
            async with asyncio.timeout(seconds):
                sent = await self._send(target, text)
        except TimeoutError:
            sent = False
        if sent:
            self._failures.pop(number, None)
            return {"message_id": 1}
        self._failures[number] += 1
        if self._failures[number] >= FAILURES:
            raise UnreachableError(410, f"push of kind {target.kind}")
        raise NotSentError(target.kind)

    async def download(self, _file_id: str) -> bytes:
        raise NotSentError("nothing is kept here")

    async def _send(self, target: WakeAddress, text: str) -> bool:
        if target.kind == waking.WEB:
            return await self._browser(json.loads(target.url), text)
        if target.kind == waking.SMS:
            return await self._hooked(target, text)
        if target.kind == waking.CALL:
            return await self._hooked(target, text.partition("\n")[0])  # read out: an address is no use there
        url = target.url
        if target.kind == "mail":
            if not self._mail:
                return False
            url = f"{self._mail}{'&' if '?' in self._mail else '?'}to={target.url}"
        if (robot := _robot(url, text)) is not None:
            return await asyncio.to_thread(_told, *robot)
        import apprise  # 35 MB, only where somebody has such a way

        way = apprise.Apprise()
        return way.add(url) and bool(await way.async_notify(body=text, title=text.partition("\n")[0]))

    async def _browser(self, said: dict[str, str], text: str) -> bool:
        """Raises UnreachableError where the browser has given the subscription up."""
        from py_vapid import Vapid  # with it comes `requests`: only where somebody has a browser to be woken
        from pywebpush import WebPushException, webpush_async

        keys = {name: said[name] for name in ("p256dh", "auth")}
        try:
            answer = await webpush_async(
                {"endpoint": said["endpoint"], "keys": keys},
                json.dumps({"text": text.partition("\n")[0]}, ensure_ascii=False),
                vapid_private_key=Vapid(self._key),
                vapid_claims={"sub": self._sender},
                ttl=TTL_SECONDS,
                headers={"Urgency": "high"},
                aiohttp_session=self._session,
            )
        except WebPushException as error:
            status = getattr(error.response, "status", 0)
            if status in (404, 410):
                raise UnreachableError(status, "browser gone") from error
            return False
        except (aiohttp.ClientError, ValueError, IndexError):  # keys that no browser made
            return False
        return not isinstance(answer, str)

    @cached_property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        number = int.from_bytes(self._secrets.push_key) % (_ORDER - 1) + 1
        return ec.derive_private_key(number, ec.SECP256R1())

    @cached_property
    def browser_key(self) -> str:
        """Returns what a browser needs to subscribe: the public key, in base64 for URLs."""
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    async def _hooked(self, target: WakeAddress, text: str) -> bool:
        """Posts {"phone", "text"} to the court's hook; an answer of 2xx means that it is sent, or that it rings."""
        hook = self._hooks[target.kind]
        if not hook:
            return False
        try:
            async with self._session.post(hook, json={"phone": target.url, "text": text}) as answer:
                return answer.status // 100 == 2
        except aiohttp.ClientError:
            return False


def _robot(url: str, text: str) -> tuple[str, dict[str, Any]] | None:
    """Returns where and what to post to a robot that answers 200 also where it refuses; None for every other way."""
    parts = urlsplit(url)
    if parts.scheme == "dingtalk":
        query = {"access_token": unquote(parts.netloc.rpartition("@")[2])}
        if parts.username:
            stamp = str(int(time.time() * 1000))
            secret = unquote(parts.netloc.rpartition("@")[0])
            signed = hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), "sha256")
            query |= {"timestamp": stamp, "sign": base64.b64encode(signed).decode()}
        where = f"https://oapi.dingtalk.com/robot/send?{urlencode(query)}"
        return where, {"msgtype": "text", "text": {"content": text}}
    if parts.scheme == "wecombot":
        where = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?{urlencode({'key': unquote(parts.netloc)})}"
        return where, {"msgtype": "text", "text": {"content": text}}
    if parts.scheme == "schan":
        return f"https://sctapi.ftqq.com/{parts.netloc}.send", {"title": text.partition("\n")[0], "desp": text}
    return None


def _told(where: str, body: dict[str, Any]) -> bool:
    """Posts to a robot; its answer's own code says whether it took it."""
    import requests  # as Apprise does, and only where somebody has such a way

    content = json.dumps(body).encode()
    try:
        answer = requests.post(where, data=content, headers={"Content-Type": "application/json"}, timeout=CALL_SECONDS)
        said = answer.json()
    except (requests.RequestException, ValueError):
        return False
    return answer.ok and isinstance(said, dict) and said.get("errcode", said.get("code", 0)) in (0, "0")
