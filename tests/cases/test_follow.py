"""关注, 督办, 转派, 导出: what supervisors do with a case beyond asking about it."""

import io
from pathlib import Path

from openpyxl import load_workbook

from bot.office.importing import Kind, import_file
from storage.alerts.alert import Alert
from storage.alerts.timeline import AlertEvent
from storage.engine.audit import AuditEntry
from storage.people.person import Person
from tests.world import (
    HEAD,
    JUDGE,
    SECOND_JUDGE,
    SECRETARY,
    SUPERVISOR,
    THIRD_JUDGE,
    TOWN_SECRETARY,
    Message,
    World,
)


async def card(world: World, who: int, words: str = "456") -> Message:
    seen = len(await world.phone(who).received())
    await world.phone(who).says(f"/case {words}")
    await world.settled()
    return (await world.phone(who).received())[seen]


async def heard(world: World, who: int, words: str) -> list[str]:
    await world.settled()
    return [message.text for message in await world.phone(who).received() if words in message.text]


async def test_who_follows_hears_how_it_goes_and_who_supervises_hears_of_every_step(world: World) -> None:
    town, supervisor = world.phone(TOWN_SECRETARY), world.phone(SUPERVISOR)
    await town.taps("关注", await card(world, TOWN_SECRETARY))
    await supervisor.taps("督办", await card(world, SUPERVISOR))
    await world.settled()
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    judge = await world.phone(JUDGE).expects("林永福回来了")
    assert "督办：赵慧敏" in judge.text
    for label in ("收到", "出发", "到场"):
        await world.phone(JUDGE).taps(label, judge)
    assert len(await heard(world, SUPERVISOR, "【督办】")) == 4
    followed = await heard(world, TOWN_SECRETARY, "【关注】")
    said = "（2013）浙1122执456号 林永福（线索 1）：09:41 沈立群 收到（承办 沈立群）"
    assert len(followed) == 3 and said in followed[1]
    await supervisor.taps("取消督办", (await supervisor.received())[0])
    await world.phone(JUDGE).taps("办结")
    await world.phone(JUDGE).taps("找到本人")
    await world.advance(10)
    assert len(await heard(world, SUPERVISOR, "【督办】")) == 4
    assert len(await heard(world, TOWN_SECRETARY, "【关注】")) == 4


async def test_who_has_moved_away_hears_no_more(world: World) -> None:
    await world.phone(TOWN_SECRETARY).taps("关注", await card(world, TOWN_SECRETARY))
    await world.settled()

    async def moved() -> None:
        await Person.filter(name="蒋文斌").update(area_code="331122103")

    await world.product.db.unit(moved)
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).expects("林永福回来了")
    assert await heard(world, TOWN_SECRETARY, "【关注】") == []
    await world.phone(SECRETARY).says("/help")
    help_ = await world.phone(SECRETARY).expects("一句话")
    for verb in ("follow", "supervise", "sheet", "place", "reassign", "give"):
        await world.phone(TOWN_SECRETARY).taps_data(help_, f"1:{verb}:1:1")
    await world.settled()
    assert world.toasts.count("这个按钮已经过期了。") == 6


async def test_the_head_gives_it_to_another_judge_who_sees_what_was_done(world: World) -> None:
    head = world.phone(HEAD)
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).taps("收到", await world.phone(JUDGE).expects("林永福回来了"))
    await world.settled()
    assert "转派" not in [label for label, _data in (await card(world, SUPERVISOR)).buttons]
    await head.taps("转派", await card(world, HEAD))
    asked = await head.expects("现在由沈立群法官办。转派给谁？")
    assert {label for label, _data in asked.buttons} == {"郑雅芳", "丁卫东"}
    await head.taps("丁卫东", asked)
    given = await world.phone(THIRD_JUDGE).expects("林永福回来了")
    assert "执456号" in given.text and "沈立群 收到" in given.text and "收到" in dict(given.buttons)
    await head.expects("现在由丁卫东法官办")
    assert (await Alert.get()).judge_id == (await world.person(THIRD_JUDGE)).id
    assert "林永福" in (await card(world, THIRD_JUDGE)).text
    assert "没有查到" in (await card(world, SECOND_JUDGE)).text
    await world.advance(121)
    (again,) = await heard(world, THIRD_JUDGE, "“林永福回来了")
    assert "第二次提醒" in again, "the ladder began anew"
    assert await AlertEvent.filter(kind="transferred").count() == 1


async def test_a_case_goes_out_as_a_spreadsheet(world: World) -> None:
    await world.phone(SECRETARY).says("=cmd|林永福回来了，在村委")
    await world.phone(SECRETARY).sends(location={"latitude": 28.66, "longitude": 120.09})
    await world.phone(JUDGE).taps("收到", await world.phone(JUDGE).expects("林永福回来了"))
    await world.settled()
    for who, whole in ((HEAD, True), (SUPERVISOR, False)):
        phone = world.phone(who)
        shown = await card(world, who)
        await phone.taps("导出", shown)
        sent = await phone.expects(lambda message: "document" in message.body)
        assert sent.body["document"]["file_name"] == "（2013）浙1122执456号.xlsx"
        content = (world.store.files / sent.body["document"]["file_id"]).read_bytes()
        book = load_workbook(io.BytesIO(content))
        assert book.sheetnames == ["案件", "线索", "经过"]
        assert book["案件"]["A2"].value == "（2013）浙1122执456号" and book["案件"]["D2"].value == 130000
        said = book["线索"]["D2"].value
        assert said == ("=cmd|林永福回来了，在村委" if whole else "（按权限不显示）")
        assert book["线索"]["D2"].data_type == "s"
        assert any("收到" in str(row[2].value) for row in book["经过"].iter_rows())
        await phone.taps("地图", shown)
        place = await phone.expects(lambda message: "location" in message.body)
        assert place.body["location"] == {"latitude": 28.66, "longitude": 120.09}
    assert await AuditEntry.filter(action="case.exported").count() == 2


async def test_a_case_is_found_by_the_last_four_of_the_id_and_by_its_village(world: World) -> None:
    found = await card(world, HEAD, "周弄村")
    assert "是哪一件" in found.text and any("林永福" in label for label, _data in found.buttons)
    by_id = await card(world, HEAD, "0114")
    assert "林永福" in by_id.text
    assert "没有查到" in (await card(world, HEAD, "0000")).text
    assert "没有查到" in (await card(world, TOWN_SECRETARY, "仁岸村")).text


async def test_pages_of_cases_are_searched_anew(world: World, tmp_path: Path) -> None:
    rows = "".join(f"（2025）浙1122执{n}号,黄某{n},黄村畈村,FY101\n" for n in range(9001, 9004))
    (tmp_path / "more.csv").write_text("案号,被执行人,所在村社,承办法官工号\n" + rows)
    await import_file(world.product.db, Kind.CASES, tmp_path / "more.csv", lambda _done, _all: None)
    first = await card(world, HEAD, "黄村畈村")
    labels = [label for label, _data in first.buttons]
    assert "下一页" in labels and len(labels) == 9, labels
    await world.phone(HEAD).taps("下一页", first)
    await world.settled()
    turned = next(message for message in await world.phone(HEAD).received() if message.id == first.id)
    assert "上一页" in dict(turned.buttons) and not set(labels[:8]) & set(dict(turned.buttons))
