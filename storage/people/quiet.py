"""Quiet hours: what isn't urgent makes no noise then, and wakes nobody beside the chats until they are over."""

import re
from datetime import datetime, timedelta

from storage.engine import audit
from storage.engine.clock import local
from storage.engine.text import fold
from storage.people.person import Person

Hours = tuple[int, int]
"""From which hour until which, 0 to 23; over midnight where the first is the later one."""
_HOURS = re.compile(r"(\d{1,2})(?::00|点|时)?\s*(?:-|~|到|至)\s*(?:第二天|次日)?(\d{1,2})(?::00|点|时)?")


def hours_in(words: str) -> Hours | None:
    """Reads hours such as 22-7, 22:00-07:00, 22点到7点; None for anything else."""
    found = _HOURS.fullmatch(fold(words))
    if found is None:
        return None
    start, end = int(found[1]) % 24, int(found[2]) % 24
    return (start, end) if start != end and int(found[1]) <= 24 and int(found[2]) <= 24 else None


def quiet_left(person: Person, now: datetime) -> timedelta:
    """Tells how long it is still quiet for this person; zero where it isn't."""
    start, end = person.quiet_from, person.quiet_until
    if start is None or end is None:
        return timedelta(0)
    here = local(now)
    if (here.hour - start) % 24 >= (end - start) % 24:
        return timedelta(0)
    over = here.replace(hour=end, minute=0, second=0, microsecond=0)
    return (over if over > here else over + timedelta(days=1)) - here


async def keep(person: Person, hours: Hours | None) -> None:
    """Sets the hours, or none. Needs a unit."""
    person.quiet_from, person.quiet_until = hours or (None, None)
    await Person.filter(id=person.id).update(quiet_from=person.quiet_from, quiet_until=person.quiet_until)
    audit.record("person.quiet", person.actor, actor=person.actor, hours=list(hours or ()))
