"""`chuishao import duty`: a day and a person a row."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from storage import audit
from storage.area import county_of
from storage.clock import SHANGHAI
from storage.imports import Plan, Progress, Report, Row, sift
from storage.imports.normal import Unclear, day
from storage.person import Person
from storage.shift import Shift
from storage.text import squeeze

REQUIRED = ("日期", "工号")
KNOWN = (*REQUIRED, "姓名", "备注")


async def plan(rows: Sequence[Row], progress: Progress) -> Plan:
    """Midnight to midnight, for the court of the person's county."""
    report = Report()
    people = {person.staff_no: person for person in await Person.exclude(staff_no="")}
    have = {(row.person_id, row.starts_at) for row in await Shift.all()}
    fresh: list[Shift] = []
    kept = sift(rows, report)
    for count, row in enumerate(kept):
        progress(count, len(kept))
        try:
            on = day(row["日期"], "日期")
            person = people.get(squeeze(row["工号"]))
            if on is None:
                raise Unclear("impossible_date", "日期")
            if person is None:
                raise Unclear("staff_no", squeeze(row["工号"]))
        except Unclear as why:
            report.reject(row, why)
            continue
        start = datetime.combine(on, time(), SHANGHAI).astimezone(UTC)
        if (person.id, start) in have:
            report.unchanged += 1
            continue
        have.add((person.id, start))
        end = start + timedelta(days=1)
        area = county_of(person.area_code)
        fresh.append(Shift(area_code=area, person_id=person.id, starts_at=start, ends_at=end))
    report.added = len(fresh)

    async def apply() -> None:
        await Shift.bulk_create(fresh, batch_size=500)
        audit.record("import.duty", added=len(fresh))

    return Plan(report, apply)
