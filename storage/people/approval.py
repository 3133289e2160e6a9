"""Four eyes: what harms is asked for by one and done once another agrees."""

import json
from datetime import timedelta
from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model

from storage.engine import audit
from storage.engine.audit import AuditEntry
from storage.engine.unit import unit
from storage.engine.values import column
from storage.noun import Fate, Noun, Pointer, Record
from storage.people.access import TABLE, Action
from storage.people.area import contains
from storage.people.person import Person

OF_LATE = timedelta(days=30)
_MAKING = ("taken_on", "role", "area", "phone")
_LETTING_IN = ("made", "spoken")


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
    """Asks for a second person's agreement to the deed. Needs a unit."""
    row = await Approval.create(
        deed=deed,
        ref=ref,
        args=json.dumps(args),
        area_code=area_code,
        asked_by=by.id,
        asked_at=unit().now,
    )
    audit.record("approval.asked", f"approval:{row.id}", actor=by.actor, deed=deed, ref=ref)
    return row


async def is_independent(of: Person, asker_id: int) -> bool:
    """Tells whether the second pair of eyes is really another's: neither has in the last 30 days made the other what
    they are, or given them a way in, directly or over others."""
    asker = f"person:{asker_id}"
    if of.actor == asker:
        return True  # that one can't agree to one's own wish is another rule
    return asker not in await _makers(of.actor) and of.actor not in await _makers(asker)


async def _makers(actor: str) -> set[str]:
    """Finds who stands behind somebody, themselves included: who has made them or let them in of late, and so on."""
    deeds = [*(f"person.{deed}" for deed in _MAKING), *(f"invitation.{way}" for way in _LETTING_IN)]
    since, found, ahead = unit().now - OF_LATE, set[str](), {actor}
    while ahead:
        found |= ahead
        made = AuditEntry.filter(subject__in=sorted(ahead), action__in=deeds, at__gt=since, actor__startswith="person:")
        ahead = set(column(await made.values_list("actor", flat=True))) - found
    return found


async def by_id(approval_id: int) -> Approval | None:
    return await Approval.get_or_none(id=approval_id)


async def who_may_agree(asker: Person, area_code: str) -> list[Person]:
    """Lists those who answer for the area and are independent of the one who asks."""
    rows = await Person.filter(role__in=list(TABLE[Action.ROSTER]), active=True).exclude(id=asker.id).order_by("id")
    near = [row for row in rows if contains(row.area_code, area_code)]
    return [row for row in near if await is_independent(row, asker.id)]


async def answer(approval_id: int, by: Person, *, agrees: bool) -> Approval | None:
    """Answers the wish and returns it; None where it isn't theirs to answer: their own, another court's, answered
    before, or where `by` isn't independent of the asker. Needs a unit, in which what was agreed to is done, too."""
    row = await Approval.select_for_update().get_or_none(id=approval_id)
    if row is None or row.state is not ApprovalState.ASKED or row.asked_by == by.id:
        return None
    if not row.area_code.startswith(by.area_code) or not await is_independent(by, row.asked_by):
        return None
    row.state, row.answered_by = ApprovalState.DONE if agrees else ApprovalState.REFUSED, by.id
    await row.save(update_fields=["state", "answered_by"])
    audit.record(f"approval.{row.state.value}", f"approval:{row.id}", actor=by.actor)
    return row


NOUN = Noun(
    (Record(Approval, erasing=Fate.STAYS, leaving=Fate.STAYS),), points=(Pointer("approval", "asked_by", "person"),)
)
