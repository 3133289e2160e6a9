"""What happens when a judge doesn't answer: steps as data, and the pure rule that reads them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from storage.area import contains
from storage.sql import pick


class Target(StrEnum):
    AGAIN = "again"
    """The same recipients once more, louder."""
    HEAD = "head"
    """The head of the enforcement bureau as well."""


class LadderStep(Model):
    """One rung. `area_code` "" is the default ladder; a court's own rows replace it whole."""

    id = fields.IntField(primary_key=True)
    area_code = fields.CharField(max_length=12, default="")
    number = fields.SmallIntField()
    after_seconds = fields.IntField()
    target = fields.CharEnumField(Target, max_length=10)

    class Meta:
        table = "ladder_step"
        unique_together = (("area_code", "number"),)


async def steps_for(area_code: str) -> list[LadderStep]:
    """The ladder of the court that `area_code` belongs to, in order."""
    rows = await pick(LadderStep, "number > 0 ORDER BY number")
    nearest = max(
        (row.area_code for row in rows if row.area_code and contains(row.area_code, area_code)), default="", key=len
    )
    return [row for row in rows if row.area_code == nearest]


def next_step(steps: Sequence[LadderStep], done: int, reachable: bool) -> LadderStep | None:
    """The rung after number `done`; ringing again is left out where nobody could be reached."""
    return next((step for step in steps if step.number > done and (reachable or step.target is not Target.AGAIN)), None)


def due_at(raised_at: datetime, step: LadderStep | None, reachable: bool, now: datetime) -> datetime | None:
    """When the rung is due: at its time, or at once where nobody could be reached; None at the ladder's end."""
    if step is None:
        return None
    return max(now, raised_at + timedelta(seconds=step.after_seconds)) if reachable else now
