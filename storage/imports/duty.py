"""`chuishao import duty`: a day and a person a row."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from storage.duty.shift import Shift
from storage.engine import audit
from storage.engine.clock import SHANGHAI
from storage.engine.text import fold, squeeze
from storage.imports import MissingHeadersError, Plan, Progress, Report, Row, sift
from storage.imports.normal import Unclear, day
from storage.people.area import county_of
from storage.people.person import COURT, Person
from storage.reading.when import stretch_in

REQUIRED = ("日期",)
WHO = ("工号", "值班人员", "姓名")
"""One of these says who; the duty head has a column of his own."""
LEAD = "带班领导"
KNOWN = (*REQUIRED, *WHO, LEAD, "星期", "电话", "备注")
_WEEKDAY = re.compile(r"\(?(?:周|星期)[一二三四五六日天]\)?")
_BETWEEN = re.compile(r"[、,，;；/\s]+")


async def plan(rows: Sequence[Row], progress: Progress) -> Plan:
    """Plans shifts from midnight to midnight, for the court of the person's county. As offices keep it: several names
    in a cell, the day only in the first of its rows (the cells are merged), who leads in a column of its own."""
    if rows and not any(header in rows[0].cells for header in (*WHO, LEAD)):
        raise MissingHeadersError("、".join(WHO[:2]))
    report = Report()
    people = await Person.filter(active=True)
    have = {(row.person_id, row.starts_at) for row in await Shift.all()}
    fresh: list[Shift] = []
    kept = sift(rows, report)
    on: date | None = None
    now = datetime.now(UTC)
    for count, row in enumerate(kept):
        progress(count, len(kept))
        try:
            on = _day(row["日期"], now) or on
            if on is None:
                raise Unclear("impossible_date", "日期")
            named = [(_one(people, said), False) for said in _said(row, WHO)]
            named += [(_one(people, said), True) for said in _said(row, (LEAD,))]
            if not named:
                raise Unclear("nobody_on_duty", "")
        except Unclear as why:
            report.reject(row, why)
            continue
        start = datetime.combine(on, time(), SHANGHAI).astimezone(UTC)
        new = [(person, lead) for person, lead in named if (person.id, start) not in have]
        report.added += bool(new)
        report.unchanged += not new
        for person, lead in new:
            have.add((person.id, start))
            end, area = start + timedelta(days=1), county_of(person.area_code)
            fresh.append(Shift(area_code=area, person_id=person.id, starts_at=start, ends_at=end, lead=lead))

    async def apply() -> None:
        await Shift.bulk_create(fresh, batch_size=500)
        audit.record("import.duty", added=len(fresh))

    return Plan(report, apply, (Shift,))


def _day(cell: str, now: datetime) -> date | None:
    """Reads a day with its year, or without: 12月1日, 12.1, 12月2日（周三） are the nearest of that name."""
    try:
        return day(cell, "日期")
    except Unclear:
        stretch, left = stretch_in(_WEEKDAY.sub("", fold(cell)), now)
        if stretch is None or left or stretch[1] - stretch[0] != timedelta(days=1):
            raise
        return stretch[0].date()


def _said(row: Row, headers: Sequence[str]) -> list[str]:
    """Reads names or staff numbers from the first of these columns that has any."""
    cell = next((row[header] for header in headers if squeeze(row[header])), "")
    return [squeeze(said) for said in _BETWEEN.split(cell) if squeeze(said)]


def _one(people: Sequence[Person], said: str) -> Person:
    """Finds one of the court's own people, by staff number, else by name, of which there must be one only."""
    court = [person for person in people if person.role in COURT]
    found = [person for person in court if person.staff_no == said] or [p for p in court if p.name == said]
    if len(found) != 1:
        raise Unclear("staff_no" if said.isascii() else "not_of_the_court", said)
    return found[0]
