"""From the outbox to the phones: most urgent first, one message a chat at a time, made from the record as it is now."""

import asyncio
import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any

import structlog

from bot.transport.api import (
    ApiError,
    NoAnswerError,
    NotSentError,
    RetryAfterError,
    ServerError,
    UnauthorizedError,
    UnreachableError,
    Upload,
)
from bot.transport.channel import TELEGRAM, WEB, Way
from bot.transport.limiter import NoLimits
from bot.transport.metrics import Metrics
from bot.transport.router import where
from handlers.card import Card, Showing, kind_of
from handlers.length import CAPTION_LIMIT, TEXT_LIMIT, fitting
from storage.engine.database import Database
from storage.engine.failure import StorageUnavailableError
from storage.engine.unit import unit
from storage.people import endpoint, person
from storage.people.endpoint import Address
from storage.people.quiet import quiet_left
from storage.post import outbox
from storage.post.delivery import Delivery, last_delivery, last_forbidden
from storage.post.outbox import LEASE, OR_GOES, Lane, Outbox, OutboxState, Room

SIDE_BY_SIDE = 32
FOR_ALERTS = 8
"""Of these places, how many the other lanes leave free: an alert never waits for one."""
REFUSED_SECONDS = 30.0
_SHORT = 900
"""Units of a card that was too long for the far end."""
TOLD_EVERY = timedelta(hours=1)
"""So often the administrators are told that a kind of card can't be made or isn't taken."""
_MEDIA = {"photo": "sendPhoto", "voice": "sendVoice", "document": "sendDocument"}
"""What goes on by its id; every other kind goes on as a document."""
_ENDINGS = {"video": ".mp4", "animation": ".mp4", "video_note": ".mp4", "audio": ".mp3"}
_log = structlog.get_logger("dispatcher")


class Dispatcher:
    """Sends what is due. Woken at commits; a timer finds what a crash or a retry left."""

    def __init__(
        self, db: Database, channels: Mapping[str, Way], metrics: Metrics, nursery: asyncio.TaskGroup, holder: str
    ) -> None:
        """Takes as `holder` a name for this process that it keeps when it is started again."""
        self._db = db
        self._holder = holder
        self._channels = channels
        self._metrics = metrics
        self._nursery = nursery
        self._flying: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._stopping = False
        self._told: dict[str, datetime] = {}
        self._ended = asyncio.Event()
        db.rider = partial(self._claim, left_over=False)

    async def run(self, tick: float) -> None:
        """Sends what is due until `drain` is called."""
        try:
            while not self._stopping:
                self._db.committed.clear()
                try:
                    pause = self._pause(await self._launch(), tick)
                except StorageUnavailableError:
                    _log.error("outbox not readable, storage unavailable")
                    await self._db.clock.sleep(1)
                    continue
                await self._db.clock.wait(self._db.committed, pause)
        finally:
            self._ended.set()

    async def drain(self) -> None:
        """Takes no more and waits for what is being sent, also for what is being claimed this moment."""
        self._stopping = True
        self._db.committed.set()
        await self._ended.wait()
        if self._flying:
            await asyncio.wait(list(self._flying.values()))

    def cancel(self) -> None:
        """Gives up what `drain` waited for in vain; at the next start it is sent as a repeat."""
        for task in self._flying.values():
            task.cancel()

    def _pause(self, due: datetime | None, tick: float) -> float:
        """Returns the seconds to the next row, at most a tick: what is due already waits for a free chat or place."""
        left = (due - self._db.clock.now()).total_seconds() if due is not None else tick
        return left if 0 < left < tick else tick

    async def _launch(self) -> datetime | None:
        """Takes what there is room for; when the next is due."""
        while True:
            due = await outbox.next_due()
            if due is None or due > self._db.clock.now() or self._stopping or len(self._flying) >= SIDE_BY_SIDE:
                return due
            if not await self._db.unit(self._claim, "dispatcher"):
                return due

    async def _claim(self, *, left_over: bool = True) -> bool:
        """Takes what is due and has room, or only what nobody has taken before. Needs a unit.

        The rows are sent once that is on disk. Returns False where there is nothing.
        """
        places = 0 if self._stopping else SIDE_BY_SIDE - len(self._flying)
        if places <= 0:
            return False
        now, busy = unit().now, set(self._flying)
        for name, channel in self._channels.items():
            busy |= {(name, chat_id) for chat_id in channel.silence.chats(now)}
        channels = frozenset(name for name, channel in self._channels.items() if not channel.silence.everybody(now))
        quick = frozenset(name for name, channel in self._channels.items() if isinstance(channel.limiter, NoLimits))
        rows = await outbox.take_due(
            Room(places, max(0, places - FOR_ALERTS), channels, frozenset(busy), quick, self._holder),
            left_over=left_over,
        )
        if rows:
            unit().after_commit.append(partial(self._fly, rows))
        return bool(rows)

    def _fly(self, rows: list[Outbox]) -> None:
        for chat, some in groupby(rows, key=lambda row: (row.channel, row.chat_id)):
            self._flying[chat] = self._nursery.create_task(self._send_all(chat, list(some)))

    async def _send_all(self, chat: tuple[str, int], rows: list[Outbox]) -> None:
        """Sends a chat's messages one after the other.

        Those that there is no time for any more, or no use in trying after one that failed, are let go again.
        """
        try:
            for place, row in enumerate(rows):
                late = row.lease_until is None or row.lease_until - self._db.clock.now() < LEASE / 2
                if place and (late or self._stopping):
                    await self._db.unit(partial(outbox.release, rows[place:]), "dispatcher")
                    return
                if not await self._send(row):
                    await self._db.unit(partial(outbox.release, rows[place + 1 :]), "dispatcher")
                    return
        except StorageUnavailableError:
            _log.error("not let go; the leases will run out", outbox=rows[0].id)
        finally:
            self._flying.pop(chat, None)
            self._db.committed.set()

    async def _send(self, row: Outbox) -> bool:
        """Sends a message; returns False where it has to be tried again."""
        try:
            return await self._attempt(row)
        except StorageUnavailableError:
            _log.error("outcome not noted; the lease will run out", outbox=row.id)
        except Exception as error:  # noqa: BLE001 - a card that can't be made must not take the dispatcher along
            _log.error("card failed", outbox=row.id, kind=row.kind, error=type(error).__name__, where=where(error))
            if row.attempts < 5:
                await self._settle(row, None, 2.0**row.attempts)
            else:
                await self._lost(row)
        return False

    async def _lost(self, row: Outbox) -> None:
        """Gives up a card that can't be made: the record goes on without it, whoever asked for it hears so."""

        async def note() -> None:
            await outbox.end(row, OutboxState.FAILED)
            await self._tell_record(row)
            if row.lane is Lane.REPLY and row.fresh and row.kind != "text":
                args = {"key": "help.card_not_made", "number": row.id}
                to = Address(row.channel, row.chat_id, row.person_id)
                await outbox.put(to, "text", lane=Lane.REPLY, fresh=True, args=args)
            await self._tell_admins(row)

        await self._db.unit(note, f"outbox:{row.id}")

    @staticmethod
    async def _tell_record(row: Outbox) -> None:
        """Lets the record go on without its card. Needs a unit."""
        kind = kind_of(row.kind)
        if kind is not None and kind.undeliverable is not None:
            await kind.undeliverable(row)

    async def _tell_admins(self, row: Outbox) -> None:
        """Tells the administrators of a card that didn't get through by a fault of the program's, not too often. Needs
        a unit."""
        before = self._told.get(row.kind)
        if row.kind == "text" or (before is not None and unit().now - before < TOLD_EVERY):
            return
        self._told[row.kind] = unit().now
        await outbox.tell_all_admins("help.card_lost", kind=row.kind, number=row.id)

    async def _settle(
        self, row: Outbox, state: OutboxState | None, pause: float = 0, *, doubtful: bool = False
    ) -> None:
        async def note() -> None:
            if state is None:
                await outbox.put_back(row, pause, doubtful=doubtful)
            else:
                await outbox.end(row, state)

        await self._db.unit(note, f"outbox:{row.id}")

    async def _attempt(self, row: Outbox) -> bool:
        """Makes the card and sends it; returns False where it was refused or can't be sent here."""
        channel = self._channels.get(row.channel)
        kind = kind_of(row.kind)
        if kind is None:
            await self._unknown(row)
            return True
        if channel is None:
            await self._settle(row, None, 60)
            return False
        showing, since = await self._showing(row), await last_forbidden()
        card = await kind.render(showing)
        if card is None:
            await self._drop(row)
            return True
        if showing.person is not None and not card.urgent and quiet_left(showing.person, showing.now):
            card = replace(card, silent=True)
        if row.doubtful and row.lane is Lane.ALERT:
            card = card.marked(showing.text("alert.repeat"))
        page = card.for_page() if channel.shows_parts else None
        card = card.for_channel(shows_forms=channel.shows_parts)
        parts = [card.text, card.markup(), *([page] if page else [])]
        rendered = self._db.secrets.index(json.dumps(parts))  # only compared: it keeps no names
        before = None if row.fresh or not row.ref else await _shown(row)
        if before is not None and before.rendered == rendered and not row.arguments:
            await self._settle(row, OutboxState.DONE)
            return True
        if not card.method:
            with self._metrics.limiter_wait.labels(row.lane.name.lower()).time():
                await channel.limiter.wait(row.lane, row.chat_id)
        try:
            message_id = await self._call_or_shorter(channel, row, card, before)
        except (ApiError, NotSentError, NoAnswerError) as error:
            await self._refused(channel, row, error)
            return False
        channel.refused = False
        self._metrics.sent.labels(row.lane.name.lower(), "ok").inc()
        self._metrics.attempts.observe(row.attempts)
        self._metrics.deliveries.labels(row.kind).inc()
        waited = (self._db.clock.now() - row.created_at).total_seconds()
        self._metrics.to_phone.labels(row.lane.name.lower()).observe(max(0.0, waited))

        buttons = [button.tap.pack() for line in card.rows for button in line]

        async def note() -> None:
            await outbox.sent(row, message_id, rendered, card.shows, since, buttons)
            if kind.delivered is not None:
                await kind.delivered(row)

        try:
            await self._db.unit(note, f"outbox:{row.id}")
        except StorageUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - it was sent; whatever fails after that must not send it again
            _log.error("delivery not followed up", outbox=row.id, error=type(error).__name__, where=where(error))

            async def note_only_that() -> None:
                await outbox.sent(row, message_id, rendered, card.shows, since, buttons)
                await self._tell_admins(row)

            await self._db.unit(note_only_that, f"outbox:{row.id}")
        return True

    async def _unknown(self, row: Outbox) -> None:
        """Gives up a card that only another version, which put it there, can make; tells the administrators."""
        _log.error("unknown kind of card", outbox=row.id, kind=row.kind)

        async def note() -> None:
            await outbox.end(row, OutboxState.FAILED)
            await outbox.tell_all_admins("help.unknown_card", kind=row.kind, number=row.id)

        await self._db.unit(note, f"outbox:{row.id}")

    async def _drop(self, row: Outbox) -> None:
        """Drops a card that isn't made any more; a message that it was to show anew is removed from the phone."""

        async def note() -> None:
            before = await _shown(row) if row.arguments.get(OR_GOES) else None
            await outbox.end(row, OutboxState.DROPPED)
            if before is not None:
                await outbox.take_back([before])

        await self._db.unit(note, f"outbox:{row.id}")

    async def _showing(self, row: Outbox) -> Showing:
        recipient = await person.by_id(row.person_id)
        language = recipient.language if recipient else "zh_Hans"
        return Showing(
            ref=row.ref,
            args=row.arguments,
            person=recipient,
            language=language,
            now=self._db.clock.now(),
            repeat=row.doubtful,
            secrets=self._db.secrets,
            channel=row.channel,
            chat_id=row.chat_id,
        )

    async def _call_or_shorter(self, channel: Way, row: Outbox, card: Card, before: Delivery | None) -> int | None:
        """Sends the card; a short one where the far end finds it too long after all."""
        try:
            return await self._call(channel, row, card, before)
        except ApiError as error:
            if error.code != 400 or "too long" not in error.description.lower().replace("_", " "):
                raise
            _log.error("card too long", outbox=row.id, kind=row.kind)
            return await self._call(channel, row, replace(card, text=fitting(card.text, _SHORT)), before)

    async def _call(self, channel: Way, row: Outbox, card: Card, before: Delivery | None) -> int | None:
        """Sends or edits the message and returns its id, None for what isn't a message."""
        if card.method:
            await self._side_call(channel, row, card)
            return None
        shared: dict[str, Any] = {"chat_id": row.chat_id}
        markup = card.markup()
        if before is not None and card.place is None and card.file is None:
            name = "caption" if card.media is not None else "text"
            limit = CAPTION_LIMIT if card.media is not None else TEXT_LIMIT
            edited = {**shared, "message_id": before.message_id, name: fitting(card.text, limit), "parse_mode": "HTML"}
            if markup and "inline_keyboard" in markup:
                edited["reply_markup"] = markup
            if channel.shows_parts and (parts := card.for_page()):
                edited["card"] = parts
            if await self._edit(channel, f"editMessage{name.title()}", edited):
                return int(before.message_id)
        if markup:
            shared["reply_markup"] = markup
        if row.reply_to:
            shared["reply_parameters"] = {"message_id": row.reply_to, "allow_sending_without_reply": True}
        if card.silent:
            shared["disable_notification"] = True
        if channel.shows_parts and (parts := card.for_page()):
            shared["card"] = parts
        if card.place is not None:
            latitude, longitude = card.place
            result = await channel.api.call("sendLocation", {**shared, "latitude": latitude, "longitude": longitude})
        elif card.file is not None:
            made = card.file
            shared |= {"caption": fitting(card.text, CAPTION_LIMIT), "parse_mode": "HTML"}
            upload = Upload(made.kind, made.content, made.name)
            result = await channel.api.call(_MEDIA[made.kind], shared, upload=upload, seconds=60)
        elif card.media is not None:
            result = await self._send_media(channel, card, shared)
        else:
            shared |= {"text": fitting(card.text), "parse_mode": "HTML"}
            result = await channel.api.call("sendMessage", shared)
        return int(result["message_id"])

    async def _edit(self, channel: Way, method: str, edited: dict[str, Any]) -> bool:
        """Edits a message; returns False where it is gone and a new one must be sent."""
        try:
            await channel.api.call(method, edited)
        except ApiError as error:
            if "not modified" in error.description:
                return True
            if error.code == 400 and ("to edit" in error.description or "be edited" in error.description):
                return False
            raise
        return True

    async def _send_media(self, channel: Way, card: Card, shared: dict[str, Any]) -> Any:
        """Sends a file by its id on its own channel, or downloads it and sends it anew on another channel.

        That is needed where reporter and judge are on different channels, and for clips of every kind.
        """
        media = card.media
        assert media is not None
        shared |= {"caption": fitting(card.text, CAPTION_LIMIT), "parse_mode": "HTML"}
        if media.channel == channel.name and media.kind in _MEDIA:
            return await channel.api.call(_MEDIA[media.kind], {**shared, media.kind: media.file_id})
        origin = self._channels.get(media.channel)
        if origin is None:
            raise NotSentError("the file's channel isn't running")
        try:
            content = await origin.api.download(media.file_id)
        except (RetryAfterError, UnauthorizedError, ServerError, NoAnswerError) as error:
            raise NotSentError("the file's channel doesn't give it") from error  # no fault of the one that shall send
        except ApiError as error:
            raise ApiError(error.code, "the file is gone") from error
        kind = media.kind if media.kind in _MEDIA else "document"
        upload = Upload(kind, content, f"{media.kind}{_ENDINGS.get(media.kind, '')}")
        return await channel.api.call(_MEDIA[kind], shared, upload=upload, seconds=60)

    @staticmethod
    async def _side_call(channel: Way, row: Outbox, card: Card) -> None:
        """Menus and answers to taps: nice to have; a refusal is no reason to give the chat up."""
        try:
            await channel.api.call(card.method, card.parameters)
        except (RetryAfterError, NotSentError, NoAnswerError, ServerError):
            if card.method != "answerCallbackQuery":
                raise
        except ApiError as error:
            _log.info("refused", method=card.method, code=error.code, outbox=row.id)

    async def _refused(self, channel: Way, row: Outbox, error: Exception) -> None:
        """Decides by the kind of error what is done about a message that wasn't sent."""
        result = type(error).__name__.removesuffix("Error").lower()
        self._metrics.sent.labels(row.lane.name.lower(), result).inc()
        backoff = min(outbox.LONGEST_PAUSE.total_seconds(), 2.0 ** min(row.attempts, 9)) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        now = self._db.clock.now()
        if isinstance(error, RetryAfterError):
            channel.silence.keep(row.chat_id, now, error.seconds)
            await self._settle(row, None, error.seconds)
        elif isinstance(error, NoAnswerError):
            await self._settle(row, None, backoff, doubtful=True)
        elif isinstance(error, NotSentError | ServerError):
            await self._settle(row, None, backoff, doubtful=isinstance(error, ServerError))
        elif isinstance(error, UnauthorizedError):
            channel.silence.keep_all(now, REFUSED_SECONDS)
            await self._settle(row, None, REFUSED_SECONDS)
            await self.token_refused(channel)
        elif isinstance(error, ApiError) and isinstance(error.parameters.get("migrate_to_chat_id"), int):
            await self._moved(row, error.parameters["migrate_to_chat_id"])
        else:
            assert isinstance(error, ApiError)
            _log.warning("not delivered", outbox=row.id, kind=row.kind, code=error.code)
            await self._give_up(row, error)

    async def token_refused(self, channel: Way) -> None:
        """Tells the administrators once that the token is refused, by whatever other way there is to them."""
        if channel.refused:
            return
        channel.refused = True
        _log.error("the bot token is refused", channel=channel.name)
        await self._db.unit(partial(outbox.tell_all_admins, "help.token_refused"), "dispatcher")

    async def _moved(self, row: Outbox, chat_id: int) -> None:
        async def note() -> None:
            await endpoint.moved(row.channel, row.chat_id, chat_id)
            await outbox.renumber(row, chat_id)
            await outbox.put_back(row, 0, doubtful=False)

        await self._db.unit(note, f"outbox:{row.id}")

    @staticmethod
    async def _tell_elsewhere(row: Outbox) -> None:
        """Tells a person who can't be reached here any more, where they still can be reached."""
        if row.channel in (TELEGRAM, WEB) and row.person_id is not None:
            args = {"key": f"help.gone_{row.channel}"}
            await outbox.put_to_person(row.person_id, "text", lane=Lane.REPLY, fresh=True, args=args)

    async def _give_up(self, row: Outbox, error: ApiError) -> None:
        """Gives a message up for good, disables an endpoint that can't be reached, and tells the record."""

        async def note() -> None:
            await outbox.end(row, OutboxState.FAILED)
            if isinstance(error, UnreachableError) and await endpoint.disable(
                row.channel, row.chat_id, str(error.code)
            ):
                await self._tell_elsewhere(row)
            elif not isinstance(error, UnreachableError):
                await self._tell_admins(row)
            await self._tell_record(row)

        await self._db.unit(note, f"outbox:{row.id}")


async def _shown(row: Outbox) -> Delivery | None:
    return await last_delivery(row.channel, row.chat_id, row.kind, row.ref)
