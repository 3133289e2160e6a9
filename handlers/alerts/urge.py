"""催办: who answers for an area asks the judge on, with a word of their own if they reply to the
card of the case or the lead."""

from datetime import timedelta

from telegram import Message

from handlers.callback import Tap
from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.describe import shows
from handlers.length import shortened
from handlers.route import App, on_tap
from storage.alerts import alert, sighting, steps
from storage.alerts.alert import Alert
from storage.engine.unit import unit
from storage.people.access import Action, may
from storage.people.area import contains, full_name
from storage.post.delivery import delivery_of

LONGEST = 300
ONCE_IN = timedelta(minutes=1)
"""A tap more within it doesn't ring; words always go on."""


def register(app: App) -> None:
    on_tap("urge", urge, Action.URGE)


async def urge(turn: Turn, tap: Tap) -> None:
    """Answers 催办, the button on a case's card."""
    one = await alert.by_id(tap.ref)
    if one is None or not contains(turn.who.area_code, one.area_code):
        await turn.refuse(f"alert:{tap.ref}")
        return
    if await alert.was_urged(one.id, unit().now - ONCE_IN):
        await turn.toast("urge.just_now", loud=True)
        return
    await turn.toast()
    await _urge(turn, [one], "")


async def take(turn: Turn, message: Message) -> bool:
    """Tells whether the message is a reply to a case's card; if so, its words go with the urging."""
    replied = message.reply_to_message
    if replied is None or not may(turn.who, Action.URGE):
        return False
    shown = await delivery_of(turn.channel, turn.chat_id, replied.message_id)
    if shown is None or shown.kind not in ("case", "lead"):
        return False
    mine = await _about(shown.kind, shown.ref, turn.who.area_code)
    await _urge(turn, mine, (message.text or "").strip()[:LONGEST])
    return True


async def _about(kind: str, ref: int, area_code: str) -> list[Alert]:
    if kind == "case":
        return await alert.about_case(ref, area_code)
    return [one for one in await alert.of_sighting_root(ref) if contains(area_code, one.area_code)]


async def _urge(turn: Turn, alerts: list[Alert], words: str) -> None:
    names = [name for one in alerts if one.state in alert.OPEN for name in await steps.urge(one, turn.who, words)]
    about = [number for one in alerts for number in await sighting.suspect_ids(one.sighting_id)]
    if names:
        await turn.say("urge.done_words" if words else "urge.done", names="、".join(dict.fromkeys(names)), about=about)
    else:
        await turn.say("urge.nothing", about=about)


@card("urged")
async def show_urged(showing: Showing) -> Card | None:
    """Shows who urges and about which report; obsolete once the alert has ended."""
    row = await alert.event(showing.ref)
    report = await sighting.whole(row.alert.sighting_id) if row is not None else None
    if row is None or report is None or row.actor is None or row.alert.state not in alert.OPEN:
        return None
    who = "、".join(suspect.debtor.name for suspect in report.suspects)
    text = showing.text(
        "urge.card",
        name=row.actor.name,
        who=who or showing.plain("sighting.off_list"),
        village=await full_name(row.alert.area_code),
        at=showing.at(row.alert.raised_at),
        words=f"“{shortened(row.words)}”" if row.words else "",
    )
    whom = shows([suspect.debtor_id for suspect in report.suspects], [report.id])
    return Card(text.strip(), urgent=True, shows=whom, of=report.id)
