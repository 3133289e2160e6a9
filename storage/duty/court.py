"""What a court has decided for itself: its hours, and the words with which it presents itself."""

import re
from datetime import date, datetime

import chinese_calendar
from tortoise import fields
from tortoise.models import Model

from storage.engine import audit
from storage.engine.clock import local
from storage.engine.sql import add, change, one
from storage.noun import Fate, Noun, Record
from storage.people.area import county_of
from storage.people.person import Person

OPENS, CLOSES = "08:30", "17:30"
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class Court(Model):
    """The settings of the court of a county; one without a row keeps the defaults."""

    id = fields.IntField(primary_key=True)
    area_code = fields.CharField(max_length=12, unique=True)
    opens = fields.CharField(max_length=5, default=OPENS)
    closes = fields.CharField(max_length=5, default=CLOSES)
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


async def is_off_hours(area_code: str, at: datetime) -> bool:
    mine = await of(area_code)
    return not is_open(mine.opens, mine.closes, at)


def hours_in(words: str) -> tuple[str, str] | None:
    """Reads hours such as 08:30-17:30; None for anything else."""
    found = [match[0] for match in _CLOCK.finditer(words.replace("：", ":"))]
    return (found[0], found[1]) if len(found) == 2 and found[0] < found[1] else None


async def decide(area_code: str, by: Person, **values: str) -> None:
    """Changes what the court has decided. Needs a unit."""
    mine = await of(area_code)
    if mine.pk is None:
        await add(Court, area_code=mine.area_code, **values)
    else:
        await change(Court, mine.id, **values)
    audit.record("court.decided", f"area:{mine.area_code}", actor=by.actor, what=sorted(values))


NOUN = Noun((Record(Court, erasing=Fate.NONE, leaving=Fate.NONE),))
