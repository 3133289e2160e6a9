"""The people whom a message can be about, in circles: the village, the town, and for sure signs the county."""

import re
from datetime import date, datetime

from storage.area import county_of, town_of, within
from storage.case import find_case_nos
from storage.clock import local
from storage.debtor import Debtor, DebtorKind, age
from storage.reading import Known
from storage.text import fold

_HAN = re.compile(r"[\u4e00-\u9fa5]+")
_WITH = ("aliases", "plates", "parties__case")
_PLATE = re.compile(r"[\u4e00-\u9fa5][A-Z][A-Z0-9]{5,6}")


async def circles(area_code: str, text: str, now: datetime) -> list[list[Known]]:
    """The reader's circles for a sender of this area: own village, own town, then the county's debtors whose full
    name, plate or case number stands in the text."""
    today = local(now).date()
    rings = []
    if len(area_code) == 12:
        rings.append(await _known(today, area_code))
    if len(area_code) >= 9:
        rings.append(await _known(today, town_of(area_code)))
    rings.append(await _surely_named(today, county_of(area_code), text))
    return rings


async def _known(today: date, area_code: str) -> list[Known]:
    rows = await Debtor.filter(within("area_code", area_code)).order_by("id").prefetch_related(*_WITH)
    return [to_known(row, today) for row in rows]


async def _surely_named(today: date, county: str, text: str) -> list[Known]:
    flat = fold(text).replace(" ", "")
    names = {run[i : i + n] for run in _HAN.findall(flat) for n in (2, 3, 4) for i in range(len(run) - n + 1)}
    plates = _PLATE.findall(flat.upper())
    numbers = [str(number) for number in find_case_nos(flat)]
    inside = Debtor.filter(within("area_code", county))
    queries = [
        inside.filter(name__in=sorted(names)[:400]) if names else None,
        inside.filter(plates__number__in=plates) if plates else None,
        inside.filter(parties__case__number__in=numbers) if numbers else None,
    ]
    rows = {row.id: row for query in queries if query is not None for row in await query.prefetch_related(*_WITH)}
    return [to_known(row, today) for row in rows.values()]


def to_known(row: Debtor, today: date) -> Known:
    """A debtor with aliases, plates and cases fetched, as the reader wants it."""
    parties = list(row.parties)  # type: ignore[attr-defined]
    return Known(
        id=row.id,
        name=row.name,
        aliases=tuple(alias.text for alias in row.aliases),
        plates=tuple(plate.number for plate in row.plates),
        case_nos=tuple(party.case.number for party in parties),
        creditors=tuple(party.creditor for party in parties if party.creditor),
        age=age(row.born, today),
        gender=row.gender,
        company=row.kind is DebtorKind.COMPANY,
    )
