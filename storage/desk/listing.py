"""Lists of reports: what is asked for in plain words (七里乡 本周 没人应), and what of it the person may see."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from storage.alerts.alert import Alert, AlertState, Recipient
from storage.alerts.sighting import Sighting, SightingState, Suspect
from storage.cases.debtor import Debtor
from storage.engine import audit
from storage.engine.clock import local
from storage.engine.mapper import relate
from storage.engine.sql import add, among, change, fetch, is_shared, joined, one, pick, run
from storage.engine.text import fold, simplified
from storage.engine.unit import unit
from storage.noun import Erasure, Fate, Noun, Pointer, Record, Sweep
from storage.people.area import bounds_of, county_of, short_name, stem
from storage.people.person import Person, Role
from storage.reading.when import times_in

PAGE = 8
COUNTED = 1000
"""So far a list is counted."""
WAITING = (AlertState.SENT,)
RUNNING = (AlertState.ACKNOWLEDGED, AlertState.EN_ROUTE, AlertState.ON_SCENE)
OVER = (AlertState.CLOSED,)
_STATES: tuple[tuple[re.Pattern[str], tuple[AlertState, ...]], ...] = (
    (re.compile("未处理|未应答|没有?人(?:应答?|管|理|收到|处理)|没应答?|没处理|unanswered", re.I), WAITING),
    (re.compile("在办|正在处理|没有?办(?:完|结)|未办结|未结|open", re.I), RUNNING),
    (re.compile("(?:已经?)?办(?:完|结)了?的?|已结|closed", re.I), OVER),
)
_TIMES = {"today": "今天", "yesterday": "昨天", "this week": "本周", "last week": "上周", "this month": "本月"}
_RECENT = re.compile(r"(?:最近|近)([0-9一二两三四五六七八九十]{1,3})天")
_YEAR = re.compile("今年|本年|this year", re.I)
_FILLING = re.compile(
    "还有|有没有|有|几[件条个]|多少[件条个]?|哪些|哪几[件条个]|案子|案件|线索|报告|情况|事情|的|都|是|里|了|吗|呢|么|所有|全部"
    "|看看|看一?下|查一?下|列出来?|法官|[\\s,，。.?？!！、:：]+|how many|reports?|in|of|the|are|there"
)


@dataclass(frozen=True)
class Asked:
    """What a list is of. Times are ISO, aware, the end not included; empty or None where anything goes."""

    states: tuple[AlertState, ...] = ()
    since: str = ""
    until: str = ""
    area_code: str = ""
    judge_id: int | None = None
    reporter_id: int | None = None
    words: str = ""
    """Of a list of cases: what was searched for."""

    @property
    def chosen(self) -> bool:
        """Tells whether the words narrowed it down at all."""
        return bool(self.states or self.since or self.area_code or self.judge_id)

    def seen_by(self, person: Person) -> tuple[str, int | None]:
        """Returns the area and the judge to whom it comes down for this person.

        The area is never more than their own; a judge has only the own alerts.
        """
        code = self.area_code if self.area_code.startswith(person.area_code) else person.area_code
        return code, person.id if person.role is Role.JUDGE else self.judge_id


class Listing(Model):
    """A list that somebody has on their phone."""

    id = fields.IntField(primary_key=True)
    person_id = fields.IntField()
    asked = fields.TextField()
    made_at = fields.DatetimeField()

    class Meta:
        table = "listing"

    @property
    def what(self) -> Asked:
        said = json.loads(self.asked)
        return Asked(**{**said, "states": tuple(AlertState(one) for one in said["states"])})


@dataclass(frozen=True)
class Page:
    """A part of a list: reports with their alerts and who is meant, and how many there are in all (at most COUNTED)."""

    number: int
    rows: Sequence[Sighting]
    count: int

    @property
    def more(self) -> bool:
        return (self.number + 1) * PAGE < self.count


# -- what is asked for -------------------------------------------------------------------------------------------


async def understand(words: str, person: Person, now: datetime) -> tuple[Asked, str]:
    """Reads which list is meant, within what the person may see, and returns the words that weren't understood."""
    asked, left = _period(simplified(fold(words)), now)
    for pattern, states in _STATES:
        if pattern.search(left):
            asked, left = replace(asked, states=states), pattern.sub(" ", left, count=1)
            break
    code, left = await _area(left, person.area_code)
    judge_id, left = await _judge(left, person)
    asked = replace(asked, area_code=code, judge_id=judge_id)
    if not asked.since and (asked.states == OVER or (judge_id is not None and not asked.states)):
        asked = of_this_month(asked, now)  # all that ever was is not meant
    return asked, _FILLING.sub("", left).strip()


def of_this_month(asked: Asked, now: datetime) -> Asked:
    return in_period(asked, "本月", now)


def in_period(asked: Asked, words: str, now: datetime) -> Asked:
    """Returns the same list of the time that the words say: 本月, 上周."""
    period, _text = _period(words, now)
    return replace(asked, since=period.since, until=period.until)


def _period(text: str, now: datetime) -> tuple[Asked, str]:
    for english, chinese in _TIMES.items():
        text = re.sub(english, chinese, text, flags=re.I)
    if year := _YEAR.search(text):
        start = local(now).replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
        return Asked(since=start.isoformat()), text.replace(year[0], " ", 1)
    if recent := _RECENT.search(text):
        text = text.replace(recent[0], f"{recent[1]}天前", 1)
    times = times_in(text, now)
    if not times:
        return Asked(), text
    first = times[0]
    until = "" if recent else first.end.isoformat()
    return Asked(since=first.start.isoformat(), until=until), text.replace(first.words, " ", 1)


async def _area(text: str, own: str) -> tuple[str, str]:
    """Finds the smallest area of the person's own that the words name.

    Of two villages of one name it is the one whose town is named, too, else none: then the name is left over.
    """
    first, last = bounds_of(own)
    named: list[tuple[str, str]] = []
    for row in await fetch("SELECT code, name FROM area WHERE code >= ? AND code <= ? ORDER BY code", first, last):
        for said in dict.fromkeys((row["name"], short_name(row["name"]), stem(row["name"]))):
            if len(said) > 1 and said in text:
                named.append((row["code"], said))
                break
    longest = [one for one in named if not any(one[1] != other[1] and one[1] in other[1] for other in named)]
    towns = [code for code, _said in longest if len(code) == 9]
    villages = [code for code, _said in longest if len(code) == 12 and (not towns or code[:9] in towns)]
    found = villages or towns
    if len(found) != 1:
        return "", text
    for code, said in longest:
        if found[0].startswith(code):
            text = text.replace(said, " ", 1)
    return found[0], text


async def _judge(text: str, person: Person) -> tuple[int | None, str]:
    """Finds the judge of the person's court who is named, also as 沈法官."""
    sql = "role = ? AND active = ? AND area_code >= ? AND area_code <= ? ORDER BY id"
    judges = await pick(Person, sql, Role.JUDGE, True, *bounds_of(county_of(person.area_code)))
    for says in (lambda one: one.name, lambda one: f"{one.name[0]}法官"):
        named = [one for one in judges if says(one) in text]
        if len(named) == 1:
            return named[0].id, text.replace(says(named[0]), " ", 1)
    return None, text


def moment(text: str) -> datetime:
    """Returns a time of a list, in UTC, as the records have it."""
    return datetime.fromisoformat(text).astimezone(UTC)


# -- what there is -----------------------------------------------------------------------------------------------


async def keep(person: Person, asked: Asked) -> Listing:
    """Remembers what the list is of, for its further pages. Needs a unit."""
    return await add(Listing, person_id=person.id, asked=json.dumps(asdict(asked)), made_at=unit().now)


async def begin(person: Person, asked: Asked) -> Listing:
    """Remembers a list that somebody asked for, and that they saw it. Needs a unit."""
    await seen(person, asked.area_code)
    return await keep(person, asked)


async def seen(person: Person, area_code: str = "") -> None:
    """Notes that somebody saw a list: of an area, or of all that is theirs. Needs a unit."""
    audit.record("sighting.listed", area_code or person.area_code, actor=person.actor)


async def of(listing_id: int, person_id: int) -> Listing | None:
    """Loads the person's own list."""
    return await one(Listing, "id = ? AND person_id = ?", listing_id, person_id)


async def spend(row: Listing) -> None:
    """Forgets the words: they have been acted on, and won't be again. Needs a unit."""
    await change(Listing, row.id, asked=json.dumps(asdict(replace(row.what, words=""))))


async def page(asked: Asked, person: Person, number: int) -> Page:
    """Loads a page, the newest first; of what waits for an answer the oldest first.

    A judge sees the own alerts and those they took for others, everybody else what was reported in their area, a
    reporter what they reported themselves.
    """
    where, args = _conditions(asked, person)
    first = f"SELECT 1 FROM sighting WHERE {where} LIMIT {COUNTED:d}"
    count = len(await fetch(first, *args))
    number = max(0, min(number, (count - 1) // PAGE))
    way = "" if asked.states == WAITING else " DESC"
    order = f"reported_at{way}, id{way}" if asked.since else f"id{way}"
    rows = await pick(Sighting, f"{where} ORDER BY {order} LIMIT {PAGE:d} OFFSET {number * PAGE:d}", *args)
    await _complete(rows)
    return Page(number, rows, count)


def _conditions(asked: Asked, person: Person) -> tuple[str, list[Any]]:
    """Returns what goes after WHERE.

    Of a large area's time the index by time finds the few, of what has a state and no time the alerts do; the engine,
    which knows no figures, is led there.
    """
    where = ["state <> ?"]
    args: list[Any] = [SightingState.NOT_SENT.value]
    code, judge_id = asked.seen_by(person)
    if asked.reporter_id is not None:  # all that they reported, also what others had reported before
        where += [
            "(joined_id IS NULL OR EXISTS (SELECT 1 FROM suspect WHERE sighting_id = sighting.id))",
            "reporter_id = ?",
        ]
        args.append(asked.reporter_id)
    else:
        where.append("+joined_id IS NULL")
        column = "area_code || ''" if asked.since and len(code) < 12 else "area_code"
        where.append(f"{column} >= ? AND {column} <= ?")
        args += bounds_of(code)
    if asked.states or judge_id is not None:
        words, value = among(state.value for state in asked.states or AlertState)
        mine = "" if judge_id is None else " AND (judge_id = ? OR handler_id = ?)"
        alerts = f"FROM alert WHERE state {words}{mine}"
        where.append(
            f"EXISTS (SELECT 1 {alerts} AND sighting_id = sighting.id)"
            if asked.since
            else f"id IN (SELECT sighting_id {alerts})"
        )
        args += [value, *([] if judge_id is None else [judge_id, judge_id])]
    for limit, operator in ((asked.since, ">="), (asked.until, "<")):
        if limit:
            where.append(f"reported_at {operator} ?")
            args.append(moment(limit))
    return " AND ".join(where), args


async def _complete(rows: Sequence[Sighting]) -> None:
    """Adds to the reports their alerts, these with whose they are and who took them, and who is meant."""
    if not rows:
        return
    words, value = among(row.root_id for row in rows)
    people = "JOIN person b ON b.id = a.judge_id LEFT JOIN person c ON c.id = a.handler_id"
    alerts = await joined((Alert, Person, Person), f"alert a {people} WHERE a.sighting_id {words} ORDER BY a.id", value)
    words, value = among(row.id for row in rows)
    source = f"suspect a JOIN debtor b ON b.id = a.debtor_id WHERE a.sighting_id {words} ORDER BY a.id"
    meant = await joined((Suspect, Debtor), source, value)
    words, value = among(alert.id for alert, _judge, _handler in alerts)
    source = f"recipient a JOIN person b ON b.id = a.person_id WHERE a.alert_id {words} ORDER BY a.id"
    holders = await joined((Recipient, Person), source, value) if alerts else []
    for holder, holding in holders:
        relate(holder, person=holding)
    for alert, judge, handler in alerts:
        mine = [one for one, _person in holders if one.alert_id == alert.id]
        relate(alert, judge=judge, handler=handler, recipients=mine)
    for suspect, debtor in meant:
        relate(suspect, debtor=debtor)
    for row in rows:
        relate(row, alerts=[alert for alert, _judge, _handler in alerts if alert.sighting_id == row.root_id])
        relate(row, suspects=[suspect for suspect, _debtor in meant if suspect.sighting_id == row.id])


async def _erases(what: Erasure) -> None:
    """Deletes the lists that were searched for by the name. (JSON has what isn't ASCII escaped.)"""
    said = json.dumps(what.name)[1:-1]
    within = "strpos" if is_shared() else "instr"
    await run(f"DELETE FROM listing WHERE {within}(asked, ?) > 0", said)


NOUN = Noun(
    (Record(Listing, erasing=Fate.GOES, leaving=Fate.STAYS),),
    erases=_erases,
    sweeps=Sweep("listing", "made_at"),
    points=(Pointer("listing", "person_id", "person"),),
)
