"""/areas: the towns and villages of a court, one added, one given another name."""

import re

from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.form import Field, Form
from handlers.route import App, on_command
from storage.people import area
from storage.people.access import Action

_ADD = re.compile(r"(?:加|添加|新增|add)\s+(\S{1,40})\s+(\S+?)(?:\s+(\d{12}))?", re.I)
_RENAME = re.compile(r"(?:改|改名|rename)\s+(\S+)\s+(\S{1,40})", re.I)


def register(app: App) -> None:
    on_command(app, "areas", Action.PEOPLE, areas, menu=0)


async def areas(turn: Turn, words: str) -> None:
    """Answers `/areas`, `/areas 加 新村 七里乡`, with its code where there is one, and `/areas 改 周弄村 周弄新村`."""
    if found := _ADD.fullmatch(words):
        await _add(turn, found[1], found[2], found[3] or "")
    elif found := _RENAME.fullmatch(words):
        await _rename(turn, found[1], found[2])
    elif words:
        await turn.say("area.how")
    else:
        await turn.reply("areas")


async def _add(turn: Turn, name: str, where: str, code: str) -> None:
    town = await area.named(where, turn.who.area_code)
    if len(town) != 9:
        await turn.say("area.no_town", word=where)
    elif code and not code.startswith(town):
        await turn.say("area.code_elsewhere", code=code, town=town)
    elif made := await area.add_village(name, town, code, turn.actor):
        await turn.say("area.added", name=await area.full_name(made), code=made)
    else:
        await turn.say("area.there", name=name)


async def _rename(turn: Turn, was: str, name: str) -> None:
    code = await area.named(was, turn.who.area_code)
    if len(code) < 9:
        await turn.say("area.unknown", word=was)
        return
    done = await area.rename(code, name, turn.actor)
    await (
        turn.say("area.renamed", was=was, name=await area.full_name(code))
        if done
        else turn.say("area.there", name=name)
    )


@card("areas")
async def show_areas(showing: Showing) -> Card | None:
    if showing.person is None:
        return None
    within = showing.person.area_code
    towns = await area.count_villages(within)
    lines = [showing.text("area.head", name=await area.full_name(within), towns=len(towns))]
    lines += [showing.text("area.line", name=name, count=count) for name, count in towns]
    name = Field("name", showing.plain("area.form_name"))
    code = Field("code", showing.plain("area.form_code"), required=False)
    town = Field("town", showing.plain("area.form_town"), "select", tuple(one for one, _count in towns))
    was = Field("was", showing.plain("area.form_was"), "text", await area.area_names(within))
    forms = [
        Form(showing.plain("area.form_add"), "/areas 加 {name} {town} {code}", (name, town, code)),
        Form(showing.plain("area.form_rename"), "/areas 改 {was} {name}", (was, name)),
    ]
    return Card("\n".join(lines), forms=forms, how=showing.text("area.how"))
