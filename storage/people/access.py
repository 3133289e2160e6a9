"""Who may do what: one table, asked at every command and every tap."""

from enum import StrEnum

from storage.people.person import COURT, Person, Role


class Action(StrEnum):
    REPORT = "report"
    CASE = "case"
    LIST = "list"
    URGE = "urge"
    REASSIGN = "reassign"
    EXPLAIN = "explain"
    LADDER = "ladder"
    ROSTER = "roster"
    LEAVE = "leave"
    PEOPLE = "people"
    PRIVACY = "privacy"
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
_HEADS = {Role.BUREAU_HEAD, Role.PRESIDENT, Role.ADMIN}
_SUPERVISORS = {*_HEADS, Role.SUPERVISOR, Role.TOWN_SECRETARY}

TABLE: dict[Action, frozenset[Role]] = {
    Action.REPORT: frozenset(REPORTERS),
    Action.CASE: frozenset(_SUPERVISORS | COURT),
    Action.LIST: frozenset(_SUPERVISORS | COURT),
    Action.URGE: frozenset(_HEADS | {Role.SUPERVISOR}),
    Action.REASSIGN: frozenset(_HEADS),
    Action.EXPLAIN: frozenset(_HEADS),
    Action.LADDER: frozenset(_HEADS | {Role.SUPERVISOR}),
    Action.ROSTER: frozenset(_HEADS),
    Action.LEAVE: frozenset(COURT),
    Action.PEOPLE: frozenset({Role.ADMIN}),
    Action.PRIVACY: frozenset({Role.ADMIN}),
    Action.INVITE: frozenset({Role.ADMIN}),
    Action.PUSH: frozenset(COURT),
    Action.EVERYONE: frozenset(Role),
}


def may(person: Person, action: Action) -> bool:
    """Tells whether the person is active and their role has the action at all."""
    return person.active and person.role in TABLE[action]


def sees_whole(person: Person) -> bool:
    """Tells whether they see creditor, phone and address: the court's own people. Others see status and figures."""
    return person.role in COURT
