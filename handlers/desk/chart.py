"""/chart and /map: the figures of an area and a time as pictures."""

from collections.abc import Awaitable, Callable
from functools import partial

from handlers.callback import Tap
from handlers.card import Card, File, Showing, card
from handlers.context import Turn
from handlers.desk.listing import ask_figures, head_of, kept_for, owned
from handlers.desk.picture import Bar, Draw, Tile, bars, drawn, tiles, trend
from handlers.route import App, Command, on_command, on_tap
from storage.desk import figures
from storage.desk.figures import Counted, Figures
from storage.people.access import Action
from storage.people.area import Area, parts_of, short_name
from storage.people.person import names_of

_PICTURES = ("chart", "map", "board")
MOST_BARS = 20


def register(app: App) -> None:
    on_command(app, "chart", Action.LIST, _command("chart"), menu=230)
    on_command(app, "map", Action.LIST, _command("map"), menu=0)
    for name in _PICTURES:
        on_tap(name, draw, Action.LIST)


def _command(kind: str) -> Command:
    async def run(turn: Turn, words: str) -> None:
        """Answers `/chart 七里乡 上个月`; without a time it is about this month."""
        await ask_figures(turn, words, kind, kind=kind)

    return run


async def draw(turn: Turn, tap: Tap) -> None:
    """Answers 走势, 地图 and 各法官: the buttons under the figures."""
    row = await owned(turn, tap)
    if row is not None:
        await turn.reply(tap.verb, row.id)


@card("chart")
async def show_chart(showing: Showing) -> Card | None:
    return await _card(showing, chart)


@card("map")
async def show_map(showing: Showing) -> Card | None:
    return await _card(showing, cartogram)


@card("board")
async def show_board(showing: Showing) -> Card | None:
    return await _card(showing, judges_board)


async def _card(showing: Showing, make: Callable[[Showing, Counted], Awaitable[Draw]]) -> Card | None:
    kept = await kept_for(showing)
    if kept is None:
        return None
    row, person = kept
    draw = await make(showing, await figures.counted(row.what, person, showing.now))
    return Card(file=File("photo", f"{row.id}.png", await drawn(draw, "png")))


async def chart(showing: Showing, of: Counted) -> Draw:
    """Draws the reports and how quickly they were answered, day by day."""
    bars = []
    for day, one in figures.by_day(of.rows, of.since, of.until):
        minutes = one.to_acknowledge.median.total_seconds() / 60 if one.to_acknowledge is not None else None
        bars.append(Bar(f"{day:%m-%d}", one.alerts, minutes))
    title = showing.plain("chart.trend", what=await head_of(showing, of.asked))
    return partial(trend, bars, title, showing.plain("chart.alerts"), showing.plain("chart.minutes"))


async def cartogram(showing: Showing, of: Counted) -> Draw:
    """Draws a square for each town; of one town a square for each village."""
    squares = [Tile(short_name(part.name), one.alerts) for part, one in await places(of)]
    title = showing.plain("chart.map", what=await head_of(showing, of.asked))
    return partial(tiles, squares, title, showing.plain("chart.map_note"))


async def places(of: Counted) -> list[tuple[Area, Figures]]:
    """Returns the figures of each part of the area, in the order of their codes."""
    parts = await parts_of(of.asked.seen_by(of.person)[0])
    long = len(parts[0].code) if parts else 0
    found = figures.of_each(of.rows, lambda one: one.area_code[:long])
    return [(part, found.get(part.code) or figures.figures_of([])) for part in parts]


async def judges_board(showing: Showing, of: Counted) -> Draw:
    """Draws how many alerts each judge had."""
    found = list(figures.of_each(of.rows, lambda one: one.judge_id).items())[:MOST_BARS]
    names = await names_of(judge_id for judge_id, _one in found)
    rows = [Bar(names.get(judge_id, ""), one.alerts) for judge_id, one in found]
    title = showing.plain("chart.judges", what=await head_of(showing, of.asked))
    return partial(bars, rows, title, showing.plain("chart.alerts"))
