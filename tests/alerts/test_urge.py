"""催办: the judge hears the supervisor, the timeline keeps it, and nobody urges outside of their area."""

from storage.alerts.timeline import AlertEvent
from storage.engine.audit import AuditEntry
from storage.people.person import Person
from tests.world import JUDGE, SECRETARY, SUPERVISOR, TOWN_SECRETARY, World


async def test_a_supervisor_urges_with_a_tap_and_with_a_word(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).expects("林永福回来了")
    supervisor = world.phone(SUPERVISOR)
    await supervisor.says("456")
    card = await supervisor.expects("（2013）浙1122执456号")
    await supervisor.taps("催办", card)
    await world.phone(JUDGE).expects("【催办】赵慧敏催这条线索：林永福 · 七里乡周弄村")
    await supervisor.expects("已催 沈立群")
    await supervisor.says("今天一定要去一趟", card)
    urged = await world.phone(JUDGE).expects("今天一定要去一趟")
    assert urged.text.startswith("【催办】")
    assert await AlertEvent.filter(kind="urged").count() == 2
    assert await AuditEntry.filter(action="alert.urged").count() == 2
    await world.phone(JUDGE).taps("办结", await world.phone(JUDGE).expects("“林永福回来了"))
    await world.phone(JUDGE).taps("找到本人")
    await world.settled()
    await supervisor.says("还没去？", card)
    await supervisor.expects("没有要催的线索")
    await supervisor.says("456")
    later = await supervisor.expects("（2013）浙1122执456号", after=card.id)
    assert "催办" not in [label for label, _data in later.buttons]


async def test_a_word_to_the_leads_own_card_goes_along_and_the_card_says_so(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    alert = await world.phone(JUDGE).expects("林永福回来了")
    supervisor = world.phone(SUPERVISOR)
    await supervisor.says("/pending")
    listed = await supervisor.expects("没人应答：1 条")
    await supervisor.taps(listed.buttons[0][0], listed)
    lead = await supervisor.expects("线索 1")
    await supervisor.says("他女儿明天出嫁", lead)
    await world.phone(JUDGE).expects("他女儿明天出嫁")
    await world.phone(JUDGE).expects(lambda m: m.id == alert.id and "赵慧敏 催办" in m.text)
    await world.phone(JUDGE).taps("收到", alert)
    await world.phone(JUDGE).expects(lambda m: m.id == alert.id and not m.text.startswith("⚠"))


async def test_nobody_urges_outside_of_their_area_or_above_their_place(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).expects("林永福回来了")
    await world.phone(TOWN_SECRETARY).says("/case 456")
    card = await world.phone(TOWN_SECRETARY).expects("（2013）浙1122执456号")
    assert "催办" not in [label for label, _data in card.buttons]
    await world.phone(TOWN_SECRETARY).taps_data(card, "1:urge:1:0")

    async def moved_away() -> None:
        await Person.filter(name="赵慧敏").update(area_code="330802")

    await world.product.db.unit(moved_away)
    await world.phone(SUPERVISOR).says("/help")
    help_ = await world.phone(SUPERVISOR).expects("案号")
    await world.phone(SUPERVISOR).taps_data(help_, "1:urge:1:0")
    await world.settled()
    assert world.toasts.count("这个按钮已经过期了。") == 2
    assert await AlertEvent.filter(kind="urged").count() == 0
