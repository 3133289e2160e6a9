"""From the inbox to the handlers: a chat's updates in order, chats side by side, each in one transaction."""

import asyncio
import json
from collections import OrderedDict
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from telegram import Update

from bot.transport.channel import Channel
from bot.transport.metrics import Metrics
from bot.transport.update import readable
from handlers.alerts import attachment as attachment_handlers
from handlers.context import Turn, current_turn, failure
from handlers.people.help import offer_menu
from storage.alerts import attachment, raising
from storage.alerts.attachment import Attachment
from storage.engine.database import Database, is_alive
from storage.engine.failure import StorageUnavailableError
from storage.engine.replicas import hold
from storage.engine.unit import Companion, unit
from storage.people.endpoint import Address, at_chat, revive
from storage.post import inbox
from storage.post.inbox import InHandError, OutOfTurnError, Waiting
from storage.post.outbox import Lane, put, tell_admins, tell_all_admins

AT_ONCE = 8
"""So many updates of one batch at most are handled in the commit that stores them."""
SIDE_BY_SIDE = 64
"""How many chats are handled at once."""
LATE, TOO_LATE = timedelta(seconds=60), timedelta(days=7)
"""A message older than the one was sent before it could be handled; older than the other, its time is no time."""
MOST_CHATS = 10_000
MUTE = timedelta(minutes=1)
"""So long a stranger who was answered isn't answered again."""
Chat = tuple[str, int]
_log = structlog.get_logger("router")


class Router:
    """Handles what the inbox holds. `channels` by name; `joining_url` is where web chats begin."""

    def __init__(
        self,
        db: Database,
        channels: dict[str, Channel],
        metrics: Metrics,
        nursery: asyncio.TaskGroup,
        *,
        joining_url: str,
        push_hosts: tuple[str, ...] = (),
    ) -> None:
        self._db = db
        self._channels = channels
        self._metrics = metrics
        self._nursery = nursery
        self._joining_url = joining_url
        self._push_hosts = push_hosts
        self._running: dict[Chat, asyncio.Task[None]] = {}
        self._held_up: dict[Chat, datetime] = {}
        """Chats whose next update waits for its retry, and until when."""
        self._woken = asyncio.Event()
        self._stopping = False
        self._unavailable = False
        self.languages: OrderedDict[Chat, str] = OrderedDict()
        self._strangers: OrderedDict[Chat, datetime] = OrderedDict()
        """When each stranger was answered last."""
        """Who of the known people has written of late, and their language: for a word to them while nothing can be
        looked up."""

    def wake(self) -> None:
        """Wakes the router because there is something new in the inbox."""
        self._woken.set()

    def stored(self, channel: Channel, rows: list[tuple[Waiting, dict[str, Any]]]) -> None:
        """Arranges that newly stored updates are handled. Needs the unit that stores them.

        Where nobody is at work, each is handled by a unit of its own in the same commit, which saves a commit and every
        turn between. Where they are so many that the far end would wait long to hear that they arrived, or others are
        in hand, they take their turn.
        """
        busy = self._running or self._unavailable or self._stopping or len(rows) > AT_ONCE
        if busy or not self._db.is_sqlite:
            unit().after_commit.append(self.wake)
            return
        for row, update in rows:
            handle = partial(self._at_once, channel, row, update)
            unit().companions.append(Companion(handle, f"inbox:{row.id}", partial(self._fell, row)))

    async def _at_once(self, channel: Channel, row: Waiting, raw: dict[str, Any]) -> None:
        """Handles it, unless an earlier one of the chat waits, for its retry or because it has just failed."""
        if await inbox.waits_before(row):
            unit().after_commit.append(self.wake)
            return
        await self._read_and_handle(channel, row, raw)
        unit().after_commit.append(self._metrics.handled.labels("done").inc)

    def _fell(self, row: Waiting, error: Exception) -> None:
        """Notes an update that is on disk but not handled, as `_take` notes one that it fails at."""
        chat = (row.channel, row.chat_id)
        if chat not in self._running:
            self._running[chat] = self._nursery.create_task(self._pick_up(chat, row, error))

    async def _pick_up(self, chat: Chat, row: Waiting, error: Exception) -> None:
        try:
            await self._not_done(row, error)
        finally:
            self._running.pop(chat, None)
            self._woken.set()

    async def run(self, tick: float) -> None:
        """Handles updates until `drain`. Wakes at new ones, and every `tick` seconds for retries."""
        while not self._stopping:
            if self._unavailable:
                self._unavailable = False
                await self._db.clock.sleep(1)
            self._woken.clear()
            try:
                ready = await self._ready()
            except StorageUnavailableError:
                _log.error("inbox not readable, storage unavailable")
                self._unavailable = True
                continue
            for chat, rows in ready.items():
                if len(self._running) < SIDE_BY_SIDE:
                    self._running[chat] = self._nursery.create_task(self._take(chat, rows))
            await self._db.clock.wait(self._woken, tick)

    async def _ready(self) -> dict[Chat, list[Waiting]]:
        """Finds what can be handled now, by chat, in order. A waiting retry holds up its own chat, no other."""
        now = self._db.clock.now()
        while True:
            self._held_up = {chat: until for chat, until in self._held_up.items() if until > now}
            rows = await inbox.waiting([*self._running, *self._held_up], self._channels)
            late = {(row.channel, row.chat_id): row.not_before for row in rows if row.not_before > now}
            self._held_up |= late
            if not late or len(rows) < inbox.WINDOW:
                break  # else those who wait fill the window, and others stand behind it
        ready: dict[Chat, list[Waiting]] = {}
        for row in rows:
            chat = (row.channel, row.chat_id)
            if chat not in self._held_up and chat not in self._running:
                ready.setdefault(chat, []).append(row)
        return ready

    async def drain(self) -> None:
        """Takes no more and waits for what is being handled."""
        self._stopping = True
        self._woken.set()
        if self._db.is_sqlite:
            await is_alive(self._db)  # after what is being handled where it was stored
        while self._running:
            await asyncio.wait(list(self._running.values()))

    def cancel(self) -> None:
        """Gives up what `drain` waited for in vain; the inbox has it still."""
        for task in self._running.values():
            task.cancel()

    async def _take(self, chat: Chat, rows: list[Waiting]) -> None:
        """Handles one chat's updates in turn; the first that isn't done keeps the rest waiting."""
        try:
            for row in rows:
                if not await self._handle(row):
                    return
            self._woken.set()
        finally:
            self._running.pop(chat, None)

    async def _handle(self, row: Waiting) -> bool:
        """Handles an update and tells whether it is done."""
        channel = self._channels[row.channel]
        try:
            raw = json.loads(await inbox.payload_of(row.id))
            await self._db.unit(partial(self._read_and_handle, channel, row, raw), f"inbox:{row.id}")
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, the row is kept and the router lives
            await self._not_done(row, error)
            return False
        self._metrics.handled.labels("done").inc()
        return True

    async def _not_done(self, row: Waiting, error: Exception) -> None:
        """Notes why an update stays in the inbox, and acts on it."""
        if isinstance(error, StorageUnavailableError):
            self._metrics.handled.labels("unavailable").inc()
            _log.error("not handled, storage unavailable", inbox=row.id)
            self._unavailable = True
        elif isinstance(error, OutOfTurnError):
            self._woken.set()  # its arrival was announced while this chat was in hand
        elif not isinstance(error, InHandError):
            await self._failed(row, error)

    async def _read_and_handle(self, channel: Channel, row: Waiting, raw: dict[str, Any]) -> None:
        """Takes the row off the inbox, and has done what the update asks for. Needs a unit."""
        extract = readable(raw)
        if not await inbox.take(row.id, (row.channel, row.chat_id)) or extract is None:
            return
        update = Update.de_json(extract, channel.app.bot)
        turn = await self._turn(row, channel, update)
        turn_token, failures = current_turn.set(turn), list[Exception]()
        failure_token = failure.set(failures)
        try:
            if turn.endpoint is not None and turn.person is not None:
                await offer_menu(turn, turn.endpoint)
            await channel.app.process_update(update)
        finally:
            current_turn.reset(turn_token)
            failure.reset(failure_token)
        if failures:
            raise failures[0]

    async def _turn(self, row: Waiting, channel: Channel, update: Update) -> Turn:
        endpoint = await at_chat(row.channel, row.chat_id)
        speaker = endpoint.person if endpoint is not None and endpoint.person.active else None
        if endpoint is not None and speaker is not None and not endpoint.active:
            await revive(endpoint)
        if speaker is not None:
            self._remember((row.channel, row.chat_id), speaker.language)
        message = update.effective_message
        command = message is not None and (message.text or "").startswith("/")
        joins = message is not None and (message.text or "").startswith("/start ")
        return Turn(
            channel=row.channel,
            chat_id=row.chat_id,
            person=speaker,
            endpoint=endpoint if speaker is not None else None,
            message_id=message.message_id if message is not None and not (command or update.callback_query) else None,
            muted=speaker is None and not joins and self._was_answered((row.channel, row.chat_id)),
            asked=message.message_id if message is not None and not update.callback_query else None,
            query_id=update.callback_query.id if update.callback_query is not None else "",
            bot_name=channel.bot_name,
            joining_url=self._joining_url,
            push_hosts=self._push_hosts,
            said_at=self._said_at(message.date) if message is not None and not update.callback_query else None,
        )

    async def heard(self, row: Attachment, words: str) -> bool:
        """Handles what a machine has heard in a voice, in the chat that sent it; False where that must wait. Needs a
        unit."""
        if not await hold((row.channel, row.chat_id)):
            return False
        fresh = await attachment.by_id(row.id, locked=True)
        if fresh is None or fresh.hear_at is None:
            return True
        endpoint = await at_chat(row.channel, row.chat_id)
        if endpoint is None or not endpoint.person.active or endpoint.person_id != fresh.reporter_id:
            await attachment.heard(fresh, words)
            await raising.show_words(fresh)
            return True
        turn = Turn(
            channel=row.channel,
            chat_id=endpoint.chat_id,
            person=endpoint.person,
            endpoint=endpoint,
            message_id=fresh.message_id or None,
            said_at=fresh.said_at,
        )
        await attachment_handlers.heard(turn, fresh, words)
        return True

    def _was_answered(self, chat: Chat) -> bool:
        """Tells whether this stranger had an answer within the last minute; else notes that they get one now."""
        now = self._db.clock.now()
        last = self._strangers.get(chat)
        if last is not None and last <= now < last + MUTE:
            return True
        self._strangers[chat] = now
        self._strangers.move_to_end(chat)
        while len(self._strangers) > MOST_CHATS:
            self._strangers.popitem(last=False)
        return False

    def _said_at(self, date: datetime) -> datetime | None:
        """Returns the far end's time of a message where it differs enough from the time of handling to be told."""
        return date if LATE < self._db.clock.now() - date < TOO_LATE else None

    def _remember(self, chat: Chat, language: str) -> None:
        self.languages[chat] = language
        self.languages.move_to_end(chat)
        while len(self.languages) > MOST_CHATS:
            self.languages.popitem(last=False)

    async def _failed(self, row: Waiting, error: Exception) -> None:
        _log.error("handler failed", inbox=row.id, error=type(error).__name__, where=where(error))
        self._metrics.handled.labels("failed").inc()

        async def note() -> None:
            incident = await inbox.failed(row.id)
            if incident is None:
                return
            self._metrics.handled.labels("dead").inc()
            _log.error("dead letter", inbox=row.id, incident=incident)
            endpoint = await at_chat(row.channel, row.chat_id)
            if endpoint is not None:
                args = {"key": "help.incident", "incident": incident}
                await put(Address(row.channel, row.chat_id), "text", lane=Lane.REPLY, fresh=True, args=args)
                await tell_admins(endpoint.person.area_code, "help.dead_letter", incident=incident)
            else:
                await tell_all_admins("help.dead_letter", incident=incident)

        try:
            await self._db.unit(note, f"inbox:{row.id}")
        except StorageUnavailableError:
            _log.error("failure not noted, storage unavailable", inbox=row.id)


def where(error: Exception) -> str:
    """Returns file and line of the innermost frame, but no values: they may be personal."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else ""
