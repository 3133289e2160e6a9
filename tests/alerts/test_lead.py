"""A supervisor's list: a row opens the lead, also of somebody on no list; from there it is called about and urged."""

from storage.engine.audit import AuditEntry
from tests.world import HEAD, JUDGE, OTHER_TOWN, SECRETARY, SUPERVISOR, TOWN_SECRETARY, World

UNLISTED = "王大山回来了，在桥头"


async def _listed(world: World, chat: int, command: str = "/pending") -> list[tuple[str, str]]:
    phone = world.phone(chat)
    await phone.says(command)
    await world.settled()
    return (await phone.received())[-1].buttons


async def test_a_row_opens_the_lead_and_it_is_urged_from_there(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.settled()
    rows = await _listed(world, SUPERVISOR)
    assert [label for label, _data in rows] == ["林永福 · 七里乡周弄村"]
    supervisor = world.phone(SUPERVISOR)
    await supervisor.taps(rows[0][0])
    lead = await supervisor.expects("线索 1：林永福")
    assert "沈立群法官 +8619800001101 · 未应答" in lead.text and "在村委" in lead.text
    assert "应建华" not in lead.text and "老林" not in lead.text
    await supervisor.taps("催办", lead)
    await world.phone(JUDGE).expects("催")
    await world.settled()
    await supervisor.taps("看案件", await supervisor.expects(lambda m: m.id == lead.id))
    await supervisor.expects("执456号")
    assert await AuditEntry.filter(action="sighting.read", subject="sighting:1").count() == 1


async def test_a_lead_about_nobody_on_a_list_is_opened_and_urged_like_any_other(world: World) -> None:
    await world.phone(SECRETARY).says(UNLISTED)
    await world.settled()
    label, _data = (await _listed(world, HEAD))[0]
    assert label == "名单外线索 · 七里乡周弄村"
    await world.phone(HEAD).taps(label)
    await world.settled()
    assert "收到" in dict((await world.phone(HEAD).received())[-1].buttons), "it rang the head, who works with it"
    rows = await _listed(world, SUPERVISOR)
    await world.phone(SUPERVISOR).taps(rows[0][0])
    lead = await world.phone(SUPERVISOR).expects("线索 1：")
    assert "催办" in dict(lead.buttons) and "看案件" not in dict(lead.buttons)


async def test_a_judge_gets_the_card_to_work_with(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.settled()
    rows = await _listed(world, JUDGE, "/today")
    await world.phone(JUDGE).taps(rows[0][0])
    await world.settled()
    last = (await world.phone(JUDGE).received())[-1]
    assert "收到" in dict(last.buttons) and "老林" not in last.text and "林永福回来了" in last.text


async def test_somebody_elses_lead_is_refused_like_none(world: World) -> None:
    """Also where the number is guessed: the button of one's own list, with another number."""
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(OTHER_TOWN).says("王大山回来了，在桥头")
    await world.settled()
    rows = await _listed(world, TOWN_SECRETARY)
    assert len(rows) == 1, "the town's own"
    town = world.phone(TOWN_SECRETARY)
    shown = (await town.received())[-1]
    for number in (2, 999):
        await town.taps_data(shown, f"1:lead:{number}")
        await world.settled()
        assert not any("王大山" in m.text or "线索 2" in m.text for m in await town.received())
    assert world.toasts[-1] == world.toasts[-2]


async def test_reports_of_ones_own_open_nothing(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.settled()
    assert await _listed(world, SECRETARY, "/mine") == []
