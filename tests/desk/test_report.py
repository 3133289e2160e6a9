"""Pictures, the office's report and the tables: opened by other programs, and with every letter there."""

import csv
import io
import itertools
from datetime import date, timedelta
from pathlib import Path

import docx
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from PIL import Image

import locales
from bot.office.importing import Kind, import_file
from handlers.desk.picture import Bar, Tile, bars, tiles, trend
from locales import FONT
from storage.cases.case import CaseStatus
from storage.desk.endings import Ending, case_figures_of
from storage.desk.figures import by_day, figures_of, of_each
from tests.desk.test_figures import HISTORIES, START
from tests.world import HEAD, JUDGE, SAMPLE, SECRETARY, SUPERVISOR, TOWN_SECRETARY, Message, World


def letters() -> set[str]:
    with TTFont(FONT) as font:
        return {chr(code) for code in font.getBestCmap()}


def test_no_letter_is_missing_in_our_font() -> None:
    """Of any place in the table, of anybody in the samples, of any sentence that pictures are headed with."""
    words = [*locales.catalogue("zh_Hans").items(), *locales.catalogue("en").items()]
    text = "".join(words for key, words in words if key.startswith(("chart.", "listing.", "alert.state")))
    for name in ("sample-areas.csv", "sample-people.csv", "sample-cases.csv"):
        with (SAMPLE / name).open(encoding="utf-8-sig") as file:
            text += "".join(cell for row in csv.reader(file) for cell in row)
    assert set("".join(text.split())) - letters() == set()


@pytest.mark.filterwarnings("error:Glyph")
def test_pictures_are_pictures_and_every_letter_is_drawn() -> None:
    drawn = [
        trend([Bar(f"11-{n:02}", n, n * 2.0 if n % 2 else None) for n in range(1, 40)], "走势", "报告", "分钟"),
        trend([], "什么也没有", "报告", "分钟"),
        bars([Bar("沈立群", 3), Bar("郑雅芳", 1)], "各法官", "报告"),
        tiles([Tile("双溪口乡", 4), Tile("七里乡", 0)], "报告数", "示意图"),
        tiles([], "没有", "示意图"),
    ]
    for content in drawn:
        picture = Image.open(io.BytesIO(content))
        assert picture.format == "PNG" and picture.width > 600 and len(picture.convert("L").getcolors() or []) > 5
    vector = tiles([Tile("七里乡", 1)], "报告数", "示意图", "svg").decode()
    assert vector.startswith("<?xml") and "<path" in vector and "<script" not in vector


@given(st.lists(HISTORIES, max_size=40), st.integers(1, 100))
def test_every_alert_is_in_one_days_column(rows: list, days: int) -> None:
    since = START - timedelta(days=days)
    inside = [row for row in rows if since <= row.raised_at < START]
    columns = by_day(inside, since, START)
    assert sum(one.alerts for _day, one in columns) == len(inside)
    step = 7 if days > 62 else 1
    assert all(later - earlier == timedelta(days=step) for (earlier, _a), (later, _b) in itertools.pairwise(columns))
    each = of_each(rows, lambda row: row.state)
    assert sum(one.alerts for one in each.values()) == len(rows)
    for state, one in each.items():
        assert one == figures_of([row for row in rows if row.state is state])


def test_the_reforms_figures_by_hand() -> None:
    day = date(2026, 11, 1)
    found = case_figures_of(
        [
            Ending(CaseStatus.PERFORMED, day, day + timedelta(days=30), True, day, day + timedelta(days=4), 1),
            Ending(CaseStatus.PERFORMED, day, day + timedelta(days=50), False),
            Ending(CaseStatus.PERFORMED, None, day, None),
            Ending(CaseStatus.DORMANT, day, day + timedelta(days=10), petitions=2),
        ]
    )
    assert (found.ended, found.performed, found.dormant, found.voluntary, found.said) == (4, 3, 1, 1, 2)
    assert (found.to_close, found.to_pay_out, found.petitions) == (30.0, 4.0, 3)
    assert case_figures_of([]).to_close is None


async def sent(world: World, who: int, kind: str) -> Message:
    await world.settled()
    return await world.phone(who).expects(lambda message: kind in message.body)


def content_of(world: World, message: Message) -> bytes:
    file = message.body["document"] if "document" in message.body else message.body["photo"][-1]
    return (world.store.files / file["file_id"]).read_bytes()


async def a_weeks_work(world: World) -> None:
    """One found at once, one unanswered, from a secretary and somebody who wants to stay unnamed."""
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).taps("收到", await world.phone(JUDGE).expects("林永福回来了"))
    await world.settled()
    await world.advance(1800)
    await world.phone(JUDGE).taps("办结")
    await world.phone(JUDGE).taps("找到本人")
    await world.phone(SECRETARY).says("杜春生也回来了，保密")
    await world.settled()


async def test_a_week_goes_out_as_report_tables_and_pictures(world: World, tmp_path: Path) -> None:
    (tmp_path / "ended.csv").write_text(
        "案号,被执行人,所在村社,承办法官工号,执行标的(元),立案日期,结案方式,结案日期,案款到账日期,案款发放日期,信访次数\n"
        "（2026）浙1122执1号,某某,周弄村,FY101,1000,2026-10-05,自动履行,2026-11-24,2026-11-20,2026-11-23,1\n"
        "（2026）浙1122执2号,某某,周弄村,FY101,1000,2026-11-04,终本,2026-11-24,,,\n"
    )
    done = await import_file(world.product.db, Kind.CASES, tmp_path / "ended.csv", lambda _done, _all: None)
    assert done.report.added == 2
    await a_weeks_work(world)
    head = world.phone(HEAD)
    await head.says("/stats 今天")
    card = await head.expects("今天")
    for words in (
        "结案 2 件：执行完毕率 50%，终本率 50%",
        "自动履行率 100%",
        "平均结案用时 35 天",
        "发放平均用时 3 天",
        "信访 1 件次",
    ):
        assert words in card.text, card.text
    for label, size in (("走势图", 600), ("地图", 600), ("各法官", 600)):
        await head.taps(label, card)
        await world.settled()
        photos = [message for message in await head.received() if "photo" in message.body]
        assert Image.open(io.BytesIO(content_of(world, photos[-1]))).width > size
    assert len(photos) == 3
    await head.taps("Word 报告", card)
    report = await sent(world, HEAD, "document")
    assert report.body["document"]["file_name"] == "缙云县执行线索报告（2026年11月24日）.docx"
    document = docx.Document(io.BytesIO(content_of(world, report)))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "线索 2 条" in text and "有效率：" in text and "数量少" in text
    assert len(document.inline_shapes) == 2 and len(document.tables) == 3
    assert "2026年11月24日，缙云县收到线索 2 条：" in text
    assert [line.text for line in document.paragraphs[-2:]] == ["缙云县人民法院", "2026年11月24日"]
    paper = document.sections[0]
    assert (round(paper.page_width.mm), round(paper.page_height.mm)) == (210, 297)
    assert (round(paper.top_margin.mm), round(paper.left_margin.mm)) == (37, 28)
    assert len(document.tables[0].rows) == 2, "one town had reports, the other seventeen aren't listed"
    assert [cell.text for cell in document.tables[0].rows[1].cells][1:3] != ["", ""]
    await head.taps("Excel 表", card)
    await world.settled()
    table = [m for m in await head.received() if "document" in m.body][-1]
    book = load_workbook(io.BytesIO(content_of(world, table)))
    assert book.sheetnames == ["按日", "按地区", "按法官", "按报告人", "明细", "结案明细"]
    assert [row[0].value for row in book["按报告人"].iter_rows(min_row=2)] == ["其他（要求保密的和不足 5 条的合并）"]
    assert book["明细"].max_row == 3
    assert [cell.value for cell in book["结案明细"][2]][:2] == ["（2026）浙1122执1号", "执行完毕"]
    filed = book["结案明细"]["C2"]
    assert filed.is_date and filed.value.date().isoformat() == "2026-10-05"
    for page in book.worksheets:
        assert page.page_setup.paperSize == 9 and page.sheet_properties.pageSetUpPr.fitToPage
        assert page.print_title_rows == "$1:$1" and page["A1"].border.left.style == "thin"
    towns = {row[0].value: row[1].value for row in book["按地区"].iter_rows(min_row=2)}
    assert len(towns) == 18 and towns["七里乡"] == 2 and sum(towns.values()) == 2


async def test_pictures_show_ones_own_area_only(world: World) -> None:
    await a_weeks_work(world)
    for words in ("/map", "/chart 本周", "/report 今天"):
        await world.phone(TOWN_SECRETARY).says(words)
        await world.settled()
    kinds = [
        next(iter({"photo", "document"} & set(m.body)), "text") for m in await world.phone(TOWN_SECRETARY).received()
    ]
    assert kinds == ["photo", "photo", "document"]
    report = await sent(world, TOWN_SECRETARY, "document")
    assert report.body["document"]["file_name"].startswith("七里乡执行线索报告")
    await world.phone(SUPERVISOR).says("/help")
    help_ = await world.phone(SUPERVISOR).expects("案号")
    for verb in ("chart", "map", "board", "report", "table"):
        await world.phone(SUPERVISOR).taps_data(help_, f"1:{verb}:1:0")
    await world.settled()
    assert world.toasts.count("这个按钮已经过期了。") == 5
    await world.phone(SUPERVISOR).says("/map 天上")
    await world.phone(SUPERVISOR).expects("没看懂“天上”")
