"""Keeps every step of an alert, and tells who follows the case."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

from storage.cases import follow
from storage.engine.sql import add, among, pick, run
from storage.engine.unit import unit
from storage.noun import Fate, Noun, Record
from storage.people.person import Person
from storage.post.outbox import Lane, put_to_person

if TYPE_CHECKING:
    from storage.alerts.alert import Alert


class AlertEvent(Model):
    """A line of the timeline: `kind` is a code, `detail` an id or a code, never a sentence."""

    id = fields.IntField(primary_key=True)
    alert: fields.ForeignKeyRelation["Alert"] = fields.ForeignKeyField(
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
    whom: Person | None = None
    """To whom it was done, where that is an official; loaded with the events."""

    class Meta:
        table = "alert_event"


UNDO = timedelta(seconds=10)
"""So long a slip of the finger is undone without a trace for others; a slow line gets half as much on top."""


def may_undo(since: datetime | None, now: datetime) -> bool:
    """Tells whether what was done then may still be undone."""
    return since is not None and now - since <= UNDO * 1.5


def undo_left(since: datetime | None, now: datetime) -> timedelta:
    """Tells how long that is still offered."""
    return max(timedelta(seconds=1), UNDO - (now - (since or now)))


async def note_event(
    alert: "Alert", kind: str, actor_id: int | None = None, detail: str = "", words: str = ""
) -> AlertEvent:
    event = await add(
        AlertEvent, alert_id=alert.id, kind=kind, at=unit().now, actor_id=actor_id, detail=detail, words=words
    )
    if kind in follow.STEPS:
        for one in await follow.followers(alert.sighting_id):
            if one.person_id != actor_id and (one.supervised or kind in follow.MAIN_STEPS):
                how = {"args": {"case": one.case_id}, "delay": UNDO if kind == "closed" else None}
                await put_to_person(one.person_id, "step", event.id, lane=Lane.DIGEST, fresh=True, **how)
    return event


async def events_of(alert_id: int) -> list[AlertEvent]:
    """Loads the steps of an alert, the oldest first."""
    return await pick(AlertEvent, "alert_id = ? ORDER BY id", alert_id)


async def _thins(reports: Sequence[int], _words: str) -> None:
    """Removes what supervisors said with a step; the step stays."""
    within, value = among(reports)
    alerts = f"SELECT id FROM alert WHERE sighting_id {within}"
    await run(f"UPDATE alert_event SET words = '' WHERE alert_id IN ({alerts})", value)


NOUN = Noun((Record(AlertEvent, erasing=Fate.GOES, leaving=Fate.STAYS, thinning=Fate.GOES),), thins=_thins)
