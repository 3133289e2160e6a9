"""The people whom a message can be about, in circles: the village, the town, and for sure signs the county.

Only those are fetched of whom the text holds a trace (the beginning of a name or nickname, a surname after 老, a case
number); each trace is an index's entry, so that a report costs the same in a large county as in a small one.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from storage.area import county_of, town_of
from storage.case import find_case_nos, find_case_tails
from storage.clock import local
from storage.debtor import Alias, Debtor, DebtorKind, Plate, age
from storage.reading import Known, family_traces, pet_traces
from storage.sql import among, fetch, pick
from storage.text import fold

_HAN = re.compile(r"[\u4e00-\u9fa5]+")
_PLATE = re.compile(r"[\u4e00-\u9fa5][A-Z][A-Z0-9]{5,6}")
_PLATE_LIKE = re.compile(r"[A-Z][A-Z0-9]{4,6}|\d{5,6}|尾号")
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
    today = local(now).date()
    rings = []
    if len(area_code) >= 9:
        town = await _load(await _with_traces(town_of(area_code), _traces(text)), today)
        if len(area_code) == 12:
            rings.append([known for code, known in town if code == area_code])
        rings.append([known for _code, known in town])
    rings.append([known for _code, known in await _load(await _surely_named(county_of(area_code), text), today)])
    return rings


async def _with_traces(area_code: str, traces: _Traces) -> list[int]:
    """Debtors of the area of whom the text may speak: all whom the reader could find in it, and some more."""
    inside = "area_code >= ? AND area_code <= ?"
    bounds = (area_code, area_code.ljust(12, "9"))
    queries: list[str] = []
    args: list[object] = []

    def ask(sql: str, *values: object) -> None:
        queries.append(f"{sql} AND {inside}")
        args.extend((*values, *bounds))

    if traces.pairs:
        words, value = among(traces.pairs)
        for start in (1, 2, 3):
            ask(f"SELECT id FROM debtor WHERE substr(name, {start}, 2) {words}", value)
        ask(f"SELECT d.id FROM alias a JOIN debtor d ON d.id = a.debtor_id WHERE substr(a.text, 1, 2) {words}", value)
    if traces.surnames:
        words, value = among(traces.surnames)
        ask(f"SELECT id FROM debtor WHERE substr(name, 1, 1) {words}", value)
    if traces.syllables:
        words, value = among(traces.syllables)
        for start in (2, 3, 4):
            ask(f"SELECT id FROM debtor WHERE substr(name, {start}, 1) {words}", value)
    if traces.case_sequences:
        words, value = among(traces.case_sequences)
        joined = "court_case c JOIN case_debtor p ON p.case_id = c.id JOIN debtor d ON d.id = p.debtor_id"
        ask(f"SELECT d.id FROM {joined} WHERE c.sequence {words}", value)
    if traces.plates:
        ask("SELECT d.id FROM debtor d JOIN plate p ON p.debtor_id = d.id WHERE 1 = 1")
    if traces.debts:
        ask("SELECT d.id FROM debtor d JOIN case_debtor p ON p.debtor_id = d.id WHERE p.creditor <> ''")
    if not queries:
        return []
    return [row["id"] for row in await fetch(" UNION ".join(queries), *args)]


async def _surely_named(county: str, text: str) -> list[int]:
    flat = fold(text).replace(" ", "")
    names = {run[i : i + n] for run in _HAN.findall(flat) for n in (2, 3, 4) for i in range(len(run) - n + 1)}
    plates = _PLATE.findall(flat.upper())
    numbers = [str(number) for number in find_case_nos(flat)]
    found: list[int] = []
    for source, column, values in (
        ("debtor d", "d.name", sorted(names)[:_MOST]),
        ("plate p JOIN debtor d ON d.id = p.debtor_id", "p.number", plates),
        (
            "court_case c JOIN case_debtor p ON p.case_id = c.id JOIN debtor d ON d.id = p.debtor_id",
            "c.number",
            numbers,
        ),
    ):
        if values:
            words, value = among(values)
            sql = f"SELECT d.id FROM {source} WHERE {column} {words} AND d.area_code >= ? AND d.area_code <= ?"
            found += [row["id"] for row in await fetch(sql, value, county, county.ljust(12, "9"))]
    return list(dict.fromkeys(found))


async def _load(ids: Iterable[int], today: date) -> list[tuple[str, Known]]:
    """Village and person, in the order of the ids."""
    words, value = among(sorted(set(ids)))
    debtors = await pick(Debtor, f"id {words} ORDER BY id", value)
    if not debtors:
        return []
    aliases, plates = await _texts(Alias, words, value), await _texts(Plate, words, value)
    parties = await fetch(
        "SELECT p.debtor_id, p.creditor, c.number FROM case_debtor p JOIN court_case c ON c.id = p.case_id "
        f"WHERE p.debtor_id {words} ORDER BY p.id",
        value,
    )
    return [
        (
            row.area_code,
            Known(
                id=row.id,
                name=row.name,
                aliases=tuple(text for owner, text in aliases if owner == row.id),
                plates=tuple(text for owner, text in plates if owner == row.id),
                case_nos=tuple(party["number"] for party in parties if party["debtor_id"] == row.id),
                creditors=tuple(
                    party["creditor"] for party in parties if party["debtor_id"] == row.id and party["creditor"]
                ),
                age=age(row.born, today),
                gender=row.gender,
                company=row.kind is DebtorKind.COMPANY,
            ),
        )
        for row in debtors
    ]


async def _texts(model: type[Alias] | type[Plate], words: str, value: object) -> Sequence[tuple[int, str]]:
    column = "text" if model is Alias else "number"
    rows = await fetch(
        f"SELECT debtor_id, {column} FROM {model._meta.db_table} WHERE debtor_id {words} ORDER BY id", value
    )
    return [(row["debtor_id"], row[column]) for row in rows]
