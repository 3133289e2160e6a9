"""Counts the reports: how many, how quickly they were answered, and what came of them."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from storage.alerts.alert import AlertState, Outcome
from storage.desk.listing import RUNNING, Asked, moment
from storage.engine.clock import local
from storage.engine.mapper import moment as stored
from storage.engine.sql import fetch
from storage.people.area import bounds_of
from storage.people.person import Person

K = TypeVar("K", bound=Hashable)

SMALL = 5
"""Fewer than so many say little, and may be guessed from."""

_LED_SOMEWHERE = (Outcome.FOUND, Outcome.PAID, Outcome.SETTLED, Outcome.SEIZED)


@dataclass(frozen=True)
class History:
    """What became of one alert. `scene_at` is when somebody said 到场."""

    raised_at: datetime
    state: AlertState
    acknowledged_at: datetime | None = None
    scene_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    amount: Decimal | None = None
    area_code: str = ""
    judge_id: int | None = None
    number: int = 0
    """Of the lead."""
    reporter_id: int | None = None
    """None for somebody who asked to stay unnamed: they are in no count that has names."""


@dataclass(frozen=True)
class Times:
    """How long it took: of so many, the median and the time within which nine of ten were done."""

    count: int
    median: timedelta
    ninety: timedelta


@dataclass(frozen=True)
class Figures:
    """Of the alerts raised in a time. What was withdrawn counts among the alerts only."""

    alerts: int
    unanswered: int
    running: int
    closed: int
    useful: int
    """Closed with somebody found, paid, settled or something seized."""
    false_alarms: int
    on_scene: int
    withdrawn: int
    paid: Decimal
    to_acknowledge: Times | None
    to_scene: Times | None
    to_close: Times | None


def times_of(durations: Iterable[timedelta]) -> Times | None:
    """Sums up how long it took, by nearest rank: the smallest that so many don't exceed. None where there are none."""
    found = sorted(durations)
    if not found:
        return None
    return Times(len(found), found[(len(found) - 1) // 2], found[max(0, -(-len(found) * 9 // 10) - 1)])


def figures_of(histories: Sequence[History]) -> Figures:
    closed = [one for one in histories if one.state is AlertState.CLOSED]
    return Figures(
        alerts=len(histories),
        unanswered=sum(one.state is AlertState.SENT for one in histories),
        running=sum(one.state in RUNNING for one in histories),
        closed=len(closed),
        useful=sum(one.outcome in _LED_SOMEWHERE for one in closed),
        false_alarms=sum(one.outcome is Outcome.FALSE_ALARM for one in closed),
        on_scene=sum(one.scene_at is not None for one in histories),
        withdrawn=sum(one.state is AlertState.WITHDRAWN for one in histories),
        paid=sum((one.amount for one in closed if one.amount is not None), Decimal(0)),
        to_acknowledge=times_of(one.acknowledged_at - one.raised_at for one in histories if one.acknowledged_at),
        to_scene=times_of(one.scene_at - one.raised_at for one in histories if one.scene_at),
        to_close=times_of(one.closed_at - one.raised_at for one in closed if one.closed_at),
    )


def of_each(histories: Iterable[History], key: Callable[[History], K | None]) -> dict[K, Figures]:
    """Counts by place, judge or whatever the key tells apart; a key of None counts nowhere. The most alerts first."""
    parts: dict[K, list[History]] = {}
    for one in histories:
        if (found := key(one)) is not None:
            parts.setdefault(found, []).append(one)
    return {name: figures_of(rows) for name, rows in sorted(parts.items(), key=lambda part: -len(part[1]))}


def by_day(histories: Iterable[History], since: datetime, until: datetime) -> list[tuple[date, Figures]]:
    """Counts each local day's figures, days without anything as well.

    Counts by weeks (their Mondays) where it is longer than two months.
    """
    week = until - since > timedelta(days=62)

    def start(at: datetime) -> date:
        day = local(at).date()
        return day - timedelta(days=day.weekday()) if week else day

    found = of_each(histories, lambda one: start(one.raised_at))
    step, day, last = timedelta(days=7 if week else 1), start(since), start(until - timedelta(microseconds=1))
    days = [day + n * step for n in range((last - day) // step + 1)]
    return [(one, found.get(one) or figures_of([])) for one in days]


def period_before(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """Returns the time of the same length that ended where this one began."""
    return since - (until - since), since


def year_before(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """Returns the same days of the year before; the 29th of February is the 28th there."""

    def earlier(at: datetime) -> datetime:
        here = local(at)
        day = 28 if (here.month, here.day) == (2, 29) else here.day
        return here.replace(year=here.year - 1, day=day).astimezone(UTC)

    return earlier(since), earlier(until)


async def histories(asked: Asked, person: Person, since: datetime, until: datetime) -> list[History]:
    """Loads the alerts raised from `since` until before `until` that the person may see.

    A judge sees their own, everybody else their area's.
    """
    code, judge_id = asked.seen_by(person)
    mine, args = ("", []) if judge_id is None else (" AND a.judge_id = ?", [judge_id])
    rows = await fetch(
        "SELECT a.raised_at, a.state, a.acknowledged_at, a.closed_at, a.outcome, a.amount, a.area_code, a.judge_id, "
        "a.sighting_id, s.reporter_id, s.confidential, "
        "(SELECT min(e.at) FROM alert_event e WHERE e.alert_id = a.id AND e.kind = 'on_scene') AS scene_at "
        "FROM alert a JOIN sighting s ON s.id = a.sighting_id "
        f"WHERE a.area_code >= ? AND a.area_code <= ? AND a.raised_at >= ? AND a.raised_at < ?{mine}",
        *bounds_of(code),
        since,
        until,
        *args,
    )
    return [
        History(
            raised_at=stored(row["raised_at"]),
            state=AlertState(row["state"]),
            acknowledged_at=_at(row["acknowledged_at"]),
            scene_at=_at(row["scene_at"]),
            closed_at=_at(row["closed_at"]),
            outcome=Outcome(row["outcome"]) if row["outcome"] else None,
            amount=Decimal(str(row["amount"])) if row["amount"] is not None else None,
            area_code=row["area_code"],
            judge_id=row["judge_id"],
            number=row["sighting_id"],
            reporter_id=None if row["confidential"] else row["reporter_id"],
        )
        for row in rows
    ]


@dataclass(frozen=True)
class Counted:
    """The alerts of a time, within what the person may see."""

    asked: Asked
    person: Person
    since: datetime
    until: datetime
    rows: list[History]


async def counted(asked: Asked, person: Person, now: datetime) -> Counted:
    return await counted_between(asked, person, *bounds(asked, now))


async def counted_between(asked: Asked, person: Person, since: datetime, until: datetime) -> Counted:
    return Counted(asked, person, since, until, await histories(asked, person, since, until))


async def earlier_than(of: Counted) -> tuple[Figures, Figures]:
    """Returns what to compare with: the figures of the time just before, and of the same days a year ago."""
    before, year_ago = (times(of.since, of.until) for times in (period_before, year_before))
    return (
        figures_of(await histories(of.asked, of.person, *before)),
        figures_of(await histories(of.asked, of.person, *year_ago)),
    )


def _at(value: object) -> datetime | None:
    return None if value is None else stored(value)


def bounds(asked: Asked, now: datetime) -> tuple[datetime, datetime]:
    """Returns from when until when, in UTC; what lasts still goes until now."""
    soon = now + timedelta(seconds=1)  # what is raised this moment counts
    return moment(asked.since), min(moment(asked.until), soon) if asked.until else soon
