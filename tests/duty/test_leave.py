"""Who is away, in a form or in their own words."""

from storage.duty.leave import Leave
from tests.world import ADMIN, JUDGE, World


async def test_nobody_stands_in_for_themselves_and_a_duty_in_that_time_is_said(world: World) -> None:
    admin = world.phone(ADMIN)
    await admin.says("/leave 沈立群 11月25日 11月27日 沈立群")
    await admin.expects("自己不能给自己代管")
    assert not await Leave.all().exists()
    await admin.says("/duty 设 11月26日 沈立群")
    await admin.expects("已排：沈立群，11月26日")
    await admin.says("/leave 郑雅芳 11月25日 11月27日")
    await admin.expects("已记：郑雅芳")
    await admin.says("/leave 沈立群 11月25日 11月27日 郑雅芳")
    await admin.expects("沈立群 这段时间排了值班")
    await admin.expects("郑雅芳 那时也请假")


async def test_a_leave_in_ones_own_words_is_asked_about(world: World) -> None:
    judge = world.phone(JUDGE)
    await judge.says("下礼拜一到礼拜三我去杭州培训，不在，林永福的事找雅芳")
    asked = await judge.expects("是请假吗？2026-11-30 到 2026-12-02")
    assert not await Leave.all().exists(), asked
    await judge.says("/leave 2026-11-30 到 2026-12-02 郑雅芳")
    await judge.expects("已记：沈立群")
    await judge.says("不对，我不请假了")
    card = await judge.expects("沈立群 11月30日至12月2日", after=asked.id)
    await judge.taps(next(label for label, _data in card.buttons if "销假" in label), card)
    await world.settled()
    assert not await Leave.all().exists()
