"""Draws the picture in README: `python -m tests.picture TARGET.png` plays the story on the demo and photographs it."""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import FrameLocator, async_playwright, expect

from bot.demo import open_demo
from bot.settings import Settings
from tests.browser import ARGUMENTS, find_browser

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
        async with open_demo(settings) as (_product, url), async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
            page = await browser.new_page(viewport={"width": 1290, "height": 960}, reduced_motion="reduce")
            await page.goto(url)
            official, judge, supervisor = (page.frame_locator("iframe").nth(place) for place in range(3))
            await expect(official.locator(".theirs").last).to_contain_text("一句话")
            await say(official, SENTENCE)
            for button in ("收到", "出发"):
                await judge.get_by_role("button", name=button, exact=True).click()
                await expect(official.locator(".theirs").last).to_contain_text(
                    "已收到" if button == "收到" else "在路上"
                )
            await say(supervisor, "/case 456")
            await expect(supervisor.locator(".theirs").last).to_contain_text("标的")
            await expect(judge.locator("#toast")).to_be_hidden()
            await page.screenshot(path=target)
            await browser.close()


if __name__ == "__main__":
    asyncio.run(photograph(Path(sys.argv[1])))
