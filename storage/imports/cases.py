"""`chuishao import cases`: one row a debtor of a case."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from tortoise.models import Model

from storage.cases import erased
from storage.cases.case import Case, CaseDebtor, CaseStatus
from storage.cases.debtor import Alias, Debtor, DebtorKind, Plate, id_tail
from storage.cases.number import CaseNo, is_of_another_kind, names_a_document, parse_case_nos
from storage.engine import audit
from storage.engine.clock import local
from storage.engine.secret import Secrets
from storage.engine.text import fold, is_company_name, squeeze
from storage.imports import (
    OPERATOR,
    Clerk,
    Plan,
    Progress,
    Report,
    chunks,
    normal,
    numbered,
    sequences_follow,
    sift,
    step,
)
from storage.imports.journal import next_id
from storage.imports.normal import Unclear
from storage.imports.table import Columns, Row, other_names
from storage.people.area import Area, Gazetteer, county_of, short_code
from storage.people.person import Person, Role
from storage.reading import index

COLUMNS = Columns(
    required=("案号", "被执行人"),
    optional=(
        "曾用名/绰号",
        "性别",
        "身份证号码",
        "手机号",
        "户籍地",
        "所在村社",
        "住处",
        "申请执行人",
        "执行标的(元)",
        "立案日期",
        "终本日期",
        "承办法官",
        "承办法官工号",
        "车牌号",
        "备注",
        "结案方式",
        "结案日期",
        "案款到账日期",
        "案款发放日期",
        "信访次数",
        "执行标的(万元)",
        "序号",
    ),
    also=other_names("cases"),
    joined=("备注", "曾用名/绰号", "车牌号"),
)
WRITTEN = (*COLUMNS.required, *COLUMNS.optional[:20])
"""The columns of an export."""
_WAYS: dict[str, tuple[CaseStatus, bool | None]] = {
    "执行完毕": (CaseStatus.PERFORMED, False),
    "自动履行": (CaseStatus.PERFORMED, True),
    "终本": (CaseStatus.DORMANT, None),
    "和解": (CaseStatus.SETTLING, None),
}
_WAY_WORDS = {
    "执行完毕": "执行完毕|全部执行完毕|履行完毕|已执行完毕|执毕",
    "自动履行": "自动履行(?:完毕)?|自觉履行",
    "终本": "终本|终结本次执行(?:程序)?|程序终结",
    "和解": "和解|执行和解|和解(?:长期)?履行|达成和解",
}
"""How each is written in full."""
_COMPANIES = ("企业", "公司", "法人", "单位", "非自然人", "组织")
"""What stands in the column of a person's sex where it is none."""
_SEXES = {
    **dict.fromkeys(("男", "男性", "1", "M", "MALE"), "男"),
    **dict.fromkeys(("女", "女性", "2", "F", "FEMALE"), "女"),
}
"""As offices write it; the numbers are those of GB/T 2261.1."""
_DEBTOR_FIELDS = ("gender", "born", "phone", "registered_address", "hint")
_OURS = (CaseStatus.RESUMED, CaseStatus.SETTLING, CaseStatus.PERFORMED)
"""States that the bot's users have brought about; an old export doesn't undo them."""


@dataclass
class _Person:
    """A debtor as the file has them, put together from all their rows."""

    name: str
    kind: DebtorKind
    area_code: str
    id_number: str = ""
    says_village: bool = True
    """Whether the file names the village itself; else it is taken from an address."""
    gender: str = ""
    phone: str = ""
    registered_address: str = ""
    hint: str = ""
    aliases: dict[str, None] = field(default_factory=dict)
    plates: dict[str, None] = field(default_factory=dict)

    @property
    def born(self) -> date | None:
        return normal.born(self.id_number)


@dataclass
class _Party:
    row: Row
    number: CaseNo
    person_key: tuple[str, ...]
    creditor: str
    amount: Decimal | None
    filed_on: date | None
    dormant_on: date | None
    judge_id: int | None
    judge_name: str
    note: str
    ending: dict[str, object]
    """How the case ended, as far as the row says: columns of the case with their values."""

    @property
    def says_status(self) -> bool:
        return "status" in self.ending or self.dormant_on is not None


class _Reader:
    """Turns rows into debtors and parties; holds what the whole file is checked against."""

    def __init__(self, areas: list[Area], judges: list[Person], report: Report, clerk: Clerk) -> None:
        self.places = Gazetteer(areas)
        self.by_staff_no = {judge.staff_no: judge.id for judge in judges if judge.staff_no}
        self.by_name: dict[str, list[int]] = {}
        for judge in judges:
            self.by_name.setdefault(judge.name, []).append(judge.id)
        self.counties = sorted({county_of(area.code) for area in areas if len(area.code) >= 6})
        self.county_names = {area.code: area.name for area in areas if len(area.code) == 6}
        self.report, self.clerk = report, clerk
        self.people: dict[tuple[str, ...], _Person] = {}
        self.parties: dict[tuple[str, tuple[str, ...]], _Party] = {}

    def take(self, row: Row) -> None:
        """Raises Unclear where the row can't be taken."""
        numbers = _numbers(row)
        name, others, aside_name = normal.debtor_name(row["被执行人"])
        filed, dormant = normal.day(row["立案日期"], "立案日期"), normal.day(row["终本日期"], "终本日期")
        self.clerk.check(*filter(None, (self.county_of(one) for one in numbers)))
        village = self._village(row, numbers[0])
        self.clerk.check(village)
        id_number = self._id_number(row)
        judge_id, judge_name = self._judge(row), self.report.fit(row, "承办法官", squeeze(row["承办法官"]), 40)
        key = (id_number, name) if id_number else (name, village, str(judge_id or judge_name or numbers[0]))
        good_plates, words, aside = normal.plates(row["车牌号"])
        note = [row["备注"].strip(), *words, *aside, *aside_name]
        if words:
            self.report.warn(row, "plate", " ".join(words))
        amount = self._amount(row, note)
        for number in numbers:
            if (earlier := self.parties.get((str(number), key))) is not None:
                raise Unclear("same_case_and_debtor", str(earlier.row.line))
        creditor, ending = self.report.fit(row, "申请执行人", squeeze(row["申请执行人"]), 120), self._ending(row)
        said = " ".join(filter(None, note))
        for place, number in enumerate(numbers):
            owed = amount if place == 0 else None  # several cases share one sum: it isn't owed twice
            self.parties[str(number), key] = _Party(
                row, number, key, creditor, owed, filed, dormant, judge_id, judge_name, said, ending
            )
        if len(numbers) > 1:
            self.report.warn(row, "several_numbers", "、".join(map(str, numbers)))
        if len(numbers) == 1 and names_a_document(row["案号"]):
            self.report.warn(row, "case_no_document", fold(row["案号"]))
        self._merge(row, key, name, village, id_number, good_plates, others)

    def _amount(self, row: Row, note: list[str]) -> Decimal | None:
        """Reads what is owed. What a cell says besides a sum goes into the note, and is said."""
        cell, factor = row["执行标的(元)"], 1
        if not cell and row["执行标的(万元)"]:
            cell, factor = row["执行标的(万元)"], 10_000
        if re.search("单位[:：]?(?:人民币)?万元", row.above.replace(" ", "")):
            factor = 10_000
        factor = 1 if re.search("[万亿元]", cell) else factor
        try:
            found = normal.money(cell)
        except Unclear as why:
            found = normal.money_about(cell) if why.code == "unclear_amount" else None
            if why.code == "negative_amount":
                raise
            self.report.warn(row, why.code if found is None else "amount_about", why.word)
            note.append(why.word)
        return None if found is None else found * factor

    def _ending(self, row: Row) -> dict[str, object]:
        dates = {
            "closed_on": normal.day(row["结案日期"], "结案日期"),
            "received_on": normal.day(row["案款到账日期"], "案款到账日期"),
            "paid_out_on": normal.day(row["案款发放日期"], "案款发放日期"),
        }
        found: dict[str, object] = {name: value for name, value in dates.items() if value is not None}
        petitions, way = re.sub(r"(?:\.0+|次)$", "", squeeze(row["信访次数"])), squeeze(row["结案方式"])
        way = next((one for one, words in _WAY_WORDS.items() if re.fullmatch(words, way)), way)
        if petitions.isdigit():
            found["petitions"] = int(petitions)
        elif petitions:
            self.report.warn(row, "petitions", petitions)
        if way in _WAYS:
            found["status"], voluntary = _WAYS[way]
            found |= {"voluntary": voluntary} if voluntary is not None else {}
        elif way:
            self.report.warn(row, "closing_way", way)
        return found

    def _village(self, row: Row, number: CaseNo) -> str:
        """Finds the village: by its own column, else by the addresses."""
        county = self.county_of(number)
        text = squeeze(row["所在村社"])
        if not text:
            for address in (row["住处"], row["户籍地"]):
                if len(found := self.places.in_address(squeeze(address), county)) == 1:
                    self.report.warn(row, "village_from_address", address[:60])
                    return found[0]
            raise Unclear("missing_village")
        found = self.places.village(short_code(text), county) or self.places.in_address(text, county)
        if len(found) == 1:
            return found[0]
        raise Unclear("village_several" if found else "village", text[:60])

    def county_of(self, number: CaseNo) -> str:
        """Finds the county of a court; empty, for any, where it can't be told."""
        return _county_of_court(number, self.counties) or self._county_by_name(number)

    def _county_by_name(self, number: CaseNo) -> str:
        """Finds the county of a court by its old code, 丽缙: the one whose name begins with its last character."""
        found = [
            code for code, name in self.county_names.items() if number.old and name.startswith(number.court_code[-1])
        ]
        return found[0] if len(found) == 1 else ""

    def _id_number(self, row: Row) -> str:
        try:
            number = normal.id_number(row["身份证号码"])
        except Unclear as why:
            self.report.warn(row, {"id_number": "id_form"}.get(why.code, why.code))
            return ""
        if number and not normal.is_company_code(number) and not normal.check_digit_fits(number):
            self.report.warn(row, "id_check_digit")
        if not number:
            self.report.warn(row, "id_missing")
        return number

    def _judge(self, row: Row) -> int | None:
        """Finds the judge by staff number, else by name, without titles and what stands beside it."""
        cell = re.split(r"[\n、,，;；/]", row["承办法官"].strip())[0]
        staff_no, name = normal.code(row["承办法官工号"]), squeeze(re.sub(r"\([^()]*\)|^[^:]{1,4}:", "", fold(cell)))
        if staff_no:
            if staff_no not in self.by_staff_no:
                self.report.warn(row, "judge_staff_no", staff_no)
            return self.by_staff_no.get(staff_no)
        if name in self.by_staff_no:
            return self.by_staff_no[name]
        for one in normal.without_title(name):
            if len(found := self.by_name.get(one, [])) == 1:
                return found[0]
        if name:
            self.report.warn(row, "judge_name", name)
        return None

    def _merge(
        self,
        row: Row,
        key: tuple[str, ...],
        name: str,
        village: str,
        id_number: str,
        plates: list[str],
        others: list[str],
    ) -> None:
        gender, fit = squeeze(row["性别"]), self.report.fit
        company = normal.is_company_code(id_number) or gender in _COMPANIES or is_company_name(name)
        kind = DebtorKind.COMPANY if company else DebtorKind.PERSON
        person = self.people.setdefault(
            key, _Person(fit(row, "被执行人", name, 120), kind, village, id_number, bool(row["所在村社"].strip()))
        )
        person.gender = person.gender or _SEXES.get(gender.upper(), "")
        person.phone = person.phone or fit(row, "手机号", normal.phones(row["手机号"]), 30)
        person.registered_address = person.registered_address or fit(row, "户籍地", fold(row["户籍地"]), 200)
        person.hint = person.hint or fit(row, "住处", fold(row["住处"]), 120)
        person.aliases.update(dict.fromkeys([*normal.aliases(row["曾用名/绰号"]), *others]))
        person.plates.update(dict.fromkeys(plates))


def _numbers(row: Row) -> list[CaseNo]:
    """Reads the numbers of a row's case, or of its cases. Raises Unclear."""
    found = parse_case_nos(row["案号"])
    if any(one.year > local(datetime.now(UTC)).year + 1 for one in found):
        raise Unclear("case_year", fold(row["案号"]))
    if found:
        return found
    if not squeeze(row["案号"]):
        raise Unclear("case_no_merged")
    raise Unclear("case_no_kind" if is_of_another_kind(row["案号"]) else "case_no", fold(row["案号"]))


def _county_of_court(number: CaseNo, counties: list[str]) -> str:
    """Finds a court's county: 浙1122 is the court of 331122; empty, for any county, where it can't be told."""
    tail = number.court_code[1:]
    return next((county for county in counties if len(tail) == 4 and county.endswith(tail)), "")


async def plan(rows: Sequence[Row], progress: Progress, secrets: Secrets, clerk: Clerk = OPERATOR) -> Plan:
    """Works out what is new and what has changed; nothing is written before `apply`."""
    report = Report()
    judges = await Person.filter(role=Role.JUDGE, active=True, area_code__startswith=clerk.county)
    reader = _Reader(await Area.all(), judges, report, clerk)
    kept = sift(rows, report)
    for count, row in enumerate(kept):
        await step(progress, count, len(kept))
        try:
            reader.take(row)
        except Unclear as why:
            report.reject(row, why)
    await _leave_out_others(reader, clerk, report)
    await _leave_out_erased(reader, secrets, report)
    work = _Work(reader, secrets, clerk)
    await work.compare(report)
    progress(len(kept), len(kept))
    return Plan(report, work.apply, (Debtor, Alias, Plate, Case, CaseDebtor), work.changing())


async def _leave_out_others(reader: _Reader, clerk: Clerk, report: Report) -> None:
    """Returns the rows of cases that are another court's, by its judge or by where its debtors live: their number alone
    doesn't always tell (a court of the city, of the railway)."""
    if not clerk.county:
        return
    others = set()
    untold = {str(one.number) for one in reader.parties.values() if not reader.county_of(one.number)}
    for some in chunks(sorted(untold)):
        for row in await Case.filter(number__in=some).prefetch_related("judge", "parties__debtor"):
            areas = [party.debtor.area_code for party in row.parties]
            areas += [row.judge.area_code] if row.judge is not None else []
            if not all(area.startswith(clerk.county) for area in areas):
                others.add(row.number)
    for key, party in list(reader.parties.items()):
        if str(party.number) in others:
            del reader.parties[key]
            report.reject(party.row, Unclear("not_yours", str(party.number)))
    still = {party.person_key for party in reader.parties.values()}
    for person_key in set(reader.people) - still:
        del reader.people[person_key]


async def _leave_out_erased(reader: _Reader, secrets: Secrets, report: Report) -> None:
    """Returns the rows of those who were erased at their request: always in the cases that they were erased in, and in
    any other that wasn't filed afterwards, as both its date and its number say."""
    number_marks = {
        key: erased.by_number(secrets, one.id_number) for key, one in reader.people.items() if one.id_number
    }
    case_marks = {
        key: erased.by_case(secrets, reader.people[party.person_key].name, str(party.number))
        for key, party in reader.parties.items()
    }
    gone: dict[str, datetime] = {}
    for some in chunks(sorted({*number_marks.values(), *case_marks.values()})):
        gone |= await erased.when(some)
    returned, rows = set(), set[int]()
    for key, party in list(reader.parties.items()):
        since = gone.get(number_marks.get(party.person_key, ""))
        filed, year = party.filed_on, party.number.year
        later = since is not None and filed is not None and filed > local(since).date() and year >= local(since).year
        if case_marks[key] in gone or (since is not None and not later):
            del reader.parties[key]
            returned.add(party.person_key)
            if id(party.row) not in rows:
                rows.add(id(party.row))
                report.reject(party.row, Unclear("erased", str(party.number)))
    still = {party.person_key for party in reader.parties.values()}
    for person_key in returned - still:
        del reader.people[person_key]


class _Work:
    """The difference between the file and the database, and writing it."""

    def __init__(self, reader: _Reader, secrets: Secrets, clerk: Clerk) -> None:
        self.people = reader.people
        self.parties = list(reader.parties.values())
        self.keys = set(reader.parties)
        self.secrets, self.clerk = secrets, clerk
        self.debtor_ids: dict[tuple[str, ...], int] = {}
        """Whose row is already there, or has got its number."""
        self.apart: dict[tuple[str, tuple[str, ...]], int] = {}
        """Parties whose debtor has a row of their own: two who were taken for two before."""
        self.links_of: Counter[int] = Counter()
        """In how many cases somebody without id number is."""
        self.moved: list[tuple[int, _Party]] = []
        """Links that go to another debtor: who had no id number has one now."""
        self.case_rows: dict[str, Case] = {}
        self.new_parties: list[_Party] = []
        self.changed_parties: list[tuple[int, _Party]] = []
        self.changed_debtors: dict[int, dict[str, object]] = {}
        self.changed_cases: dict[int, dict[str, object]] = {}
        self.more_aliases: list[tuple[tuple[str, ...], str]] = []
        self.more_plates: list[tuple[tuple[str, ...], str]] = []

    async def compare(self, report: Report) -> None:
        await self._find_cases()
        links = await self._find_links()
        await self._find_debtors(links)
        touched = set(self.changed_debtors) | {
            self.debtor_ids[k] for k, _ in (*self.more_aliases, *self.more_plates) if k in self.debtor_ids
        }
        moving = {id(party) for _link, party in self.moved}
        for party in self.parties:
            case = self.case_rows.get(str(party.number))
            debtor_id = self._debtor_of(party)
            link = links.get((case.id, debtor_id)) if case and debtor_id else None
            if link is None and id(party) in moving:
                report.took(party.row, "changed")
                continue
            if link is None:
                self.new_parties.append(party)
                report.took(party.row, "added")
                if party.judge_id is None and not party.judge_name and (case is None or case.judge_id is None):
                    report.warn(party.row, "judge_missing")
                continue
            # What the file leaves empty stays as it was.
            party.creditor, party.note = party.creditor or link.creditor, party.note or link.note
            party.amount = link.amount if party.amount is None else party.amount
            differs = (link.creditor, link.amount, link.note) != (party.creditor, party.amount, party.note)
            if differs:
                self.changed_parties.append((link.id, party))
            if differs or debtor_id in touched or (case and case.id in self.changed_cases):
                report.took(party.row, "changed")
            else:
                report.took(party.row, "unchanged")

    async def _find_cases(self) -> None:
        numbers = sorted({str(party.number) for party in self.parties})
        for some in chunks(numbers):
            for row in await Case.filter(number__in=some):
                self.case_rows[row.number] = row
        for party in self.parties:
            known = self.case_rows.get(str(party.number))
            if known is None:
                continue
            values: dict[str, object] = {
                "filed_on": party.filed_on or known.filed_on,
                "dormant_on": party.dormant_on or known.dormant_on,
                "judge_id": party.judge_id or known.judge_id,
                "judge_name": party.judge_name or known.judge_name,
                "status": _status(party) if party.says_status and known.status not in _OURS else known.status,
                **party.ending,
            }
            if any(getattr(known, name) != value for name, value in values.items()):
                self.changed_cases[known.id] = values

    async def _find_links(self) -> dict[tuple[int, int], CaseDebtor]:
        ids = [row.id for row in self.case_rows.values()]
        links = {}
        for some in chunks(ids):
            for row in await CaseDebtor.filter(case_id__in=some).prefetch_related("debtor"):
                links[row.case_id, row.debtor_id] = row
        return links

    def _debtor_of(self, party: _Party) -> int | None:
        return self.apart.get((str(party.number), party.person_key)) or self.debtor_ids.get(party.person_key)

    async def _find_debtors(self, links: dict[tuple[int, int], CaseDebtor]) -> None:
        # 1. By id number.
        indexes = {self.secrets.index(person.id_number): key for key, person in self.people.items() if person.id_number}
        found: dict[tuple[str, ...], Debtor] = {}
        for some in chunks(sorted(indexes)):
            theirs = Debtor.filter(id_index__in=some, area_code__startswith=self.clerk.county)
            for row in await theirs.prefetch_related("aliases", "plates"):
                key: tuple[str, ...] = (self.people[indexes[row.id_index]].id_number, row.name)
                if key in self.people:
                    found[key] = row
        # 2. Those without: in the same case, under the same name, of whom the number may be known.
        nameless, numbered_ones = await self._in_cases(links)
        for party in self.parties:
            person, case = self.people[party.person_key], self.case_rows.get(str(party.number))
            there = nameless.get((case.id, person.name)) if case else None
            if there is None and case and not person.id_number:
                there = numbered_ones.get((case.id, person.name))
            if there is None:
                continue
            if not person.id_number:
                found.setdefault(party.person_key, there)
                self.apart[str(party.number), party.person_key] = there.id
            elif party.person_key not in found:
                self._gains(party, there, links, found)
        # 3. Else in another case of the same judge.
        for key, row in (await self._elsewhere(found)).items():
            found[key] = row
        for key, person in self.people.items():
            self._compare_debtor(key, person, found.get(key))

    async def _in_cases(
        self, links: dict[tuple[int, int], CaseDebtor]
    ) -> tuple[dict[tuple[int, str], Debtor], dict[tuple[int, str], Debtor]]:
        """Maps case and name to the debtors of these cases: those who have no id number, and those who have one where
        nobody else in the case is called so."""
        wanted = {(str(party.number), self.people[party.person_key].name) for party in self.parties}
        numbers = {row.id: number for number, row in self.case_rows.items()}
        meant = [link for link in links.values() if (numbers[link.case_id], link.debtor.name) in wanted]
        rows: dict[int, Debtor] = {}
        for some in chunks(sorted({link.debtor_id for link in meant})):
            rows |= {one.id: one for one in await Debtor.filter(id__in=some).prefetch_related("aliases", "plates")}
            self.links_of.update(link.debtor_id for link in await CaseDebtor.filter(debtor_id__in=some))
        called = [(link.case_id, rows[link.debtor_id]) for link in meant]
        often = Counter((case_id, row.name) for case_id, row in called if row.id_index)
        nameless = {(case_id, row.name): row for case_id, row in called if not row.id_index}
        known = {key: row for case_id, row in called if row.id_index and often[key := (case_id, row.name)] == 1}
        return nameless, known

    def _gains(
        self,
        party: _Party,
        there: Debtor,
        links: dict[tuple[int, int], CaseDebtor],
        found: dict[tuple[str, ...], Debtor],
    ) -> None:
        """Gives the id number to who had none, if all their cases stand in the file with it; else this case goes to
        somebody new."""
        theirs = {case_id for case_id, debtor_id in links if debtor_id == there.id}
        numbers = {row.id: number for number, row in self.case_rows.items()}
        if self.links_of[there.id] == len(theirs) and all(
            (numbers[one], party.person_key) in self.keys for one in theirs
        ):
            found[party.person_key] = there
        else:
            self.moved.append((links[self.case_rows[str(party.number)].id, there.id].id, party))

    async def _elsewhere(self, found: dict[tuple[str, ...], Debtor]) -> dict[tuple[str, ...], Debtor]:
        """Finds people without id number, who aren't known from their own cases, in other cases of the same judge: the
        same name in the same village is taken for the same person until somebody says otherwise."""
        wanted = {key for key, person in self.people.items() if not person.id_number and key not in found}
        names = sorted({self.people[key].name for key in wanted})
        there: dict[tuple[str, ...], Debtor] = {}
        for some in chunks(names):
            rows = Debtor.filter(name__in=some, id_index="", area_code__startswith=self.clerk.county).order_by("id")
            for row in await rows.prefetch_related("aliases", "plates", "parties__case"):
                for link in row.parties:
                    key = (row.name, row.area_code, str(link.case.judge_id or link.case.judge_name or link.case.number))
                    if key in wanted:
                        there.setdefault(key, row)
        return there

    def _compare_debtor(self, key: tuple[str, ...], person: _Person, row: Debtor | None) -> None:
        have_aliases = {alias.text for alias in row.aliases} if row else set()
        have_plates = {plate.number for plate in row.plates} if row else set()
        self.more_aliases += [(key, text) for text in person.aliases if text not in have_aliases]
        self.more_plates += [(key, number) for number in person.plates if number not in have_plates]
        if row is None:
            return
        self.debtor_ids[key] = row.id
        values = {name: getattr(person, name) or getattr(row, name) for name in _DEBTOR_FIELDS}
        values |= {"area_code": person.area_code if person.says_village else row.area_code, "kind": person.kind}
        if person.id_number and not row.id_index:
            values |= self._sealed(person.id_number)
        if any(getattr(row, name) != value for name, value in values.items()):
            self.changed_debtors[row.id] = values

    def _sealed(self, number: str) -> dict[str, object]:
        if not number:
            return {"id_sealed": "", "id_index": "", "id_tail": ""}
        return {
            "id_sealed": self.secrets.seal(number),
            "id_index": self.secrets.index(number),
            "id_tail": id_tail(number, self.secrets),
        }

    def changing(self) -> list[tuple[type[Model], list[int]]]:
        """Lists the rows that will be changed."""
        parties = [link_id for link_id, _party in (*self.changed_parties, *self.moved)]
        return [(Debtor, list(self.changed_debtors)), (Case, list(self.changed_cases)), (CaseDebtor, parties)]

    async def apply(self) -> None:
        """Writes everything in the running unit."""
        await self._add_debtors()
        await self._add_cases()
        first = await next_id(CaseDebtor)
        links = [
            CaseDebtor(
                id=first + count,
                case_id=self.case_rows[str(party.number)].id,
                debtor_id=self.debtor_ids[party.person_key],
                creditor=party.creditor,
                amount=party.amount,
                note=party.note,
            )
            for count, party in enumerate(self.new_parties)
        ]
        await numbered(CaseDebtor, links)
        for link_id, party in self.changed_parties:
            await CaseDebtor.filter(id=link_id).update(creditor=party.creditor, amount=party.amount, note=party.note)
        for link_id, party in self.moved:
            await CaseDebtor.filter(id=link_id).update(debtor_id=self.debtor_ids[party.person_key])
        for case_id, values in self.changed_cases.items():
            await Case.filter(id=case_id).update(**values)
        for debtor_id, values in self.changed_debtors.items():
            await Debtor.filter(id=debtor_id).update(**values)
        await sequences_follow(Debtor, Case, CaseDebtor)
        touched = {self.debtor_ids[key] for key, _text in (*self.more_aliases, *self.more_plates)}
        touched |= {self.debtor_ids[party.person_key] for party in self.new_parties}
        touched |= {self.debtor_ids[party.person_key] for _id, party in (*self.changed_parties, *self.moved)}
        await index.note(sorted({*self.changed_debtors, *touched}))
        audit.record("import.cases", actor=self.clerk.actor, parties=len(links), changed=len(self.changed_parties))

    async def _add_debtors(self) -> None:
        first = await next_id(Debtor)
        rows: list[Debtor] = []
        for key, person in self.people.items():
            if key in self.debtor_ids:
                continue
            self.debtor_ids[key] = first + len(rows)
            rows.append(
                Debtor(
                    id=self.debtor_ids[key],
                    name=person.name,
                    kind=person.kind,
                    gender=person.gender,
                    born=person.born,
                    **self._sealed(person.id_number),
                    phone=person.phone,
                    registered_address=person.registered_address,
                    hint=person.hint,
                    area_code=person.area_code,
                )
            )
        await numbered(Debtor, rows)
        await Alias.bulk_create(
            [Alias(debtor_id=self.debtor_ids[k], text=t) for k, t in self.more_aliases], batch_size=500
        )
        await Plate.bulk_create(
            [Plate(debtor_id=self.debtor_ids[k], number=n) for k, n in self.more_plates], batch_size=500
        )

    async def _add_cases(self) -> None:
        first = await next_id(Case)
        rows: list[Case] = []
        for party in self.new_parties:
            number = str(party.number)
            if number in self.case_rows:
                continue
            row = Case(
                id=first + len(rows),
                number=number,
                court_code=party.number.court_code,
                kind=party.number.kind,
                year=party.number.year,
                sequence=party.number.sequence,
                status=_status(party),
                filed_on=party.filed_on,
                dormant_on=party.dormant_on,
                judge_id=party.judge_id,
                judge_name=party.judge_name,
                **{name: value for name, value in party.ending.items() if name != "status"},
            )
            self.case_rows[number] = row
            rows.append(row)
        await numbered(Case, rows)


def _status(party: _Party) -> CaseStatus:
    said = party.ending.get("status")
    if isinstance(said, CaseStatus):
        return said
    return CaseStatus.DORMANT if party.dormant_on else CaseStatus.ENFORCING


def cells_of(party: CaseDebtor, id_number: str) -> list[str]:
    """Builds the row that imports as this party again, as WRITTEN has it. Needs case, judge, aliases and plates."""
    case, debtor = party.case, party.debtor
    gender = "企业" if debtor.kind is DebtorKind.COMPANY else debtor.gender
    return [
        case.number,
        debtor.name,
        "、".join(alias.text for alias in debtor.aliases),
        gender,
        id_number,
        debtor.phone,
        debtor.registered_address,
        debtor.area_code,
        debtor.hint,
        party.creditor,
        "" if party.amount is None else f"{party.amount:f}",
        case.filed_on.isoformat() if case.filed_on else "",
        case.dormant_on.isoformat() if case.dormant_on else "",
        case.judge_name,
        case.judge.staff_no if case.judge else "",
        "、".join(plate.number for plate in debtor.plates),
        party.note,
        next((way for way, meant in _WAYS.items() if meant == (case.status, case.voluntary)), ""),
        *(at.isoformat() if at else "" for at in (case.closed_on, case.received_on, case.paid_out_on)),
        str(case.petitions or ""),
    ]
