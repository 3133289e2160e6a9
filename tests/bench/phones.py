"""The page with many phones at once: how late what is sent reaches them, and what each costs in memory."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot.gateway.store import Store
from storage.engine.secret import new_key
from tests.bench.product import on_core, share
from tests.process import Bot

MESSAGES = 3
"""To each phone."""


@dataclass(frozen=True)
class Phones:
    """Milliseconds from the call that sends to the phone, one message after the other; from the answer to that call,
    which comes with the commit, where all phones are sent something at once; KB a phone; MB of the whole."""

    p50: float
    p99: float
    at_once: float
    each: float
    memory: float


async def phones(folder: Path, count: int) -> Phones:
    """So many pages open on one process, each with its own stream; then every one of them is sent something."""
    store = Store(folder / "gateway")
    chats = [await store.open_chat() for _ in range(count)]
    store.close()
    bot = Bot(folder, new_key())
    bot.prefix = on_core(0)
    code, said = await bot.command("init")  # else what making the database needed hides what the phones need
    assert code == 0, said
    await bot.start()
    await bot.ready()
    before = bot.usage()["rss"]
    arrived: dict[int, asyncio.Queue[float]] = {chat_id: asyncio.Queue() for chat_id, _slug, _token in chats}
    open_ = [asyncio.Event() for _ in chats]
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)) as session:

        async def listen(place: int) -> None:
            chat_id, slug, token = chats[place]
            cookies = {"Cookie": f"chuishao-{slug}={token}"}
            async with session.get(f"{bot.url}/c/{slug}/events", headers=cookies) as stream:
                assert stream.status == 200
                async for line in stream.content:
                    if line.startswith(b"event: person"):
                        open_[place].set()
                    elif line.startswith(b'data: {"message"'):
                        arrived[chat_id].put_nowait(time.monotonic())

        async with asyncio.TaskGroup() as nursery:
            listening = [nursery.create_task(listen(place)) for place in range(count)]
            await asyncio.gather(*(one.wait() for one in open_))
            after = bot.usage()["rss"]
            token = (folder / "gateway" / "token").read_text().strip()
            url, late = f"{bot.url}/bot{token}/sendMessage", []
            for number in range(MESSAGES):
                for chat_id, _slug, _token in chats:
                    begun = time.monotonic()
                    body = {"chat_id": chat_id, "text": f"{number}"}
                    async with session.post(url, json=body) as answer:
                        assert answer.status == 200
                    async with asyncio.timeout(10):
                        late.append((await arrived[chat_id].get() - begun) * 1000)

            async def tell(chat_id: int) -> float:
                async with session.post(url, json={"chat_id": chat_id, "text": "all"}) as answer:
                    assert answer.status == 200
                committed = time.monotonic()
                async with asyncio.timeout(30):
                    return max(0.0, await arrived[chat_id].get() - committed) * 1000

            at_once = await asyncio.gather(*(tell(chat_id) for chat_id, _slug, _token in chats))
            for task in listening:
                task.cancel()
    await bot.stop()
    return Phones(share(late, 0.5), share(late, 0.99), share(at_once, 0.99), (after - before) * 1000 / count, after)
