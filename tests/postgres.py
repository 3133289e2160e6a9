"""A real PostgreSQL server for the tests, on loopback, thrown away afterwards."""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


def find_binaries() -> Path | None:
    """The folder with initdb, wherever the system keeps it."""
    on_path = shutil.which("initdb")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found += sorted(Path("/opt/homebrew/opt").glob("postgresql*/bin/initdb"))
    chosen = Path(on_path).resolve() if on_path else next(iter(reversed(found)), None)
    return chosen.parent if chosen else None


class Server:
    """initdb refuses to run as root, so there the server runs as whoever owns nothing: `postgres` or `nobody`."""

    def __init__(self, binaries: Path, *, durable: bool = True) -> None:
        """`durable`: whether it waits for the disk, which it must where it is going to be killed itself."""
        self.binaries = binaries
        # Room for what is copied: else each new database waits for the disk to take the one before.
        roomy = " -c shared_buffers=256MB -c max_wal_size=4GB"
        self._hurry = "" if durable else f" -c fsync=off -c full_page_writes=off{roomy}"
        # Not among pytest's folders: it closes those to everybody else again whenever it starts.
        self.folder = Path(tempfile.mkdtemp(prefix="chuishao-postgres-"))
        self._numbers = itertools.count(1)
        self._psql: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._user = None
        if os.geteuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            self._user = "postgres" if "postgres" in names else "nobody"

    def _run(self, *command: str) -> None:
        prefix = ["runuser", "-u", self._user, "--"] if self._user else []
        subprocess.run([*prefix, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/")

    @contextlib.contextmanager
    def running(self) -> Iterator["Server"]:
        """Started, and stopped in the end."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        if self._user:
            shutil.chown(self.folder, self._user)
        data = str(self.folder / "db")
        self._run(
            str(self.binaries / "initdb"),
            "-D",
            data,
            "-U",
            "chuishao",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        )
        self.restart()

    def restart(self) -> None:
        """Starts it on the data that are there."""
        data = self.folder / "db"
        # A killed server leaves its locks, which name a process that nobody may have buried yet.
        for lock in (data / "postmaster.pid", *self.folder.glob(".s.PGSQL.*")):
            lock.unlink(missing_ok=True)
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=200{self._hurry}"
        self._run(str(self.binaries / "pg_ctl"), "-D", str(data), "-o", options, "-l", f"{data}/log", "-w", "start")

    def kill(self) -> None:
        """SIGKILL for the server and all that it has started."""
        self._hang_up()
        pid = int((self.folder / "db" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for number in (pid, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        for number in (pid, *map(int, children)):
            while _lives(number):
                time.sleep(0.02)

    def replica(self, name: str) -> "Server":
        """A streaming replica, without whose word this server confirms no commit."""
        other = Server(self.binaries)
        if self._user:
            shutil.chown(other.folder, self._user)
        line = f"host=127.0.0.1 port={self.port} user=chuishao application_name={name}"
        target = str(other.folder / "db")
        self._run(str(self.binaries / "pg_basebackup"), "-D", target, "-d", line, "-R", "-X", "stream", "-c", "fast")
        other.restart()
        self.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        self.sql("SELECT pg_reload_conf()")
        return other

    def promote(self) -> None:
        self._run(str(self.binaries / "pg_ctl"), "-D", str(self.folder / "db"), "-w", "promote")

    def sql(self, statement: str) -> None:
        """One statement, as the owner, by a psql that stays open: a start of it costs more than most statements."""
        if self._psql is None or self._psql.poll() is not None:
            command = [str(self.binaries / "psql"), *self._where, "-d", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1"]
            self._psql = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/")
        assert self._psql.stdin is not None and self._psql.stdout is not None
        self._psql.stdin.write(f"{statement};\n\\echo done\n".encode())
        self._psql.stdin.flush()
        while (line := self._psql.stdout.readline()) != b"done\n":
            assert line, f"{statement} failed"

    def _ask(self, program: str, *words: str) -> None:
        """One of PostgreSQL's programs, as the owner."""
        self._run(str(self.binaries / program), *self._where, *words)

    @property
    def _where(self) -> tuple[str, ...]:
        return ("-h", "127.0.0.1", "-p", str(self.port), "-U", "chuishao")

    def stop(self) -> None:
        """Ends it, whatever it was doing, and leaves nothing of it behind."""
        self._hang_up()
        self._run(str(self.binaries / "pg_ctl"), "-D", str(self.folder / "db"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _hang_up(self) -> None:
        if self._psql is not None:
            self._psql.kill()
            self._psql.communicate()
            self._psql = None

    def create(self, name: str | None = None, template: str = "template1") -> str:
        """A new database's url."""
        name = name or f"story_{next(self._numbers)}"
        if template != "template1":  # whoever has filled it may not have been let go yet
            self.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}'")
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"postgres://chuishao@127.0.0.1:{self.port}/{name}"

    def restore(self, statements: bytes) -> str:
        """A new database out of what pg_dump wrote; its url."""
        url = self.create()
        file = self.folder / "restored.sql"
        file.write_bytes(statements)
        self._ask("psql", "-q", "-d", url.rsplit("/", 1)[1], "-v", "ON_ERROR_STOP=1", "-f", str(file))
        return url

    def drop(self, url: str) -> None:
        """Before the system has got round to writing it to the disk."""
        self.sql(f"DROP DATABASE {url.rsplit('/', 1)[1]} WITH (FORCE)")


def _lives(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] not in "ZX"
    return False
