"""Keeps one judge's task out of a report: its states, who holds a card of it, and what is asked of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast

from tortoise import fields
from tortoise.models import Model

from storage.alerts import sighting
from storage.alerts.sighting import Sighting
from storage.alerts.timeline import AlertEvent
from storage.cases.case import CaseDebtor, of_debtors
from storage.engine.mapper import relate
from storage.engine.sql import among, change, fetch, for_update, joined, one, pick, run
from storage.noun import Fate, Noun, Pointer, Record
from storage.people.area import bounds_of, contains
from storage.people.person import Person
from storage.post.delivery import last_delivery


class AlertState(StrEnum):
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


OVER = "over"
"""Said of a transfer by somebody who didn't hold the alert themselves."""
OPEN = (AlertState.SENT, AlertState.ACKNOWLEDGED, AlertState.EN_ROUTE, AlertState.ON_SCENE)

TOLD = ("transferred", "unreachable")
"""Kinds of step whose detail is an official's number."""
_ORDER = {state: place for place, state in enumerate((*OPEN, AlertState.CLOSED))}


class Outcome(StrEnum):
    FOUND = "found"
    PAID = "paid"
    SETTLED = "settled"
    SEIZED = "seized"
    NOT_SEEN = "not_seen"
    FALSE_ALARM = "false_alarm"


class Alert(Model):
    """The task. `judge` is whose it is, `handler` who took the last step: the judge, or whoever else
    the ladder reached."""

    id = fields.IntField(primary_key=True)
    sighting: fields.ForeignKeyRelation[Sighting] = fields.ForeignKeyField(
        "chuishao.Sighting", related_name="alerts", on_delete=fields.RESTRICT
    )
    sighting_id: int
    judge: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "chuishao.Person", related_name="alerts", on_delete=fields.RESTRICT
    )
    judge_id: int
    handler: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "chuishao.Person", related_name="handled", null=True, on_delete=fields.RESTRICT
    )
    handler_id: int | None
    owner_id = fields.IntField(null=True)
    """The case's judge, where `judge` answers in their place: away, or handed over."""
    area_code = fields.CharField(max_length=12)
    state = fields.CharEnumField(AlertState, max_length=12, default=AlertState.SENT)
    step = fields.SmallIntField(default=0)
    reachable = fields.BooleanField(default=True)
    raised_at = fields.DatetimeField()
    escalate_at = fields.DatetimeField(null=True)
    delivered_at = fields.DatetimeField(null=True)
    acknowledged_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    outcome: Outcome | None = fields.CharEnumField(Outcome, max_length=12, null=True)  # type: ignore[assignment]
    amount = fields.DecimalField(max_digits=16, decimal_places=2, null=True)
    note = fields.TextField(default="")
    events: fields.ReverseRelation["AlertEvent"]
    recipients: fields.ReverseRelation["Recipient"]

    class Meta:
        table = "alert"
        indexes = (("state", "escalate_at"), ("sighting_id", "judge_id"), ("area_code", "raised_at"))

    @property
    def concerns(self) -> int:
        """Returns whose cases it is about."""
        return self.owner_id or self.judge_id

    @property
    def taken_by(self) -> Person:
        """Returns who took the last step, else whose it is; both must be fetched."""
        return self.handler or self.judge

    @property
    def timeline(self) -> list["AlertEvent"]:
        """Returns the events in order, without an end that was undone before anybody had seen it; they must be
        fetched."""
        found: list[AlertEvent] = []
        for event in sorted(self.events, key=lambda event: event.id):
            if event.kind == "reopened":
                last = max((number for number, one in enumerate(found) if one.kind == "closed"), default=len(found))
                del found[last:]
            else:
                found.append(event)
        return found

    @property
    def since_handed_over(self) -> list["AlertEvent"]:
        """Returns the events since whoever has it now got it."""
        given = [number for number, event in enumerate(self.timeline) if event.kind == "transferred"]
        return self.timeline[given[-1] + 1 :] if given else self.timeline


class Recipient(Model):
    """Who holds a card of this alert, and why."""

    id = fields.IntField(primary_key=True)
    alert: fields.ForeignKeyRelation[Alert] = fields.ForeignKeyField(
        "chuishao.Alert", related_name="recipients", on_delete=fields.CASCADE
    )
    alert_id: int
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "chuishao.Person", related_name="receptions", on_delete=fields.RESTRICT
    )
    person_id: int
    escalated = fields.BooleanField(default=False)

    class Meta:
        table = "recipient"
        unique_together = (("alert", "person"),)


def stood_at(events: Sequence[AlertEvent]) -> AlertState | None:
    """Finds by its steps, the oldest first, how far an alert had come; None where whoever has it hasn't answered."""
    for event in reversed(events):
        if event.kind in _STEPS:
            return AlertState(event.kind)
        if event.kind == "transferred":
            break
    return None


_STEPS = (AlertState.ACKNOWLEDGED, AlertState.EN_ROUTE, AlertState.ON_SCENE)


def may_advance(state: AlertState, to: AlertState) -> bool:
    """Tells whether the step leads forward; steps may be left out; what has ended stays ended."""
    if state not in OPEN or to not in _ORDER:
        return False
    return _ORDER[to] > _ORDER[state]


async def running_of(reporter_id: int, since: datetime) -> Sighting | None:
    """Finds the report whose open alert the reporter's newest sentence belongs to: what they say next without a name
    goes on about it."""
    row = await sighting.latest_of(reporter_id, since)
    return await sighting.root_of(row) if row is not None and await open_alerts(row.root_id) else None


async def held(alert_id: int, person: Person) -> Alert | None:
    """Returns the alert, locked for a change, if this person holds a card of it."""
    alert = await one(Alert, f"id = ?{for_update()}", alert_id)
    if alert is None or person.id not in await holder_ids(alert_id):
        return None
    return alert


async def open_of(person_id: int) -> list[Alert]:
    """Lists what is open and this person holds, the oldest first."""
    states = "'sent', 'acknowledged', 'en_route', 'on_scene'"
    where = f"id IN (SELECT alert_id FROM recipient WHERE person_id = ?) AND state IN ({states}) ORDER BY id"
    rows = await pick(Alert, where, person_id)
    return [row for row in rows if person_id in await holder_ids(row.id)]


async def parties_of(alert: Alert) -> list[CaseDebtor]:
    """Finds the cases that an alert is about."""
    return await of_debtors(await sighting.suspect_ids(alert.sighting_id))


async def of_sighting_root(root_id: int) -> list[Alert]:
    return await _with_people("a.sighting_id = ?", root_id)


async def has_card(root_id: int, channel: str, chat_id: int) -> bool:
    """Tells whether a card about this report has arrived in the chat."""
    for row in await pick(Alert, "sighting_id = ?", root_id):
        if await last_delivery(channel, chat_id, "alert", row.id) is not None:
            return True
    return False


async def side_by_side(alert_id: int) -> list[Alert]:
    """Returns this alert first, then the others about the same report, with people and timelines."""
    rows = await _with_people("a.sighting_id = (SELECT sighting_id FROM alert WHERE id = ?)", alert_id)
    return sorted(rows, key=lambda row: (row.id != alert_id, row.id))


async def _with_people(where: str, *args: object) -> list[Alert]:
    """Loads alerts with judge, handler, recipients and events (with who did them)."""
    source = f"alert a JOIN person b ON b.id = a.judge_id LEFT JOIN person c ON c.id = a.handler_id WHERE {where}"
    found = await joined((Alert, Person, Person), f"{source} ORDER BY a.id", *args)
    if not found:
        return []
    words, value = among(alert.id for alert, _judge, _handler in found)
    source = f"alert_event a LEFT JOIN person b ON b.id = a.actor_id WHERE a.alert_id {words} ORDER BY a.id"
    events = await joined((AlertEvent, Person), source, value)
    recipients = await pick(Recipient, f"alert_id {words} ORDER BY id", value)
    for event, actor in events:
        relate(event, actor=actor)
    await _say_whom([event for event, _actor in events])
    for alert, judge, handler in found:
        mine = [event for event, _actor in events if event.alert_id == alert.id]
        holders = [row for row in recipients if row.alert_id == alert.id]
        relate(alert, judge=judge, handler=handler, events=mine, recipients=holders)
    return [alert for alert, _judge, _handler in found]


async def _say_whom(events: Sequence[AlertEvent]) -> None:
    """Adds to the steps that were done to an official who that is: to whom it went, whom nobody reached."""
    told = {event.id: int(event.detail) for event in events if event.kind in TOLD and event.detail.isdigit()}
    words, value = among(set(told.values()))
    people = {one.id: one for one in (await pick(Person, f"id {words}", value) if told else ())}
    for event in events:
        event.whom = people.get(told.get(event.id, 0))


async def newest_event_id() -> int:
    """Returns the number of the newest step of any alert; 0 before the first."""
    return int((await fetch("SELECT COALESCE(max(id), 0) FROM alert_event"))[0][0])


async def newest_events(area_code: str, judge_id: int | None, since: datetime, limit: int) -> list[AlertEvent]:
    """Loads the newest steps of the area's alerts, or of a judge's, with alert and actor."""
    mine, args = ("", []) if judge_id is None else (" AND b.judge_id = ?", [judge_id])
    source = (
        "alert_event a JOIN alert b ON b.id = a.alert_id LEFT JOIN person c ON c.id = a.actor_id "
        f"WHERE a.at >= ? AND b.area_code >= ? AND b.area_code <= ?{mine} ORDER BY a.at DESC, a.id DESC LIMIT {limit:d}"
    )
    found = await joined((AlertEvent, Alert, Person), source, since, *bounds_of(area_code), *args)
    for event, alert, actor in found:
        relate(event, alert=alert, actor=actor)
    await _say_whom([event for event, _alert, _actor in found])
    return [event for event, _alert, _actor in found]


async def was_urged(alert_id: int, since: datetime) -> bool:
    """Tells whether somebody has urged since then."""
    sql = "SELECT 1 FROM alert_event WHERE alert_id = ? AND kind = 'urged' AND at > ? LIMIT 1"
    return bool(await fetch(sql, alert_id, since))


async def event(event_id: int) -> AlertEvent | None:
    """Loads a step with who took it, its alert, and whose that is."""
    source = (
        "alert_event a JOIN alert b ON b.id = a.alert_id JOIN person c ON c.id = b.judge_id "
        "LEFT JOIN person d ON d.id = a.actor_id WHERE a.id = ?"
    )
    for row, of, judge, actor in await joined((AlertEvent, Alert, Person, Person), source, event_id):
        relate(of, judge=judge)
        relate(row, alert=of, actor=actor)
        await _say_whom([row])
        return cast(AlertEvent, row)
    return None


async def by_id(alert_id: int, *, locked: bool = False) -> Alert | None:
    """Loads the alert; `locked` for a change."""
    return await one(Alert, f"id = ?{for_update() if locked else ''}", alert_id)


async def first_about(root_id: int) -> Alert | None:
    """Finds the first alert that a report has raised."""
    return await one(Alert, "sighting_id = ? ORDER BY id LIMIT 1", root_id)


async def about_case(case_id: int, area_code: str) -> list[Alert]:
    """Finds the newest alerts about a case's debtors, within the area."""
    debtors = [row["debtor_id"] for row in await fetch("SELECT debtor_id FROM case_debtor WHERE case_id = ?", case_id)]
    found = await about_debtors(debtors) if debtors else []
    return [row for row in found if contains(area_code, row.area_code)]


def is_told(events: Sequence[AlertEvent]) -> bool:
    """Tells by the steps, the oldest first, whether the reporter is shown what the court has noted: not what is noted
    to another result since."""
    kinds = [event.kind for event in events if event.kind in ("told", "changed")]
    return kinds[-1:] == ["told"]


async def unanswered(area_code: str) -> tuple[int, int]:
    """Counts how many alerts of the area nobody has acknowledged, and returns the newest one's number with it."""
    sql = "SELECT count(*), COALESCE(max(id), 0) FROM alert WHERE state = ? AND area_code >= ? AND area_code <= ?"
    count, newest = (await fetch(sql, AlertState.SENT, *bounds_of(area_code)))[0]
    return int(count), int(newest)


async def about_debtors(debtor_ids: list[int], limit: int = 5) -> list[Alert]:
    """Finds the newest alerts about these debtors."""
    words, value = among(debtor_ids)
    sql = (
        f"SELECT id FROM alert WHERE sighting_id IN (SELECT sighting_id FROM suspect WHERE debtor_id {words}) "
        f"ORDER BY id DESC LIMIT {limit:d}"
    )
    newest, numbers = among(row["id"] for row in await fetch(sql, value))
    rows = await _with_people(f"a.id {newest}", numbers)
    words, value = among(row.sighting_id for row in rows)
    reports = {report.id: report for report in await pick(Sighting, f"id {words}", value)}
    for row in rows:
        relate(row, sighting=reports[row.sighting_id])
    return rows[::-1]


async def open_alerts(root_id: int) -> list[Alert]:
    rows = await pick(Alert, "sighting_id = ? ORDER BY id", root_id)
    return [row for row in rows if row.state in OPEN]


async def standing_alerts(root_id: int) -> list[Alert]:
    """Loads the report's alerts that were not withdrawn, also those that are over."""
    rows = await pick(Alert, "sighting_id = ? ORDER BY id", root_id)
    return [row for row in rows if row.state is not AlertState.WITHDRAWN]


async def recipient_ids(alert_id: int) -> list[int]:
    rows = await fetch("SELECT person_id FROM recipient WHERE alert_id = ? ORDER BY id", alert_id)
    return [row["person_id"] for row in rows]


async def holder_ids(alert_id: int) -> list[int]:
    """Lists the recipients who haven't given it away."""
    sql = "SELECT actor_id, detail, words FROM alert_event WHERE alert_id = ? AND kind = 'transferred' ORDER BY id"
    gone: set[int] = set()
    for row in await fetch(sql, alert_id):
        gone = (gone | ({row["actor_id"]} if row["words"] != OVER else set())) - {int(row["detail"])}
    return [person_id for person_id in await recipient_ids(alert_id) if person_id not in gone]


def given_away(alert: Alert, person_id: int) -> "AlertEvent | None":
    """Finds how the person gave it to somebody else, if they haven't got it back. Needs the events."""
    found: AlertEvent | None = None
    for event in alert.timeline:
        if event.kind == "transferred" and event.actor_id == person_id and event.words != OVER:
            found = event
        elif event.kind == "transferred" and event.detail == str(person_id):
            found = None
    return found


async def set_values(alert: Alert, **values: object) -> None:
    for name, value in values.items():
        setattr(alert, name, value)
    await change(Alert, alert.id, **values)


def waited(alert: Alert, now: datetime) -> timedelta:
    """Tells how long the alert has been waiting for an answer."""
    return now - alert.raised_at


async def _thins(reports: Sequence[int], _words: str) -> None:
    """Removes the judge's word on how it ended along with the reporter's."""
    within, value = among(reports)
    await run(f"UPDATE alert SET note = '' WHERE sighting_id {within}", value)


NOUN = Noun(
    (
        Record(Alert, erasing=Fate.GOES, leaving=Fate.STAYS, thinning=Fate.GOES),
        Record(Recipient, erasing=Fate.STAYS, leaving=Fate.STAYS, thinning=Fate.STAYS),
    ),
    thins=_thins,
    points=(Pointer("alert", "area_code", "area"), Pointer("alert", "owner_id", "person")),
)
