"""Other people's libraries, unmodified, each as a process of its own on our gateway: the same story for all of them."""

import asyncio
import contextlib
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.gateway.quota import Quota
from tests.parts import absent
from tests.process import free_port
from tests.world import TOKEN, FarEnd

pytestmark = pytest.mark.slow

CLIENTS = Path(__file__).parents[1] / "clients"
PARTS = Path(__file__).parents[2] / ".clients"
"""Where `make clients` puts what cannot live beside the product's own packages."""
CHAT = 5
WHO = {"id": CHAT, "first_name": "某某"}
PHOTO = b"\xff\xd8\xff" + bytes(range(256)) * 40


class Counting(Quota):
    """How often somebody was told to wait."""

    refused = 0

    def refusal(self, chat_id: int, now: float) -> int | None:
        seconds = super().refusal(chat_id, now)
        self.refused += seconds is not None
        return seconds


def command_of(client: str) -> list[str]:
    """How the client's bot is started; skips, or fails in CI, where its library is absent."""
    if client == "grammy":
        node = shutil.which("node")
        if node is None or not (PARTS / "node_modules" / "grammy").is_dir():
            absent("node with grammY (`make clients`)")
        return [str(node), str(CLIENTS / "with_grammy.mjs")]
    python = sys.executable
    if client == "aiogram":
        python = str(PARTS / "py" / "bin" / "python")
        if not Path(python).exists():
            absent("aiogram (`make clients`)")
    return [python, str(CLIENTS / f"with_{client}.py")]


class Chat:
    """One person's side of the chat, on the gateway's own store."""

    def __init__(self, far_end: FarEnd) -> None:
        self.store = far_end.store
        self._changed = asyncio.Event()
        self.store.watchers.append(lambda _chat_id: self._changed.set())
        self.toasts: list[str] = []
        far_end.methods.answers.append(self._toast)

    def _toast(self, _query: str, text: str, _loud: bool) -> None:
        self.toasts.append(text)
        self._changed.set()

    async def sends(self, **content: Any) -> None:
        person = {**WHO, "is_bot": False}
        body = {"from": person, "chat": {**WHO, "type": "private"}, "date": int(time.time()), **content}
        await self.store.from_person(CHAT, body)

    async def says(self, text: str) -> None:
        command = [{"type": "bot_command", "offset": 0, "length": len(text)}] if text.startswith("/") else []
        await self.sends(text=text, entities=command)

    async def taps(self, message: dict[str, Any]) -> None:
        data = message["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
        person = {**WHO, "is_bot": False}
        query = {"id": "77", "from": person, "chat_instance": str(CHAT), "message": message, "data": data}
        await self.store.queue({"callback_query": query})

    async def expects(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """A message of the bot's of this kind, as it is now."""
        async with asyncio.timeout(30):
            while True:
                self._changed.clear()
                for _seq, body, _number in await self.store.since(CHAT, 0):
                    if body is not None and body["from"]["is_bot"] and fits(body):
                        return body
                await self._changed.wait()


@contextlib.asynccontextmanager
async def started(client: str, url: str, port: int, log: Path) -> AsyncIterator[None]:
    with log.open("wb") as file:
        words = [*command_of(client), url, TOKEN, str(port)]
        cwd = PARTS if client == "grammy" else None
        process = await asyncio.create_subprocess_exec(*words, cwd=cwd, stdout=file, stderr=file)
    try:
        yield
        assert process.returncode is None, log.read_text()[-2000:]
    except TimeoutError as error:
        raise AssertionError(log.read_text()[-2000:]) from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.mark.parametrize("way", ["poll", "webhook"])
@pytest.mark.parametrize("client", ["ptb", "telebot", "aiogram", "grammy"])
async def test_a_bot_of_another_library_runs_on_it(client: str, way: str, tmp_path: Path) -> None:
    """start with every entity and a button, a tap and an edit, a photo down and up again, three messages at once while
    the gateway allows one a second."""
    far_end = FarEnd(tmp_path / "gateway")
    await far_end.start()
    await far_end.store.ensure_chat(CHAT)
    chat = Chat(far_end)
    port = free_port() if way == "webhook" else 0
    await chat.says("/start")  # before the bot is there: it waits
    async with started(client, far_end.url, port, tmp_path / "log"):
        hello = await chat.expects(lambda body: body.get("text", "").startswith("😀"))
        assert hello["text"] == "😀 粗斜下删码链块密引"
        kinds = [(one["type"], one["offset"]) for one in hello["entities"]]
        assert kinds == [
            *(("bold", 3), ("italic", 4), ("underline", 5), ("strikethrough", 6)),
            *(("code", 7), ("text_link", 8), ("pre", 9), ("spoiler", 10), ("blockquote", 11)),
        ]
        await chat.taps(hello)
        await chat.expects(lambda body: body.get("text") == "改了" and "edit_date" in body)
        assert chat.toasts == ["好"]
        file_id = await far_end.store.keep_file(CHAT, "photo", "image/jpeg", PHOTO)
        size = {"file_id": file_id, "file_unique_id": file_id[:16], "width": 1, "height": 1, "file_size": len(PHOTO)}
        await chat.sends(photo=[size])
        back = await chat.expects(lambda body: "photo" in body)
        assert back["caption"] == str(len(PHOTO))
        assert (far_end.store.files / back["photo"][-1]["file_id"]).read_bytes() == PHOTO
        quota = far_end.methods.quota = Counting()
        await chat.says("三条")
        await chat.expects(lambda body: body.get("text") == "第2条")
    numbers = [
        body["text"]
        for _seq, body, _number in await far_end.store.since(CHAT, 0)
        if body is not None and body.get("text", "").startswith("第")
    ]
    assert numbers == ["第0条", "第1条", "第2条"]
    assert 1 <= quota.refused <= 4  # it was told to wait, and did
    await far_end.stop()
