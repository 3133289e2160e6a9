"""Lists of reports: /pending, /open, /today, /week, /village, /judge, /mine, with further words: 七里乡 本周 没人应."""

from dataclasses import replace
from typing import Any

import locales
from handlers.callback import Tap
from handlers.card import Button, Card, Showing, card
from handlers.context import Turn
from handlers.describe import in_sight, lasted, names, shows
from handlers.length import shown
from handlers.route import App, Command, on_command, on_tap
from storage.alerts.alert import Alert, AlertState, waited
from storage.alerts.sighting import Sighting
from storage.desk import listing
from storage.desk.listing import COUNTED, Asked, Listing, Page
from storage.engine import audit
from storage.engine.clock import day_bounds, local
from storage.engine.unit import unit
from storage.people.access import Action, may
from storage.people.area import full_name
from storage.people.person import Person, by_id
from storage.post.outbox import Lane

_COMMANDS = {
    "pending": ("没人应", 110),
    "open": ("在办", 120),
    "today": ("今天", 130),
    "week": ("本周", 140),
    "village": ("", None),
    "judge": ("", None),
}
"""What each command means in the words that may follow it, and its place in the menu."""


def register(app: App) -> None:
    for name, (means, menu) in _COMMANDS.items():
        on_command(app, name, Action.LIST, _command(name, means), menu=menu)
    on_command(app, "mine", Action.REPORT, mine, menu=150)
    on_tap("page", turn_page)


def _command(name: str, means: str) -> Command:
    async def run(turn: Turn, words: str) -> None:
        asked, left = await listing.understand(f"{means} {words}", turn.who, unit().now)
        missing = (name == "village" and not asked.area_code) or (name == "judge" and asked.judge_id is None)
        if left or missing:
            await turn.say("listing.unknown", words=left or words or f"/{name}")
        else:
            await show(turn, asked)

    return run


async def show(turn: Turn, asked: Asked) -> None:
    """Sends the first page."""
    row = await listing.begin(turn.who, asked)
    await turn.reply("listing", row.id, page=0)


async def mine(turn: Turn, words: str) -> None:
    """Answers `/mine` with what became of one's own reports: this year's, or of the time that is said."""
    asked, left = await listing.understand(words or "今年", turn.who, unit().now)
    if left:
        await turn.say("listing.unknown", words=left)
    else:
        await show(turn, replace(asked, area_code="", judge_id=None, reporter_id=turn.who.id))


async def owned(turn: Turn, tap: Tap) -> Listing | None:
    """Loads the list whose button was tapped; somebody else's is refused like one that doesn't exist."""
    row = await listing.of(tap.ref, turn.who.id)
    if row is None:
        await turn.refuse(f"listing:{tap.ref}")
        return None
    await turn.toast()
    return row


async def ask_figures(turn: Turn, words: str, shown: str, default: str = "本月", **detail: str) -> None:
    """Sends the card that is to be shown, about what the words ask for; without a time in them, of the default."""
    asked, left = await listing.understand(words, turn.who, unit().now)
    if left:
        await turn.say("listing.unknown", words=left)
        return
    asked = asked if asked.since else listing.in_period(asked, default, unit().now)
    audit.record("figures.read", asked.area_code or turn.who.area_code, actor=turn.actor, **detail)
    row = await listing.keep(turn.who, replace(asked, states=()))
    await turn.reply(shown, row.id)


async def kept_for(showing: Showing) -> tuple[Listing, Person] | None:
    """Loads what the figures of a card are of, and for whom; None for somebody who may not ask any more."""
    person = showing.person
    if person is None or not may(person, Action.LIST):
        return None
    row = await listing.of(showing.ref, person.id)
    return (row, person) if row is not None else None


async def turn_page(turn: Turn, tap: Tap) -> None:
    """Answers a tap on further or back, in the same message."""
    row = await owned(turn, tap)
    if row is not None:
        await turn.reply("listing", row.id, fresh=False, lane=Lane.REPLY, page=tap.arg)


@card("listing")
async def show_listing(showing: Showing) -> Card | None:
    person = showing.person
    row = await listing.of(showing.ref, person.id) if person is not None else None
    if row is None or person is None:
        return None
    page = await listing.page(row.what, person, int(showing.args.get("page", 0)))
    many = showing.plain("listing.many", count=COUNTED) if page.count >= COUNTED else str(page.count)
    key = "listing.head" if page.count else "listing.none"
    head = showing.text(key, what=await head_of(showing, row.what), count=many)
    lines = [head, *[await _line(showing, one) for one in page.rows]]
    whom = shows(one.debtor_id for report in page.rows for one in report.suspects)
    return Card("\n".join(lines), [*await _rows(showing, person, page), *_buttons(showing, row.id, page)], shows=whom)


async def waiting(showing: Showing, person: Person) -> list[dict[str, Any]]:
    """Describes what nobody has answered, the oldest first, for a list on the page: number, who, where, when it was
    said (seconds since 1970), and with whom it is."""
    page = await listing.page(Asked(states=listing.WAITING), person, 0)
    return [
        {
            "number": row.root_id,
            "who": shown(who_of(showing, row)),
            "where": await full_name(row.area_code),
            "at": int(row.reported_at.timestamp()),
            "how": "、".join(dict.fromkeys(_with_whom(showing, row, one) for one in row.alerts)),  # type: ignore[attr-defined]
        }
        for row in page.rows
    ]


async def head_of(showing: Showing, asked: Asked) -> str:
    """Says what a list is of: 今天 · 七里乡 · 没人应."""
    what = [_period(showing, asked)] if asked.since else []
    what += [await full_name(asked.area_code)] if asked.area_code else []
    what += [showing.plain(f"listing.state_{asked.states[0].value}")] if asked.states else []
    what += [showing.plain("listing.own")] if asked.reporter_id is not None else []
    if asked.judge_id is not None and (judge := await by_id(asked.judge_id)) is not None:
        what.append(judge.name)
    return " · ".join(what) or showing.plain("listing.all")


def _period(showing: Showing, asked: Asked) -> str:
    start, end = day_bounds(showing.now)
    since = listing.moment(asked.since)
    until = listing.moment(asked.until) if asked.until else end
    if (since, until) == (start, end):
        return showing.plain("listing.today")
    return locales.span(showing.language, local(since), local(until))


async def _line(showing: Showing, row: Sighting) -> str:
    who = who_of(showing, row)
    alerts: list[Alert] = list(row.alerts)  # type: ignore[attr-defined]
    states = [_state(showing, row, one) for one in alerts] or [showing.plain(f"sighting.state_{row.state.value}")]
    return showing.text(
        "listing.line",
        at=showing.at(row.reported_at),
        who=locales.Html(who),
        village=await full_name(row.area_code),
        state="、".join(dict.fromkeys(states)),
    )


def _state(showing: Showing, row: Sighting, one: Alert) -> str:
    """Says how far an alert is; not with whom, where the person may not be told of whom it is."""
    return state_of(showing, one) if _told_whose(showing, row) else showing.plain(f"alert.state_{one.state.value}")


def _with_whom(showing: Showing, row: Sighting, one: Alert) -> str:
    """Says who hasn't answered; how long is counted where it is shown."""
    if _told_whose(showing, row):
        return showing.plain("listing.waits_for", judge=one.judge.name)
    return showing.plain(f"alert.state_{one.state.value}")


def _told_whose(showing: Showing, row: Sighting) -> bool:
    """Tells whether somebody may be told whose a report is: who reports themselves only of whom they may see."""
    person = showing.person
    assert person is not None
    return not may(person, Action.REPORT) or bool(in_sight(person, [each.debtor for each in row.suspects]))


def who_of(showing: Showing, row: Sighting) -> str:
    """Says of whom a report is, as far as this person may be told, as markup."""
    person = showing.person
    assert person is not None
    seen = in_sight(person, [one.debtor for one in row.suspects])
    if seen:
        return names(showing, [locales.escape(one.name) for one in seen], row.doubtful)
    return showing.text("sighting.not_here" if may(person, Action.REPORT) else "sighting.off_list")


def state_of(showing: Showing, one: Alert) -> str:
    """Says how far an alert is, and with whom; of one that nobody has answered, for how many minutes it has waited."""
    if one.state is AlertState.SENT:
        raised = [holder.person.name for holder in one.recipients if holder.escalated]
        told = showing.plain("listing.raised", name="、".join(raised)) if raised else ""
        since = lasted(showing, waited(one, showing.now))
        return showing.plain("listing.waits", judge=one.judge.name, since=since, raised=told)
    if one.state is AlertState.CLOSED and one.outcome is not None:
        return showing.plain(f"alert.outcome_{one.outcome.value}")
    return f"{one.taken_by.name} {showing.plain(f'alert.state_{one.state.value}')}"


async def _rows(showing: Showing, person: Person, page: Page) -> list[list[Button]]:
    """Makes a button of each lead, which opens it, for who supervises."""
    if not may(person, Action.LIST) or any(row.reporter_id == person.id for row in page.rows):
        return []
    made = []
    for row in page.rows:
        where = await full_name(row.area_code)
        made.append([showing.button("listing.open", "lead", row.id, who=shown(who_of(showing, row)), where=where)])
    return made


def _buttons(showing: Showing, ref: int, page: Page) -> list[list[Button]]:
    turns = [showing.button("listing.back", "page", ref, page.number - 1)] if page.number else []
    turns += [showing.button("listing.more", "page", ref, page.number + 1)] if page.more else []
    return [turns] if turns else []
