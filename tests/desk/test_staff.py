"""People come, change and go; what a judge leaves goes to another in one step, and a phone that isn't theirs any more
shows nothing."""

import io
from pathlib import Path

import docx

from storage.alerts.alert import Alert, AlertState
from storage.cases.case import Case, CaseDebtor
from storage.desk.staff import unreachable_cases
from storage.duty.leave import Leave
from storage.duty.shift import Shift
from storage.people.endpoint import Endpoint
from storage.people.person import Person, Role
from tests.world import ADMIN, HEAD, JUDGE, SECOND_JUDGE, SECRETARY, THIRD_JUDGE, World


async def test_the_administrator_keeps_the_list_in_the_chat(world: World) -> None:
    admin = world.phone(ADMIN)
    await admin.says("/people")
    assert "村社书记 2 人，已登记 2 人" in (await admin.expects("缙云县的人员")).text
    await admin.says("/people 加 应小妹 19800009001 网格员 周弄村 七里乡周弄村")
    added = await admin.expects("应小妹 网格员 · 七里乡周弄村")
    assert "+8619800009001" in added.text and "还没登记" in added.text
    for words, refusal in (
        ("加 王五 19800009001 网格员 周弄村", "已经是别人的号码"),
        ("加 王五 1980000 网格员 周弄村", "“1980000”不是手机号"),
        ("加 王五 29800009001 网格员 周弄村", "不是手机号"),
        ("加 王五 19800009002 村长 周弄村", "没有“村长”这个角色"),
        ("加 王五 19800009002 网格员 天上村", "您的辖区里没有“天上村”"),
        ("加 王五", "缺了点什么"),
        ("改 应小妹 手机", "缺了点什么"),
        ("改 无此人 手机 19800009003", "没有找到这个人"),
        ("无此人", "没有找到这个人"),
    ):
        seen = len(await admin.received())
        await admin.says(f"/people {words}")
        await world.settled()
        assert refusal in (await admin.received())[seen].text
    await admin.says("/people 改 应小妹 手机 19800009009")
    await admin.says("/people 改 应小妹 角色 村社书记")
    await admin.says("/people 改 应小妹 辖区 黄村畈村")
    await world.settled()
    person = await Person.get(name="应小妹")
    assert (person.phone, person.role, person.area_code) == ("19800009009", Role.VILLAGE_SECRETARY, "331122203240")
    await admin.says("/people 周弄村")
    listed = await admin.expects("是哪一位")
    await admin.taps(next(label for label, _data in listed.buttons if label.startswith("应建华")), listed)
    await admin.expects("已登记，手机 1 部")


async def test_who_goes_hears_nothing_more_and_who_comes_back_is_the_same(world: World) -> None:
    admin, secretary = world.phone(ADMIN), world.phone(SECRETARY)
    await admin.says("/people 应建华")
    await admin.taps("离岗")
    await admin.taps("确定离岗")
    await admin.expects("应建华已离岗")
    await secretary.says("林永福回来了，在村委")
    await secretary.expects("只对登记人员开放")
    gone = await Person.get(name="应建华")
    assert not gone.active and not await Endpoint.filter(person_id=gone.id).exists()
    await admin.says("/people 加 应建华 19800001001 村社书记 周弄村")
    await admin.expects("还没登记")
    assert (await Person.get(phone="19800001001")).id == gone.id


async def test_a_lost_phone_is_signed_out_by_the_administrator(world: World) -> None:
    admin, secretary = world.phone(ADMIN), world.phone(SECRETARY)
    await admin.says("/people 应建华")
    await admin.taps("手机丢了")
    await admin.taps("不退出", await admin.expects("会马上退出"))
    await admin.taps("手机丢了", await admin.expects(lambda m: "手机丢了" in dict(m.buttons)))
    await admin.taps("退出所有手机", await admin.expects("会马上退出"))
    await admin.expects("还没登记")
    await secretary.says("林永福回来了，在村委")
    await secretary.expects("只对登记人员开放")
    assert (await Person.get(name="应建华")).active


async def test_a_judge_who_leaves_hands_everything_over_in_one_step(world: World) -> None:
    admin = world.phone(ADMIN)
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).expects("林永福回来了")
    judge, heir = await world.person(JUDGE), await world.person(SECOND_JUDGE)
    mine, theirs = await Case.filter(judge_id=judge.id).count(), await Case.filter(judge_id=heir.id).count()
    await admin.says("/people 沈立群")
    await admin.taps("离岗")
    going = await admin.expects(f"沈立群手上有 {mine} 件案件、1 条在办线索，移交给谁？")
    await admin.taps_data(going, f"1:dismiss:{judge.id}:0")
    await admin.hears("先移交")
    await admin.taps("郑雅芳", going)
    sure = await admin.expects("全部移交给郑雅芳？")
    assert await Case.filter(judge_id=judge.id).count() == mine, "nothing happens before it is confirmed"
    await admin.taps("确定移交", sure)
    await admin.expects("已移交给郑雅芳")
    card = await world.phone(SECOND_JUDGE).expects("林永福回来了")
    assert "执456号" in card.text and "不在" not in card.text
    assert await Case.filter(judge_id=heir.id).count() == mine + theirs
    one = await Alert.get()
    assert (one.judge_id, one.owner_id, one.state) == (heir.id, None, AlertState.SENT)
    await admin.taps("确定离岗")
    await admin.expects("沈立群已离岗")
    assert await unreachable_cases() == 0
    await world.phone(HEAD).says("/handover 郑雅芳 丁卫东")
    await world.phone(HEAD).expects("没有这个命令")
    await admin.says("/handover 郑雅芳 应建华")
    await admin.expects("移交：/handover")


async def test_what_somebody_holds_for_another_stays_the_others(world: World) -> None:
    """A is away, B stands in; B's work goes to C: the case behind the alert is A's all the same."""
    await world.phone(JUDGE).says("/leave 今天 郑雅芳代管")
    await world.settled()
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(SECOND_JUDGE).expects("林永福回来了")
    await world.phone(ADMIN).says("/handover 郑雅芳 丁卫东")
    await world.phone(ADMIN).taps("确定移交")
    card = await world.phone(THIRD_JUDGE).expects("林永福回来了")
    assert "执456号" in card.text
    one, away = await Alert.get(), await world.person(JUDGE)
    assert one.owner_id == away.id
    await world.phone(THIRD_JUDGE).taps("办结", card)
    await world.phone(THIRD_JUDGE).taps("当场履行")
    await world.phone(THIRD_JUDGE).says("5000")
    await world.settled()
    assert (await CaseDebtor.get(case__number="（2013）浙1122执456号")).paid == 5000


async def test_who_has_cases_changes_neither_role_nor_area(world: World) -> None:
    await world.phone(ADMIN).says("/people 改 沈立群 角色 网格员")
    await world.phone(ADMIN).expects("先移交")
    assert (await world.person(JUDGE)).role is Role.JUDGE


async def test_only_the_courts_own_people_stand_in_or_are_on_duty(world: World) -> None:
    """A bank's liaison, registered for the county, is neither a deputy nor on duty."""
    for words in ("/leave 明天 周明月", "/duty 换 明天 周明月"):
        await world.phone(JUDGE).says(words)
    await world.phone(HEAD).says("/duty 设 明天 周明月")
    await world.phone(JUDGE).expects("请假：/leave")
    await world.phone(HEAD).expects("没有看到本院人员的名字")
    assert not await Leave.all().exists() and not await Shift.all().exists()


async def test_invitations_for_a_village_to_print(world: World, tmp_path: Path) -> None:
    admin = world.phone(ADMIN)
    await admin.says("/invite 周弄村")
    await admin.expects("这里的人都登记了")
    for n in range(4):
        await admin.says(f"/people 加 新人{n} 1980000910{n} 网格员 周弄村")
    await world.settled()
    await admin.says("/invite 周弄村")
    sent = await admin.expects(lambda message: "document" in message.body)
    document = docx.Document(io.BytesIO((world.store.files / sent.body["document"]["file_id"]).read_bytes()))
    cells = [cell.text.strip() for row in document.tables[0].rows for cell in row.cells]
    assert [text for text in cells if text] == [f"新人{n} 网格员" for n in range(4)]
    assert len(document.part.package.image_parts) == 4
