"""Photos, voice messages and places that come with a report, before or after it."""

from datetime import timedelta

from telegram import Message, Update
from telegram.ext import filters

from handlers.alerts.sighting import explain, keep_unnamed, report
from handlers.callback import Tap
from handlers.card import Card, Media, Showing, card
from handlers.context import Turn
from handlers.describe import shows
from handlers.length import shortened
from handlers.post import relay as relay_handlers
from handlers.route import App, on_said, on_tap
from storage.alerts import alert, attachment, raising, sighting, unexplained
from storage.alerts.attachment import Attachment, AttachmentKind
from storage.alerts.sighting import Sighting, SightingState
from storage.engine.unit import unit
from storage.people.access import Action, may
from storage.post.outbox import OR_GOES, Lane, put
from storage.reading.read import Reading
from storage.reading.understand import understand

_LARGEST = 20_000_000
"""Bytes that the far end gives a bot to pass on."""
_TRANSCRIPT = 800
"""Characters of what was heard below a voice: a caption holds 1,024."""
_ALBUM = timedelta(seconds=3)
"""So long the question about an album's photo waits for the caption, which may come with the last of them."""


def register(app: App) -> None:
    kinds = filters.PHOTO | filters.VOICE | filters.LOCATION | filters.VIDEO | filters.ANIMATION
    kinds |= filters.VIDEO_NOTE | filters.AUDIO | filters.Document.ALL
    on_said(app, filters.UpdateType.MESSAGE & kinds, received)
    on_tap("bare", send_bare, Action.REPORT)
    on_tap("elsewhere", elsewhere, Action.REPORT)
    on_tap("unsend", unsend, Action.REPORT)


async def received(turn: Turn, update: Update) -> None:
    """Keeps it; with a caption it is a report itself, else it belongs to what was just said or is said next."""
    message = update.effective_message
    if message is None or not may(turn.who, Action.REPORT):
        await turn.say("attachment.not_for_you")
        return
    row = await _keep(turn, message)
    if message.caption:
        said = await report(turn, message.caption, captioned=True)
        if row is not None and said.state is SightingState.NOT_SENT:
            await _follow(turn, row)  # the words were an answer, or rang nobody: it goes where they went
    elif row is not None and not await _follow(turn, row, album=bool(message.media_group_id)):
        delay = _ALBUM if message.media_group_id else None
        await put(turn.address, "say_who", row.id, lane=Lane.REPLY, delay=delay)
    if row is None:
        await turn.say("attachment.too_large")


async def _follow(turn: Turn, row: Attachment, *, album: bool = False) -> bool:
    """Makes it part of what was said within ten minutes, and tells whether there is such: the answer to a judge's
    question, or the newest report that went out, whatever was said between. The pictures of an album get one answer
    together."""
    home = await relay_handlers.answering(turn, unit().now - attachment.BELONGS)
    home = home or await sighting.newest_sent(turn.who.id, unit().now - attachment.BELONGS)
    if home is None:
        return False
    await attachment.belong(row, home.id)
    await raising.attach(home, row.id)
    if album:
        await turn.reply("attached", home.id, fresh=False)
    else:
        await turn.reply("kept", row.id)
    return True


async def _taken_out(turn: Turn, tap: Tap) -> Attachment | None:
    """Takes one's own photo, voice or place out of the report with which it went."""
    row = await attachment.of_reporter(tap.ref, turn.who.id)
    home = await sighting.by_id(row.sighting_id) if row is not None and row.sighting_id is not None else None
    if row is None or home is None:
        await turn.refuse(f"attachment:{tap.ref}")
        return None
    await turn.toast()
    await raising.detach(home, row.id)
    return row


async def elsewhere(turn: Turn, tap: Tap) -> None:
    """Answers 这是另一个人 below a photo, voice or place: the next sentence says who it is."""
    row = await _taken_out(turn, tap)
    if row is not None:
        await attachment.set_free(row)
        await turn.reply("kept", row.id, fresh=False)
        await turn.reply("say_who", row.id)


async def unsend(turn: Turn, tap: Tap) -> None:
    """Answers 撤回 below a photo, voice or place: nobody sees it any more."""
    row = await _taken_out(turn, tap)
    if row is not None:
        await attachment.withdraw(row)
        await turn.reply("kept", row.id, fresh=False, gone=True)


async def _keep(turn: Turn, message: Message) -> Attachment | None:
    """Records it; None where it is too large to be passed on."""
    if message.location is not None:
        place = message.location
        return await attachment.keep(
            turn.who,
            AttachmentKind.LOCATION,
            turn.channel,
            chat_id=turn.chat_id,
            latitude=place.latitude,
            longitude=place.longitude,
        )
    file = message.effective_attachment
    found = file[-1] if isinstance(file, list | tuple) else file
    file_id, size = str(getattr(found, "file_id", "")), getattr(found, "file_size", 0) or 0
    kind = AttachmentKind(next(one.value for one in AttachmentKind if getattr(message, one.value, None)))
    if size > _LARGEST:
        return None
    return await attachment.keep(
        turn.who,
        kind,
        turn.channel,
        chat_id=turn.chat_id,
        message_id=0 if message.caption else message.message_id,
        said_at=turn.said_at,
        file_id=file_id,
    )


async def heard(turn: Turn, row: Attachment, words: str) -> None:
    """Reads what a machine has heard in a voice like what is typed, and shows it under the voice wherever that went.

    What isn't clearly a report stays with the voice: somebody at the court hears it, for doubt goes up.
    """
    if await attachment.by_id(row.id) is None:
        return  # taken back while the machine was listening
    await attachment.heard(row, words)
    home = await _home(row)
    if home is not None and home.state is SightingState.WITHDRAWN:
        return
    reading = (await understand(turn.who, words, unit().now)).answered
    if reading.confidential:
        about = home or await sighting.latest_of(turn.who.id, unit().now - sighting.CORRECTABLE)
        if about is not None:
            await keep_unnamed(turn, about)
    if home is None:
        await _report_heard(turn, row, words, reading)
    elif not (home.text or home.amended):
        if reading.is_lead and not reading.anaphoric and not reading.ambiguous:
            await sighting.is_spoken(home)
            await explain(turn, home, words, reading)
    elif await _names_somebody_else(home, reading):
        other = await report(turn, words, captioned=True, spoken=True)
        if other.state in (SightingState.ALERTED, SightingState.ASKING):
            await attachment.belong(row, other.id)
            await raising.attach(other, row.id)
    await raising.show_words(row)
    await put(turn.address, "say_who", row.id, lane=Lane.REPLY, args={OR_GOES: True})


async def _home(row: Attachment) -> Sighting | None:
    """Loads the report to which the voice belongs, as it stands: it may just be taken back in another chat."""
    home = await sighting.by_id(row.sighting_id) if row.sighting_id is not None else None
    if home is None:
        return None
    await raising.lock(home.root_id)
    return await sighting.by_id(home.id)


async def _report_heard(turn: Turn, row: Attachment, words: str, reading: Reading) -> None:
    """Reports what was heard in a voice that came by itself, if it is a report or goes on with one. Else the voice
    waits on, for a sentence or for somebody at the court."""
    goes_on = reading.anaphoric and await alert.running_of(turn.who.id, unit().now - sighting.CORRECTABLE)
    if not (reading.is_lead or goes_on):
        return
    said = await report(turn, words, captioned=True, spoken=True)
    if said.state is SightingState.NOT_SENT and not await _follow(turn, row):
        await attachment.release(said.id)


async def _names_somebody_else(home: Sighting, reading: Reading) -> bool:
    """Tells whether the words are a lead of their own, about others than the report with which the voice came."""
    if not reading.is_lead or not reading.guesses or reading.ambiguous:
        return False
    return not {guess.debtor_id for guess in reading.guesses} & set(await sighting.suspect_ids(home.root_id))


async def send_bare(turn: Turn, tap: Tap) -> None:
    """Sends up a photo or voice message without a sentence as it is: a person at the court looks at it."""
    row = await attachment.bare(tap.ref, turn.who.id)
    if row is None:
        await turn.refuse(f"attachment:{tap.ref}")
        return
    await turn.toast()
    await unexplained.raise_alone(row, turn.who)


async def unsupported(turn: Turn, update: Update) -> None:
    """Answers a sticker or a contact kindly, with what works instead; words that came with it are words."""
    message = update.effective_message
    if message is not None and message.caption and may(turn.who, Action.REPORT):
        await report(turn, message.caption)
        await turn.say("attachment.not_taken")
    else:
        await turn.say("attachment.unsupported")


@card("say_who")
async def show_say_who(showing: Showing) -> Card | None:
    row = await attachment.by_id(showing.ref)
    if row is None or row.sighting_id is not None:  # the words have come meanwhile
        return None
    words = showing.text("attachment.say_who", what=showing.plain(f"attachment.kind_{row.kind.value}"))
    return Card(words, [[showing.button("sighting.send_anyway", "bare", row.id)]])


@card("kept")
async def show_kept(showing: Showing) -> Card | None:
    """Shows with which report a photo, voice or place went, in its sender's own words, and two ways out."""
    row = await attachment.by_id(showing.ref)
    if row is None:
        return Card(showing.text("attachment.unsent")) if showing.args.get("gone") else None
    if row.sighting_id is None:
        return Card(showing.text("attachment.set_free"))
    home = await sighting.by_id(row.sighting_id)
    words = (home.amended or home.text) if home is not None else ""
    standing = await alert.of_sighting_root(home.root_id if home is not None else 0)
    key = "attachment.kept" if any(one.reachable for one in standing) else "attachment.kept_nobody"
    text = showing.text(
        key,
        what=showing.plain(f"attachment.kind_{row.kind.value}"),
        words=showing.text("attachment.with_words", words=shortened(words, 40)) if words else "",
    )
    ways = [
        showing.button("sighting.another", "elsewhere", row.id),
        showing.button("sighting.undo", "unsend", row.id),
    ]
    return Card(text, [ways], silent=True, shows=shows(reports=[row.sighting_id]))


@card("attached")
async def show_attached(showing: Showing) -> Card | None:
    count = len(await attachment.of_sighting(showing.ref))
    return Card(showing.text("attachment.attached", count=count), silent=True)


@card("attachment")
async def show_attachment(showing: Showing) -> Card | None:
    """Shows the judge the photo, voice message or place itself."""
    row = await attachment.by_id(showing.ref)
    if row is None:
        return None
    whom = shows(reports=[row.sighting_id] if row.sighting_id is not None else ())
    report = await sighting.by_id(row.sighting_id) if row.sighting_id is not None else None
    of = report.root_id if report is not None else 0
    if row.latitude is not None and row.longitude is not None:
        return Card(place=(row.latitude, row.longitude), shows=whom, of=of)
    media = Media(row.kind.value, row.channel, row.file_id)
    words = [showing.text("attachment.caption", at=showing.at(row.at))]
    if row.words:
        words.append(showing.text("attachment.transcript", text=shortened(row.words, _TRANSCRIPT)))
    return Card("\n".join(words), media=media, shows=whom, of=of)
