"""The reform's figures: how many reports, how quickly they were answered, and what came of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from storage.alert import AlertState, Outcome
from storage.area import bounds_of
from storage.listing import RUNNING, Asked, moment
from storage.person import Person
from storage.sql import fetch
from storage.sql import moment as stored

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
    """None where there are none. Nearest rank: the smallest that so many don't exceed."""
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


def period_before(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """The time of the same length that ended where this one began."""
    return since - (until - since), since


async def histories(asked: Asked, person: Person, since: datetime, until: datetime) -> list[History]:
    """The alerts raised from `since` until before `until` that the person may see: a judge's own, else their area's."""
    code, judge_id = asked.seen_by(person)
    mine, args = ("", []) if judge_id is None else (" AND a.judge_id = ?", [judge_id])
    rows = await fetch(
        "SELECT a.raised_at, a.state, a.acknowledged_at, a.closed_at, a.outcome, a.amount, "
        "(SELECT min(e.at) FROM alert_event e WHERE e.alert_id = a.id AND e.kind = 'on_scene') AS scene_at "
        f"FROM alert a WHERE a.area_code >= ? AND a.area_code <= ? AND a.raised_at >= ? AND a.raised_at < ?{mine}",
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
        )
        for row in rows
    ]


def _at(value: object) -> datetime | None:
    return None if value is None else stored(value)


def bounds(asked: Asked, now: datetime) -> tuple[datetime, datetime]:
    """From when until when, in UTC; what lasts still goes until now."""
    soon = now + timedelta(seconds=1)  # what is raised this moment counts
    return moment(asked.since), min(moment(asked.until), soon) if asked.until else soon
