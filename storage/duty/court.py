"""What a court has decided for itself: its hours, and the words with which it presents itself."""

import re
from datetime import UTC, date, datetime, time, timedelta

import chinese_calendar
from tortoise import fields
from tortoise.models import Model

from storage.engine import audit
from storage.engine.clock import SHANGHAI, local
from storage.engine.sql import add, change, one, pick
from storage.noun import Fate, Noun, Record
from storage.people.area import county_of
from storage.people.person import Person

OPENS, CLOSES = "08:30", "17:30"
_CLOCK = re.compile(r"(?<!\d)([01]?\d|2[0-3]):([0-5]\d)(?!\d)")


_known_phone = ""


def answers_at(phone: str) -> None:
    """Says which telephone number the settings name, for a court that has set none itself."""
    global _known_phone
    _known_phone = phone


class Court(Model):
    """The settings of the court of a county; one without a row keeps the defaults."""

    id = fields.IntField(primary_key=True)
    area_code = fields.CharField(max_length=12, unique=True)
    opens = fields.CharField(max_length=5, default=OPENS)
    closes = fields.CharField(max_length=5, default=CLOSES)
    duty_starts = fields.CharField(max_length=5, default="")
    duty_ends = fields.CharField(max_length=5, default="")
    """From when until when a day's duty goes; empty for the default, see `duty_span`."""
    phone = fields.CharField(max_length=40, default="")
    greeting = fields.CharField(max_length=200, default="")

    class Meta:
        table = "court"


def is_workday(day: date) -> bool:
    """Tells whether it is a workday by the State Council's calendar, with its holidays and make-up days; beyond the
    years it is known for, Monday to Friday."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def is_open(opens: str, closes: str, at: datetime) -> bool:
    """Tells whether somebody sits in the office then."""
    here = local(at)
    return is_workday(here.date()) and opens <= f"{here:%H:%M}" < closes


async def of(area_code: str) -> Court:
    """Loads the court of that area; one that has decided nothing comes without an id."""
    code = county_of(area_code)
    return await one(Court, "area_code = ?", code) or Court(area_code=code)


async def phone_of(area_code: str) -> str:
    """Returns the court's telephone number: what it has set itself, else what the settings name."""
    return (await of(area_code)).phone or _known_phone


async def phone_for_anybody() -> str:
    """Returns the number for who isn't known here: that of the only court which has set one, else the settings'."""
    rows = await pick(Court, "phone <> '' ORDER BY id LIMIT 2")
    return rows[0].phone if len(rows) == 1 else _known_phone


def phone_in(words: str) -> str:
    """Reads a telephone number as it can be dialled, 0578-3121234; "" where it is none."""
    plain = re.sub(r"\s*转\s*", "转", words.strip())
    plain = re.sub(r"[()（）\s－—–―]+", "-", plain).strip("-")
    digits = re.sub(r"\D", "", plain)
    return plain if re.fullmatch(r"\+?[\d-]+(?:[转,]\d+)?", plain) and 5 <= len(digits) <= 20 else ""


async def is_off_hours(area_code: str, at: datetime) -> bool:
    mine = await of(area_code)
    return not is_open(mine.opens, mine.closes, at)


def at_clock(day: date, clock: str) -> datetime:
    """Returns the moment, in UTC, when it is 08:30 of that day here."""
    return datetime.combine(day, time.fromisoformat(clock), SHANGHAI).astimezone(UTC)


def duty_span(mine: Court, day: date) -> tuple[datetime, datetime]:
    """Returns from when until when the duty of a day is: from the evening, on days off from the morning, until the next
    morning; or the hours that the court has set."""
    starts = mine.duty_starts or (mine.closes if is_workday(day) else mine.opens)
    ends = mine.duty_ends or mine.opens
    over_night = ends <= starts or not mine.duty_ends
    return at_clock(day, starts), at_clock(day + timedelta(days=over_night), ends)


def duty_days(mine: Court, first: datetime, last: datetime) -> list[date]:
    """Lists whose duty the time between two moments is: the hours before the morning belong to the day before."""
    turn = time.fromisoformat(mine.duty_ends or mine.opens)
    shift = timedelta(hours=turn.hour, minutes=turn.minute)
    begins, ends = local(first) - shift, local(last) - shift - timedelta(seconds=1)
    return [begins.date() + timedelta(days=n) for n in range((ends.date() - begins.date()).days + 1)]


def office_spans(mine: Court, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Lists the hours, between two moments, in which the court sits in its office and needs nobody on duty; none where
    it has set duty hours itself."""
    if mine.duty_starts:
        return []
    days = (local(end).date() - local(start).date()).days + 1
    dates = [local(start).date() + timedelta(days=n) for n in range(days)]
    return [(at_clock(day, mine.opens), at_clock(day, mine.closes)) for day in dates if is_workday(day)]


def hours_in(words: str) -> tuple[str, str] | None:
    """Reads two times of day such as 8:30-17:30, 08：30 到 17：30, 8点半至17点半; None for anything else."""
    plain = re.sub("点半", ":30", words.replace("：", ":"))
    plain = re.sub(r"[点时](?:钟|整)?(?!\d)", ":00", re.sub(r"[点时](?=\d)", ":", plain)).replace("分", "")
    found = [f"{int(match[1]):02}:{match[2]}" for match in _CLOCK.finditer(plain)]
    return (found[0], found[1]) if len(found) == 2 else None


async def decide(area_code: str, by: Person, **values: str) -> None:
    """Changes what the court has decided. Needs a unit."""
    mine = await of(area_code)
    if mine.pk is None:
        await add(Court, area_code=mine.area_code, **values)
    else:
        await change(Court, mine.id, **values)
    audit.record("court.decided", f"area:{mine.area_code}", actor=by.actor, what=sorted(values))


NOUN = Noun((Record(Court, erasing=Fate.NONE, leaving=Fate.NONE),))
