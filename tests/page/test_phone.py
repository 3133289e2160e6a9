"""What a phone does beside writing: it rings, takes pictures, listens, knows where it is, changes hands."""

import asyncio
import io
import re
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request
from PIL import Image
from playwright.async_api import BrowserContext, async_playwright, expect

from bot.app import Product
from bot.page.caller import caller
from bot.settings import networks
from storage.alerts.alert import Alert
from storage.alerts.sighting import Sighting
from storage.people.endpoint import Endpoint
from storage.people.person import Person
from storage.post.invitation import invite
from tests.browser import ARGUMENTS, chromium, find_browser
from tests.page.test_page import JSON, PHONE, SENTENCE, Screen, fits, picture, signed_in
from tests.parts import absent

pytestmark = pytest.mark.browser
EARS = """
window.heard = { tones: 0, shakes: 0 };
const make = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () { window.heard.tones += 1; return make.call(this); };
Navigator.prototype.vibrate = () => { window.heard.shakes += 1; return true; };
"""


async def listening(context: BrowserContext) -> BrowserContext:
    await context.add_init_script(EARS)
    return context


async def rings(screen: Screen, before: int = 0) -> None:
    """Wait for three tones more than there were, and a shake."""
    async with asyncio.timeout(10):
        while not await screen.page.evaluate(f"window.heard.tones >= {before + 3} && window.heard.shakes >= 1"):
            await asyncio.sleep(0.05)


async def test_an_alert_rings_until_somebody_answers(product: Product) -> None:
    async with chromium() as browser:
        secretary = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001001")
        context = await listening(await browser.new_context(viewport=PHONE))
        await context.clock.install()
        judge = await Screen.joined(context, product, "19800001101")
        await secretary.says("林永福回来了，在老车站")
        await rings(judge)
        before = await judge.page.evaluate("window.heard.tones")
        await context.clock.fast_forward(8_000)
        assert await judge.page.evaluate("window.heard.tones") > before
        await judge.sees("林永福")
        await judge.taps("收到")
        await expect(judge.page.locator("#urgent")).to_be_hidden()
        before = await judge.page.evaluate("window.heard.tones")
        await context.clock.fast_forward(24_000)
        assert await judge.page.evaluate("window.heard.tones") == before
        await secretary.says("杜春升在加油站")
        await rings(judge, before)
        await context.clock.fast_forward(200_000)  # by then the ladder has called the next one
        before = await judge.page.evaluate("window.heard.tones")
        await context.clock.fast_forward(24_000)
        assert await judge.page.evaluate("window.heard.tones") == before


async def test_an_alert_is_heard_also_behind_the_lock(product: Product) -> None:
    """The judge has walked away from a page that has locked itself: it shows nothing, and it rings."""
    async with chromium() as browser:
        secretary = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001001")
        judge = await Screen.joined(await listening(await browser.new_context(viewport=PHONE)), product, "19800001101")
        await judge.taps("菜单")
        await judge.taps("网页密码")
        await judge.page.locator("#new-pin").fill("２４６８")
        await judge.taps("确定")
        await expect(judge.page.locator("#set-pin")).to_be_hidden()
        await secretary.says("林永福回来了，在老车站")
        await rings(judge)
        await judge.sees("林永福")
        product.webchat._lock._open.clear()
        await judge.page.reload()
        await expect(judge.page.locator("#locked")).to_be_visible()
        assert await judge.page.evaluate("window.heard.tones") == 0
        await secretary.says("杜春升开着车从村口走了，快来")
        await rings(judge)
        await expect(judge.page.locator("#messages li")).to_have_count(0)
        await judge.page.locator("#pin").fill("2468")
        await judge.taps("打开")
        await judge.sees("杜春升")
        second = Screen(await judge.page.context.new_page())
        await second.page.goto(judge.page.url)
        await second.sees("杜春升")
        product.webchat._lock._open.clear()
        before = await judge.page.evaluate("window.heard.tones")
        await secretary.says("有人在黄村畈村的祠堂边看到黄国强，快来")  # wakes the stream that finds the page locked
        await judge.page.wait_for_selector("#locked:not([hidden])")
        async with asyncio.timeout(10):
            while await judge.page.evaluate("window.heard.shakes") < 2:
                await asyncio.sleep(0.05)
        assert await judge.page.evaluate("window.heard.tones") >= before
        await second.page.locator("#pin").fill("2468")
        await second.taps("打开")
        await judge.sees("杜春升")  # one gives it for both


async def test_a_picture_is_made_small_and_tells_no_place(product: Product, tmp_path: Path) -> None:
    camera = Image.effect_noise((3000, 2000), 60).convert("RGB")
    exif = camera.getexif()
    exif[0x010F] = "Camera"
    exif.get_ifd(0x8825).update({1: "N", 2: (28.0, 39.0, 1.0), 3: "E", 4: (120.0, 4.0, 1.0)})
    file = tmp_path / "photo.jpg"
    camera.save(file, exif=exif, quality=95)
    assert b"Exif" in file.read_bytes() and Image.open(file).getexif().get_ifd(0x8825)
    async with chromium() as browser:
        context = await browser.new_context(
            viewport=PHONE, geolocation={"latitude": 28.65, "longitude": 120.09}, permissions=["geolocation"]
        )
        secretary = await Screen.joined(context, product, "19800001001")
        judge = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001101")
        await secretary.says(SENTENCE)
        await secretary.sees("已送达")
        await secretary.page.set_input_files("#photo", file)
        await expect(judge.page.locator(".theirs img")).to_be_visible(timeout=10_000)
        await secretary.taps("菜单")
        await secretary.taps("位置")
        await expect(judge.page.get_by_text("28.65000, 120.09000")).to_be_visible(timeout=10_000)
        await judge.page.locator(".maps summary").last.click()
        way = await judge.page.get_by_role("link", name="高德地图").last.get_attribute("href")
        assert way and "position=120.09,28.65" in way and "coordinate=wgs84" in way
        await fits(judge.page)
    (kept,) = product.store.files.iterdir()
    small = Image.open(io.BytesIO(kept.read_bytes()))
    assert small.size == (1600, 1067) and not small.getexif() and b"Exif" not in kept.read_bytes()


async def test_a_voice_is_recorded_and_heard(product: Product) -> None:
    path = find_browser()
    if path is None:
        absent("Chromium")
    microphone = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *microphone])
        secretary = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001001")
        judge = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001101")
        await secretary.says(SENTENCE)
        await secretary.sees("已送达")
        await secretary.taps("语音")
        await expect(secretary.page.get_by_role("button", name="发送语音")).to_be_visible()
        await secretary.page.wait_for_timeout(600)  # the length of what is said
        await secretary.page.locator("#voice").click()
        await judge.talks()
        await expect(judge.page.locator(".theirs audio")).to_be_visible(timeout=10_000)
        source = await judge.page.locator(".theirs audio").get_attribute("src")
        length = await judge.page.evaluate("src => fetch(src).then(one => one.blob()).then(blob => blob.size)", source)
        assert length > 500
        voice = secretary.page.locator("#voice")
        await expect(secretary.page.locator(".mine")).to_have_count(2)
        await voice.hover()
        await secretary.page.mouse.down()
        await expect(secretary.page.locator("#recording")).to_contain_text("正在录音")
        await secretary.page.wait_for_timeout(600)  # held, and pushed aside: nothing goes out
        box = await voice.bounding_box()
        assert box is not None
        middle = box["x"] + box["width"] / 2
        for aside in ((middle, 400), (10, box["y"] + 10)):  # up, as people know it, or to the side
            await expect(secretary.page.locator("#recording")).to_contain_text("松开发送，上滑取消")
            await secretary.page.mouse.move(*aside)
            await expect(secretary.page.locator("#recording")).to_contain_text("松开手指，取消发送")
            await secretary.page.mouse.move(middle, box["y"] + 10)
        await secretary.page.mouse.move(middle, 300)
        await secretary.page.mouse.up()
        await expect(secretary.page.get_by_text("录音没有发出")).to_be_visible()
        await expect(secretary.page.locator(".mine")).to_have_count(2)
        await voice.hover()
        await secretary.page.mouse.down()
        await expect(secretary.page.locator("#recording")).to_be_visible()
        await secretary.page.wait_for_timeout(700)  # held and let go: it is sent
        await secretary.page.mouse.up()
        await expect(secretary.page.locator(".mine")).to_have_count(3)
        await browser.close()


async def test_what_somebody_else_left_unsent_on_the_phone_is_not_sent_in_my_name(product: Product) -> None:
    """A phone of the village committee: the one who had it before wrote without a signal and was signed out."""
    async with chromium() as browser:
        context = await browser.new_context(viewport=PHONE)
        first = await Screen.joined(context, product, "19800001001")
        await context.set_offline(True)
        await first.says(SENTENCE)
        await expect(first.page.get_by_text("没有信号").first).to_be_visible()
        endpoint = (await Endpoint.filter(channel="web").order_by("-id"))[0]
        await product.store.end_sessions(endpoint.chat_id)
        await first.page.close()  # in closing, the browser gives it the signal back for a moment
        await context.set_offline(False)
        second = await Screen.joined(context, product, "19800001002")
        await second.says("/me")
        await second.sees(" · ")
        assert await Sighting.all().count() == 0
        own = await Screen.joined(context, product, "19800001001")
        await own.sees("已记录")
        assert [row.text for row in await Sighting.all()] == [SENTENCE]


async def test_a_mistyped_code_is_no_dead_end_and_what_is_not_taken_comes_back(product: Product) -> None:
    async with chromium() as browser:
        page = await (await browser.new_context(viewport=PHONE)).new_page()
        await page.goto(f"{product.url}/#%E5%E5")
        await page.locator("#code").fill("nobody-has-this-code")
        await page.get_by_role("button", name="加入").click()
        await expect(page.locator("#join-trouble")).to_contain_text("这个码不对")
        person = await Person.get(phone="19800001001")
        code = await product.db.unit(lambda: invite(person))
        await page.locator("#code").fill(code)
        await page.get_by_role("button", name="加入").click()
        secretary = Screen(page)
        await secretary.sees("登记好了")
        await expect(page.get_by_role("link", name="重新加入")).to_be_hidden()
        await page.evaluate("document.querySelector('#text').maxLength = 30000")
        await secretary.says("林" * 20_001)
        await page.reload()
        await page.get_by_role("button", name="没有发出去").click()
        await expect(page.locator("#text")).to_have_value("林" * 20_001)
        await page.reload()
        await secretary.sees("登记好了")
        await expect(page.get_by_role("button", name="没有发出去")).to_have_count(0)


async def test_a_small_phone_in_english(product: Product) -> None:
    """Four inches; every word is English again after a reload, those of earlier messages too."""
    async with chromium() as browser:
        screen = await Screen.joined(
            await browser.new_context(viewport={"width": 320, "height": 568}), product, "19800001101"
        )
        await screen.says("/lang en")
        await expect(screen.page.get_by_role("button", name="Menu")).to_be_visible(timeout=10_000)
        await screen.page.reload()
        await screen.talks()
        await expect(screen.page.get_by_role("tab", name="Chat")).to_be_visible()
        await expect(screen.page.get_by_role("button", name="回复")).to_have_count(0)
        await fits(screen.page)
        assert await screen.page.locator("#text").evaluate("box => box.getBoundingClientRect().bottom") <= 568


async def test_sessions_and_files_are_ones_own(product: Product) -> None:
    """No other person's files, no session that was chosen beforehand, no cookie that a script or another site can use,
    no other site's words on any route; a stream goes on from where it was."""
    jar, other = aiohttp.CookieJar(unsafe=True), aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as mine, aiohttp.ClientSession(cookie_jar=other) as theirs:
        await mine.get(f"{product.url}/", headers={"Cookie": "chuishao-x=chosen"})
        here, there = await signed_in(product, mine), await signed_in(product, theirs, "19800001002")
        slug = here.rpartition("/")[2]
        cookie = next(one for one in jar if one.key == f"chuishao-{slug}")
        assert cookie["httponly"] and cookie["samesite"] == "Strict" and cookie["path"] == f"/c/{slug}/"
        assert cookie.value != "chosen" and len(cookie.value) > 40
        form = aiohttp.FormData()
        form.add_field("file", picture(), filename="x.jpg")
        sent = await mine.post(f"{here}/file", data=form)
        assert sent.status == 200
        (kept,) = [path.name for path in product.store.files.iterdir()]
        assert (await mine.get(f"{here}/file/{kept}")).status == 200
        assert (await theirs.get(f"{there}/file/{kept}")).status == 404
        assert (await theirs.get(f"{here}/file/{kept}")).status == 401
        elsewhere = {"Origin": "https://evil.example", **JSON}
        for route in ("say", "tap", "place", "push", "pin", "unlock", "awake"):
            answer = await mine.post(f"{here}/{route}", data="{}", headers=elsewhere)
            assert answer.status == 403, route
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        upgrade["Sec-WebSocket-Key"] = "MDEyMzQ1Njc4OWFiY2RlZg=="
        async with theirs.get(f"{here}/events", headers=upgrade) as answer:
            assert answer.status == 401
        for half in ({"message_id": 1, "data": "\ud83d"}, {"message_id": 10**30, "data": "x"}):
            assert (await mine.post(f"{here}/tap", json=half)).status in (200, 400)
        assert (await mine.post(f"{here}/say", json={"text": "x", "id": "\ud83d"})).status == 200
        assert (await mine.post(f"{here}/pin", json={"pin": "1357"})).status == 200
        assert (await mine.post(f"{here}/unlock", json={"pin": "\ud83d"})).status == 403
        seqs = []
        async with mine.get(f"{here}/events", headers={"Last-Event-ID": "0"}) as stream:
            async for line in stream.content:
                if line.startswith(b"id: "):
                    seqs.append(int(line[4:]))
                if line.startswith(b"event: person"):
                    break
        assert len(seqs) >= 2
        async with mine.get(f"{here}/events", headers={"Last-Event-ID": str(seqs[-2])}) as stream:
            async for line in stream.content:
                if line.startswith(b"id: "):
                    assert int(line[4:]) > seqs[-2]
                    break


async def test_who_joins_too_often_waits_and_nobody_else_does(product: Product) -> None:
    """Behind a proxy on the same machine each phone is counted by itself."""
    async with aiohttp.ClientSession() as session:

        async def joins(address: str) -> int:
            headers = {"X-Forwarded-For": f"10.9.9.9, {address}"}
            return (await session.post(f"{product.url}/api/join", json={"code": "x"}, headers=headers)).status

        first = await asyncio.gather(*(joins("192.0.2.1") for _ in range(31)))
        assert sorted(first) == [403] * 30 + [429]
        assert await joins("192.0.2.2") == 403


async def test_a_judge_sees_what_is_open_and_finds_what_was_said_before(product: Product) -> None:
    """What nobody has answered stands above what has been; behind 200 messages there are more."""
    async with chromium() as browser:
        secretary = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001001")
        judge = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001101")
        for sentence in ("林永福回来了，在老车站", "杜春升开着车从村口走了"):
            await secretary.says(sentence)
            await judge.sees(sentence)
        await judge.taps("收到")
        await secretary.sees("已收到")
        rows = judge.page.locator("#leads .lead")
        await expect(judge.page.locator("#urgent")).to_have_text("1 条线索待接收")
        await judge.page.get_by_role("tab", name="线索").click()
        await expect(rows).to_have_count(2)
        await expect(rows.first).to_contain_text("林永福")
        await fits(judge.page)
        await rows.last.click()
        await expect(judge.page.locator("#lead .who")).to_have_text("杜春升")
        await judge.page.go_back()
        await expect(judge.page.locator("#lead")).to_be_hidden()
        chat_id = (await Endpoint.filter(channel="web", person__phone="19800001101").order_by("-id"))[0].chat_id
        who = {"id": chat_id, "first_name": "吹哨"}
        bodies = [{"from": {**who, "is_bot": True}, "chat": who, "date": n + 1, "text": f"第{n}条"} for n in range(220)]
        await product.store.from_bot(chat_id, *bodies)
        await judge.page.reload()
        await judge.sees("第219条")
        await expect(judge.page.get_by_text("登记好了")).to_have_count(0)
        await judge.taps("更早的")
        await expect(judge.page.get_by_text("登记好了")).to_have_count(1)
        await expect(judge.page.locator("#messages li").first).to_contain_text("登记好了")
        await expect(judge.page.get_by_role("button", name="更早的")).to_be_hidden()


@pytest.mark.parametrize(
    ("remote", "said", "trusted", "at"),
    [
        ("127.0.0.1", "192.0.2.1", "127.0.0.1", "192.0.2.1"),
        ("127.0.0.1", "6.6.6.6, 192.0.2.1", "127.0.0.1", "192.0.2.1"),  # the left one anybody may write
        ("192.0.2.9", "192.0.2.1", "127.0.0.1", "192.0.2.9"),
        ("172.18.0.1", "192.0.2.1, 172.18.0.5", "127.0.0.1, 172.16.0.0/12", "192.0.2.1"),
        ("127.0.0.1", "nonsense", "127.0.0.1", "127.0.0.1"),
        ("::ffff:127.0.0.1", "192.0.2.1", "127.0.0.1", "192.0.2.1"),
        ("127.0.0.1", "", "127.0.0.1", "127.0.0.1"),
    ],
)
def test_the_rightmost_address_that_is_no_proxy_counts(remote: str, said: str, trusted: str, at: str) -> None:
    request = make_mocked_request("POST", "/api/join", headers={"X-Forwarded-For": said} if said else {})
    assert caller(request.clone(remote=remote), networks(trusted)) == at


async def test_all_that_was_sent_and_said_about_a_lead_stands_in_it(product: Product, tmp_path: Path) -> None:
    """Photo, question and answer, and what came of it, where the judge looks: not in another tab behind the lead."""
    Image.effect_noise((400, 300), 60).convert("RGB").save(tmp_path / "photo.jpg")
    async with chromium() as browser:
        secretary = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001001")
        judge = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001101")
        await secretary.says(SENTENCE)
        await secretary.sees("已送达")
        await secretary.page.set_input_files("#photo", tmp_path / "photo.jpg")
        await secretary.sees("照片已附在刚才的报告后面")
        row = judge.page.locator("#leads .lead")
        await judge.page.locator("#tab-leads").click()
        await expect(row.locator(".media")).to_have_text("照片 1")
        await row.click()
        lead = judge.page.locator("#lead")
        await expect(lead.locator("img")).to_be_visible()
        await lead.get_by_role("button", name="收到", exact=True).click()
        await lead.get_by_role("button", name="问一句").click()
        await expect(judge.page.locator("#replying")).to_be_visible()
        await expect(lead).to_be_visible()
        await judge.says("他穿什么衣服？")
        await expect(lead.locator(".mine")).to_have_text(re.compile("他穿什么衣服"))
        await secretary.sees("他穿什么衣服")
        await secretary.says("蓝衣服")
        await expect(lead.get_by_text("应建华（村社书记）：蓝衣服")).to_be_visible(timeout=10_000)
        await lead.get_by_role("button", name="办结").click()
        await lead.get_by_role("button", name="误报").click()
        await lead.get_by_role("button", name="撤销").click()
        await expect(judge.page.get_by_text("已撤销，还没有告诉别人")).to_be_visible()
        await expect(lead.get_by_role("button", name="出发")).to_be_visible()
        await lead.get_by_role("button", name="办结").click()
        await lead.get_by_role("button", name="找到本人").click()
        await expect(lead.get_by_text("要补充金额或说明")).to_be_visible(timeout=10_000)
        await expect(lead.get_by_role("button", name="撤销")).to_be_hidden(timeout=15_000)
        await expect(lead.get_by_role("button", name="改结果")).to_be_visible()
        await fits(judge.page)
        assert judge.complaints == [] and secretary.complaints == []


async def test_a_photo_goes_with_the_words_that_were_typed_for_it(product: Product) -> None:
    async with chromium() as browser:
        secretary = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001001")
        judge = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001101")
        await secretary.page.locator("#text").fill("老林在祠堂门口")
        await secretary.page.reload()
        await expect(secretary.page.locator("#text")).to_have_value("老林在祠堂门口")
        made = io.BytesIO()
        Image.new("RGB", (60, 40), "navy").save(made, "JPEG")
        photo = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": made.getvalue()}
        await secretary.page.set_input_files("#photo", photo)
        await expect(secretary.page.locator("#text")).to_have_value("")
        mine = secretary.page.locator(".mine", has_text="老林在祠堂门口")
        await expect(mine.locator("img")).to_be_visible(timeout=10_000)
        lead = judge.page.locator("#leads .lead")
        await expect(lead).to_contain_text("祠堂门口", timeout=10_000)
        await expect(lead.locator(".media")).to_have_text("照片 1", timeout=10_000)
    assert await Sighting.filter(text="老林在祠堂门口").count() == 1


async def test_a_finger_that_taps_twice_takes_one_step(product: Product) -> None:
    """Where the next button comes to lie under it; and what was left out isn't shown as done."""
    async with chromium() as browser:
        secretary = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001001")
        judge = await Screen.joined(await browser.new_context(viewport=PHONE), product, "19800001101")
        await secretary.says("老林回来了，人就在村委")
        await judge.page.locator("#tab-leads").click()
        await judge.page.locator("#leads .lead").click()
        first = judge.page.locator("#lead").get_by_role("button", name="收到", exact=True)
        box = await first.bounding_box()
        assert box is not None
        for _ in range(3):
            await judge.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            await judge.page.wait_for_timeout(150)
        await secretary.sees("已收到")
        assert (await Alert.get()).state == "acknowledged"
        await judge.page.locator("#lead").get_by_role("button", name="办结", exact=True).click()
        await judge.page.locator("#lead").get_by_role("button", name="未见到").click()
        undo = judge.page.locator("#lead").get_by_role("button", name=re.compile("撤销 [0-9]+"))
        await expect(undo).to_be_visible()
        steps = judge.page.locator("#lead-card .steps li")
        done = ["done" in (await steps.nth(n).get_attribute("class") or "") for n in range(4)]
        assert done == [True, False, False, True]
        await expect(undo).to_be_hidden(timeout=15_000)
        await judge.page.reload()
        await judge.page.locator("#leads .lead").click()
        await expect(judge.page.locator("#lead").get_by_role("button", name="改结果")).to_be_visible()
        await expect(judge.page.locator("#lead").get_by_role("button", name=re.compile("撤销"))).to_be_hidden()
