"""The big screen: live, of one's own area only, and readable by everybody."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from bot.app import Product
from storage.people.person import Person
from tests.browser import chromium
from tests.page.test_page import PHONE, SENTENCE, Screen

pytestmark = pytest.mark.browser


async def test_the_screen_shows_what_waits_as_it_happens(product: Product) -> None:
    async with chromium() as browser:
        contexts = [await browser.new_context(viewport={"width": 1280, "height": 800}), await browser.new_context()]
        supervisor = await Screen.joined(contexts[0], product, "19800001202")
        secretary = await Screen.joined(contexts[1], product, "19800001001")
        link = supervisor.page.get_by_role("link", name="大屏")
        await expect(link).to_be_visible()
        async with contexts[0].expect_page() as opened:
            await link.click()
        board = Screen(await opened.value)
        await expect(board.page.locator("#title")).to_have_text("缙云县 · 执行线索")
        await expect(board.page.locator("#waiting")).to_have_text("没有")
        await secretary.says(SENTENCE)
        await secretary.sees("已送达")
        await expect(board.page.locator("#waiting")).to_contain_text("林某某", timeout=10_000)
        await expect(board.page.locator("#waiting .fresh")).to_have_count(1)
        assert "林永福" not in await board.page.locator("body").inner_text(), "on a wall"
        await expect(board.page.locator("#waiting")).to_contain_text("七里乡周弄村")
        await expect(board.page.locator("#counts .loud b")).to_have_text("1")
        await expect(board.page.locator("#steps")).to_contain_text("已通知")
        await expect(board.page.locator("#judges")).to_contain_text("沈立群")
        for name in ("map", "trend"):
            assert await board.page.locator(f"#{name}").evaluate(
                "image => image.decode().then(() => image.naturalWidth > 300)"
            )
        found = await Axe().run(board.page)
        assert [one["id"] for one in found.response["violations"] if one["impact"] in ("serious", "critical")] == []
        for width, height in ((1280, 800), (1920, 1080)):
            await board.page.set_viewport_size({"width": width, "height": height})
            assert await board.page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
            for name in ("map", "trend", "judges"):
                box = await board.page.locator(f"#{name}").bounding_box()
                assert box and box["y"] + min(box["height"], 40) <= height and box["height"] > 40, (name, box)
        await board.page.set_viewport_size(PHONE)
        assert await board.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert board.complaints == []


async def test_who_may_not_ask_finds_no_screen_and_a_town_sees_its_own(product: Product) -> None:
    async with chromium() as browser:
        contexts = [await browser.new_context(viewport=PHONE) for _ in range(3)]
        secretary = await Screen.joined(contexts[0], product, "19800001001")
        neighbour = await Screen.joined(contexts[1], product, "19800001004")
        town = await Screen.joined(contexts[2], product, "19800001201")
        assert await secretary.page.get_by_role("link", name="大屏").count() == 0
        for path in ("board", "board/now", "board/map.svg"):
            assert await secretary.page.evaluate("path => fetch(path).then((answer) => answer.status)", path) == 404
        await neighbour.says("解美芳回来了，在村口")
        await neighbour.sees("已记录")
        await secretary.says(SENTENCE)
        await secretary.sees("已送达")
        now = await town.page.evaluate("fetch('board/now').then((answer) => answer.json())")
        assert now["title"].startswith("七里乡") and [row[1] for row in now["waiting"][1]] == ["林某某"]
        assert await town.page.evaluate("fetch('board/other.svg').then((answer) => answer.status)") == 404

        async def demoted() -> None:
            await Person.filter(phone="19800001201").update(role="grid_worker")

        await product.db.unit(demoted)
        assert await town.page.evaluate("fetch('board/now').then((answer) => answer.status)") == 404
