"""Who may do what: one table, asked at every command and every tap."""

from enum import StrEnum

from storage.area import contains
from storage.person import Person, Role


class Action(StrEnum):
    REPORT = "report"
    CASE = "case"
    LIST = "list"
    URGE = "urge"
    EXPLAIN = "explain"
    INVITE = "invite"
    PUSH = "push"
    EVERYONE = "everyone"


REPORTERS = {
    Role.GRID_WORKER,
    Role.VILLAGE_SECRETARY,
    Role.TOWN_OFFICER,
    Role.TOWN_SECRETARY,
    Role.POLICE,
}
_SUPERVISORS = {Role.BUREAU_HEAD, Role.SUPERVISOR, Role.TOWN_SECRETARY, Role.ADMIN}

TABLE: dict[Action, frozenset[Role]] = {
    Action.REPORT: frozenset(REPORTERS),
    Action.CASE: frozenset(_SUPERVISORS | {Role.JUDGE}),
    Action.LIST: frozenset(_SUPERVISORS | {Role.JUDGE}),
    Action.URGE: frozenset({Role.BUREAU_HEAD, Role.SUPERVISOR, Role.ADMIN}),
    Action.EXPLAIN: frozenset({Role.BUREAU_HEAD, Role.ADMIN}),
    Action.INVITE: frozenset({Role.ADMIN}),
    Action.PUSH: frozenset({Role.JUDGE, Role.BUREAU_HEAD, Role.ADMIN}),
    Action.EVERYONE: frozenset(Role),
}


def may(person: Person, action: Action) -> bool:
    """Whether the person's role has the action at all."""
    return person.active and person.role in TABLE[action]


def sees_case(person: Person, area_codes: list[str], judge_id: int | None) -> bool:
    """A judge sees their own cases; the others who may ask see those with a debtor in their area."""
    if not may(person, Action.CASE):
        return False
    if person.role is Role.JUDGE:
        return judge_id == person.id
    return any(contains(person.area_code, code) for code in area_codes)


def sees_whole(person: Person) -> bool:
    """Creditor, phone and address: the court's own people. Others see status and figures."""
    return person.role in {Role.JUDGE, Role.BUREAU_HEAD, Role.ADMIN}
