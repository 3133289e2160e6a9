"""The day's figures each morning, the week's on Monday."""

from datetime import datetime

import pytest

from storage.desk.digest import Rhythm, next_time
from storage.engine.clock import SHANGHAI, local
from storage.people.person import Person, Role
from tests.world import JUDGE, SECRETARY, SUPERVISOR, World

TUESDAY = datetime(2026, 11, 24, 9, 41, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("rhythm", "hour", "expected"),
    [
        (Rhythm.DAILY, 8, "2026-11-25 08"),
        (Rhythm.DAILY, 10, "2026-11-24 10"),
        (Rhythm.WEEKLY, 8, "2026-11-30 08"),
        (Rhythm.WEEKLY, 23, "2026-11-30 23"),
    ],
)
def test_when_the_next_one_is_due(rhythm: Rhythm, hour: int, expected: str) -> None:
    assert f"{local(next_time(rhythm, hour, TUESDAY)):%Y-%m-%d %H}" == expected


async def test_each_morning_once_and_after_an_outage_too(world: World) -> None:
    supervisor = world.phone(SUPERVISOR)
    await supervisor.says("/digest")
    await supervisor.expects("没有订日报")
    await supervisor.says("/digest 每天8点")
    await supervisor.expects("日报：每天 8 点")
    await supervisor.says("/digest 每周")
    await supervisor.expects("周报：每周一 8 点")
    await supervisor.says("/digest 有时候")
    await supervisor.expects(lambda m: m.text.startswith("每天早上八点"))
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).taps("收到", await world.phone(JUDGE).expects("林永福回来了"))
    await world.advance(23 * 3600)
    daily = await supervisor.expects("缙云县 11月24日 周二")
    assert "线索 1 条" in daily.text and "现在没人应答：0 条" in daily.text
    await world.advance(4 * 24 * 3600)
    got = [m.text.split("\n")[0] for m in await supervisor.received() if m.text.startswith("缙云县 ")]
    assert got == ["缙云县 11月24日 周二", "缙云县 11月28日 周六"], "once after an outage"
    await world.advance(2 * 24 * 3600)
    weekly = await supervisor.expects("缙云县 11月23日至29日")
    assert "线索 1 条" in weekly.text
    filed = await supervisor.expects(lambda message: "document" in message.body)
    assert filed.body["document"]["file_name"] == "缙云县执行线索报告（2026年11月23日至29日）.docx"
    await supervisor.says("/digest 不要")
    await world.settled()
    count = len(await supervisor.received())
    await world.advance(8 * 24 * 3600)
    assert len(await supervisor.received()) == count


async def test_who_may_no_longer_ask_gets_none(world: World) -> None:
    await world.phone(SUPERVISOR).says("/digest 8")
    await world.settled()

    async def demoted() -> None:
        await Person.filter(name="赵慧敏").update(role=Role.GRID_WORKER)

    await world.product.db.unit(demoted)
    count = len(await world.phone(SUPERVISOR).received())
    await world.advance(24 * 3600)
    assert len(await world.phone(SUPERVISOR).received()) == count
