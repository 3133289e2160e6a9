"""A real PostgreSQL server for the tests, on loopback, thrown away afterwards."""

import itertools
import os
import pwd
import shutil
import socket
import subprocess
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

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries = binaries
        self._folder = folder
        self._numbers = itertools.count(1)
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

    def start(self) -> None:
        if self._user:
            shutil.chown(self._folder, self._user)
            for parent in self._folder.parents:
                if parent.owner() == "root" and parent != Path("/") and not parent.stat().st_mode & 1:
                    parent.chmod(parent.stat().st_mode | 0o711)
        data = str(self._folder / "db")
        self._run(
            str(self._binaries / "initdb"),
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
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c max_connections=200"
        self._run(str(self._binaries / "pg_ctl"), "-D", data, "-o", options, "-l", f"{data}/log", "-w", "start")

    def stop(self) -> None:
        self._run(str(self._binaries / "pg_ctl"), "-D", str(self._folder / "db"), "-m", "immediate", "stop")

    def create(self, name: str | None = None, template: str = "template1") -> str:
        """A new database's url."""
        name = name or f"story_{next(self._numbers)}"
        self._run(
            str(self._binaries / "createdb"),
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            "chuishao",
            "-T",
            template,
            name,
        )
        return f"postgres://chuishao@127.0.0.1:{self.port}/{name}"
