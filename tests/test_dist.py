"""The wheel: everything that runs is in it, and it needs no checkout."""

import os
import re
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a wheel, built from this checkout, puts on a machine."""
    built, target = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("machine")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = built.glob("chuishao-*.whl")
    with zipfile.ZipFile(wheel) as parts:
        parts.extractall(target)
    return target


def test_the_demo_runs_in_an_empty_folder_from_the_wheel_alone(unpacked: Path, tmp_path: Path) -> None:
    code = f"import bot; assert bot.__file__.startswith({str(unpacked)!r}); from bot.main import main; main()"
    home = tmp_path / "home"
    home.mkdir()
    surroundings = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(unpacked),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "CHUISHAO_LISTEN": "127.0.0.1:0",
    }
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code, "demo"],
        cwd=tmp_path,
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert running.stdout is not None
            line = running.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+\S*", line)
            assert found, line + (running.stderr.read() if running.stderr is not None and running.poll() else "")
            for path in ("", "/static/chat.js", "/words/zh_Hans", "/static/letters.otf"):
                base = re.match(r"http://[^/]+", found[0])
                assert base is not None
                with urllib.request.urlopen(f"{base[0]}{path or '/'}", timeout=10) as answer:
                    assert answer.status == 200 and answer.read(1)
        finally:
            running.terminate()
            running.wait(20)


def test_the_wheel_says_its_version(unpacked: Path) -> None:
    code = "from bot.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--version"],
        cwd=unpacked,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(unpacked), "HOME": str(unpacked)},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert re.fullmatch(r"chuishao \d+\.\d+\.\d+\n", done.stdout)
