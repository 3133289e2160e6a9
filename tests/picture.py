"""Draws the picture in README, and the page's screens to be looked at: `python -m tests.picture` plays the stories on
the demo and photographs them into `.github/phones.png` and `tests/screens/`."""

import asyncio
import io
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Browser, FrameLocator, Page, async_playwright, expect

from bot.app import Product
from bot.demo import open_demo
from bot.settings import Settings
from storage.people.person import Person
from storage.post.invitation import invite
from tests.browser import ARGUMENTS, find_browser

SCREENS = Path(__file__).parent / "screens"
SENTENCE = "老林回来了，人就在村委，你们赶紧过来！"


async def say(phone: FrameLocator, text: str) -> None:
    await phone.locator("#text").fill(text)
    await phone.locator("#send").click()


async def photograph(target: Path) -> None:
    browser_path = find_browser()
    if browser_path is None:
        sys.exit("Chromium is needed")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), listen="127.0.0.1:0")
        async with open_demo(settings) as (product, url), async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
            page = await browser.new_page(viewport={"width": 1290, "height": 960}, reduced_motion="reduce")
            await page.goto(url)
            official, judge, supervisor = (page.frame_locator("iframe").nth(place) for place in range(3))
            await expect(official.locator(".theirs").last).to_contain_text("一句话")
            await say(official, SENTENCE)
            await judge.locator("#leads .lead").click()
            for button in ("收到", "出发"):
                await judge.locator("#lead").get_by_role("button", name=button, exact=True).click()
                await expect(official.locator(".theirs").last).to_contain_text(
                    "已收到" if button == "收到" else "在路上"
                )
            await say(supervisor, "/case 456")
            await expect(supervisor.locator(".theirs").last).to_contain_text("标的")
            await expect(judge.locator("#toast")).to_be_hidden()
            await take(page, target)
            await screens(browser, product, SCREENS)
            await browser.close()
            await big_type(browser_path, product, SCREENS / "official-200-percent.png")


async def screens(browser: Browser, product: Product, folder: Path) -> None:
    """What is hard to see in a story: a small phone, big type, the dark, English, no signal, a lock."""
    folder.mkdir(exist_ok=True)
    judge = await joined(browser, product, "19800001101", color_scheme="dark")
    official = await joined(browser, product, "19800001001", viewport={"width": 320, "height": 568})
    await official.locator("#text").fill("小升开着那辆浙K55Q7M在加油站")
    await official.locator("#send").click()
    await expect(official.locator(".theirs").last).to_contain_text("已送达")
    await judge.locator("#text").fill("/lang en")
    await judge.locator("#send").click()
    await expect(judge.get_by_placeholder("Look up")).to_be_visible()
    await judge.locator("#urgent").click()
    await take(judge, folder / "judge-english-dark.png")
    await take(official, folder / "official-4-inch.png")
    await official.context.set_offline(True)
    await official.locator("#text").fill("他往新建镇方向去了")
    await official.locator("#send").click()
    await expect(official.locator(".mine").last).to_contain_text("没有信号")
    await take(official, folder / "official-no-signal.png")
    head = await joined(browser, product, "19800001202")
    await expect(head.locator("#waiting")).to_be_visible(timeout=20_000)
    await take(head, folder / "supervisor-waiting.png")
    await head.evaluate("for (const part of ['chat', 'locked']) document.getElementById(part).hidden = part === 'chat'")
    await take(head, folder / "locked.png")


async def big_type(path: str, product: Product, target: Path) -> None:
    """A small phone whose owner has set the system's letters to twice their size."""
    async with async_playwright() as playwright:
        big = [*ARGUMENTS, "--blink-settings=defaultFontSize=32"]
        browser = await playwright.chromium.launch(executable_path=path, args=big)
        page = await joined(browser, product, "19800001002", viewport={"width": 320, "height": 568})
        await page.locator("#text").fill("宝根在老车站摆摊")
        await page.locator("#send").click()
        await expect(page.locator(".theirs").last).to_contain_text("已记录")
        await take(page, target)
        await browser.close()


async def joined(browser: Browser, product: Product, phone: str, **how: Any) -> Page:
    person = await Person.get(phone=phone)
    code = await product.db.unit(lambda: invite(person))
    context = await browser.new_context(**{"viewport": {"width": 390, "height": 844}, "reduced_motion": "reduce"} | how)
    page = await context.new_page()
    await page.goto(f"{product.url}/#{code}")
    await page.locator("#join .primary").click()
    await expect(page.locator(".theirs", has_text=f"{person.name}，登记好了")).to_be_attached()
    return page


async def take(page: Page, target: Path) -> None:
    """In 64 colours: a picture of words needs no more, and a third of the room."""
    await expect(page.locator("#toast")).to_be_hidden()
    Image.open(io.BytesIO(await page.screenshot())).convert("RGB").quantize(64).save(target, optimize=True)


if __name__ == "__main__":
    asyncio.run(photograph(Path(__file__).parent.parent / ".github" / "phones.png"))
