"""Climbs the ladder where nobody answers, and notes what arrived and what could not."""

from datetime import datetime, timedelta
from functools import partial

from storage.alerts import sighting
from storage.alerts.alert import Alert, AlertState, by_id, holder_ids, open_of, recipient_ids, set_values
from storage.alerts.raising import first_rung, hand_card, refresh_receipts, refresh_sighting
from storage.alerts.timeline import note_event
from storage.duty.ladder import Climb, Target, due_at, next_call, rungs_for, staff_for
from storage.engine import audit
from storage.engine.sql import fetch, pick
from storage.engine.unit import unit
from storage.noun import Due, Noun
from storage.people.area import full_name
from storage.people.endpoint import addresses
from storage.post import waking
from storage.post.outbox import Lane, on_its_way, put_to_person, tell_admins

AT_LAST = timedelta(minutes=5)
"""So long after the last rung the administrators hear that nobody answers."""


async def due_for_escalation(now: datetime, limit: int = 100) -> list[int]:
    sql = f"SELECT id FROM alert WHERE state = ? AND escalate_at <= ? ORDER BY escalate_at LIMIT {limit:d}"
    return [row["id"] for row in await fetch(sql, AlertState.SENT, now)]


async def clock_went_back() -> None:
    """Makes an alert that was raised under a later time than now climb its ladder from now on."""
    now = unit().now
    later = await pick(Alert, "state = ? AND raised_at > ?", AlertState.SENT, now + timedelta(seconds=5))
    for alert in later:
        rungs = await rungs_for(alert.area_code)
        rung = next((rung for rung in rungs if rung.number > alert.step), None)
        due = due_at(Climb(now, alert.step, (), alert.reachable), rung, now)
        await set_values(alert, raised_at=now, escalate_at=due if alert.escalate_at is not None else None)


async def escalate(alert_id: int) -> None:
    """Takes the next rung, if it is still due."""
    now = unit().now
    alert = await by_id(alert_id, locked=True)
    if alert is None or alert.state is not AlertState.SENT or not alert.escalate_at or alert.escalate_at > now:
        return
    climb = await _climb(alert)
    rungs, staff = await rungs_for(alert.area_code), await staff_for(alert.area_code, now, climb.called)
    call = next_call(climb, rungs, staff, now)
    if call is None:
        await refresh_receipts(alert.sighting_id)  # where nobody can be reached the reporter is told whom to ring
        key = "alert.nobody_answers" if alert.reachable else "alert.nobody_left"
        await tell_admins(alert.area_code, key, number=alert.sighting_id, area=await full_name(alert.area_code))
    if call is None or call.at > now:  # since it was put down, somebody has gone on leave, or the ladder has changed
        await set_values(alert, escalate_at=call.at if call is not None else None)
        return
    scope = unit()
    scope.after_commit.append(partial(scope.db.observer, "escalated", 1))
    reached = alert.reachable
    if call.target is Target.AGAIN:
        holders = await holder_ids(alert.id)
        for person_id in (one for one in call.people if one in holders):
            args = {"again": call.number}
            await put_to_person(person_id, "alert", alert.id, lane=Lane.ALERT, fresh=True, args=args)
            await waking.notify(person_id, alert.id, urgent=await sighting.is_urgent(alert.sighting_id))
    else:
        for person_id in call.people:
            reached = await hand_card(alert, person_id, escalated=True) or reached
    await note_event(alert, "escalated", detail=call.target.value)
    audit.record("alert.escalated", f"alert:{alert.id}", step=call.number, target=call.target)
    await set_values(alert, step=call.number, reachable=reached)
    following = next_call(await _climb(alert), rungs, staff, now)
    await set_values(alert, escalate_at=following.at if following is not None else now + AT_LAST)
    await refresh_sighting(alert.sighting_id)


async def _climb(alert: Alert) -> Climb:
    return Climb(alert.raised_at, alert.step, tuple(await recipient_ids(alert.id)), alert.reachable)


async def delivered(alert_id: int, person_id: int | None) -> None:
    """Notes that a card arrived on a phone; the first to get one counts, of those who haven't given it away."""
    alert = await by_id(alert_id)
    if alert is not None and alert.delivered_at is None and person_id in (None, *await holder_ids(alert_id)):
        await set_values(alert, delivered_at=unit().now)
        await note_event(alert, "delivered", person_id)
        await refresh_receipts(alert.sighting_id)


async def joined(person_id: int) -> None:
    """Brings somebody who has joined the open alerts that were theirs before they could be reached; what had reached
    nobody climbs its ladder from now on."""
    for alert in await open_of(person_id):
        await put_to_person(person_id, "alert", alert.id, lane=Lane.ALERT)
        if alert.state is AlertState.SENT and not alert.reachable:
            due = await first_rung(alert.area_code, tuple(await recipient_ids(alert.id)), rings=True)
            await set_values(alert, reachable=True, escalate_at=due)


async def undeliverable(alert_id: int, person_id: int | None, chat: tuple[str, int]) -> None:
    """Makes the next rung due at once if a recipient's chat is blocked or gone and no other of theirs gets a card."""
    alert = await by_id(alert_id, locked=True)  # one after the other, of two chats that fail at once
    if alert is None or alert.state is not AlertState.SENT:
        return
    others = await addresses(person_id) if person_id else []
    others = [to for to in others if (to.channel, to.chat_id) != chat]
    if any([await on_its_way(to, "alert", alert_id) for to in others]):
        return
    await note_event(alert, "unreachable", detail=str(person_id or ""))
    await set_values(alert, reachable=False, escalate_at=unit().now)


NOUN = Noun(due=Due(due_for_escalation, escalate, "timer:ladder"), clock_went_back=clock_went_back, joins=joined)
