"""What happens because time passes: the ladder, questions that nobody answered, and what needn't be kept."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

import locales
from bot.gateway.store import Store
from bot.transport.channel import WEB
from bot.transport.metrics import Metrics
from storage.desk import privacy
from storage.engine.database import Database
from storage.engine.failure import StorageUnavailableError, gave_way
from storage.noun import Due
from storage.nouns import nouns
from storage.people import endpoint
from storage.post import inbox, outbox
from storage.post.inbox import Inbox, InboxState
from storage.post.outbox import Lane, Outbox, OutboxState
from storage.post.retention import Retention

_log = structlog.get_logger("timers")


_JITTER = timedelta(seconds=2)
_SWEEP_EVERY = timedelta(minutes=1)
_YEAR = timedelta(days=365.25)
_NOBODYS = timedelta(days=2)
"""For so long a chat waits for somebody to join with it."""


async def _found(due: Due, now: datetime) -> Sequence[Any]:
    """Looks for what is due. Raises StorageUnavailableError where the line is cut, by whichever way it is asked for."""
    try:
        return await due.find(now)
    except Exception as error:
        if gave_way(error):
            raise StorageUnavailableError from error
        raise


async def _clock_went_back() -> None:
    for noun in nouns().values():
        if noun.clock_went_back is not None:
            await noun.clock_went_back()


class Timers:
    """Polls due rows, so that a restart forgets nothing. One pass is `once`."""

    def __init__(self, db: Database, metrics: Metrics, keep: timedelta, page: Store, keep_years: int = 0) -> None:
        self._db = db
        self._metrics = metrics
        self._keep = keep
        self._page = page
        self._retention = Retention()
        self._sweep_at: datetime | None = None
        self._keep_years = keep_years
        self._thinned_to = 0
        self._swept_to = 0
        """The last of the page's chats that was looked at."""
        self._stopping = False
        self._passing = asyncio.Lock()
        self._last: datetime | None = None
        """When the last pass was; None before the first, for the clock may have been set while nothing ran."""

    async def run(self, tick: float) -> None:
        while not self._stopping:
            try:
                await self.once()
            except StorageUnavailableError:
                _log.error("timers wait, storage unavailable")
            await self._db.clock.sleep(tick)

    def stop(self) -> None:
        self._stopping = True

    async def once(self) -> None:
        """Runs everything that is due now, each in a transaction of its own: one that fails doesn't stop the others.

        Of two callers the second waits for the first.
        """
        async with self._passing:
            await self._pass()

    async def _pass(self) -> None:
        now = self._db.clock.now()
        went_back, self._last = self._last is None or now < self._last - _JITTER, now
        if went_back:
            try:
                await self._db.unit(_clock_went_back, "timer:clock")
            except StorageUnavailableError:
                self._last = None
                raise
            self._db.committed.set()
        await self._due(now)
        if self._sweep_at is None or went_back or now >= self._sweep_at:
            before = now - self._keep
            more = await self._db.unit(partial(self._retention.sweep, before), "timer:retention")
            more |= await self._page.prune(before.timestamp())
            for noun in nouns().values():
                if noun.upkeep is not None:
                    more |= await self._db.unit(noun.upkeep, "timer:upkeep")
            more |= await self._thin(now)
            await self._sweep_chats(now)
            self._sweep_at = now if more else now + _SWEEP_EVERY
        await self._figures()

    async def _due(self, now: datetime) -> None:
        """Runs what the nouns say is due, each in a unit of its own."""
        for noun in nouns().values():
            for item in await _found(noun.due, now) if noun.due is not None else ():
                assert noun.due is not None
                await self._db.unit(partial(noun.due.act, item), noun.due.source)

    async def _thin(self, now: datetime) -> bool:
        """Thins a portion of the old reports, and tells whether there may be more.

        A report that was looked at isn't looked at again until the next start.
        """
        if not self._keep_years:
            return False
        before = now - self._keep_years * _YEAR
        words = locales.plain(locales.DEFAULT, "privacy.thinned")
        last = await self._db.unit(partial(privacy.thin, before, self._thinned_to, words), "timer:retention")
        self._thinned_to = last or self._thinned_to
        return last is not None

    async def _sweep_chats(self, now: datetime) -> None:
        """Deletes from a portion of the page's chats those that are nobody's (any more or ever), with all messages."""
        quiet = await self._page.quiet_chats(self._swept_to, (now - _NOBODYS).timestamp())
        self._swept_to = quiet[-1] if quiet else 0
        strangers = set(quiet) - await endpoint.joined_among(WEB, quiet) if quiet else set()
        if strangers:
            await self._page.forget_chats(sorted(strangers))

    async def _figures(self) -> None:
        now = self._db.clock.now()
        received = await inbox.oldest()
        self._metrics.inbox_age.set((now - received).total_seconds() if received else 0)
        ages = await outbox.oldest_by_lane(now)
        for lane in Lane:
            self._metrics.outbox_age.labels(lane.name.lower()).set(
                (now - ages[lane]).total_seconds() if lane in ages else 0
            )

    async def counts(self) -> None:
        """Updates the figures that cost a count, when somebody asks for the metrics."""
        self._metrics.inbox_waiting.set(await Inbox.filter(state=InboxState.NEW).count())
        self._metrics.dead_letters.set(await Inbox.filter(state=InboxState.DEAD).count())
        waiting = (OutboxState.PENDING, OutboxState.SENDING)
        self._metrics.outbox_waiting.set(await Outbox.filter(state__in=waiting).count())
