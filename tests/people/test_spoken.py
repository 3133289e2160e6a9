"""What people type instead of a command, and the words that a command waits for."""

from storage.alerts.alert import Alert
from storage.duty.leave import Leave
from tests.world import ADMIN, HEAD, JUDGE, SECRETARY, SUPERVISOR, TOWN_SECRETARY, World


async def test_words_of_the_menu_work_when_they_are_typed(world: World) -> None:
    for who, said, answer in (
        (SUPERVISOR, "谁在值班", "没有排值班"),
        (SUPERVISOR, "今天谁值班？", "没有排值班"),
        (HEAD, "谁值班", "没有排值班"),
        (SUPERVISOR, "帮助", "456"),
        (SECRETARY, "怎么用", "老林回来了"),
        (SUPERVISOR, "免打扰", "没有设免打扰"),
        (SUPERVISOR, "本周数字", "11月23日至29日"),
        (SUPERVISOR, "上个月的数据", "10月1日至31日"),
        (ADMIN, "导入案件", "chuishao import cases"),
        (JUDGE, "没人应答的", "没有"),
    ):
        last = max((message.id for message in await world.phone(who).messages()), default=0)
        await world.phone(who).says(said)
        await world.phone(who).expects(answer, after=last, what=f"{said}: {answer}")


async def test_a_judge_takes_leave_in_a_sentence(world: World) -> None:
    await world.phone(JUDGE).says("我明天请假")
    await world.phone(JUDGE).expects("11月25日")
    assert await Leave.all().count() == 1


async def test_a_command_waits_for_its_words(world: World) -> None:
    admin = world.phone(ADMIN)
    await admin.says("请人加入")
    await admin.expects("请写姓名")
    await admin.says("应建华")
    await admin.expects("验证码")
    await admin.says("/handover")
    await admin.expects("移交：/handover")
    await admin.says("沈立群 郑雅芳")
    await admin.expects("全部移交给郑雅芳")


async def test_who_reports_is_heard_whatever_a_command_waits_for(world: World) -> None:
    await world.phone(SECRETARY).says("/quiet")
    await world.settled()
    await world.phone(SECRETARY).says("林永福回来了，人就在村委")
    await world.phone(JUDGE).expects("人就在村委")


async def test_a_town_secretary_asks_and_can_report_all_the_same(world: World) -> None:
    secretary = world.phone(TOWN_SECRETARY)
    for said, answer in (("456", "执456号"), ("林永福", "执456号"), ("浙K·8G12A", "执456号"), ("999", "没有查到")):
        last = max((message.id for message in await secretary.messages()), default=0)
        await secretary.says(said)
        await secretary.expects(answer, after=last)
    await world.settled()
    assert await Alert.all().count() == 0
    await secretary.says("林永福")
    await world.settled()
    await secretary.taps("报线索")
    await world.phone(JUDGE).expects("有人看到 林永福")
    await secretary.says("林永福回来了，人就在村委")
    await world.phone(JUDGE).expects("人就在村委")


async def test_a_supervisor_who_says_where_somebody_is_is_offered_to_report_it(world: World) -> None:
    supervisor = world.phone(SUPERVISOR)
    await supervisor.says("林永福在家")
    await supervisor.expects("要是看到人了")
    assert await Alert.all().count() == 0
    await supervisor.taps("报线索")
    card = await world.phone(JUDGE).expects("有人看到 林永福")
    assert "周弄村" in card.text
    await supervisor.expects("已记录")


async def test_leave_and_duty_are_said_as_one_says_them_to_a_colleague(world: World) -> None:
    judge, head = world.phone(JUDGE), world.phone(HEAD)
    for said, noted in (
        ("下周一到周三请假", "沈立群 11月30日至12月2日（周一至周三），没有代管"),
        ("我想请一天假，12月10日，郑雅芳代管", "沈立群 12月10日（周四），郑雅芳代管"),
        ("12月14日起出差三天", "沈立群 12月14日至16日（周一至周三），没有代管"),
    ):
        await judge.says(said)
        await judge.expects(noted)
    await judge.says("11月2日到3日请假")
    await judge.expects("那几天已经过去了")
    await head.says("郑雅芳下周三到周五请假")
    await head.expects("郑雅芳 12月2日至4日（周三至周五）")
    await head.says("周末丁卫东值班")
    await head.expects("11月28日 08:30 至 11月29日 08:30 丁卫东")
    await head.says("明天值班")
    await world.settled()
    assert "丁卫东" in (await head.received())[-1].text
    await judge.says("明天郑雅芳值班")
    await judge.expects("由局长、院长或管理员来排")


async def test_the_menu_is_there_by_buttons_in_four_groups_of_six(world: World) -> None:
    for who in (SECRETARY, TOWN_SECRETARY, JUDGE, HEAD, SUPERVISOR, ADMIN):
        phone = world.phone(who)
        await phone.says("/help")
        card = await phone.expects(lambda m: any(data.startswith("1:group:") for _label, data in m.buttons))
        assert len(card.buttons) <= 4
        for label, _data in list(card.buttons):
            await phone.taps(label, await phone.expects(lambda m, card=card: m.id == card.id))
            opened = await phone.expects(lambda m, card=card: m.id == card.id and "返回" in dict(m.buttons))
            assert len(opened.buttons) <= 7, (who, label, [one for one, _data in opened.buttons])
            await phone.taps("返回", opened)
            await phone.expects(lambda m, card=card: m.id == card.id and "返回" not in dict(m.buttons))
    head = world.phone(HEAD)
    await head.taps("值班和人员", await head.expects(lambda m: "值班和人员" in dict(m.buttons)))
    await head.taps("谁值班", await head.expects(lambda m: "谁值班" in dict(m.buttons)))
    await head.expects("没有排值班")
