"""Reporting: one sentence in, one receipt that keeps changing out."""

import re
from dataclasses import replace
from datetime import timedelta

from telegram import Update

from handlers.callback import Tap
from handlers.card import Card, Showing, card
from handlers.cases import case as case_handlers
from handlers.context import Turn
from handlers.describe import in_sight, shows, witness_line
from handlers.length import shortened
from handlers.post import relay as relay_handlers
from handlers.route import App, on_tap
from storage.alerts import alert, asking, attachment, raising, sighting
from storage.alerts.sighting import Sighting, SightingState
from storage.cases.case import search
from storage.cases.debtor import debtors_by_id
from storage.cases.number import parse_case_no, parse_part
from storage.cases.plate import plate_asked
from storage.desk import listing, privacy
from storage.desk.listing import Asked
from storage.engine.text import fold
from storage.engine.unit import unit
from storage.people.access import Action, may
from storage.people.endpoint import Address
from storage.people.person import Person
from storage.post.outbox import Lane, put
from storage.reading.bearing import Bearing, bearing_of, says_who_came
from storage.reading.candidates import village_meant
from storage.reading.read import Manner, Reading, asks_to_stay_unnamed, may_be_named, only_asks_that
from storage.reading.understand import understand

LONGEST_QUESTION = 30
_OF_LATE = timedelta(days=90)
"""So far back goes what somebody asks after who has reported it."""
SURE_ENOUGH = 0.5
TOWN = 9
"""Digits of a town's code: whoever reports for so much doesn't say where."""


def register(app: App) -> None:
    on_tap("send", send_anyway, Action.REPORT)
    on_tap("wrong", not_him)
    on_tap("undo", undo)
    on_tap("hide", hide)
    on_tap("apart", apart)
    on_tap("idle", idle)
    on_tap("tell", tell, Action.CASE)
    on_tap("restore", restore)


# -- what comes in -----------------------------------------------------------------------------------------------


async def report(turn: Turn, text: str, *, captioned: bool = False, spoken: bool = False) -> Sighting:
    """Logs it first, then reads it, then tells whoever is concerned; returns the report as it stands then. What was
    sent before words that ring nobody waits on for others, unless they stood below it (`captioned`). Words that were
    `spoken` have been written down by a machine: they add, and take nothing back."""
    row = await sighting.record(
        turn.who,
        turn.channel,
        turn.chat_id,
        turn.message_id or 0,
        text,
        said_at=turn.said_at,
        recorded_at=unit().now if turn.said_at is not None else None,
        spoken=spoken,
    )
    reading = await _read(turn, text, spoken=spoken)
    earlier = await _earlier(turn, reading)
    about_earlier = reading.anaphoric or reading.corrects or not reading.is_lead
    hides = reading.confidential and about_earlier and earlier is not None
    if hides and earlier is not None:
        await keep_unnamed(turn, earlier)
    if reading.withdraws and earlier is not None and await _was_about(earlier, reading):
        await raising.withdraw(earlier)
        await turn.reply("taken_back", earlier.id)
    elif reading.corrects and earlier is not None and await _was_about(earlier, reading):
        await _correct(turn, earlier, text, reading)
    elif may_be_named(text) and not reading.is_lead:
        await relay_handlers.take_unprompted(turn, text)  # it may answer a judge who asked just that
        await turn.say("sighting.named_next")
    elif only_asks_that(text):
        if not hides:
            await turn.say("sighting.hidden_next")
    elif reading.anaphoric and (await _goes_on(turn, row, reading) or (hides and _is_idle(text))):
        pass
    elif reading.is_lead and not reading.anaphoric and (bare := await _bare(turn)) and not await _which(turn, reading):
        await explain(turn, bare, text, reading)
    elif reading.is_lead or (reading.manner is Manner.CHATTER and says_who_came(text)):
        await _take(turn, row, replace(reading, manner=Manner.LEAD))
    else:
        await turn.reply("not_lead", row.id, manner=reading.manner.value)
        if reading.manner is Manner.QUESTION and _ASKS_AFTER.search(text):
            await _show_mine(turn)
    if row.state is SightingState.NOT_SENT:
        await sighting.stay_with(row, turn.who, reading.confidential)
        if not captioned:
            await attachment.release(row.id)
    return row


_ASKS_AFTER = re.compile("(?:抓|找)[到住](?:没|了吗|吗)|有?结果|处理得|办得|进展|(?:上次|刚才|我)[^,，。]{0,4}报的?")


async def _show_mine(turn: Turn) -> None:
    """Shows somebody who asks after what they have reported what became of it."""
    asked = Asked(since=(unit().now - _OF_LATE).isoformat(), reporter_id=turn.who.id)
    kept = await listing.begin(turn.who, asked)
    await turn.reply("listing", kept.id, page=0)


_BARE_NAME = re.compile(r"[\u4e00-\u9fff·]{2,4}|[\u4e00-\u9fff()]{4,30}(?:公司|厂|合作社|商行|店)")


async def asked(turn: Turn, text: str) -> bool:
    """Takes a bare number, plate or name from somebody who may also ask (a town's secretary) as a question, with a way
    to report it all the same; tells whether it was one."""
    said = fold(text).strip("。.?？!！ ")
    number = parse_case_no(said) or parse_part(said) or plate_asked(said)
    named = len(said) <= LONGEST_QUESTION and _BARE_NAME.fullmatch(said) is not None
    if not number and not (named and await search(turn.who, said, 1)):
        return False
    if not parse_case_no(said) and not named and await alert.running_of(turn.who.id, unit().now - sighting.CORRECTABLE):
        return False  # a house number, the end of a plate: it goes on about what was reported
    await case_handlers.case(turn, said)
    await _offer(turn, text, await understand(turn.who, text, unit().now))
    return True


async def offered(turn: Turn, text: str) -> bool:
    """Offers to report what somebody says who asks and supervises (林永福在家); tells whether it was a report."""
    reading = await understand(turn.who, text, unit().now)
    if not (reading.is_lead and reading.guesses and reading.confidence >= SURE_ENOUGH) or await search(
        turn.who, text[:60], 1
    ):
        return False
    await _offer(turn, text, reading)
    return True


async def _offer(turn: Turn, text: str, reading: Reading) -> None:
    kept = await listing.keep(turn.who, Asked(words=text[:500]))
    await turn.reply("offer", kept.id, ids=[guess.debtor_id for guess in reading.guesses])


async def tell(turn: Turn, tap: Tap) -> None:
    """Answers 报线索 below a question: it goes to whoever is concerned like any other report."""
    kept = await listing.of(tap.ref, turn.who.id)
    if kept is None or not kept.what.words:
        await turn.refuse(f"listing:{tap.ref}")
        return
    await turn.toast()
    row = await sighting.record(turn.who, turn.channel, turn.chat_id, 0, kept.what.words)
    await listing.spend(kept)
    reading = await understand(turn.who, row.text, unit().now)
    people = await debtors_by_id(guess.debtor_id for guess in reading.guesses)
    homes = {one.area_code for one in people.values()}
    if len(row.area_code) <= TOWN and len(homes) == 1:
        await sighting.place_in(row, homes.pop())
    await _take(turn, row, replace(reading, manner=Manner.LEAD))
    await _receipt(row)
    await turn.reply("offer", kept.id, fresh=False)


async def explain(turn: Turn, bare: Sighting, text: str, reading: Reading) -> None:
    """Takes the words that a report without any waited for, a photo or voice that went up by itself."""
    if reading.confidential:
        await keep_unnamed(turn, bare)
    await sighting.note_reading(bare, reading)
    await _correct(turn, bare, text, reading)


async def _bare(turn: Turn) -> Sighting | None:
    return await sighting.newest_bare(turn.who.id, unit().now - attachment.BELONGS)


async def _read(turn: Turn, text: str, *, spoken: bool) -> Reading:
    reading = (await understand(turn.who, text, unit().now)).answered
    if spoken:
        return replace(reading, withdraws=False, corrects=False)
    if _TAKES_BACK.fullmatch(fold(text).strip("。.!！~ ")):
        return Reading(Manner.NEGATION, withdraws=True)
    return reading


_TAKES_BACK = re.compile("(?:都|全)?撤(?:回|销|掉|了)(?:报告|掉|吧|了)*|取消报告|(?:[报搞弄说看]?错了[,， ]*)+")
"""How somebody takes back who says nothing else."""


async def _earlier(turn: Turn, reading: Reading) -> Sighting | None:
    """Finds the report of before to which the words refer: the newest, or of several the newest that is about whom
    they deny (阿福那个看错了)."""
    if not (reading.withdraws or reading.corrects or reading.confidential):
        return None
    since = unit().now - sighting.CORRECTABLE
    newest = await sighting.latest_of(turn.who.id, since)
    if newest is None or not reading.denies or await _was_about(newest, reading):
        return newest
    for row in await sighting.recent_of(turn.who.id, since):
        if await _was_about(row, reading):
            return row
    return newest


async def _was_about(earlier: Sighting, reading: Reading) -> bool:
    """Tells whether a correction is about this report: 不是老林 takes nothing back from one about somebody else."""
    said = f"{earlier.text} {earlier.amended}"
    if not reading.denies or any(words in said for words in reading.denies):
        return True
    return bool(set(reading.denied) & set(await sighting.suspect_ids(earlier.id)))


def _is_idle(text: str) -> bool:
    return bearing_of(text, asks=False) is Bearing.IDLE


async def _goes_on(turn: Turn, row: Sighting, reading: Reading) -> bool:
    """Takes words without a name as going on about what was said, and tells whether they do: they answer a judge's
    question, or, while an alert of this reporter runs, are for its judges (他要走了)."""
    if await relay_handlers.take_unprompted(turn, row.text):
        return True
    if reading.manner is Manner.QUESTION and _ASKS_AFTER.search(row.text):
        await _show_mine(turn)
        return True
    if reading.manner is Manner.GREETING:
        return False
    running = await alert.running_of(turn.who.id, unit().now - sighting.CORRECTABLE)
    if running is None:
        return False
    bearing = bearing_of(row.text, asks=reading.manner is Manner.QUESTION)
    if bearing is Bearing.IDLE:
        return False
    if bearing is Bearing.APART:
        await _take(turn, row, replace(reading, manner=Manner.LEAD))
        return True
    row.urgent = reading.urgent
    await raising.join(row, running, unsure=bearing is Bearing.UNSURE)
    await turn.reply("passed_on", row.id)
    return True


async def edited(turn: Turn, update: Update) -> None:
    """Answers an edit of a sentence already sent: the judge sees the new wording, and who is meant is read anew."""
    message = update.effective_message
    if message is None or not may(turn.who, Action.REPORT):
        return
    row = await sighting.at_message(turn.channel, turn.chat_id, message.message_id)
    text = message.text or message.caption or ""
    if not text:
        return
    if row is None or row.state is SightingState.NOT_SENT:
        await report(turn, text)
    elif row.state is not SightingState.WITHDRAWN and text not in (row.text, row.amended):
        reading = (await understand(turn.who, text, unit().now)).answered
        if reading.confidential:
            await keep_unnamed(turn, row)
        await _correct(turn, row, text, reading)


async def _take(turn: Turn, row: Sighting, reading: Reading) -> None:
    if not reading.confidential and await sighting.is_unnamed(turn.who.id, unit().now - attachment.BELONGS):
        reading = replace(reading, confidential=True)  # asked for a moment ago, for this or for what came before
    if len(reading.guesses) > 1 and not reading.ambiguous and row.text.count("在") > 1:
        reading = replace(reading, place="")  # each is somewhere else: the sentence says who is where
    await sighting.note_reading(row, reading)
    await _place_in_area(turn.who, row, reading)
    if offered := await _which(turn, reading):
        await sighting.set_state(row, SightingState.ASKING)
        await asking.ask_which(turn.address, turn.who, row, offered)
        await _receipt(row)
    else:
        first = await raising.raise_for(row)
        if first is not None and first.reporter_id == row.reporter_id:
            await (turn.reply("passed_on", row.id) if await _may_know(turn.who, row) else _receipt(row))
            if asks_to_stay_unnamed(row.text):
                await turn.say("sighting.hidden")
    if reading.confidential:  # also in what they said before, to go on about it or to take it back
        await privacy.stay_unnamed(row)
        await raising.refresh_sighting(row.root_id)


async def _which(turn: Turn, reading: Reading) -> list[int]:
    """Lists those who may be meant where it isn't sure, as far as the reporter may be told of them."""
    ids = [guess.debtor_id for guess in reading.guesses] if reading.ambiguous else []
    people = await debtors_by_id(ids)
    return [one.id for one in in_sight(turn.who, [people[one] for one in ids if one in people])]


async def _may_know(reporter: Person, row: Sighting) -> bool:
    return bool(in_sight(reporter, [one.debtor for one in await sighting.suspects_of(row)]))


async def _place_in_area(reporter: Person, row: Sighting, reading: Reading) -> None:
    """Places the report in the village that is spoken of, if the reporter works in several."""
    if len(reporter.area_codes) > 1:
        homes = {suspect.debtor.area_code for suspect in await sighting.suspects_of(row)}
        home = homes.pop() if len(homes) == 1 else ""
        await sighting.place_in(row, await village_meant(reporter.area_codes, row.text, home))


async def _correct(turn: Turn, row: Sighting, text: str, reading: Reading) -> None:
    before = set(await sighting.suspect_ids(row.id))
    settled = not reading.ambiguous and bool(reading.guesses or (reading.corrects and reading.denies))
    if settled and {guess.debtor_id for guess in reading.guesses} != before:
        await raising.stand_alone(row)
    await sighting.amend(row, text)
    if settled:
        await sighting.settle(row, place=reading.place)
        await sighting.set_suspects(row, {guess.debtor_id: guess.evidence for guess in reading.guesses})
        await asking.close_which(row.id)
    await raising.retarget(row)
    await _receipt(row)
    await turn.say("sighting.corrected")


async def _receipt(row: Sighting) -> None:
    to = Address(row.channel, row.chat_id, row.reporter_id)
    await put(to, "receipt", row.id, lane=Lane.RECEIPT, reply_to=row.message_id)


# -- taps on the receipt -----------------------------------------------------------------------------------------


async def _own(turn: Turn, tap: Tap) -> Sighting | None:
    row = await sighting.of_reporter(tap.ref, turn.who.id)
    if row is None:
        await turn.refuse(f"sighting:{tap.ref}")
    return row


async def send_anyway(turn: Turn, tap: Tap) -> None:
    """Answers 就按线索报上去: it was read as no report, a person at the court shall look at it."""
    row = await _own(turn, tap)
    if row is None:
        return
    await turn.toast()
    if row.state is SightingState.NOT_SENT:
        await attachment.gather_recent(turn.who, row.id)
        await sighting.note_reading(row, replace(await understand(turn.who, row.text, unit().now), manner=Manner.LEAD))
        await raising.raise_for(row)
    await _receipt(row)


async def not_him(turn: Turn, tap: Tap) -> None:
    """Answers 不是他: the judges hear at once that it is somebody else; the reporter says who."""
    row = await _own(turn, tap)
    if row is None:
        return
    await turn.toast()
    if row.state is not SightingState.ALERTED:
        await _receipt(row)
        return
    wrong, joined = await sighting.suspect_ids(row.id), row.joined_id
    await raising.stand_alone(row, only=True)
    await sighting.part(row)
    await raising.retarget(row)
    if joined is not None:
        await raising.refresh_sighting(joined)
    others = await asking.others_nearby(row.area_code, wrong)
    if others:
        await asking.ask_which(turn.address, turn.who, row, others)
    else:
        await turn.say("sighting.then_who")
    await _receipt(row)


async def undo(turn: Turn, tap: Tap) -> None:
    """Answers 撤回: takes the report back."""
    row = await _own(turn, tap)
    if row is None:
        return
    await turn.toast()
    if row.state is not SightingState.WITHDRAWN:
        await asking.close_which(row.id)
        await raising.withdraw(row)
    await _receipt(row)


async def restore(turn: Turn, tap: Tap) -> None:
    """Answers 恢复 below what was just taken back by a slip of the finger."""
    row = await _own(turn, tap)
    if row is None:
        return
    if row.state is SightingState.WITHDRAWN and await raising.restore(row):
        await turn.toast("sighting.restored")
    else:
        await turn.toast("sighting.not_restored", loud=True)
    await _receipt(row)


async def hide(turn: Turn, tap: Tap) -> None:
    """Answers 替我保密: keeps the reporter unnamed."""
    row = await _own(turn, tap)
    if row is not None:
        await turn.toast("sighting.hidden_toast")
        await keep_unnamed(turn, row)


async def keep_unnamed(turn: Turn, row: Sighting) -> None:
    """Hides the reporter, and says so."""
    await privacy.stay_unnamed(row)
    await raising.refresh_sighting(row.root_id)
    await _receipt(row)
    if not turn.query_id:
        await turn.say("sighting.hidden")


async def apart(turn: Turn, tap: Tap) -> None:
    """Answers 这是另一个人 below what was passed on: it becomes a report of its own."""
    row = await _part(turn, tap)
    if row is not None:
        await _place_in_area(turn.who, row, await understand(turn.who, row.text, unit().now))
        await raising.raise_for(row)
        await _receipt(row)


async def idle(turn: Turn, tap: Tap) -> None:
    """Answers 不是报告 below what was passed on: the judge hears that it has nothing to do with it."""
    row = await _part(turn, tap)
    if row is not None:
        await sighting.set_state(row, SightingState.NOT_SENT)


async def _part(turn: Turn, tap: Tap) -> Sighting | None:
    """Parts what was passed on from the report it was taken for, and shows it anew; None where it is apart already. The
    card is made after the tap is handled, and says what has become of it."""
    row = await _own(turn, tap)
    if row is None:
        return None
    await turn.toast()
    await turn.reply("passed_on", row.id, fresh=False)
    if row.joined_id is None or row.state is not SightingState.ALERTED:
        return None
    await raising.part(row)
    return row


# -- cards -------------------------------------------------------------------------------------------------------


@card("not_lead")
async def show_not_lead(showing: Showing) -> Card | None:
    """Shows that nothing was reported; a greeting gets one back, everything else can be sent up all the same."""
    manner = Manner(showing.args["manner"])
    button = showing.button("sighting.send_anyway", "send", showing.ref)
    return Card(showing.text(f"sighting.not_{manner.value}"), [] if manner is Manner.GREETING else [[button]])


@card("offer")
async def show_offer(showing: Showing) -> Card | None:
    """Shows who asked about somebody that it can be reported as well."""
    row = await listing.of(showing.ref, showing.person.id) if showing.person is not None else None
    if row is None:
        return None
    if not row.what.words:
        return Card(showing.text("sighting.offer_taken"))
    words = showing.text("sighting.offer", text=shortened(row.what.words, 60))
    whom = shows(showing.args.get("ids", ()))
    return Card(words, [[showing.button("sighting.tell", "tell", row.id)]], shows=whom)


@card("witness")
async def show_witness(showing: Showing) -> Card | None:
    """Shows the judge who has the card already what a second reporter says, or the first one going on."""
    row = await sighting.with_reporter(showing.ref)
    if row is None:
        return None
    if row.joined_id is None or row.state is SightingState.WITHDRAWN:
        if not showing.args.get("parted"):
            return None
        words = shortened(row.amended or row.text, 200)
        return Card(showing.text("sighting.not_this", text=words), shows=shows(reports=[row.id]))
    if not await alert.has_card(row.joined_id, showing.channel, showing.chat_id):
        return None  # the card is still to come, with these words on it
    text = witness_line(showing, row, await sighting.root_of(row))
    if showing.args.get("unsure"):
        text = f"{text}\n{showing.text('sighting.maybe_unrelated')}"
    return Card(text, urgent=row.urgent, shows=shows(reports=[row.id], reporters=[row]), of=row.joined_id)
