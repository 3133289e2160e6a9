"""`make attack`: what somebody who means harm can try without and with a login, on the product as a user starts it.
Prints a table; ends with 1 where something breaks. Under five minutes on two cores.

Beside every flood fifty officials report: no alert may come later than six times what it takes when nothing goes on."""

import asyncio
import contextlib
import io
import json
import re
import shutil
import sqlite3
import struct
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from PIL import Image

from tests import warm
from tests.bench.product import QUOTED, Bench, share
from tests.county import JUDGES, Report
from tests.process import Bot
from tests.telegram import Telegram

ADMIN = 39_999
REPORTS = 50
PAUSE = 0.04
"""Seconds between two of the reports beside a flood."""
TIMES, LEAST = 6.0, 0.05
"""How many times as late an alert may be as when nothing goes on, and what that is at least taken to be, in seconds."""
MEMORY = 400.0
"""MB: the unit file's limit is 1,000."""
STRANGER = 66_666


@dataclass
class Row:
    """A line of the table."""

    attack: str
    seen: str
    holds: bool


Attack = Callable[["Field"], Awaitable[tuple[str, bool]]]
ATTACKS: list[tuple[str, Attack, bool]] = []


def attack(name: str, *, flood: bool = False) -> Callable[[Attack], Attack]:
    """Enters an attack into the list; beside a `flood` alerts are timed."""

    def enter(work: Attack) -> Attack:
        ATTACKS.append((name, work, flood))
        return work

    return enter


class Field:
    """The product under attack, with an official's and an administrator's page open."""

    def __init__(self, bench: Bench, bot: Bot, telegram: Telegram) -> None:
        self.bench, self.bot, self.telegram = bench, bot, telegram
        self.reports = bench.county.reports()
        self.page: aiohttp.ClientSession
        self.base = ""
        self.desk: aiohttp.ClientSession
        self.desk_base = ""

    @contextlib.asynccontextmanager
    async def signed_in(self, who: str) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
        """A browser that has joined by a link."""
        code, said = await self.bot.command("invite", who)
        assert code == 0, said
        link = re.search(r"#([\w-]{16,})", said)
        assert link is not None, said
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar, connector=aiohttp.TCPConnector(limit=0)) as browser:
            answer = await browser.post(f"{self.bot.url}/api/join", json={"code": link[1]})
            base = f"{self.bot.url}/c/{(await answer.json())['slug']}"
            for _ in range(200):
                if '"joined": "yes"' in await (await browser.get(f"{base}/changes?after=0")).text():
                    break
                await asyncio.sleep(0.05)
            yield browser, base

    async def late(self, count: int = REPORTS) -> float:
        """The time by which 95 of 100 reports have reached their judge, in seconds."""
        said: list[tuple[Report, float]] = []
        place = len(self.telegram.calls)
        for _ in range(count):
            report = next(self.reports)
            said.append((report, time.monotonic()))
            self.telegram.feed(report.chat_id, report.text)
            await asyncio.sleep(PAUSE)
        wanted, seen = {report.text: at for report, at in said}, dict[str, float]()

        def all_there() -> bool:
            for call in self.telegram.calls[place:]:
                quoted = QUOTED.search(call.text) if call.chat_id >= JUDGES else None
                if quoted and quoted[1] in wanted:
                    seen.setdefault(quoted[1], call.at - wanted[quoted[1]])
            return len(seen) == len(wanted)

        await self.telegram.until(all_there, 60)
        return share(list(seen.values()), 0.95)

    async def statuses(self, works: list[Awaitable[aiohttp.ClientResponse]]) -> Counter[int]:
        """How often each status was answered; 0 where the line was cut."""
        found = Counter[int]()
        for answer in await asyncio.gather(*works, return_exceptions=True):
            if isinstance(answer, aiohttp.ClientResponse):
                found[answer.status] += 1
                answer.close()
            else:
                found[0] += 1
        return found


def _told(found: Counter[int]) -> str:
    return ", ".join(f"{count} × {status or 'cut'}" for status, count in sorted(found.items()))


# -- without a login ---------------------------------------------------------------------------------------------------


@attack("stranger: 12 bodies of 12 MB to /api/join", flood=True)
async def huge_bodies(field: Field) -> tuple[str, bool]:
    body = ("[" + ",".join(["{}"] * 3_900_000) + "]").encode()
    async with aiohttp.ClientSession() as nobody:
        headers = {"Content-Type": "application/json"}
        url = f"{field.bot.url}/api/join"
        found = await field.statuses([nobody.post(url, data=body, headers=headers) for _ in range(12)])
    peak = field.bot.usage()["peak"]
    return f"{_told(found)}; peak {peak:.0f} MB", set(found) <= {0, 413, 429} and peak < MEMORY


@attack("stranger: 60 codes that open nothing", flood=True)
async def junk_codes(field: Field) -> tuple[str, bool]:
    def chats() -> int:
        with contextlib.closing(sqlite3.connect(_gateway(field))) as db:
            return int(db.execute("SELECT count(*) FROM chat").fetchone()[0])

    before = chats()
    async with aiohttp.ClientSession() as nobody:
        url = f"{field.bot.url}/api/join"
        found = await field.statuses([nobody.post(url, json={"code": f"x{n}" * 9}) for n in range(60)])
    return _told(found), found[429] >= 20 and not found[200] and chats() == before


@attack("stranger: 500 messages on Telegram", flood=True)
async def stranger_talks(field: Field) -> tuple[str, bool]:
    for number in range(500):
        field.telegram.feed(STRANGER, f"喂{number}")
    await asyncio.sleep(3)
    answers = len([call for call in field.telegram.calls if call.chat_id == STRANGER])
    return f"{answers} answers", answers <= 2


@attack("stranger: 300 connections that say half a request", flood=True)
async def half_requests(field: Field) -> tuple[str, bool]:
    lines = []
    for _ in range(300):
        with contextlib.suppress(OSError):
            lines.append(await asyncio.open_connection("127.0.0.1", field.bot.port))
    for _reader, writer in lines:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ")
    begun = time.monotonic()

    async def ends(reader: asyncio.StreamReader) -> bool:
        with contextlib.suppress(OSError, TimeoutError):
            return await asyncio.wait_for(reader.read(), 25) == b""
        return False

    ended = sum(await asyncio.gather(*[ends(reader) for reader, _writer in lines]))
    took = time.monotonic() - begun
    for _reader, writer in lines:
        writer.close()
    return f"{ended} of {len(lines)} ended after {took:.0f} s", ended == len(lines) and took < 20


@attack("other sites, other paths, other hosts")
async def old_tricks(field: Field) -> tuple[str, bool]:
    wrong = []
    async with aiohttp.ClientSession() as nobody:
        for path in (
            "/",
            "/static/../../app.py",
            "/static/%2e%2e/app.py",
            "/c/x/",
            "/words/../x",
            "/file/botx/y",
            "/sw.js",
        ):
            answer = await nobody.get(f"{field.bot.url}{path}")
            if answer.status not in (200, 400, 401, 403, 404) or "import " in (await answer.text())[:2000]:
                wrong.append(path)
            for name in ("Content-Security-Policy", "X-Content-Type-Options", "Cross-Origin-Opener-Policy"):
                if name not in answer.headers and answer.status < 400:
                    wrong.append(f"{path} without {name}")
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Content-Type": "text/plain"}):
        answer = await field.page.post(f"{field.base}/say", data=b'{"text": "x"}', headers=headers)
        if answer.status not in (403, 415):
            wrong.append(str(headers))
    return ", ".join(wrong) or "refused, headers there", not wrong


# -- with an official's login ------------------------------------------------------------------------------------------


@attack("official: 200 sentences at once", flood=True)
async def flood_of_words(field: Field) -> tuple[str, bool]:
    ids = range(200)
    posts = [field.page.post(f"{field.base}/say", json={"text": f"你好{n}", "id": f"w{n}"}) for n in ids[:60]]
    found = await field.statuses(posts)
    return _told(found), set(found) == {200}


@attack("official: ﷺ two thousand times, ten times", flood=True)
async def unfolding(field: Field) -> tuple[str, bool]:
    posts = [field.page.post(f"{field.base}/say", json={"text": "ﷺ" * 2000, "id": f"f{n}"}) for n in range(10)]
    return _told(await field.statuses(posts)), True


@attack("official: 30 photos of 3 MB, one of them eight times", flood=True)
async def flood_of_photos(field: Field) -> tuple[str, bool]:
    noise = io.BytesIO()
    Image.effect_noise((1700, 1700), 90).convert("RGB").save(noise, "JPEG", quality=95)
    found = await field.statuses([_upload(field, noise.getvalue(), f"p{min(n, 22)}") for n in range(30)])
    peak = field.bot.usage()["peak"]
    return f"{_told(found)}; peak {peak:.0f} MB", set(found) <= {200, 413} and peak < MEMORY


@attack("official: a PNG of 300,000 pieces", flood=True)
async def many_pieces(field: Field) -> tuple[str, bool]:
    def piece(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = piece(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    body = b"\x89PNG\r\n\x1a\n" + head + piece(b"tIME", b"\0" * 7) * 300_000
    body += piece(b"IDAT", zlib.compress(b"\0\0\0\0")) + piece(b"IEND", b"")
    return _told(await field.statuses([_upload(field, body, f"n{n}") for n in range(3)])), True


def _upload(field: Field, content: bytes, name: str) -> Awaitable[aiohttp.ClientResponse]:
    form = aiohttp.FormData()
    form.add_field("id", name)
    form.add_field("file", content, filename="a.jpg")
    return field.page.post(f"{field.base}/file", data=form)


@attack("official: a photo opened 60 times in a chat of 2,000 long messages", flood=True)
async def long_chat(field: Field) -> tuple[str, bool]:
    with contextlib.closing(sqlite3.connect(_gateway(field), timeout=30)) as db, db:
        chat = db.execute("SELECT max(id) FROM chat").fetchone()[0]
        body = json.dumps({"text": "长" * 5000, "date": int(time.time()), "from": {"is_bot": False}})
        rows = [(chat, 100_000 + n, 900_000 + n, body) for n in range(2000)]
        db.executemany("INSERT INTO message (chat_id, message_id, seq, body) VALUES (?, ?, ?, ?)", rows)
    opens = [field.page.get(f"{field.base}/file/nothing{n}") for n in range(60)]
    changes = [field.page.get(f"{field.base}/changes?after=0") for _ in range(40)]
    found = await field.statuses([*opens, *changes])
    peak = field.bot.usage()["peak"]
    return f"{_told(found)}; peak {peak:.0f} MB", peak < MEMORY


@attack("official: the PIN forty times, and wrong ones", flood=True)
async def pins(field: Field) -> tuple[str, bool]:
    async with field.signed_in("书记7") as (page, base):
        await page.post(f"{base}/pin", json={"pin": "2468"})
        right = await field.statuses([page.post(f"{base}/unlock", json={"pin": "2468"}) for _ in range(40)])
        wrong = [(await page.post(f"{base}/unlock", json={"pin": "1111"})).status for _ in range(6)]
    return f"right: {_told(right)}; wrong: {wrong}", set(right) == {200} and wrong[-1] in (
        401,
        403,
    ) and 200 not in wrong


@attack("official: 300 forged taps through the cases", flood=True)
async def forged_taps(field: Field) -> tuple[str, bool]:
    verbs = ("case", "line", "sheet", "ack", "urge")
    taps = [{"message_id": 1, "data": f"1:{verbs[n % 5]}:{n}:0"} for n in range(300)]
    found = await field.statuses([field.desk.post(f"{field.desk_base}/tap", json=one) for one in taps])
    await asyncio.sleep(1)
    with contextlib.closing(sqlite3.connect(_database(field))) as db:
        read = db.execute("SELECT count(*) FROM audit WHERE action = 'case.read'").fetchone()[0]
    return f"{_told(found)}; {read} cases read", read == 0 and found[429] > 0


@attack("supervisor: 60 pictures of the big screen", flood=True)
async def pictures(field: Field) -> tuple[str, bool]:
    asked = [field.desk.get(f"{field.desk_base}/board/{name}.svg") for name in ("map", "trend") * 30]
    return _told(await field.statuses(asked)), True


@attack("administrator: /handover with 2,000 words", flood=True)
async def long_command(field: Field) -> tuple[str, bool]:
    begun, place = time.monotonic(), len(field.telegram.calls)
    field.telegram.feed(ADMIN, "/handover " + "没人应 " * 1300)
    await field.telegram.until(lambda: any(one.chat_id == ADMIN for one in field.telegram.calls[place:]), 30)
    took = time.monotonic() - begun
    return f"answered after {took:.2f} s", took < 2


# -- files and the machine ---------------------------------------------------------------------------------------------


@attack("clerk: tables that are bombs, or broken")
async def bombs(field: Field) -> tuple[str, bool]:
    from openpyxl import Workbook

    folder, seen = field.bench.folder / "bombs", []
    folder.mkdir(exist_ok=True)
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["XFD1048576"] = "x"
    sheet["A1"] = "案号"
    book.save(folder / "far.xlsx")
    whole = (folder / "far.xlsx").read_bytes()
    (folder / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    (folder / "noise.xlsx").write_bytes(b"PK\x03\x04" + bytes(range(256)) * 40)
    (folder / "wide.csv").write_text("," * 2_000_000)
    for path in sorted(folder.iterdir()):
        begun = time.monotonic()
        code, said = await field.bot.command("import", "cases", str(path))
        seen.append((path.name, code, "Traceback" in said, time.monotonic() - begun))
    told = "; ".join(f"{name} {took:.1f} s" for name, _code, _trace, took in seen)
    return told, all(code and not trace and took < 20 for _name, code, trace, took in seen)


@attack("somebody with the database: the audit's tail cut, its head made to fit")
async def cut_audit(field: Field) -> tuple[str, bool]:
    copy = Bot(field.bench.folder / "tampered", field.bench.key)
    code, said = await field.bot.command("backup", str(field.bench.folder / "backup"))
    assert code == 0, said
    shutil.copy(field.bench.folder / "backup" / "chuishao.db", field.bench.folder / "tampered")
    assert (await copy.command("audit", "verify"))[0] == 0
    with contextlib.closing(sqlite3.connect(field.bench.folder / "tampered" / "chuishao.db")) as db, db:
        db.execute("DELETE FROM audit WHERE id > (SELECT max(id) - 10 FROM audit)")
        last = db.execute("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
        db.execute("UPDATE audit_head SET count = ?, hash = ?", last)
    code, said = await copy.command("audit", "verify")
    return said.strip().splitlines()[-1], code == 1


@attack("somebody on the machine: reads the data folder")
async def modes(field: Field) -> tuple[str, bool]:
    folder = _database(field).parent
    open_ones = [
        path.name for path in (folder, *folder.rglob("*")) if path.name != "log" and path.stat().st_mode & 0o077
    ]
    return ", ".join(open_ones[:5]) or "600 and 700", not open_ones


def _database(field: Field) -> Path:
    return Path(field.bot.environment["CHUISHAO_DATA"]) / "chuishao.db"


def _gateway(field: Field) -> Path:
    return _database(field).parent / "gateway" / "gateway.db"


# -- the field ---------------------------------------------------------------------------------------------------------


async def _told_by(work: Attack, field: Field) -> tuple[str, bool]:
    return await work(field)


async def _one(field: Field, name: str, work: Attack, idle: float, *, flood: bool) -> Row:
    if not flood:
        seen, holds = await work(field)
        return Row(name, seen, holds)
    async with asyncio.TaskGroup() as group:
        attacking = group.create_task(_told_by(work, field))
        late = await field.late()
    seen, holds = attacking.result()
    allowed = TIMES * max(idle, LEAST)
    return Row(name, f"{seen}; alerts {late * 1000:.0f} ms", holds and late <= allowed and field.bot.lives())


async def main() -> int:
    begun = time.monotonic()
    rows = []
    with tempfile.TemporaryDirectory() as folder, warm.forking():
        bench = Bench(Path(folder), debtors=2000)
        await bench.prepare()
        async with Telegram() as telegram, contextlib.AsyncExitStack() as stack:
            field = Field(bench, bench.bot(telegram), telegram)
            field.bot.prefix = []
            await field.bot.start()
            await field.bot.ready()
            field.page, field.base = await stack.enter_async_context(field.signed_in("书记5"))
            field.desk, field.desk_base = await stack.enter_async_context(field.signed_in("管理员"))
            await field.late()
            idle = await field.late()
            print(f"{'nothing goes on':<66} alerts {idle * 1000:.0f} ms", flush=True)
            for name, work, flood in [one for one in ATTACKS if all(word in one[0] for word in sys.argv[1:])]:
                row = await _one(field, name, work, idle, flood=flood)
                rows.append(row)
                print(f"{'holds ' if row.holds else 'BREAKS'} {row.attack:<66} {row.seen}", flush=True)
            await field.bot.stop()
    broken = sum(not row.holds for row in rows)
    print(f"{len(rows)} attacks, {broken} break, {time.monotonic() - begun:.0f} s", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
