"""Figures as pictures: PNG for the chat, SVG for the page. Drawn with matplotlib, in a process of its own that is
started when the first is asked for: it holds the interpreter for a second at a time, and no alert waits for that. With
a Chinese font of our own, so that no machine shows empty boxes."""

import asyncio
import contextlib
import io
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from typing import Any

from locales import FONT

_GREEN, _RED, _GREY, _PALE = "#14532d", "#b91c1c", "#6b7280", "#e5e7eb"
_SHADES = ("#f1f5f2", "#cfe3d6", "#9cc5aa", "#5d9d74", "#2b7148", "#14532d")
Draw = Callable[[str], bytes]
"""Makes the picture in a format, png or svg. It is sent to the process that draws, so it is a function of this module
with its arguments."""
_PATIENCE = 60.0
_artist: list[ProcessPoolExecutor] = []


@dataclass(frozen=True)
class Bar:
    """One column: its label, how high it is, and the line's value above it, if any."""

    label: str
    height: float
    line: float | None = None


@dataclass(frozen=True)
class Tile:
    """One town of a cartogram."""

    label: str
    value: int


async def drawn(draw: Draw, kind: str) -> bytes:
    """Has a picture drawn. A process that has died meanwhile is replaced once."""
    loop = asyncio.get_running_loop()
    for last in (False, True):
        if not _artist:
            _artist.append(ProcessPoolExecutor(1, get_context("spawn"), initializer=_behind))
        try:
            return await asyncio.wait_for(loop.run_in_executor(_artist[0], draw, kind), _PATIENCE)
        except (BrokenProcessPool, TimeoutError):
            for one in _artist:
                one.shutdown(wait=False, cancel_futures=True)
            _artist.clear()
            if last:
                raise
    raise AssertionError("one of the two tries ends it")


def _behind() -> None:
    """Makes the drawing process give way to everything else, and end with the one that it draws for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(10)
    owner = parent_process()
    if owner is not None:
        threading.Thread(target=_end_with, args=(owner,), daemon=True).start()


def _end_with(owner: BaseProcess) -> None:
    owner.join()
    os._exit(0)


def trend(bars: Sequence[Bar], title: str, height_name: str, line_name: str, kind: str = "png") -> bytes:
    """Draws columns over time, and a line on an axis of its own. Not to be called in the event loop."""
    figure, axes = _blank(title)
    places = range(len(bars))
    axes.bar(places, [bar.height for bar in bars], color=_SHADES[3], width=0.7, label=height_name)
    every = max(1, len(bars) // 10)
    axes.set_xticks([n for n in places if n % every == 0], [bar.label for bar in bars[::every]])
    axes.set_ylim(0, max(1.0, 1.1 * max((bar.height for bar in bars), default=0)))
    axes.yaxis.get_major_locator().set_params(integer=True)
    handles = [*axes.containers]
    if any(bar.line is not None for bar in bars):
        beside = axes.twinx()
        beside.spines[["top", "left"]].set_visible(False)
        shown = [(n, bar.line) for n, bar in enumerate(bars) if bar.line is not None]
        handles += beside.plot(*zip(*shown, strict=True), color=_RED, marker="o", markersize=4, label=line_name)
        beside.set_ylim(0, max(5.0, 1.1 * max(value or 0 for _place, value in shown)))
        beside.tick_params(colors=_RED)
    figure.legend(handles=handles, loc="upper right", ncols=2, frameon=False, prop=_font(10))
    return _saved(figure, kind)


def bars(bars: Sequence[Bar], title: str, name: str, kind: str = "png") -> bytes:
    """Draws a bar for each place or person, the longest on top."""
    figure, axes = _blank(title, height=max(2.4, 0.34 * len(bars) + 1.2))
    places = range(len(bars) - 1, -1, -1)
    drawn = axes.barh(places, [bar.height for bar in bars], color=_SHADES[3], height=0.7)
    axes.bar_label(drawn, fmt="%d", padding=3, fontproperties=_font(10))
    axes.set_yticks(places, [bar.label for bar in bars], fontproperties=_font(11))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel(name, fontproperties=_font(10), color=_GREY)
    return _saved(figure, kind)


def tiles(towns: Sequence[Tile], title: str, note: str, kind: str = "png") -> bytes:
    """Draws a cartogram: a square for each town in the order of their codes, the darker the more.

    The area table has no outlines; `note` says so.
    """
    across = max(1, round(len(towns) ** 0.5 * 1.2))
    down = -(-len(towns) // across)
    figure, axes = _blank(title, height=max(2.4, 6.4 * down / across + 1.2))
    most = max((tile.value for tile in towns), default=0) or 1
    for n, tile in enumerate(towns):
        x, y = n % across, down - 1 - n // across
        shade = 0 if not tile.value else 1 + min(4, tile.value * 5 // (most + 1))
        axes.add_patch(_square(x, y, _SHADES[shade]))
        ink = "white" if shade > 3 else "black"
        size = 13 if len(tile.label) < 5 else 10
        axes.text(x + 0.5, y + 0.62, tile.label, ha="center", va="center", color=ink, fontproperties=_font(size))
        axes.text(x + 0.5, y + 0.3, str(tile.value), ha="center", va="center", color=ink, fontproperties=_font(15))
    axes.set_xlim(0, across)
    axes.set_ylim(0, max(1, down))
    axes.set_aspect("equal")
    axes.axis("off")
    figure.text(0.01, 0.01, note, fontproperties=_font(9), color=_GREY)
    return _saved(figure, kind)


def _square(x: int, y: int, shade: str) -> Any:
    from matplotlib.patches import FancyBboxPatch

    return FancyBboxPatch((x + 0.05, y + 0.05), 0.9, 0.9, boxstyle="round,pad=0,rounding_size=0.08", fc=shade, ec=_PALE)


@cache
def _font(size: float) -> Any:
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=str(FONT), size=size)


def _blank(title: str, height: float = 3.6) -> tuple[Any, Any]:
    """Makes a figure and its axes, without pyplot, which would keep every one of them."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, height), dpi=110, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    axes.set_title(title, fontproperties=_font(14), loc="left", color=_GREEN)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, axis="y", color=_PALE)
    axes.set_axisbelow(True)
    return figure, axes


def _saved(figure: Any, kind: str) -> bytes:
    for axes in figure.axes:
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            label.set_fontproperties(_font(10))
    made = io.BytesIO()
    figure.savefig(made, format=kind)
    return made.getvalue()
