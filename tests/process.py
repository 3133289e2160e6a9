"""The product as a user starts it: `chuishao run`, a process of its own, which can be killed."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import aiohttp

from bot.office.importing import Kind, import_file
from bot.settings import Settings
from storage.opening import open_database
from tests import warm
from tests.telegram import SECRET, TOKEN

CHUISHAO = Path(sys.executable).with_name("chuishao")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Bot:
    """One `chuishao run`, and the other commands on the same data. `api` is the Bot API server's address."""

    def __init__(self, data: Path, key: str, api: str = "", *, database: str = "", webhook: bool = False) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.prefix: list[str] = []
        """Put before the command: taskset, prlimit."""
        self.log = data / "log"
        self.process: warm.Process | None = None
        data.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CHUISHAO_")},
            "CHUISHAO_DATA": str(data),
            "CHUISHAO_KEY": key,
            "CHUISHAO_LISTEN": f"127.0.0.1:{self.port}",
            "CHUISHAO_RATE_LIMITS": "off",
            "CHUISHAO_COURT_PHONE": "0578-0000000",
        }
        if database:
            self.environment["CHUISHAO_DATABASE"] = database
        if api:
            self.environment |= {"CHUISHAO_BOT_TOKEN": TOKEN, "CHUISHAO_API_BASE": api}
        if webhook:
            self.environment |= {"CHUISHAO_WEBHOOK_URL": f"{self.url}/telegram", "CHUISHAO_WEBHOOK_SECRET": SECRET}

    async def command(self, *words: str) -> tuple[int, str]:
        """Runs a command to its end; exit code and everything it said."""
        done = await asyncio.to_thread(warm.run, *words, environment=self.environment, cwd=Path.cwd())
        return done.returncode, done.stdout + done.stderr

    async def imports(self, files: dict[str, Path]) -> None:
        """A file of each kind, as the command does it, but in this process: starting three more takes its time."""
        said = self.environment
        settings = Settings(
            data=Path(said["CHUISHAO_DATA"]), database=said.get("CHUISHAO_DATABASE", ""), key=said["CHUISHAO_KEY"]
        )
        async with open_database(settings.database_url, settings.secrets()) as db:
            for kind, path in files.items():
                done = await import_file(db, Kind(kind), path, lambda _done, _all: None)
                assert not done.report.rejected, (kind, done.report)

    async def start(self, *instead: str) -> None:
        """Starts it, or another program in its place, without waiting until it is ready."""
        words = instead or (str(CHUISHAO), "run")
        with self.log.open("ab") as log:
            if instead or self.prefix:
                self.process = await asyncio.create_subprocess_exec(
                    *self.prefix, *words, env=self.environment, stdout=log, stderr=log
                )
            else:
                number = log.fileno()
                self.process = await warm.start("run", environment=self.environment, out=number, err=number)

    async def ready(self, patience: float = 30.0) -> None:
        """Until /readyz says so."""
        async with asyncio.timeout(patience), aiohttp.ClientSession() as session:
            while (await self.status(session, "/readyz")) != 200:
                assert self.process is not None
                if self.process.returncode is not None:
                    raise AssertionError(f"ended with {self.process.returncode}:\n{self.log.read_text()[-2000:]}")
                await asyncio.sleep(0.02)

    async def status(self, session: aiohttp.ClientSession, path: str) -> int:
        """The status of a page, 0 where nobody answers."""
        with contextlib.suppress(aiohttp.ClientError):
            async with session.get(self.url + path) as response:
                return response.status
        return 0

    async def kill(self) -> None:
        """SIGKILL."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        """SIGTERM, and its exit code."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        return await self.process.wait()

    def lives(self) -> bool:
        return self.process is not None and self.process.returncode is None

    def data_bytes(self) -> int:
        """What RLIMIT_DATA counts."""
        status = dict(line.split(":", 1) for line in Path(f"/proc/{self.pid}/status").read_text().splitlines())
        return int(status["VmData"].split()[0]) * 1024

    async def command_of(self, *words: str) -> int:
        """Another program's exit code."""
        return await (await asyncio.create_subprocess_exec(*words)).wait()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def usage(self) -> dict[str, Any]:
        """CPU seconds so far, resident memory now and at its peak in MB, open files."""
        stat = Path(f"/proc/{self.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        status = dict(line.split(":", 1) for line in Path(f"/proc/{self.pid}/status").read_text().splitlines())
        return {
            "cpu": (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK"),
            "system": int(stat[12]) / os.sysconf("SC_CLK_TCK"),
            "rss": int(status["VmRSS"].split()[0]) / 1024,
            "peak": int(status["VmHWM"].split()[0]) / 1024,
            "files": len(list(Path(f"/proc/{self.pid}/fd").iterdir())),
        }
