"""Asking back: the judge's question to the reporter and the answer, through the bot."""

from datetime import datetime

from telegram import Message

from handlers.callback import Tap
from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.describe import in_sight, reporter_name, shows
from handlers.length import shortened
from storage.alerts import alert, sighting
from storage.alerts.alert import OPEN
from storage.alerts.sighting import Sighting
from storage.desk import privacy
from storage.people.endpoint import Address
from storage.people.person import by_id
from storage.post import question, relay
from storage.post.delivery import delivery_of
from storage.post.outbox import Lane, put, put_to_person
from storage.post.question import Question, QuestionKind
from storage.post.relay import Direction, Relay
from storage.reading.read import asks_to_stay_unnamed


async def take(turn: Turn, message: Message) -> bool:
    """Tells whether the message is part of such a talk: a reply to a card, or the sentence that 问一句 waits for."""
    text = message.text or ""
    replied = message.reply_to_message
    if replied is not None:
        shown = await delivery_of(turn.channel, turn.chat_id, replied.message_id)
        if shown is not None and shown.kind in ("alert", "witness", "change"):
            return await _ask(turn, await _alert_behind(shown.kind, shown.ref), text)
        if shown is not None and shown.kind == "relay":
            return await _continue(turn, await relay.by_id(shown.ref), text)
    for row in await turn.questions(QuestionKind.ASK):
        await question.close(row.id)
        if await _ask(turn, row.ref, text):
            return True
    return False


async def take_unprompted(turn: Turn, text: str) -> bool:
    """Takes words that are no report, while a judge waits for an answer, as that; tells whether it did. One answer is
    what was asked for: what is said later goes on about the report, or is something else."""
    for row in await turn.questions(QuestionKind.ANSWER):
        asked = await _waiting(row)
        if asked is not None and await _continue(turn, asked, text):
            await question.close(row.id)
            return True
    return False


async def answering(turn: Turn, since: datetime) -> Sighting | None:
    """Finds the report about which a judge has asked this reporter: a question that still waits, or one answered since
    then about what isn't over. None where they have reported something since."""
    asked = [one for row in await turn.questions(QuestionKind.ANSWER) if (one := await _waiting(row)) is not None]
    answered = await relay.last_answer(turn.who.id, since)
    if answered is not None and await _is_open(answered):
        asked.append(answered)
    for said in asked:
        newer = await sighting.newest_sent(turn.who.id, said.at)
        if newer is None or newer.reported_at <= said.at:
            return await sighting.of_reporter(said.sighting_id, turn.who.id)
    return None


async def _waiting(row: Question) -> Relay | None:
    """Loads what a judge has asked, as long as they still want to know: not once what it is about is over."""
    asked = await relay.by_id(row.ref)
    if asked is None or not await _is_open(asked):
        await question.close(row.id)
        return None
    return asked


async def _is_open(said: Relay) -> bool:
    about = await alert.by_id(said.alert_id)
    return about is not None and about.state in OPEN


async def _alert_behind(kind: str, ref: int) -> int | None:
    if kind != "witness":
        return ref
    row = await sighting.by_id(ref)
    one = await alert.first_about(row.root_id) if row is not None else None
    return one.id if one else None


async def _ask(turn: Turn, alert_id: int | None, text: str) -> bool:
    """Sends the judge's words to everyone who reported it; tells whether the alert is the judge's."""
    held = await alert.held(alert_id, turn.who) if alert_id is not None else None
    if held is None:
        return False
    for report in await sighting.with_witnesses(held.sighting_id):
        if report.state is sighting.SightingState.WITHDRAWN:
            continue
        said = await relay.say(Direction.TO_REPORTER, held.id, report.id, turn.who, turn.who.id, text)
        to = Address(report.channel, report.chat_id, report.reporter_id)
        await put(to, "relay", said.id, lane=Lane.ALERT, fresh=True, reply_to=report.message_id or None)
        await question.ask(QuestionKind.ANSWER, report.channel, report.chat_id, report.reporter_id, said.id)
    await turn.say("relay.asked", about=await sighting.suspect_ids(held.sighting_id), of=held.sighting_id)
    return True


async def _continue(turn: Turn, before: Relay | None, text: str) -> bool:
    """Sends the next sentence of a talk to the other side; tells whether it could."""
    if before is None:
        return False
    if before.direction is Direction.TO_JUDGE:
        return await _ask(turn, before.alert_id, text)
    report = await sighting.of_reporter(before.sighting_id, turn.who.id)
    if report is None:
        return False
    if asks_to_stay_unnamed(text) and not report.confidential:
        await privacy.stay_unnamed(report)
        await turn.say("sighting.hidden")
    said = await relay.say(Direction.TO_JUDGE, before.alert_id, report.id, turn.who, before.asker_id, text)
    await put_to_person(before.asker_id, "relay", said.id, lane=Lane.ALERT, fresh=True)
    await turn.say("relay.answered", about=await sighting.suspect_ids(report.root_id))
    return True


async def ask_button(turn: Turn, tap: Tap) -> None:
    """Answers 问一句: asks for the sentence."""
    held = await alert.held(tap.ref, turn.who)
    if held is None:
        await turn.refuse(f"alert:{tap.ref}")
        return
    await question.ask(QuestionKind.ASK, turn.channel, turn.chat_id, turn.who.id, tap.ref)
    await turn.toast()
    await turn.reply("asking", tap.ref)


@card("asking")
async def show_asking(showing: Showing) -> Card | None:
    one = await alert.by_id(showing.ref)
    return Card(showing.text("relay.say_it"), expects_reply=True, of=one.sighting_id if one is not None else 0)


@card("relay")
async def show_relay(showing: Showing) -> Card | None:
    row = await relay.by_id(showing.ref)
    report = await sighting.with_reporter(row.sighting_id) if row is not None else None
    if row is None or report is None:
        return None
    text = shortened(row.text)
    if row.direction is Direction.TO_REPORTER:
        author, whom = await by_id(row.author_id), (await sighting.whole(report.root_id) or report)
        seen = in_sight(report.reporter, [one.debtor for one in whom.suspects])
        key = "relay.from_judge" if seen else "relay.from_court"
        words = showing.text(key, name=author.name if author is not None else "", text=text)
        return Card(words, shows=shows(reports=[report.id]))
    words = showing.text("relay.from_reporter", who=reporter_name(showing, report), text=text)
    return Card(words, shows=shows(reports=[report.id], reporters=[report]), of=report.root_id)
