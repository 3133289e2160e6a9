"""Four eyes: what harms is asked for by one and done once another agrees."""

import json
from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model

from storage import audit
from storage.db import unit
from storage.person import Person
from storage.sql import add, change, for_update, one


class Deed(StrEnum):
    ERASE = "erase"
    """`ref` is the debtor whose data goes."""
    LADDER = "ladder"
    """A ladder that would end in nobody."""


class ApprovalState(StrEnum):
    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"


class Approval(Model):
    """Somebody's wish, and who agreed to it. `args` holds codes and ids, nothing personal."""

    id = fields.IntField(primary_key=True)
    deed = fields.CharEnumField(Deed, max_length=10)
    ref = fields.IntField(default=0)
    args = fields.TextField(default="{}")
    area_code = fields.CharField(max_length=12)
    asked_by = fields.IntField()
    asked_at = fields.DatetimeField()
    answered_by = fields.IntField(null=True)
    state = fields.CharEnumField(ApprovalState, max_length=10, default=ApprovalState.ASKED)

    class Meta:
        table = "approval"

    @property
    def arguments(self) -> dict[str, Any]:
        return dict(json.loads(self.args))


async def ask(deed: Deed, area_code: str, by: Person, ref: int = 0, **args: Any) -> Approval:
    """Needs a unit."""
    row = await add(
        Approval,
        deed=deed,
        ref=ref,
        args=json.dumps(args),
        area_code=area_code,
        asked_by=by.id,
        asked_at=unit().now,
    )
    audit.record("approval.asked", f"approval:{row.id}", actor=by.actor, deed=deed, ref=ref)
    return row


async def answer(approval_id: int, by: Person, *, agrees: bool) -> Approval | None:
    """The wish, answered now; None where it isn't theirs to answer: their own, another court's, answered before. Needs
    a unit, in which what was agreed to is done, too."""
    row = await one(Approval, f"id = ?{for_update()}", approval_id)
    if row is None or row.state is not ApprovalState.ASKED or row.asked_by == by.id:
        return None
    if not row.area_code.startswith(by.area_code):
        return None
    row.state, row.answered_by = ApprovalState.DONE if agrees else ApprovalState.REFUSED, by.id
    await change(Approval, row.id, state=row.state, answered_by=by.id)
    audit.record(f"approval.{row.state.value}", f"approval:{row.id}", actor=by.actor)
    return row
