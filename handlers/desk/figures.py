"""/stats: the figures of an area and a time, beside those of the time before."""

from dataclasses import replace

import locales
from handlers.callback import Tap
from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.describe import lasted
from handlers.desk.listing import ask_figures, head_of, kept_for, owned, show
from handlers.route import App, on_command, on_tap
from storage.desk import endings, figures, listing
from storage.desk.endings import CaseFigures
from storage.desk.figures import SMALL, Figures, Times
from storage.engine.unit import unit
from storage.people.access import Action
from storage.post.outbox import Lane


def register(app: App) -> None:
    on_command(app, "stats", Action.LIST, stats, menu=220)
    on_tap("rows", rows, Action.LIST)
    on_tap("defs", definitions, Action.LIST)
    on_tap("period", other_period, Action.LIST)


_PERIODS = {"week": "本周", "last_week": "上周", "month": "本月", "last_month": "上个月"}
"""What stands under the figures, and how it is said."""


async def stats(turn: Turn, words: str) -> None:
    """Answers `/stats 七里乡 上个月`; without a time it is about this month."""
    await ask_figures(turn, words, "figures")


async def rows(turn: Turn, tap: Tap) -> None:
    """Answers 明细 with the reports behind the figures."""
    row = await owned(turn, tap)
    if row is not None:
        await show(turn, row.what)


async def other_period(turn: Turn, tap: Tap) -> None:
    """Answers 本周, 上月 and the like with the same figures of that time."""
    row = await owned(turn, tap)
    if row is not None and tap.arg < len(_PERIODS):
        words = tuple(_PERIODS.values())[tap.arg]
        asked = listing.in_period(replace(row.what, since="", until=""), words, unit().now)
        await turn.reply("figures", (await listing.keep(turn.who, asked)).id)


async def definitions(turn: Turn, _tap: Tap) -> None:
    """Answers 怎么算的 with how the figures are counted."""
    await turn.toast()
    await turn.reply("text", key="figures.definitions", small=SMALL, lane=Lane.REPLY)


@card("figures")
async def show_figures(showing: Showing) -> Card | None:
    kept = await kept_for(showing)
    if kept is None:
        return None
    row, person = kept
    of = await figures.counted(row.what, person, showing.now)
    now = figures.figures_of(of.rows)
    lines = [showing.text("figures.head", what=await head_of(showing, row.what))]
    lines += lines_of(showing, now, *await figures.earlier_than(of))
    lines += reform_lines(showing, endings.case_figures_of(await endings.endings(row.what, person, of.since, of.until)))
    if 0 < now.alerts < SMALL:
        lines.append(showing.text("figures.small"))
    looking = [showing.button(f"figures.{name}", name, row.id) for name in ("chart", "map", "board")]
    filed = [showing.button(f"figures.{name}", name, row.id) for name in ("report", "table")]
    periods = [showing.button(f"figures.period_{name}", "period", row.id, place) for place, name in enumerate(_PERIODS)]
    buttons = [showing.button("figures.rows", "rows", row.id), showing.button("figures.how", "defs", row.id)]
    return Card("\n".join(lines), [periods[:2], periods[2:], looking, filed, buttons])


def lines_of(showing: Showing, now: Figures, before: Figures, year_ago: Figures) -> list[str]:
    """Writes a line for each figure beside that of the time before; and what there was a year ago, if anything."""
    lines = [
        showing.text("figures.alerts", count=now.alerts, before=before.alerts),
        _standing(showing, now),
        showing.text("figures.useful", share=_share(showing, now.useful, now.closed), count=now.useful, of=now.closed),
        showing.text("figures.false_alarms", count=now.false_alarms, before=before.false_alarms),
        showing.text("figures.on_scene", share=_share(showing, now.on_scene, now.alerts), count=now.on_scene),
    ]
    for name in ("to_acknowledge", "to_scene", "to_close"):
        lines += _times(showing, name, getattr(now, name), getattr(before, name))
    amounts = [locales.amount(showing.language, one.paid) for one in (now, before, year_ago)]
    lines.append(showing.text("figures.paid", amount=amounts[0], before=amounts[1]))
    if year_ago.alerts:
        useful = _share(showing, year_ago.useful, year_ago.closed)
        lines.append(showing.text("figures.year_ago", count=year_ago.alerts, share=useful, amount=amounts[2]))
    return lines


def _standing(showing: Showing, now: Figures) -> str:
    """Says how the reports stand; the numbers sum to how many there are."""
    line = showing.text("figures.standing", waiting=now.unanswered, running=now.running, closed=now.closed)
    return line + (showing.text("figures.and_withdrawn", count=now.withdrawn) if now.withdrawn else "")


def reform_lines(showing: Showing, of: CaseFigures) -> list[str]:
    """Writes the reform's own figures, as far as the cases say how they ended; no lines where none ended."""
    if not of.ended:
        return []
    lines = [
        showing.text(
            "figures.ended",
            ended=of.ended,
            performed=_share(showing, of.performed, of.ended),
            dormant=_share(showing, of.dormant, of.ended),
        )
    ]
    if of.said:
        lines.append(showing.text("figures.voluntary", share=_share(showing, of.voluntary, of.said), of=of.said))
    if of.to_close is not None:
        lines.append(showing.text("figures.to_close_days", days=f"{of.to_close:.0f}"))
    if of.to_pay_out is not None:
        lines.append(showing.text("figures.to_pay_out_days", days=f"{of.to_pay_out:.0f}"))
    amounts = [locales.amount(showing.language, one) for one in (of.owed, of.paid)]
    lines.append(showing.text("figures.got_in", owed=amounts[0], paid=amounts[1], petitions=of.petitions))
    return lines


def _times(showing: Showing, name: str, now: Times | None, before: Times | None) -> list[str]:
    if now is None:
        return []
    earlier = showing.plain("figures.before", time=lasted(showing, before.median)) if before is not None else ""
    within = {"median": lasted(showing, now.median), "ninety": lasted(showing, now.ninety)}
    return [showing.text(f"figures.{name}", **within, before=earlier)]


def _share(showing: Showing, part: int, whole: int) -> str:
    """Writes a part of a whole as a percentage; a dash where the whole is nothing."""
    return showing.plain("figures.share", share=round(100 * part / whole)) if whole else "—"
