"""The first time on the slow line of a mountain village: how much comes, in how many rounds, and how long it takes."""

import re
import time
from pathlib import Path

import pytest
from aiohttp import ClientSession
from playwright.async_api import CDPSession, Page, expect

from bot.app import Product
from bot.page.assets import PAGE, files
from storage.people.person import Person
from storage.post.invitation import invite
from tests.browser import chromium
from tests.page.test_page import PHONE

LINE = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
"""400 ms, 400 kbit/s."""
PARTS = {"chat.html": "chat.js", "join.html": "join.js"}


def modules_of(path: Path, known: set[str]) -> set[str]:
    """All that a module imports, and what that imports."""
    for name in re.findall(r'from "\./([\w.]+)"', path.read_text()):
        if name not in known:
            known.add(name)
            modules_of(path.with_name(name), known)
    return known


@pytest.mark.parametrize("page", PARTS)
def test_a_page_names_all_that_it_needs_so_that_nothing_is_waited_for_twice(page: str) -> None:
    named = set(re.findall(r'rel="modulepreload" href="/static/([\w.]+)"', (PAGE / page).read_text()))
    assert named == modules_of(PAGE / PARTS[page], set())


def test_what_a_phone_keeps_is_all_that_the_pages_need() -> None:
    kept = set(re.search(r'MODULES =\s+"([\w ]+)"', (PAGE / "sw.js").read_text())[1].split())  # type: ignore[index]
    needed = {"chat.js", "join.js"}
    for name in PARTS.values():
        needed |= modules_of(PAGE / name, set())
    assert kept == {name.removesuffix(".js") for name in needed}


def test_it_is_small() -> None:
    known = files()
    of_page = {"chat.html", "chat.css", "chat.js", "icon.svg"} | modules_of(PAGE / "chat.js", set())
    assert sum(len(known[name].packed) for name in of_page) < 45_000
    assert sum(len(known[name].body) for name in of_page) < 150_000


async def test_what_has_been_sent_once_is_never_asked_for_again(product: Product) -> None:
    async with ClientSession(auto_decompress=False) as phone:
        async with phone.get(f"{product.url}/") as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
        async with phone.get(f"{product.url}/", headers={"Accept-Encoding": "identity"}) as answer:
            page, mark = await answer.text(), answer.headers["ETag"]
        async with phone.get(f"{product.url}/", headers={"If-None-Match": mark}) as answer:
            assert answer.status == 304
        (path,) = re.findall(r'src="(/static/\w+/join\.js)"', page)
        async with phone.get(f"{product.url}{path}") as answer:
            assert "immutable" in answer.headers["Cache-Control"]
        async with phone.get(f"{product.url}/static/join.js") as answer:
            assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.browser
async def test_who_joins_waits_for_a_moment(product: Product) -> None:
    """From the tap on the link to the invitation, and from the tap on 加入 to one's own page: 2.5 s are wanted on a
    quiet machine (`make bench` shows them); here it may take twice as long."""
    async with chromium() as browser:
        page = await (await browser.new_context(viewport=PHONE)).new_page()
        line = await page.context.new_cdp_session(page)
        shown, joined = await first_time(page, line, product)
        assert shown < 5 and joined < 5


async def first_time(page: Page, line: CDPSession, product: Product) -> tuple[float, float]:
    """Joins by a link on a slow line. Returns seconds until the invitation, and until one's own page."""
    await line.send("Network.enable")
    await line.send("Network.emulateNetworkConditions", LINE)
    person = await Person.get(phone="19800001101")
    code = await product.db.unit(lambda: invite(person))
    begun = time.monotonic()
    await page.goto(f"{product.url}/#{code}")
    await expect(page.get_by_text("请您加入")).to_be_visible(timeout=20_000)
    shown, begun = time.monotonic() - begun, time.monotonic()
    await page.get_by_role("button", name="加入").click()
    await expect(page.locator(".empty")).to_be_visible(timeout=20_000)
    return shown, time.monotonic() - begun


NEWER = re.compile(r"[0-9](?:dvh|svh|lvh)\b|\binset\s*:|:has\(|:is\(|:where\(|aspect-ratio|color-mix|@container|@layer")
"""What Chrome 80 doesn't know."""


@pytest.mark.parametrize("name", sorted(path.name for path in PAGE.glob("*.css")))
def test_no_style_asks_for_more_than_a_phone_of_2020_knows(name: str) -> None:
    """A gap between the parts of a row needs a grid, not flex."""
    text = re.sub(r"/\*.*?\*/", "", (PAGE / name).read_text(), flags=re.S)
    text = re.sub(r"(height: 100%;\s*)height: 100dvh;", r"\1", text)  # who doesn't know the second keeps the first
    assert not NEWER.search(text), NEWER.search(text)
    for block in re.findall(r"\{([^{}]*)\}", text):
        if re.search(r"(?:^|[;\s])(?:row-|column-)?gap\s*:", block):
            assert re.search(r"display\s*:\s*(?:inline-)?grid", block), block
