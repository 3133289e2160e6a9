"""The command line as a user runs it: real processes, real files, real exit codes."""

import asyncio
import contextlib
import gzip
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests import warm
from tests.engine.test_schema import KEY
from tests.world import SAMPLE

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0


def surroundings(data: Path, **more: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CHUISHAO_")}
    return {**plain, "CHUISHAO_DATA": str(data), "CHUISHAO_LISTEN": "127.0.0.1:0", "PYTHONPATH": str(ROOT), **more}


def chuishao(data: Path, *words: str, given: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    return warm.run(*words, environment=surroundings(data, **more), cwd=data.parent, given=given)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the sample county, made once."""
    folder = tmp_path_factory.mktemp("sample") / "data"
    for kind in ("areas", "people", "cases"):
        done = chuishao(folder, "import", kind, str(SAMPLE / f"sample-{kind}.csv"))
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def data(sample: Path, tmp_path: Path) -> Path:
    """A data folder of the test's own."""
    return shutil.copytree(sample, tmp_path / "data")


class Running:
    """`chuishao run` in a process of its own."""

    def __init__(self, process: warm.Process, url: str) -> None:
        self.process = process
        self.url = url

    async def ends(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


@contextlib.asynccontextmanager
async def started(data: Path, command: str = "run", **more: str) -> AsyncIterator[Running]:
    process = await warm.start(command, environment=surroundings(data, **more), cwd=data.parent)
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        line = (await process.stdout.readline()).decode()
    found = re.search(r"http://[\d.]+:\d+", line)
    assert found, line
    try:
        yield Running(process, found[0])
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_run_answers_and_ends_cleanly_on_sigterm(data: Path) -> None:
    async with started(data) as running, aiohttp.ClientSession() as session:
        for path, words in (
            ("healthz", '"ok": true'),
            ("readyz", '"storage": true'),
            ("metrics", "chuishao_inbox_waiting 0.0"),
        ):
            async with session.get(f"{running.url}/{path}") as answer:
                assert answer.status == 200 and words in await answer.text()
        before = asyncio.get_running_loop().time()
        running.process.send_signal(signal.SIGTERM)
        assert await running.ends() == 0
        assert asyncio.get_running_loop().time() - before < 10


async def test_a_second_run_on_the_same_data_is_refused_and_names_the_first(data: Path) -> None:
    async with started(data) as running:
        second = await asyncio.to_thread(chuishao, data, "run")
        assert second.returncode == 2
        assert f"进程 {running.process.pid}" in second.stderr and second.stderr.count("\n") == 1
        elsewhere = data.parent / "other"
        third = await asyncio.to_thread(
            chuishao,
            elsewhere,
            "run",
            CHUISHAO_DATABASE=str(data / "chuishao.db"),
            CHUISHAO_KEY=(data / "key").read_text(),
        )
        assert third.returncode == 2 and "已经有一个吹哨" in third.stderr
    async with started(data):
        pass  # the lock goes with the process, even when it was killed


async def test_the_other_commands_work_beside_a_running_one(data: Path) -> None:
    (data.parent / "more.csv").write_text("案号,被执行人,所在村社\n（2022）浙1122执9001号,吴一,周弄村\n")
    async with started(data):
        for words in (
            ["import", "cases", "more.csv"],
            ["invite", "应建华"],
            ["backup", "copy"],
            ["audit", "verify"],
            ["export", "out.xlsx"],
        ):
            done = await asyncio.to_thread(chuishao, data, *words)
            assert done.returncode == 0, (words, done.stderr)
    assert (data.parent / "copy" / "chuishao.db").exists()
    with sqlite3.connect(data.parent / "copy" / "chuishao.db") as copy:
        assert copy.execute("SELECT count(*) FROM debtor WHERE name = '吴一'").fetchone() == (1,)
    copy.close()


def test_import_names_what_it_rejects_and_writes_it_to_a_second_file(data: Path) -> None:
    (data.parent / "bad.csv").write_text(
        "案号,被执行人,所在村社,星座\n待补,吴一,周弄村,x\n（2022）浙1122执9001号,吴二,周弄村,x\n"
    )
    done = chuishao(data, "import", "cases", "bad.csv", "--strict")
    assert done.returncode == 1 and "整个文件都没有写入" in done.stdout
    done = chuishao(data, "import", "cases", "bad.csv", "--dry-run")
    assert done.returncode == 1 and "什么都没有写入" in done.stdout
    done = chuishao(data, "import", "cases", "bad.csv")
    assert done.returncode == 1 and "新增 1" in done.stdout
    assert "第 2 行退回：案号“待补”不完整" in done.stderr and "不认识的列，已忽略：星座" in done.stderr
    assert "待补" in (data.parent / "bad-退回.csv").read_text("utf-8-sig")
    done = chuishao(data, "import", "cases", str(SAMPLE / "sample-cases.csv"))
    assert done.returncode == 0 and "什么都没动" in done.stdout


INTERRUPTED = """
import contextlib, os, signal
from bot.cli import app, files
def interrupt(*_):
    os.kill(os.getpid(), signal.SIGINT)
if STAGE == "checking":
    files.bar = lambda _key: contextlib.nullcontext(interrupt)
else:
    plain = files.import_file
    def late(*args, writing, **how):
        return plain(*args, writing=lambda: (writing(), interrupt()), **how)
    files.import_file = late
app.main()
"""


@pytest.mark.parametrize(
    ("stage", "words", "count"), [("checking", "什么都没有写入", 0), ("writing", "已经整个写入", 1)]
)
def test_ctrl_c_leaves_nothing_half_done(data: Path, stage: str, words: str, count: int) -> None:
    (data.parent / "more.csv").write_text("案号,被执行人,所在村社\n（2022）浙1122执9001号,吴一,周弄村\n")
    script = [sys.executable, "-c", f"STAGE = {stage!r}\n{INTERRUPTED}", "import", "cases", "more.csv"]
    done = subprocess.run(
        script, env=surroundings(data), cwd=data.parent, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1 and words in done.stderr, done.stderr
    with contextlib.closing(sqlite3.connect(data / "chuishao.db")) as db:
        assert db.execute("SELECT count(*) FROM debtor WHERE name = '吴一'").fetchone() == (count,)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.csv", None, "没有这个文件"),
        ("a.csv", b"\0\1\2", "不是表格"),
        ("b.xlsx", b"PK\x03\x04", "文件坏了"),
        ("c.csv", "案号\n1\n".encode(), "缺少这些列：被执行人"),
    ],
)
def test_bad_files_stop_with_one_line(data: Path, name: str, content: bytes | None, words: str) -> None:
    if content is not None:
        (data.parent / name).write_bytes(content)
    done = chuishao(data, "import", "cases", name)
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"CHUISHAO_LISTEN": "x"}, "CHUISHAO_LISTEN 不对"),
        ({"CHUISHAO_DATABASE": "postgres://x@127.0.0.1:1/none"}, "连不上数据库（CHUISHAO_DATABASE）"),
        ({"CHUISHAO_CONFIG": "none.toml"}, "不存在"),
    ],
)
def test_wrong_settings_stop_with_one_line(tmp_path: Path, setting: dict[str, str], words: str) -> None:
    done = chuishao(tmp_path / "d", "run", **setting)
    assert done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_a_file_that_is_no_database_and_one_from_a_newer_version(data: Path) -> None:
    with sqlite3.connect(data / "chuishao.db") as db:
        db.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('chuishao', '9999_x', '2027-01-01')"
        )
    db.close()
    for command in ("run", "init"):
        done = chuishao(data, command)
        assert done.returncode == 2 and "更新的版本" in done.stderr and "9999_x" in done.stderr
    whole = (data / "chuishao.db").read_bytes()
    for content in (b"not a database at all" * 100, whole[:100] + b"\xab" * (len(whole) - 100)):
        (data / "chuishao.db").write_bytes(content)
        done = chuishao(data, "init")
        assert done.returncode == 2 and "不是吹哨的数据库" in done.stderr, done.stderr


async def test_a_data_folder_of_the_version_before_goes_on(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "chuishao.db").write_bytes(gzip.decompress((ROOT / "tests" / "data" / "before.db.gz").read_bytes()))
    (data / "key").write_text(KEY)
    (data / "key").chmod(0o600)
    older = shutil.copytree(data, tmp_path / "older")
    async with started(data) as running, aiohttp.ClientSession() as session:
        async with session.get(f"{running.url}/readyz") as answer:
            assert answer.status == 200 and '"storage": true' in await answer.text()
        running.process.send_signal(signal.SIGTERM)
        assert await running.ends() == 0
    assert "链条完整" in chuishao(data, "audit", "verify").stdout
    with sqlite3.connect(older / "chuishao.db") as db:
        db.execute("DELETE FROM tortoise_migrations WHERE name = (SELECT max(name) FROM tortoise_migrations)")
    db.close()
    done = chuishao(older, "run")
    assert done.returncode == 2 and "47ad8d3" in done.stderr and done.stderr.count("\n") == 1, done.stderr


async def test_an_address_in_use(data: Path) -> None:
    async with started(data) as running:
        taken = running.url.removeprefix("http://")
        done = await asyncio.to_thread(chuishao, data.parent / "other", "run", CHUISHAO_LISTEN=taken)
        assert done.returncode == 2 and f"{taken} 已被占用" in done.stderr


def test_invite_makes_links_and_says_who_is_unknown(data: Path) -> None:
    done = chuishao(data, "invite", "19800001001", "FY101", CHUISHAO_PUBLIC_URL="https://example.org")
    assert done.returncode == 0
    assert len(re.findall(r"https://example\.org/#[\w-]{22}\n", done.stdout)) == 2 and "█" in done.stdout
    assert "应建华（村社书记，七里乡周弄村）" in done.stdout
    done = chuishao(data, "invite", "--missing")
    assert done.stdout.count("/#") == 14
    done = chuishao(data, "invite", "没有这人")
    assert done.returncode == 2 and "没有这个人：没有这人" in done.stderr


def test_read_says_what_it_understood(data: Path) -> None:
    said = "老林回来了，人就在村委\n老林回来了吗？\n林永福的车浙K8G12A停在桥头，他说明天付两万，电话13800000000\n"
    done = chuishao(data, "read", "--as", "应建华", "--json", given=said)
    first, second, third = (json.loads(line) for line in done.stdout.splitlines())
    assert (third["plates"], third["amounts"], third["phones"]) == (["浙K8G12A"], [20_000], ["13800000000"])
    assert [one["words"] for one in third["times"]] == ["明天"] and 0.5 < third["confidence"] <= 1
    assert second["debtors"] == [] and second["kind"] == "other"
    assert first["is_lead"] and [one["name"] for one in first["debtors"]] == ["林永福"] and first["place"] == "村委"
    assert not second["is_lead"]
    assert "林永福" in chuishao(data, "read", "--as", "应建华", given="老林回来了，在村委\n").stdout


def test_doctor_says_what_is_wrong_and_what_to_do(data: Path) -> None:
    done = chuishao(data, "doctor")
    assert done.returncode == 1 and "发邀请：chuishao invite" in done.stdout and "异常　法官" in done.stdout
    (data / "key").chmod(0o644)
    assert "chmod 600" in chuishao(data, "doctor").stdout
    (data / "key").write_text(chuishao(data, "key").stdout.strip())
    assert "密钥不是建库时的那个" in chuishao(data, "doctor").stdout
    assert "还没有，运行 chuishao init" in chuishao(data.parent / "empty", "doctor").stdout


def test_audit_verify_finds_a_change(data: Path) -> None:
    assert "链条完整" in chuishao(data, "audit", "verify").stdout
    with sqlite3.connect(data / "chuishao.db") as db:
        db.execute("UPDATE audit SET detail = '{}' WHERE id = 2")
    db.close()
    done = chuishao(data, "audit", "verify")
    assert done.returncode == 1 and "第 2 条不对" in done.stdout


def test_inviting_from_a_folder_without_anybody_says_so(tmp_path: Path) -> None:
    done = chuishao(tmp_path / "empty", "invite", "--missing")
    assert "这里还没有人" in done.stdout and "data/demo" in done.stdout


async def test_the_demo_opens_and_opens_again(tmp_path: Path) -> None:
    places = []
    for _ in range(2):
        async with started(tmp_path / "data", "demo") as running, aiohttp.ClientSession() as session:
            async with session.get(f"{running.url}/demo/") as answer:
                assert answer.status == 200
            async with session.get(running.url) as answer:
                assert answer.url.path == "/demo/"
            async with session.get(f"{running.url}/demo/phones") as answer:
                places.append(await answer.json())
            running.process.send_signal(signal.SIGINT)
            assert await running.ends() == 0
    assert list(places[0]) == ["official", "judge", "supervisor", "admin"] and places[0] == places[1]
