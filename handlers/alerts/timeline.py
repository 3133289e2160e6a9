"""What lies behind a case's card: every step, where it was, and all of it as a spreadsheet."""

import asyncio

from handlers.callback import Tap
from handlers.card import Card, File, Showing, card
from handlers.cases.case import case_status
from handlers.cases.quota import visible
from handlers.context import Turn
from handlers.describe import event_line, event_words, shows
from handlers.length import shortened
from handlers.route import App, on_tap
from handlers.workbook import Cell, Sheet, workbook
from storage.alerts import alert
from storage.alerts.attachment import place_of
from storage.cases import case as cases
from storage.cases.case import Case
from storage.engine import audit
from storage.engine.clock import local
from storage.people.access import Action, sees_whole
from storage.people.area import full_name


def register(app: App) -> None:
    on_tap("line", open_timeline, Action.CASE)
    on_tap("place", open_place, Action.CASE)
    on_tap("sheet", open_sheet, Action.CASE)


async def open_timeline(turn: Turn, tap: Tap) -> None:
    if await visible(turn, tap):
        await turn.toast()
        await turn.reply("timeline", tap.ref)


async def open_place(turn: Turn, tap: Tap) -> None:
    """Answers 地图: where the debtor was last seen, as the reporter's phone had it."""
    if await visible(turn, tap):
        await turn.toast()
        await turn.reply("case_place", tap.ref)


async def open_sheet(turn: Turn, tap: Tap) -> None:
    """Answers 导出: the case with its reports as a spreadsheet."""
    if await visible(turn, tap):
        await turn.toast()
        audit.record("case.exported", f"case:{tap.ref}", actor=turn.actor)
        await turn.reply("case_sheet", tap.ref)


@card("case_place")
async def show_place(showing: Showing) -> Card | None:
    row = await cases.whole(showing.ref)
    alerts = await alert.about_debtors([party.debtor_id for party in row.parties]) if row is not None else []
    place = await place_of([one.sighting_id for one in alerts])
    if row is None or place is None:
        return None
    whom = shows([party.debtor_id for party in row.parties], [one.sighting_id for one in alerts])
    return Card(place=place, shows=whom)


@card("case_sheet")
async def show_sheet(showing: Showing) -> Card | None:
    """Shows a spreadsheet: what the card says, the reports, and every step, a sheet each."""
    row = await cases.whole(showing.ref)
    if row is None or showing.person is None:
        return None
    alerts = await alert.about_debtors([party.debtor_id for party in row.parties], limit=500)
    content = await asyncio.to_thread(workbook, await _sheets(showing, row, alerts))
    whom = shows([party.debtor_id for party in row.parties], [one.sighting_id for one in alerts])
    file = File("document", f"{row.number}.xlsx", content)
    return Card(showing.text("case.sheet", number=row.number), file=file, shows=whom)


async def _sheets(showing: Showing, row: Case, alerts: list[alert.Alert]) -> list[Sheet]:
    whole = showing.person is not None and sees_whole(showing.person)
    hidden = showing.plain("case.not_yours")
    judge = row.judge.name if row.judge else row.judge_name
    status = case_status(showing, row, alerts)
    parties: list[list[Cell]] = [
        [row.number, party.debtor.name, party.creditor if whole else hidden, party.amount, party.paid, status, judge]
        for party in row.parties
    ]
    reports: list[list[Cell]] = []
    steps: list[list[Cell]] = []
    for one in alerts:
        where = await full_name(one.area_code)
        words = shortened(one.sighting.amended or one.sighting.text) if whole else hidden
        state = showing.plain(f"alert.state_{one.state.value}")
        outcome = showing.plain(f"alert.outcome_{one.outcome.value}") if one.outcome is not None else ""
        who = one.taken_by.name
        about: list[Cell] = [one.sighting_id, local(one.raised_at), where, words, who, state, outcome, one.amount]
        reports.append(about)
        steps += [[one.sighting_id, local(event.at), event_words(showing, event)] for event in one.timeline]
    heads = [showing.plain(f"case.columns_{name}").split("|") for name in ("case", "reports", "steps")]
    titles = [showing.plain(f"case.sheet_{name}") for name in ("case", "reports", "steps")]
    return [Sheet(*parts) for parts in zip(titles, heads, (parties, reports, steps), strict=True)]


@card("timeline")
async def show_timeline(showing: Showing) -> Card | None:
    """Shows 全部经过: every step of the newest reports."""
    row = await cases.whole(showing.ref)
    if row is None:
        return None
    alerts = await alert.about_debtors([party.debtor_id for party in row.parties])
    lines = [showing.text("case.timeline_head", number=row.number)]
    for one in alerts:
        where = await full_name(one.area_code)
        lines.append(showing.text("case.seen", at=showing.at(one.sighting.reported_at), village=where))
        for event in one.timeline:
            lines.append("　" + event_line(showing, event))
        if one.outcome is not None:
            lines.append("　" + showing.plain(f"alert.outcome_{one.outcome.value}"))
    if not alerts:
        lines.append(showing.text("case.never_seen"))
    return Card("\n".join(lines)[:4000], shows=shows([party.debtor_id for party in row.parties]))
