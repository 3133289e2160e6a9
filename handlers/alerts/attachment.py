"""Photos, voice messages and places that come with a report, before or after it."""

from datetime import timedelta

from telegram import Message, Update
from telegram.ext import filters

from handlers.alerts.sighting import report
from handlers.callback import Tap
from handlers.card import Card, Media, Showing, card
from handlers.context import Turn
from handlers.describe import shows
from handlers.post import relay as relay_handlers
from handlers.route import App, on_said, on_tap
from storage.alerts import attachment, raising, sighting
from storage.alerts.attachment import Attachment, AttachmentKind
from storage.engine.unit import unit
from storage.people.access import Action, may
from storage.people.endpoint import Address
from storage.post.outbox import Lane, put

_LARGEST = 20_000_000
"""Bytes that the far end gives a bot to pass on."""
_ALBUM = timedelta(seconds=3)
"""So long the question about an album's photo waits for the caption, which may come with the last of them."""


def register(app: App) -> None:
    kinds = filters.PHOTO | filters.VOICE | filters.LOCATION | filters.VIDEO | filters.ANIMATION
    kinds |= filters.VIDEO_NOTE | filters.AUDIO | filters.Document.ALL
    on_said(app, filters.UpdateType.MESSAGE & kinds, received)
    on_tap("bare", send_bare, Action.REPORT)


async def received(turn: Turn, update: Update) -> None:
    """Keeps it; with a caption it is a report itself, else it belongs to what was just said or is said next."""
    message = update.effective_message
    if message is None or not may(turn.who, Action.REPORT):
        await turn.say("attachment.not_for_you")
        return
    row = await _keep(turn, message)
    if message.caption:
        said = await report(turn, message.caption, captioned=True)
        if row is not None and said.state is sighting.SightingState.NOT_SENT:
            await _follow(turn, row)  # the words were an answer, or rang nobody: it goes where they went
    elif row is not None and not await _follow(turn, row):
        delay = _ALBUM if message.media_group_id else None
        await put(turn.address, "say_who", row.id, lane=Lane.REPLY, delay=delay)
    if row is None:
        await turn.say("attachment.too_large")


async def _follow(turn: Turn, row: Attachment) -> bool:
    """Makes it part of what was said within ten minutes, and tells whether there is such: the answer to a judge's
    question, or the newest report that went out, whatever was said between."""
    home = await relay_handlers.answering(turn, unit().now - attachment.BELONGS)
    home = home or await sighting.newest_sent(turn.who.id, unit().now - attachment.BELONGS)
    if home is None:
        return False
    await attachment.belong(row, home.id)
    await raising.attach(home, row.id)
    await turn.reply("attached", home.id, fresh=False)
    return True


async def _keep(turn: Turn, message: Message) -> Attachment | None:
    """Records it; None where it is too large to be passed on."""
    if message.location is not None:
        place = message.location
        return await attachment.keep(
            turn.who, AttachmentKind.LOCATION, turn.channel, latitude=place.latitude, longitude=place.longitude
        )
    file = message.effective_attachment
    found = file[-1] if isinstance(file, list | tuple) else file
    file_id, size = str(getattr(found, "file_id", "")), getattr(found, "file_size", 0) or 0
    kind = AttachmentKind(next(one.value for one in AttachmentKind if getattr(message, one.value, None)))
    if size > _LARGEST:
        return None
    return await attachment.keep(turn.who, kind, turn.channel, file_id=file_id)


async def send_bare(turn: Turn, tap: Tap) -> None:
    """Sends up a photo or voice message without a sentence as it is: a person at the court looks at it."""
    row = await attachment.bare(tap.ref, turn.who.id)
    if row is None:
        await turn.refuse(f"attachment:{tap.ref}")
        return
    await turn.toast()
    made = await sighting.record(turn.who, turn.channel, turn.chat_id, 0, "")
    await attachment.belong(row, made.id)
    await sighting.settle(made, off_list=True)
    await raising.raise_for(made)
    await put(Address(turn.channel, turn.chat_id, turn.who.id), "receipt", made.id, lane=Lane.RECEIPT)


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
    if row.latitude is not None and row.longitude is not None:
        return Card(place=(row.latitude, row.longitude), shows=whom)
    media = Media(row.kind.value, row.channel, row.file_id)
    return Card(showing.text("attachment.caption", at=showing.at(row.at)), media=media, shows=whom)
