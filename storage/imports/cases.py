"""`chuishao import cases`: one row a debtor of a case."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tortoise.models import Model

from storage.cases.case import Case, CaseDebtor, CaseStatus
from storage.cases.debtor import Alias, Debtor, DebtorKind, Plate, id_tail
from storage.cases.number import CaseNo, parse_case_no
from storage.engine import audit
from storage.engine.secret import Secrets
from storage.engine.text import fold, squeeze
from storage.imports import Plan, Progress, Report, Row, chunks, normal, numbered, sequences_follow, sift
from storage.imports.journal import next_id
from storage.imports.normal import Unclear
from storage.people.area import Area, Gazetteer, county_of
from storage.people.person import Person, Role
from storage.reading import index

REQUIRED = ("案号", "被执行人")
KNOWN = (
    *REQUIRED,
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
)
_WAYS: dict[str, tuple[CaseStatus, bool | None]] = {
    "执行完毕": (CaseStatus.PERFORMED, False),
    "自动履行": (CaseStatus.PERFORMED, True),
    "终本": (CaseStatus.DORMANT, None),
    "和解": (CaseStatus.SETTLING, None),
}
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
    line: int
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


class _Reader:
    """Turns rows into debtors and parties; holds what the whole file is checked against."""

    def __init__(self, areas: list[Area], judges: list[Person], report: Report) -> None:
        self.places = Gazetteer(areas)
        self.by_staff_no = {judge.staff_no: judge.id for judge in judges if judge.staff_no}
        self.by_name: dict[str, list[int]] = {}
        for judge in judges:
            self.by_name.setdefault(judge.name, []).append(judge.id)
        self.counties = sorted({county_of(area.code) for area in areas if len(area.code) >= 6})
        self.report = report
        self.people: dict[tuple[str, ...], _Person] = {}
        self.parties: dict[tuple[str, tuple[str, ...]], _Party] = {}

    def take(self, row: Row) -> None:
        """Raises Unclear where the row can't be taken."""
        number = parse_case_no(row["案号"])
        if number is None:
            raise Unclear("case_no", fold(row["案号"]))
        name = squeeze(row["被执行人"])
        if not name:
            raise Unclear("missing_debtor")
        filed, dormant = normal.day(row["立案日期"], "立案日期"), normal.day(row["终本日期"], "终本日期")
        amount = normal.money(row["执行标的(元)"])
        village = self._village(row, number)
        id_number = self._id_number(row)
        key = (id_number, name) if id_number else (name, village, str(number))
        judge_id = self._judge(row)
        good_plates, words = normal.plates(row["车牌号"])
        note = row["备注"].strip()
        if words:
            self.report.warn(row, "plate", " ".join(words))
            note = f"{note} {' '.join(words)}".strip()
        judge_name = squeeze(row["承办法官"])[:40]
        creditor = squeeze(row["申请执行人"])[:120]
        party = _Party(
            row.line, number, key, creditor, amount, filed, dormant, judge_id, judge_name, note, self._ending(row)
        )
        earlier = self.parties.get((str(number), key))
        if earlier is not None:
            raise Unclear("same_case_and_debtor", str(earlier.line))
        self.parties[str(number), key] = party
        self._merge(row, key, name, village, id_number, good_plates)

    def _ending(self, row: Row) -> dict[str, object]:
        dates = {
            "closed_on": normal.day(row["结案日期"], "结案日期"),
            "received_on": normal.day(row["案款到账日期"], "案款到账日期"),
            "paid_out_on": normal.day(row["案款发放日期"], "案款发放日期"),
        }
        found: dict[str, object] = {name: value for name, value in dates.items() if value is not None}
        petitions, way = squeeze(row["信访次数"]), squeeze(row["结案方式"])
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
        text = squeeze(row["所在村社"])
        if not text:
            raise Unclear("missing_village")
        county = _county_of_court(number, self.counties)
        found = self.places.village(text, county)
        if len(found) == 1:
            return found[0]
        raise Unclear("village_several" if found else "village", text)

    def _id_number(self, row: Row) -> str:
        try:
            number = normal.id_number(row["身份证号码"])
        except Unclear:
            self.report.warn(row, "id_form")
            return ""
        if number and not normal.is_company_code(number) and not normal.check_digit_fits(number):
            self.report.warn(row, "id_check_digit")
        if not number:
            self.report.warn(row, "id_missing")
        return number

    def _judge(self, row: Row) -> int | None:
        staff_no, name = squeeze(row["承办法官工号"]), squeeze(row["承办法官"])
        if staff_no:
            if staff_no not in self.by_staff_no:
                self.report.warn(row, "judge_staff_no", staff_no)
            return self.by_staff_no.get(staff_no)
        found = self.by_name.get(name, [])
        if len(found) != 1:
            self.report.warn(row, "judge_name", name)
        return found[0] if len(found) == 1 else None

    def _merge(
        self, row: Row, key: tuple[str, ...], name: str, village: str, id_number: str, plates: list[str]
    ) -> None:
        gender = squeeze(row["性别"])
        company = normal.is_company_code(id_number) or gender == "企业"
        kind = DebtorKind.COMPANY if company else DebtorKind.PERSON
        person = self.people.setdefault(key, _Person(name[:120], kind, village, id_number))
        person.gender = person.gender or (gender if gender in ("男", "女") else "")
        person.phone = person.phone or squeeze(row["手机号"])[:30]
        person.registered_address = person.registered_address or fold(row["户籍地"])[:200]
        person.hint = person.hint or fold(row["住处"])[:120]
        person.aliases.update(dict.fromkeys(normal.aliases(row["曾用名/绰号"])))
        person.plates.update(dict.fromkeys(plates))


def _county_of_court(number: CaseNo, counties: list[str]) -> str:
    """Finds a court's county: 浙1122 is the court of 331122; empty, for any county, where it can't be told."""
    tail = number.court_code[1:]
    return next((county for county in counties if len(tail) == 4 and county.endswith(tail)), "")


async def plan(rows: Sequence[Row], progress: Progress, secrets: Secrets) -> Plan:
    """Works out what is new and what has changed; nothing is written before `apply`."""
    report = Report()
    reader = _Reader(await Area.all(), await Person.filter(role=Role.JUDGE, active=True), report)
    kept = sift(rows, report)
    for count, row in enumerate(kept):
        if count % 500 == 0:
            progress(count, len(kept))
        try:
            reader.take(row)
        except Unclear as why:
            report.reject(row, why)
    work = _Work(reader, secrets)
    await work.compare(report)
    progress(len(kept), len(kept))
    return Plan(report, work.apply, (Debtor, Alias, Plate, Case, CaseDebtor), work.changing())


class _Work:
    """The difference between the file and the database, and writing it."""

    def __init__(self, reader: _Reader, secrets: Secrets) -> None:
        self.people = reader.people
        self.parties = list(reader.parties.values())
        self.secrets = secrets
        self.debtor_ids: dict[tuple[str, ...], int] = {}
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
        for party in self.parties:
            case = self.case_rows.get(str(party.number))
            debtor_id = self.debtor_ids.get(party.person_key)
            link = links.get((case.id, debtor_id)) if case and debtor_id else None
            if link is None:
                self.new_parties.append(party)
                report.added += 1
                continue
            differs = (link.creditor, link.amount, link.note) != (party.creditor, party.amount, party.note)
            if differs:
                self.changed_parties.append((link.id, party))
            if differs or debtor_id in touched or (case and case.id in self.changed_cases):
                report.changed += 1
            else:
                report.unchanged += 1

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
                "status": known.status if known.status in _OURS else _status(party),
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

    async def _find_debtors(self, links: dict[tuple[int, int], CaseDebtor]) -> None:
        indexes = {self.secrets.index(person.id_number): key for key, person in self.people.items() if person.id_number}
        found: dict[tuple[str, ...], Debtor] = {}
        for some in chunks(sorted(indexes)):
            for row in await Debtor.filter(id_index__in=some).prefetch_related("aliases", "plates"):
                key: tuple[str, ...] = (self.people[indexes[row.id_index]].id_number, row.name)
                if key in self.people:
                    found[key] = row
        numbers = {row.id: row.number for row in self.case_rows.values()}
        nameless = [link for link in links.values() if not link.debtor.id_index]
        for some in chunks([link.debtor_id for link in nameless]):
            people = {one.id: one for one in await Debtor.filter(id__in=some).prefetch_related("aliases", "plates")}
            for link in nameless:
                if (one := people.get(link.debtor_id)) is not None:
                    found[one.name, one.area_code, numbers[link.case_id]] = one
        for key, person in self.people.items():
            self._compare_debtor(key, person, found.get(key))

    def _compare_debtor(self, key: tuple[str, ...], person: _Person, row: Debtor | None) -> None:
        have_aliases = {alias.text for alias in row.aliases} if row else set()
        have_plates = {plate.number for plate in row.plates} if row else set()
        self.more_aliases += [(key, text) for text in person.aliases if text not in have_aliases]
        self.more_plates += [(key, number) for number in person.plates if number not in have_plates]
        if row is None:
            return
        self.debtor_ids[key] = row.id
        values = {name: getattr(person, name) or getattr(row, name) for name in _DEBTOR_FIELDS}
        values |= {"area_code": person.area_code, "kind": person.kind}
        if any(getattr(row, name) != value for name, value in values.items()):
            self.changed_debtors[row.id] = values

    def changing(self) -> list[tuple[type[Model], list[int]]]:
        """Lists the rows that will be changed."""
        parties = [link_id for link_id, _party in self.changed_parties]
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
        for case_id, values in self.changed_cases.items():
            await Case.filter(id=case_id).update(**values)
        for debtor_id, values in self.changed_debtors.items():
            await Debtor.filter(id=debtor_id).update(**values)
        await sequences_follow(Debtor, Case, CaseDebtor)
        touched = {self.debtor_ids[key] for key, _text in (*self.more_aliases, *self.more_plates)}
        touched |= {self.debtor_ids[party.person_key] for party in self.new_parties}
        touched |= {self.debtor_ids[party.person_key] for _id, party in self.changed_parties}
        await index.note(sorted({*self.changed_debtors, *touched}))
        audit.record("import.cases", parties=len(links), changed=len(self.changed_parties))

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
                    id_sealed=self.secrets.seal(person.id_number) if person.id_number else "",
                    id_index=self.secrets.index(person.id_number) if person.id_number else "",
                    id_tail=id_tail(person.id_number, self.secrets),
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
    """Builds the row that imports as this party again, in the order of KNOWN. Needs case, judge, aliases and plates."""
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
