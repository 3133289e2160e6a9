"""Importing what offices have: the corpus's untidy export and roster, and every kind of bad file."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from bot.office import spreadsheet
from bot.office.exporting import export_cases
from bot.office.importing import Imported, Kind, import_file
from bot.office.reader import _read as read_here
from bot.office.spreadsheet import NotASpreadsheetError, rejects, write
from storage.cases.case import Case, CaseDebtor
from storage.cases.debtor import Debtor, DebtorKind, read_id_number
from storage.duty.ladder import stand_in
from storage.duty.shift import Shift
from storage.engine.text import printable
from storage.imports import areas
from storage.imports.normal import Unclear, aliases, day, money, phone, plates, untricked
from storage.imports.table import MissingHeadersError, table_of
from storage.opening import open_database
from storage.people.endpoint import Endpoint
from storage.people.person import Person, by_id, find
from storage.reading.sums import paid_in
from tests.conftest import needs_corpus
from tests.world import JUDGE, SAMPLE, Stage

CORPUS = needs_corpus()
CASES = "案号,被执行人,所在村社,承办法官工号,备注\n"


async def run(stage: Stage, kind: Kind, path: Path, **how: bool) -> Imported:
    settings = stage.settings
    async with open_database(settings.database_url, settings.secrets(), clock=stage.clock) as db:
        return await import_file(db, kind, path, lambda _done, _all: None, **how)


def codes(done: Imported) -> dict[int, str]:
    return {remark.line: remark.code for remark in done.report.rejected}


@pytest.fixture
async def county(stage: Stage) -> Stage:
    """The corpus's own people, so that its cases find their judges."""
    await run(stage, Kind.PEOPLE, CORPUS("corpus/people.csv"))
    return stage


async def test_the_clerks_export(county: Stage) -> None:
    done = await run(county, Kind.CASES, CORPUS("corpus/cases.csv"))
    assert codes(done) == {
        18: "negative_amount",
        30: "impossible_date",
        37: "case_no",
        64: "case_no",
        68: "village",
        83: "impossible_date",
        84: "missing_debtor",
        87: "missing_debtor",
        119: "case_no",
        130: "case_no",
        133: "impossible_date",
    }
    left = done.report.left
    assert (done.report.added, left["repeated"], left["blank"] + left["total"]) == (115, 2, 4)
    # two companies that had no code have one now; two people stand in their cases already, with an id number
    assert (done.report.changed, done.report.rows) == (4, 136)
    warned = [remark.code for remark in done.report.warnings]
    assert warned.count("judge_staff_no") == 3 and warned.count("plate") == 1
    settings = county.settings
    async with open_database(settings.database_url, settings.secrets(), clock=county.clock) as db:
        assert await Case.filter(judge_id=None, number__contains="浙1122").count() == 3
        assert await Debtor.filter(kind=DebtorKind.COMPANY).count() >= 3
        several = [row for row in await Debtor.all().prefetch_related("parties") if len(row.parties) == 3]
        assert several
        note = await CaseDebtor.filter(note__startswith="=HYPERLINK").first()
        assert note is not None
        assert await CaseDebtor.filter(note__contains="无牌三轮").exists()
        assert db.secrets


async def test_importing_again_changes_nothing(county: Stage) -> None:
    await run(county, Kind.CASES, CORPUS("corpus/cases.csv"))
    again = await run(county, Kind.CASES, CORPUS("corpus/cases.csv"))
    assert (again.report.added, again.report.changed, again.report.unchanged) == (0, 0, 119)
    assert not again.written
    people = await run(county, Kind.PEOPLE, CORPUS("corpus/people.csv"))
    assert (people.report.added, people.report.changed, people.written) == (0, 0, False)


async def test_the_roster_of_people(stage: Stage) -> None:
    done = await run(stage, Kind.PEOPLE, CORPUS("corpus/people.csv"))
    assert list(codes(done).values()) == ["area", "same_phone", "phone_form", "missing_name"]
    assert done.report.added == 46
    settings = stage.settings
    async with open_database(settings.database_url, settings.secrets(), clock=stage.clock):
        (narrow,) = await find("方六")
        assert narrow.phone.isascii() and not await Endpoint.filter(person_id=narrow.id).exists()
        assert await Endpoint.filter(channel="telegram", chat_id=810001).exists()


async def test_rejected_rows_can_be_corrected_and_imported(county: Stage, tmp_path: Path) -> None:
    done = await run(county, Kind.CASES, CORPUS("corpus/cases.csv"))
    target = tmp_path / "退回.csv"
    write(target, *rejects(done.table.headers, [(row, remark.code) for row, remark in done.rejected_rows]))
    again = await run(county, Kind.CASES, target)
    assert len(again.report.rejected) == 11 and again.report.added == 0 and again.unknown_headers == []
    mended = target.read_text("utf-8-sig").replace("'-5000", "5000").replace("天外天村", "岩下村")
    target.write_text(mended, "utf-8-sig")
    assert (await run(county, Kind.CASES, target)).report.added == 2


async def test_strict_and_dry_run_write_nothing(county: Stage) -> None:
    for how in ({"strict": True}, {"dry_run": True}):
        done = await run(county, Kind.CASES, CORPUS("corpus/cases.csv"), **how)
        assert done.report.added == 115 and not done.written
    settings = county.settings
    async with open_database(settings.database_url, settings.secrets(), clock=county.clock):
        assert await CaseDebtor.all().count() == 27


async def test_the_same_table_in_every_format(stage: Stage, tmp_path: Path) -> None:
    text = CASES + "（2022）浙1122执9001号,吴一,周弄村,FY101,甲\n"
    rows = list(csv.reader(io.StringIO(text)))
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    (tmp_path / "b.csv").write_text(text, "gb18030")
    (tmp_path / "c.csv").write_text(text, "utf-8-sig")
    (tmp_path / "d.csv").write_text(text, "utf-8")
    assert (await run(stage, Kind.CASES, tmp_path / "a.xlsx")).report.added == 1
    for name in ("b.csv", "c.csv", "d.csv"):
        assert (await run(stage, Kind.CASES, tmp_path / name)).report.unchanged == 1


async def test_what_is_no_spreadsheet_or_lacks_headers(stage: Stage, tmp_path: Path) -> None:
    for name, content in {
        "a.csv": b"\x89PNG\r\n\0\0",
        "b.xlsx": b"PK\x03\x04 broken",
        "c.csv": b"",
        "d.csv": b"\xff\xfe\0",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(NotASpreadsheetError):
            await run(stage, Kind.CASES, tmp_path / name)
    for content in ("案号,姓名\n1,2\n",):
        (tmp_path / "e.csv").write_text(content)
        with pytest.raises(MissingHeadersError, match="被执行人"):
            await run(stage, Kind.CASES, tmp_path / "e.csv")


async def test_unknown_headers_are_named_and_ignored(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("星座,案号,被执行人,所在村社\n狮子,（2022）浙1122执9001号,吴一,周弄村\n")
    done = await run(stage, Kind.CASES, tmp_path / "a.csv")
    assert done.unknown_headers == ["星座"] and done.report.added == 1


async def test_a_formula_stays_text_in_and_out(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CASES + '（2022）浙1122执9001号,吴一,周弄村,FY101,"=HYPERLINK(""http://x"")"\n')
    await run(stage, Kind.CASES, tmp_path / "a.csv")
    settings = stage.settings
    async with open_database(settings.database_url, settings.secrets(), clock=stage.clock) as db:
        for name in ("out.csv", "out.xlsx"):
            assert await export_cases(db, tmp_path / name, lambda _done, _all: None) == 28
    assert "'=HYPERLINK" in (tmp_path / "out.csv").read_text("utf-8-sig")
    sheet = load_workbook(tmp_path / "out.xlsx").worksheets[0]
    assert all(cell.data_type == "s" for row in sheet.iter_rows() for cell in row if cell.value is not None)
    for name in ("out.csv", "out.xlsx"):
        again = await run(stage, Kind.CASES, tmp_path / name)
        assert (again.report.added, again.report.changed, again.report.unchanged) == (0, 0, 28)


async def test_id_numbers_are_sealed_and_found_blindly(stage: Stage, tmp_path: Path) -> None:
    settings = stage.settings
    async with open_database(settings.database_url, settings.secrets(), clock=stage.clock) as db:
        debtor = await Debtor.get(name="林永福")
        number = "331122196903120114"
        assert number not in debtor.id_sealed and debtor.id_index == db.secrets.index(number)
        assert await db.unit(lambda: reads(debtor)) == number
        raw = settings.database_path.read_bytes() if settings.database_path else b""
        assert number.encode() not in raw


async def reads(debtor: Debtor) -> str:
    return read_id_number(debtor, "test")


async def test_a_duty_list_says_who_stands_in(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "duty.csv").write_text("日期,工号,姓名\n2026-11-24,FY103,丁卫东\n2026-02-30,FY103,\n2026-11-25,XX,\n")
    done = await run(stage, Kind.DUTY, tmp_path / "duty.csv")
    assert codes(done) == {3: "impossible_date", 4: "staff_no"}
    stage.clock.advance(9 * 3600)  # a day's duty begins in the evening
    settings = stage.settings
    async with open_database(settings.database_url, settings.secrets(), clock=stage.clock):
        person = await by_id(await stand_in("331122203226", stage.clock.now()))
        assert person is not None and person.name == "丁卫东" and await Shift.all().count() == 1
    async with stage.world() as world:
        await world.phone(9001).says("有个姓赵的老板回来了，在晒谷场")
        await world.phone(9103).expects("名单外线索")


async def test_a_duty_list_as_offices_keep_it(stage: Stage, tmp_path: Path) -> None:
    """Names instead of numbers, several in a cell, the day merged over its rows, who leads in a column of its own."""
    path = tmp_path / "值班表.xlsx"
    rows = [
        ["日期", "星期", "带班领导", "值班人员"],
        ["12月1日（周二）", "二", "胡建平", "沈立群、郑雅芳"],
        ["", "", "", "丁卫东"],
        ["2026年12月2日", "三", "胡建平", "无此人"],
        ["12.3", "四", "", ""],
        ["12月4日", "五", "", "周明月"],
    ]
    spreadsheet.write(path, ["执行局十二月值班表", "", "", ""], rows)
    done = await run(stage, Kind.DUTY, path)
    assert codes(done) == {5: "not_of_the_court", 6: "nobody_on_duty", 7: "not_of_the_court"}
    assert (await run(stage, Kind.DUTY, path)).report.added == 0
    settings = stage.settings
    async with open_database(settings.database_url, settings.secrets(), clock=stage.clock):
        found = await Shift.all().order_by("id").prefetch_related("person")
        names = [(row.person.name, row.lead) for row in found]
        assert names == [("沈立群", False), ("郑雅芳", False), ("胡建平", True), ("丁卫东", False)]
        assert len({row.starts_at for row in found}) == 1
    (tmp_path / "bad.csv").write_text("日期,备注\n2026-11-24,x\n")
    with pytest.raises(MissingHeadersError):
        await run(stage, Kind.DUTY, tmp_path / "bad.csv")


async def test_an_import_beside_a_running_bot(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CASES + "（2022）浙1122执9001号,吴一,周弄村,FY101,\n")
    async with stage.world() as world:
        done = await import_file(world.product.db, Kind.CASES, tmp_path / "a.csv", lambda _d, _a: None)
        assert done.report.added == 1
        await world.phone(9001).says("吴一回来了，在小店")
        await world.phone(JUDGE).expects("吴一")


async def test_the_sample_that_ships_is_real_and_whole() -> None:
    rows = table_of(await spreadsheet.read(SAMPLE / "sample-areas.csv"), areas.COLUMNS).rows
    assert sum(row["级别"] == "village" for row in rows) > 200
    assert {row["区划代码"]: row["名称"] for row in rows}["331122203"] == "七里乡"


def test_cells_as_clerks_write_them() -> None:
    assert [str(day(text, "x")) for text in ("2013/8/15", "2013年11月15日", "20180406", "2018-07-17")] == [
        "2013-08-15", "2013-11-15", "2018-04-06", "2018-07-17",
    ]  # fmt: skip
    amounts = {"130,000": "130000", "4.3万": "43000", "67000元": "67000", "255,000.00": "255000", " 12 000 ": "12000"}
    for text, value in amounts.items():
        assert money(text) == Decimal(value)
    assert paid_in("当场付了3万，余下分两年") == 30000 and paid_in("没付") is None
    assert aliases("春生、杜老师/老杜；阿春 生哥") == ["春生", "杜老师", "老杜", "阿春", "生哥"]
    assert plates("浙k8g12a，浙K1234, 无牌三轮") == (["浙K8G12A"], ["浙K1234", "无牌三轮"], [])
    assert phone("１９８　0000 1234") == "19800001234"


@given(st.text(max_size=40))
def test_a_cell_is_understood_or_refused_never_an_accident(text: str) -> None:
    for read in (lambda: day(text, "x"), lambda: money(text), lambda: phone(text)):
        try:
            read()
        except Unclear as why:
            assert why.code
    plates(text)
    aliases(text)


@given(st.dates(min_value=day("1950-01-01", "x"), max_value=day("2099-12-31", "x")))
def test_every_date_in_every_form(value: object) -> None:
    assert hasattr(value, "strftime")
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y%m%d"):
        assert day(value.strftime(form), "x") == value


CELL = st.text(st.characters(codec="utf-8"), max_size=20)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=6))
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    """Every cell as far as a clerk can see it: control characters are blanks."""
    path = tmp_path_factory.mktemp("sheet")
    header = ["甲", "乙", "丙"]
    for name in ("a.csv", "a.xlsx"):
        spreadsheet.write(path / name, header, rows)
        found = list(read_here(path / name))
        seen = [[untricked(printable(cell or "")) for cell in line[1:]] for line in found if isinstance(line, list)]
        wanted = [[untricked(printable(cell)) for cell in row] for row in [header, *rows]]
        assert [line for line in seen if any(line)] == [line for line in wanted if any(line)], name


async def test_nobody_is_renamed_by_a_shared_phone(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("姓名,手机号,角色,辖区代码\n别人,19800001001,网格员,331122203226\n")
    assert codes(await run(stage, Kind.PEOPLE, tmp_path / "p.csv")) == {2: "phone_of_another"}
    settings = stage.settings
    async with open_database(settings.database_url, settings.secrets(), clock=stage.clock):
        assert (await Person.get(phone="19800001001")).name == "应建华"


async def test_who_reports_may_have_several_villages_and_nobody_else(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(
        "姓名,手机号,角色,辖区代码\n"
        "甲,19811110001,网格员,331122203226、331122203240\n"
        "乙,19811110002,执行法官,331122、331122203\n"
        "丙,19811110003,网格员,331122203226 999999999999\n"
        f"丁,19811110004,网格员,{'，'.join(f'3311222032{n}' for n in (26, 40))}，331122103224\n",
        "utf-8",
    )
    done = await run(stage, Kind.PEOPLE, file)
    assert codes(done) == {3: "areas", 4: "area"}
    settings = stage.settings
    async with open_database(settings.database_url, settings.secrets()):
        first, last = await Person.get(name="甲"), await Person.get(name="丁")
    assert first.area_codes == ["331122203226", "331122203240"] and first.covers("331122203240")
    assert last.area_codes == ["331122203226", "331122203240", "331122103224"]
    assert (await run(stage, Kind.PEOPLE, file)).report.unchanged == 2


async def test_a_known_debtor_without_a_number_in_the_file_is_no_second_one(county: Stage, tmp_path: Path) -> None:
    """The same name in the same case is the same person; what the file says of them goes in."""
    path = tmp_path / "again.csv"
    path.write_text("案号,被执行人,所在村社,执行标的(元)\n（2013）浙1122执456号,林永福,周弄村,140000\n")
    done = await run(county, Kind.CASES, path)
    assert (done.report.added, done.report.changed) == (0, 1)
    settings = county.settings
    async with open_database(settings.database_url, settings.secrets(), clock=county.clock):
        assert await Debtor.filter(name="林永福").count() == 1
        assert (await CaseDebtor.get(case__number="（2013）浙1122执456号")).amount == 140_000
