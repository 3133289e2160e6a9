"""Raises alerts out of a report, lets others join it, and takes them back or turns them to somebody else."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from storage.alerts import sighting
from storage.alerts.alert import (
    Alert,
    AlertState,
    Recipient,
    holder_ids,
    open_alerts,
    recipient_ids,
    set_values,
    standing_alerts,
    stood_at,
)
from storage.alerts.attachment import Attachment, of_report_and_witnesses, of_sighting
from storage.alerts.sighting import Sighting, SightingState
from storage.alerts.timeline import events_of, may_undo, note_event
from storage.cases.case import judges_of
from storage.duty import court
from storage.duty.ladder import Call, Climb, Target, due_at, first_call, rungs_for, staff_for
from storage.duty.leave import absences
from storage.engine import audit
from storage.engine.sql import add, change, fetch, for_update, pick, run
from storage.engine.unit import unit
from storage.people.endpoint import Address, addresses, reached
from storage.post import waking
from storage.post.delivery import chats_with, last_delivery
from storage.post.outbox import Lane, put, put_to_person, take_back

RECEIPT_WAITS = timedelta(milliseconds=300)
"""A receipt waits so long for the judge's phone: then it can say at once that the alert has arrived."""


async def raise_for(report: Sighting) -> Sighting | None:
    """Tells every judge concerned. Nobody known: the duty person, else the head of the bureau. Returns the earlier
    report that this one joined, if there is one."""
    debtor_ids = await sighting.suspect_ids(report.id)
    if len(debtor_ids) == 1 and not report.doubtful and report.state is not SightingState.ALERTED:
        first = await sighting.find_open_about(debtor_ids[0], unit().now - sighting.WITNESS)
        if first is not None and first.id != report.id:
            await lock(first.id)
            if await open_alerts(first.id):
                await join(report, first)
                return first
    fresh = report.state is SightingState.NOT_SENT
    standing = [] if fresh else await open_alerts(report.id)
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
    """Works out whom each judge's alert rings first (None: no judge is known). The court's people are looked up only
    where somebody may be away or has no phone, or duty counts."""
    now = unit().now
    off_hours = await court.is_off_hours(area_code, now)
    judges = [judge_id for judge_id in concerned if judge_id is not None]
    alike = not off_hours and len(judges) == len(concerned) and not await absences(now)
    if alike and set(judges) <= await reached(judges):
        return [Call(now, 0, Target.JUDGE, (judge_id,)) for judge_id in judges]
    staff = await staff_for(area_code, now, judges)
    return [first_call(judge_id, staff, now, off_hours=off_hours) for judge_id in concerned]


async def _raise(report: Sighting, owner_id: int | None, call: Call) -> None:
    now, judge_id = unit().now, call.people[0]
    rings = bool(await addresses(judge_id))
    alert = await add(
        Alert,
        sighting_id=report.id,
        judge_id=judge_id,
        owner_id=owner_id if owner_id != judge_id else None,
        area_code=report.area_code,
        raised_at=now,
        reachable=rings,
        escalate_at=await first_rung(report.area_code, call.people, rings),
    )
    audit.record("alert.raised", f"alert:{alert.id}", judge=judge_id, sighting=report.id)
    await note_event(alert, "raised")
    if alert.owner_id is not None:
        await note_event(alert, "deputised", owner_id)
    for person_id in call.people:
        await hand_card(alert, person_id, fresh=True)


async def first_rung(area_code: str, called: tuple[int, ...], rings: bool) -> datetime:
    """Tells when the ladder of an alert that is raised now has its first rung."""
    now, rungs = unit().now, await rungs_for(area_code)
    return due_at(Climb(now, 0, called, rings), rungs[0] if rungs else None, now)


async def hand_card(alert: Alert, person_id: int, *, escalated: bool = False, fresh: bool = False) -> bool:
    """Makes the person a recipient and sends card and attachments; False where no chat of theirs is known. Of a
    `fresh` alert nobody has a card yet."""
    if fresh or person_id not in await recipient_ids(alert.id):
        await add(Recipient, alert_id=alert.id, person_id=person_id, escalated=escalated)
    rings = await put_to_person(person_id, "alert", alert.id, lane=Lane.ALERT, fresh=True)
    await waking.notify(person_id, alert.id, urgent=await sighting.is_urgent(alert.sighting_id))
    for item in await of_report_and_witnesses(alert.sighting_id):
        await put_to_person(person_id, "attachment", item.id, lane=Lane.ALERT, fresh=True)
    if not rings:
        await note_event(alert, "unreachable", detail=str(person_id))
    return rings


async def lock(root_id: int) -> None:
    """Locks a report, so that it isn't withdrawn while somebody joins it, nor joined while it is withdrawn."""
    await fetch(f"SELECT id FROM sighting WHERE id = ?{for_update()}", root_id)


async def join(report: Sighting, first: Sighting, *, unsure: bool = False) -> None:
    """Adds a second voice about the same debtor, or the first one going on, to the same alert; its judges hear the new
    sentence at once, marked where it is `unsure` whether it has anything to do with it."""
    before = await sighting.with_witnesses(first.id)
    report.confidential |= any(row.confidential for row in before if row.reporter_id == report.reporter_id)
    report.joined_id, report.state = first.id, SightingState.ALERTED
    values = {"urgent": report.urgent, "confidential": report.confidential}
    await change(Sighting, report.id, joined_id=first.id, state=SightingState.ALERTED, **values)
    for alert in await open_alerts(first.id):
        await note_event(alert, "witness", detail=str(report.id))
        audit.record("alert.witness", f"alert:{alert.id}", sighting=report.id)
        for person_id in await holder_ids(alert.id):
            args = {"unsure": True} if unsure else None
            await put_to_person(person_id, "witness", report.id, lane=Lane.ALERT, fresh=True, args=args)
            if report.urgent:
                await waking.notify(person_id, alert.id, urgent=True)
            for item in await of_sighting(report.id):
                await put_to_person(person_id, "attachment", item.id, lane=Lane.ALERT, fresh=True)
    await refresh_sighting(first.id)


async def part(report: Sighting) -> None:
    """Takes words out of the alert to which they were joined; its judges hear that they are about something else."""
    root = report.root_id
    for alert in await open_alerts(root):
        for person_id in await recipient_ids(alert.id):
            await put_to_person(person_id, "witness", report.id, lane=Lane.ALERT, args={"parted": True})
    await sighting.part(report)
    await sighting.set_state(report, SightingState.NOT_SENT)
    await refresh_sighting(root)


async def attach(report: Sighting, attachment_id: int, *, fresh: bool = True) -> None:
    """Sends a photo, voice or place that came after the sentence to where the sentence went; not `fresh`, shows it
    anew there."""
    for alert in await standing_alerts(report.root_id):
        for person_id in await holder_ids(alert.id):
            await put_to_person(person_id, "attachment", attachment_id, lane=Lane.ALERT, fresh=fresh)


async def detach(report: Sighting, attachment_id: int) -> None:
    """Takes a photo, voice or place back from where it was sent: it doesn't belong there."""
    for alert in await standing_alerts(report.root_id):
        for person_id in await recipient_ids(alert.id):
            for to in await addresses(person_id):
                sent = await last_delivery(to.channel, to.chat_id, "attachment", attachment_id)
                await take_back([sent] if sent is not None else [])


async def show_words(item: Attachment) -> None:
    """Shows what was heard in a voice under it, wherever it has been sent."""
    report = await sighting.by_id(item.sighting_id) if item.sighting_id is not None else None
    if report is not None:
        await attach(report, item.id, fresh=False)


async def withdraw(report: Sighting) -> None:
    """Takes back a report (看错了): the judges are told at once. Where others reported it too, their word stands."""
    await lock(report.root_id)
    family = await sighting.with_witnesses(report.root_id)
    for row in family:
        if row.reporter_id == report.reporter_id:
            await sighting.set_state(row, SightingState.WITHDRAWN)
    report.state = SightingState.WITHDRAWN
    audit.record("sighting.withdrawn", f"sighting:{report.id}", actor=f"person:{report.reporter_id}")
    standing = [row for row in family if row.state is SightingState.ALERTED]
    for alert in await open_alerts(report.root_id):
        await note_event(alert, "withdrawn", detail=str(report.id))
        if not standing:
            await set_values(alert, state=AlertState.WITHDRAWN, escalate_at=None, closed_at=unit().now)
        await _announce(alert, "withdrawn", report)
    await refresh_sighting(report.root_id)


async def restore(report: Sighting) -> bool:
    """Undoes a withdrawal that was a slip: the judges hear at once that it stands, and go on where they were. False
    where it is too late, or something else has happened since."""
    await lock(report.root_id)
    scope = unit()
    undone = False
    for alert in await pick(Alert, "sighting_id = ?", report.root_id):
        events = await events_of(alert.id)
        ends = [(one.kind, one.detail, may_undo(one.at, scope.now)) for one in events[-1:]]
        if ends != [("withdrawn", str(report.id), True)]:
            continue
        undone = True
        state = stood_at(events) or AlertState.SENT
        if alert.state is AlertState.WITHDRAWN:
            called = tuple(await recipient_ids(alert.id))
            due = await first_rung(alert.area_code, called, alert.reachable) if state is AlertState.SENT else None
            await set_values(alert, state=state, closed_at=None, escalate_at=due)
        await note_event(alert, "restored", detail=str(report.id))
        await _announce(alert, "restored", report)
    if undone:
        for row in await sighting.with_witnesses(report.root_id):
            if row.reporter_id == report.reporter_id:
                await sighting.set_state(row, SightingState.ALERTED)
        audit.record("sighting.restored", f"sighting:{report.id}", actor=f"person:{report.reporter_id}")
        await refresh_sighting(report.root_id)
    return undone


async def stand_alone(report: Sighting, *, only: bool = False) -> None:
    """Parts a report, before it is corrected, from what others have said about the same person: their word stands, and
    keeps its alerts. Where it is the `only` one that was wrong, so does what its reporter has said of that person by
    name. Needs a unit."""
    await lock(report.root_id)
    if report.joined_id is not None:
        root = report.joined_id
        await sighting.leave(report)
        await refresh_sighting(root)
        return
    family = await sighting.with_witnesses(report.id)
    others = [row for row in family if row.reporter_id != report.reporter_id and row.state is SightingState.ALERTED]
    if only:
        mine = [row for row in family if row.id != report.id and row not in others]
        others += [row for row in mine if row.state is SightingState.ALERTED and await sighting.suspect_ids(row.id)]
    if others:
        await sighting.take_over(report, others)
        await run("UPDATE alert SET sighting_id = ? WHERE sighting_id = ?", others[0].id, report.id)
        await refresh_sighting(others[0].id)


async def retarget(report: Sighting) -> None:
    """Corrects who is meant: judges who are no longer concerned are told, the right ones get the alert."""
    judge_ids, _orphan = await judges_of(await sighting.suspect_ids(report.id))
    for alert in await open_alerts(report.id):
        await note_event(alert, "corrected", detail=str(report.id))
        if alert.concerns not in judge_ids:
            await set_values(alert, state=AlertState.WITHDRAWN, escalate_at=None, closed_at=unit().now)
        await _announce(alert, "corrected", report)
    await raise_for(report)


async def _announce(alert: Alert, what: str, report: Sighting) -> None:
    args = {"what": what, "sighting": report.id}
    for person_id in await recipient_ids(alert.id):
        await put_to_person(person_id, "change", alert.id, lane=Lane.ALERT, fresh=True, args=args)


async def refresh_sighting(root_id: int, *, wait: timedelta | None = None, at_once: int = 0) -> None:
    """Updates every card and receipt about this report to how it stands by then; a judge's colleagues see each other.
    Where it may be undone the others `wait`, and only one person sees it `at_once`."""
    for alert in await pick(Alert, "sighting_id = ?", root_id):
        for person_id in await recipient_ids(alert.id):
            delay = None if person_id == at_once else wait
            await put_to_person(person_id, "alert", alert.id, lane=Lane.RECEIPT, delay=delay)
    for channel, chat_id in await chats_with("lead", root_id):
        await put(Address(channel, chat_id), "lead", root_id, lane=Lane.DIGEST, delay=wait)
    await refresh_receipts(root_id, wait)


async def refresh_receipts(root_id: int, wait: timedelta | None = None) -> None:
    """Updates the receipts of the reporter and the witnesses; each has one, however often they spoke."""
    for receipt in await sighting.receipts_of(root_id):
        to = Address(receipt.channel, receipt.chat_id, receipt.reporter_id)
        await put(to, "receipt", receipt.sighting_id, lane=Lane.RECEIPT, reply_to=receipt.message_id, delay=wait)
