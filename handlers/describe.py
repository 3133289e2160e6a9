"""Pieces that several cards share: how a debtor, a judge, a case is put into words."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal

import locales
from handlers.callback import Tap
from handlers.card import Button, Card, Showing
from handlers.length import shortened
from storage.alerts.alert import Alert
from storage.alerts.sighting import Sighting
from storage.alerts.timeline import AlertEvent
from storage.cases.case import Case, CaseDebtor
from storage.cases.debtor import Debtor, age
from storage.people.access import Action, may
from storage.people.person import Person, Role
from storage.post.delivery import About, Subject


def shows(
    debtors: Iterable[int] = (), reports: Iterable[int] = (), reporters: Iterable[Sighting] = ()
) -> frozenset[Subject]:
    """Puts together whom a card shows: debtors and reports by number, and those reports of which it names who made
    them, where they don't stay unnamed."""
    return frozenset(
        [
            *(Subject(About.DEBTOR, number) for number in debtors),
            *(Subject(About.REPORT, number) for number in reports),
            *(Subject(About.REPORTER, row.id) for row in reporters if not row.confidential),
        ]
    )


def debtor_line(showing: Showing, debtor: Debtor) -> str:
    """Puts a debtor into words, 林永福（57岁，祠堂后面）: name and what helps to recognise. Reporters read it."""
    years = age(debtor.born, showing.today)
    facts = [showing.plain("case.years", years=years)] if years is not None else []
    facts += [debtor.hint] if debtor.hint else []
    if not facts:
        return locales.escape(debtor.name)
    return showing.text("case.debtor", name=debtor.name, facts=showing.plain("case.comma").join(facts))


def in_sight(person: Person, debtors: Sequence[Debtor]) -> list[Debtor]:
    """Returns those of the debtors of whom this person may be told by a report: who reports, of those who live where
    they work. Of the others they learn nothing, also not whether they are on the list."""
    return [one for one in debtors if not may(person, Action.REPORT) or person.covers(one.area_code)]


def names(showing: Showing, people: Sequence[str], doubtful: bool) -> str:
    """Joins names as A、B, or as A 或 B where it isn't sure. The people are markup already."""
    return showing.plain("case.or" if doubtful else "case.and").join(people)


def judge_name(showing: Showing, alert: Alert) -> str:
    """Returns the name of the judge, or of who took the alert over."""
    return officer_name(showing, alert.taken_by)


def officer_name(showing: Showing, person: Person) -> str:
    """Returns the name of a judge or another officer: 王海涛法官, 胡建平."""
    return showing.plain("alert.judge" if person.role is Role.JUDGE else "alert.officer", name=person.name)


def dialled(person: Person) -> str:
    """Returns the number at which somebody is called, as a telephone takes it: +8613800000000."""
    return f"+86{person.phone.removeprefix('0')}"


def amount_of(showing: Showing, yuan: Decimal | None) -> str:
    """Writes an amount with its unit, or that nobody knows it."""
    if yuan is None:
        return showing.plain("case.amount_unknown")
    return showing.plain("case.amount", amount=locales.amount(showing.language, yuan))


def case_line(showing: Showing, party: CaseDebtor) -> str:
    """Describes a case: case number, creditor, amount, status."""
    return showing.text(
        "case.line",
        number=party.case.number,
        creditor=party.creditor or showing.plain("case.creditor_unknown"),
        amount=amount_of(showing, party.amount),
        status=showing.plain(f"case.status_{party.case.status.value}"),
    )


def reporter_name(showing: Showing, row: Sighting) -> str:
    """Returns the reporter's name and role, or the code of somebody who asked to stay unnamed."""
    if row.confidential:
        return showing.plain("sighting.unnamed", code=row.code)
    role = showing.plain(f"person.role_{row.reporter.role.value}")
    return showing.plain("sighting.reporter", name=row.reporter.name, role=role)


def witness_line(showing: Showing, row: Sighting, first: Sighting) -> str:
    """Says what was said later: by somebody else, or by the first reporter again."""
    key = "sighting.went_on" if row.reporter_id == first.reporter_id else "sighting.witness"
    words = shortened(row.amended or row.text, 300)
    words = f"{words}（{showing.plain('alert.transcript')}）" if row.spoken else words
    return showing.text(key, at=showing.at(row.reported_at), text=words, who=reporter_name(showing, row))


def event_line(showing: Showing, event: AlertEvent) -> str:
    """Describes a step of an alert: 09:42 王海涛 收到."""
    return showing.text(f"alert.event_{event.kind}", at=showing.at(event.at), **_who(showing, event)).strip()


def event_words(showing: Showing, event: AlertEvent) -> str:
    """Describes a step for a table that has its time in a column of its own."""
    return showing.plain(f"alert.event_{event.kind}", at="", **_who(showing, event)).strip()


def _who(showing: Showing, event: AlertEvent) -> dict[str, str]:
    """Says who took the step, and to whom: an official, or a rung of the ladder."""
    whom = event.whom.name if event.whom is not None else ""
    if event.kind == "escalated" and event.detail:
        whom = showing.plain(f"ladder.target_{event.detail}")
    return {"name": event.actor.name if event.actor else "", "whom": whom}


def lasted(showing: Showing, time: timedelta) -> str:
    """Says how long something lasted: 12 分钟, 3 小时, 2 天."""
    minutes = int(time.total_seconds() // 60)
    if minutes < 1:
        return showing.plain("listing.no_minute")
    if minutes < 90:
        return showing.plain("listing.minutes", count=minutes)
    hours = round(minutes / 60)
    if hours < 48:
        return showing.plain("listing.hours", count=hours)
    return showing.plain("listing.days", count=hours // 24)


def choice(text: str, rows: Sequence[Case], verb: str, arg: int = 0, ways: Sequence[Button] = ()) -> Card:
    """Makes a card with a button a case, which carries `verb` and `arg`; `ways` stand below."""
    buttons, whom = [], set[int]()
    for row in rows:
        people = "、".join(party.debtor.name for party in row.parties)
        buttons.append([Button(f"{row.number} {people}", Tap(verb, row.id, arg))])
        whom |= {party.debtor_id for party in row.parties}
    return Card(text, [*buttons, list(ways)], shows=shows(whom))
