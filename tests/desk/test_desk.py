"""The office's day in real browsers: the roster set and swapped, somebody taken on, a report and pictures looked at."""

import io
from pathlib import Path

import docx
import pytest
from playwright.async_api import expect

from bot.app import Product
from tests.browser import chromium
from tests.page.test_page import PHONE, SENTENCE, Screen, fits

pytestmark = pytest.mark.browser


async def test_the_office_goes_through_a_day(product: Product, tmp_path: Path) -> None:
    async with chromium() as browser:
        phones = ("19800001203", "19800001110", "19800001101", "19800001102", "19800001001")
        contexts = [await browser.new_context(viewport=PHONE) for _ in phones]
        screens = [
            await Screen.joined(context, product, phone) for context, phone in zip(contexts, phones, strict=True)
        ]
        admin, head, judge, other, secretary = screens
        await admin.says("/people 加 应小妹 19800009001 网格员 周弄村")
        await admin.sees("应小妹 网格员 · 七里乡周弄村")
        await admin.says("/invite 应小妹")
        await admin.sees("验证码")
        await head.says("/duty 设 明天 沈立群")
        await head.sees("沈立群")
        await judge.says("/duty 换 明天 郑雅芳")
        await other.sees("【换班】沈立群")
        await other.taps("同意")
        await judge.sees("已换班")
        await head.says("/duty")
        await head.sees("郑雅芳")
        await judge.says("/leave 后天 郑雅芳代管")
        await other.sees("郑雅芳代管")
        await secretary.says(SENTENCE)
        await judge.sees(f"“{SENTENCE}”")
        await head.says("/stats 今天")
        await head.sees("线索 1 条")
        await head.taps("走势图")
        picture = head.page.locator(".theirs img").last
        await expect(picture).to_be_visible(timeout=20_000)
        assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 600
        await head.taps("Word 报告")
        link = head.page.get_by_role("link", name="执行线索报告").last
        await expect(link).to_be_visible(timeout=20_000)
        async with head.page.expect_download() as download:
            await link.click()
        file = await download.value
        assert file.suggested_filename.startswith("缙云县执行线索报告") and file.suggested_filename.endswith(".docx")
        await file.save_as(tmp_path / "report.docx")
        document = docx.Document(io.BytesIO((tmp_path / "report.docx").read_bytes()))
        assert "执行线索报告" in document.paragraphs[0].text and len(document.inline_shapes) == 2
        await fits(head.page)
        for screen in screens:
            assert screen.complaints == []
