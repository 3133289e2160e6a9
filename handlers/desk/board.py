"""What the big screen shows of somebody's area: what waits, today's steps, the judges, and two pictures."""

import html
from typing import Any

from handlers.card import Showing
from handlers.describe import event_line, lasted, names
from handlers.desk.chart import cartogram, chart
from handlers.desk.listing import state_of, who_of
from handlers.desk.picture import drawn
from storage.alerts import alert, sighting
from storage.alerts.alert import Alert
from storage.alerts.sighting import Sighting
from storage.cases.debtor import Debtor, DebtorKind
from storage.desk import figures, listing
from storage.desk.listing import RUNNING, WAITING, Asked
from storage.engine.clock import local
from storage.people.area import full_name
from storage.people.person import Person, names_of

_STEPS = 24
PICTURES = {"trend": chart, "map": cartogram}


async def overview(showing: Showing, person: Person) -> dict[str, Any]:
    """Gathers everything in the person's language, as plain text. Of people it has only whom the person may see."""
    today, _left = await listing.understand("今天", person, showing.now)
    month = listing.of_this_month(Asked(), showing.now)
    waiting = await listing.page(Asked(states=WAITING), person, 0)
    running = await listing.page(Asked(states=RUNNING), person, 0)
    now = figures.figures_of((await figures.counted(today, person, showing.now)).rows)
    of_month = await figures.counted(month, person, showing.now)
    return {
        "title": showing.plain("board.title", area=await full_name(person.area_code)),
        "at": f"{local(showing.now):%Y-%m-%d %H:%M}",
        "counts": [
            [showing.plain("board.waiting"), waiting.count, "loud" if waiting.count else ""],
            [showing.plain("board.running"), running.count, ""],
            [showing.plain("board.today"), now.alerts, ""],
            [showing.plain("board.closed"), now.closed, ""],
        ],
        "waiting": [showing.plain("board.waiting"), [await _waits(showing, row) for row in waiting.rows]],
        "steps": [showing.plain("board.steps"), await _steps(showing, today, person)],
        "judges": [showing.plain("board.judges").split("|"), await _judges(showing, of_month)],
        "none": showing.plain("board.none"),
    }


async def _waits(showing: Showing, row: Sighting) -> list[str]:
    people = _who(showing, row)
    alerts: list[Alert] = list(row.alerts)  # type: ignore[attr-defined]
    states = "、".join(dict.fromkeys(state_of(showing, one) for one in alerts))
    return [showing.at(row.reported_at), people, await full_name(row.area_code), states]


async def _steps(showing: Showing, today: Asked, person: Person) -> list[list[str]]:
    code, judge_id = today.seen_by(person)
    events = await alert.newest_events(code, judge_id, listing.moment(today.since), _STEPS)
    reports = {event.alert.sighting_id for event in events}
    meant = {number: await sighting.whole(number) for number in sorted(reports)}
    return [
        [event_line(showing, event), _who(showing, row) if (row := meant[event.alert.sighting_id]) is not None else ""]
        for event in events
    ]


def _who(showing: Showing, row: Sighting) -> str:
    """Says of whom a report is with what a wall may show of a name: 林某某. Who works on it knows the rest."""
    people = names(showing, [initials(one.debtor) for one in row.suspects], row.doubtful)
    return people or html.unescape(who_of(showing, row))


def initials(debtor: Debtor) -> str:
    """Returns the first character of a person's name, two of a company's, with 某 for the rest."""
    if debtor.kind is DebtorKind.COMPANY:
        return f"{debtor.name[:2]}某某"
    return debtor.name[:1] + "某" * min(2, len(debtor.name) - 1)


async def _judges(showing: Showing, of: figures.Counted) -> list[list[str]]:
    found = figures.of_each(of.rows, lambda one: one.judge_id)
    names = await names_of(found)
    return [
        [
            names.get(judge_id, ""),
            str(one.alerts),
            str(one.unanswered),
            lasted(showing, one.to_acknowledge.median) if one.to_acknowledge is not None else "—",
        ]
        for judge_id, one in found.items()
    ]


async def picture(showing: Showing, person: Person, name: str) -> bytes:
    """Draws one of PICTURES, of this month, as SVG."""
    of = await figures.counted(listing.of_this_month(Asked(), showing.now), person, showing.now)
    draw = await PICTURES[name](showing, of)
    return await drawn(draw, "svg")
