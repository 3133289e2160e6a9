"""The people whom a message can be about, in circles: the village, the town, and for sure signs the county.

Only those are fetched of whom the text holds a trace (the beginning of a name or nickname, a surname after 老, a case
number); each trace is an index's entry, so that a report costs the same in a large county as in a small one.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from storage.area import contains, county_of, town_of
from storage.case import find_case_nos, find_case_tails
from storage.clock import local
from storage.debtor import Debtor, DebtorKind, age
from storage.reading import Known, family_traces, pet_traces
from storage.sql import among, fetch, pick
from storage.text import fold

_HAN = re.compile(r"[\u4e00-\u9fa5]+")
_PLATE = re.compile(r"[\u4e00-\u9fa5][A-Z][A-Z0-9]{5,6}")
_PLATE_LIKE = re.compile(r"[A-Z][A-Z0-9]{4,6}|\d{5,6}|尾号")
_CASES = "court_case c JOIN case_debtor p ON p.case_id = c.id JOIN debtor d ON d.id = p.debtor_id"
_MOST = 400
"""Pieces of a text that are looked up; a sentence has thirty."""


@dataclass(frozen=True)
class _Traces:
    """What of a text can lead to somebody."""

    pairs: list[str]
    """All two neighbouring characters: names and nicknames are found by two of theirs."""
    surnames: list[str]
    syllables: list[str]
    """What stands behind 阿 or 小."""
    case_sequences: list[int]
    plates: bool
    debts: bool


def _traces(text: str) -> _Traces:
    plain = fold(text)
    close = plain.replace(" ", "")
    pairs = {word[i : i + 2] for word in (plain, close) for i in range(len(word) - 1)}
    sequences = {number.sequence for number in find_case_nos(close)} | {tail[1] for tail in find_case_tails(close)}
    return _Traces(
        pairs=sorted(pairs)[:_MOST],
        surnames=family_traces(plain),
        syllables=pet_traces(plain),
        case_sequences=sorted(sequences),
        plates=bool(_PLATE_LIKE.search(close.upper().replace("·", "").replace(".", ""))),
        debts="欠" in plain,
    )


async def circles(area_code: str, text: str, now: datetime) -> list[list[Known]]:
    """The reader's circles for a sender of this area: own village, own town, then the county's debtors whose full
    name, plate or case number stands in the text. Of each circle those who may be meant."""
    near = town_of(area_code) if len(area_code) >= 9 else ""
    queries = [*(_with_traces(near, text) if near else ()), *_surely_named(county_of(area_code), text)]
    if not queries:
        return [[]]
    rows = await fetch(" UNION ".join(sql for sql, _args in queries), *(arg for _sql, args in queries for arg in args))
    plain = fold(text)
    known = await _load({number for number, _sure, word in rows if word in plain}, local(now).date())
    sure = {number for number, sure, _word in rows if sure}
    rings = []
    if len(area_code) == 12:
        rings.append([one for code, one in known if code == area_code])
    if near:
        rings.append([one for code, one in known if contains(near, code)])
    rings.append([one for _code, one in known if one.id in sure])
    return rings


Query = tuple[str, list[object]]


def _with_traces(area_code: str, text: str) -> list[Query]:
    """Debtors of the area of whom the text may speak: all whom the reader could find in it, and some more. With each
    the word that has to stand in the text, if its index knows only the beginning of it."""
    traces = _traces(text)
    queries: list[Query] = []

    def ask(source: str, condition: str, *values: object, word: str = "''") -> None:
        inside = "d.area_code >= ? AND d.area_code <= ?"
        sql = f"SELECT d.id, 0 AS sure, {word} AS word FROM {source} WHERE {condition} AND {inside}"
        queries.append((sql, [*values, area_code, area_code.ljust(12, "9")]))

    if traces.pairs:
        words, value = among(traces.pairs)
        for start in (1, 2, 3):
            ask("debtor d", f"substr(d.name, {start}, 2) {words}", value, word=f"substr(d.name, {start})")
        ask("alias a JOIN debtor d ON d.id = a.debtor_id", f"substr(a.text, 1, 2) {words}", value, word="a.text")
    if traces.surnames:
        words, value = among(traces.surnames)
        ask("debtor d", f"substr(d.name, 1, 1) {words}", value)
    if traces.syllables:
        words, value = among(traces.syllables)
        for start in (2, 3, 4):
            ask("debtor d", f"substr(d.name, {start}, 1) {words}", value)
    if traces.case_sequences:
        words, value = among(traces.case_sequences)
        ask(_CASES, f"c.sequence {words}", value)
    if traces.plates:
        ask("debtor d JOIN plate p ON p.debtor_id = d.id", "1 = 1")
    if traces.debts:
        ask("debtor d JOIN case_debtor p ON p.debtor_id = d.id", "p.creditor <> ''")
    return queries


def _surely_named(county: str, text: str) -> list[Query]:
    flat = fold(text).replace(" ", "")
    names = {run[i : i + n] for run in _HAN.findall(flat) for n in (2, 3, 4) for i in range(len(run) - n + 1)}
    signs: list[tuple[str, str, list[str]]] = [
        ("debtor d", "d.name", sorted(names)[:_MOST]),
        ("plate p JOIN debtor d ON d.id = p.debtor_id", "p.number", _PLATE.findall(flat.upper())),
        (_CASES, "c.number", [str(number) for number in find_case_nos(flat)]),
    ]
    queries: list[Query] = []
    for source, column, values in signs:
        if values:
            words, value = among(values)
            inside = "d.area_code >= ? AND d.area_code <= ?"
            sql = f"SELECT d.id, 1 AS sure, '' AS word FROM {source} WHERE {column} {words} AND {inside}"
            queries.append((sql, [value, county, county.ljust(12, "9")]))
    return queries


async def _load(ids: Iterable[int], today: date) -> list[tuple[str, Known]]:
    """Village and person, in the order of the ids."""
    words, value = among(sorted(ids))
    debtors = await pick(Debtor, f"id {words} ORDER BY id", value)
    if not debtors:
        return []
    facts: dict[tuple[int, str], list[str]] = defaultdict(list)
    rows = await fetch(
        f"SELECT debtor_id, 'alias' AS kind, text AS word, id FROM alias WHERE debtor_id {words} UNION ALL "
        f"SELECT debtor_id, 'plate', number, id FROM plate WHERE debtor_id {words} UNION ALL "
        f"SELECT debtor_id, 'creditor', creditor, id FROM case_debtor WHERE debtor_id {words} UNION ALL "
        "SELECT p.debtor_id, 'case', c.number, p.id FROM case_debtor p JOIN court_case c ON c.id = p.case_id "
        f"WHERE p.debtor_id {words} ORDER BY 4",
        *[value] * 4,
    )
    for debtor_id, kind, word, _id in rows:
        if word:
            facts[debtor_id, kind].append(word)
    return [
        (
            row.area_code,
            Known(
                id=row.id,
                name=row.name,
                aliases=tuple(facts[row.id, "alias"]),
                plates=tuple(facts[row.id, "plate"]),
                case_nos=tuple(facts[row.id, "case"]),
                creditors=tuple(facts[row.id, "creditor"]),
                age=age(row.born, today),
                gender=row.gender,
                company=row.kind is DebtorKind.COMPANY,
            ),
        )
        for row in debtors
    ]
