"""Keeps enforcement cases, and finds those that somebody asks about."""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model

from storage.cases.debtor import Debtor, debtors_by_id, debtors_called, id_tail
from storage.cases.number import parse_case_no, parse_part
from storage.duty.leave import standing_in_for
from storage.engine.mapper import relate
from storage.engine.sql import among, fetch, joined, run
from storage.engine.text import fold
from storage.engine.unit import unit
from storage.noun import Erasure, Fate, Noun, Record
from storage.people.access import Action, may, sees_whole
from storage.people.area import AreaLevel, bounds_of, short_name
from storage.people.person import Person, Role

_ID_TAIL = re.compile(r"\d{3}[\dXx]")

_ASKED = re.compile(
    r"^(?:请|帮我|麻烦)*(?:查一?下|查查|查|看一?下|看看)?(?:车牌号?码?|车号|尾号|案号|身份证号?码?|被执行人)*(?:是|为)?:?"
    r"|(?:(?:那|这)(?:个|件|辆)|的)?(?:案子|案件|情况|事情|车子?)?(?:现在)?(?:办得?|处理得?)?"
    r"(?:怎么样|怎样|如何|到哪一?步|什么情况|是哪[个位]的?|是谁的?|是哪个)?了?[吗呢啊?？。]*$"
)
"""What people say around the name or number that they ask about: 查一下林永福那个案子怎么样了."""


class CaseStatus(StrEnum):
    FILED = "filed"
    ENFORCING = "enforcing"
    DORMANT = "dormant"
    RESUMED = "resumed"
    SETTLING = "settling"
    PERFORMED = "performed"


class Case(Model):
    """One enforcement case; `number` is its normal form: （2013）浙1122执456号."""

    id = fields.IntField(primary_key=True)
    number = fields.CharField(max_length=40, unique=True)
    court_code = fields.CharField(max_length=10)
    kind = fields.CharField(max_length=4)
    year = fields.IntField()
    sequence = fields.IntField(db_index=True)
    status = fields.CharEnumField(CaseStatus, max_length=12)
    filed_on = fields.DateField(null=True)
    dormant_on = fields.DateField(null=True)
    judge: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "chuishao.Person", related_name="cases", null=True, on_delete=fields.SET_NULL
    )
    judge_id: int | None
    judge_name = fields.CharField(max_length=40, default="")
    closed_on = fields.DateField(null=True)
    """When it ended other than by 终本."""
    voluntary: bool | None = fields.BooleanField(null=True)  # type: ignore[assignment]
    """Whether the debtor performed without being made to; None where nobody said."""
    received_on = fields.DateField(null=True)
    paid_out_on = fields.DateField(null=True)
    """When the money came in at the court, and when it went out to the creditor."""
    petitions = fields.IntField(default=0)
    parties: fields.ReverseRelation["CaseDebtor"]

    class Meta:
        table = "court_case"


class CaseDebtor(Model):
    """A debtor in a case: who is owed how much."""

    id = fields.IntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "chuishao.Case", related_name="parties", on_delete=fields.CASCADE
    )
    case_id: int
    debtor: fields.ForeignKeyRelation[Debtor] = fields.ForeignKeyField(
        "chuishao.Debtor", related_name="parties", on_delete=fields.CASCADE
    )
    debtor_id: int
    creditor = fields.CharField(max_length=120, default="")
    amount = fields.DecimalField(max_digits=16, decimal_places=2, null=True)
    paid: Decimal = fields.DecimalField(max_digits=16, decimal_places=2, default=0)
    note = fields.TextField(default="")

    class Meta:
        table = "case_debtor"
        unique_together = (("case", "debtor"),)


async def search(person: Person, words: str, limit: int = 8, skip: int = 0) -> list[Case]:
    """Finds cases that `words` can mean (number, its tail, bare digits, the last four of an id number, a debtor's name,
    nickname or plate, a village of the person's) and `person` may see, the newest first, with their parties, debtors
    and judges. Needs a unit."""
    meant = await _meant(_ASKED.sub("", fold(words).replace(" ", "")), person)
    if meant is None:
        return []
    ids, args = meant
    seen, bounds = await _seen_by(person, unit().now)
    source = (
        f"court_case a LEFT JOIN person b ON b.id = a.judge_id WHERE a.id IN ({ids}) AND {seen} "
        f"ORDER BY a.year DESC, a.sequence DESC, a.id DESC LIMIT {limit:d} OFFSET {skip:d}"
    )
    found = await joined((Case, Person), source, *args, *bounds)
    return await with_parties([case.id for case, _judge in found])


async def _seen_by(person: Person, now: datetime) -> tuple[str, list[Any]]:
    """Returns the SQL, after WHERE, for the rows `a` of court_case that the person may read, and its arguments. A
    judge: the own cases, those of whoever they stand in for, and those that a card which they hold is about; the
    others: what has a debtor in their area."""
    if not may(person, Action.CASE):
        return "1 = 0", []
    if person.role is Role.JUDGE:
        judges, who = among(await standing_in_for(person, now))
        # The sign keeps an index of the judge's cases, of which there may be thousands, out of it.
        return f"(+a.judge_id {judges} OR EXISTS ({_HANDED}))", [who, person.id]
    return (
        "EXISTS (SELECT 1 FROM case_debtor p JOIN debtor d ON d.id = p.debtor_id "
        "WHERE p.case_id = a.id AND d.area_code >= ? AND d.area_code <= ?)"
    ), list(bounds_of(person.area_code))


_HANDED = (
    "SELECT 1 FROM case_debtor p JOIN suspect s ON s.debtor_id = p.debtor_id "
    "JOIN alert l ON l.sighting_id = s.sighting_id JOIN recipient r ON r.alert_id = l.id "
    "WHERE p.case_id = a.id AND r.person_id = ? AND l.state NOT IN ('closed', 'withdrawn') "
    "AND (a.judge_id IS NULL OR COALESCE(l.owner_id, l.judge_id) = a.judge_id)"
)
"""Somebody else's case, whose alert is theirs: handed over, or climbed up to them."""


async def may_read(person: Person, case_id: int, now: datetime) -> bool:
    """Tells whether the person may read this case."""
    seen, args = await _seen_by(person, now)
    return bool(await fetch(f"SELECT 1 FROM court_case a WHERE a.id = ? AND {seen}", case_id, *args))


async def _meant(text: str, person: Person) -> tuple[str, list[Any]] | None:
    """Returns the SELECT of the ids of the cases that the words can mean, and its arguments."""
    number, part, by_id = parse_case_no(text), parse_part(text), _ID_TAIL.fullmatch(text)
    if number is not None:
        return "SELECT id FROM court_case WHERE number = ?", [str(number)]
    if by_id is not None:
        sequence = f" UNION SELECT id FROM court_case WHERE sequence = ? UNION {_BY_PLATE}" if text.isdigit() else ""
        sql = (
            "SELECT p.case_id FROM debtor d JOIN case_debtor p ON p.debtor_id = d.id "
            f"WHERE d.id_tail = ? AND d.id_tail <> ''{sequence}"
        )
        return sql, [id_tail(text, unit().secrets), *([int(text), f"%{text}"] if text.isdigit() else [])]
    if part is not None and text.isdigit() and len(text) >= _SHORTEST_TAIL:
        sql = f"SELECT id FROM court_case WHERE sequence = ? UNION {_BY_PLATE}"
        return sql, [part.sequence, f"%{text}"]
    if part is not None:
        said = {"sequence": part.sequence, "year": part.year, "kind": part.kind, "court_code": part.court_code}
        named = {column: value for column, value in said.items() if value}
        return f"SELECT id FROM court_case WHERE {' AND '.join(f'{one} = ?' for one in named)}", list(named.values())
    debtor_ids = await debtors_called(text) if text else []
    if not debtor_ids:
        return await _in_village(text, person.area_code) or _in_part(text, person)
    among_them, value = among(debtor_ids)
    return f"SELECT case_id FROM case_debtor WHERE debtor_id {among_them}", [value]


async def _in_village(text: str, own: str) -> tuple[str, list[Any]] | None:
    """Selects the cases of a village in one's own area, if the words are its name and nothing else."""
    first, last = bounds_of(own)
    sql = "SELECT code, name FROM area WHERE code >= ? AND code <= ? AND level = ?"
    names = [(row["code"], row["name"]) for row in await fetch(sql, first, last, AreaLevel.VILLAGE)]
    codes = [code for code, name in names if text in (name, short_name(name))]
    if not codes:
        return None
    words, value = among(codes)
    return f"SELECT p.case_id FROM debtor d JOIN case_debtor p ON p.debtor_id = d.id WHERE d.area_code {words}", [value]


_BY_PLATE = "SELECT p.case_id FROM plate l JOIN case_debtor p ON p.debtor_id = l.debtor_id WHERE l.number LIKE ?"
_SHORTEST_TAIL = 3
"""Digits by which a plate may be asked for."""
_LETTERS = re.compile(r"[\u4e00-\u9fff·]{2,30}")


def _in_part(text: str, person: Person) -> tuple[str, list[Any]] | None:
    """Selects the cases in which a debtor's name has these letters in it, 永福, and for the court a creditor's."""
    if not _LETTERS.fullmatch(text):
        return None
    like = f"%{text}%"
    sql = "SELECT p.case_id FROM debtor d JOIN case_debtor p ON p.debtor_id = d.id WHERE d.name LIKE ?"
    if not sees_whole(person):
        return sql, [like]
    return f"{sql} UNION SELECT case_id FROM case_debtor WHERE creditor LIKE ?", [like, like]


async def _parties_of(case_ids: list[int]) -> dict[int, list[CaseDebtor]]:
    """Loads the debtors of each of these cases."""
    parties: dict[int, list[CaseDebtor]] = {case_id: [] for case_id in case_ids}
    if case_ids:
        words, value = among(case_ids)
        source = f"case_debtor a JOIN debtor b ON b.id = a.debtor_id WHERE a.case_id {words} ORDER BY a.id"
        for party, debtor in await joined((CaseDebtor, Debtor), source, value):
            relate(party, debtor=debtor)
            parties[party.case_id].append(party)
    return parties


async def with_parties(case_ids: Sequence[int]) -> list[Case]:
    """Loads these cases, the newest first, with parties, their debtors (without nicknames and plates) and the judge."""
    words, value = among(case_ids)
    source = f"court_case a LEFT JOIN person b ON b.id = a.judge_id WHERE a.id {words}"
    found = await joined((Case, Person), f"{source} ORDER BY a.year DESC, a.sequence DESC, a.id DESC", value)
    parties = await _parties_of([case.id for case, _judge in found])
    for case, judge in found:
        relate(case, judge=judge, parties=parties[case.id])
    return [case for case, _judge in found]


async def whole(case_id: int) -> Case | None:
    """Loads a case with everything that its card shows: parties, their debtors with nicknames and plates, the judge."""
    found = await with_parties([case_id])
    if not found:
        return None
    debtors = await debtors_by_id([party.debtor_id for party in found[0].parties])
    for party in found[0].parties:
        relate(party, debtor=debtors[party.debtor_id])
    return found[0]


async def of_debtors(debtor_ids: list[int]) -> list[CaseDebtor]:
    """Loads the open cases of these debtors with everything a card shows."""
    if not debtor_ids:
        return []
    words, value = among(debtor_ids)
    source = (
        "case_debtor a JOIN court_case b ON b.id = a.case_id LEFT JOIN person c ON c.id = b.judge_id "
        f"WHERE a.debtor_id {words} AND b.status <> ? ORDER BY a.case_id, a.debtor_id"
    )
    found = await joined((CaseDebtor, Case, Person), source, value, CaseStatus.PERFORMED)
    debtors = await debtors_by_id(debtor_ids) if found else {}
    for party, case, judge in found:
        relate(case, judge=judge)
        relate(party, case=case, debtor=debtors[party.debtor_id])
    return [party for party, _case, _judge in found]


async def numbers_of(debtor_id: int) -> list[str]:
    """Lists the numbers of a debtor's cases."""
    sql = "SELECT c.number FROM case_debtor p JOIN court_case c ON c.id = p.case_id WHERE p.debtor_id = ? ORDER BY c.id"
    return [row["number"] for row in await fetch(sql, debtor_id)]


async def judges_of(debtor_ids: list[int]) -> tuple[list[int], bool]:
    """Finds the judges of these debtors' open cases, each once, in the order of the cases; and tells whether a case has
    none who is there."""
    words, value = among(debtor_ids)
    rows = await fetch(
        "SELECT c.judge_id, j.active FROM case_debtor p JOIN court_case c ON c.id = p.case_id "
        f"LEFT JOIN person j ON j.id = c.judge_id WHERE p.debtor_id {words} AND c.status <> ? "
        "ORDER BY p.case_id, p.debtor_id",
        value,
        CaseStatus.PERFORMED,
    )
    judges = dict.fromkeys(row["judge_id"] for row in rows if row["active"])
    return list(judges), any(not row["active"] for row in rows)


def owing(party: CaseDebtor) -> Decimal | None:
    """Returns what is still owed; None where the amount isn't known."""
    return None if party.amount is None else party.amount - party.paid


async def _erases(what: Erasure) -> None:
    """Empties the notes on the debtor; that there was a case, and what became of it, stays."""
    await run("UPDATE case_debtor SET note = '' WHERE debtor_id = ?", what.debtor_id)


NOUN = Noun(
    (Record(Case, erasing=Fate.STAYS, leaving=Fate.STAYS), Record(CaseDebtor, erasing=Fate.GOES, leaving=Fate.NONE)),
    erases=_erases,
)
