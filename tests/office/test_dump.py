"""Everything out and in again: the same database, whatever the engine; and nothing at all where it can't be."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from bot.cli import app
from bot.office.dump import MANIFEST, NotADumpError, NotEmptyError, export_all, import_all, models
from bot.settings import Settings
from storage.cases.debtor import Debtor, read_id_number
from storage.engine.audit import verify
from storage.engine.sql import fetch
from storage.opening import open_database
from storage.people.person import Person
from tests.world import HEAD, JUDGE, SAMPLE, SECOND_JUDGE, SECRETARY, SUPERVISOR, Stage

pytestmark = pytest.mark.slow


def nothing(_done: int, _all: int) -> None:
    """No progress to show."""


async def filled(stage: Stage) -> None:
    """A little of everything that people do."""
    async with stage.world() as world:
        await world.phone(SECRETARY).says("林永福回来了，在村委，保密")
        await world.phone(SECRETARY).sends(location={"latitude": 28.66, "longitude": 120.09})
        await world.phone(JUDGE).taps("办结", await world.phone(JUDGE).expects("林永福回来了"))
        await world.phone(JUDGE).taps("当场履行")
        await world.phone(JUDGE).says("5000.50")
        await world.phone(HEAD).says("/duty 设 明天 郑雅芳")
        await world.phone(SECOND_JUDGE).says("/leave 明天")
        await world.phone(SUPERVISOR).says("/digest 8")
        await world.phone(SUPERVISOR).says("/case 456")
        await world.settled()


async def contents() -> dict[str, list[dict[str, Any]]]:
    found = {}
    for model in models():
        rows = await model.all().order_by(model._meta.pk_attr)
        found[model._meta.db_table] = [
            {name: getattr(row, name) for name in model._meta.fields_db_projection} for row in rows
        ]
    return found


async def test_out_and_in_again_it_is_the_same(stage: Stage, tmp_path: Path) -> None:
    await filled(stage)
    settings, told = stage.settings, list[tuple[int, int]]()
    async with open_database(settings.database_url, settings.secrets(), clock=stage.clock) as db:
        before = await contents()
        count = await export_all(db, tmp_path / "out", lambda done, all_: told.append((done, all_)), spreadsheet=True)
    assert told[-1] == (count, count) and count == sum(len(rows) for rows in before.values())
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())
    assert manifest["tables"]["alert"]["rows"] == 1 and manifest["tables"]["person"]["columns"]["phone"] == "char"
    book = load_workbook(tmp_path / "out" / "all.xlsx", read_only=True)
    assert set(book.sheetnames) == set(before)
    assert "331122196903120114" not in "".join(path.read_text() for path in (tmp_path / "out").glob("*.jsonl"))
    # Into an empty database of the embedded engine, whatever it came from.
    other = Settings(data=tmp_path / "other", key=settings.key or (settings.data / "key").read_text().strip())
    async with open_database(other.database_url, other.secrets(), clock=stage.clock) as db:
        assert await import_all(db, tmp_path / "out", nothing) == count
        after = await contents()
        assert set(after) == set(before)
        for table, rows in before.items():
            assert after[table] == rows, table
        assert (await verify(db.secrets)).broken is None
        debtor = await Debtor.get(name="林永福")
        assert await db.unit(lambda: _number(debtor)) == "331122196903120114"
        with pytest.raises(NotEmptyError):
            await import_all(db, tmp_path / "out", nothing)
    async with open_database(other.database_url, other.secrets(), clock=stage.clock) as db:
        assert await fetch("SELECT 1 FROM trace WHERE debtor_id = ?", debtor.id), (
            "the words by which people are found are made anew"
        )
        made = await db.unit(lambda: Person.create(name="新人", phone="1", role="admin", area_code="33"))
        assert made.id > max(row["id"] for row in before["person"])


async def _number(debtor: Debtor) -> str:
    return read_id_number(debtor, "test")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("harm", ["cut", "changed", "gone", "version", "none"])
async def test_what_is_not_whole_changes_nothing(stage: Stage, tmp_path: Path, harm: str) -> None:
    settings, out = stage.settings, tmp_path / "out"
    async with open_database(settings.database_url, settings.secrets(), clock=stage.clock) as db:
        await export_all(db, out, nothing)
    file = out / "person.jsonl"
    if harm == "cut":
        file.write_bytes(file.read_bytes()[:-20])
    elif harm == "changed":
        file.write_text(file.read_text().replace("应建华", "应建国"))
    elif harm == "gone":
        file.unlink()
    elif harm == "version":
        manifest = json.loads((out / MANIFEST).read_text())
        manifest["migrations"].append("9999_future")
        (out / MANIFEST).write_text(json.dumps(manifest))
    else:
        shutil.rmtree(out)
    other = Settings(data=tmp_path / "other", key=settings.key or (settings.data / "key").read_text().strip())
    async with open_database(other.database_url, other.secrets(), clock=stage.clock) as db:
        before = await contents()
        with pytest.raises(NotADumpError):
            await import_all(db, out, nothing)
        assert await contents() == before


def test_the_commands_say_what_they_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Import, history, taking back, everything out and in again, as an administrator types it."""
    run = CliRunner()

    def types(*words: str, data: str, code: int = 0) -> str:
        monkeypatch.setenv("CHUISHAO_DATA", str(tmp_path / data))
        found = run.invoke(app.app, list(words))
        assert found.exit_code == code, (found.output, found.exception)
        return found.output

    for kind in ("areas", "people", "cases"):
        types("import", kind, str(SAMPLE / f"sample-{kind}.csv"), data="one")
    listed = types("imports", data="one")
    assert listed.count("sample-") == 3 and "cases sample-cases.csv：新增 27，更改 0" in listed
    assert "已撤回 sample-cases.csv" in types("imports", "--undo", "--yes", data="one")
    assert "（已撤回）" in types("imports", data="one")
    types("import", "cases", str(SAMPLE / "sample-cases.csv"), data="one")
    assert "导出" in types("export", str(tmp_path / "out"), "--all", data="one")
    assert "不是完整的导出" in types("import", "all", str(tmp_path / "none"), data="two", code=1)
    assert "密钥不是导出时的那个" in types("import", "all", str(tmp_path / "out"), data="two", code=1)
    monkeypatch.setenv("CHUISHAO_KEY", (tmp_path / "one" / "key").read_text().strip())
    assert "导回" in types("import", "all", str(tmp_path / "out"), data="two")
    assert "已经有人员或案件" in types("import", "all", str(tmp_path / "out"), data="two", code=1)
