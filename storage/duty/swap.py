"""Lets two people change their duty, once both have agreed."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from storage.duty import shift
from storage.duty.shift import Shift, shift_of
from storage.engine import audit
from storage.engine.unit import unit
from storage.noun import Fate, Noun, Pointer, Record
from storage.people.person import Person, by_id


class SwapState(StrEnum):
    ASKED = "asked"
    MADE = "made"
    REFUSED = "refused"
    STALE = "stale"
    """The roster had changed before both had agreed."""


class Swap(Model):
    """`person` asks (or is asked) to give a shift to `other`, who may give one of theirs back."""

    id = fields.IntField(primary_key=True)
    shift_id = fields.IntField()
    person_id = fields.IntField()
    other_id = fields.IntField()
    back_id = fields.IntField(null=True)
    agreed = fields.BooleanField()
    other_agreed = fields.BooleanField()
    state = fields.CharEnumField(SwapState, max_length=10, default=SwapState.ASKED)
    asked_by = fields.IntField()
    asked_at = fields.DatetimeField()

    class Meta:
        table = "swap"


async def ask_swap(shift: Shift, other: Person, back: Shift | None, by: Person) -> Swap:
    """Asks both sides; whoever asks has agreed. Needs a unit."""
    row = await Swap.create(
        shift_id=shift.id,
        person_id=shift.person_id,
        other_id=other.id,
        back_id=back.id if back is not None else None,
        agreed=by.id == shift.person_id,
        other_agreed=by.id == other.id,
        asked_by=by.id,
        asked_at=unit().now,
    )
    audit.record("swap.asked", f"shift:{shift.id}", actor=by.actor, other=other.id)
    return row


async def swap_of(swap_id: int, *, locked: bool = False) -> Swap | None:
    """Loads the swap; `locked` where it is to be answered: the other side may be answering, too."""
    query = Swap.select_for_update() if locked else Swap.all()
    return await query.get_or_none(id=swap_id)


async def answer_swap(row: Swap, by: Person, *, agrees: bool) -> SwapState | None:
    """Takes one side's answer; returns the swap's state, or None where it isn't this person's to answer, or was
    answered. It is made once both have agreed, and only if both shifts are still where they were. Needs a unit."""
    if row.state is not SwapState.ASKED or by.id not in (row.person_id, row.other_id):
        return None
    row.agreed, row.other_agreed = row.agreed or by.id == row.person_id, row.other_agreed or by.id == row.other_id
    state = SwapState.ASKED if agrees else SwapState.REFUSED
    if agrees and row.agreed and row.other_agreed:
        state = SwapState.MADE if await _exchange(row) else SwapState.STALE
    row.state = state
    await row.save(update_fields=["agreed", "other_agreed", "state"])
    audit.record(f"swap.{state.value}", f"shift:{row.shift_id}", actor=by.actor, swap=row.id)
    return state


async def _exchange(row: Swap) -> bool:
    both = {number: await shift_of(number, locked=True) for number in sorted(filter(None, (row.shift_id, row.back_id)))}
    mine, back = both[row.shift_id], both.get(row.back_id or 0)
    for person_id in (row.person_id, row.other_id):
        person = await by_id(person_id)
        if person is None or not person.active:
            return False
    if mine is None or mine.person_id != row.person_id or (row.back_id and back is None):
        return False
    if back is not None and back.person_id != row.other_id:
        return False
    if await shift.is_on(mine.area_code, row.other_id, mine.starts_at):
        return False
    if back is not None and await shift.is_on(back.area_code, row.person_id, back.starts_at):
        return False
    await shift.give(mine, row.other_id)
    if back is not None:
        await shift.give(back, row.person_id)
    return True


NOUN = Noun(
    (Record(Swap, erasing=Fate.NONE, leaving=Fate.STAYS),),
    points=(
        Pointer("swap", "shift_id", "shift"),
        Pointer("swap", "back_id", "shift"),
        Pointer("swap", "person_id", "person"),
        Pointer("swap", "other_id", "person"),
    ),
)
