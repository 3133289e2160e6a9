"""Villages: one added, one given another name, in the chat."""

import pytest

from storage.engine.audit import AuditEntry
from storage.people.area import Area
from tests.world import ADMIN, HEAD, JUDGE, SECRETARY, World


async def test_an_administrator_adds_a_village_and_debtors_may_live_there(world: World) -> None:
    admin = world.phone(ADMIN)
    await admin.says("/areas")
    await admin.expects("七里乡")
    await admin.says("/areas 加 新联村 七里乡")
    await admin.expects("已加：七里乡新联村，区划代码 331122203900")
    await admin.says("/areas 加 新联 七里乡")
    await admin.expects("新联 已经有了")
    await admin.says("/areas 加 二联村 七里乡 331122203901")
    await admin.expects("区划代码 331122203901")
    await admin.says("/people 加 王小二 13912345679 网格员 七里乡新联村")
    await admin.expects("王小二")
    assert await AuditEntry.filter(action="area.added").count() == 2


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("/areas 加 新联村 没有乡", "没有这个乡镇：没有乡"),
        ("/areas 加 新联村 周弄村", "没有这个乡镇：周弄村"),
        ("/areas 加 新联村 七里乡 331122103001", "不在这个乡镇"),
        ("/areas 改 没有村 新村", "没有这个村或乡镇：没有村"),
        ("/areas 改 缙云县 新县", "没有这个村或乡镇：缙云县"),
        ("/areas 删 周弄村", "加村：/areas 加"),
        ("/areas 加", "加村：/areas 加"),
    ],
)
async def test_what_cant_be_done_is_said(world: World, said: str, answer: str) -> None:
    before = await Area.all().count()
    await world.phone(ADMIN).says(said)
    await world.phone(ADMIN).expects(answer)
    assert await Area.all().count() == before


async def test_a_village_under_another_name_is_read_and_written_so(world: World) -> None:
    await world.phone(HEAD).says("/areas 改 周弄村 周新村")
    await world.phone(HEAD).expects("没有这个命令")
    await world.phone(ADMIN).says("/areas 改 周弄村 周新村")
    await world.phone(ADMIN).expects("周弄村 → 七里乡周新村")
    await world.phone(SECRETARY).says("老林回来了，人就在村委")
    await world.phone(JUDGE).expects("周新村")
