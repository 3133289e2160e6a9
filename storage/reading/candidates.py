"""The people whom a message can be about, in circles: the village, the town, and for sure signs the county.

Only those are fetched of whom the text holds a trace (two syllables of a name or nickname, a surname after 老, a case
number); each trace is an index's entry, so that a report costs the same in a large county as in a small one.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from storage.cases.debtor import DebtorKind, age
from storage.cases.number import find_case_nos, find_case_tails
from storage.engine.clock import local
from storage.engine.mapper import day
from storage.engine.sql import among, fetch
from storage.engine.text import heard
from storage.people.area import bounds_of, county_of, names_village, town_of, villages_of
from storage.reading import index
from storage.reading.evidence import Known
from storage.reading.kin import family_traces, kin_traces, pet_traces, speaks_of_a_house, speaks_of_kin
from storage.reading.owing import amount_traces, creditor_traces, speaks_of_debt
from storage.reading.plates import plate_beginnings, plate_traces
from storage.reading.sound import LETTERS

_HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff·.]+")
"""Every character of GB 18030-2022, and what stands between the parts of a name."""
_PLATE = re.compile(r"[\u4e00-\u9fa5][A-Z][A-Z0-9]{5,6}")
_CASES = "court_case c JOIN case_debtor p ON p.case_id = c.id JOIN debtor d ON d.id = p.debtor_id"
_TRACED = "trace t JOIN debtor d ON d.id = t.debtor_id AND d.area_code = t.area_code"
Query = tuple[str, list[object]]
"""A SELECT of debtors, and its arguments."""
_MANY = 24
"""Of so many of those who may be meant the relatives are looked up."""
_LESSON = "CASE WHEN kind = 'caution' THEN 'doubted' WHEN times > 1 THEN 'learned' ELSE 'taught' END"
"""What a lesson is to the reader."""
_CASES_OF = "FROM case_debtor p JOIN court_case c ON c.id = p.case_id WHERE c.status <> 'performed' AND p.debtor_id"
"""Cases that still stand: who has performed them all is nobody's business any more."""
LATELY = timedelta(days=3)
_MOST = 4000
"""Pieces of a text that are looked up, the rarer kinds first: a sentence has a hundred, the longest message that is
read not much more than these."""


def _words(plain: str) -> list[str]:
    """Lists the pieces of a text that can lead to somebody, in the form in which `storage.reading.index` keeps them."""
    words = [index.of_plate(end) for end in plate_traces(plain)]
    words += [index.of_beginning(begin[skip:]) for begin in plate_beginnings(plain) for skip in (0, 1)]
    words += sorted(word for said in creditor_traces(plain) for word in index.of_creditor(said))
    words += [f"a:{yuan}" for yuan in amount_traces(plain)]
    words += [f"i:{found[0].lower()}" for found in LETTERS.finditer(plain) if len(found[0]) <= 4]
    words += [f"s:{one}" for one in family_traces(plain)]
    if speaks_of_a_house(plain):
        words += [f"h:{plain[n : n + 2]}" for n in range(len(plain) - 1)]
    words += sorted(index.pairs(plain))
    return list(dict.fromkeys(words))[:_MOST]


def _kin_words(person: Known) -> set[str]:
    """Lists the words that lead to somebody's relatives: they share the surname, or are called after each other."""
    words = {word for called in kin_traces(person) for word in index.pairs(called)}
    return words if person.company else words | {f"s:{person.surname[0]}"}


async def circles(areas: Sequence[str], text: str, now: datetime) -> list[list[Known]]:
    """Returns the reader's circles for a sender of these areas, the inmost first.

    They are: a village of the sender's town that the text names, the sender's own, the town, and those of the county
    whose full name, plate or case number stands in the text. Each circle holds only those who may be meant.
    """
    inner = [code for code in areas if len(code) >= 9]
    towns = list(dict.fromkeys(map(town_of, inner)))
    near, far = _split(await _load(_with_traces(towns, text) + _surely(areas[0], text), areas, text, now), towns)
    if towns:
        pets = _traced(towns, _pet_words(text, (one for _code, one in [*near, *far])))
        near = _and(near, await _load(pets, areas, text, now))
    if near and speaks_of_kin(text):
        words = sorted({word for _code, one in near[:_MANY] for word in _kin_words(one)})
        near = _and(near, await _load(_traced(towns, words), areas, text, now))
    named = await _named(towns, text) if near else []
    own = [code for code in inner if len(code) == 12]
    villages = [[one for code, one in near if code in group] for group in [*([code] for code in named), own] if group]
    return [*villages, [one for _code, one in near], [one for _code, one in far]]


def _split(found: list[tuple[str, Known]], towns: Sequence[str]) -> tuple[list[tuple[str, Known]], ...]:
    """Splits the people into those who live in the towns and the others."""
    near = [each for each in found if town_of(each[0]) in towns]
    return near, [each for each in found if town_of(each[0]) not in towns]


def _pet_words(text: str, found: Iterable[Known]) -> list[str]:
    """Lists the words that lead to whoever may be called 阿福 or 小福.

    It leaves out the 小土 of 郑小土, whose name stands there whole: half a town has some character or other in its
    name, and the longer name decides, unless a denial cuts it in two.
    """
    plain = heard(text)
    for person in found:
        if len(person.name) > 2 and not person.company:
            plain = plain.replace(person.name, "\0")
    return [f"g:{one}" for one in pet_traces(plain)]


def _and(some: list[tuple[str, Known]], others: list[tuple[str, Known]]) -> list[tuple[str, Known]]:
    """Joins both lists, nobody twice, in the order of their ids."""
    return sorted({one.id: (code, one) for code, one in [*others, *some]}.values(), key=lambda each: each[1].id)


async def village_meant(areas: Sequence[str], text: str, home: str) -> str:
    """Tells which of the sender's areas a report is from: the one where whoever is meant is at home, else one that the
    text names, else the first."""
    if len(areas) == 1:
        return areas[0]
    if home in areas:
        return home
    named = await _named(dict.fromkeys(map(town_of, areas)), text)
    return next((code for code in named if code in areas), areas[0])


async def _named(towns: Iterable[str], text: str) -> list[str]:
    """Finds the villages of these towns that the text names."""
    return [code for town in towns for code, name in await villages_of(town) if names_village(text, name)]


def _surely(area_code: str, text: str) -> list[Query]:
    """Builds the queries for people who are named beyond doubt, anywhere in the county."""
    county = county_of(area_code)
    flat = heard(text).replace(" ", "")
    names = {name: None for run in _HAN.findall(flat) for name in _names_in(run)}
    signs: list[tuple[str, str, list[str]]] = [
        ("debtor d", "d.name", list(names)[:_MOST]),
        ("plate p JOIN debtor d ON d.id = p.debtor_id", "p.number", _PLATE.findall(flat.upper())),
        (_CASES, "c.number", [str(number) for number in find_case_nos(flat)]),
    ]
    return [_query(source, column, county, values) for source, column, values in signs if values]


_LONGEST_PART = 6
"""Characters in one part of a name with a dot."""


def _names_in(run: str) -> Iterable[str]:
    """Lists what may be somebody's whole name: two to four characters, or two parts around a dot, said or left out."""
    plain = re.sub("[·.]", "", run)
    for size in (2, 3, 4):
        yield from (plain[at : at + size] for at in range(len(plain) - size + 1))
    for dot in re.finditer("[·.]", run):
        left, right = run[: dot.start()][-_LONGEST_PART:], run[dot.end() :][:_LONGEST_PART]
        for begin in range(len(left)):
            yield from (f"{left[begin:]}·{right[:end]}" for end in range(1, len(right) + 1))
    for size in (5, 6, 7, 8):
        for at in range(len(plain) - size + 1):
            yield from (f"{plain[at : at + cut]}·{plain[at + cut : at + size]}" for cut in range(2, size - 1))


def _query(source: str, column: str, area_code: str, values: Sequence[object], within: str = "d") -> Query:
    """Selects debtors of the area in whose `column` one of the values stands; `within` is the table that knows it."""
    listed = "d.id, d.name, d.kind, d.gender, d.born, d.area_code, d.hint"
    inside = f"{within}.area_code >= ? AND {within}.area_code <= ?"
    bounds: list[object] = [*bounds_of(area_code)]
    words, value = among(values)
    return f"SELECT {listed} FROM {source} WHERE {column} {words} AND {inside}", [value, *bounds]


def _with_traces(towns: Sequence[str], text: str) -> list[Query]:
    """Builds queries for the towns' debtors whom the text may mean: all whom the reader could find, and some more."""
    sequences = _sequences(text)
    cases = [_query(_CASES, "c.sequence", town, sequences) for town in towns if sequences]
    return _traced(towns, _words(heard(text))) + cases


@lru_cache(16)  # asked again for each circle
def _sequences(text: str) -> Sequence[int]:
    """Finds the last number of each case number in a text, whole or in part."""
    close = heard(text).replace(" ", "")
    return sorted({number.sequence for number in find_case_nos(close)} | {tail[1] for tail in find_case_tails(close)})


def _traced(towns: Sequence[str], words: Sequence[str]) -> list[Query]:
    """Builds the queries for debtors of the towns to whom one of the words leads."""
    return [_query(_TRACED, "t.word", town, words, within="t") for town in towns if words]


def _facts(text: str, people: Sequence[int], homes: Sequence[str], now: datetime) -> Query:
    """Asks for what the reader needs about these people, each row as debtor, kind, words and a number to sort by.

    Of somebody's cases it asks only what the text can be about, for some have dozens: their numbers where it says one,
    whom and how much they owe where it speaks of that.
    """
    (words, value), (at_home, homes_) = among(people), among(homes)
    parts = [
        f"SELECT debtor_id, 'alias', text, id FROM alias WHERE debtor_id {words}",
        f"SELECT debtor_id, 'plate', number, id FROM plate WHERE debtor_id {words}",
        f"SELECT id, 'over', 'x', id FROM debtor d WHERE id {words} "
        "AND EXISTS (SELECT 1 FROM case_debtor p WHERE p.debtor_id = d.id) "
        f"AND NOT EXISTS (SELECT 1 {_CASES_OF} = d.id)",
    ]
    if speaks_of_debt(heard(text)):
        parts += [
            f"SELECT debtor_id, 'creditor', creditor, id FROM case_debtor WHERE debtor_id {words}",
            f"SELECT debtor_id, 'amount', {index.YUAN}, id FROM case_debtor WHERE debtor_id {words}",
        ]
    if _sequences(text):
        parts.append(f"SELECT p.debtor_id, 'case', c.number, p.id {_CASES_OF} {words}")
    asked = [value] * len(parts)
    parts += [
        "SELECT s.debtor_id, 'seen', 'x', s.id FROM suspect s JOIN sighting g ON g.id = s.sighting_id "
        f"WHERE s.debtor_id {words} AND g.reported_at >= ? AND g.state = 'alerted' AND g.doubtful = ?",
        f"SELECT debtor_id, {_LESSON}, word, id FROM lesson WHERE debtor_id {words} AND area_code {at_home} "
        "AND undone_at IS NULL",
    ]
    return " UNION ALL ".join(parts), [*asked, value, now - LATELY, False, value, homes_]


async def _load(queries: Sequence[Query], home: Sequence[str], text: str, now: datetime) -> list[tuple[str, Known]]:
    """Loads village and person of each whom the queries find, in the order of their ids, with what was learned about
    them in the sender's villages, `home`."""
    if not queries:
        return []
    today = local(now).date()
    sql = " UNION ALL ".join(sql for sql, _args in queries)
    rows = {row[0]: row for row in await fetch(sql, *(arg for _sql, args in queries for arg in args))}
    if not rows:
        return []
    facts: dict[int, dict[str, list[str]]] = {number: defaultdict(list) for number in rows}
    sql, args = _facts(text, sorted(rows), home, now)
    found = await fetch(sql, *args)
    for debtor_id, kind, word, _id in sorted(found, key=lambda fact: int(fact[3])):
        if word:
            facts[debtor_id][kind].append(word)
    people = []
    for number in sorted(rows):
        _id, name, kind, gender, born, area_code, hint = rows[number]
        about = facts[number]
        if about["over"]:
            continue
        known = Known(
            id=number,
            name=name,
            aliases=tuple(about["alias"]),
            plates=tuple(about["plate"]),
            case_nos=tuple(about["case"]),
            creditors=tuple(about["creditor"]),
            age=age(day(born), today),
            gender=gender,
            company=kind == DebtorKind.COMPANY,
            amounts=tuple(map(int, about["amount"])),
            hint=hint,
            seen=bool(about["seen"]),
            area_code=area_code,
            taught=tuple(about["taught"]),
            learned=tuple(about["learned"]),
            doubted=tuple(about["doubted"]),
        )
        people.append((area_code, known))
    return people
