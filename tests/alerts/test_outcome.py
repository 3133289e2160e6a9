"""After 办结: a note stays in the court unless somebody wants it told, and a result that was a slip is put right."""

import pytest

from storage.alerts.alert import Alert
from storage.cases.case import CaseDebtor
from storage.engine.audit import AuditEntry
from tests.world import JUDGE, SECOND_JUDGE, SECRETARY, World

NOTE = "付了3万，余下分两年，他老婆担保"


async def _closed(world: World, label: str = "当场履行") -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).expects("林永福回来了")
    await world.phone(JUDGE).taps("办结")
    await world.phone(JUDGE).taps(label)
    await world.phone(JUDGE).expects("只给法院看")


async def _receipt(world: World) -> str:
    await world.settled()
    return next(m.text for m in await world.phone(SECRETARY).received() if m.text.startswith("已记录"))


async def test_a_note_stays_in_the_court_until_it_is_told(world: World) -> None:
    await _closed(world)
    await world.phone(JUDGE).says(NOTE)
    noted = await world.phone(JUDGE).expects("记下了")
    assert NOTE in noted.text and "30,000" in noted.text
    assert "担保" not in await _receipt(world) and "30,000" in await _receipt(world)
    await world.phone(JUDGE).taps("也告诉报告人", noted)
    await world.phone(SECRETARY).expects("担保")
    after = await world.phone(JUDGE).expects("也告诉了报告人")
    assert after.id == noted.id and after.buttons == []
    assert await AuditEntry.filter(action="alert.told").count() == 1


async def test_a_slip_of_the_finger_is_put_right_and_its_reason_is_for_the_court(world: World) -> None:
    await _closed(world)
    await world.phone(JUDGE).says(NOTE)
    await world.phone(JUDGE).expects("记下了")
    assert (await CaseDebtor.get(case__number="（2013）浙1122执456号")).paid == 30_000
    await world.phone(JUDGE).taps("改结果")
    await world.phone(JUDGE).taps("找到本人")
    await world.phone(JUDGE).expects("为什么改")
    assert "找到本人" in await _receipt(world) and "履行" not in await _receipt(world)
    await world.phone(JUDGE).says("点错了，钱没有付")
    await world.settled()
    assert "点错了" not in await _receipt(world)
    one = await Alert.get()
    assert (one.outcome, one.amount, one.note) == ("found", None, "点错了，钱没有付")
    assert (await CaseDebtor.get(case__number="（2013）浙1122执456号")).paid == 0
    entry = await AuditEntry.get(action="alert.changed")
    assert "paid" in str(entry.detail) and "found" in str(entry.detail)


async def test_why_it_was_changed_stays_in_the_court_where_the_note_before_was_told(world: World) -> None:
    await _closed(world)
    await world.phone(JUDGE).says(NOTE)
    await world.phone(JUDGE).taps("也告诉报告人", await world.phone(JUDGE).expects("记下了"))
    await world.phone(SECRETARY).expects("担保")
    await world.phone(JUDGE).taps("改结果")
    await world.phone(JUDGE).taps("达成和解")
    await world.phone(JUDGE).expects("为什么改")
    await world.phone(JUDGE).says("他老婆不肯，改成和解")
    noted = await world.phone(JUDGE).expects("记下了：他老婆不肯")
    assert "不肯" not in await _receipt(world) and "也告诉报告人" in dict(noted.buttons)


async def test_the_same_result_and_somebody_elses_change_nothing(world: World) -> None:
    await _closed(world, "未见到")
    card = await world.phone(JUDGE).expects(lambda m: "改结果" in dict(m.buttons))
    await world.phone(JUDGE).taps("改结果", card)
    card = await world.phone(JUDGE).expects(lambda m: m.id == card.id and "返回" in dict(m.buttons))
    assert "未见到" not in dict(card.buttons)
    await world.phone(JUDGE).taps("返回", card)
    await world.phone(JUDGE).expects(lambda m: m.id == card.id and list(dict(m.buttons)) == ["改结果"])
    await world.phone(SECOND_JUDGE).says("/help")
    shown = await world.phone(SECOND_JUDGE).expects("/pending")
    for data in ("1:fix:1:0", "1:told:1", "1:amend:1"):
        await world.phone(SECOND_JUDGE).taps_data(shown, data)
        await world.settled()
    assert (await Alert.get()).outcome == "not_seen"


@pytest.mark.parametrize(("days", "there"), [(6, True), (8, False)])
async def test_after_a_week_it_stands(world: World, days: int, there: bool) -> None:
    await _closed(world)
    card = await world.phone(JUDGE).expects(lambda m: "改结果" in dict(m.buttons))
    await world.advance(days * 86_400)
    await world.phone(JUDGE).taps("改结果", card)
    await world.settled()
    now = await world.phone(JUDGE).expects(lambda m: m.id == card.id)
    assert ("误报" in dict(now.buttons)) is there
