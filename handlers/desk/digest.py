"""/digest: the day's figures each morning, the week's on Monday."""

import re
from datetime import datetime, timedelta

import locales
from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.desk.figures import lines_of
from handlers.form import Field, Form
from handlers.route import App, on_command
from storage.alerts.alert import unanswered
from storage.desk import digest, figures
from storage.desk.digest import Rhythm
from storage.desk.listing import Asked
from storage.desk.staff import whom_nobody_wakes
from storage.engine.clock import day_bounds, local
from storage.engine.text import fold
from storage.people.access import Action, may
from storage.people.area import full_name

_HOUR = re.compile(r"(?:每天|每日|早上|上午)?\s*(\d{1,2})\s*(?:点|时|:00)?")
_WEEKLY = re.compile(r"(?:每周|每星期|周一|weekly)\s*(?:(\d{1,2})\s*(?:点|时|:00)?)?", re.I)
_OFF = re.compile("不要了?|取消|关|off", re.I)
MORNING = 8
_ASLEEP = 10
"""So many are named whom nothing wakes."""


def register(app: App) -> None:
    on_command(app, "digest", Action.LIST, want, menu=240)


async def want(turn: Turn, words: str) -> None:
    """Answers `/digest 8`, `/digest 每周`, `/digest 不要`; without words it shows what is wanted now."""
    said = fold(words)
    if _OFF.fullmatch(said):
        await digest.stop(turn.who)
    elif found := _WEEKLY.fullmatch(said) or _HOUR.fullmatch(said):
        rhythm = Rhythm.WEEKLY if found.re is _WEEKLY else Rhythm.DAILY
        await digest.want(turn.who, rhythm, int(found[1] or MORNING) % 24)
    elif words:
        await turn.say("digest.how")
        return
    await turn.reply("digests")


@card("digests")
async def show_digests(showing: Showing) -> Card | None:
    if showing.person is None:
        return None
    rows = await digest.of(showing.person.id)
    lines = [showing.text(f"digest.{row.rhythm.value}", hour=row.hour) for row in rows]
    hour = Field("hour", showing.plain("form.hour"), "number", value="8")
    forms = [
        Form(showing.plain("digest.form_daily"), "/digest {hour}", (hour,)),
        Form(showing.plain("digest.form_weekly"), "/digest 每周", ()),
        Form(showing.plain("digest.form_none"), "/digest 不要", ()),
    ]
    return Card("\n".join(lines or [showing.text("digest.none")]), forms=forms, how=showing.text("digest.how"))


@card("daily")
async def show_daily(showing: Showing) -> Card | None:
    """Shows yesterday's figures, and what waits now."""
    return await _digest(showing, day_bounds(_at(showing))[0], timedelta(days=1))


@card("weekly")
async def show_weekly(showing: Showing) -> Card | None:
    """Shows the figures of the last whole week, also where the card comes a day late."""
    today = day_bounds(_at(showing))[0]
    return await _digest(showing, today - timedelta(days=local(today).weekday()), timedelta(days=7))


def _at(showing: Showing) -> datetime:
    return datetime.fromisoformat(showing.args["at"])


async def _digest(showing: Showing, end: datetime, span: timedelta) -> Card | None:
    person = showing.person
    if person is None or not may(person, Action.LIST):
        return None
    since = end - span
    of = await figures.counted_between(Asked(), person, since, end)
    lines = lines_of(showing, figures.figures_of(of.rows), *await figures.earlier_than(of))
    waiting, _newest = await unanswered(person.area_code)
    when = locales.span(showing.language, local(since), local(end))
    head = showing.text("digest.head", area=await full_name(person.area_code), when=when)
    asleep = await whom_nobody_wakes(person) if may(person, Action.ROSTER) else []
    lines += [showing.text("digest.asleep", names="、".join(one.name for one in asleep[:_ASLEEP]))] if asleep else []
    return Card("\n".join([head, showing.text("digest.waiting", count=waiting), *lines]))
