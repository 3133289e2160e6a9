"""Photos, voice messages and places that come with a report, before or after it."""

from telegram import Message, Update
from telegram.ext import filters

from handlers.alerts.sighting import report
from handlers.callback import Tap
from handlers.card import Card, Media, Showing, card
from handlers.context import Turn
from handlers.describe import shows
from handlers.route import App, on_said, on_tap
from storage.alerts import attachment, raising, sighting
from storage.alerts.attachment import Attachment, AttachmentKind
from storage.engine.unit import unit
from storage.people.access import Action, may
from storage.people.endpoint import Address
from storage.post.outbox import Lane, put


def register(app: App) -> None:
    kinds = filters.PHOTO | filters.VOICE | filters.LOCATION
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
        await report(turn, message.caption)
        return
    newest = await sighting.newest_of(turn.who.id, unit().now - attachment.BELONGS)
    if newest is None or newest.state is sighting.SightingState.NOT_SENT:
        await turn.reply("say_who", row.id, fresh=False)
        return
    await attachment.belong(row, newest.id)
    await raising.attach(newest, row.id)
    await turn.reply("attached", newest.id, fresh=False)


async def _keep(turn: Turn, message: Message) -> Attachment:
    if message.photo:
        return await attachment.keep(turn.who, AttachmentKind.PHOTO, turn.channel, file_id=message.photo[-1].file_id)
    if message.voice:
        return await attachment.keep(turn.who, AttachmentKind.VOICE, turn.channel, file_id=message.voice.file_id)
    place = message.location
    assert place is not None
    return await attachment.keep(
        turn.who, AttachmentKind.LOCATION, turn.channel, latitude=place.latitude, longitude=place.longitude
    )


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


async def unsupported(turn: Turn, _update: Update) -> None:
    """Answers a sticker, a file or a video kindly, with what works instead."""
    await turn.say("attachment.unsupported")


@card("say_who")
async def show_say_who(showing: Showing) -> Card | None:
    row = await attachment.by_id(showing.ref)
    if row is None:
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
