"""Points, where a court wants them; and what it decides for itself."""

from tests.world import ADMIN, HEAD, JUDGE, NEIGHBOUR, SECRETARY, SUPERVISOR, TOWN_SECRETARY, World

NAMES = ("林永福", "林佳", "杜春生", "朱宝根", "丁爱香")


async def test_points_are_off_and_name_nobody_who_can_be_guessed(world: World) -> None:
    town, admin = world.phone(TOWN_SECRETARY), world.phone(ADMIN)
    await town.says("/points")
    await town.expects("没有开积分")
    await admin.says("/court 积分 开")
    await admin.expects("积分榜：开")
    for name in NAMES:
        await world.phone(SECRETARY).says(f"{name}回来了，在村委")
        await world.settled()
    await world.phone(SECRETARY).says("杜春升回来了，在桥头，保密")
    await world.phone(NEIGHBOUR).says("黄国军开着货车回来了")
    await world.settled()
    card = await world.phone(JUDGE).expects("林永福回来了")
    await world.phone(JUDGE).taps("办结", card)
    await world.phone(JUDGE).taps("找到本人")
    await world.settled()
    await town.says("/points 本月")
    shown = await town.expects("积分 · 11-01 – 11-30")
    assert "1. 应建华 10 分（报告 5，有结果 1）" in shown.text, shown.text
    assert "黄永良" not in shown.text and "不足 5 条的，共 " in shown.text
    await world.phone(SUPERVISOR).says("/points 天上")
    await world.phone(SUPERVISOR).expects("没看懂“天上”")


async def test_a_court_decides_for_itself(world: World) -> None:
    admin = world.phone(ADMIN)
    await admin.says("/court 上班 09:00-16:00")
    await admin.says("/court 电话 0578-3144110")
    await admin.says("/court 问候 缙云法院欢迎您")
    await world.settled()
    card = await admin.expects("缙云法院欢迎您")
    assert "上班 09:00 – 16:00" in card.text and "0578-3144110" in card.text
    for words in ("上班 很早", "颜色 红", "上班 17:00-08:00"):
        seen = len(await admin.received())
        await admin.says(f"/court {words}")
        await world.settled()
        assert (await admin.received())[seen].text.startswith("改：/court")
    await admin.says("/people 加 新来的 19800009001 网格员 周弄村")
    await admin.says("/invite 新来的")
    invited = await admin.expects("验证码")
    code = invited.text.rsplit("#", 1)[-1]
    await world.store.ensure_chat(9777)
    await world.phone(9777).says(f"/start {code}")
    await world.phone(9777).expects("缙云法院欢迎您 0578-3144110")
    await world.phone(HEAD).says("/court 积分 开")
    await world.phone(HEAD).expects("没有这个命令")
