"""/import: the office's files, taken in on the page; which were, and the last of them taken back."""

from handlers.callback import Tap
from handlers.card import Button, Card, Showing, card
from handlers.context import Turn
from handlers.form import Field, Form
from handlers.route import App, on_command, on_tap
from storage.imports import journal
from storage.imports.journal import InUseError
from storage.people.access import Action
from storage.people.area import county_of

SHOWN = 5


def register(app: App) -> None:
    on_command(app, "import", Action.PEOPLE, show, menu=360)
    on_tap("unimport", ask, Action.PEOPLE)
    on_tap("unimported", take_back, Action.PEOPLE)
    on_tap("imports", keep, Action.PEOPLE)


async def show(turn: Turn, _words: str) -> None:
    await turn.reply("imports")


async def ask(turn: Turn, tap: Tap) -> None:
    """Answers 撤销导入: asks once."""
    await turn.toast()
    await turn.reply("imports", fresh=False, asks=tap.ref)


async def keep(turn: Turn, _tap: Tap) -> None:
    await turn.toast()
    await turn.reply("imports", fresh=False)


async def take_back(turn: Turn, tap: Tap) -> None:
    """Takes the newest import back; refuses another, which may not be theirs or may have been taken back."""
    row = await journal.last(county_of(turn.who.area_code))
    if row is None or row.id != tap.ref:
        await turn.refuse(f"import:{tap.ref}")
        return
    await turn.toast()
    try:
        await journal.undo(row, turn.actor)
    except InUseError as error:
        await turn.say("imports.in_use", file=row.file, count=error.args[1])
    await turn.reply("imports", fresh=False)


@card("imports")
async def show_imports(showing: Showing) -> Card | None:
    if showing.person is None:
        return None
    county = county_of(showing.person.area_code)
    runs, newest = await journal.runs(SHOWN, county), await journal.last(county)
    lines = [showing.text("imports.title")]
    for run in runs:
        key = "imports.run_undone" if run.undone_at is not None else "imports.run"
        kind = showing.plain(f"imports.kind_{run.kind}")
        values = {"file": run.file, "added": run.added, "changed": run.changed}
        lines.append(showing.text(key, at=showing.at(run.at), kind=kind, **values))
    if not runs:
        lines.append(showing.text("imports.none_yet"))
    buttons: list[list[Button]] = []
    if newest is not None and showing.args.get("asks") == newest.id:
        lines.append(showing.text("imports.sure", file=newest.file))
        yes = showing.button("imports.take_back_yes", "unimported", newest.id)
        buttons.append([yes, showing.button("imports.take_back_no", "imports", newest.id)])
    elif newest is not None:
        buttons.append([showing.button("imports.take_back", "unimport", newest.id)])
    form = Form(showing.plain("imports.form"), "", (Field("file", showing.plain("imports.form_file"), "file"),))
    return Card("\n".join(lines), buttons, forms=[form], how=showing.text("imports.how"))
