"""Takes the steps of whoever has the card: 收到, 出发, 到场, 办结, 转交; and a supervisor's 催办."""

from decimal import Decimal
from functools import partial

from storage.alerts import sighting
from storage.alerts.alert import (
    OPEN,
    OVER,
    Alert,
    AlertState,
    Outcome,
    holder_ids,
    may_advance,
    parties_of,
    set_values,
    stood_at,
)
from storage.alerts.raising import first_rung, hand_card, refresh_sighting
from storage.alerts.timeline import UNDO, events_of, may_undo, note_event
from storage.cases.case import CaseDebtor
from storage.engine import audit
from storage.engine.sql import change
from storage.engine.unit import unit
from storage.people.endpoint import reached
from storage.people.person import Person, by_id
from storage.post.outbox import Lane, put_to_person
from storage.reading import lesson
from storage.reading.lesson import LessonKind

_BOOKED = (Outcome.PAID, Outcome.SETTLED)
"""The results to which a sum counts as paid."""


async def advance(alert: Alert, to: AlertState, by: Person) -> bool:
    """Records 收到, 出发 or 到场. Returns False, changing nothing, where the alert stands there or further already."""
    if not may_advance(alert.state, to):
        return False
    scope, first = unit(), alert.acknowledged_at is None
    now = scope.now
    await set_values(
        alert,
        state=to,
        handler_id=by.id,
        acknowledged_at=alert.acknowledged_at or now,
        escalate_at=None,
    )
    if first:
        waited = (now - alert.raised_at).total_seconds()
        scope.after_commit.append(partial(scope.db.observer, "answered", waited))
    await note_event(alert, to.value, by.id)
    await _tell_who_urged(alert, by, to)
    audit.record(f"alert.{to.value}", f"alert:{alert.id}", actor=by.actor)
    await refresh_sighting(alert.sighting_id)
    return True


async def _tell_who_urged(alert: Alert, by: Person, to: AlertState) -> None:
    """Tells those who have urged that it goes on."""
    events = await events_of(alert.id)
    urged = {one.actor_id for one in events if one.kind == "urged" and one.actor_id is not None}
    for person_id in sorted(urged - {by.id}):
        args = {"key": f"urge.{to.value}", "name": by.name, "number": alert.sighting_id, "of": alert.sighting_id}
        await put_to_person(person_id, "text", alert.id, lane=Lane.DIGEST, fresh=True, args=args)


async def close(alert: Alert, outcome: Outcome, by: Person) -> bool:
    """Records 办结 with its outcome. Returns False where it had ended before."""
    if not may_advance(alert.state, AlertState.CLOSED):
        return False
    now = unit().now
    await set_values(
        alert,
        state=AlertState.CLOSED,
        outcome=outcome,
        closed_at=now,
        escalate_at=None,
        handler_id=by.id,
        acknowledged_at=alert.acknowledged_at or now,
    )
    await note_event(alert, "closed", by.id, outcome.value)
    audit.record("alert.closed", f"alert:{alert.id}", actor=by.actor, outcome=outcome)
    if outcome is Outcome.FALSE_ALARM:
        await _doubt(alert, by)
    await refresh_sighting(alert.sighting_id, wait=UNDO, at_once=by.id)
    return True


async def reopen(alert: Alert, by: Person) -> bool:
    """Undoes 办结 where it was a slip, before anybody else has seen it. False where it is too late for that."""
    mine = alert.state is AlertState.CLOSED and alert.handler_id == by.id
    if not mine or not may_undo(alert.closed_at, unit().now):
        return False
    state = stood_at(await events_of(alert.id)) or AlertState.ACKNOWLEDGED
    if alert.outcome is Outcome.FALSE_ALARM:
        await lesson.take_back(LessonKind.CAUTION, alert.sighting_id, by)
    await set_values(alert, state=state, outcome=None, closed_at=None)
    await note_event(alert, "reopened", by.id)
    audit.record("alert.reopened", f"alert:{alert.id}", actor=by.actor)
    await refresh_sighting(alert.sighting_id, wait=UNDO, at_once=by.id)
    return True


async def _doubt(alert: Alert, by: Person) -> None:
    """Learns from 误报: next time the same word isn't taken for the same debtor without asking."""
    report = await sighting.whole(alert.sighting_id)
    if report is not None and len(report.suspects) == 1:
        suspect = report.suspects[0]
        await lesson.teach(
            LessonKind.CAUTION, report.area_code, suspect.reasons, suspect.debtor_id, by, alert.sighting_id
        )


async def correct(alert: Alert, outcome: Outcome, by: Person) -> bool:
    """Changes how it ended, which the village sees at once; what had been paid is taken back where nothing was. Returns
    False where it hasn't ended, or ended so."""
    if alert.state is not AlertState.CLOSED or alert.outcome is outcome:
        return False
    before = alert.outcome
    if before is Outcome.FALSE_ALARM:
        await lesson.take_back(LessonKind.CAUTION, alert.sighting_id, by)
    if outcome not in _BOOKED:
        await _take_back_amount(alert, by)
    await set_values(alert, outcome=outcome)
    if alert.amount and before not in _BOOKED:  # noted before it was known that it was paid: it counts from now on
        amount, alert.amount = alert.amount, None
        await add_note(alert, by, amount, "")
    await note_event(alert, "changed", by.id, outcome.value)
    audit.record("alert.changed", f"alert:{alert.id}", actor=by.actor, before=before, outcome=outcome)
    await refresh_sighting(alert.sighting_id)
    return True


async def tell_note(alert: Alert, by: Person) -> None:
    """Shows the reporter what was noted for the court, once somebody of the court wants that."""
    await note_event(alert, "told", by.id)
    audit.record("alert.told", f"alert:{alert.id}", actor=by.actor)
    await refresh_sighting(alert.sighting_id)


async def add_note(alert: Alert, by: Person, amount: Decimal | None, note: str) -> None:
    """Notes amount (yuan) and words after an outcome. What was paid counts for the case if there is just one."""
    if amount is not None:
        parties = [p for p in await parties_of(alert) if p.case.judge_id == alert.concerns]
        if alert.outcome in _BOOKED and len(parties) == 1:
            paid = parties[0].paid - (alert.amount or 0) + amount
            await change(CaseDebtor, parties[0].id, paid=paid)
        await set_values(alert, amount=amount)
    if note:
        await set_values(alert, note="；".join(filter(None, (alert.note, note))))
    audit.record("alert.noted", f"alert:{alert.id}", actor=by.actor)
    await refresh_sighting(alert.sighting_id)


async def _take_back_amount(alert: Alert, by: Person) -> None:
    """Takes what was noted as paid out of the case and off the alert."""
    if alert.amount:
        await add_note(alert, by, Decimal(0), "")
        await set_values(alert, amount=None)


async def drop_note(alert: Alert, by: Person) -> None:
    """Takes back amount and words: a slip, or something that was meant for somebody else."""
    await _take_back_amount(alert, by)
    await set_values(alert, note="")
    audit.record("alert.note_dropped", f"alert:{alert.id}", actor=by.actor)
    await refresh_sighting(alert.sighting_id)


async def urge(alert: Alert, by: Person, words: str) -> list[str]:
    """Sends 催办 to everybody else who holds the card and can be reached, at once, with the supervisor's words; returns
    their names."""
    event = await note_event(alert, "urged", by.id, words=words)
    audit.record("alert.urged", f"alert:{alert.id}", actor=by.actor)
    names = []
    for person_id in await holder_ids(alert.id):
        if person_id == by.id or not await put_to_person(person_id, "urged", event.id, lane=Lane.ALERT, fresh=True):
            continue
        await put_to_person(person_id, "alert", alert.id, lane=Lane.RECEIPT)
        holder = await by_id(person_id)
        names += [holder.name] if holder is not None else []
    return names


async def transfer(alert: Alert, to: Person, by: Person) -> bool:
    """Hands the alert over (转交): the other judge gets the card and the ladder starts anew for them."""
    if alert.state not in OPEN or to.id == alert.judge_id or not await reached([to.id]):
        return False
    now = unit().now
    over = by.id not in await holder_ids(alert.id)  # a head, who gives away what they never held
    await note_event(alert, "transferred", by.id, str(to.id), words=OVER if over else "")
    audit.record("alert.transferred", f"alert:{alert.id}", actor=by.actor, to=to.id)
    rings = await hand_card(alert, to.id)
    await set_values(
        alert,
        judge_id=to.id,
        owner_id=alert.concerns,
        handler_id=None,
        state=AlertState.SENT,
        acknowledged_at=None,
        delivered_at=None,
        raised_at=now,
        step=0,
        reachable=rings,
        escalate_at=await first_rung(alert.area_code, (to.id,), rings),
    )
    await refresh_sighting(alert.sighting_id)
    return True
