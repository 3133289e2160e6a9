"""/court: what a court decides for itself: its hours, its telephone, its greeting."""

import re

from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.route import App, on_command
from storage.duty import court
from storage.people.access import Action

_ORDER = re.compile(r"(电话|上班|问候|phone|hours|greeting)\s*(.*)", re.I | re.S)


def register(app: App) -> None:
    on_command(app, "court", Action.PEOPLE, decide, menu=220)


async def decide(turn: Turn, words: str) -> None:
    """Answers `/court 上班 08:30-17:30`, `/court 电话 …`, `/court 问候 …`."""
    found = _ORDER.fullmatch(words) if words else None
    values = _values(found[1].lower(), found[2].strip()) if found is not None else {}
    if words and not values:
        await turn.say("court.how")
        return
    if values:
        await court.decide(turn.who.area_code, turn.who, **values)
    await turn.reply("court")


def _values(what: str, said: str) -> dict[str, str]:
    """Returns what is to be kept; nothing where it isn't understood."""
    if what in ("上班", "hours"):
        hours = court.hours_in(said)
        return {"opens": hours[0], "closes": hours[1]} if hours is not None else {}
    if what in ("电话", "phone"):
        return {"phone": said[:40]}
    return {"greeting": said[:200]}


@card("court")
async def show_court(showing: Showing) -> Card | None:
    if showing.person is None:
        return None
    mine = await court.of(showing.person.area_code)
    none = showing.plain("court.unset")
    said = {"phone": mine.phone or none, "greeting": mine.greeting or none}
    text = showing.text("court.card", opens=mine.opens, closes=mine.closes, **said)
    return Card(f"{text}\n{showing.text('court.how')}")
