"""The time, as something that can be handed in: the product's clock, and a hook for tests."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Tells the time (aware, UTC) and waits. Tests advance one of their own."""

    def now(self) -> datetime: ...

    async def sleep(self, seconds: float) -> None: ...

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Waits until the event is set, or until so many seconds are over."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()


def local(moment: datetime) -> datetime:
    """Converts the moment to local time in Zhejiang."""
    return moment.astimezone(SHANGHAI)


def day_bounds(moment: datetime) -> tuple[datetime, datetime]:
    """Returns start and end (exclusive), in UTC, of the local day that holds `moment`."""
    start = local(moment).replace(hour=0, minute=0, second=0, microsecond=0)
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)
