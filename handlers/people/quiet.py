"""/quiet: hours in which what isn't urgent makes no noise."""

from handlers.context import Turn
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
    start, end = turn.who.quiet_from, turn.who.quiet_until
    if start is None or end is None:
        await turn.say("quiet.off")
    else:
        await turn.say("quiet.on", start=f"{start}:00", end=f"{end}:00")
