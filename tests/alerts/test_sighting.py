"""Reporting: from one sentence to the judge's phone and back."""

import pytest

from storage.alerts.alert import Alert
from storage.alerts.sighting import Sighting, SightingState, Suspect
from storage.cases.case import Case, CaseStatus
from storage.cases.debtor import Debtor, DebtorKind
from storage.engine.audit import AuditEntry
from storage.people.person import Person
from storage.reading import index
from tests.world import (
    GRID_WORKER,
    HEAD,
    JUDGE,
    NEIGHBOUR,
    SECOND_JUDGE,
    SECRETARY,
    START,
    SUPERVISOR,
    THIRD_JUDGE,
    World,
)

SENTENCE = "老林回来了，人就在村委，你们赶紧过来！"


async def test_one_sentence_reaches_the_judge_and_every_step_comes_back(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    said = await secretary.says(SENTENCE)
    card = await judge.expects(SENTENCE)
    assert "林永福" in card.text and "（2013）浙1122执456号" in card.text and "130,000" in card.text
    assert "应建华" in card.text and "+8619800001001" in card.text and "在村委" in card.text
    assert "57岁，祠堂后面" in card.text and "浙K8G12A" in card.text and "大概是" in card.text
    assert [label for label, _ in card.buttons] == ["收到", "出发", "到场", "办结", "转交", "问一句"]
    receipt = await secretary.expects("已送达沈立群法官")
    assert receipt.reply_to == said
    for button, words in (("收到", "已收到"), ("出发", "在路上"), ("到场", "已到场")):
        await judge.taps(button)
        assert (await secretary.expects(words)).id == receipt.id
    await judge.taps("办结")
    await judge.taps("达成和解")
    await world.advance(10)
    assert "达成和解" in (await secretary.expects("办结")).text
    await world.phone(SUPERVISOR).says("/case 456")
    assert "达成和解" in (await world.phone(SUPERVISOR).expects("（2013）浙1122执456号")).text


async def test_it_is_logged_before_anything_else_is_decided(world: World) -> None:
    await world.phone(SECRETARY).says("有个陌生人回来了，在晒谷场")
    await world.settled()
    entries = await AuditEntry.filter(source__startswith="inbox:").order_by("id").values_list("action", flat=True)
    assert list(entries)[:2] == ["sighting.recorded", "alert.raised"]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("早上好", "在的"),
        ("谢谢！", "在的"),
        ("老林回来了吗？", "像是在问"),
        ("老林没回来", "没有看到就不用报"),
        ("今天下雨，路不好走", "没有看出是哪一位"),
    ],
)
async def test_what_is_no_report_alerts_nobody_and_says_so(world: World, words: str, answer: str) -> None:
    await world.phone(SECRETARY).says(words)
    await world.phone(SECRETARY).expects(answer)
    await world.settled()
    assert await Alert.all().count() == 0
    assert await Sighting.filter(text=words, state=SightingState.NOT_SENT).count() == 1


async def test_what_was_not_understood_can_be_sent_up_all_the_same(world: World) -> None:
    secretary = world.phone(SECRETARY)
    await secretary.says("村里的路修好了")
    await secretary.taps("直接报上去")
    card = await world.phone(HEAD).expects("村里的路修好了")
    assert "名单外线索" in card.text
    await secretary.expects("已转法院 · 已送达")


async def test_what_was_read_as_a_question_goes_to_the_judge_of_whoever_is_named(world: World) -> None:
    secretary = world.phone(SECRETARY)
    await secretary.says("林永福回来了吗？")
    await secretary.taps("直接报上去")
    assert "★ 有人看到 林永福" in (await world.phone(JUDGE).expects("林永福回来了吗")).text


async def test_somebody_on_no_list_goes_to_the_duty_person(world: World) -> None:
    await world.phone(SECRETARY).says("有个姓赵的老板回来了，在晒谷场")
    assert "名单外线索" in (await world.phone(HEAD).expects("姓赵的老板")).text
    await world.settled()
    assert not await world.phone(JUDGE).received()


async def test_several_cases_tell_each_judge_once_and_they_see_each_other(world: World) -> None:
    await world.phone(NEIGHBOUR).says("黄国强回来了，在大会堂")
    cards = {who: await world.phone(who).expects("黄国强回来了") for who in (JUDGE, SECOND_JUDGE, THIRD_JUDGE)}
    await world.settled()
    assert await Alert.all().count() == 3
    assert "执608号" in cards[JUDGE].text and "执恢41号" not in cards[JUDGE].text
    assert "执恢41号" in cards[SECOND_JUDGE].text
    await world.phone(SECOND_JUDGE).taps("收到")
    card = await world.phone(JUDGE).expects("同时通知")
    assert "郑雅芳法官（已收到）" in (await world.phone(JUDGE).expects("郑雅芳法官（已收到）")).text
    assert "丁卫东法官（未应答）" in card.text


async def test_a_case_without_a_judge_goes_to_the_head_where_nobody_is_on_duty(world: World) -> None:
    await world.phone(NEIGHBOUR).says("李火根回来了，在水口")
    assert "执102号" in (await world.phone(HEAD).expects("李火根")).text


async def test_taking_it_back_reaches_the_judge_at_once(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE)
    await judge.taps("出发")
    await secretary.says("看错了")
    await judge.expects("⚠ 撤回")
    card = await judge.expects("不用去了")
    assert not card.buttons
    assert "已撤回" in (await secretary.expects("已撤回。")).text


async def test_the_button_takes_it_back_too(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE)
    await judge.expects(SENTENCE)
    await secretary.taps("撤回")
    await judge.expects("⚠ 撤回")
    await secretary.expects("已撤回。")


async def test_naming_somebody_else_instead_moves_the_alert(world: World) -> None:
    secretary = world.phone(SECRETARY)
    await secretary.says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await secretary.says("不是老林，是朱宝根")
    await world.phone(JUDGE).expects("⚠ 更正")
    card = await world.phone(THIRD_JUDGE).expects("朱宝根")
    assert "报告人更正：“不是老林，是朱宝根”" in card.text
    assert not (await world.phone(JUDGE).expects("不用去了")).buttons


async def test_editing_the_message_corrects_the_report(world: World) -> None:
    secretary = world.phone(SECRETARY)
    said = await secretary.says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await secretary.edits(said, "朱宝根回来了，人就在村委")
    await world.phone(THIRD_JUDGE).expects("朱宝根")
    await world.phone(JUDGE).expects("⚠ 更正")


async def test_not_him_asks_who_it_is_then(world: World) -> None:
    secretary = world.phone(SECRETARY)
    await secretary.says("春升回来了，在加油站")
    await world.phone(JUDGE).expects("春升回来了")
    await secretary.taps("不是他")
    await world.phone(JUDGE).expects("⚠ 更正")
    question = await secretary.expects(lambda message: any("杜春生" in label for label, _ in message.buttons))
    await secretary.taps(next(label for label, _ in question.buttons if "杜春生" in label), question)
    await world.phone(SECOND_JUDGE).expects("执1702号")


async def test_a_second_reporter_within_half_an_hour_is_a_witness(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.advance(29 * 60)
    await world.phone(GRID_WORKER).says("林永福在村委门口抽烟")
    await world.phone(JUDGE).expects("又有 1 人报告：林永福在村委门口抽烟（何晓梅（网格员））")
    await world.phone(GRID_WORKER).expects("已经合在一起")
    await world.settled()
    assert await Alert.all().count() == 1
    card = await world.phone(JUDGE).expects(lambda message: SENTENCE in message.text and "何晓梅" in message.text)
    await world.phone(JUDGE).taps("收到", card)
    await world.phone(GRID_WORKER).expects("已收到")


async def test_after_half_an_hour_it_is_a_new_alert(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.advance(31 * 60)
    await world.phone(GRID_WORKER).says("林永福在村委门口抽烟")
    await world.phone(JUDGE).expects("“林永福在村委门口抽烟”")
    await world.settled()
    assert await Alert.all().count() == 2


async def test_a_witness_stands_when_the_first_reporter_takes_it_back(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.phone(GRID_WORKER).says("林永福在村委门口抽烟")
    await world.phone(JUDGE).expects("又有 1 人报告")
    await world.phone(SECRETARY).says("看错了")
    await world.phone(JUDGE).expects("⚠ 撤回")
    await world.settled()
    assert (await Alert.get()).state == "sent"


async def test_what_is_said_next_without_a_name_goes_to_the_judge(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE)
    await judge.expects(SENTENCE)
    await secretary.says("他要走了，往车站去")
    await judge.expects("报告人又说：他要走了，往车站去")
    await secretary.expects("已转告法官")
    await world.settled()
    assert await Alert.all().count() == 1
    await secretary.says("看错了")
    assert not (await judge.expects("不用去了")).buttons


async def test_a_confidential_reporter_is_a_code_on_every_card(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE)
    await judge.expects("应建华")
    await secretary.taps("替我保密")
    card = await judge.expects("报告人要求保密，代号")
    assert "应建华" not in card.text and "1001" not in card.text
    await secretary.expects("您的名字不会透露")
    await world.phone(SUPERVISOR).says("/case 456")
    assert "应建华" not in (await world.phone(SUPERVISOR).expects("执456号")).text


async def test_the_word_makes_it_confidential_from_the_start(world: World) -> None:
    await world.phone(SECRETARY).says("老林回来了，在村委，别说是我说的")
    await world.phone(JUDGE).expects("报告人要求保密")
    await world.settled()
    shown = [call for method, call in world.calls if method in ("sendMessage", "editMessageText")]
    assert not any("应建华" in call["text"] for call in shown if call["chat_id"] == JUDGE)


async def test_today_lists_the_reports_of_the_day(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.phone(SUPERVISOR).says("/today")
    listed = await world.phone(SUPERVISOR).expects("今天：1 条")
    assert "林永福" in listed.text and "周弄村" in listed.text and "不到 1 分钟未应答" in listed.text
    await world.advance(24 * 3600)
    await world.phone(SUPERVISOR).says("/today")
    await world.phone(SUPERVISOR).expects("今天：没有")


async def test_who_works_in_several_villages_is_understood_in_each(world: World) -> None:
    """The grid worker of 周弄村 also looks after 仁岸村 in another town: its debtors are as near to them."""

    async def work() -> None:
        await Person.filter(name="何晓梅").update(more_areas="331122103224")
        row = await Debtor.create(name="单如海", kind=DebtorKind.PERSON, gender="男", area_code="331122103224")
        await index.note([row.id])

    await world.product.db.unit(work)
    worker = world.phone(GRID_WORKER)
    await worker.says("老单在家里，灯亮着")
    assert "单如海" in (await worker.expects("已记录")).text
    await worker.says("老林回来了，人在村委")
    assert "林永福" in (await worker.expects("林永福")).text
    await world.settled()
    assert [row.area_code for row in await Sighting.all().order_by("id")] == ["331122103224", "331122203226"]


async def test_who_has_paid_everything_is_nobodys_business_any_more(world: World) -> None:
    await world.product.db.unit(lambda: Case.filter(parties__debtor__name="林永福").update(status=CaseStatus.PERFORMED))
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    assert "名单外线索" in (await world.phone(HEAD).expects("林永福回来了")).text
    await world.settled()
    assert not await world.phone(JUDGE).received()


async def test_who_was_seen_these_days_comes_first_among_those_who_may_be_meant(world: World) -> None:
    async def work() -> None:
        for name in ("施有根", "施有土"):
            row = await Debtor.create(name=name, kind=DebtorKind.PERSON, gender="男", area_code="331122203226")
            await index.note([row.id])

    await world.product.db.unit(work)
    await world.phone(GRID_WORKER).says("施有土回来了")
    await world.settled()
    await world.advance(3600)
    await world.phone(SECRETARY).says("老施在打牌")
    assert "施有土" in (await world.phone(SECRETARY).expects("是哪一位")).buttons[0][0]


async def test_what_was_said_without_a_signal_shows_both_times(world: World) -> None:
    said = int(START.timestamp()) - 30 * 60
    await world.phone(SECRETARY).sends(text="林永福回来了，在村委", date=said)
    await world.phone(SECRETARY).expects("09:11 说的，09:41 已记录")
    card = await world.phone(JUDGE).expects("林永福回来了")
    assert "（09:11 说的，09:41 才收到）" in card.text


async def test_the_way_begins_anew_with_who_it_was_handed_to(world: World) -> None:
    """Nobody is told that the court is there because somebody else had been before."""
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says("林永福回来了，人就在村委")
    for step in ("收到", "出发", "到场"):
        await judge.taps(step)
    await secretary.expects("已到场")
    await judge.taps("转交")
    await judge.taps("丁卫东")
    await world.phone(THIRD_JUDGE).expects("林永福回来了")
    await world.settled()
    receipt = next(m for m in await secretary.received() if m.text.startswith("已记录"))
    assert "丁卫东" in receipt.text and "到场" not in receipt.text


async def test_nobody_is_told_that_it_went_up_where_only_the_same_judge_was_reminded(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，人就在村委")
    await world.phone(JUDGE).expects("林永福回来了")
    await world.advance(121)
    await world.phone(SECRETARY).expects("还没应答，已再提醒")
    await world.advance(200)
    await world.phone(SECRETARY).expects("还没应答，已往上报")


async def test_taking_back_in_words_says_what_and_shows_it_everywhere(world: World) -> None:
    secretary = world.phone(SECRETARY)
    await secretary.says("老林在祠堂门口")
    await world.phone(JUDGE).expects("老林在祠堂门口")
    await world.advance(600)
    await secretary.says("姓林的在村口")
    await secretary.says("老的那个")
    await world.settled()
    assert await Sighting.filter(joined_id__isnull=False).count() == 1
    await secretary.says("报错了，取消")
    await secretary.expects("报的林永福已经撤回")
    await world.settled()
    receipts = [m.text for m in await secretary.received() if m.text.startswith("已记录")]
    assert len(receipts) == 2 and all("已撤回" in one for one in receipts)


async def test_another_word_about_somebody_stands_where_one_was_about_somebody_else(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says("是老林儿子在开三轮车")
    await judge.expects("三轮车")
    await secretary.says("老林在卫生所挂盐水")
    await judge.expects("卫生所")
    await secretary.taps("不是他", await secretary.expects("已记录"))
    await world.settled()
    assert await Alert.filter(judge__name="沈立群", state="sent").count() >= 1
    about = await Sighting.get(text="老林在卫生所挂盐水")
    assert about.joined_id is None and await Suspect.filter(sighting_id=about.id).exists()


async def test_who_may_be_named_again_is(world: World) -> None:
    secretary = world.phone(SECRETARY)
    await secretary.says("老林回来了，别说是我讲的")
    await secretary.expects("不会透露")
    await secretary.says("不用保密，写我名字没关系")
    await secretary.expects("下面的报告写您的名字")
    await secretary.says("黄国强在田里")
    await world.settled()
    said = {row.text: row.confidential for row in await Sighting.all()}
    assert said["老林回来了，别说是我讲的"] and not said["黄国强在田里"]
