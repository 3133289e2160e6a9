"""Files as offices have them: what a careful clerk would expect of each, and of its siblings."""

import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from bot.office import reader, spreadsheet
from bot.office.importing import Imported, Kind, import_file
from bot.office.spreadsheet import NotASpreadsheetError
from storage.cases.case import Case, CaseDebtor
from storage.cases.debtor import Debtor, DebtorKind, read_id_number
from storage.cases.number import parse_case_nos
from storage.duty.leave import Leave
from storage.duty.shift import Shift
from storage.engine.clock import local
from storage.engine.database import Database
from storage.imports.duty import days_in
from storage.imports.normal import Unclear, day, id_number, is_filler, money_about, phone, plates, untricked
from storage.opening import open_database
from storage.people.area import Area, short_code
from storage.people.person import Person
from tests.conftest import needs_corpus
from tests.world import Stage, World

CORPUS = needs_corpus()
HEADERS = "案号,被执行人,所在村社,承办法官工号,备注"


@pytest.fixture
def engine() -> str:
    """One is enough: what differs between the two is tried elsewhere."""
    return "sqlite"


@pytest.fixture
async def db(stage: Stage) -> AsyncIterator[Database]:
    settings = stage.settings
    async with open_database(settings.database_url, settings.secrets(), clock=stage.clock) as opened:
        yield opened


async def take(db: Database, kind: str, path: Path) -> Imported:
    done = await import_file(db, Kind(kind), path, lambda _done, _all: None)
    assert done.report.rows == len(done.table.rows) + sum(done.table.left.values()), "every row of the file is counted"
    return done


async def case(db: Database, name: str, kind: str = "cases") -> Imported:
    return await take(db, kind, CORPUS(f"cases/{name}"))


async def written(db: Database, path: Path, text: str, kind: str = "cases") -> Imported:
    path.write_text(text, "utf-8")
    return await take(db, kind, path)


def said(done: Imported) -> list[tuple[int, str]]:
    """Reasons and warnings that aren't about an id number, by line."""
    dull = ("id_missing", "id_check_digit", "judge_missing")
    return [(one.line, one.code) for one in (*done.report.rejected, *done.report.warnings) if one.code not in dull]


def columns(name: str) -> str:
    return f"案号,被执行人,所在村社,{name}\n"


async def only(name: str) -> Debtor:
    return await Debtor.get(name=name).prefetch_related("aliases", "plates", "parties__case")


# -- rows that disappeared -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "column"), [("i16_quote.csv", "cases", "住处"), ("i16c_quote_people.csv", "people", "单位")]
)
async def test_an_unclosed_quotation_mark_swallows_no_row(db: Database, name: str, kind: str, column: str) -> None:
    done = await case(db, name, kind)
    assert (done.report.added, said(done)) == (3, [(2, "stray_quote")])
    if kind == "cases":
        assert (await only("宓六")).hint == "老供销社后面" and (await only("宓八")).hint == ""
    else:
        assert (await Person.get(name="蓝甲")).organisation == "周弄村"


async def test_quotation_marks_in_every_other_place(db: Database, tmp_path: Path) -> None:
    rows = [
        '（2021）浙1122执1号,甲一,周弄村,FY101,"第一行\n第二行，有逗号,的"',
        '（2021）浙1122执2号,甲二,周弄村,FY101,他说"不还"',
        '（2021）浙1122执3号,甲三,周弄村,FY101,"他说""不还""，走了"',
        '（2021）浙1122执4号,甲四,周弄村,FY101,"半截"的话',
        '（2021）浙1122执5号,甲五,周弄村,FY101,"没关上',
        '（2021）浙1122执6号,甲六,周弄村,FY101,又没关上"',
        "（2021）浙1122执7号,甲七,周弄村,FY101,最后",
    ]
    done = await written(db, tmp_path / "a.csv", "\n".join([HEADERS, *rows]) + "\n")
    assert done.report.added == 7 and not done.report.rejected
    notes = {
        row.debtor.name: row.note
        for row in await CaseDebtor.filter(debtor__name__startswith="甲").prefetch_related("debtor")
    }
    assert notes["甲一"] == "第一行\n第二行，有逗号,的" and notes["甲二"] == '他说"不还"'
    assert notes["甲三"] == '他说"不还"，走了' and notes["甲七"] == "最后" and notes["甲五"] == "没关上"


@pytest.mark.parametrize(
    "name", ["i1_dimension", "i1_dimension_cols", "i1_dimension_rows", "i2_emptyfill", "i18_strict", "s2_style_noname"]
)
async def test_a_sheet_is_read_whatever_it_says_of_itself(db: Database, name: str) -> None:
    done = await case(db, f"{name}.xlsx")
    assert (done.report.added, said(done)) == (2, [])


async def test_every_visible_sheet_that_fits_is_read_and_the_others_named(db: Database) -> None:
    done = await case(db, "i3_sheets.xlsx")
    assert (done.report.added, done.table.sheets) == (3, ["七里乡", "壶镇镇"])
    done = await case(db, "i4_instructions.xlsx")
    assert done.report.added == 1 and [(one.code, one.word) for one in done.table.unread] == [
        ("sheet_headers", "填表说明")
    ]


async def test_a_rejected_row_names_its_sheet(db: Database, tmp_path: Path) -> None:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, number in (("一", "（2021）浙1122执1号"), ("二", "待补")):
        sheet = book.create_sheet(name)
        sheet.append(["被执行人名单"])
        sheet.append(["序号", "案号", "被执行人姓名", "所在村"])
        sheet.append([1, number, f"甲{name}", "周弄村"])
    hidden = book.create_sheet("旧表")
    hidden.append(["案号", "被执行人"])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    done = await take(db, "cases", tmp_path / "a.xlsx")
    assert done.report.added == 1
    assert [(one.sheet, one.line, one.code) for one in done.report.rejected] == [("二", 3, "case_no")]
    assert [one.code for one in done.table.unread] == ["sheet_hidden"]


async def test_a_header_that_stands_twice(db: Database, tmp_path: Path) -> None:
    done = await case(db, "i22_twice.csv")
    assert (await only("宓十九")).phone == "19822220001" and said(done) == [(1, "header_twice")]
    text = "案号,被执行人,所在村社,手机号,手机号\n（2021）浙1122执1号,甲一,周弄村,19811110001,19811110002\n"
    assert (2, "cells_differ") in said(await written(db, tmp_path / "a.csv", text))


async def test_what_surrounds_the_rows_is_left_out_and_counted(db: Database, tmp_path: Path) -> None:
    text = (
        "缙云县人民法院执行案件表,,,\n填报单位：执行局,,填报日期：2026年11月27日,\n,,,\n案号*,被 执 行 人,所在村（社）,备注\n"
        "（2021）浙1122执1号,甲一,周弄村,\n案号*,被 执 行 人,所在村（社）,备注\n（2021）浙1122执2号,甲二,周弄村,\n,,,\n合计,2,,\n"
        "注：以上不含恢复执行案件,,,\n制表：张三,审核：李四,,\n"
    )
    done = await written(db, tmp_path / "a.csv", text)
    assert done.report.added == 2 and not done.report.rejected
    assert dict(done.report.left) == {"heading": 1, "blank": 1, "total": 1, "note": 2} and done.report.rows == 7


# -- what the clerk sees in a cell ---------------------------------------------------------------------------------


async def test_a_formula_is_its_value_and_an_error_is_nothing(db: Database, tmp_path: Path) -> None:
    assert said(await case(db, "i19_formula.xlsx")) == [(2, "cell_formula")]
    await case(db, "i19b_formula.xlsx")
    found = await only("夹谷大")
    assert (found.registered_address, found.hint) == ("缓存值", "缓存值")
    done = await case(db, "i21_errors.xlsx")
    found = await only("宓十六")
    assert (found.hint, list(found.aliases)) == ("", []) and said(done) == [(2, "cell_error")] * 3
    book = Workbook()
    assert book.active is not None
    book.active.append(["案号", "被执行人", "所在村社", "住处"])
    book.active.append(["（2021）浙1122执1号", "甲一", "周弄村", "=VLOOKUP(B2,Sheet2!A:B,2,FALSE)"])
    book.save(tmp_path / "a.xlsx")
    done = await take(db, "cases", tmp_path / "a.xlsx")
    assert (await only("甲一")).hint == "" and said(done) == [(2, "cell_formula")]


async def test_zeros_in_front_come_from_the_format(db: Database, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["姓名", "手机号", "角色", "辖区代码", "工号"])
    for row, (number, form) in enumerate([(42, "00000"), (7, '"JY"000'), (1500, "General")], 2):
        sheet.append([f"蓝{row}", 19811130000 + row, "网格员", 331122203226, number])
        sheet.cell(row, 5).number_format = form
    book.save(tmp_path / "a.xlsx")
    assert (await take(db, "people", tmp_path / "a.xlsx")).report.added == 3
    assert [row.staff_no for row in await Person.filter(name__startswith="蓝").order_by("name")] == [
        "00042",
        "JY007",
        "1500",
    ]


async def test_fillers_are_nothing(db: Database) -> None:
    done = await case(db, "i9_placeholders.csv")
    assert (done.report.added, said(done)) == (6, [])
    for name in ("端木大", "端木二", "端木三", "端木四", "端木五", "端木六"):
        found = await only(name)
        assert (list(found.aliases), list(found.plates), found.hint, found.registered_address, found.phone) == (
            [],
            [],
            "",
            "",
            "",
        )


@pytest.mark.parametrize(
    "cell",
    ["无", " 无 ", "（无）", "无。", "N/A", "——", "/", "\\", "…", "－", "暂无", "null", "不清楚", "待核实", "无电话"],
)
def test_every_way_to_say_that_there_is_nothing(cell: str) -> None:
    assert is_filler(cell)


@pytest.mark.parametrize("cell", ["无名", "吴", "空山村", "不详路", "0", "A"])
def test_what_says_something(cell: str) -> None:
    assert not is_filler(cell)


async def test_a_number_that_excel_has_cut_is_lost_and_said(db: Database) -> None:
    for name, lines in (("i7_cut_ids.xlsx", [2, 3]), ("i7_cut_ids.csv", [2, 3])):
        done = await case(db, name)
        assert not done.report.rejected and [line for line, code in said(done) if code == "number_cut"] == lines
    for name in ("申屠午", "申屠未", "申屠申", "申屠酉", "申屠亥"):
        assert (await only(name)).id_index == ""
    assert (await only("申屠戌")).born == date(1978, 5, 6)  # fifteen digits, as they were


async def test_tricks_are_taken_off(db: Database) -> None:
    await case(db, "i6_tricks.csv")
    rows = await Debtor.filter(name__startswith="申屠")
    found = await db.unit(lambda: _numbers(rows))
    assert found == ["331122197805060031"] * 6
    done = await case(db, "i6_people.csv", "people")
    assert done.report.added == 7
    assert [row.phone for row in await Person.filter(name__startswith="蓝").order_by("phone")] == [
        f"1981111000{n}" for n in range(1, 8)
    ]


async def _numbers(rows: list[Debtor]) -> list[str]:
    return [read_id_number(row, "test") for row in rows]


@pytest.mark.parametrize(
    ("cell", "seen"),
    [
        ('="0012"', "0012"),
        ("'0012", "0012"),
        ("‘0012", "0012"),
        ("^0012", "0012"),
        ("\t0012", "0012"),
        ("'=1+1", "=1+1"),
        ("'引'文", "'引'文"),
    ],
)
def test_a_trick(cell: str, seen: str) -> None:
    assert untricked(cell) == seen


async def test_control_characters_become_blanks_and_the_export_works(db: Database, tmp_path: Path) -> None:
    await case(db, "i24_control.csv")
    assert (await only("宓二十")).hint == "老桥 头"
    party = await CaseDebtor.get(debtor__name="宓二十")
    assert party.note == "查无财产 已终本"
    spreadsheet.write(tmp_path / "a.xlsx", ["备注"], [["以前\x0b留下的"]])
    assert (await spreadsheet.read(tmp_path / "a.xlsx"))[0].lines[1][1] == ["以前 留下的"]


async def test_merged_cells_carry_down(db: Database, tmp_path: Path) -> None:
    done = await case(db, "i13_merged.xlsx")
    two = [(await only(name)).parties[0] for name in ("公西大", "公西二")]
    assert done.report.added == 2 and two[0].case_id == two[1].case_id and two[1].creditor == "吕申请"
    text = HEADERS + "\n（2021）浙1122执1号,甲一,周弄村,FY101,\n,甲二,周弄村,FY101,\n"
    assert said(await written(db, tmp_path / "a.csv", text)) == [(3, "case_no_merged")]
    text = HEADERS + "\n（2021）浙1122执2号,甲三,周弄村,FY101,\n同上,甲四,同上,FY101,\n"
    assert (await written(db, tmp_path / "a.csv", text)).report.added == 2
    assert (await only("甲三")).parties[0].case_id == (await only("甲四")).parties[0].case_id


# -- one form of several -------------------------------------------------------------------------------------------


async def test_case_numbers_as_they_are_written(db: Database) -> None:
    done = await case(db, "i10_numbers.csv")
    assert said(done)[:4] == [(17, "case_no_kind"), (24, "case_no"), (25, "case_no_kind"), (26, "case_no_kind")]
    assert said(done)[4:] == [(22, "several_numbers"), (23, "several_numbers")]
    numbers = {row.number for row in await Case.filter(parties__debtor__name__startswith="仲孙")}
    assert {
        "（2013）丽缙执民字第456号",
        "（2014）缙执字第123号",
        "（2019）浙1122执80号",
        "（2019）浙执84号",
        "（2019）浙11执83号",
    } <= numbers
    assert {f"（2019）浙1122执{n}号" for n in (95, 96, 97, 98)} <= numbers


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("〔2019〕浙1122执77号", ["（2019）浙1122执77号"]),
        ("2019年浙1122执77号", ["（2019）浙1122执77号"]),
        ("（2019）浙1122执77号之一", ["（2019）浙1122执77号"]),
        ("（2019）浙1122执77-1号", ["（2019）浙1122执77号"]),
        ("案号：（2019）浙1122执恢77号案", ["（2019）浙1122执恢77号"]),
        ("（2019）浙1122执1号\n（2020）浙1122执恢2号", ["（2019）浙1122执1号", "（2020）浙1122执恢2号"]),
        ("（2019）浙1122执1号和2号", ["（2019）浙1122执1号", "（2019）浙1122执2号"]),
        ("（2015）杭西执民字第1234号", ["（2015）杭西执民字第1234号"]),
        ("(2014)缙执123号", ["（2014）缙执字第123号"]),
        ("（2020）最高法执监3号", ["（2020）最高法执监3号"]),
        ("（2019）浙1122执1号，另有一件", []),
        ("（2019）浙1122执1-900号", []),
        ("（2019）浙1122执0号", []),
    ],
)
def test_a_cell_of_case_numbers(cell: str, numbers: list[str]) -> None:
    assert [str(number) for number in parse_case_nos(cell)] == numbers


async def test_dates_in_every_form(db: Database) -> None:
    for name, count in (("i5_dates.csv", 6), ("i5_dates.xlsx", 2), ("i20_1904.xlsx", 1)):
        done = await case(db, name)
        assert (done.report.added, said(done)) == (count, [])
    days = set(await Case.filter(parties__debtor__name__startswith="申屠").values_list("filed_on", flat=True))
    assert days == {date(2013, 8, 15)}


@pytest.mark.parametrize(
    "cell",
    ["2013年8月15日 星期四", "2013/8/15（周四）", "2013-08-15 上午 9:05", "2013.8.15.", "20130815103205", "2013-08-15T10:32:05+08:00", "2013 年 8 月 15 日",
     "二〇一三年八月十五日", "41501.44", "２０１３－０８－１５", "2013年08月15号", "2013-08-15 00:00:00.0"],
)  # fmt: skip
def test_a_date(cell: str) -> None:
    assert day(cell, "x") == date(2013, 8, 15)


@pytest.mark.parametrize(
    "cell", ["2013", "201308", "2013-13-01", "8月15日", "12345", "99999", "2013-08-15号楼", "5/8/2013"]
)
def test_no_date(cell: str) -> None:
    with pytest.raises(Unclear):
        day(cell, "x")


async def test_plates_as_they_are_painted(db: Database) -> None:
    done = await case(db, "i15_plates.csv")
    assert (done.report.added, said(done)) == (5, [])
    found = {
        name: [plate.number for plate in (await only(name)).plates] for name in ("宓大", "宓二", "宓三", "宓四", "宓五")
    }
    assert found == {
        "宓大": ["浙K7T35Q"],
        "宓二": ["浙K7T36Q"],
        "宓三": ["浙K7T37Q"],
        "宓四": ["浙K7T38Q"],
        "宓五": ["浙K7T39Q", "浙KD12345"],
    }
    assert (await CaseDebtor.get(debtor__name="宓四")).note == "白色别克"


def test_a_cell_of_plates() -> None:
    assert plates("浙K·1234学、浙 K8G12A 浙k-d12345；缙云A0001").numbers == ["浙K1234学", "浙K8G12A", "浙KD12345"]
    assert plates("粤Z1234港").numbers == ["粤Z1234港"] and plates("浙K8G12A2辆").numbers == []


@pytest.mark.parametrize(("name", "count"), [("i11_areas12", 4), ("i11_areas_level", 3), ("i11_areas_parent", 2)])
async def test_the_bureaus_table_of_areas_as_it_is(db: Database, name: str, count: int) -> None:
    done = await case(db, f"{name}.csv", "areas")
    assert (done.report.added, said(done)) == (count, [])
    town = await Area.get(code="331199001")
    assert (town.name, town.level, town.parent) == ("东山街道", "town", "331199")


def test_zeros_at_the_end_of_a_code_tell_its_level() -> None:
    codes = {
        "330000000000": "33",
        "331100": "3311",
        "331122000000": "331122",
        "331122203000": "331122203",
        "331122203226": "331122203226",
    }
    assert {code: short_code(code) for code in codes} == codes and short_code("林") == "林"


async def test_sums_as_they_are_written(db: Database) -> None:
    done = await case(db, "i25_amounts.csv")
    assert done.report.added == 16 and not done.report.rejected
    amounts = {
        row.debtor.name: row.amount
        for row in await CaseDebtor.filter(debtor__name__startswith="濮阳").prefetch_related("debtor")
    }
    right = {0: 130000, 1: 130000, 2: 50000, 3: 130000, 4: 130000, 5: 130000, 6: 130000, 7: 130000, 8: 130000, 9: 130000, 10: 130000,
             11: None, 12: 0, 13: None, 14: 130000, 15: 123000}  # fmt: skip
    assert amounts == {f"濮阳{n}": None if value is None else Decimal(value) for n, value in right.items()}
    assert {line for line, _code in said(done)} == {2, 3, 4, 9, 13, 15}


@pytest.mark.parametrize(
    ("cell", "yuan"),
    [("13万余元", 130000), ("约30万元", 300000), ("5万元左右", 50000), ("130000元及利息", 130000), ("约三十万", 300000),
     ("8.6万元及逾期付款违约金", 86000), ("三十余万元", 300000), ("1.3E+05", 130000), ("13万元（不含利息）", 130000)],
)  # fmt: skip
def test_a_sum_and_more(cell: str, yuan: int) -> None:
    assert money_about(cell) == Decimal(yuan)


@pytest.mark.parametrize("cell", ["美元5000", "本金13万，利息2万", "几万", "见判决书", "5-6万"])
def test_what_has_no_one_sum(cell: str) -> None:
    assert money_about(cell) is None


async def test_a_column_in_ten_thousands_is_not_read_as_yuan(db: Database, tmp_path: Path) -> None:
    text = columns("执行标的（万元）") + "（2021）浙1122执1号,甲一,周弄村,13.5\n（2021）浙1122执2号,甲二,周弄村,8万\n"
    await written(db, tmp_path / "a.csv", text)
    assert [row.amount for row in await CaseDebtor.filter(debtor__name__startswith="甲").order_by("id")] == [
        135000,
        80000,
    ]


async def test_names_with_a_dot_and_rare_characters(db: Database) -> None:
    await case(db, "i8_dots.csv")
    assert {"古丽·买买提", "热合曼·依明", "玉素甫·艾力"} <= set(await Debtor.all().values_list("name", flat=True))
    assert (await case(db, "i14_rare.csv")).report.added == 5


async def test_a_company_is_known_by_the_end_of_its_name(db: Database, tmp_path: Path) -> None:
    names = ["样板竹木有限公司", "缙云县七里竹业合作社", "老王五金商行", "壶镇镇永胜编织厂"]
    rows = [f"（2021）浙1122执{n}号,{name},周弄村,男" for n, name in enumerate(names, 1)] + [
        "（2021）浙1122执9号,王厂,周弄村,男"
    ]
    await written(db, tmp_path / "a.csv", columns("性别") + "\n".join(rows) + "\n")
    assert {(await only(name)).kind for name in names} == {DebtorKind.COMPANY} and (
        await only("王厂")
    ).kind is DebtorKind.PERSON


async def test_one_person_in_two_cases_is_one_until_somebody_says_otherwise(db: Database, tmp_path: Path) -> None:
    head, rows = (
        columns("承办法官工号,身份证号码"),
        ["（2021）浙1122执1号,亓官大,周弄村,FY101,", "（2022）浙1122执2号,亓官大,周弄村,FY101,"],
    )
    await written(db, tmp_path / "a.csv", head + "\n".join(rows) + "\n")
    assert len((await only("亓官大")).parties) == 2
    await written(
        db,
        tmp_path / "b.csv",
        head + "（2023）浙1122执3号,亓官大,周弄村,FY101,\n（2023）浙1122执4号,亓官大,周弄村,FY102,\n",
    )
    assert sorted([len(row.parties) for row in await Debtor.filter(name="亓官大").prefetch_related("parties")]) == [
        1,
        3,
    ]
    numbered = [row + number for row, number in zip(rows, ("331122197805060031", "331122198001010011"), strict=True)]
    await written(db, tmp_path / "c.csv", head + "\n".join(numbered) + "\n")
    found = {
        row.id_index: len(row.parties)
        for row in await Debtor.filter(name="亓官大").exclude(id_index="").prefetch_related("parties")
    }
    assert sorted(found.values()) == [1, 1]
    again = await written(db, tmp_path / "c.csv", head + "\n".join(numbered) + "\n")
    assert again.report.unchanged == 2


async def test_headers_as_offices_write_them(db: Database) -> None:
    for name, debtor in (("i22_headers.csv", "宓十七"), ("i22_newline.csv", "宓十八")):
        assert (await case(db, name)).report.added == 1 and await only(debtor)
    assert (await only("宓十八")).parties[0].amount == 1000


# -- duty lists ----------------------------------------------------------------------------------------------------


async def nobody_on_duty(db: Database) -> None:
    await db.unit(lambda: Shift.all().delete())


async def roster(db: Database, done: Imported) -> list[tuple[str, str, bool]]:
    """Begin and end of every shift, whose it is and whether they lead."""
    assert db.clock
    rows = await Shift.all().order_by("starts_at", "lead", "id").prefetch_related("person")
    form = "%m-%d %H:%M"
    return [(f"{local(r.starts_at):{form}}–{local(r.ends_at):{form}}", r.person.name, r.lead) for r in rows]


@pytest.mark.parametrize("number", [10, 2, 3, 5, 6, 7, 9])
async def test_duty_lists_of_offices(db: Database, number: int) -> None:
    await take(db, "people", CORPUS("corpus/people.csv"))
    done = await case(db, f"duty_office_{number}.xlsx", "duty")
    assert (done.report.added, done.report.rejected) == (1, []), said(done)
    found = await roster(db, done)
    wanted = {"周剑"} | ({"王海涛"} if number in (6, 9) else set())
    assert {name for _when, name, lead in found if not lead} == wanted and ("胡志明", True) in {
        one[1:] for one in found
    }
    assert {when for when, _name, _lead in found} == {"12-10 17:30–12-11 08:30"}


async def test_names_in_a_duty_list(db: Database, tmp_path: Path) -> None:
    text = "姓名,手机号,角色,辖区代码\n沈立,19811130001,执行法官,331122\n陶方,19811130002,执行法官,331122\n"
    await written(db, tmp_path / "p.csv", text, "people")
    done = await case(db, "i12_duty_padded.xlsx", "duty")
    assert (done.report.added, done.report.rejected) == (3, [])
    assert {name for _when, name, lead in await roster(db, done) if not lead} == {"沈立", "沈立群", "陶方"}
    assert {one.word for one in done.report.warnings if one.code == "duty_no_phone"} == {"沈立", "陶方"}
    await nobody_on_duty(db)
    done = await case(db, "i12_duty_phone.csv", "duty")
    assert (done.report.added, done.report.rejected) == (6, [])
    found = await roster(db, done)
    assert ("12-06 08:30–12-06 17:30", "沈立群", False) in found and (
        "12-06 17:30–12-07 08:30",
        "郑雅芳",
        False,
    ) in found
    await nobody_on_duty(db)
    text = "日期,值班人员\n12月1日,值班法官：沈立群；书记员:郑雅芳\n12月2日,沈 立 群 郑雅芳\n12月3日,沈立 陶方\n12月4日,沈立群、包青天\n"
    done = await written(db, tmp_path / "d.csv", text, "duty")
    assert [(one.line, one.code, one.word) for one in done.report.rejected] == [(5, "not_of_the_court", "包青天")]
    names = [name for _when, name, _lead in await roster(db, done)]
    assert names == ["沈立群", "郑雅芳", "沈立群", "郑雅芳", "沈立", "陶方"]


async def test_titles_ranges_and_halves_of_the_day(db: Database) -> None:
    done = await case(db, "i12_duty_title2.xlsx", "duty")
    assert await roster(db, done) == [("12-08 17:30–12-09 08:30", "沈立群", False)]
    await nobody_on_duty(db)
    done = await case(db, "i12_duty_range.csv", "duty")
    assert len(await roster(db, done)) == 9 and done.report.added == 3
    await nobody_on_duty(db)
    done = await case(db, "i12_duty_shift.xlsx", "duty")
    assert await roster(db, done) == [
        ("12-18 08:30–12-18 17:30", "沈立群", False),
        ("12-18 17:30–12-19 08:30", "郑雅芳", False),
    ]


async def test_days_off_begin_in_the_morning_and_a_court_sets_its_own_hours(db: Database, tmp_path: Path) -> None:
    text = "日期,值班人员\n2026-12-05,沈立群\n2026-12-07,沈立群\n"
    done = await written(db, tmp_path / "a.csv", text, "duty")
    assert [when for when, _n, _l in await roster(db, done)] == ["12-05 08:30–12-06 08:30", "12-07 17:30–12-08 08:30"]


async def test_a_column_that_is_not_known_makes_no_shift_of_nobody(db: Database, tmp_path: Path) -> None:
    done = await written(
        db, tmp_path / "a.csv", "日期,带班领导,值班人员\n12月1日,胡建平,\n12月2日,胡建平,沈立群\n", "duty"
    )
    assert said(done)[0] == (2, "nobody_on_duty") and len(await roster(db, done)) == 2


async def test_who_is_on_leave_is_said_at_once(db: Database, tmp_path: Path) -> None:
    judge = await Person.get(name="沈立群")
    times = {"starts_at": datetime(2026, 11, 30, tzinfo=UTC), "ends_at": datetime(2026, 12, 5, tzinfo=UTC)}
    await db.unit(lambda: Leave.create(person=judge, **times))
    done = await written(db, tmp_path / "a.csv", "日期,值班人员\n2026-12-02,沈立群\n2026-12-08,沈立群\n", "duty")
    assert (2, "duty_on_leave") in said(done) and (3, "duty_on_leave") not in said(done)


NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "days"),
    [
        ("12月4-6日", ["12-04", "12-05", "12-06"]),
        ("12月7日—8日", ["12-07", "12-08"]),
        ("12月12日-12月14日", ["12-12", "12-13", "12-14"]),
        ("2026/12/9-12/11", ["12-09", "12-10", "12-11"]),
        ("2026-12-09至2026-12-10", ["12-09", "12-10"]),
        ("12.4~12.5", ["12-04", "12-05"]),
        ("12月30日-1月1日", ["12-30", "12-31", "01-01"]),
        ("12月1日、3日", ["12-01", "12-03"]),
        ("12月1日（周二）", ["12-01"]),
        ("12月1日 17:30-次日8:30", ["12-01"]),
        ("星期二 12月1日", ["12-01"]),
        ("1月5日", ["01-05"]),
        ("", []),
    ],
)
def test_the_days_of_a_cell(cell: str, days: list[str]) -> None:
    assert [f"{one:%m-%d}" for one in days_in(cell, NOW)] == days


def test_a_title_says_the_month() -> None:
    assert days_in("5日", NOW, "缙云县人民法院2027年2月值班表") == [date(2027, 2, 5)]
    assert days_in("6", NOW, "12月") == [date(2026, 12, 6)]
    for cell in ("6", "随便", "13月1日", "12月6日-4日"):
        with pytest.raises(Unclear):
            days_in(cell, NOW)


# -- files that are broken, or made to do harm ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["s1_badxml.xlsx", "s6_truncated.xlsx"])
async def test_a_broken_file_ends_in_one_line(db: Database, name: str) -> None:
    with pytest.raises(NotASpreadsheetError, match="broken"):
        await case(db, name)


@pytest.mark.parametrize("name", ["i17_html.xls", "i17_utf16.csv"])
async def test_another_format_under_a_familiar_name(db: Database, name: str) -> None:
    assert (await case(db, name)).report.added == 1


async def test_the_xml_of_excel_2003_and_html_with_spans(db: Database, tmp_path: Path) -> None:
    cells = "".join(f'<Cell><Data ss:Type="String">{text}</Data></Cell>' for text in ("案号", "被执行人", "所在村社"))
    row = '<Row><Cell ss:MergeDown="1"><Data ss:Type="String">（2021）浙1122执1号</Data></Cell><Cell><Data ss:Type="String">甲一</Data></Cell><Cell><Data ss:Type="String">周弄村</Data></Cell></Row>'
    second = '<Row><Cell ss:Index="2"><Data ss:Type="String">甲二</Data></Cell><Cell><Data ss:Type="String">周弄村</Data></Cell></Row>'
    name = "urn:schemas-microsoft-com:office:spreadsheet"
    xml = f'<?xml version="1.0"?><Workbook xmlns="{name}" xmlns:ss="{name}"><Worksheet ss:Name="案件"><Table><Row>{cells}</Row>{row}{second}</Table></Worksheet></Workbook>'
    assert (await written(db, tmp_path / "a.xls", xml)).report.added == 2
    html = (
        "<html><head><meta charset='utf-8'></head><body><table><tr><th colspan='3'>案件表</th></tr><tr><td>案号</td><td>被执行人</td><td>所在村社</td></tr>"
        "<tr><td rowspan='2'>（2021）浙1122执2号</td><td>甲三</td><td>周弄村</td></tr><tr><td>甲四</td><td>周弄村</td></tr></table></body></html>"
    )
    assert (await written(db, tmp_path / "b.xls", html)).report.added == 2
    assert (await only("甲三")).parties[0].case_id == (await only("甲四")).parties[0].case_id


async def test_a_file_that_fills_the_memory_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["案号"])
    book.active.cell(1_000_000, 16_000).value = "x"
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(NotASpreadsheetError, match=r"large|broken"):
        await spreadsheet.read(tmp_path / "a.xlsx")
    monkeypatch.setattr(spreadsheet, "PATIENCE_SECONDS", 0.0)
    (tmp_path / "b.csv").write_text("案号\n")
    with pytest.raises(NotASpreadsheetError, match="large"):
        await spreadsheet.read(tmp_path / "b.csv")


def test_more_cells_than_anybody_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reader, "MOST_CELLS", 10)
    (tmp_path / "a.csv").write_text("a,b,c\n" * 5)
    with pytest.raises(reader.Refused, match="large"):
        list(reader._read(str(tmp_path / "a.csv")))


def test_what_the_reader_says_is_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("案号\n林\n")
    monkeypatch.setattr(reader, "_limit", lambda: None)
    monkeypatch.setattr("sys.argv", ["reader", str(tmp_path / "a.csv")])
    reader.main()
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()][1:] == [
        [1, "案号"],
        [2, "林"],
        {"end": True},
    ]


def test_phones_and_id_numbers() -> None:
    assert (
        phone("+86 198-1111-0005")
        == phone("0086 19811110005")
        == phone("1.9811110005E10")
        == phone("（198）1111·0005")
        == "19811110005"
    )
    with pytest.raises(Unclear, match="number_cut"):
        phone("1.98E+10")
    assert id_number("331122 19780506 0031") == "331122197805060031"


# -- what a clerk tried who hadn't seen any of it -----------------------------------------------------------------------


async def test_what_a_file_leaves_empty_stays_as_it_was(db: Database, tmp_path: Path) -> None:
    text = "案号,被执行人,所在村社,身份证号码\n（2013）浙1122执456号,林永福,七里乡周弄村,331122196903120114\n"
    done = await written(db, tmp_path / "a.csv", text)
    assert (done.report.unchanged, said(done)) == (1, [])
    party = await CaseDebtor.get(debtor__name="林永福")
    assert party.creditor == "杜根土" and party.amount == 130000 and party.note
    text = "姓名,手机号,角色,辖区代码\n沈立群,19800001101,执行法官,331122\n"
    assert (await written(db, tmp_path / "p.csv", text, "people")).report.unchanged == 1
    assert (await Person.get(name="沈立群")).staff_no == "FY101"


async def test_a_comma_too_many_is_named(db: Database, tmp_path: Path) -> None:
    text = "案号,被执行人,所在村社,承办法官,执行标的\n（2021）浙1122执1号,甲一,周弄村,沈立群,130,000\n"
    assert said(await written(db, tmp_path / "a.csv", text)) == [(2, "more_cells")]


async def test_several_cases_share_one_sum(db: Database, tmp_path: Path) -> None:
    await written(db, tmp_path / "a.csv", columns("执行标的") + "（2014）浙1122执34号、执恢35号,甲一,周弄村,90000\n")
    found = {
        row.case.number: row.amount for row in await CaseDebtor.filter(debtor__name="甲一").prefetch_related("case")
    }
    assert found == {"（2014）浙1122执34号": 90000, "（2014）浙1122执恢35号": None}


@pytest.mark.parametrize(
    ("cell", "code"),
    [("林三\n林四", "several_debtors"), ("林大、林二", "several_debtors"), ("林永福等3人", "several_debtors"), ("无", "missing_debtor"),
     ("12345", "missing_debtor"), ("张??", "name_damaged")],
)  # fmt: skip
async def test_a_cell_that_names_nobody_or_several(db: Database, tmp_path: Path, cell: str, code: str) -> None:
    done = await written(db, tmp_path / "a.csv", HEADERS + f'\n（2021）浙1122执1号,"{cell}",周弄村,FY101,\n')
    assert said(done) == [(2, code)]


async def test_what_stands_beside_a_name(db: Database, tmp_path: Path) -> None:
    rows = ["被执行人：张五", "林福（曾用名林小福）", "张三(已死亡)", "张九13812345678", "*张四"]
    text = (
        HEADERS
        + "\n"
        + "\n".join(f"（2021）浙1122执{n}号,{name},周弄村,FY101," for n, name in enumerate(rows, 1))
        + "\n"
    )
    assert (await written(db, tmp_path / "a.csv", text)).report.added == 5
    for name in ("张五", "张三", "张九", "张四"):
        assert await only(name)
    assert [alias.text for alias in (await only("林福")).aliases] == ["林小福"]
    assert (await CaseDebtor.get(debtor__name="张三")).note == "已死亡"


async def test_addresses_titles_and_full_names_are_understood(db: Database, tmp_path: Path) -> None:
    text = (
        "案号,被执行人,承办法官,户籍地,所在村社,结案方式,信访次数\n"
        "（2021）浙1122执1号,甲一,沈立群法官,浙江省丽水市缙云县七里乡周弄村12号,,终结本次执行程序,2次\n"
        "（2021）浙1122执2号,甲二,承办人：沈立群（FY101）,,缙云县七里乡周弄村,和解,\n"
        "（2021）浙1122执3号,甲三,FY101,,七里周弄,,\n"
    )
    done = await written(db, tmp_path / "a.csv", text)
    assert (done.report.added, said(done)) == (3, [(2, "village_from_address")])
    rows = await CaseDebtor.filter(debtor__name__startswith="甲").prefetch_related("debtor", "case__judge")
    assert {row.debtor.area_code for row in rows} == {"331122203226"}
    assert {row.case.judge.name for row in rows if row.case.judge} == {"沈立群"}
    assert {row.case.status for row in rows if row.debtor.name == "甲一"} == {"dormant"}


async def test_a_title_that_says_ten_thousands(db: Database, tmp_path: Path) -> None:
    text = "执行案件表　单位：万元,,,\n案号,被执行人,所在村社,执行标的\n（2021）浙1122执1号,甲一,周弄村,13\n"
    await written(db, tmp_path / "a.csv", text)
    assert (await CaseDebtor.get(debtor__name="甲一")).amount == 130000


async def test_two_tables_beside_each_other(db: Database, tmp_path: Path) -> None:
    text = "案号,被执行人,所在村社,,案号,被执行人,所在村社\n（2021）浙1122执1号,甲一,周弄村,,（2021）浙1122执2号,甲二,周弄村\n（2021）浙1122执3号,甲三,周弄村,,,,\n"
    done = await import_file(db, Kind.CASES, _file(tmp_path, text), lambda _done, _all: None)
    assert done.report.added == 3 and await only("甲二")


def _file(folder: Path, text: str) -> Path:
    (folder / "a.csv").write_text(text, "utf-8")
    return folder / "a.csv"


async def test_times_in_a_duty_list(db: Database, tmp_path: Path) -> None:
    text = "日期,时间,值班人员\n2026-12-01,8:30-17:30,沈立群\n2026-12-01,17:30-次日8:30,郑雅芳\n"
    done = await written(db, tmp_path / "a.csv", text, "duty")
    assert await roster(db, done) == [
        ("12-01 08:30–12-01 17:30", "沈立群", False),
        ("12-01 17:30–12-02 08:30", "郑雅芳", False),
    ]


async def test_who_leads_and_is_on_duty_or_stands_twice_is_one(db: Database, tmp_path: Path) -> None:
    text = "日期,带班领导,值班人员1,值班人员2\n12月1日,沈立群,沈立群、沈立群,郑雅芳\n12月2日,,沈立群（请假）、郑雅芳,\n"
    done = await written(db, tmp_path / "a.csv", text, "duty")
    assert [(name, lead) for _when, name, lead in await roster(db, done)] == [
        ("郑雅芳", False),
        ("沈立群", True),
        ("郑雅芳", False),
    ]
    text = "日期,值班人员,工号\n12月3日,郑雅芳,FY101\n"
    assert said(await written(db, tmp_path / "b.csv", text, "duty")) == [(2, "staff_no_differs")]


async def test_an_area_is_below_its_parent(db: Database, tmp_path: Path) -> None:
    text = "区划代码,名称,级别,上级代码\n331122203252,戊村,village,331122203252\n331122203,七里乡,town,331122203226\n"
    assert {code for _line, code in said(await written(db, tmp_path / "a.csv", text, "areas"))} == {"area_parent"}


async def test_a_role_that_changes_and_a_name_that_is_there_are_said(db: Database, tmp_path: Path) -> None:
    text = "姓名,手机号,角色,辖区代码\n应建华,19800001001,网格员,331122203226\n应建华,19899990001,村支部书记,331122203226\n"
    done = await written(db, tmp_path / "a.csv", text, "people")
    assert {code for _line, code in said(done)} == {"role_changed", "same_name_there"}


async def test_what_is_no_file_or_empty(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    os.mkfifo(tmp_path / "b.csv")
    for name, why in (("a.csv", "empty"), ("b.csv", "format")):
        with pytest.raises(NotASpreadsheetError, match=why):
            await spreadsheet.read(tmp_path / name)


@pytest.mark.parametrize("cell", ["1823-08-15", "0023-08-15", "9999-12-31"])
def test_no_court_was_there_then(cell: str) -> None:
    with pytest.raises(Unclear):
        day(cell, "x")


async def test_a_duty_list_kept_before_there_were_hours_is_not_entered_twice(db: Database, tmp_path: Path) -> None:
    text = "日期,值班人员\n2026-12-02,沈立群\n"
    await written(db, tmp_path / "a.csv", text, "duty")
    midnight = datetime(2026, 12, 1, 16, tzinfo=UTC)  # as the version before kept it
    await db.unit(lambda: Shift.all().update(starts_at=midnight))
    done = await written(db, tmp_path / "a.csv", text, "duty")
    assert (done.report.added, await Shift.all().count()) == (0, 1)


async def test_a_sex_as_a_number_a_year_that_cannot_be_and_what_does_not_fit(db: Database, tmp_path: Path) -> None:
    long = "很" * 130
    text = (
        "案号,被执行人,性别,所在村社,住处\n"
        "（2024）浙1122执1号,张三丰,1,七里乡周弄村,甲\n"
        "（2024）浙1122执2号,李四娘,女性,七里乡周弄村,乙\n"
        f"（2024）浙1122执3号,王五郎,M,七里乡周弄村,{long}\n"
        "（2084）浙1122执4号,赵六子,2,七里乡周弄村,丙\n"
    )
    done = await written(db, tmp_path / "cases.csv", text)
    assert [(one.line, one.code) for one in done.report.rejected] == [(5, "case_year")]
    assert (4, "cut_short", "住处（120）") in [(one.line, one.code, one.word) for one in done.report.warnings]
    people = {
        one.name: (one.gender, len(one.hint)) for one in await Debtor.filter(name__in=["张三丰", "李四娘", "王五郎"])
    }
    assert people == {"张三丰": ("男", 1), "李四娘": ("女", 1), "王五郎": ("男", 120)}


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("12/31/2024", date(2024, 12, 31)), ("31/12/2024", date(2024, 12, 31)), ("31.12.2024 8:30", date(2024, 12, 31)),
        ("4/4/2024", date(2024, 4, 4)), ("3/4/2024", "ambiguous_date"), ("13/13/2024", "impossible_date"),
    ],
)  # fmt: skip
def test_a_foreign_date_is_read_where_it_can_be_one_day_only(said: str, read: date | str) -> None:
    if isinstance(read, date):
        assert day(said, "立案日期") == read
    else:
        with pytest.raises(Unclear) as why:
            day(said, "立案日期")
        assert why.value.code == read


@pytest.mark.parametrize("how", ["nul", "two encodings", "a broken byte"])
async def test_one_strange_byte_costs_no_file(db: Database, tmp_path: Path, how: str) -> None:
    """A NUL out of a database, two files put together, a character cut in two."""
    lines = [f"（2024）浙1122执{number}号,人名{number},七里乡周弄村,FY101,注" for number in range(1, 7)]
    head = HEADERS.encode()
    raw = {
        "nul": "\n".join([HEADERS, *lines]).encode().replace("注".encode(), "注\0".encode(), 1),
        "two encodings": b"\n".join(
            [head, *(one.encode() for one in lines[:3]), *(one.encode("gb18030") for one in lines[3:])]
        ),
        "a broken byte": b"\n".join([head, *(one.encode() for one in lines)]) + b"\xe6",
    }[how]
    (tmp_path / "cases.csv").write_bytes(raw)
    done = await take(db, "cases", tmp_path / "cases.csv")
    assert done.report.added == 6 and not done.report.rejected
    assert {f"人名{number}" for number in range(1, 7)} <= set(await Debtor.all().values_list("name", flat=True))


async def test_a_list_of_people_says_villages_by_name(world: World, tmp_path: Path) -> None:
    """As a township keeps it: 七里乡周弄村, or only the village where no other is called so; a code beside it counts."""
    path = tmp_path / "people.csv"
    path.write_text(
        "姓名,手机号,角色,所在村\n甲一,13900000001,网格员,七里乡周弄村\n甲二,13900000002,网格员,仁岸村\n"
        "甲三,13900000003,村社书记,没有这个村\n甲四,13900000004,网格员,331122203240\n",
        "utf-8",
    )
    done = await import_file(world.product.db, Kind.PEOPLE, path, lambda _done, _all: None)
    codes = dict(await Person.filter(name__startswith="甲").values_list("name", "area_code"))
    assert codes == {"甲一": "331122203226", "甲二": "331122103224", "甲四": "331122203240"}
    assert [(one.line, one.code, one.word) for one in done.report.rejected] == [(4, "area", "没有这个村")]
    path.write_text("姓名,手机号,角色,所在村,辖区代码\n甲五,13900000005,网格员,仁岸村,331122203226\n", "utf-8")
    await import_file(world.product.db, Kind.PEOPLE, path, lambda _done, _all: None)
    assert (await Person.get(name="甲五")).area_code == "331122203226"


@pytest.mark.parametrize("shape", ["two lines", "one line"])
async def test_headers_over_two_lines_are_put_together(stage: Stage, tmp_path: Path, shape: str) -> None:
    """被执行人 merged over 姓名, 身份证号 and 电话; what stands under 申请执行人 is never the debtor's."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["序号", "案号", "被执行人", "", "", "申请执行人", "", "所在村", "承办人"])
    sheet.append(["", "", "姓名", "身份证号码", "电话", "姓名", "电话", "", ""])
    sheet.append(
        [
            1,
            "(2026)浙1122执9001号",
            "吴新来",
            "332526198001011234",
            "13900000001",
            "王债主",
            "13900000002",
            "周弄村",
            "沈立群",
        ]
    )
    sheet.append([2, "(2026)浙1122执9002号", "郑小满", "", "", "", "", "周弄村", "沈立群"])
    if shape == "two lines":
        for merged in ("C1:E1", "F1:G1", *(f"{column}1:{column}2" for column in "ABHI")):
            sheet.merge_cells(merged)
    else:
        sheet.delete_rows(1)
        heads = ["序号", "案号", "被执行人", "身份证号码", "电话", "申请执行人", "申请人电话", "所在村", "承办人"]
        for cell, text in zip(sheet[1], heads, strict=True):
            cell.value = text
    path = tmp_path / "x.xlsx"
    book.save(path)
    async with stage.world() as world:
        done = await import_file(world.product.db, Kind.CASES, path, lambda _done, _all: None)
        assert done.report.added == 2 and not done.report.rejected, done.report.rejected
        debtor = await Debtor.get(name="吴新来")
        assert debtor.phone == "13900000001" and debtor.id_index
        assert (await CaseDebtor.get(debtor_id=debtor.id)).creditor == "王债主"
