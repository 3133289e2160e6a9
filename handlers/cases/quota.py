"""Reading a case by a button: what may be read is counted and recorded, whichever button it is."""

from handlers.callback import Tap
from handlers.context import Turn
from storage.cases import quota
from storage.cases.case import may_read
from storage.cases.quota import Verdict
from storage.engine import audit
from storage.engine.unit import unit


async def visible(turn: Turn, tap: Tap) -> bool:
    """Tells whether the button's case may be read; counts and records that it is, or refuses it like one that doesn't
    exist. Whoever calls answers the tap."""
    if not await may_read(turn.who, tap.ref, unit().now):
        await turn.refuse(f"case:{tap.ref}")
        return False
    if await stopped(turn):
        return False
    audit.record("case.read", f"case:{tap.ref}", actor=turn.actor)
    return True


async def stopped(turn: Turn) -> bool:
    """Counts that somebody looks something up; tells whether they have done so too often, and tells them."""
    if await quota.look_up(turn.who) is not Verdict.STOPPED:
        return False
    await turn.toast("privacy.stopped", loud=True)
    return True
