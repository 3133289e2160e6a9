"""`chuishao import duty`: who is on duty on which day, as offices keep the list."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from storage.duty import court, leave
from storage.duty.court import Court
from storage.duty.leave import Absence, is_absent
from storage.duty.shift import Shift, Span, tell
from storage.engine import audit
from storage.engine.clock import local
from storage.engine.text import fold, squeeze
from storage.imports import OPERATOR, Clerk, Plan, Progress, Report, sift, step
from storage.imports.normal import Unclear, day, is_filler, without_title
from storage.imports.table import Columns, Row, other_names
from storage.people.area import county_of
from storage.people.endpoint import reached
from storage.people.person import COURT, Person

WHO, BY_DAY, BY_NIGHT, LEAD = "值班人员", "白班", "夜班", "带班领导"
COLUMNS = Columns(
    required=("日期",),
    one_of=(WHO, "工号", BY_DAY, BY_NIGHT),
    optional=(LEAD, "时段", "星期", "电话", "备注", "序号", "地点"),
    instead={"时间": "时段", "值班时间": "时段"},
    also=other_names("duty"),
    joined=(WHO, LEAD, BY_DAY, BY_NIGHT, "电话", "备注"),
)
MOST_DAYS = 62
"""So many days one row may stand for."""

_WEEKDAY = re.compile(r"\(?(?:周|星期|礼拜)[一二三四五六日天](?:[-至、](?:周|星期)?[一二三四五六日天])?\)?")
_CLOCK = re.compile(r"(?:次日|翌日|第二天)?(?:早上|上午|中午|下午|晚上|晚|早)?(\d{1,2})[:时点](\d{2})?分?")
_UNTIL = re.compile(r"[-—–~～−]+|至|到")
_MONTH_DAY = re.compile(r"(?:(\d{1,2})[月./-])?(\d{1,2})[日号]?")
_TITLE_MONTH = re.compile(r"(?:(\d{4})年?)?[^\d]{0,4}?(\d{1,2})月")
_PHONE = re.compile(r"(?<!\d)(?:\+?86)?[- ]?(?:1\d{10}|0\d{2,3}-?\d{7,8}|\d{6,8})(?!\d)")
_BRACKET = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]|【([^【】]*)】")
_LABEL = re.compile(r"^(?:值班|带班|主班|副班|备班|白班|夜班|领导|法官|干警|书记员)+[:：]")
_MARK = {"白": BY_DAY, "夜": BY_NIGHT, "日": BY_DAY, "晚": BY_NIGHT}
_AWAY = re.compile("请假|休|病假|事假|出差|不值")
_BETWEEN = re.compile(r"[、,，;；/\n|&+]+|(?<=[\u4e00-\u9fa5])和(?=[\u4e00-\u9fa5])")


class Named(NamedTuple):
    """Who is named in a cell, and for which part of the day: BY_DAY, BY_NIGHT, hours, or "" for all of it."""

    person: Person
    part: str
    lead: bool


@dataclass(frozen=True)
class _Staff:
    people: Sequence[Person]
    absences: tuple[Absence, ...]
    reachable: frozenset[int]
    courts: dict[str, Court]


async def plan(rows: Sequence[Row], progress: Progress, clerk: Clerk = OPERATOR) -> Plan:
    """Plans shifts for the court of the person's county, by its duty hours. As offices keep the list: several names in
    a cell, with titles and telephones; several days; the day only in the first of its rows."""
    report = Report()
    theirs = Person.filter(active=True, role__in=[role.value for role in COURT], area_code__startswith=clerk.county)
    people = await theirs
    now = datetime.now(UTC)
    counties = {county_of(person.area_code) for person in people}
    courts = {row.area_code: row for row in await Court.filter(area_code__in=list(counties))}
    staff = _Staff(people, await leave.absences(now), await reached(one.id for one in people), courts)
    shifts = await Shift.all()
    have = {(row.person_id, row.starts_at) for row in shifts}
    whole = {
        (row.person_id, local(row.starts_at).date()) for row in shifts if f"{local(row.starts_at):%H:%M}" == "00:00"
    }
    fresh: list[Shift] = []
    kept = sift(rows, report)
    days: list[date] = []
    for count, row in enumerate(kept):
        await step(progress, count, len(kept))
        try:
            days = days_in(row["日期"], now, row.above) or days
            if not days:
                raise Unclear("impossible_date", "日期")
            named = list(_named(staff, row))
            leading = {one.person.id for one in named if one.lead}
            named = [one for one in named if one.lead or one.person.id not in leading]
            if not any(not one.lead for one in named) and not _leads_only(rows):
                raise Unclear("nobody_on_duty", "")
        except Unclear as why:
            report.reject(row, why)
            continue
        new = [
            shift
            for one in named
            for shift in _shifts(staff, one, days)
            if (shift.person_id, shift.starts_at) not in have
            and (shift.person_id, local(shift.starts_at).date()) not in whole
        ]
        have |= {(shift.person_id, shift.starts_at) for shift in new}
        report.took(row, "added" if new else "unchanged")
        fresh += new
        _warn(report, row, staff, named, new)

    async def apply() -> None:
        await Shift.bulk_create(fresh, batch_size=500)
        for person_id in dict.fromkeys(shift.person_id for shift in fresh):
            await tell(person_id, [(one.starts_at, one.ends_at) for one in fresh if one.person_id == person_id])
        audit.record("import.duty", actor=clerk.actor, added=len(fresh))

    return Plan(report, apply, (Shift,))


def _leads_only(rows: Sequence[Row]) -> bool:
    """Tells whether the list is one of duty heads and nobody else."""
    return not any(row[header] for row in rows for header in (WHO, "工号", BY_DAY, BY_NIGHT))


def _shifts(staff: _Staff, one: Named, days: Sequence[date]) -> Iterator[Shift]:
    area = county_of(one.person.area_code)
    mine = staff.courts.get(area) or Court(area_code=area)
    for on in days:
        starts, ends = _span(mine, on, one.part)
        yield Shift(area_code=area, person_id=one.person.id, starts_at=starts, ends_at=ends, lead=one.lead)


def _span(mine: Court, on: date, part: str) -> Span:
    if hours := court.hours_in(part):
        over_night = hours[1] <= hours[0]
        return court.at_clock(on, hours[0]), court.at_clock(on + timedelta(days=over_night), hours[1])
    if part == BY_DAY:
        return court.at_clock(on, mine.opens), court.at_clock(on, mine.closes)
    if part == BY_NIGHT:
        return court.at_clock(on, mine.closes), court.at_clock(on + timedelta(days=1), mine.opens)
    return court.duty_span(mine, on)


def _warn(report: Report, row: Row, staff: _Staff, named: Sequence[Named], new: Sequence[Shift]) -> None:
    """Says at once who will be away, or has no phone to be rung on."""
    for one in named:
        if any(
            shift.person_id == one.person.id and is_absent(one.person.id, staff.absences, shift.starts_at)
            for shift in new
        ):
            report.warn(row, "duty_on_leave", one.person.name)
        if one.person.id not in staff.reachable:
            report.warn(row, "duty_no_phone", one.person.name)


# -- days ----------------------------------------------------------------------------------------------------------


def days_in(cell: str, now: datetime, title: str = "") -> list[date]:
    """Reads a day or several: 2026-12-01, 12月1日（周二）, 12.1, 12月4-6日, 12月12日-12月14日, 12月1日、3日; none for
    an empty cell. Without a year the nearest is meant, or the one that the title names; without a month the title's."""
    text = _WEEKDAY.sub("", fold(cell)).strip()
    text = _CLOCK.sub("", text).replace(" ", "").strip(",，-—–~至到")
    text = re.sub(r"次日|翌日|全天|一整天", "", text)
    if not text or is_filler(text):
        return []
    found: list[date] = []
    for part in re.split(r"[、,，;；和]+", text):
        found += _stretch(part, now, title, found[-1] if found else None)
    if len(found) > MOST_DAYS:
        raise Unclear("impossible_date", cell.strip())
    return list(dict.fromkeys(found))


def _stretch(text: str, now: datetime, title: str, before: date | None) -> list[date]:
    single = _one_day(text, now, title, before)
    if single is not None:
        return [single]
    for mark in _UNTIL.finditer(text):
        first = _one_day(text[: mark.start()], now, title, before)
        last = _one_day(text[mark.end() :], now, title, first) if first else None
        if first is None or last is None:
            continue
        if last < first and last.month < first.month:
            last = last.replace(year=last.year + 1)  # 12月30日-1月2日
        if last < first or (last - first).days >= MOST_DAYS:
            break
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]
    raise Unclear("impossible_date", text)


def _one_day(text: str, now: datetime, title: str, before: date | None) -> date | None:
    """Reads one day; what it doesn't say is taken from the day before it in the cell, from the title, from today."""
    try:
        return day(text, "日期")
    except Unclear:
        match = _MONTH_DAY.fullmatch(text)
    if match is None or (match[1] is None and text.isdigit() and before is None and not _TITLE_MONTH.search(title)):
        return None
    said = _TITLE_MONTH.search(title)
    month = int(match[1]) if match[1] else before.month if before else int(said[2]) if said else 0
    if before is not None:
        years = [before.year]
    elif said and said[1]:
        years = [int(said[1])]
    else:
        years = [now.year - 1, now.year, now.year + 1]
    found = []
    for year in years:
        try:
            found.append(date(year, month, int(match[2])))
        except ValueError:
            continue
    return min(found, key=lambda one: abs(one - now.date()), default=None)


# -- people ----------------------------------------------------------------------------------------------------------


def _named(staff: _Staff, row: Row) -> Iterator[Named]:
    """Finds everybody whom a row names."""
    who = row["工号"] if row["工号"] and not row[WHO] else row[WHO]
    hours = row["时段"] if court.hours_in(row["时段"]) else ""
    if row["工号"] and row[WHO]:
        numbers = {one.staff_no for said, _mark in _said(row[WHO]) for one in _people(staff.people, said)}
        if not {said for said, _mark in _said(row["工号"])} <= numbers:
            raise Unclear("staff_no_differs", row["工号"])
    for cell, part in ((who, hours), (row[BY_DAY], BY_DAY), (row[BY_NIGHT], BY_NIGHT)):
        for said, mark in _said(cell):
            for person in _people(staff.people, said):
                yield Named(person, mark or part, lead=False)
    for said, mark in _said(row[LEAD]):
        for person in _people(staff.people, said):
            yield Named(person, mark or hours, lead=True)


def _said(cell: str) -> Iterator[tuple[str, str]]:
    """Reads what stands for people in a cell, without titles, telephones and what is in brackets; and the part of the
    day where a bracket says it: 沈立群(白)、郑雅芳(夜)."""
    text = re.sub(r"[ \t\u3000]*\n[ \t\u3000]*", "\n", cell)
    for piece in _BETWEEN.split("\n".join(fold(line) for line in text.split("\n"))):
        marks = "".join("".join(filter(None, groups)) for groups in _BRACKET.findall(piece))
        mark = next((part for word, part in _MARK.items() if word in marks and len(marks) <= 4), "")
        bare = _LABEL.sub("", _PHONE.sub("", _BRACKET.sub("", piece)).strip(" -:"))
        if bare.strip() and not is_filler(bare) and not _AWAY.search(marks):
            yield bare.strip(), mark


def _people(people: Sequence[Person], said: str) -> list[Person]:
    """Finds the court's own people, each by staff number or name, of which there must be one only. A blank parts two
    people only where both sides are somebody: 沈 立 is one."""
    if (one := _one(people, squeeze(said))) is not None:
        return [one]
    parts = said.split()
    for size in range(1, len(parts)):
        first = _one(people, "".join(parts[:size]))
        if first is None:
            continue
        try:
            return [first, *_people(people, " ".join(parts[size:]))]
        except Unclear:
            continue
    raise Unclear("staff_no" if said.isascii() else "not_of_the_court", said)


def _one(people: Sequence[Person], said: str) -> Person | None:
    for name in without_title(said):
        found = [person for person in people if name and person.staff_no == name] or [
            p for p in people if p.name == name
        ]
        if len(found) == 1:
            return found[0]
    return None
