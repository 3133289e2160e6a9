"""A process that hangs is worse than one that is gone: a supervisor starts the latter anew."""

import asyncio
import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable

import structlog

STUCK_SECONDS = 60.0
"""Nothing the product does holds the event loop for a second."""
EXIT_CODE = 70
_BEAT = 0.5
_log = structlog.get_logger("watchdog")


class Watchdog:
    """A thread that ends the process where the event loop hasn't turned for `stuck` seconds, after it has said where
    every thread stands; and a measure of how late the loop runs."""

    def __init__(self, lag: Callable[[float], None], stuck: float = STUCK_SECONDS) -> None:
        self._lag = lag
        self._stuck = stuck
        self._beat = time.monotonic()
        self._done = threading.Event()

    async def run(self) -> None:
        """Beats until it is cancelled."""
        thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        thread.start()
        try:
            while True:
                self._beat = time.monotonic()
                await asyncio.sleep(_BEAT)
                self._lag(max(0.0, time.monotonic() - self._beat - _BEAT))
        finally:
            self._done.set()

    def _watch(self) -> None:
        while not self._done.wait(self._stuck / 4):
            silent = time.monotonic() - self._beat
            if silent > self._stuck:
                _log.critical("the event loop is stuck, ending the process", seconds=round(silent))
                faulthandler.dump_traceback(file=sys.stderr)
                os._exit(EXIT_CODE)
