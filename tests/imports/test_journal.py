"""The last import taken back: as if it had never been, unless something was built on it."""

from pathlib import Path

import pytest

from bot.office.importing import Kind, import_file
from storage.cases.case import Case, CaseDebtor, CaseStatus
from storage.cases.debtor import Debtor
from storage.engine.sql import fetch
from storage.imports import journal
from storage.imports.journal import ImportRun, InUseError
from storage.people.area import Area
from storage.people.person import Person
from tests.office.test_dump import contents
from tests.world import ADMIN, SECRETARY, World

HEADS = "案号,被执行人,曾用名/绰号,身份证号码,所在村社,承办法官工号,执行标的(元),车牌号\n"
CHANGED = "（2013）浙1122执456号,林永福,阿福,331122196903120114,周弄村,FY102,999,浙K8G12A\n"
ADDED = "（2026）浙1122执9001号,吴新来,新哥,,周弄村,FY101,1000,浙K00001\n"
OURS = {"import_run", "audit", "audit_head", "inbox", "outbox", "delivery"}


async def take(world: World, kind: Kind, path: Path, text: str) -> None:
    path.write_text(text)
    done = await import_file(world.product.db, kind, path, lambda _done, _all: None)
    assert done.written and not done.report.rejected, done.report


async def undo(world: World) -> None:
    row = await journal.last()
    assert row is not None
    await world.product.db.unit(lambda: journal.undo(row))


async def rest() -> dict[str, object]:
    return {table: rows for table, rows in (await contents()).items() if table not in OURS}


async def test_cases_go_and_come_back_as_they_were(world: World, tmp_path: Path) -> None:
    before, words = await rest(), await fetch("SELECT count(*) FROM trace")
    await take(world, Kind.CASES, tmp_path / "a.csv", HEADS + CHANGED + ADDED)
    assert (await CaseDebtor.get(case__number="（2013）浙1122执456号")).amount == 999
    assert await Debtor.filter(name="吴新来").exists()
    await undo(world)
    assert await rest() == before and [tuple(row) for row in await fetch("SELECT count(*) FROM trace")] == [
        tuple(row) for row in words
    ]
    assert await journal.last() is not None, "the ones before it are there still"
    assert (await ImportRun.all().order_by("-id"))[0].undone_at is not None


async def test_people_areas_and_duty_too(world: World, tmp_path: Path) -> None:
    before = await rest()
    await take(world, Kind.AREAS, tmp_path / "areas.csv", "区划代码,名称\n331122203999,新设村\n331122203226,周弄新村\n")
    people = "姓名,手机号,角色,辖区代码,Telegram号\n新来的,19800007777,网格员,331122203999,77777\n"
    people += "应建华,19800001001,网格员,331122203226,\n"
    await take(world, Kind.PEOPLE, tmp_path / "people.csv", people)
    await take(world, Kind.DUTY, tmp_path / "duty.csv", "日期,工号\n2026-12-01,FY101\n")
    for _ in range(3):
        await undo(world)
    assert await rest() == before
    assert not await Area.filter(code="331122203999").exists() and not await Person.filter(name="新来的").exists()


async def test_what_something_was_built_on_stays_and_what_has_changed_since_is_left(
    world: World, tmp_path: Path
) -> None:
    await take(world, Kind.CASES, tmp_path / "a.csv", HEADS + ADDED + CHANGED)
    await world.phone(SECRETARY).says("吴新来回来了，在村委")
    await world.settled()
    before = await rest()
    with pytest.raises(InUseError) as refused:
        await undo(world)
    assert refused.value.args == ("suspect", 1) and await rest() == before
    await take(world, Kind.CASES, tmp_path / "b.csv", HEADS + CHANGED.replace("999", "555"))

    async def settled() -> None:
        await Case.filter(number="（2013）浙1122执456号").update(status=CaseStatus.SETTLING)
        await CaseDebtor.filter(case__number="（2013）浙1122执456号").update(amount=1)

    await world.product.db.unit(settled)
    await undo(world)
    party = await CaseDebtor.get(case__number="（2013）浙1122执456号").prefetch_related("case")
    assert party.amount == 1 and party.case.status is CaseStatus.SETTLING


async def test_a_number_that_was_taken_back_is_not_given_again(world: World, tmp_path: Path) -> None:
    """Who follows the case that was taken back would follow somebody else's."""
    await take(world, Kind.CASES, tmp_path / "a.csv", HEADS + ADDED)
    first = await Case.get(number="（2026）浙1122执9001号")
    await undo(world)
    await take(world, Kind.CASES, tmp_path / "b.csv", HEADS + ADDED.replace("9001", "9002"))
    assert (await Case.get(number="（2026）浙1122执9002号")).id == first.id + 1
    supervisor = world.phone(9202)
    await supervisor.says("/case 9002")
    await supervisor.taps("关注", await supervisor.expects("9002"))
    await world.settled()
    with pytest.raises(InUseError):
        await undo(world)


async def test_who_is_erased_is_erased_from_the_journal(world: World, tmp_path: Path) -> None:
    text = HEADS + CHANGED.replace("林永福,阿福", "林永福,阿福,").replace(",,", ",")
    await take(world, Kind.CASES, tmp_path / "a.csv", text)
    await world.phone(ADMIN).says("/erase 林永福")
    await world.phone(9110).taps("同意", await world.phone(9110).expects("【要您同意】"))
    await world.settled()
    assert not [row for row in await ImportRun.all() if '"case_debtor", 1,' in row.journal]
