"""Who belongs to a court's people, what they are, and what happens to their work when they go."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from storage.alerts import alert, steps
from storage.alerts.alert import Alert, AlertState
from storage.cases.case import Case, CaseStatus
from storage.engine import audit
from storage.engine.values import column
from storage.nouns import nouns
from storage.people.area import area_names, bounds_of, contains
from storage.people.area import named as area_named
from storage.people.endpoint import Endpoint, reached
from storage.people.person import COURT, Person, Role, find
from storage.post import invitation
from storage.post.waking import sign_out, sleepers

MOST = 40
NAMED = 500
"""So many people are suggested by name."""


@dataclass(frozen=True)
class Burden:
    """What somebody has in hand: cases that aren't over, and alerts that are open."""

    cases: int
    alerts: int

    @property
    def anything(self) -> bool:
        return bool(self.cases or self.alerts)


def may_keep(keeper: Person, person: Person) -> bool:
    """Tells whether the person is in the area of whoever keeps the list."""
    return contains(keeper.area_code, person.area_code)


async def these(ids: Sequence[int]) -> list[Person]:
    """Loads those of these people who are still there, place by place."""
    return await Person.filter(id__in=list(ids), active=True).order_by("area_code", "id")


async def seek(words: str, keeper: Person) -> list[Person]:
    """Finds active people of the keeper's area by phone, staff number or name; else those of the area so named."""
    found = [one for one in await find(words) if may_keep(keeper, one)]
    if found:
        return found
    code = await area_named(words, keeper.area_code)
    if not code:
        return []
    first, last = bounds_of(code)
    query = Person.filter(active=True, area_code__gte=first, area_code__lte=last)
    return await query.order_by("area_code", "role", "id").limit(MOST)


async def names_in(keeper: Person) -> tuple[str, ...]:
    """Lists what the people of the area are called, and its towns and villages."""
    first, last = bounds_of(keeper.area_code)
    people = Person.filter(active=True, area_code__gte=first, area_code__lte=last).order_by("id").limit(NAMED)
    return (*dict.fromkeys(column(await people.values_list("name", flat=True))), *await area_names(keeper.area_code))


async def head_count(keeper: Person) -> dict[Role, tuple[int, int]]:
    """Counts how many people there are in each role of the area, and how many of them have joined."""
    first, last = bounds_of(keeper.area_code)
    people = Person.filter(active=True, area_code__gte=first, area_code__lte=last)
    every = Counter(column(await people.values_list("role", flat=True)))
    roles = dict(await people.values_list("id", "role"))
    joined = Counter(roles[one] for one in await reached(roles))
    return {role: (every[role], joined[role]) for role in Role if role in every}


async def whom_nobody_wakes(keeper: Person) -> list[Person]:
    """Lists the court's people of the area who have joined, but on a page alone that can't wake them."""
    first, last = bounds_of(keeper.area_code)
    people = Person.filter(active=True, role__in=list(COURT), area_code__gte=first, area_code__lte=last)
    rows = await people.order_by("id")
    asleep = await sleepers(one.id for one in rows)
    return [one for one in rows if one.id in asleep]


async def take_on(name: str, phone: str, role: Role, area_code: str, organisation: str, by: Person) -> Person | None:
    """Adds somebody new, or somebody who had gone and is back; None where the number is another's. Needs a unit."""
    known = await Person.get_or_none(phone=phone)
    if known is not None and (known.active or known.name != name):
        return None
    if known is None:
        known = await Person.create(name=name, phone=phone, role=role, area_code=area_code, organisation=organisation)
    else:
        values = {"role": role, "area_code": area_code, "organisation": organisation, "more_areas": "", "staff_no": ""}
        await Person.filter(id=known.id).update(active=True, **values)
    audit.record("person.taken_on", f"person:{known.id}", actor=by.actor, role=role, area=area_code)
    return await Person.get(id=known.id)


async def set_phone(person: Person, phone: str, by: Person) -> bool:
    """Sets the new number; False where it is somebody else's. Needs a unit."""
    if await Person.filter(phone=phone).exclude(id=person.id).exists():
        return False
    await Person.filter(id=person.id).update(phone=phone)
    audit.record("person.phone", person.actor, actor=by.actor)
    return True


async def set_role(person: Person, role: Role, by: Person) -> bool:
    """Sets the role; what was wanted in the old role isn't sent any more.

    Returns False where cases have to be handed over first. Needs a unit.
    """
    if (await burden_of(person)).anything:
        return False
    await Person.filter(id=person.id).update(role=role)
    for noun in nouns().values():
        if noun.changes_role is not None:
            await noun.changes_role(person.id)
    audit.record("person.role", person.actor, actor=by.actor, role=role)
    return True


async def set_area(person: Person, area_code: str, by: Person) -> bool:
    """Sets the one area that is theirs from now on; False where cases have to be handed over first. Needs a unit."""
    if (await burden_of(person)).anything:
        return False
    await Person.filter(id=person.id).update(area_code=area_code, more_areas="")
    audit.record("person.area", person.actor, actor=by.actor, area=area_code)
    return True


async def is_last_admin(person: Person) -> bool:
    """Tells whether nobody else keeps the court's people."""
    admins = Person.filter(role=Role.ADMIN, active=True).exclude(id=person.id)
    return not any(contains(one.area_code, person.area_code) for one in await admins)


# -- going -------------------------------------------------------------------------------------------------------


async def not_joined(area_code: str) -> list[Person]:
    """Lists the area's active people who have no phone yet, village by village."""
    first, last = bounds_of(area_code)
    people = await Person.filter(active=True, area_code__gte=first, area_code__lte=last).order_by("area_code", "id")
    there = await reached(person.id for person in people)
    return [person for person in people if person.id not in there]


async def unreachable_cases() -> int:
    """Counts the cases that aren't over and have a judge who is gone, or has no phone."""
    judges = await Person.filter(role=Role.JUDGE, active=True)
    there = await reached(judge.id for judge in judges)
    open_ones = Case.exclude(status=CaseStatus.PERFORMED).exclude(judge_id=None)
    return await open_ones.exclude(judge_id__in=list(there)).count()


async def burden_of(person: Person) -> Burden:
    """Counts what somebody has in hand. Locks the alerts where it runs in a unit."""
    cases = await Case.filter(judge_id=person.id).exclude(status=CaseStatus.PERFORMED).count()
    return Burden(cases, len(await _open_alerts(person)))


async def _open_alerts(person: Person) -> list[Alert]:
    return await Alert.select_for_update().filter(judge_id=person.id, state__in=alert.OPEN).order_by("id")


async def hand_over(person: Person, to: Person, by: Person) -> Burden:
    """Gives all cases and open alerts to the other judge, who gets the cards; returns what there was. Needs a unit."""
    running = await _open_alerts(person)
    cases = await Case.filter(judge_id=person.id).update(judge_id=to.id, judge_name=to.name)
    for one in running:
        own = one.owner_id in (None, person.id)
        await steps.transfer(one, to, by)
        if own:
            await Alert.filter(id=one.id).update(owner_id=None)
    await Alert.filter(owner_id=person.id).exclude(state=AlertState.CLOSED).update(owner_id=to.id)
    audit.record("person.handed_over", person.actor, actor=by.actor, to=to.id, cases=cases, alerts=len(running))
    return Burden(cases, len(running))


async def sign_out_everywhere(person: Person, by: Person, reason: str = "lost") -> None:
    """Signs out every chat of theirs, and voids every invitation that they may hold. Needs a unit."""
    for endpoint in await Endpoint.filter(person_id=person.id):
        await sign_out(endpoint, reason)
    await invitation.void(person.id)
    audit.record("person.signed_out", person.actor, actor=by.actor, reason=reason)


async def dismiss(person: Person, by: Person) -> None:
    """Dismisses the person: no chat is theirs any more, no duty, no leave, no invitation that still opens.

    What they said and did stays. Whoever has something in hand hands it over first. Needs a unit.
    """
    await Person.filter(id=person.id).update(active=False)
    await sign_out_everywhere(person, by, "dismissed")
    for noun in nouns().values():
        if noun.leaves_with is not None:
            await noun.leaves_with(person.id)
    audit.record("person.dismissed", person.actor, actor=by.actor)
