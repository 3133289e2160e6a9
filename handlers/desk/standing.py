"""/points: who reported how much and what came of it, where a court wants such a table. Off unless it says so."""

from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.desk.listing import ask_figures, head_of, kept_for
from handlers.route import App, on_command
from storage.desk import figures
from storage.desk.figures import SMALL
from storage.duty import court
from storage.people.access import Action
from storage.people.person import names_of

_MOST = 30


def register(app: App) -> None:
    on_command(app, "points", Action.LIST, points)


async def points(turn: Turn, words: str) -> None:
    """`/points 七里乡 本月`; without a time this month."""
    if not (await court.of(turn.who.area_code)).points:
        await turn.say("standing.off")
        return
    await ask_figures(turn, words, "points", kind="points")


@card("points")
async def show_points(showing: Showing) -> Card | None:
    """Who asked to stay unnamed is in nobody's count; who reported less than SMALL times isn't named, for from so few
    it may be guessed who spoke about whom."""
    kept = await kept_for(showing)
    if kept is None:
        return None
    row, person = kept
    of = await figures.counted(row.what, person, showing.now)
    found = figures.of_each(of.rows, lambda one: one.reporter_id)
    named = {who: one for who, one in found.items() if one.alerts >= SMALL}
    names = await names_of(named)
    ranked = sorted(named.items(), key=lambda entry: (-figures.points_of(entry[1]), entry[0]))[:_MOST]
    lines = [showing.text("standing.head", what=await head_of(showing, row.what), each=1, useful=figures.FOR_USEFUL)]
    for place, (who, one) in enumerate(ranked, 1):
        counts = {"points": figures.points_of(one), "alerts": one.alerts, "useful": one.useful}
        lines.append(showing.text("standing.line", place=place, name=names.get(who, ""), **counts))
    rest = len(of.rows) - sum(one.alerts for one in named.values())
    lines += [showing.text("standing.others", count=rest, small=SMALL)] if rest else []
    return Card("\n".join(lines))
