"""/quiet: hours in which what isn't urgent makes no noise."""

from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.form import Field, Form
from handlers.route import App, on_command
from storage.people import quiet
from storage.people.access import Action

_OFF = {"off", "0", "关", "关闭", "取消", "不要"}


def register(app: App) -> None:
    on_command(app, "quiet", Action.EVERYONE, quiet_, menu=430, awaits=True)


async def quiet_(turn: Turn, words: str) -> None:
    """Answers `/quiet 22-7`, which sets the hours, `/quiet off`, which ends them, and `/quiet`, which shows them."""
    hours = quiet.hours_in(words)
    if hours is not None:
        await quiet.keep(turn.who, hours)
    elif words.lower() in _OFF:
        await quiet.keep(turn.who, None)
    elif words:
        await turn.say("quiet.unknown")
        return
    await turn.reply("quiet")


@card("quiet")
async def show_quiet(showing: Showing) -> Card | None:
    if showing.person is None:
        return None
    start, end = showing.person.quiet_from, showing.person.quiet_until
    is_set = start is not None and end is not None
    text = showing.text("quiet.on", start=f"{start}:00", end=f"{end}:00") if is_set else showing.text("quiet.off")
    hours = (
        Field("from", showing.plain("form.from"), "time", value=f"{start:02}:00" if start is not None else "22:00"),
        Field("until", showing.plain("form.until"), "time", value=f"{end:02}:00" if end is not None else "07:00"),
    )
    forms = [Form(showing.plain("quiet.form"), "/quiet {from}-{until}", hours)]
    forms += [Form(showing.plain("quiet.form_off"), "/quiet 关", ())] if is_set else []
    return Card(text, forms=forms, how=showing.text("quiet.how"))
