"""Starts `chuishao` as a process of its own without importing it each time, which is most of what a start costs.

A process that has imported the program, and done nothing else, forks for each start: what forks has its own memory,
environment, files and number, and can be killed like any other. Where a story is about the start itself (limits of
memory, another language, the installed command), or the system can't do this, it is started as a user starts it.

    python -m tests.warm SOCKET     the process that forks; one request a connection, see `_serve`
"""

import array
import asyncio
import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.main import behave

LARGEST = 1 << 17
COLD = [sys.executable, "-c", "from bot.main import main; main()"]
_LOADED = ("bot.cli", "bot.app", "bot.office.importing", "bot.office.backup", "bot.office.dump", "bot.health.doctor")
_current: list[str] = []
"""The socket of the process that forks, while there is one."""


class Started:
    """A process that was forked: as much of `asyncio.subprocess.Process` as the stories use."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self.pid = int(line.recv(32))
        self.returncode: int | None = None
        self.stdout: asyncio.StreamReader | None = None
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        line.setblocking(False)
        self._loop.add_reader(line, self._heard)

    def _heard(self) -> None:
        self._loop.remove_reader(self._line)
        self.returncode = _code(self._line)
        self._line.close()
        self._ended.set()

    async def wait(self) -> int:
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is not None:
            raise ProcessLookupError
        os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


Process = Started | asyncio.subprocess.Process


def _code(line: socket.socket) -> int:
    """The exit code; where the process that forks is gone, that of a kill."""
    with contextlib.suppress(OSError, ValueError):
        return int(line.recv(32))
    return -signal.SIGKILL


def _fits(environment: Mapping[str, str]) -> bool:
    """Whether it may be forked: what is read while importing is as it is here."""
    return bool(_current) and "CHUISHAO_LANGUAGE" not in environment


def _fork(
    words: Sequence[str], environment: Mapping[str, str], cwd: Path | None, files: Sequence[int]
) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line.connect(_current[0])
    asked = {"words": list(words), "environment": dict(environment), "cwd": str(cwd or Path.cwd())}
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))]
    line.sendmsg([json.dumps(asked).encode()], rights)
    return line


async def start(
    *words: str, environment: Mapping[str, str], cwd: Path | None = None, out: int | None = None, err: int | None = None
) -> Process:
    """Starts the command. Without `out` its standard output is a pipe; without `err` nobody hears its complaints."""
    with contextlib.ExitStack() as opened:
        nothing = os.open(os.devnull, os.O_RDWR)
        opened.callback(os.close, nothing)
        if not _fits(environment):
            return await asyncio.create_subprocess_exec(
                *COLD, *words, env=environment, cwd=cwd, stdin=nothing,
                stdout=asyncio.subprocess.PIPE if out is None else out, stderr=nothing if err is None else err,
            )  # fmt: skip
        reading, writing = (-1, out) if out is not None else os.pipe()
        if out is None:
            opened.callback(os.close, writing)
        process = Started(_fork(words, environment, cwd, [nothing, writing, nothing if err is None else err]))
    if reading >= 0:
        process.stdout = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(process.stdout)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(reading, "rb"))
    return process


def run(
    *words: str, environment: Mapping[str, str], cwd: Path, given: str = "", patience: float = 60
) -> subprocess.CompletedProcess[str]:
    """Runs the command to its end; exit code and what it said."""
    if not _fits(environment):
        return subprocess.run(
            [*COLD, *words], env=environment, cwd=cwd, input=given, capture_output=True, text=True, timeout=patience
        )
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        source.write(given.encode())
        source.seek(0)
        with _fork(words, environment, cwd, [one.fileno() for one in (source, out, err)]) as line:
            line.settimeout(patience)
            int(line.recv(32))
            code = _code(line)
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode())
    return subprocess.CompletedProcess(list(words), code, *said)


@contextlib.contextmanager
def forking() -> Iterator[None]:
    """Keeps a process that forks, where the system can do it."""
    if not (hasattr(os, "pidfd_open") and sys.platform == "linux"):
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/fork"
        plain = {name: value for name, value in os.environ.items() if not name.startswith("CHUISHAO_")}
        command = [sys.executable, "-m", "tests.warm", path]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=plain) as process:
            assert process.stdout is not None and process.stdout.readline() == b"ready\n"
            _current.append(path)
            yield
            _current.clear()
            process.kill()


def _serve(path: str) -> dict[str, Any] | None:
    """Forks for each request. Returns None in the process that forks, when nobody needs it any more; in a forked one
    what was asked, with its files in place."""
    events = selectors.DefaultSelector()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen(128)
    events.register(listener, selectors.EVENT_READ)
    events.register(sys.stdin.fileno(), selectors.EVENT_READ)
    lines: dict[int, tuple[int, socket.socket]] = {}
    print("ready", flush=True)
    while True:
        for key, _what in events.select():
            if key.fileobj == sys.stdin.fileno():
                return None  # whoever wanted it has gone
            if key.fileobj is not listener:
                pid, line = lines.pop(key.fd)
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                events.unregister(key.fileobj)
                os.close(key.fd)
                with contextlib.suppress(OSError):
                    line.send(str(code).encode())
                line.close()
                continue
            line, _address = listener.accept()
            said, files, _flags, _from = socket.recv_fds(line, LARGEST, 3)
            if pid := os.fork():
                line.send(str(pid).encode())
                for file in files:
                    os.close(file)
                handle = os.pidfd_open(pid)
                lines[handle] = (pid, line)
                events.register(handle, selectors.EVENT_READ)
                continue
            for number, file in enumerate(files):
                os.dup2(file, number)
                os.close(file)
            for handle, (_pid, other) in lines.items():
                os.close(handle)
                other.close()
            for one in (line, listener, events):
                one.close()
            return dict(json.loads(said))


def _main() -> None:
    gc.disable()
    for name in _LOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    asked = _serve(sys.argv[1])
    if asked is None:
        return
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["chuishao", *asked["words"]]
    gc.enable()
    behave()
    sys.modules["bot.cli"].app.main()


if __name__ == "__main__":
    _main()
