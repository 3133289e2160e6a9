"""Stands before the HTTP server: who opens connections and says nothing, or opens many, takes nobody else's place."""

import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address

import structlog

HEAD_SECONDS = 15.0
"""For so long a connection may take to say what it wants."""
FROM_ONE = 100
"""Connections from one address; those that come through a proxy on this machine, or a trusted one, share its count
without limit: the proxy knows who they are."""
SPARE = 200
"""File descriptors that are left for everything else: the database, photos, what goes out."""
_HEAD_ENDS = b"\r\n\r\n"
_MOST_HEAD = 64 * 1024
_log = structlog.get_logger("guard")


def most_connections() -> int:
    """Returns how many connections there may be in all, by what the machine gives this process."""
    if sys.platform == "win32":
        return 512
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 4096) if hard != resource.RLIM_INFINITY else 4096
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # then it stays as it is
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return max(64, soft - SPARE)


class Guard:
    """Makes the protocols of a server. `inner` makes what serves a connection, `is_proxy` knows the court's proxies."""

    def __init__(self, inner: Callable[[], asyncio.Protocol], is_proxy: Callable[[str], bool], most: int) -> None:
        self._inner = inner
        self._is_proxy = is_proxy
        self._most = most
        self.count = 0
        self._from = Counter[str]()
        self._told = 0.0

    def __call__(self) -> asyncio.Protocol:
        return _Guarded(self, self._inner())

    def admits(self, address: str) -> bool:
        """Tells whether there is room for one more from this address; what comes from this machine itself, the bot and
        its proxy, has places that nobody else gets."""
        near = _is_near(address)
        if self.count >= (self._most if near else self._most - SPARE // 4):
            return False
        return near or self._is_proxy(address) or self._from[address] < FROM_ONE

    def came(self, address: str) -> None:
        self.count += 1
        self._from[address] += 1

    def went(self, address: str) -> None:
        self.count -= 1
        self._from[address] -= 1
        if not self._from[address]:
            del self._from[address]

    def refused(self) -> None:
        """Says in the log that connections are refused, once a minute."""
        now = asyncio.get_running_loop().time()
        if now - self._told > 60 or not self._told:
            self._told = now
            _log.warning("connections refused", open=self.count)


class _Guarded(asyncio.Protocol):
    """Hands everything on to the server's own protocol, and ends a connection that doesn't come to its point."""

    def __init__(self, guard: Guard, inner: asyncio.Protocol) -> None:
        self._guard = guard
        self._inner = inner
        self._address = ""
        self._admitted = False
        self._head: bytes | None = b""
        """What has come of the first request's head, or how it ended; None once that is complete."""
        self._ends: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self._address = str(peer[0]) if peer else ""
        self._admitted = self._guard.admits(self._address)
        if not self._admitted:
            self._guard.refused()
            assert isinstance(transport, asyncio.Transport)
            transport.abort()
            return
        self._guard.came(self._address)
        self._ends = asyncio.get_running_loop().call_later(HEAD_SECONDS, transport.close)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            self._head += data
            if _HEAD_ENDS in self._head or len(self._head) > _MOST_HEAD:  # the server refuses one that is too long
                self._head = None
                self._stop_waiting()
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        if self._admitted:
            self._guard.went(self._address)
            self._stop_waiting()
            self._inner.connection_lost(error)

    def _stop_waiting(self) -> None:
        if self._ends is not None:
            self._ends.cancel()
            self._ends = None


def _is_near(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return True  # a socket in the file system
