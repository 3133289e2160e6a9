"""The page in a real Chromium, on a phone's screen."""

import asyncio
import contextlib
import io
import re
import struct
import time
import zipfile
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import aiohttp
import pytest
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import BrowserContext, Page, Route, expect
from yarl import URL

from bot.app import Product
from storage.alerts.alert import Alert
from storage.alerts.sighting import Sighting
from storage.cases.case import CaseDebtor
from storage.cases.debtor import Alias, Debtor
from storage.duty.leave import Leave
from storage.engine.audit import AuditEntry
from storage.engine.clock import local
from storage.people.area import Area
from storage.people.endpoint import Endpoint
from storage.people.person import Person
from storage.post.invitation import invite, speak
from tests.browser import chromium

PHONE = {"width": 390, "height": 844}
JSON = {"Content-Type": "application/json"}
SENTENCE = "老林回来了，人就在村委，你们赶紧过来！"
pytestmark = pytest.mark.browser


class Screen:
    """One person's phone; what its console complains of is kept."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    @classmethod
    async def joined(cls, context: BrowserContext, product: Product, phone: str) -> "Screen":
        """Opens the invitation's link and taps 加入."""
        person = await Person.get(phone=phone)
        code = await product.db.unit(lambda: invite(person))
        screen = cls(await context.new_page())
        await screen.page.goto(f"{product.url}/#{code}")
        await screen.page.get_by_role("button", name="加入").click()
        await screen.sees(f"{person.name}，登记好了")
        return screen

    async def talks(self) -> None:
        """Opens the conversation, where a judge's home is the list of leads."""
        told = self.page.locator("#messages .theirs")
        await expect(told.last).to_be_attached(timeout=10_000)
        await expect(self.page.locator("#tabs [aria-selected=true]")).to_be_attached()
        if await self.page.locator("#tab-talk").get_attribute("aria-selected") != "true":
            await self.page.locator("#tab-talk").click()

    async def says(self, text: str) -> None:
        await self.page.locator("#text").fill(text)
        await self.page.get_by_role("button", name="发送").click()

    async def sees(self, text: str) -> None:
        await self.talks()
        await expect(self.page.locator(".theirs", has_text=text).last).to_be_visible(timeout=10_000)

    async def taps(self, label: str) -> None:
        await self.page.get_by_role("button", name=label, exact=True).last.click()


async def test_a_secretary_reports_and_the_judge_answers(product: Product) -> None:
    async with chromium() as browser:
        contexts = [await browser.new_context(viewport=PHONE, locale="zh-CN") for _ in range(2)]
        secretary = await Screen.joined(contexts[0], product, "19800001001")
        judge = await Screen.joined(contexts[1], product, "19800001101")
        await secretary.says(SENTENCE)
        await judge.sees(f"“{SENTENCE}”")
        await secretary.sees("已送达沈立群法官")
        call = judge.page.get_by_role("link", name="19800001001")
        assert await call.get_attribute("href") == "tel:+8619800001001"
        for label, words in (("收到", "已收到"), ("出发", "在路上"), ("到场", "已到场")):
            await judge.taps(label)
            await secretary.sees(words)
        await judge.taps("办结")
        await judge.taps("当场履行")
        await expect(secretary.page.locator(".theirs", has_text="当场履行").last).to_be_visible(timeout=20_000)
        await fits(secretary.page)
        await fits(judge.page)
        assert secretary.complaints == [] and judge.complaints == []


async def fits(page: Page) -> None:
    """No sideways scrolling, and nothing to tap that is smaller than a thumb."""
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    small = await page.evaluate(
        "[...document.querySelectorAll('button, .tool, .bubble a')].filter(b => b.offsetParent && "
        "(b.offsetHeight < 48 || b.offsetWidth < 48)).map(b => b.textContent)"
    )
    assert small == []


async def test_a_reload_and_a_second_tab_show_the_same(product: Product) -> None:
    async with chromium() as browser:
        context = await browser.new_context(viewport=PHONE)
        secretary = await Screen.joined(context, product, "19800001001")
        await secretary.says(SENTENCE)
        await secretary.sees("已送达")
        await secretary.page.reload()
        await secretary.sees("已送达")
        second = Screen(await context.new_page())
        await second.page.goto(secretary.page.url)
        await second.sees("已送达")
        assert await Alert.all().count() == 1


async def test_without_a_signal_the_sentence_waits_and_goes_out_once(product: Product) -> None:
    async with chromium() as browser:
        context = await browser.new_context(viewport=PHONE)
        secretary = await Screen.joined(context, product, "19800001001")
        await context.set_offline(True)
        await secretary.says(SENTENCE)
        await expect(secretary.page.get_by_text("没有信号")).to_be_visible()
        await context.set_offline(False)
        await secretary.sees("已送达")
        assert await secretary.page.locator(".mine", has_text=SENTENCE).count() == 1
        assert await Alert.all().count() == 1


async def test_a_page_closed_without_a_signal_loses_nothing(product: Product) -> None:
    async with chromium() as browser:
        context = await browser.new_context(viewport=PHONE)
        secretary = await Screen.joined(context, product, "19800001001")
        address = secretary.page.url
        await context.set_offline(True)
        for text in (SENTENCE, "他要走了"):
            await secretary.says(text)
        await expect(secretary.page.get_by_text("没有信号").last).to_be_visible()
        assert await Sighting.all().count() == 0
        await secretary.page.close()
        await context.set_offline(False)
        again = Screen(await context.new_page())
        await again.page.goto(address)
        await again.sees("已送达")
        await again.sees("已转告")
        said = [row.text for row in await Sighting.all().order_by("id")]
        assert said == [SENTENCE, "他要走了"]
        await expect(again.page.locator(".mine", has_text=SENTENCE)).to_have_count(1)
        await again.page.reload()
        await again.sees("已转告")
        assert await Sighting.all().count() == 2


async def test_the_page_starts_without_a_signal(product: Product) -> None:
    async with chromium() as browser:
        context = await browser.new_context(viewport=PHONE)
        secretary = await Screen.joined(context, product, "19800001001")
        await secretary.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        await context.set_offline(True)
        await secretary.page.reload()
        await secretary.says(SENTENCE)
        await expect(secretary.page.get_by_text("没有信号")).to_be_visible()
        await context.set_offline(False)
        await secretary.sees("已送达")
        assert await Sighting.all().count() == 1


async def test_what_waited_for_a_signal_keeps_the_time_at_which_it_was_said(product: Product) -> None:
    person = await Person.get(phone="19800001001")
    code = await product.db.unit(lambda: invite(person))
    now = time.time()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as phone:
        slug = (await (await phone.post(f"{product.url}/api/join", json={"code": code})).json())["slug"]
        for text, waited in (("林永福在村委", 3600), ("林永福在桥头", -3600), ("林永福在祠堂", 10**9)):
            body = {"text": text, "waited": waited * 1000, "id": text}
            async with phone.post(f"{product.url}/c/{slug}/say", json=body) as answer:
                assert answer.status == 200
        async with asyncio.timeout(10):
            while await Sighting.all().count() < 3:
                await asyncio.sleep(0.05)
    ages = [now - row.reported_at.timestamp() for row in await Sighting.all().order_by("id")]
    assert ages[0] == pytest.approx(3600, abs=2) and max(map(abs, ages[1:])) < 30


async def test_a_photo_from_the_phone_reaches_the_judge(product: Product, tmp_path: Path) -> None:
    async with chromium() as browser:
        contexts = [await browser.new_context(viewport=PHONE) for _ in range(2)]
        secretary = await Screen.joined(contexts[0], product, "19800001001")
        judge = await Screen.joined(contexts[1], product, "19800001101")
        await secretary.says(SENTENCE)
        await secretary.sees("已送达")
        picture = tmp_path / "photo.png"
        await secretary.page.screenshot(path=picture)
        await secretary.page.set_input_files("#photo", picture)
        await expect(judge.page.locator(".theirs img")).to_be_visible(timeout=10_000)
        assert (
            await judge.page.locator(".theirs img").evaluate("image => image.decode().then(() => image.naturalWidth)")
            > 0
        )


async def test_menu_language_and_an_unregistered_phone(product: Product) -> None:
    async with chromium() as browser:
        context = await browser.new_context(viewport=PHONE)
        supervisor = await Screen.joined(context, product, "19800001202")
        await supervisor.taps("菜单")
        await supervisor.taps("未应答的")
        await supervisor.sees("没人应答：没有")
        await supervisor.says("/lang en")
        await expect(supervisor.page.get_by_role("button", name="Menu")).to_be_visible()
        stranger = Screen(await (await browser.new_context()).new_page())
        await stranger.page.goto(supervisor.page.url)
        await expect(stranger.page.get_by_text("这部手机没有登记")).to_be_visible()
        await expect(stranger.page.get_by_text("有急事请打值班电话 0578-0000000")).to_be_visible()
        assert await stranger.page.locator("#messages li").count() == 0
        await stranger.page.get_by_role("link", name="重新加入").click()
        await expect(stranger.page.get_by_role("button", name="加入")).to_be_visible()


async def test_the_demo_shows_three_signed_in_phones(product: Product) -> None:
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 1290, "height": 960})
        await page.goto(f"{product.url}/demo/")
        for place, name in enumerate(("应建华", "沈立群", "赵慧敏")):
            await expect(page.frame_locator("iframe").nth(place).locator("#me")).to_contain_text(name)
        await page.get_by_role("button", name=SENTENCE).click()
        judge = page.frame_locator("iframe").nth(1)
        await expect(judge.locator("#leads .lead")).to_contain_text("林永福")
        await page.frame_locator("iframe").nth(0).locator("#text").fill("黄国强在田里")
        await page.frame_locator("iframe").nth(0).locator("#send").click()
        await expect(page.locator("figcaption").nth(1)).to_have_text("执行法官 · 丁卫东", timeout=15_000)
        await expect(judge.locator("#me")).to_contain_text("丁卫东")
        await expect(judge.locator("#leads .lead")).to_contain_text("黄国强")
        await page.get_by_role("button", name="再开一部：管理员").click()
        await expect(page.frame_locator("iframe").nth(3).locator("#me")).to_contain_text("陶红")
        await page.set_viewport_size(PHONE)
        await expect(page.locator("iframe").nth(1)).to_be_hidden()
        await page.get_by_role("button", name="执行法官").click()
        await expect(page.locator("iframe").nth(0)).to_be_hidden()
        await expect(judge.locator("#leads .lead")).to_be_visible()


async def test_the_first_load_is_small_and_asks_no_other_host(product: Product) -> None:
    async with chromium() as browser:
        page = await browser.new_page(viewport=PHONE)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(product.url)
        await expect(page.get_by_role("button", name="加入")).to_be_visible()
        assert all(url.startswith(product.url) for url in asked)
    async with aiohttp.ClientSession() as session:
        sizes = [len(await (await session.get(url)).read()) for url in set(asked)]
    assert sum(sizes) < 150_000


async def test_another_site_cannot_speak_in_the_pages_name(product: Product) -> None:
    async with aiohttp.ClientSession() as session:
        foreign = {"Origin": "https://elsewhere.example"}
        async with session.post(f"{product.url}/api/join", json={"code": "x"}, headers=foreign) as answer:
            assert answer.status == 403 and "refused" not in await answer.text()
        async with session.get(f"{product.url}/") as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "script-src 'self'" in policy and "unsafe" not in policy
        for path in ("/c/nobody/events", "/c/nobody/session", "/c/nobody/file/x"):
            async with session.get(f"{product.url}{path}") as answer:
                assert answer.status == 401
        for path in ("/static/../webchat.py", "/static/%2e%2e%2fwebchat.py", "/static/index.html", "/qr/%3Cx%3E"):
            async with session.get(f"{product.url}{path}") as answer:
                assert answer.status == 404


async def test_a_file_is_known_by_its_content_and_shown_only_where_it_belongs(product: Product) -> None:
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as phone,
        aiohttp.ClientSession() as other,
    ):
        base = await signed_in(product, phone)
        for content, status in (
            (b"MZ not a picture", 415),
            (b"\xff\xd8\xff" + b"0" * 10_000_001, 413),
            (b"\xff\xd8\xff..", 415),
            (picture(), 200),
        ):
            form = aiohttp.FormData()
            form.add_field("file", io.BytesIO(content), filename="photo.jpg", content_type="image/jpeg")
            async with phone.post(f"{base}/file", data=form) as answer:
                assert answer.status == status
        events = await phone.get(f"{base}/events")
        async with asyncio.timeout(10):
            text = ""
            while not (found := re.search(r'"file_id": "([\w-]+)"', text)):
                text += (await events.content.readline()).decode()
        events.close()
        async with phone.get(f"{base}/file/{found[1]}") as answer:
            assert answer.status == 200 and answer.headers["X-Content-Type-Options"] == "nosniff"
        async with other.get(f"{base}/file/{found[1]}") as answer:
            assert answer.status == 401
        async with phone.post(f"{base}/say", json={"text": "长" * 20_001}) as answer:
            assert answer.status == 413


async def test_what_waits_for_the_judge_stands_on_top_until_it_is_answered(product: Product) -> None:
    async with chromium() as browser:
        contexts = [await browser.new_context(viewport=PHONE) for _ in range(2)]
        secretary = await Screen.joined(contexts[0], product, "19800001001")
        judge = await Screen.joined(contexts[1], product, "19800001101")
        await expect(judge.page.locator("#urgent")).to_be_hidden()
        await secretary.says(SENTENCE)
        row = judge.page.locator("#leads .lead")
        await expect(row).to_contain_text("林永福")
        await expect(row).to_contain_text("等您接收")
        await expect(judge.page.get_by_role("tab", name="线索")).to_have_attribute("data-count", "1")
        await fits(judge.page)
        await judge.page.get_by_role("button", name="1 条线索待接收").click()
        lead = judge.page.locator("#lead")
        await expect(lead.get_by_role("heading", name="林永福")).to_be_visible()
        await fits(judge.page)
        for label, state in (("收到", "出发"), ("出发", "到场"), ("到场", "办结")):
            await lead.get_by_role("button", name=label, exact=True).click()
            await expect(lead.locator(".primary")).to_have_text(state)
            await expect(judge.page.locator("#urgent")).to_be_hidden()
        await lead.get_by_role("button", name="办结", exact=True).click()
        await lead.get_by_role("button", name="当场履行").click()
        await expect(lead.locator(".state")).to_have_text("当场履行")
        await judge.page.get_by_role("button", name="返回").click()
        await expect(judge.page.locator("#lead")).to_be_hidden()
        await expect(judge.page.locator("#leads .lead .how")).to_have_text("当场履行")
        await secretary.page.get_by_role("tab", name="我的报告").click()
        await expect(secretary.page.locator("#leads .lead")).to_contain_text(SENTENCE)
        await expect(secretary.page.locator("#leads .lead .how")).to_contain_text("当场履行", timeout=20_000)
        assert judge.complaints == [] and secretary.complaints == []


async def test_a_card_that_is_over_looks_so_and_an_edit_pulls_nobody_away(product: Product) -> None:
    """Who reads further up stays there while cards change below, and is told what came; what is off is struck."""
    async with chromium() as browser:
        secretary = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001001")
        judge = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001101")
        await secretary.says(SENTENCE)
        await judge.sees(f"“{SENTENCE}”")
        for number in range(8):
            await judge.says(f"/case 45{number}")
        await judge.sees("没有查到")
        messages = judge.page.locator("#messages")
        await messages.evaluate("list => { list.scrollTop = 0; }")
        await secretary.says("看错了")
        await expect(judge.page.locator("#messages .card.over .state")).to_have_text("不用去了")
        assert await messages.evaluate("list => list.scrollTop") == 0
        pill = judge.page.locator("#below")
        await expect(pill).to_contain_text("条新消息")
        await pill.click()
        await expect(pill).to_be_hidden()
        struck = "getComputedStyle(document.querySelector('#messages .card.over .who')).textDecorationLine"
        assert await judge.page.evaluate(struck) == "line-through"


async def test_a_photo_opens_over_the_whole_screen(product: Product, tmp_path: Path) -> None:
    async with chromium() as browser:
        secretary = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001001")
        judge = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001101")
        await secretary.says(SENTENCE)
        await secretary.sees("已送达")
        (tmp_path / "door.jpg").write_bytes(picture((600, 400)))
        await secretary.page.locator("#photo").set_input_files(tmp_path / "door.jpg")
        await judge.talks()
        await judge.page.locator(".theirs .picture").click()
        await expect(judge.page.locator(".look")).to_be_visible()
        assert await judge.page.locator(".look img").evaluate("image => image.offsetWidth") == 390
        await judge.page.locator(".look").click()
        await expect(judge.page.locator(".look")).to_have_count(0)


async def test_where_somebody_was_seen_opens_in_the_map_app_of_choice(product: Product) -> None:
    """Nobody is asked before the tap; a place in words is searched for, one that a phone sent is a point."""
    async with chromium() as browser:
        secretary = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001001")
        context = await browser.new_context(viewport=PHONE)
        judge = await Screen.joined(context, product, "19800001101")
        asked: list[str] = []
        judge.page.on("request", lambda request: asked.append(request.url))
        await secretary.says(SENTENCE)
        await judge.page.get_by_role("tab", name="线索").click()
        await judge.page.locator("#leads .lead").click()
        lead = judge.page.locator("#lead")
        assert await lead.get_by_role("link", name="打电话").get_attribute("href") == "tel:+8619800001001"
        await lead.get_by_text("导航").click()
        ways = [await one.get_attribute("href") for one in await lead.locator(".maps a").all()]
        assert len(ways) == 3 and all(way and "%E5%91%A8%E5%BC%84%E6%9D%91" in way for way in ways)
        assert all(url.startswith(product.url) for url in asked)


async def test_a_phone_that_was_lost_shows_nothing_any_more(product: Product) -> None:
    """The secretary signs the old phone out from the new one; it shows nothing, not even what it had shown."""
    async with chromium() as browser:
        contexts = [await browser.new_context(viewport=PHONE) for _ in range(2)]
        lost = await Screen.joined(contexts[0], product, "19800001001")
        await lost.says(SENTENCE)
        await lost.sees("已记录")
        mine = await Screen.joined(contexts[1], product, "19800001001")
        await mine.says("/me")
        await mine.sees("应建华 · ")
        await mine.page.get_by_role("button", name="退出另一部").last.click()
        await expect(lost.page.get_by_text("这部手机没有登记")).to_be_visible(timeout=10_000)
        await expect(lost.page.locator("#messages li")).to_have_count(0)
        await lost.page.reload()
        await expect(lost.page.get_by_text("这部手机没有登记")).to_be_visible()
        await expect(lost.page.locator("#messages li")).to_have_count(0)


async def test_a_phone_that_others_pick_up_locks_itself(product: Product) -> None:
    """After a quarter of an hour without a touch nothing is shown until the PIN is given; five wrong ones sign out."""

    async def nobody_touches_it() -> None:
        product.webchat._lock._open.clear()
        for watcher in product.store.watchers:
            watcher(chat_id)

    async with chromium() as browser:
        phone = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001001")
        chat_id = (await Endpoint.filter(channel="web").order_by("-id"))[0].chat_id
        await phone.says(SENTENCE)
        await phone.sees("已记录")
        await phone.taps("菜单")
        await phone.taps("网页密码")
        pin = phone.page.locator("#new-pin")
        await pin.fill("24")
        await phone.taps("确定")
        await expect(phone.page.locator("#set-pin")).to_be_visible()
        await pin.fill("2468")
        await phone.taps("确定")
        await expect(phone.page.get_by_text("15 分钟没人碰就锁上")).to_be_visible()
        await fits(phone.page)
        await nobody_touches_it()
        await expect(phone.page.locator("#locked")).to_be_visible(timeout=10_000)
        await expect(phone.page.locator("#messages li")).to_have_count(0)
        statuses = await phone.page.evaluate(
            "Promise.all(['earlier?before=1', 'session', 'file/x'].map((path) => fetch(path).then((a) => a.status)))"
        )
        assert statuses == [423, 423, 423]
        await phone.page.reload()
        await expect(phone.page.locator("#locked")).to_be_visible()
        await phone.page.locator("#pin").fill("1111")
        await phone.taps("打开")
        await expect(phone.page.get_by_text("密码不对")).to_be_visible()
        await phone.page.locator("#pin").fill("2468")
        await phone.taps("打开")
        await phone.sees("已记录")
        await nobody_touches_it()
        await expect(phone.page.locator("#locked")).to_be_visible(timeout=10_000)
        held: list[Route] = []
        await phone.page.route("**/unlock", lambda route: held.append(route))
        await phone.page.locator("#pin").fill("0000")
        async with phone.page.expect_request("**/unlock"):
            await phone.taps("打开")
        await phone.page.locator("#pin").fill("000")
        async with phone.page.expect_response("**/unlock"):
            await held[0].continue_()
        await expect(phone.page.get_by_text("密码不对")).to_be_visible()
        await expect(phone.page.locator("#pin")).to_have_value("000")  # what was typed meanwhile stays
        await phone.page.unroute("**/unlock")
        for _ in range(4):
            await phone.page.locator("#pin").fill("0000")
            async with phone.page.expect_response("**/unlock"):
                await phone.taps("打开")
        await phone.page.reload()
        await expect(phone.page.get_by_text("这部手机没有登记")).to_be_visible()
        assert not await Endpoint.filter(channel="web", chat_id=chat_id).exists()  # nor is it one of theirs any more


async def test_behind_a_proxy_that_keeps_streams_back_the_page_asks(product: Product) -> None:
    """The stream never delivers anything; what is said arrives all the same."""
    async with chromium() as browser:
        context = await browser.new_context(viewport=PHONE)
        kept_back: list[Route] = []
        await context.route("**/events*", lambda route: kept_back.append(route))
        await context.clock.install()
        secretary = Screen(await context.new_page())
        person = await Person.get(phone="19800001001")
        code = await product.db.unit(lambda: invite(person))
        await secretary.page.goto(f"{product.url}/#{code}")
        async with secretary.page.expect_request("**/events*"):
            await secretary.taps("加入")
        await context.clock.fast_forward(11_000)
        await expect(secretary.page.locator(".theirs", has_text="登记好了")).to_be_visible(timeout=20_000)
        await secretary.says(SENTENCE)
        await secretary.sees("已记录")
        assert kept_back and secretary.complaints == []


class HalfOpen:
    """A line that can fall silent without being closed, as on a phone that slept: what was open passes nothing more,
    new connections work."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._dead: list[asyncio.Event] = []
        self.url = ""

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["HalfOpen"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield self

    def fall_silent(self) -> None:
        for dead in self._dead:
            dead.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dead = asyncio.Event()
        self._dead.append(dead)
        far_reader, far_writer = await asyncio.open_connection(*self._to)

        async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                if dead.is_set():
                    continue
                target.write(data)
                await target.drain()

        with contextlib.suppress(ConnectionError):
            await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))
        for one in (writer, far_writer):
            one.close()


async def test_a_line_that_is_silent_without_being_closed_is_noticed(product: Product) -> None:
    parts = urlsplit(product.url)
    async with chromium() as browser, HalfOpen(parts.hostname or "", parts.port or 0).open() as line:
        context = await browser.new_context(viewport=PHONE)
        await context.clock.install()
        judge = Screen(await context.new_page())
        person = await Person.get(phone="19800001101")
        code = await product.db.unit(lambda: invite(person))
        await judge.page.goto(f"{line.url}/#{code}")
        await judge.taps("加入")
        await judge.talks()
        line.fall_silent()
        secretary = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001001")
        await secretary.says(SENTENCE)
        await secretary.sees("已记录")
        await context.clock.fast_forward(46_000)
        card = judge.page.locator(".theirs", has_text=SENTENCE)
        for _ in range(6):  # the browser tries its other connections first, which are as dead
            with contextlib.suppress(AssertionError):
                await expect(card).to_be_visible(timeout=3_000)
                break
            await context.clock.fast_forward(21_000)
        await expect(card).to_be_visible()


async def test_enter_that_ends_a_word_in_safari_sends_nothing(product: Product) -> None:
    """WebKit ends the composition first; then comes Enter, with the number 229."""
    async with chromium() as browser:
        secretary = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001001")
        await secretary.page.locator("#text").fill("linyongfu")
        await secretary.page.locator("#text").evaluate(
            "box => box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true}))"
        )
        await expect(secretary.page.locator("#text")).to_have_value("linyongfu")
        await secretary.page.locator("#text").press("Enter")
        await expect(secretary.page.locator("#text")).to_have_value("")


async def test_each_role_finds_what_it_needs_first(product: Product) -> None:
    """The supervisor's box is for looking up, and above it stands how much waits; one tap shows it."""
    async with chromium() as browser:
        contexts = [await browser.new_context(viewport=PHONE) for _ in range(2)]
        secretary = await Screen.joined(contexts[0], product, "19800001001")
        head = await Screen.joined(contexts[1], product, "19800001202")
        await expect(secretary.page.get_by_placeholder("说一句话就行")).to_be_visible()
        await expect(head.page.get_by_placeholder("案号、姓名、车牌")).to_be_visible()
        await expect(head.page.get_by_role("button", name="位置")).to_be_hidden()
        await expect(head.page.locator("#waiting")).to_be_hidden()
        await secretary.says(SENTENCE)
        await secretary.sees("已记录")
        for number in await Endpoint.filter(channel="web").values_list("chat_id", flat=True):
            for watcher in product.store.watchers:
                watcher(number)  # else its page looks every quarter of a minute
        bar = head.page.get_by_role("button", name="1 条未应答")
        await expect(bar).to_be_visible(timeout=20_000)
        await fits(head.page)
        await head.page.locator("#tab-leads").click()
        row = head.page.locator("#leads .lead")
        await expect(row).to_contain_text(re.compile("林永福.*周弄村.*沈立群"))
        await fits(head.page)
        await row.click()
        await head.sees("线索 1")
        await expect(head.page.get_by_role("button", name="催办").last).to_be_visible()
        base = secretary.page.url.rstrip("/")
        answer = await secretary.page.context.request.post(f"{base}/pending", data={}, headers={"Origin": product.url})
        assert answer.status == 404
        await bar.click()
        await head.sees("林永福")
        await expect(secretary.page.locator("#waiting")).to_be_hidden()


async def test_who_may_ask_finds_a_case_while_typing(product: Product) -> None:
    async with chromium() as browser:
        head = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001202")
        await head.page.get_by_placeholder("找案件").fill("永福")
        hit = head.page.locator("#hits .hit")
        await expect(hit).to_contain_text("林永福（2013）浙1122执456号终本 · 沈立群")
        await fits(head.page)
        await hit.click()
        await head.sees("还没有人报告看到过")
        await expect(head.page.locator("#hits")).to_be_hidden()
        await head.page.get_by_placeholder("找案件").fill("没有这个人")
        await expect(head.page.locator("#hits")).to_have_text("没有找到")
        secretary = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001001")
        await expect(secretary.page.get_by_placeholder("找案件")).to_be_hidden()
        base = secretary.page.url.rstrip("/")
        answer = await secretary.page.context.request.post(
            f"{base}/find", data={"words": "林永福"}, headers={"Origin": product.url}
        )
        assert answer.status == 404
    assert await AuditEntry.filter(action="case.listed").count() == 1


async def test_an_administrator_does_a_day_by_looking_and_tapping(product: Product) -> None:
    """Adds a judge, invites him, puts him on duty, notes his leave: with forms, and not a command typed."""
    async with chromium() as browser:
        admin = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001203")
        page = admin.page

        async def opens(entry: str) -> None:
            await admin.taps("菜单")
            await page.locator("#menu").get_by_role("button", name=entry, exact=True).click()

        async def fills(title: str, **values: str) -> None:
            form = page.locator(".form", has=page.locator("summary", has_text=title)).last
            await form.locator("summary").click()
            for label, value in values.items():
                field = form.locator("label", has=page.get_by_text(label, exact=True)).locator("input, select")
                if await field.evaluate("one => one.tagName") == "SELECT":
                    await field.select_option(value)
                else:
                    await field.fill(value)
            await form.get_by_role("button", name="确定").click()

        await opens("人员")
        somebody = {"姓名": "王建国", "手机号": "13912345678", "角色": "执行法官"}
        await fills("加人", **somebody, **{"辖区（村、乡镇或县）": "缙云县"})
        await admin.sees("还没登记")
        await page.get_by_role("button", name="发邀请").last.click()
        await expect(page.locator(".theirs img[alt]").last).to_be_visible(timeout=10_000)
        await expect(page.locator(".digits").last).to_have_text(re.compile(r"^\d{3} \d{3}$"))
        day = local(product.db.clock.now()).date() + timedelta(days=2)
        await opens("谁值班")
        await admin.sees("没有排值班")
        await fills("排值班", 谁="王建国", 从=day.isoformat(), 到=day.isoformat())
        await expect(page.locator(".calendar").last.locator("div", has_text="王建国")).to_have_count(1, timeout=10_000)
        assert await page.locator(".calendar").last.locator(".gap").count() > 0
        await opens("请假和代管")
        await fills("请假", 谁="王建国", 从=day.isoformat(), 到=day.isoformat(), **{"谁代管（可以不选）": "沈立群"})
        await admin.sees("已记：王建国")
        await expect(page.locator(".mine").last).to_contain_text("请假和代管 王建国")
        await fits(page)
        assert admin.complaints == []
    assert await Leave.filter(person__name="王建国", deputy__name="沈立群").count() == 1


async def test_a_cookie_is_changed_after_a_week_and_the_old_one_ends(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await Person.get(phone="19800001001")
    code = await product.db.unit(lambda: invite(person))
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as phone:
        slug = (await (await phone.post(f"{product.url}/api/join", json={"code": code})).json())["slug"]
        session = f"{product.url}/c/{slug}/session"

        def cookie() -> str:
            return next(one.value for one in phone.cookie_jar if one["path"] == f"/c/{slug}/")

        first = cookie()
        assert (await phone.get(session)).status == 204 and cookie() == first
        monkeypatch.setattr("bot.page.session.RENEWED_AFTER", -1)
        assert (await phone.get(session)).status == 204 and cookie() != first
        monkeypatch.setattr("bot.page.session.RENEWED_AFTER", 10**9)
        async with aiohttp.ClientSession(cookies={f"chuishao-{slug}": first}) as thief:
            assert (await thief.get(session)).status == 204  # the answer with the new one may have been lost
            assert (await phone.get(session)).status == 204
            assert (await thief.get(session)).status == 204  # what was under way with it gets through
            now = time.time()
            monkeypatch.setattr("bot.gateway.store.time.time", lambda: now + 3600)
            assert (await thief.get(session)).status == 401
        assert (await phone.get(session)).status == 204


EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'&#x3c;<a href=javascript:alert(3)>x</a>"


async def test_no_field_that_people_fill_in_becomes_a_part_of_the_page(product: Product) -> None:
    """Names, nicknames, houses and creditors of the clerk's file, what is reported, what the judge answers."""

    async def spoil() -> None:
        debtor = await Debtor.get(name="林永福")
        await Debtor.filter(id=debtor.id).update(name=f"林永福{EVIL}", hint=EVIL)
        await Alias.filter(debtor_id=debtor.id).update(text=EVIL[:60])
        await CaseDebtor.filter(debtor_id=debtor.id).update(creditor=EVIL, note=EVIL)
        await Person.filter(phone="19800001001").update(name=f"应{EVIL}"[:40])
        await Area.all().update(name=f"村{EVIL}"[:60])

    await product.db.unit(spoil)
    async with chromium() as browser:
        contexts = [await browser.new_context(viewport=PHONE) for _ in range(2)]
        alerts: list[str] = []
        judge = await Screen.joined(contexts[1], product, "19800001101")
        person = await Person.get(phone="19800001001")
        code = await product.db.unit(lambda: invite(person))
        secretary = Screen(await contexts[0].new_page())
        for screen in (secretary, judge):
            screen.page.on("dialog", lambda dialog: alerts.append(dialog.message))
        await secretary.page.goto(f"{product.url}/#{code}")
        await secretary.page.get_by_role("button", name="加入").click()
        await secretary.sees("登记好了")
        await secretary.says(f"尾号12A的车在村委 {EVIL}")
        await judge.sees("尾号12A")
        await judge.taps("问一句")
        await judge.says(EVIL)
        await secretary.sees("onerror")
        await judge.says("/case 456")
        await judge.sees("执456号")
        for screen in (secretary, judge):
            assert (
                await screen.page.locator("#messages script, #messages [onerror], #messages [href^=javascript]").count()
                == 0
            )
            assert screen.complaints == []
        assert alerts == []


@pytest.mark.parametrize(
    ("look", "size"), [("light", 100), ("dark", 100), ("light", 200)], ids=["light", "dark", "twice the size"]
)
async def test_who_sees_badly_or_not_at_all_can_use_it(
    product: Product, look: Literal["light", "dark"], size: int
) -> None:
    """axe-core finds nothing serious: contrast, labels, roles; on the joining page and in a running conversation."""
    async with chromium() as browser:
        context = await browser.new_context(viewport=PHONE, color_scheme=look, reduced_motion="reduce")
        stranger = await context.new_page()
        await stranger.goto(product.url)
        await expect(stranger.get_by_role("button", name="加入")).to_be_visible()
        judge = await Screen.joined(context, product, "19800001101")
        secretary = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001001")
        await secretary.says(SENTENCE)
        await judge.sees(f"“{SENTENCE}”")
        for page in (stranger, judge.page):
            await page.evaluate(f"document.documentElement.style.fontSize = '{1.125 * size}%'")
            found = (await Axe().run(page)).response["violations"]
            serious = [
                (one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")
            ]
            assert serious == []
            await fits(page)


async def test_a_closed_page_is_woken_with_a_notification(product: Product) -> None:
    """The push service is out of reach here; the browser's own protocol hands the worker a message as one would."""
    async with chromium() as browser:
        context = await browser.new_context(viewport=PHONE)
        await context.grant_permissions(["notifications"], origin=product.url)
        judge = await Screen.joined(context, product, "19800001101")
        await judge.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        await expect(judge.page.locator("#wake summary")).to_have_text("手机锁着时还叫不到您，请设一下")
        await judge.page.locator("#wake summary").click()
        await expect(judge.page.locator("#wake-why")).to_have_text("这部手机锁屏叫不到您", timeout=40_000)
        session = await context.new_cdp_session(judge.page)
        found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def registered(event: dict[str, list[dict[str, str]]]) -> None:
            if event["registrations"] and not found.done():
                found.set_result(event["registrations"][0]["registrationId"])

        session.on("ServiceWorker.workerRegistrationUpdated", registered)
        await session.send("ServiceWorker.enable")
        pushed = {"origin": product.url, "registrationId": await found, "data": '{"text": "吹哨：有一条新线索"}'}
        await session.send("ServiceWorker.deliverPushMessage", pushed)
        asked = (
            "async () => { const worker = await navigator.serviceWorker.ready; for (;;) {"
            "const [one] = await worker.getNotifications(); if (one) return one.title;"
            "await new Promise((done) => setTimeout(done, 50)); } }"
        )
        assert await asyncio.wait_for(judge.page.evaluate(asked), 30) == "吹哨：有一条新线索"
        await judge.taps("换一种提醒")
        await judge.sees("有急事，这样叫您")


async def test_somebody_without_a_link_joins_with_phone_number_and_spoken_code(product: Product) -> None:
    person = await Person.get(phone="19800001001")
    digits = await product.db.unit(lambda: speak(person, actor="test"))
    async with chromium() as browser:
        page = await browser.new_page(viewport=PHONE)
        await page.goto(product.url)
        await page.get_by_label("手机号").fill("198 0000 1001")
        await page.get_by_label("邀请码或验证码").fill(digits)
        await page.get_by_role("button", name="加入").click()
        await expect(page.get_by_text("应建华，登记好了")).to_be_visible(timeout=10_000)


async def test_a_code_that_opens_nothing_says_why_and_what_was_typed_stays(product: Product) -> None:
    person = await Person.get(phone="19800001001")
    digits = await product.db.unit(lambda: speak(person, actor="test"))
    wrong = f"{(int(digits) + 1) % 1_000_000:06}"
    async with chromium() as browser:
        page = await browser.new_page(viewport=PHONE)
        await page.goto(product.url)
        trouble = page.locator("#join-trouble")
        for phone, code, said in (
            ("198 0000 1001", wrong, "这个码不对，请再看一遍。还可以试 4 次。"),
            ("19800001001", wrong, "还可以试 3 次。"),
            ("19800009999", wrong, "还可以试 4 次。"),  # a number that nobody has looks like any other
            ("19800009999", wrong, "还可以试 3 次。"),
            ("", "a-code-that-nobody-made", "这个码不对"),
        ):
            await page.get_by_label("手机号").fill(phone)
            await page.get_by_label("邀请码或验证码").fill(code)
            await page.get_by_role("button", name="加入").click()
            await expect(trouble).to_contain_text(said)
            await expect(trouble).to_contain_text("请打值班电话")
            assert await page.get_by_label("手机号").input_value() == phone
        await page.get_by_label("手机号").fill("19800001001")
        await page.get_by_label("邀请码或验证码").fill(digits)
        await page.get_by_role("button", name="加入").click()
        await expect(page.get_by_text("应建华，登记好了")).to_be_visible(timeout=10_000)
        await (other := await browser.new_page(viewport=PHONE)).goto(f"{product.url}/?")
        await other.get_by_label("手机号").fill("19800001001")
        await other.get_by_label("邀请码或验证码").fill(digits)
        await other.get_by_role("button", name="加入").click()
        await expect(other.locator("#join-trouble")).to_contain_text("已经用过")


async def test_a_link_says_whom_it_is_for_and_has_one_button(product: Product) -> None:
    person = await Person.get(phone="19800001001")
    code = await product.db.unit(lambda: invite(person))
    async with chromium() as browser:
        page = await browser.new_page(viewport=PHONE)
        await page.goto(f"{product.url}/#{code}")
        await expect(page.get_by_text("应建华，缙云县人民法院请您加入。")).to_be_visible()
        assert not await page.get_by_label("手机号").is_visible()
        await page.get_by_role("button", name="加入").click()
        await expect(page.get_by_text("应建华，登记好了")).to_be_visible(timeout=10_000)
        again = await (await browser.new_context(viewport=PHONE)).new_page()
        await again.goto(f"{product.url}/#{code}")
        await expect(again.get_by_text("这个码已经用过")).to_be_visible()
        assert await again.get_by_label("手机号").is_visible()


async def test_an_answer_that_is_not_the_servers_loses_nothing(product: Product) -> None:
    """A hotel's portal, a proxy that forbids, a server that can't: the sentence waits until the real one has it."""
    async with chromium() as browser:
        context = await browser.new_context(viewport=PHONE)
        secretary = await Screen.joined(context, product, "19800001001")
        answers = [(200, "<html>welcome</html>"), (403, "no"), (503, "later")]

        async def between(route: Route) -> None:
            if answers:
                status, body = answers.pop(0)
                await route.fulfill(status=status, body=body, content_type="text/html")
            else:
                await route.continue_()

        await context.route("**/say", between)
        await secretary.says(SENTENCE)
        await secretary.says("他要走了")
        await secretary.sees("已转告")
        assert answers == []
        assert [row.text for row in await Sighting.all().order_by("id")] == [SENTENCE, "他要走了"]


async def test_a_proxy_that_takes_no_photo_is_named_and_not_the_court(product: Product, tmp_path: Path) -> None:
    async with chromium() as browser:
        context = await browser.new_context(viewport=PHONE)
        secretary = await Screen.joined(context, product, "19800001001")
        picture = tmp_path / "photo.png"
        await secretary.page.screenshot(path=picture)
        await context.route("**/file", lambda route: route.fulfill(status=413, body="<html>413</html>"))
        await secretary.page.set_input_files("#photo", picture)
        await expect(secretary.page.get_by_text("照片太大，没有传过去")).to_be_visible()
        await context.unroute("**/file")
        await secretary.page.get_by_text("没有发出去").click()
        await secretary.sees("照片收到了")


async def test_the_plain_address_leads_back_into_the_chat(product: Product) -> None:
    async with chromium() as browser:
        context = await browser.new_context(viewport=PHONE)
        judge = await Screen.joined(context, product, "19800001101")
        again = Screen(await context.new_page())
        await again.page.goto(product.url)
        await again.sees("登记好了")
        assert again.page.url == judge.page.url


def picture(size: tuple[int, int] = (8, 6), form: str = "JPEG") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size).save(content, form)
    return content.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 60,000 by 60,000 pixels."""
    small = picture(form="PNG")
    header = b"IHDR" + struct.pack(">II", 60_000, 60_000) + small[24:29]
    return small[:12] + header + struct.pack(">I", zlib.crc32(header)) + small[33:]


def archive() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("photo.jpg", bytes(20_000_000))
    return content.getvalue()


async def signed_in(product: Product, session: aiohttp.ClientSession, phone: str = "19800001001") -> str:
    """Joins over plain HTTP; the chat's address."""
    person = await Person.get(phone=phone)
    before = await Endpoint.filter(channel="web", person_id=person.id).count()
    code = await product.db.unit(lambda: invite(person))
    slug = (await (await session.post(f"{product.url}/api/join", json={"code": code})).json())["slug"]
    async with asyncio.timeout(10):
        while await Endpoint.filter(channel="web", person_id=person.id).count() == before:
            await asyncio.sleep(0.02)
    return f"{product.url}/c/{slug}"


async def test_no_upload_harms_whoever_opens_it(product: Product) -> None:
    """Bombs, archives, pages and scripts under a photo's name: none is kept."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    harmful = {
        "pixels": (bomb(), 413),
        "a large picture": (picture((9_000, 6_000), "PNG"), 413),
        "an archive": (archive(), 415),
        "a script in a picture": (svg, 415),
        "a page": (b"<!doctype html><script>alert(1)</script>", 415),
        "a page behind a picture's first bytes": (b"\xff\xd8\xff<script>alert(1)</script>", 415),
        "a picture cut off": (picture()[:20], 415),
        "nothing": (b"", 415),
    }
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as phone:
        base = await signed_in(product, phone)
        for what, (content, status) in harmful.items():
            form = aiohttp.FormData()
            form.add_field("file", io.BytesIO(content), filename='../../x".jpg', content_type="image/jpeg")
            async with phone.post(f"{base}/file", data=form) as answer:
                assert answer.status == status, what
        assert list(product.store.files.iterdir()) == []


async def test_slow_senders_hold_up_nobody(product: Product) -> None:
    """Three hundred who never finish their request; a report goes through beside them."""
    address = URL(product.url)
    slow = [await asyncio.open_connection(address.host, address.port) for _ in range(300)]
    try:
        for _reader, writer in slow:
            writer.write(b"POST /api/join HTTP/1.1\r\nHost: x\r\nX-A: ")
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as phone:
            base = await signed_in(product, phone)
            async with asyncio.timeout(5), phone.post(f"{base}/say", json={"text": SENTENCE}) as answer:
                assert answer.status == 200
    finally:
        for _reader, writer in slow:
            writer.transport.abort()


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    """A body whose length isn't said beforehand."""
    for start in range(0, len(content), 10_000):
        yield content[start : start + 10_000]


async def test_what_is_oversized_or_splits_a_header_is_refused(product: Product) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as phone:
        base = await signed_in(product, phone)
        async with phone.post(f"{base}/say", data=io.BytesIO(b"[" * 13_000_000), headers=JSON) as it:
            assert it.status == 413
        for where in (f"{base}/say", f"{product.url}/api/join"):
            async with phone.post(where, data=io.BytesIO(b"[" * 300_000), headers=JSON) as it:
                assert it.status == 413
            async with phone.post(where, data=chunks(b"[" * 300_000), headers=JSON) as it:
                assert it.status == 413
        async with phone.post(f"{base}/say", data=b"[" * 100_000, headers=JSON) as it:
            assert it.status == 400
        async with phone.get(f"{base}/session", headers={"X-Long": "a" * 20_000}) as it:
            assert it.status == 400
        for path in (
            "/words/en%0d%0aX-Evil:1",
            "/qr/x%0d%0aSet-Cookie:a=b",
            "//elsewhere.example/%2f..",
            "/c/%0d%0aX/",
        ):
            async with phone.get(URL(product.url + path, encoded=True), allow_redirects=False) as it:
                assert "X-Evil" not in it.headers and "Set-Cookie" not in it.headers
                assert "elsewhere" not in it.headers.get("Location", "")
        async with phone.post(f"{base}/tap", json={"message_id": 1, "data": "1:ack:1:0" + "x" * 60}) as it:
            assert it.status == 400


async def retired(product: Product, person: Person) -> None:
    """Once the phone has joined, its person goes."""
    async with asyncio.timeout(10):
        while not await Endpoint.filter(person_id=person.id, channel="web").exists():
            await asyncio.sleep(0.01)

    async def work() -> None:
        await Person.filter(id=person.id).update(active=False)

    await product.db.unit(work)


async def test_a_stranger_fills_no_disk_and_half_a_character_breaks_no_stream(product: Product) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as stranger:
        assert (await stranger.post(f"{product.url}/api/join", json={"code": "junk"})).status == 403
        person = await Person.get(phone="19800001001")
        code = await product.db.unit(lambda: invite(person))
        slug = (await (await stranger.post(f"{product.url}/api/join", json={"code": code})).json())["slug"]
        await retired(product, person)
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(b"\xff\xd8\xff.."), filename="photo.jpg", content_type="image/jpeg")
        assert (await stranger.post(f"{product.url}/c/{slug}/file", data=form)).status == 400
        raw = b'{"text": "hi \\ud83d"}'
        headers = {"Content-Type": "application/json"}
        assert (await stranger.post(f"{product.url}/c/{slug}/say", data=raw, headers=headers)).status == 200
        events = await stranger.get(f"{product.url}/c/{slug}/events")
        async with asyncio.timeout(10):
            while b"only" not in (line := await events.content.readline()) and b"\\u53ea\\u5bf9" not in line:
                assert line
        events.close()
