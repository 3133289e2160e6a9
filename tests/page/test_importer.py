"""Tables handed in on the page: seen before they are taken in, each court its own, and taken back by a tap."""

from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import expect

from bot.app import Product
from bot.office import handing
from bot.office.importing import Kind
from storage.cases.case import Case
from storage.cases.debtor import Debtor
from storage.engine.audit import AuditEntry
from storage.imports.journal import ImportRun
from storage.people.approval import is_independent
from storage.people.person import Person
from tests.browser import chromium
from tests.imports.test_journal import take
from tests.page.test_page import PHONE, Screen, fits
from tests.post.test_waking import page_of
from tests.world import ADMIN, HEAD, JUDGE, SECRETARY, SUPERVISOR, World

UNTIDY = """缙云县人民法院 2026年11月清理台账,,,,
序号,案 号,被执行人姓名,所在村,承办人
1,(2026)浙1122执9001号,吴新来,周弄村,沈立群
2,(2026)浙1122执9002号,郑小满,没有这个村,沈立群
3,456,谁,周弄村,沈立群
合计,3件,,,
"""
ADMINISTRATOR = "19800001203"


async def hands(
    page: tuple[aiohttp.ClientSession, str], content: str | bytes, *, go: bool = True, status: int = 200
) -> dict[str, object]:
    """Hands a table in without the page's script."""
    browser, base = page
    form = aiohttp.FormData()
    form.add_field("name", "台账.csv")
    if go:
        form.add_field("go", "1")
    form.add_field("file", content.encode() if isinstance(content, str) else content, filename="x.csv")
    answer = await browser.post(f"{base}/import", data=form)
    assert answer.status == status
    return dict(await answer.json()) if status == 200 else {}


@pytest.mark.browser
async def test_an_untidy_table_is_seen_taken_in_and_taken_back(product: Product) -> None:
    async with chromium() as browser:
        admin = await Screen.joined(await browser.new_context(viewport=PHONE, locale="zh-CN"), product, ADMINISTRATOR)
        page = admin.page
        await admin.taps("菜单")
        await page.locator("#menu").get_by_role("button", name="导入表格", exact=True).click()
        await admin.sees("还没有在网页上导入过")
        file = {"name": "台账.csv", "mimeType": "text/csv", "buffer": UNTIDY.encode("gb18030")}
        await page.locator("input[type=file][accept*=xlsx]").last.set_input_files(file)
        shown = page.locator(".import").last
        await expect(shown).to_contain_text("案件：文件共 4 行：新增 1，退回 2", timeout=20_000)
        await expect(shown).to_contain_text("没有这个村")
        assert not await Debtor.filter(name="吴新来").exists(), "it was only looked at"
        async with page.expect_download() as kept:
            await shown.get_by_role("button", name="下载退回的行").click()
        rows = (await (await kept.value).path()).read_text("utf-8-sig").splitlines()
        assert len(rows) == 3 and rows[0].startswith("退回原因") and "郑小满" in rows[1]
        await fits(page)
        await shown.get_by_role("button", name="导入", exact=True).click()
        await admin.sees("台账.csv：新增 1，更新 0")
        assert await Debtor.filter(name="吴新来").exists()
        await admin.taps("撤销最近一次导入")
        await admin.sees("要撤销 台账.csv 吗")
        await admin.taps("撤销")
        await admin.sees("已撤销")
        assert not await Debtor.filter(name="吴新来").exists()
        assert admin.complaints == []
    who = (await Person.get(phone=ADMINISTRATOR)).actor
    assert await AuditEntry.filter(action="import.cases", actor=who).count() == 1
    assert await AuditEntry.filter(action="import.undone", actor=who).count() == 1


async def test_only_an_administrator_hands_in_and_what_is_no_table_is_said(world: World) -> None:
    for somebody in (SECRETARY, JUDGE, HEAD, SUPERVISOR):
        async with page_of(world, somebody) as page:
            await hands(page, UNTIDY, status=404)
    async with page_of(world, ADMIN) as page:
        for content, words in (
            (b"%PDF-1.4 nothing", "不是表格"),
            (b"PK\x03\x04 broken", "打不开"),
            ("甲,乙\n1,2\n", "认不出是哪种表"),
            (b"", "是空的"),
            ("案号,被执行人,所在村社\n" + "x,y,z\n" * handing.MOST_ROWS, "超过 2000 行"),
        ):
            assert words in str((await hands(page, content))["refused"]), words
        row = "案号,被执行人,所在村社\n(2026)浙1122执9001号,吴新来,周弄村\n"
        seen = await hands(page, row, go=False)
        assert seen["changes"] and not seen["run"] and not await ImportRun.filter(county="331122").exists()
        assert (await hands(page, row))["run"]
        again = await hands(page, row)
        assert not again["run"] and not again["changes"], "twice is once"
    assert await ImportRun.filter(county="331122").count() == 1


async def test_another_courts_rows_are_not_taken_in(world: World, tmp_path: Path) -> None:
    """Neither its cases, nor villages of its area, nor people who are there already under their telephone number."""
    places = "区划代码,名称\n331123,遂昌县\n331123001,妙高街道\n331123001001,东街村\n"
    await take(world, Kind.AREAS, tmp_path / "areas.csv", places)
    there = "姓名,手机号,角色,辖区代码\n那边人,19800009001,网格员,331123001001\n"
    await take(world, Kind.PEOPLE, tmp_path / "people.csv", there)
    cases = "案号,被执行人,所在村社\n(2026)浙1123执1号,甲某,周弄村\n(2026)浙1122执9002号,乙某,331123001001\n"
    people = "姓名,手机号,角色,辖区代码\n丙某,19800009002,网格员,331123001001\n那边人,19800009001,网格员,周弄村\n"
    areas = "区划代码,名称\n331123001002,西街村\n331123001003,北街村\n"
    async with page_of(world, ADMIN) as page:
        for text in (cases, people, areas):
            done = await hands(page, text)
            said = str(done["remarks"])
            assert not done["run"] and said.count("不是本院辖区的") + said.count("已经登记在别人名下") == 2, done
            assert "331123001001" not in said or "331123001001" in text, "where somebody works who is another court's"
    assert not await Case.filter(number__contains="浙1123").exists()
    assert (await Person.get(phone="19800009001")).area_code == "331123001001"


async def test_the_last_one_is_taken_back_by_who_may_and_not_where_something_was_built_on_it(world: World) -> None:
    admin = world.phone(ADMIN)
    async with page_of(world, ADMIN) as page:
        await hands(page, "姓名,手机号,角色,辖区代码,Telegram号\n新来的,19800007777,网格员,周弄村,77777\n")
    await admin.expects("台账.csv：新增 1")
    run, head = await ImportRun.get(county="331122"), world.phone(HEAD)
    await head.says("/people")
    await head.forges(await head.expects("没有这个命令"), f"1:unimported:{run.id}:0")
    await world.settled()
    assert (await ImportRun.get(id=run.id)).undone_at is None
    await world.phone(77777).says("老林回来了，人就在村委")
    await world.settled()
    await admin.taps("撤销最近一次导入", await admin.expects("台账.csv：新增 1"))
    await admin.taps("撤销", await admin.expects("要撤销 台账.csv 吗"))
    await admin.expects("台账.csv 撤不回")
    assert await Person.filter(phone="19800007777").exists()


async def test_who_was_taken_in_by_a_table_is_no_second_pair_of_eyes(world: World) -> None:
    async with page_of(world, ADMIN) as page:
        await hands(page, "姓名,手机号,角色,辖区代码\n新局长,19800009003,执行局局长,331122\n")
    asker, made = await world.person(ADMIN), await Person.get(phone="19800009003")

    async def work() -> None:
        assert not await is_independent(made, asker.id)

    await world.product.db.unit(work)
