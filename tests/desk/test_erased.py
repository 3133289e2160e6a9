"""Erased is erased: the person is looked for in every table, file and message; and no file brings them back."""

import re
from pathlib import Path

from tortoise import Tortoise

from bot.office.importing import Kind, import_file
from storage.cases.case import Case
from storage.cases.debtor import Debtor
from storage.people.person import Person
from storage.post.inbox import Inbox, InboxState
from tests.desk.test_privacy import erase
from tests.desk.test_unnamed import _unpacked as unpacked
from tests.post.test_delivery import tell_it_everywhere
from tests.world import HEAD, SAMPLE, SECRETARY, World

WHO = re.compile("林永福|阿福|331122196903120114|19900000011|浙?K8G12A|祠堂后面")
HEADER = "案号,被执行人,性别,身份证号码,所在村社,立案日期,承办法官,承办法官工号\n"


async def _in_the_database() -> list[str]:
    return [
        f"{model._meta.db_table}: {found[0]} in {row}"
        for model in Tortoise.apps["chuishao"].values()
        for row in await model.all().values()
        if (found := WHO.search(str(row).encode().decode("unicode_escape", "ignore") + str(row)))
    ]


async def _on_phones(world: World) -> list[str]:
    rows = await world.store.transact(lambda db: db.execute("SELECT chat_id, body FROM message").fetchall())
    said = [
        f"{row['chat_id']}: {text}" for row in rows if WHO.search(text := row["body"].encode().decode("unicode_escape"))
    ]
    files = [path.name for path in world.store.files.iterdir() if WHO.search(unpacked(path.read_bytes()))]
    return said + files


async def test_an_erased_person_is_in_no_table_file_or_message(world: World) -> None:
    await tell_it_everywhere(world)
    await world.phone(HEAD).says("/case K8G12A")
    await world.phone(HEAD).says("林永福还欠多少")
    await world.settled()
    assert await _in_the_database() and await _on_phones(world), "else this story could not fail"
    await erase(world, "林永福")
    await world.advance(5)
    assert await _in_the_database() == []
    assert await _on_phones(world) == []


async def test_a_broken_update_does_not_stand_in_the_way(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.settled()

    async def broken() -> None:
        odd = {"received_at": world.clock.now(), "not_before": world.clock.now(), "state": InboxState.DEAD}
        for number, payload in enumerate(['{"message": {"text": "\\u6797\\u6c38\\u798f', "[1, 2", "null", ""]):
            await Inbox.create(channel="telegram", update_id=900 + number, chat_id=SECRETARY, payload=payload, **odd)

    await world.product.db.unit(broken)
    await erase(world, "林永福")
    assert await _in_the_database() == []
    assert await Inbox.filter(payload="[1, 2").exists(), "what doesn't say the name stays to be looked at"


async def _import(world: World, path: Path) -> str:
    done = await import_file(world.product.db, Kind.CASES, path, lambda _done, _all: None, strict=False)
    return str([(one.line, one.code, one.word) for one in done.report.rejected])


async def test_no_file_brings_an_erased_person_back(world: World, tmp_path: Path) -> None:
    await erase(world, "林永福")
    told = await world.phone(HEAD).expects("以前做的备份和导出里还有")
    assert "林永福" not in told.text
    before = await Debtor.all().count()
    rejected = await _import(world, SAMPLE / "sample-cases.csv")
    assert "erased" in rejected and "执456号" in rejected and rejected.count("erased") == 1
    assert await Debtor.all().count() == before and await _in_the_database() == []
    without_number = tmp_path / "cases.csv"
    without_number.write_text(
        f"{HEADER}（2013）浙1122执456号,林永福,男,,七里乡周弄村,2013-08-15,沈立群,FY101\n"
        "（2012）浙1122执9号,林永福,男,331122196903120114,七里乡周弄村,2012-08-15,沈立群,FY101\n"
        "（2012）浙1122执10号,林永福,男,331122197703180150,七里乡周弄村,2012-08-15,沈立群,FY101\n"
    )
    rejected = await _import(world, without_number)
    assert rejected.count("erased") == 2 and "执10号" not in rejected, "somebody else of that name isn't erased"
    assert await Case.filter(number="（2012）浙1122执10号").exists()
    assert not await Case.filter(number="（2012）浙1122执9号").exists()


async def test_a_case_that_is_filed_afterwards_is_another_matter(world: World, tmp_path: Path) -> None:
    await erase(world, "林永福")
    world.clock.advance(40 * 24 * 3600)
    later = tmp_path / "cases.csv"
    later.write_text(
        f"{HEADER}（2027）浙1122执77号,林永福,男,331122196903120114,七里乡周弄村,2027-01-02,沈立群,FY101\n"
    )
    assert await _import(world, later) == "[]"
    assert await Person.filter(cases__number="（2027）浙1122执77号").exists()
