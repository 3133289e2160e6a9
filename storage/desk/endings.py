"""Counts how cases ended: the reform's own figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from storage.cases.case import CaseStatus
from storage.desk.listing import Asked
from storage.engine.clock import local
from storage.engine.mapper import day
from storage.engine.sql import fetch, is_shared
from storage.people.area import bounds_of
from storage.people.person import Person

_FEN = Decimal("0.01")


@dataclass(frozen=True)
class Ending:
    """How a case ended. `paid_out` and `received` are when its money went out to the creditor, and came in."""

    status: CaseStatus
    filed: date | None
    ended: date | None
    voluntary: bool | None = None
    received: date | None = None
    paid_out: date | None = None
    petitions: int = 0
    owed: Decimal | None = None
    paid: Decimal = Decimal(0)
    number: str = ""


@dataclass(frozen=True)
class CaseFigures:
    """Of the cases that ended in a time. Averages are in days; None of nothing."""

    ended: int
    performed: int
    voluntary: int
    said: int
    """Of the performed: of how many it is known whether voluntarily."""
    dormant: int
    petitions: int
    owed: Decimal
    paid: Decimal
    to_close: float | None
    to_pay_out: float | None


def case_figures_of(endings: Sequence[Ending]) -> CaseFigures:
    performed = [one for one in endings if one.status is CaseStatus.PERFORMED]
    return CaseFigures(
        ended=len(endings),
        performed=len(performed),
        voluntary=sum(one.voluntary is True for one in performed),
        said=sum(one.voluntary is not None for one in performed),
        dormant=sum(one.status is CaseStatus.DORMANT for one in endings),
        petitions=sum(one.petitions for one in endings),
        owed=sum((one.owed for one in endings if one.owed is not None), Decimal(0)),
        paid=sum((one.paid for one in endings), Decimal(0)),
        to_close=_average((one.ended - one.filed).days for one in endings if one.ended and one.filed),
        to_pay_out=_average((one.paid_out - one.received).days for one in endings if one.paid_out and one.received),
    )


def _average(days: Iterable[int]) -> float | None:
    found = list(days)
    return sum(found) / len(found) if found else None


async def endings(asked: Asked, person: Person, since: datetime, until: datetime) -> list[Ending]:
    """Loads the cases that ended on a day from `since` until before `until`, within what the person may see."""
    code, judge_id = asked.seen_by(person)
    first, last = local(since).date(), local(until - timedelta(microseconds=1)).date()
    mine, more = ("", []) if judge_id is None else (" AND a.judge_id = ?", [judge_id])
    inside = (
        "EXISTS (SELECT 1 FROM case_debtor p JOIN debtor d ON d.id = p.debtor_id "
        "WHERE p.case_id = a.id AND d.area_code >= ? AND d.area_code <= ?)"
    )
    # The odd COALESCE leads the engine, which knows no figures, to the index of dormant cases: most aren't closed.
    ended = (
        "SELECT id FROM court_case WHERE closed_on >= ? AND closed_on <= ? UNION "
        "SELECT id FROM court_case WHERE COALESCE(closed_on, closed_on) IS NULL AND dormant_on >= ? AND dormant_on <= ?"
    )
    days = [_stored_day(one) for one in (first, last, first, last)]
    rows = await fetch(
        "SELECT a.number, a.status, a.filed_on, COALESCE(a.closed_on, a.dormant_on) AS ended_on, a.voluntary, "
        "a.received_on, a.paid_out_on, a.petitions, "
        "(SELECT max(amount * 1.0) FROM case_debtor WHERE case_id = a.id) AS owed, "
        "(SELECT sum(paid) FROM case_debtor WHERE case_id = a.id) AS paid "
        f"FROM court_case a WHERE a.id IN ({ended}) AND {inside}{mine}",
        *days,
        *bounds_of(code),
        *more,
    )
    return [
        Ending(
            status=CaseStatus(row["status"]),
            filed=day(row["filed_on"]),
            ended=day(row["ended_on"]),
            voluntary=None if row["voluntary"] is None else bool(row["voluntary"]),
            received=day(row["received_on"]),
            paid_out=day(row["paid_out_on"]),
            petitions=row["petitions"],
            owed=None if row["owed"] is None else Decimal(str(row["owed"])).quantize(_FEN),
            paid=Decimal(str(row["paid"] or 0)).quantize(_FEN),
            number=row["number"],
        )
        for row in rows
    ]


def _stored_day(value: date) -> date | str:
    """Returns the day as the engine in use compares it."""
    return value if is_shared() else value.isoformat()
