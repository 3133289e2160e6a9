"""/court: what a court decides for itself: its hours, its telephone, its greeting."""

import re
from dataclasses import replace

from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.form import Field, Form
from handlers.route import App, on_command
from storage.duty import court
from storage.people.access import Action

_ORDER = re.compile(r"(电话|上班|值班|问候|phone|hours|duty|greeting)[:：\s]*(.*)", re.I | re.S)


def register(app: App) -> None:
    on_command(app, "court", Action.PEOPLE, decide, menu=440, awaits=True)


async def decide(turn: Turn, words: str) -> None:
    """Answers `/court 上班 8:30-17:30`, `/court 值班 17:30-8:30`, `/court 电话 …`, `/court 问候 …`."""
    found = _ORDER.fullmatch(words) if words else None
    values = _values(found[1].lower(), found[2].strip()) if found is not None else {}
    if words and not values:
        phone = found is not None and found[1].lower() in ("电话", "phone")
        key = "court.phone_how" if phone else "court.hours_how" if found is not None else "court.how"
        await turn.say(key, said=found[2].strip() if found is not None and phone else words)
        return
    if values:
        await court.decide(turn.who.area_code, turn.who, **values)
    await turn.reply("court")


def _values(what: str, said: str) -> dict[str, str]:
    """Returns what is to be kept; nothing where hours aren't understood. Office hours end on the day they begin."""
    if what in ("上班", "hours"):
        hours = court.hours_in(said)
        return {"opens": hours[0], "closes": hours[1]} if hours is not None and hours[0] < hours[1] else {}
    if what in ("值班", "duty"):
        hours = ("", "") if said in ("默认", "default") else court.hours_in(said)
        return {"duty_starts": hours[0], "duty_ends": hours[1]} if hours is not None else {}
    if what in ("电话", "phone"):
        phone = court.phone_in(said)
        return {"phone": phone} if phone else {}
    return {"greeting": said[:200]}


@card("court")
async def show_court(showing: Showing) -> Card | None:
    if showing.person is None:
        return None
    mine = await court.of(showing.person.area_code)
    none = showing.plain("court.unset")
    said = {"phone": await court.phone_of(mine.area_code) or none, "greeting": mine.greeting or none}
    duty = f"{mine.duty_starts} – {mine.duty_ends}" if mine.duty_starts else showing.plain("court.duty_default")
    text = showing.text("court.card", opens=mine.opens, closes=mine.closes, duty=duty, **said)
    words = Field("words", showing.plain("form.words"))
    hours = Field("from", showing.plain("form.from"), "time"), Field("until", showing.plain("form.until"), "time")
    forms = [
        Form(showing.plain("court.form_hours"), "/court 上班 {from}-{until}", _filled(hours, mine.opens, mine.closes)),
        Form(
            showing.plain("court.form_duty"),
            "/court 值班 {from}-{until}",
            _filled(hours, mine.duty_starts, mine.duty_ends),
        ),
        Form(showing.plain("court.form_default"), "/court 值班 默认", ()),
        Form(showing.plain("court.form_phone"), "/court 电话 {words}", (replace(words, value=mine.phone),)),
        Form(showing.plain("court.form_greeting"), "/court 问候 {words}", (words,)),
    ]
    return Card(text, forms=forms, how=showing.text("court.how"))


def _filled(fields: tuple[Field, ...], *values: str) -> tuple[Field, ...]:
    return tuple(replace(field, value=value) for field, value in zip(fields, values, strict=True))
