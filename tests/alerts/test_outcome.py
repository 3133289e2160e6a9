"""After 办结: a note stays in the court unless somebody wants it told, and a result that was a slip is put right."""

import pytest

from storage.alerts.alert import Alert
from storage.cases.case import CaseDebtor
from storage.engine.audit import AuditEntry
from storage.reading.lesson import Lesson
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
    assert "担保" not in await _receipt(world) and "30,000" not in await _receipt(world)
    await world.phone(JUDGE).taps("也告诉报告人", noted)
    await world.phone(SECRETARY).expects("担保")
    after = await world.phone(JUDGE).expects("也告诉了报告人")
    assert after.id == noted.id and list(dict(after.buttons)) == ["撤销"]
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
    assert (one.outcome, one.amount, one.note) == ("found", None, f"{NOTE}；点错了，钱没有付")
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
    noted = await world.phone(JUDGE).expects(lambda m: m.text.startswith("记下了：") and "不肯" in m.text)
    assert "不肯" not in await _receipt(world) and "也告诉报告人" in dict(noted.buttons)


async def test_the_same_result_and_somebody_elses_change_nothing(world: World) -> None:
    await _closed(world, "未见到")
    card = await world.phone(JUDGE).expects(lambda m: "改结果" in dict(m.buttons))
    await world.phone(JUDGE).taps("改结果", card)
    card = await world.phone(JUDGE).expects(lambda m: m.id == card.id and "返回" in dict(m.buttons))
    assert "未见到" not in dict(card.buttons)
    await world.phone(JUDGE).taps("返回", card)
    await world.phone(JUDGE).expects(lambda m: m.id == card.id and list(dict(m.buttons)) == ["撤销", "改结果"])
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


async def test_who_looks_something_up_after_a_result_notes_nothing(world: World) -> None:
    """Found by somebody who typed a case's number where the box says that one may: it was booked as 456 yuan."""
    await _closed(world)
    judge = world.phone(JUDGE)
    for said, answer in (
        ("查一下林永福", "（2013）浙1122执456号"),
        ("林永福", "（2013）浙1122执456号"),
        ("（2013）浙1122执456号", "（2013）浙1122执456号"),
        ("谁在值班", "值班"),
    ):
        before = max(message.id for message in await judge.received())
        await judge.says(said)
        await judge.expects(answer, after=before, what=said)
    assert (await Alert.get()).note == ""
    await judge.says("456")
    asked = await judge.expects("是到位的金额，还是要查案件")
    await world.settled()
    await judge.taps("查案件 456", asked)
    await judge.expects("（2013）浙1122执456号", after=asked.id)
    assert ((await Alert.get()).note, (await Alert.get()).amount) == ("", None)
    await judge.says("3000")  # no case has this number
    noted = await judge.expects("记下了：3000")
    assert (await CaseDebtor.get(case__number="（2013）浙1122执456号")).paid == 3000
    await judge.taps("撤销", noted)
    await judge.expects("这条说明已撤销")
    one = await Alert.get()
    assert (one.note, one.amount) == ("", None)
    assert (await CaseDebtor.get(case__number="（2013）浙1122执456号")).paid == 0


@pytest.mark.parametrize("note", ["查封了他的车", "找到人了，带回院里", "不知道去了哪里", "没说是谁叫他走的", "付清了"])
async def test_what_is_a_note_stays_one(world: World, note: str) -> None:
    await _closed(world)
    await world.phone(JUDGE).says(note)
    await world.phone(JUDGE).expects(f"记下了：{note}")


async def test_a_number_that_is_a_sum_is_one_tap(world: World) -> None:
    await _closed(world)
    await world.phone(JUDGE).says("456")
    await world.phone(JUDGE).taps("到位 456 元")
    await world.phone(JUDGE).expects("记下了：456元")
    assert (await CaseDebtor.get(case__number="（2013）浙1122执456号")).paid == 456


async def test_a_result_tapped_by_mistake_is_undone_before_anybody_sees_it(world: World) -> None:
    judge, secretary = world.phone(JUDGE), world.phone(SECRETARY)
    await secretary.says("阿福回来了，在村委")
    await judge.taps("出发", await judge.expects("阿福回来了"))
    await judge.taps("办结")
    await judge.taps("误报")
    card = await judge.expects(lambda m: "撤销" in dict(m.buttons))
    await world.advance(5)
    assert "误报" not in await _receipt(world)
    assert await Lesson.filter(undone_at=None).count() == 1
    await judge.taps("撤销", card)
    await judge.hears("还没有告诉别人")
    await world.advance(20)
    assert "误报" not in await _receipt(world) and "在路上" in await _receipt(world)
    assert await Lesson.filter(undone_at=None).count() == 0
    one = await Alert.get()
    assert (one.state, one.outcome, one.closed_at) == ("en_route", None, None)
    await judge.says("456")  # nothing waits for a note any more
    await judge.expects("（2013）浙1122执456号")
    await judge.taps("到场")
    await secretary.expects("已到场")


async def test_after_ten_seconds_the_reporter_knows_and_it_is_changed_instead(world: World) -> None:
    await _closed(world, "未见到")
    card = await world.phone(JUDGE).expects(lambda m: "撤销" in dict(m.buttons))
    await world.advance(10)
    assert "未见到" in await _receipt(world)
    await world.advance(6)
    await world.phone(JUDGE).taps("撤销", card)
    await world.phone(JUDGE).hears("过了十秒")
    assert (await Alert.get()).outcome == "not_seen"
    assert await AuditEntry.filter(action="alert.reopened").count() == 0


async def test_who_took_back_a_report_by_a_slip_restores_it_and_the_judge_hears(world: World) -> None:
    judge, secretary = world.phone(JUDGE), world.phone(SECRETARY)
    await secretary.says("林永福回来了，在村委")
    await judge.taps("出发", await judge.expects("林永福回来了"))
    await secretary.expects("在路上")
    await secretary.taps("撤回")
    await judge.expects("报告人撤回了")
    await secretary.taps("点错了，恢复")
    await judge.expects("⚠ 没有撤回")
    await secretary.hears("已恢复，已告诉法官")
    one = await Alert.get()
    assert (one.state, one.closed_at) == ("en_route", None)
    await judge.taps("到场")
    await secretary.expects("已到场")


async def test_a_restored_report_that_nobody_had_answered_climbs_on(world: World) -> None:
    secretary = world.phone(SECRETARY)
    await secretary.says("林永福回来了，在村委")
    await world.phone(JUDGE).expects("林永福回来了")
    await secretary.taps("撤回")
    await secretary.taps("点错了，恢复")
    await world.settled()
    assert (await Alert.get()).escalate_at is not None
    await world.advance(121)
    await world.phone(JUDGE).expects("第二次提醒")
    await secretary.taps("撤回")
    card = await secretary.expects(lambda m: "点错了，恢复" in dict(m.buttons))
    await world.advance(20)
    await secretary.taps("点错了，恢复", card)
    await secretary.hears("恢复不了")
    assert (await Alert.get()).state == "withdrawn"


async def test_what_was_undone_stands_nowhere(world: World) -> None:
    judge = world.phone(JUDGE)
    await world.phone(SECRETARY).says("阿福回来了，在村委")
    await judge.taps("收到", await judge.expects("阿福回来了"))
    await judge.taps("办结")
    await judge.taps("误报")
    await judge.taps("撤销", await judge.expects(lambda m: "撤销" in dict(m.buttons)))
    await world.settled()
    card = await judge.expects("阿福回来了")
    assert "办结" in dict(card.buttons) and "误报" not in card.text and "沈立群 办结" not in card.text
    await judge.says("456")
    assert "办结" not in (await judge.expects("林永福（57岁")).text


async def test_a_sum_noted_before_it_was_known_to_be_paid_counts_from_then_on(world: World) -> None:
    await _closed(world, "找到本人")
    await world.phone(JUDGE).says("当场付了两万，余下年底前付清")
    await world.phone(JUDGE).expects("记下了")
    assert (await CaseDebtor.get(case__number="（2013）浙1122执456号")).paid == 0
    await world.phone(JUDGE).taps("改结果")
    await world.phone(JUDGE).taps("当场履行")
    await world.phone(JUDGE).says("刚才点错了")
    await world.settled()
    one = await Alert.get()
    assert one.amount == 20_000 and "年底前付清" in one.note and "点错了" in one.note
    assert (await CaseDebtor.get(case__number="（2013）浙1122执456号")).paid == 20_000


async def test_a_note_about_somebodys_week_is_no_leave(world: World) -> None:
    await _closed(world, "未见到")
    await world.phone(JUDGE).says("人不在，被执行人下周一住院，改天再去")
    await world.phone(JUDGE).expects("记下了：人不在")
