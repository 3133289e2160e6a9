"""Being woken beside the chat: real HTTP to a server on loopback that stands in for ntfy, Bark and an SMS gateway."""

import asyncio
import base64
import contextlib
import json
import os
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_string
from email.policy import default
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import aiohttp
import http_ece
import pytest
import requests
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from storage.engine.audit import AuditEntry
from storage.people.endpoint import Endpoint
from storage.post.invitation import invite
from storage.post.outbox import Outbox, OutboxState
from storage.post.waking import Push, WakeAddress, heard, understood
from tests.world import ADMIN, HEAD, JUDGE, SECRETARY, STRANGER, Stage, World

SENTENCE = "林永福回来了，人在村委"


@dataclass
class FarEnd:
    """Takes everything, or refuses everything; keeps what it was given."""

    url: str = ""
    taken: list[tuple[str, str]] = field(default_factory=list)
    raw: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    refuses: bool = False
    status: int = 500

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.raw.append(({name.lower(): value for name, value in request.headers.items()}, body))
        self.taken.append((request.path, body.decode("utf-8", "replace")))
        return web.Response(status=self.status if self.refuses else 200, text="{}")


@contextlib.asynccontextmanager
async def far_end() -> AsyncIterator[FarEnd]:
    end, app = FarEnd(), web.Application()
    app.router.add_route("*", "/{rest:.*}", end.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        await web.SockSite(runner, listener).start()
        end.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield end
        await runner.cleanup()


@contextlib.asynccontextmanager
async def woken(stage: Stage, *ways: str, **settings: Any) -> AsyncIterator[tuple[World, FarEnd]]:
    """The judge has these ways; what the trials brought is forgotten."""
    async with far_end() as end:
        more = {name: value.replace("FAR", end.url) for name, value in settings.items()}
        async with stage.world(push_hosts=end.url.removeprefix("http://"), **more) as world:
            for way in ways:
                await world.phone(JUDGE).says(f"/push {way.replace('FAR', end.url)}")
                await world.phone(JUDGE).expects("这样叫您")
            await world.settled()
            await world.advance(10)
            await world.settled()
            yield world, end


@pytest.mark.parametrize(
    ("said", "target"),
    [
        ("https://oapi.dingtalk.com/robot/send?access_token=abc123", WakeAddress("dingtalk", "dingtalk://abc123/")),
        ("https://oapi.dingtalk.com/robot/send?access_token=abc123 SECxyz", WakeAddress("dingtalk", "dingtalk://SECxyz@abc123/")),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=ab-12", WakeAddress("wecom", "wecombot://ab-12/")),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/ab-12", WakeAddress("feishu", "feishu://ab-12/")),
        ("https://api.day.app/AbCd1234/", WakeAddress("bark", "barks://api.day.app/AbCd1234")),
        ("https://api.day.app/AbCd1234/Hello?sound=x", WakeAddress("bark", "barks://api.day.app/AbCd1234")),
        ("https://sctapi.ftqq.com/SCT12345.send", WakeAddress("serverchan", "schan://SCT12345/")),
        ("https://www.pushplus.plus/send?token=abcd1234", WakeAddress("pushplus", "pushplus://abcd1234/")),
        ("https://ntfy.sh/my-topic", WakeAddress("ntfy", "ntfys://ntfy.sh/my-topic")),
        ("ntfy http://127.0.0.1:9000/topic", WakeAddress("ntfy", "ntfy://127.0.0.1:9000/topic")),
        ("judge@example.gov.cn", WakeAddress("mail", "judge@example.gov.cn")),
        ("mail judge@example.gov.cn", WakeAddress("mail", "judge@example.gov.cn")),
        ("sms", WakeAddress("sms", "")),
        ("短信", WakeAddress("sms", "")),
        ("打电话", WakeAddress("call", "")),
    ],
)  # fmt: skip
def test_what_people_paste_is_understood(said: str, target: WakeAddress) -> None:
    assert understood(said, ("127.0.0.1:9000",)) == target


@pytest.mark.parametrize(
    "said",
    [
        "", "hello", "http://127.0.0.1:9000/topic", "ntfy http://10.0.0.1/topic", "ntfy http://127.0.0.1:22/topic", "json://127.0.0.1/x",
        "https://evil.example/?access_token=abc123", "https://oapi.dingtalk.com:8443/robot/send?access_token=abc123",
        "https://oapi.dingtalk.com@evil.example/robot/send?access_token=abc123", "file:///etc/passwd",
        "http://oapi.dingtalk.com/robot/send?access_token=abc123",
        "ntfy https://api.day.app/AbCd1234", "https://ntfy.sh/a?b", "https://[::1/x", "mailto://x", "a@b", "sms 1 2 3",
        "https://oapi.dingtalk.com/robot/send?access_token=abc/../../def",
    ],
)  # fmt: skip
def test_nothing_else_is(said: str) -> None:
    """Nobody has the bot call an address of their own choice."""
    assert understood(said, ("127.0.0.1",)) is None


async def test_the_judge_is_woken_and_nothing_personal_leaves(stage: Stage) -> None:
    async with woken(stage, "ntfy FAR/topic", "bark FAR/AbCd1234", "sms", sms_hook="FAR/sms") as (world, end):
        assert len(end.taken) == 3  # each was tried when it was added
        end.taken.clear()
        await world.phone(SECRETARY).says(SENTENCE)
        await world.phone(JUDGE).expects(SENTENCE)
        await world.settled()
        assert len(end.taken) == 3
        for _path, body in end.taken:
            assert "有一条新线索" in json.dumps(json.loads(body), ensure_ascii=False)
            assert not any(word in body.encode().decode("unicode_escape") for word in ("林永福", "村委", "应建华"))
        sms = next(json.loads(body) for path, body in end.taken if path == "/sms")
        assert sms["phone"] == "19800001101" and world.product.url in sms["text"]


ROBOTS = {
    "https://oapi.dingtalk.com/robot/send?access_token=abc123": "oapi.dingtalk.com",
    "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=ab-12": "qyapi.weixin.qq.com",
    "https://open.feishu.cn/open-apis/bot/v2/hook/ab-12": "open.feishu.cn",
    "https://sctapi.ftqq.com/SCT12345.send": "sctapi.ftqq.com",
    f"https://www.pushplus.plus/send?token={'a1' * 16}": "www.pushplus.plus",
}


async def test_robots_are_told_nothing_but_that_something_waits(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apprise's own requests, as they would leave for the robots' servers, which aren't ours to ask."""
    asked: dict[str, str] = {}

    def post(url: str, data: Any = None, **_how: Any) -> requests.Response:
        asked[urlsplit(url).netloc] = unquote_plus(data.decode() if isinstance(data, bytes) else str(data))
        answer = requests.Response()
        code = b"200" if "pushplus" in url else b"0"
        answer.status_code, answer._content = 200, b'{"errcode": 0, "StatusCode": 0, "code": %s}' % code
        return answer

    monkeypatch.setattr(requests, "post", post)
    async with woken(stage, *ROBOTS) as (world, _end):
        asked.clear()
        await world.phone(SECRETARY).says(SENTENCE)
        await world.phone(JUDGE).expects(SENTENCE)
        await world.settled()
        assert set(asked) == set(ROBOTS.values())
        for body in asked.values():
            said = body.encode().decode("unicode_escape", "replace") if "\\u" in body else body
            assert "有一条新线索" in said and not any(word in said for word in ("林永福", "村委", "应建华"))


async def test_a_robot_that_says_no_politely_has_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """DingTalk, WeCom and ServerChan answer 200 with an error code inside."""
    refusals = {"oapi": b'{"errcode":310000,"errmsg":"keywords not in content"}', "qyapi": b'{"errcode":93000}'}

    def post(url: str, **_how: Any) -> requests.Response:
        answer = requests.Response()
        found = next((body for name, body in refusals.items() if name in url), b'{"code":40001}')
        answer.status_code, answer._content = 200, found
        return answer

    monkeypatch.setattr(requests, "post", post)
    async with stage.world() as world:
        judge = world.phone(JUDGE)
        for address in [*list(ROBOTS)[:2], list(ROBOTS)[3]]:
            await judge.says(f"/push {address}")
        for _ in range(5):
            await world.advance(60)
        told = [message.text for message in await judge.received() if "叫不通您了" in message.text]
        assert len(told) == 3, told


async def test_a_code_for_joining_goes_by_sms(stage: Stage) -> None:
    """The administrator need not read it out; where it can't be sent, they hear it."""
    async with woken(stage, sms_hook="FAR/sms") as (world, end):
        await world.phone(ADMIN).says("/invite 应建华")
        await world.phone(ADMIN).taps("短信发给他")
        await world.settled()
        ((path, body),) = end.taken
        said = json.loads(body)
        assert path == "/sms" and said["phone"] == "19800001001" and world.product.url in said["text"]
        digits = re.search(r"\d{6}", said["text"])
        assert digits is not None
        await world.phone(STRANGER).says(f"/start 19800001001-{digits[0]}")
        await world.phone(STRANGER).expects("应建华，登记好了")
        end.refuses = True
        await world.phone(ADMIN).says("/invite 应建华")
        await world.phone(ADMIN).taps("短信发给他")
        for _ in range(4):
            await world.advance(60)
        await world.phone(ADMIN).expects("给应建华的短信没有发出去")


async def test_a_letter_is_sent(stage: Stage) -> None:
    """Over real SMTP, to a server on loopback."""
    letters: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip():
            if line.upper().startswith("DATA"):
                writer.write(b"354 go on\r\n")
                letters.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            writer.write(b"221 bye\r\n" if line.upper() == "QUIT" else b"250 ok\r\n")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    mail = f"mailto://127.0.0.1:{port}?from=chuishao@example.gov.cn&mode=insecure"
    async with woken(stage, "judge@example.gov.cn", mail=mail) as (world, _end):
        letters.clear()
        await world.phone(SECRETARY).says(SENTENCE)
        await world.phone(JUDGE).expects(SENTENCE)
        await world.settled()
    (letter,) = [message_from_string(one, policy=default) for one in letters]
    assert letter["To"] == "judge@example.gov.cn" and "有一条新线索" in letter["Subject"]
    body = letter.get_body()
    assert body is not None and "林永福" not in body.get_content() and world.product.url in body.get_content()
    server.close()


async def test_who_has_answered_is_not_woken_any_more(stage: Stage) -> None:
    async with woken(stage, "ntfy FAR/topic") as (world, end):
        end.taken.clear()
        end.refuses = True
        await world.phone(SECRETARY).says(SENTENCE)
        await world.phone(JUDGE).expects(SENTENCE)
        await world.phone(JUDGE).taps("收到")
        await world.phone(SECRETARY).expects("已收到")
        end.refuses = False
        end.taken.clear()
        await world.advance(600)
        await world.settled()
        assert end.taken == []
        assert await Outbox.filter(kind="notice", state=OutboxState.DROPPED).count() == 1


async def test_a_way_that_takes_nothing_is_given_up_and_its_owner_is_told(stage: Stage) -> None:
    async with woken(stage, "ntfy FAR/topic") as (world, end):
        end.refuses = True
        await world.phone(SECRETARY).says(SENTENCE)
        await world.phone(JUDGE).expects(SENTENCE)
        for _ in range(3):
            await world.advance(20)
            await world.settled()
        await world.phone(JUDGE).expects("ntfy 叫不通您了")
        assert await Push.filter(active=False).count() == 1
        end.refuses = False
        await world.phone(JUDGE).says("/push")
        await world.phone(JUDGE).taps("试一下 1")
        await world.settled()
        assert await Push.filter(active=True).count() == 1
        await world.phone(JUDGE).expects("响了没有")


async def test_ways_are_ones_own_sealed_few_and_removed_with_one_tap(stage: Stage) -> None:
    async with woken(stage, "ntfy FAR/secret-topic") as (world, end):
        judge, head = world.phone(JUDGE), world.phone(HEAD)
        row = await Push.all().first()
        assert row is not None and "secret-topic" not in row.sealed
        details = [entry.detail for entry in await AuditEntry.filter(action="push.added")]
        assert details and "secret-topic" not in "".join(details)
        listed = await judge.expects("这样叫您")
        assert "secret-topic" not in listed.text
        await head.says("/push")
        message = await head.expects("这样叫您")
        await head.taps_data(message, f"1:pushoff:{row.id}:0")
        await head.hears("过期")
        for number in range(5):
            await judge.says(f"/push ntfy {end.url}/topic{number}")
        await judge.expects("最多 5 种")
        await judge.taps("删除 1", await judge.expects("这样叫您"))
        await world.settled()
        assert await Push.all().count() == 4
        await world.phone(ADMIN).says("/push http://127.0.0.1/x")
        await world.phone(ADMIN).expects("地址不对")


class Browser:
    """What a browser keeps of its subscription: the keys with which only it can read what it is sent."""

    def __init__(self, endpoint: str) -> None:
        self.key, self.auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": _base64(point), "auth": _base64(self.auth)}
        self.subscription = {"endpoint": endpoint, "expirationTime": None, "keys": keys}

    def reads(self, body: bytes) -> Any:
        return json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@contextlib.asynccontextmanager
async def page_of(world: World, chat_id: int) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """The person's page, signed in, and its address."""
    who = await world.person(chat_id)
    code = await world.product.db.unit(lambda: invite(who))
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        answer = await browser.post(f"{world.product.url}/api/join", json={"code": code})
        slug = (await answer.json())["slug"]
        await world.until(lambda: Endpoint.filter(channel="web", person_id=who.id).exists())
        yield browser, f"{world.product.url}/c/{slug}"


async def test_a_browser_is_woken_and_only_it_can_read_why(stage: Stage) -> None:
    async with far_end() as end, stage.world(push_hosts=end.url[7:]) as world, page_of(world, JUDGE) as (page, base):
        browser = Browser(f"{end.url}/push/abcdefgh")
        for _again in range(2):  # the page says so each time it opens
            assert (await page.post(f"{base}/push", json=browser.subscription)).status == 200
        assert await Push.all().count() == 1
        await world.phone(SECRETARY).says(SENTENCE)
        await world.phone(JUDGE).expects(SENTENCE)
        await world.settled()
        headers, body = end.raw[-1]
        assert browser.reads(body) == {"text": "吹哨：有一条新线索，请打开。"} and "林永福" not in body.decode(
            "latin-1"
        )
        assert headers["authorization"].startswith("vapid ") and headers["urgency"] == "high"
        end.refuses, end.status = True, 410
        await world.phone(SECRETARY).says("林永福的车在桥头")
        await world.settled()
        await world.advance(130)
        await world.phone(JUDGE).expects("浏览器通知叫不通您了")
        assert await Push.filter(active=False).count() == 1


async def test_who_may_not_be_woken_or_names_another_server_is_refused(stage: Stage) -> None:
    async with far_end() as end, stage.world() as world:
        good = Browser("https://fcm.googleapis.com/fcm/send/abcdefgh").subscription
        async with page_of(world, JUDGE) as (page, base):
            for bad in (
                Browser(f"{end.url}/push/abcdefgh").subscription,
                Browser("https://fcm.googleapis.com.evil.example/abcdefgh").subscription,
                Browser("https://fcm.googleapis.com@evil.example/abcdefgh").subscription,
                Browser("https://fcm.googleapis.com:8443/abcdefgh").subscription,
                {**good, "keys": {}},
                {},
            ):
                assert (await page.post(f"{base}/push", json=bad)).status == 400
            assert (await page.post(f"{base}/push", json=good)).status == 200
        async with page_of(world, SECRETARY) as (page, base):
            assert (await page.post(f"{base}/push", json=good)).status == 400
        async with aiohttp.ClientSession() as stranger:
            assert (await stranger.post(f"{base}/push", json=good)).status == 401
        assert end.taken == []


async def test_whom_nothing_wakes_is_named_until_a_trial_has_rung(stage: Stage) -> None:
    async with far_end() as end, stage.world(push_hosts=end.url[7:]) as world, page_of(world, JUDGE) as (page, base):
        judge, admin = await world.person(JUDGE), world.phone(ADMIN)

        async def leave_telegram() -> None:
            await Endpoint.filter(person_id=judge.id, channel="telegram").update(active=False)

        await world.product.db.unit(leave_telegram)
        await admin.says("/people")
        assert "网页关着就叫不到的 1 人：沈立群" in (await admin.expects("叫不到")).text
        browser = Browser(f"{end.url}/push/abcdefgh")
        assert (await page.post(f"{base}/push", json=browser.subscription)).status == 200
        await world.settled()
        await world.advance(10)
        await world.settled()
        assert browser.reads(end.raw[-1][1]) == {"text": "吹哨：试一下，能收到就好。"}
        await admin.says("/people")
        assert "沈立群" in (await admin.expects("叫不到")).text  # sent isn't heard
        row = await Push.get(kind="web")
        await world.product.db.unit(lambda: heard(row, judge, woke=True))
        await admin.says("/people")
        await world.settled()
        assert "叫不到" not in (await admin.received())[-1].text
        assert (await page.post(f"{base}/push", json={**browser.subscription, "trial": True})).status == 200
        await world.advance(10)
        await world.settled()
        assert len(end.raw) == 2


async def test_a_trial_asks_whether_it_rang(stage: Stage) -> None:
    async with woken(stage, "ntfy FAR/topic") as (world, _end):
        judge = world.phone(JUDGE)
        asked = await judge.expects("响了没有")
        await judge.taps("没响", asked)
        await judge.expects("没有响。请看地址对不对")
        assert (await Push.get()).proven_at is None
        await judge.taps("再试一下")
        await judge.taps("响了", await judge.expects("响了没有", after=asked.id))
        await judge.expects("叫得到您")
        assert (await Push.get()).proven_at is not None
        await judge.says("/push")
        assert "1. ntfy · 试过，能响" in (await judge.expects("试过，能响")).text


async def calls_of(end: FarEnd) -> list[str]:
    return [json.loads(body)["phone"] for path, body in end.taken if path == "/call"]


async def test_a_call_waits_a_minute_where_something_else_wakes(stage: Stage) -> None:
    async with woken(stage, call_hook="FAR/call") as (world, end):
        await world.phone(SECRETARY).says("林永福昨天回来过")
        await world.phone(JUDGE).expects("林永福昨天回来过")
        await world.advance(50)
        await world.settled()
        assert await calls_of(end) == []
        await world.advance(11)
        await world.settled()
        assert await calls_of(end) == ["19800001101"]
        said = json.loads(end.taken[-1][1])
        assert said["text"] == "吹哨：有一条新线索，请打开。"
        await world.phone(JUDGE).taps("收到")
        end.taken.clear()
        await world.phone(SECRETARY).says("杜春升昨天也来过")
        await world.phone(JUDGE).taps("收到", await world.phone(JUDGE).expects("杜春升昨天也来过"))
        await world.settled()
        await world.advance(70)
        await world.settled()
        assert await calls_of(end) == [], "who has answered isn't called"


async def test_what_is_urgent_calls_at_once(stage: Stage) -> None:
    async with woken(stage, call_hook="FAR/call") as (world, end):
        await world.phone(SECRETARY).says("林永福要跑了，快来！在村口")
        await world.phone(JUDGE).expects("林永福要跑了")
        await world.settled()
        assert await calls_of(end) == ["19800001101"]


async def test_whom_nothing_else_wakes_is_called_at_once_until_they_want_no_calls(stage: Stage) -> None:
    async with far_end() as end, stage.world(call_hook=f"{end.url}/call") as world, page_of(world, JUDGE):
        judge, phone = await world.person(JUDGE), world.phone(JUDGE)
        await phone.says("/push")
        listed = await phone.expects("打电话 · 还没试过")

        async def leave_telegram() -> None:
            await Endpoint.filter(person_id=judge.id, channel="telegram").update(active=False)

        await world.product.db.unit(leave_telegram)
        await world.phone(SECRETARY).says(SENTENCE)
        await world.until(lambda: Outbox.filter(kind="notice", state=OutboxState.DONE).exists())
        assert await calls_of(end) == ["19800001101"]

        async def come_back() -> None:
            await Endpoint.filter(person_id=judge.id, channel="telegram").update(active=True)

        await world.product.db.unit(come_back)
        await phone.taps("删除 1", listed)
        await phone.expects(lambda m: m.id == listed.id and "已停用" in m.text)
        end.taken.clear()
        await world.phone(SECRETARY).says("杜春升在加油站")
        await phone.expects("杜春升在加油站")
        await world.advance(70)
        await world.settled()
        assert await calls_of(end) == []


async def test_sms_and_calls_are_added_by_a_tap_where_the_court_has_them(stage: Stage) -> None:
    async with woken(stage, sms_hook="FAR/sms", call_hook="FAR/call") as (world, end):
        judge = world.phone(JUDGE)
        await judge.says("/push")
        await judge.taps("加短信", await judge.expects("这样叫您"))
        await judge.expects("2. 短信 · 还没试过")
        await world.advance(10)
        await world.settled()
        assert [path for path, _body in end.taken] == ["/sms"]
        await judge.says("/push 打电话")  # it is there already, and is tried
        await world.advance(10)
        await world.settled()
        assert [path for path, _body in end.taken] == ["/sms", "/call"]
    async with stage.world() as world:
        await world.phone(JUDGE).says("/push 电话")
        await world.phone(JUDGE).expects("本院没有开通电话")
