"""Publishes the head of the audit every day outside of the database: to the administrators and into the log. Who cuts
the chain's tail, or puts an old database back, is found by what somebody else has kept."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from storage.engine import audit
from storage.engine.unit import unit
from storage.noun import Due, Noun
from storage.post.outbox import tell_all_admins

DAILY = timedelta(hours=24)
_log = structlog.get_logger("audit")


async def due(now: datetime) -> Sequence[bool]:
    """Tells whether a day has passed since the head was published last, or since there is anything."""
    last = await audit.last_published()
    return [True] if last is not None and now - last >= DAILY else []


async def publish(_due: bool) -> None:
    """Publishes the head as it stands. Needs a unit."""
    head = await audit.head()
    audit.record(audit.PUBLISHED, audit.SUBJECT, count=head.count)
    said = head.attested(unit().secrets)
    unit().after_commit.append(lambda: _log.info("audit head", head=said))
    await tell_all_admins("privacy.head", count=head.count, head=said)


NOUN = Noun(due=Due(due, publish, "timer:audit"))
