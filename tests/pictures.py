"""Every screen of the four roles, to be looked at: `python -m tests.pictures [FOLDER]` plays a day on the demo and
photographs it, light and dark, on a phone of 390×844 and one of 320×568, with letters of twice the size, in Chinese and
English, and has axe-core look over each. Exit code 1 where it finds something serious, or where a screen can be pushed
sideways."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright, expect

from bot.app import Product
from bot.demo import open_demo
from bot.settings import Settings
from storage.alerts import steps
from storage.alerts.alert import Alert, Outcome
from storage.people.person import Person
from tests.browser import ARGUMENTS, find_browser
from tests.picture import SENTENCE, joined

PHONES = {"official": "19800001001", "judge": "19800001101", "supervisor": "19800001202", "admin": "19800001203"}
SERIOUS = ("serious", "critical")


class Look(NamedTuple):
    """How a phone shows the page."""

    name: str
    language: str
    size: int = 1
    """Of its letters, beside the usual."""
    how: dict[str, Any] = {}  # noqa: RUF012 - never changed


SMALL = {"viewport": {"width": 320, "height": 568}}
LOOKS = [
    Look(f"{name}-{language}", language, size, how)
    for language in ("zh_Hans", "en")
    for name, size, how in (
        ("light", 1, {}),
        ("dark", 1, {"color_scheme": "dark"}),
        ("small", 1, SMALL),
        ("big", 2, {}),
    )
]
Screens = dict[str, Callable[[Page], Awaitable[None]]]


async def _says(page: Page, text: str) -> None:
    await page.locator("#text").fill(text)
    await page.locator("#send").click()


async def _answered(page: Page, text: str) -> None:
    """Says it, and waits until something has come back."""
    before = await page.locator("#messages .theirs").count()
    await _says(page, text)
    await expect(page.locator("#messages .theirs").nth(before)).to_be_attached(timeout=10_000)


async def _leads(page: Page) -> None:
    await page.locator("#tab-leads").click()
    await expect(page.locator("#leads .lead").first).to_be_visible(timeout=20_000)


async def _lead(page: Page) -> None:
    await _leads(page)
    await page.locator("#leads .lead").first.click()
    await expect(page.locator("#lead-card li").first).to_be_visible()


async def _menu(page: Page) -> None:
    await page.locator("#open-menu").click()
    await expect(page.locator("#menu")).to_be_visible()


def _command(text: str) -> Callable[[Page], Awaitable[None]]:
    async def show(page: Page) -> None:
        await page.locator("#tab-talk").click()
        await _answered(page, text)
        folded = page.locator("#messages .theirs").last.locator("summary")
        if await folded.count():
            await folded.last.click()

    return show


SHOWN: dict[str, Screens] = {
    "official": {"home": _leads, "report": _lead, "menu": _menu, "mine": _command("/mine"), "me": _command("/me")},
    "judge": {
        "home": _leads, "lead": _lead, "menu": _menu, "case": _command("/case 456"), "leave": _command("/leave"),
        "push": _command("/push"),
    },
    "supervisor": {
        "home": _leads, "menu": _menu, "pending": _command("/pending"), "figures": _command("/stats"),
        "duty": _command("/duty"), "ladder": _command("/ladder"), "digest": _command("/digest"),
    },
    "admin": {
        "people": _command("/people"), "person": _command("/people 应建华"), "duty": _command("/duty"), "menu": _menu,
        "invite": _command("/invite"), "invited": _command("/invite 吕晓东"), "import": _command("/import"),
        "areas": _command("/areas"), "court": _command("/court"), "changes": _command("/access"),
    },
}  # fmt: skip


async def _wrong_with(page: Page) -> AsyncIterator[str]:
    """Lists what axe-core finds serious, and whether the screen is wider than the phone."""
    for one in (await Axe().run(page)).response["violations"]:
        if one["impact"] in SERIOUS:
            yield f"{one['id']}: {one['nodes'][0]['html'][:120]}"
    if not await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
        yield "wider than the phone"


async def photograph(browser: Browser, product: Product, look: Look, folder: Path) -> list[str]:
    """Takes the pictures of one look; returns what is wrong with them."""
    wrong = []
    pages = {role: await joined(browser, product, phone, **look.how) for role, phone in PHONES.items()}
    for page in pages.values():
        await _answered(page, f"/lang {look.language}")
    await _says(pages["official"], SENTENCE)
    for role, page in pages.items():
        for name, show in SHOWN[role].items():
            await show(page)
            await expect(page.locator("#toast")).to_be_hidden()
            target = folder / f"{role}-{name}-{look.name}.png"
            await page.screenshot(path=target)
            wrong += [f"{target.stem}: {what}" async for what in _wrong_with(page)]
            if name == "menu":
                await page.locator("#open-menu").click()
            if await page.locator("#lead").is_visible():
                await page.locator("#lead-back").click()
                await expect(page.locator("#lead")).to_be_hidden()
        await _answered(page, "/lang zh_Hans")
        await page.context.close()
    await _over(product)
    return wrong


async def _over(product: Product) -> None:
    """Ends what is open, so that the next look begins anew."""
    judge = await Person.get(phone=PHONES["judge"])
    for one in await Alert.filter(closed_at=None):
        await product.db.unit(partial(steps.close, one, Outcome.FOUND, judge))


async def main(folder: Path) -> int:
    path = find_browser()
    if path is None:
        sys.exit("Chromium is needed")
    folder.mkdir(parents=True, exist_ok=True)
    wrong = []
    with tempfile.TemporaryDirectory() as data:
        settings = Settings(data=Path(data), listen="127.0.0.1:0")
        async with open_demo(settings, at_root=False) as (product, _url), async_playwright() as playwright:
            for number, look in enumerate(LOOKS, 1):
                print(f"{number}/{len(LOOKS)} {look.name}", flush=True)
                letters = f"--blink-settings=defaultFontSize={16 * look.size}"  # as the phone's owner has set it
                browser = await playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, letters])
                wrong += await photograph(browser, product, look, folder)
                await browser.close()
    print("\n".join([*wrong, f"{len(list(folder.glob('*.png')))} pictures in {folder}, {len(wrong)} faults"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else "pictures"))))
