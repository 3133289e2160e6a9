"""One judge's task out of a report: its states, its timeline, and what brings it on or hands it over."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import partial

from tortoise import fields
from tortoise.models import Model

from storage.alerts import sighting
from storage.alerts.attachment import of_family, of_sighting
from storage.alerts.sighting import Sighting, SightingState
from storage.cases import follow
from storage.cases.case import CaseDebtor, judges_of, of_debtors
from storage.duty import court
from storage.duty.ladder import Call, Standing, Target, due_at, first_call, next_call, rungs_for, staff_for
from storage.duty.leave import absences
from storage.engine import audit
from storage.engine.database import unit
from storage.engine.sql import add, among, change, fetch, for_update, joined, one, pick, relate
from storage.people.area import bounds_of
from storage.people.person import Address, Person, addresses, by_id
from storage.post import waking
from storage.post.delivery import last_delivery
from storage.post.outbox import Lane, on_its_way, put, put_to_person
from storage.reading import lesson
from storage.reading.lesson import LessonKind


class AlertState(StrEnum):
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


RECEIPT_WAITS = timedelta(milliseconds=300)
"""A receipt waits so long for the judge's phone: then it can say at once that the alert has arrived."""
OPEN = (AlertState.SENT, AlertState.ACKNOWLEDGED, AlertState.EN_ROUTE, AlertState.ON_SCENE)
_ORDER = {state: place for place, state in enumerate((*OPEN, AlertState.CLOSED))}


class Outcome(StrEnum):
    FOUND = "found"
    PAID = "paid"
    SETTLED = "settled"
    SEIZED = "seized"
    NOT_SEEN = "not_seen"
    FALSE_ALARM = "false_alarm"


class Alert(Model):
    """The task. `judge` is whose it is, `handler` who took it: the judge, or whoever the ladder reached first."""

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
        """Whose cases it is about."""
        return self.owner_id or self.judge_id

    @property
    def timeline(self) -> list["AlertEvent"]:
        """The events in order; they must be fetched."""
        return sorted(self.events, key=lambda event: event.id)


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


class AlertEvent(Model):
    """A line of the timeline: `kind` is a code, `detail` an id or a code, never a sentence."""

    id = fields.IntField(primary_key=True)
    alert: fields.ForeignKeyRelation[Alert] = fields.ForeignKeyField(
        "chuishao.Alert", related_name="events", on_delete=fields.CASCADE
    )
    alert_id: int
    kind = fields.CharField(max_length=20)
    at = fields.DatetimeField()
    actor: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "chuishao.Person", related_name="deeds", null=True, on_delete=fields.RESTRICT
    )
    actor_id: int | None
    detail = fields.CharField(max_length=60, default="")
    words = fields.TextField(default="")
    """What a supervisor said with it."""

    class Meta:
        table = "alert_event"


# -- pure rules --------------------------------------------------------------------------------------------------


def may_move(state: AlertState, to: AlertState) -> bool:
    """Forward only; steps may be left out; what has ended stays ended."""
    if state not in OPEN or to not in _ORDER:
        return False
    return _ORDER[to] > _ORDER[state]


# -- raising -----------------------------------------------------------------------------------------------------


async def raise_for(report: Sighting) -> Sighting | None:
    """Tells every judge concerned. Nobody known: the duty person, else the head of the bureau. Returns the earlier
    report that this one joined, if there is one."""
    debtor_ids = await sighting.suspect_ids(report.id)
    if len(debtor_ids) == 1 and not report.doubtful and report.state is not SightingState.ALERTED:
        first = await sighting.find_open_about(debtor_ids[0], unit().now - sighting.WITNESS)
        if first is not None and first.id != report.id:
            await _lock(first.id)
            if await _open_alerts(first.id):
                await join(report, first)
                return first
    fresh = report.state is SightingState.NOT_SENT
    standing = [] if fresh else await _open_alerts(report.id)
    await sighting.set_state(report, SightingState.ALERTED)
    judge_ids, orphan = await judges_of(debtor_ids) if debtor_ids else ([], False)
    concerned: list[int | None] = [*judge_ids, *([None] if orphan or not judge_ids else [])]
    present, holding = {alert.concerns for alert in standing}, {alert.judge_id for alert in standing}
    calls = await _first_calls(report.area_code, concerned)
    for judge_id, call in zip(concerned, calls, strict=True):
        if call.people and judge_id not in present and call.people[0] not in holding:
            await _raise(report, judge_id, call)
            holding.add(call.people[0])
    if not any(call.people for call in calls):
        audit.record("alert.nobody", f"sighting:{report.id}")
    if fresh:
        await refresh_receipts(report.id, wait=RECEIPT_WAITS)  # there are no other cards yet that could have changed
    else:
        await refresh_sighting(report.id)
    return None


async def _first_calls(area_code: str, concerned: Sequence[int | None]) -> list[Call]:
    """Whom each judge's alert rings first (None: no judge is known). The court's people are looked up only where
    somebody may be away, or duty counts."""
    now = unit().now
    off_hours = await court.is_off_hours(area_code, now)
    if not off_hours and None not in concerned and not await absences(now):
        return [Call(now, 0, Target.JUDGE, (judge_id,)) for judge_id in concerned if judge_id is not None]
    staff = await staff_for(area_code, now)
    return [first_call(judge_id, staff, now, off_hours=off_hours) for judge_id in concerned]


async def _raise(report: Sighting, owner_id: int | None, call: Call) -> None:
    now, judge_id = unit().now, call.people[0]
    reached = bool(await addresses(judge_id))
    alert = await add(
        Alert,
        sighting_id=report.id,
        judge_id=judge_id,
        owner_id=owner_id if owner_id != judge_id else None,
        area_code=report.area_code,
        raised_at=now,
        reachable=reached,
        escalate_at=await _first_rung(report.area_code, call.people, reached),
    )
    audit.record("alert.raised", f"alert:{alert.id}", judge=judge_id, sighting=report.id)
    await _event(alert, "raised")
    if alert.owner_id is not None:
        await _event(alert, "deputised", owner_id)
    for person_id in call.people:
        await _hand_card(alert, person_id, fresh=True)


async def _first_rung(area_code: str, called: tuple[int, ...], reached: bool) -> datetime:
    """When the ladder of an alert that is raised now has its first rung."""
    now, rungs = unit().now, await rungs_for(area_code)
    return due_at(Standing(now, 0, called, reached), rungs[0] if rungs else None, now)


async def _hand_card(alert: Alert, person_id: int, *, escalated: bool = False, fresh: bool = False) -> bool:
    """Makes the person a recipient and sends card and attachments; False where no chat of theirs is known. Of a
    `fresh` alert nobody has a card yet."""
    if fresh or person_id not in await _recipient_ids(alert.id):
        await add(Recipient, alert_id=alert.id, person_id=person_id, escalated=escalated)
    reached = await put_to_person(person_id, "alert", alert.id, lane=Lane.ALERT, fresh=True)
    await waking.notify(person_id, alert.id, alert.sighting_id)
    for item in await of_family(alert.sighting_id):
        await put_to_person(person_id, "attachment", item.id, lane=Lane.ALERT, fresh=True)
    if not reached:
        await _event(alert, "unreachable", detail=str(person_id))
    return reached


async def _lock(root_id: int) -> None:
    """A report isn't withdrawn while somebody joins it, nor joined while it is withdrawn."""
    await fetch(f"SELECT id FROM sighting WHERE id = ?{for_update()}", root_id)


async def join(report: Sighting, first: Sighting) -> None:
    """A second voice about the same debtor, or the first one going on: the same alert, and its judges hear the new
    sentence at once."""
    before = await sighting.family(first.id)
    report.confidential |= any(row.confidential for row in before if row.reporter_id == report.reporter_id)
    report.joined_id, report.state = first.id, SightingState.ALERTED
    values = {"urgent": report.urgent, "confidential": report.confidential}
    await change(Sighting, report.id, joined_id=first.id, state=SightingState.ALERTED, **values)
    for alert in await _open_alerts(first.id):
        await _event(alert, "witness", detail=str(report.id))
        audit.record("alert.witness", f"alert:{alert.id}", sighting=report.id)
        for person_id in await _recipient_ids(alert.id):
            await put_to_person(person_id, "witness", report.id, lane=Lane.ALERT, fresh=True)
            if report.urgent:
                await waking.notify(person_id, alert.id, report.id)
            for item in await of_sighting(report.id):
                await put_to_person(person_id, "attachment", item.id, lane=Lane.ALERT, fresh=True)
    await refresh_sighting(first.id)


async def attach(report: Sighting, attachment_id: int) -> None:
    """A photo, voice or place that came after the sentence goes where the sentence went."""
    for alert in await _open_alerts(report.root_id):
        for person_id in await _recipient_ids(alert.id):
            await put_to_person(person_id, "attachment", attachment_id, lane=Lane.ALERT, fresh=True)


# -- the judge's steps -------------------------------------------------------------------------------------------


async def running_of(reporter_id: int, since: datetime) -> Sighting | None:
    """The report whose open alert the reporter's newest sentence belongs to: what they say next without a name goes on
    about it."""
    row = await sighting.latest_of(reporter_id, since)
    return await sighting.root_of(row) if row is not None and await _open_alerts(row.root_id) else None


async def held(alert_id: int, person: Person) -> Alert | None:
    """The alert, locked for a change, if this person holds a card of it."""
    alert = await one(Alert, f"id = ?{for_update()}", alert_id)
    if alert is None or person.id not in await _recipient_ids(alert_id):
        return None
    return alert


async def move(alert: Alert, to: AlertState, by: Person) -> bool:
    """收到, 出发 or 到场. False where the alert stands there or further already: then nothing changes."""
    if not may_move(alert.state, to):
        return False
    scope, first = unit(), alert.acknowledged_at is None
    now = scope.now
    await _set(
        alert,
        state=to,
        handler_id=alert.handler_id if alert.acknowledged_at else by.id,
        acknowledged_at=alert.acknowledged_at or now,
        escalate_at=None,
    )
    if first:
        scope.after_commit.append(partial(scope.db.answered, (now - alert.raised_at).total_seconds()))
    await _event(alert, to.value, by.id)
    audit.record(f"alert.{to.value}", f"alert:{alert.id}", actor=by.actor)
    await refresh_sighting(alert.sighting_id)
    return True


async def close(alert: Alert, outcome: Outcome, by: Person) -> bool:
    """办结 with its outcome. False where it had ended before."""
    if not may_move(alert.state, AlertState.CLOSED):
        return False
    now = unit().now
    await _set(
        alert,
        state=AlertState.CLOSED,
        outcome=outcome,
        closed_at=now,
        escalate_at=None,
        handler_id=alert.handler_id or by.id,
        acknowledged_at=alert.acknowledged_at or now,
    )
    await _event(alert, "closed", by.id, outcome.value)
    audit.record("alert.closed", f"alert:{alert.id}", actor=by.actor, outcome=outcome)
    if outcome is Outcome.FALSE_ALARM:
        await _doubt(alert, by)
    await refresh_sighting(alert.sighting_id)
    return True


async def _doubt(alert: Alert, by: Person) -> None:
    """误报: next time the same word isn't taken for the same debtor without asking."""
    report = await sighting.whole(alert.sighting_id)
    if report is not None and len(report.suspects) == 1:
        suspect = report.suspects[0]
        await lesson.teach(
            LessonKind.CAUTION, report.area_code, suspect.reasons, suspect.debtor_id, by, alert.sighting_id
        )


async def add_note(alert: Alert, by: Person, amount: Decimal | None, note: str) -> None:
    """Amount (yuan) and words behind an outcome. What was paid counts for the case if there is just one."""
    if amount is not None:
        parties = [p for p in await parties_of(alert) if p.case.judge_id == alert.concerns]
        if alert.outcome in (Outcome.PAID, Outcome.SETTLED) and len(parties) == 1:
            paid = parties[0].paid - (alert.amount or 0) + amount
            await CaseDebtor.filter(id=parties[0].id).update(paid=paid)
        await _set(alert, amount=amount)
    if note:
        await _set(alert, note=note)
    audit.record("alert.noted", f"alert:{alert.id}", actor=by.actor)
    await refresh_sighting(alert.sighting_id)


async def urge(alert: Alert, by: Person, words: str) -> list[str]:
    """催办: everybody who holds the card hears it at once, with the supervisor's words; their names."""
    event = await _event(alert, "urged", by.id, words=words)
    audit.record("alert.urged", f"alert:{alert.id}", actor=by.actor)
    names = []
    for person_id in await _recipient_ids(alert.id):
        await put_to_person(person_id, "urged", event.id, lane=Lane.ALERT, fresh=True)
        holder = await by_id(person_id)
        names += [holder.name] if holder is not None else []
    return names


async def transfer(alert: Alert, to: Person, by: Person) -> bool:
    """转交: the other judge gets the card and the ladder starts anew for them."""
    if alert.state not in OPEN or to.id == alert.judge_id:
        return False
    now = unit().now
    await _event(alert, "transferred", by.id, str(to.id))
    audit.record("alert.transferred", f"alert:{alert.id}", actor=by.actor, to=to.id)
    reached = await _hand_card(alert, to.id)
    await _set(
        alert,
        judge_id=to.id,
        owner_id=alert.concerns,
        handler_id=None,
        state=AlertState.SENT,
        acknowledged_at=None,
        delivered_at=None,
        raised_at=now,
        step=0,
        reachable=reached,
        escalate_at=await _first_rung(alert.area_code, (to.id,), reached),
    )
    await refresh_sighting(alert.sighting_id)
    return True


# -- what the reporter changes -----------------------------------------------------------------------------------


async def withdraw(report: Sighting) -> None:
    """看错了: the judges are told at once. Where others reported it too, their word stands."""
    await _lock(report.root_id)
    family = await sighting.family(report.root_id)
    for row in family:
        if row.reporter_id == report.reporter_id:
            await sighting.set_state(row, SightingState.WITHDRAWN)
    report.state = SightingState.WITHDRAWN
    audit.record("sighting.withdrawn", f"sighting:{report.id}", actor=f"person:{report.reporter_id}")
    standing = [row for row in family if row.state is SightingState.ALERTED]
    for alert in await _open_alerts(report.root_id):
        await _event(alert, "withdrawn", detail=str(report.id))
        if not standing:
            await _set(alert, state=AlertState.WITHDRAWN, escalate_at=None, closed_at=unit().now)
        await _announce(alert, "withdrawn", report)
    await refresh_sighting(report.root_id)


async def retarget(report: Sighting) -> None:
    """Somebody else is meant: judges who are no longer concerned are told, the right ones get the alert."""
    judge_ids, _orphan = await judges_of(await sighting.suspect_ids(report.id))
    for alert in await _open_alerts(report.id):
        await _event(alert, "corrected", detail=str(report.id))
        if alert.concerns not in judge_ids:
            await _set(alert, state=AlertState.WITHDRAWN, escalate_at=None, closed_at=unit().now)
        await _announce(alert, "corrected", report)
    await raise_for(report)


async def _announce(alert: Alert, what: str, report: Sighting) -> None:
    args = {"what": what, "sighting": report.id}
    for person_id in await _recipient_ids(alert.id):
        await put_to_person(person_id, "change", alert.id, lane=Lane.ALERT, fresh=True, args=args)


# -- ladder and delivery -----------------------------------------------------------------------------------------


async def due_for_escalation(now: datetime, limit: int = 100) -> list[int]:
    sql = f"SELECT id FROM alert WHERE state = ? AND escalate_at <= ? ORDER BY escalate_at LIMIT {limit:d}"
    return [row["id"] for row in await fetch(sql, AlertState.SENT, now)]


async def clock_went_back() -> None:
    """An alert that was raised under a later time than now climbs its ladder from now on."""
    now = unit().now
    later = await pick(Alert, "state = ? AND raised_at > ?", AlertState.SENT, now + timedelta(seconds=5))
    for alert in later:
        rungs = await rungs_for(alert.area_code)
        rung = next((rung for rung in rungs if rung.number > alert.step), None)
        due = due_at(Standing(now, alert.step, (), alert.reachable), rung, now)
        await _set(alert, raised_at=now, escalate_at=due if alert.escalate_at is not None else None)


async def escalate(alert_id: int) -> None:
    """Takes the next rung, if it is still due."""
    now = unit().now
    alert = await Alert.select_for_update().get_or_none(id=alert_id)
    if alert is None or alert.state is not AlertState.SENT or not alert.escalate_at or alert.escalate_at > now:
        return
    rungs, staff = await rungs_for(alert.area_code), await staff_for(alert.area_code, now)
    standing = await _standing(alert)
    call = next_call(standing, rungs, staff, now)
    if call is None or call.at > now:  # since it was put down, somebody has gone on leave, or the ladder has changed
        await _set(alert, escalate_at=call.at if call is not None else None)
        return
    reached = alert.reachable
    if call.target is Target.AGAIN:
        for person_id in call.people:
            args = {"again": call.number}
            await put_to_person(person_id, "alert", alert.id, lane=Lane.ALERT, fresh=True, args=args)
            await waking.notify(person_id, alert.id, alert.sighting_id)
    else:
        for person_id in call.people:
            reached = await _hand_card(alert, person_id, escalated=True) or reached
    await _event(alert, "escalated", detail=call.target.value)
    audit.record("alert.escalated", f"alert:{alert.id}", step=call.number, target=call.target)
    await _set(alert, step=call.number, reachable=reached)
    following = next_call(await _standing(alert), rungs, staff, now)
    await _set(alert, escalate_at=following.at if following is not None else None)
    await refresh_sighting(alert.sighting_id)


async def _standing(alert: Alert) -> Standing:
    return Standing(alert.raised_at, alert.step, tuple(await _recipient_ids(alert.id)), alert.reachable)


async def delivered(alert_id: int, person_id: int | None) -> None:
    """A card arrived on a phone; the first to get one counts."""
    alert = await one(Alert, "id = ?", alert_id)
    if alert is not None and alert.delivered_at is None:
        await _set(alert, delivered_at=unit().now)
        await _event(alert, "delivered", person_id)
        await refresh_receipts(alert.sighting_id)


async def undeliverable(alert_id: int, person_id: int | None, chat: tuple[str, int]) -> None:
    """A recipient's chat is blocked or gone: the next rung at once, unless the card goes to another chat of theirs."""
    alert = await one(Alert, f"id = ?{for_update()}", alert_id)  # one after the other, of two chats that fail at once
    if alert is None or alert.state is not AlertState.SENT:
        return
    others = await addresses(person_id) if person_id else []
    others = [to for to in others if (to.channel, to.chat_id) != chat]
    if any([await on_its_way(to, "alert", alert_id) for to in others]):
        return
    await _event(alert, "unreachable", detail=str(person_id or ""))
    await _set(alert, reachable=False, escalate_at=unit().now)


# -- showing changes ---------------------------------------------------------------------------------------------


async def refresh_sighting(root_id: int) -> None:
    """Every card and receipt about this report shows how it stands now; a judge's colleagues see each other."""
    for alert in await pick(Alert, "sighting_id = ?", root_id):
        for person_id in await _recipient_ids(alert.id):
            await put_to_person(person_id, "alert", alert.id, lane=Lane.RECEIPT)
    await refresh_receipts(root_id)


async def refresh_receipts(root_id: int, wait: timedelta | None = None) -> None:
    """The receipts of the reporter and the witnesses; each has one, however often they spoke."""
    for receipt in await sighting.receipts_of(root_id):
        to = Address(receipt.channel, receipt.chat_id, receipt.reporter_id)
        await put(to, "receipt", receipt.sighting_id, lane=Lane.RECEIPT, reply_to=receipt.message_id, delay=wait)


# -- reading -----------------------------------------------------------------------------------------------------


async def parties_of(alert: Alert) -> list[CaseDebtor]:
    """The cases behind an alert."""
    return await of_debtors(await sighting.suspect_ids(alert.sighting_id))


async def of_sighting_root(root_id: int) -> list[Alert]:
    return await _with_people("a.sighting_id = ?", root_id)


async def has_card(root_id: int, channel: str, chat_id: int) -> bool:
    """Whether a card about this report has arrived in the chat."""
    for row in await pick(Alert, "sighting_id = ?", root_id):
        if await last_delivery(channel, chat_id, "alert", row.id) is not None:
            return True
    return False


async def side_by_side(alert_id: int) -> list[Alert]:
    """This alert first, then the others about the same report, with people and timelines."""
    rows = await _with_people("a.sighting_id = (SELECT sighting_id FROM alert WHERE id = ?)", alert_id)
    return sorted(rows, key=lambda row: (row.id != alert_id, row.id))


async def _with_people(where: str, *args: object) -> list[Alert]:
    """Judge, handler, recipients and events (with who did them), fetched."""
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
    for alert, judge, handler in found:
        mine = [event for event, _actor in events if event.alert_id == alert.id]
        holders = [row for row in recipients if row.alert_id == alert.id]
        relate(alert, judge=judge, handler=handler, events=mine, recipients=holders)
    return [alert for alert, _judge, _handler in found]


async def newest_event_id() -> int:
    """The number of the newest step of any alert; 0 before the first."""
    return int((await fetch("SELECT COALESCE(max(id), 0) FROM alert_event"))[0][0])


async def newest_events(area_code: str, judge_id: int | None, since: datetime, limit: int) -> list[AlertEvent]:
    """The newest steps of the area's alerts, or of a judge's, with alert and actor."""
    mine, args = ("", []) if judge_id is None else (" AND b.judge_id = ?", [judge_id])
    source = (
        "alert_event a JOIN alert b ON b.id = a.alert_id LEFT JOIN person c ON c.id = a.actor_id "
        f"WHERE a.at >= ? AND b.area_code >= ? AND b.area_code <= ?{mine} ORDER BY a.at DESC, a.id DESC LIMIT {limit:d}"
    )
    found = await joined((AlertEvent, Alert, Person), source, since, *bounds_of(area_code), *args)
    for event, alert, actor in found:
        relate(event, alert=alert, actor=actor)
    return [event for event, _alert, _actor in found]


async def count_unanswered(area_code: str) -> int:
    """How many alerts of the area nobody has acknowledged."""
    sql = "SELECT count(*) FROM alert WHERE state = ? AND area_code >= ? AND area_code <= ?"
    return int((await fetch(sql, AlertState.SENT, *bounds_of(area_code)))[0][0])


async def about_debtors(debtor_ids: list[int], limit: int = 5) -> list[Alert]:
    """The newest alerts about these debtors."""
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


async def _open_alerts(root_id: int) -> list[Alert]:
    rows = await pick(Alert, "sighting_id = ? ORDER BY id", root_id)
    return [row for row in rows if row.state in OPEN]


async def _recipient_ids(alert_id: int) -> list[int]:
    rows = await fetch("SELECT person_id FROM recipient WHERE alert_id = ? ORDER BY id", alert_id)
    return [row["person_id"] for row in rows]


async def _set(alert: Alert, **values: object) -> None:
    for name, value in values.items():
        setattr(alert, name, value)
    await change(Alert, alert.id, **values)


async def _event(alert: Alert, kind: str, actor_id: int | None = None, detail: str = "", words: str = "") -> AlertEvent:
    event = await add(
        AlertEvent, alert_id=alert.id, kind=kind, at=unit().now, actor_id=actor_id, detail=detail, words=words
    )
    if kind in follow.STEPS:
        for one in await follow.followers(alert.sighting_id):
            if one.person_id != actor_id and (one.supervised or kind in follow.MOVES):
                args = {"case": one.case_id}
                await put_to_person(one.person_id, "step", event.id, lane=Lane.DIGEST, fresh=True, args=args)
    return event


def waited(alert: Alert, now: datetime) -> timedelta:
    """How long the alert has been waiting for an answer."""
    return now - alert.raised_at
