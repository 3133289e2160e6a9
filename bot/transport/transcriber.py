"""Has what people say in voice messages written down, where the court has a machine for it, and hands on the words.

The machine is a server that speaks the widely spoken form (POST of a file to /v1/audio/transcriptions), or a model in a
folder, which a process of its own reads (`bot/office/speech.py`). Neither can hold up or harm anything else: a voice
goes its way meanwhile, and is asked about again.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

import aiohttp
import structlog

from bot.transport.api import ApiError, NoAnswerError, NotSentError
from bot.transport.channel import Channel
from bot.transport.router import Router, where
from storage.alerts import attachment
from storage.alerts.attachment import Attachment
from storage.engine.database import Database
from storage.engine.failure import StorageUnavailableError

SIDE_BY_SIDE = 2
PATIENCE_SECONDS = 60.0
_LEASE = timedelta(seconds=2 * PATIENCE_SECONDS + 30)
"""For so long another process leaves a voice alone."""
_MODEL = "whisper-1"
"""What a server is asked for whose URL names no model; those with one model take any name."""
_LONGEST_ANSWER = 1 << 20
_ENDINGS = {"voice": ".ogg", "audio": ".m4a", "video_note": ".mp4"}
_log = structlog.get_logger("transcriber")


class NotHeardError(Exception):
    """The machine gave no answer that can be used; carries why."""


class Ear(Protocol):
    """Turns a voice into words."""

    async def hear(self, content: bytes, name: str) -> str:
        """Returns the words, empty where there are none. Raises NotHeardError."""


class ServerEar:
    """A server of the court's. The URL's password is its key, its `model=` the model; it may not send us elsewhere."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        parts = urlsplit(url)
        self._session = session
        self._url = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
        self._model = parse_qs(parts.query).get("model", [_MODEL])[0]
        self._headers = {"Authorization": f"Bearer {unquote(parts.password)}"} if parts.password else {}

    async def hear(self, content: bytes, name: str) -> str:
        form = aiohttp.FormData()
        form.add_field("file", content, filename=name)
        form.add_field("model", self._model)
        form.add_field("language", "zh")
        form.add_field("response_format", "json")
        timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS, sock_connect=5)
        try:
            async with self._session.post(
                self._url, data=form, headers=self._headers, timeout=timeout, allow_redirects=False
            ) as answer:
                raw = bytearray()
                async for part in answer.content.iter_any():
                    raw += part
                    if len(raw) > _LONGEST_ANSWER:
                        raise NotHeardError("too long an answer")
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotHeardError(type(error).__name__) from error
        if status != 200:
            raise NotHeardError(f"status {status}")
        return _text(bytes(raw))


class ModelEar:
    """A sherpa-onnx model in a folder, loaded by a process that lives for one voice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def hear(self, content: bytes, name: str) -> str:
        del name
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.office.speech", str(self._folder)),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                raw, _ = await process.communicate(content)
        except TimeoutError as error:
            raise NotHeardError("too slow") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise NotHeardError(f"the process ended with {process.returncode}")
        return _text(raw)


def _text(raw: bytes) -> str:
    try:
        said = json.loads(raw)["text"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotHeardError("unreadable answer") from error
    if not isinstance(said, str):
        raise NotHeardError("unreadable answer")
    return " ".join(said.split())


def ear_for(session: aiohttp.ClientSession, setting: str) -> Ear | None:
    """Returns what listens by the setting: a URL or a folder; None where it is empty."""
    if not setting:
        return None
    return ServerEar(session, setting) if "://" in setting else ModelEar(Path(setting))


class Transcriber:
    """Looks for voices that nobody has listened to, and has each listened to once."""

    def __init__(
        self, db: Database, channels: dict[str, Channel], router: Router, ear: Ear, nursery: asyncio.TaskGroup
    ) -> None:
        self._db = db
        self._channels = channels
        self._router = router
        self._ear = ear
        self._nursery = nursery
        self._hearing: dict[int, asyncio.Task[None]] = {}

    async def run(self, tick: float) -> None:
        while True:
            try:
                for row in await self._waiting():
                    self._hearing[row.id] = self._nursery.create_task(self._hear(row))
            except StorageUnavailableError:
                _log.error("transcriber waits, storage unavailable")
            await self._db.clock.sleep(tick)

    @property
    def busy(self) -> bool:
        """Tells whether something is being listened to."""
        return bool(self._hearing)

    def cancel(self) -> None:
        """Gives up what is being listened to; it is asked for again at the next start."""
        for task in self._hearing.values():
            task.cancel()

    async def _waiting(self) -> Sequence[Attachment]:
        free = SIDE_BY_SIDE - len(self._hearing)
        if free <= 0:
            return ()
        due = await attachment.unheard(self._db.clock.now(), sorted(self._channels), 2 * SIDE_BY_SIDE)
        return [row for row in due if row.id not in self._hearing][:free]

    async def _hear(self, row: Attachment) -> None:
        try:
            if not await self._db.unit(partial(attachment.listen, row, _LEASE), "transcriber"):
                return
            words = await self._words(row)
            if words is None or not await self._db.unit(partial(self._router.heard, row, words), "transcriber"):
                await self._db.unit(partial(attachment.hear_later, row), "transcriber")
        except StorageUnavailableError:
            _log.error("transcript not kept, storage unavailable", attachment=row.id)
        except Exception as error:  # noqa: BLE001 - whatever reading the words raises, the voice goes its way
            _log.error("transcript not read", attachment=row.id, error=type(error).__name__, where=where(error))
            with contextlib.suppress(StorageUnavailableError):
                await self._db.unit(partial(attachment.hear_later, row), "transcriber")
        finally:
            self._hearing.pop(row.id, None)

    async def _words(self, row: Attachment) -> str | None:
        """Returns what is said; None where there is no answer yet."""
        try:
            content: Any = await self._channels[row.channel].api.download(row.file_id)
            return await self._ear.hear(content, f"{row.kind.value}{_ENDINGS.get(row.kind.value, '')}")
        except NotHeardError as error:
            _log.warning("not heard", attachment=row.id, why=str(error))
        except (ApiError, NoAnswerError, NotSentError) as error:
            _log.warning("not heard", attachment=row.id, why=type(error).__name__)
        return None
