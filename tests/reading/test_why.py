"""/why: the signs behind a reading, for those who answer for it."""

from tests.world import ADMIN, HEAD, SECRETARY, World


async def test_every_sign_is_named_with_what_it_counts(world: World) -> None:
    await world.phone(SECRETARY).says("那个欠老杜钱的开着他那辆尾号12A的车走了")
    await world.settled()
    admin = world.phone(ADMIN)
    await admin.says("/why")
    asked = await admin.expects("看哪一条报告")
    await admin.taps(asked.buttons[0][0])
    card = await admin.expects("报告 #1")
    for words in ("那个欠老杜钱的", "林永福", "（5 分）", "比较有把握", "没说地点", "急", "主要凭："):
        assert words in card.text, card.text


async def test_an_unnamed_reporter_stays_unnamed_and_a_missing_report_is_missed(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委，保密")
    await world.settled()
    head = world.phone(HEAD)
    await head.says("/why #1")
    assert "应建华" not in (await head.expects("报告 #1")).text
    await head.says("/why 99")
    await head.expects("没有这条报告")
