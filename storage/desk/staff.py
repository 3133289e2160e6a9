"""Who belongs to a court's people, what they are, and what happens to their work when they go."""

from dataclasses import dataclass

from storage.alerts import alert, steps
from storage.alerts.alert import Alert, AlertState
from storage.cases.case import CaseStatus
from storage.cases.follow import Follow
from storage.desk.digest import Digest
from storage.duty import shift
from storage.duty.leave import Leave
from storage.engine import audit
from storage.engine.database import unit
from storage.engine.sql import add, among, change, fetch, for_update, pick, run
from storage.people.area import Area, bounds_of, contains, short_name
from storage.people.endpoint import Endpoint
from storage.people.person import Person, Role, find
from storage.post import invitation
from storage.post.waking import sign_out

MOST = 40


@dataclass(frozen=True)
class Burden:
    """What somebody has in hand: cases that aren't over, and alerts that are open."""

    cases: int
    alerts: int

    @property
    def anything(self) -> bool:
        return bool(self.cases or self.alerts)


def may_keep(keeper: Person, person: Person) -> bool:
    """Whether the person is in the area of whoever keeps the list."""
    return contains(keeper.area_code, person.area_code)


async def seek(words: str, keeper: Person) -> list[Person]:
    """Active people of the keeper's area with this phone, staff number or name; else those of the area so named."""
    found = [one for one in await find(words) if may_keep(keeper, one)]
    if found:
        return found
    code = await area_named(words, keeper.area_code)
    if not code:
        return []
    sql = f"active = ? AND area_code >= ? AND area_code <= ? ORDER BY area_code, role, id LIMIT {MOST:d}"
    return await pick(Person, sql, True, *bounds_of(code))


async def area_named(words: str, within: str) -> str:
    """The code of the area in `within` of this code or name; "" where there is none, or several."""
    first, last = bounds_of(within)
    rows = await pick(Area, "code >= ? AND code <= ?", first, last)
    codes = [row.code for row in rows if words in (row.code, row.name, short_name(row.name))]
    return codes[0] if len(codes) == 1 else ""


async def head_count(keeper: Person) -> dict[Role, tuple[int, int]]:
    """How many people there are in each role of the area, and how many of them have joined."""
    rows = await fetch(
        "SELECT p.role, count(*) AS every, "
        "sum(CASE WHEN EXISTS (SELECT 1 FROM endpoint e WHERE e.person_id = p.id AND e.active = ?) THEN 1 ELSE 0 END) "
        "AS joined FROM person p WHERE p.active = ? AND p.area_code >= ? AND p.area_code <= ? GROUP BY p.role",
        True,
        True,
        *bounds_of(keeper.area_code),
    )
    found = {row["role"]: (int(row["every"]), int(row["joined"])) for row in rows}
    return {role: found[role.value] for role in Role if role.value in found}


async def take_on(name: str, phone: str, role: Role, area_code: str, organisation: str, by: Person) -> Person | None:
    """Somebody new, or somebody who had gone and is back; None where the number is another's. Needs a unit."""
    known = await Person.get_or_none(phone=phone)
    if known is not None and (known.active or known.name != name):
        return None
    if known is None:
        known = await add(Person, name=name, phone=phone, role=role, area_code=area_code, organisation=organisation)
    else:
        values = {"role": role, "area_code": area_code, "organisation": organisation, "more_areas": "", "staff_no": ""}
        await change(Person, known.id, active=True, **values)
    audit.record("person.taken_on", f"person:{known.id}", actor=by.actor, role=role, area=area_code)
    return await Person.get(id=known.id)


async def set_phone(person: Person, phone: str, by: Person) -> bool:
    """The new number; False where it is somebody else's. Needs a unit."""
    if await Person.filter(phone=phone).exclude(id=person.id).exists():
        return False
    await change(Person, person.id, phone=phone)
    audit.record("person.phone", person.actor, actor=by.actor)
    return True


async def set_role(person: Person, role: Role, by: Person) -> bool:
    """What was wanted in the old role isn't sent any more; False where cases have to be handed over first. Needs a
    unit."""
    if (await burden_of(person)).anything:
        return False
    await change(Person, person.id, role=role)
    await Follow.filter(person_id=person.id).delete()
    await Digest.filter(person_id=person.id).delete()
    audit.record("person.role", person.actor, actor=by.actor, role=role)
    return True


async def set_area(person: Person, area_code: str, by: Person) -> bool:
    """The one area that is theirs from now on; False where cases have to be handed over first. Needs a unit."""
    if (await burden_of(person)).anything:
        return False
    await change(Person, person.id, area_code=area_code, more_areas="")
    audit.record("person.area", person.actor, actor=by.actor, area=area_code)
    return True


# -- going -------------------------------------------------------------------------------------------------------


async def not_joined(area_code: str) -> list[Person]:
    """The area's active people who have no phone yet, village by village."""
    first, last = bounds_of(area_code)
    rows = Person.filter(active=True, area_code__gte=first, area_code__lte=last, endpoints=None)
    return await rows.order_by("area_code", "id")


async def unreachable_cases() -> int:
    """How many cases that aren't over have a judge who is gone, or has no phone."""
    sql = (
        "SELECT count(*) FROM court_case c JOIN person p ON p.id = c.judge_id WHERE c.status <> ? AND (p.active = ? "
        "OR NOT EXISTS (SELECT 1 FROM endpoint e WHERE e.person_id = p.id AND e.active = ?))"
    )
    return int((await fetch(sql, CaseStatus.PERFORMED, False, True))[0][0])


async def burden_of(person: Person) -> Burden:
    cases = await fetch(
        "SELECT count(*) FROM court_case WHERE judge_id = ? AND status <> ?", person.id, CaseStatus.PERFORMED
    )
    return Burden(int(cases[0][0]), len(await _open_alerts(person)))


async def _open_alerts(person: Person) -> list[Alert]:
    within, value = among(state.value for state in alert.OPEN)
    return await pick(Alert, f"judge_id = ? AND state {within} ORDER BY id{for_update()}", person.id, value)


async def hand_over(person: Person, to: Person, by: Person) -> Burden:
    """All cases and open alerts to the other judge, who gets their cards; what there was. Needs a unit."""
    running = await _open_alerts(person)
    cases = await run(
        "UPDATE court_case SET judge_id = ?, judge_name = ? WHERE judge_id = ?", to.id, to.name, person.id
    )
    for one in running:
        own = one.owner_id in (None, person.id)
        await steps.transfer(one, to, by)
        if own:
            await change(Alert, one.id, owner_id=None)
    await run("UPDATE alert SET owner_id = ? WHERE owner_id = ? AND state <> ?", to.id, person.id, AlertState.CLOSED)
    audit.record("person.handed_over", person.actor, actor=by.actor, to=to.id, cases=cases, alerts=len(running))
    return Burden(cases, len(running))


async def sign_out_everywhere(person: Person, by: Person, reason: str = "lost") -> None:
    """No chat is theirs any more, and no invitation that they may hold opens one. Needs a unit."""
    for endpoint in await Endpoint.filter(person_id=person.id):
        await sign_out(endpoint, reason)
    await invitation.Invitation.filter(person_id=person.id, used_at=None).update(used_at=unit().now)
    audit.record("person.signed_out", person.actor, actor=by.actor, reason=reason)


async def dismiss(person: Person, by: Person) -> None:
    """Gone: no chat of theirs is theirs any more, no duty, no leave, no invitation that still opens. What they said and
    did stays. Whoever has something in hand hands it over first. Needs a unit."""
    now = unit().now
    await change(Person, person.id, active=False)
    await sign_out_everywhere(person, by, "dismissed")
    await shift.Shift.filter(person_id=person.id, starts_at__gt=now).delete()
    await Leave.filter(person_id=person.id).delete()
    await Leave.filter(deputy_id=person.id).update(deputy_id=None)
    await Follow.filter(person_id=person.id).delete()
    await Digest.filter(person_id=person.id).delete()
    audit.record("person.dismissed", person.actor, actor=by.actor)
