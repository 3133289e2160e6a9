"""The page on a phone in the mountains: Chromium with the line and the processor of a cheap one."""

import time
from pathlib import Path

from playwright.async_api import async_playwright, expect

from bot.demo import open_demo
from bot.settings import Settings
from storage.people.person import Person
from storage.post.invitation import invite
from tests.browser import ARGUMENTS, find_browser

LINE = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
"""400 ms, 400 kbit/s."""
SLOWER = 4
"""Times slower than this machine's processor."""


async def first_and_next_start(folder: Path) -> tuple[float, float] | None:
    """Seconds until somebody who has joined can type, with nothing kept on the phone yet and with the page kept; None
    without Chromium."""
    browser_path = find_browser()
    if browser_path is None:
        return None
    settings = Settings(data=folder, listen="127.0.0.1:0")
    async with open_demo(settings) as (product, _url), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
        context = await browser.new_context(viewport={"width": 360, "height": 640})
        person = await Person.get(phone="19800001001")
        code = await product.db.unit(lambda: invite(person))
        page = await context.new_page()
        await page.goto(f"{product.url}/#{code}")
        await page.locator("#join .primary").click()
        await expect(page.locator(".theirs").last).to_contain_text("一句话")
        address = page.url
        await page.evaluate("caches.keys().then((names) => Promise.all(names.map((name) => caches.delete(name))))")
        await page.evaluate(
            "navigator.serviceWorker.getRegistrations().then((all) => Promise.all(all.map((one) => one.unregister())))"
        )
        await page.close()
        took = []
        for _ in range(2):
            page = await context.new_page()
            line = await context.new_cdp_session(page)
            await line.send("Network.enable")
            await line.send("Network.emulateNetworkConditions", LINE)
            await line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            begun = time.monotonic()
            await page.goto(address, wait_until="commit")
            await expect(page.locator("#text")).to_be_visible(timeout=30_000)
            took.append(time.monotonic() - begun)
            await expect(page.locator(".theirs").last).to_be_visible(timeout=30_000)
            await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
            await page.close()
        await browser.close()
    return took[0], took[1]
