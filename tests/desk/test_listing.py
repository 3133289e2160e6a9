"""Lists of reports, asked for in plain words; what one may not see isn't in them."""

import io
from datetime import datetime
from typing import Any

import pytest
from openpyxl import load_workbook

from storage.desk.listing import OVER, RUNNING, WAITING, Asked, understand
from storage.engine.clock import SHANGHAI
from storage.people.person import Person, Role
from tests.world import HEAD, JUDGE, NEIGHBOUR, SECRETARY, SUPERVISOR, TOWN_SECRETARY, Stage, World

NOW = datetime(2026, 11, 24, 9, 41, tzinfo=SHANGHAI)  # a Tuesday


OURS = ("林永福", "林佳", "杜春生", "杜春升", "朱宝根", "丁爱香")
THEIRS = ("黄国强", "黄国军", "黄小龙", "仇金法")


def days(first: str, last: str = "") -> dict[str, Any]:
    until = f"{last}T00:00:00+08:00" if last else ""
    return {"since": f"{first}T00:00:00+08:00", "until": until}


@pytest.mark.parametrize(
    ("said", "asked", "left"),
    [
        ("七里乡 本周 未处理", Asked(states=WAITING, area_code="331122203", **days("2026-11-23", "2026-11-30")), ""),
        ("七里乡还有几件没人管？", Asked(states=WAITING, area_code="331122203"), ""),
        ("周弄村上个月的报告", Asked(area_code="331122203226", **days("2026-10-01", "2026-11-01")), ""),
        ("沈立群 在办", Asked(states=RUNNING, judge_id=5), ""),
        ("沈立群", Asked(judge_id=5, **days("2026-11-01", "2026-12-01")), ""),
        ("办结的", Asked(states=OVER, **days("2026-11-01", "2026-12-01")), ""),
        ("沈法官今年有多少件", Asked(judge_id=5, **days("2026-01-01")), ""),
        ("最近7天", Asked(**days("2026-11-17")), ""),
        ("today unanswered", Asked(states=WAITING, **days("2026-11-24", "2026-11-25")), ""),
        ("昨天", Asked(**days("2026-11-23", "2026-11-24")), ""),
        ("天上有多少星星", Asked(), "天上星星"),
        ("老林回来了", Asked(), "老林回来"),
        ("", Asked(), ""),
    ],
)
async def test_what_is_asked_for_is_understood(world: World, said: str, asked: Asked, left: str) -> None:
    supervisor = await world.person(SUPERVISOR)
    assert await understand(said, supervisor, NOW) == (asked, left)


async def test_an_area_that_is_not_ones_own_is_not_understood(world: World) -> None:
    """Not even that there is such a place."""
    officer = Person(id=1, role=Role.TOWN_SECRETARY, area_code="331122103")
    assert await understand("周弄村", officer, NOW) == (Asked(), "周弄村")


async def test_the_supervisor_asks_in_one_sentence(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(NEIGHBOUR).says("黄国军开着货车回来了")
    await world.settled()
    supervisor = world.phone(SUPERVISOR)
    await supervisor.says("七里乡还有几件没人管")
    listed = await supervisor.expects("七里乡 · 没人应答：2 条")
    assert "林永福 · 七里乡周弄村 · 沈立群 不到 1 分钟未应答" in listed.text
    await supervisor.says("/village 周弄村 今天")
    listed = await supervisor.expects("今天 · 七里乡周弄村：1 条")
    assert "黄国军" not in listed.text
    await world.phone(JUDGE).taps("收到")
    await world.settled()
    await supervisor.says("/open 沈立群")
    assert "沈立群 已收到" in (await supervisor.expects("在办 · 沈立群：1 条")).text
    await supervisor.says("/judge 包青天")
    await supervisor.expects("没看懂“包青天”")
    await supervisor.says("/village")
    await supervisor.expects("没看懂“/village”")
    await supervisor.says("查一下林永福那个案子怎么样了")
    await supervisor.expects("（2013）浙1122执456号")


async def test_an_official_sees_what_became_of_their_reports_and_nobody_elses(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(NEIGHBOUR).says("黄国军开着货车回来了")
    await world.phone(JUDGE).taps("办结", await world.phone(JUDGE).expects("林永福回来了"))
    await world.phone(JUDGE).taps("找到本人")
    await world.settled()
    await world.phone(SECRETARY).says("/mine")
    listed = await world.phone(SECRETARY).expects("我的报告：1 条")
    assert "林永福" in listed.text and "找到" in listed.text and "黄国军" not in listed.text


async def test_pages_are_turned_after_a_restart_and_only_by_whose_they_are(stage: Stage) -> None:
    async with stage.world() as world:
        for who, names in {SECRETARY: OURS, NEIGHBOUR: THEIRS}.items():
            for name in names:
                await world.phone(who).says(f"{name}回来了，在村委")
                await world.settled()
        await world.phone(SUPERVISOR).says("/week")
        first = await world.phone(SUPERVISOR).expects("10 条")
        assert first.text.count("\n") == 8
    async with stage.world() as world:
        supervisor = world.phone(SUPERVISOR)
        forward = next(data for label, data in first.buttons if label == "下一页")
        await supervisor.taps("下一页", first)
        await world.settled()
        turned = next(message for message in await supervisor.received() if message.id == first.id)
        assert turned.text.count("\n") == 2 and turned.buttons[-1][0] == "上一页"
        await world.phone(TOWN_SECRETARY).says("/help")
        card = await world.phone(TOWN_SECRETARY).expects("一句话")
        await world.phone(TOWN_SECRETARY).taps_data(card, forward)
        await world.settled()
        assert "这个按钮已经过期了。" in world.toasts


async def test_who_acted_is_who_is_named(world: World) -> None:
    """The head takes what its judge didn't answer: lists, the judge's and the head's own, and the steps say so."""
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).expects("林永福")
    for _minute in range(12):
        await world.advance(60)
    head = world.phone(HEAD)
    card = await head.expects(lambda message: "收到" in dict(message.buttons))
    await head.taps("收到", card)
    await world.settled()
    supervisor = world.phone(SUPERVISOR)
    await supervisor.says("/today")
    assert "胡建平 已收到" in (await supervisor.expects("已收到")).text
    await supervisor.says("/case 456")
    found = await supervisor.expects("执456号")
    assert "终本 → 正在处理" in found.text
    await supervisor.taps("全部经过", found)
    told = await supervisor.expects("无人应答 → 再提醒一次")
    assert "无人应答 → 执行局局长" in told.text and "胡建平 收到" in told.text
    await supervisor.taps("导出", found)
    await world.settled()
    sent = [m for m in await supervisor.received() if "document" in m.body][-1].body["document"]["file_id"]
    book = load_workbook(io.BytesIO((world.store.files / sent).read_bytes()))
    case, reports, steps = (list(page.values) for page in book.worksheets)
    assert case[1][5] == "终本 → 正在处理" and case[1][2] == "（按权限不显示）"
    assert "胡建平" in reports[1] and "（按权限不显示）" in reports[1]
    assert "胡建平 收到" in [row[2] for row in steps]
