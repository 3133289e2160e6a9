"""/stats: the figures of an area and a time, beside those of the time before."""

from dataclasses import replace

import locales
from handlers.callback import Tap
from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.listing import head_of, lasted, owned, show
from handlers.route import App, on_command, on_tap
from storage import audit, figures, listing
from storage.access import Action
from storage.db import unit
from storage.figures import SMALL, Figures, Times
from storage.outbox import Lane


def register(app: App) -> None:
    on_command(app, "stats", Action.LIST, stats)
    on_tap("rows", rows, Action.LIST)
    on_tap("defs", definitions, Action.LIST)


async def stats(turn: Turn, words: str) -> None:
    """`/stats 七里乡 上个月`; without a time of this month."""
    asked, left = await listing.understand(words, turn.who, unit().now)
    if left:
        await turn.say("listing.unknown", words=left)
        return
    if not asked.since:
        asked = listing.of_this_month(asked, unit().now)
    audit.record("figures.read", asked.area_code or turn.who.area_code, actor=turn.actor)
    row = await listing.keep(turn.who, replace(asked, states=()))
    await turn.reply("figures", row.id)


async def rows(turn: Turn, tap: Tap) -> None:
    """明细: the reports behind the figures."""
    row = await owned(turn, tap)
    if row is not None:
        await show(turn, row.what)


async def definitions(turn: Turn, _tap: Tap) -> None:
    """怎么算的."""
    await turn.toast()
    await turn.reply("text", key="figures.definitions", small=SMALL, lane=Lane.REPLY)


@card("figures")
async def show_figures(showing: Showing) -> Card | None:
    person = showing.person
    row = await listing.of(showing.ref, person.id) if person is not None else None
    if row is None or person is None:
        return None
    since, until = figures.bounds(row.what, showing.now)
    now = figures.figures_of(await figures.histories(row.what, person, since, until))
    earlier = figures.period_before(since, until)
    before = figures.figures_of(await figures.histories(row.what, person, *earlier))
    lines = [showing.text("figures.head", what=await head_of(showing, row.what)), *lines_of(showing, now, before)]
    if 0 < now.alerts < SMALL:
        lines.append(showing.text("figures.small"))
    buttons = [showing.button("figures.rows", "rows", row.id), showing.button("figures.how", "defs", row.id)]
    return Card("\n".join(lines), [buttons])


def lines_of(showing: Showing, now: Figures, before: Figures) -> list[str]:
    """A line a figure, each beside that of the time before."""
    lines = [
        showing.text("figures.alerts", count=now.alerts, before=before.alerts),
        showing.text("figures.standing", waiting=now.unanswered, running=now.running, closed=now.closed),
        showing.text("figures.useful", share=_share(showing, now.useful, now.closed), count=now.useful, of=now.closed),
        showing.text("figures.false_alarms", count=now.false_alarms, before=before.false_alarms),
        showing.text("figures.on_scene", share=_share(showing, now.on_scene, now.alerts), count=now.on_scene),
    ]
    for name in ("to_acknowledge", "to_scene", "to_close"):
        lines += _times(showing, name, getattr(now, name), getattr(before, name))
    amounts = [locales.amount(showing.language, one.paid) for one in (now, before)]
    lines.append(showing.text("figures.paid", amount=amounts[0], before=amounts[1]))
    return lines


def _times(showing: Showing, name: str, now: Times | None, before: Times | None) -> list[str]:
    if now is None:
        return []
    earlier = showing.plain("figures.before", time=lasted(showing, before.median)) if before is not None else ""
    within = {"median": lasted(showing, now.median), "ninety": lasted(showing, now.ninety)}
    return [showing.text(f"figures.{name}", **within, before=earlier)]


def _share(showing: Showing, part: int, whole: int) -> str:
    """A percentage; none of nothing."""
    return showing.plain("figures.share", share=round(100 * part / whole)) if whole else "—"
