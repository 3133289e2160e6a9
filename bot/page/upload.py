"""What people upload: known by its content, whatever it is called, and small enough for the phone that will show it."""

import asyncio
import io
import warnings
from collections.abc import Awaitable
from typing import Any, NamedTuple, TypeVar

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.gateway.picture import measured
from bot.page.session import BODY_SECONDS

T = TypeVar("T")

PHOTO_BYTES, VOICE_BYTES = 10_000_000, 5_000_000
FORM_BYTES, FIELDS = 12_000_000, ("id", "waited", "seconds", "name", "go", "caption", "file")
UPLOAD_SECONDS = 180.0
"""For so long an upload may take in all: as long as the page waits for it."""
MOST_PIXELS = 50_000_000
"""A few kilobytes can unpack to gigabytes; no camera of a phone makes more than this."""
_PICTURES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif")
_QUALITY = 85
_KEPT = {"transparency", "icc_profile"}
_HARMLESS = _KEPT | {
    *("jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "progressive", "progression", "adobe"),
    *("adobe_transform", "gamma", "srgb", "chromaticity", "interlace", "aspect", "background", "loop"),
}
"""What a picture may say of itself that tells nothing of who took it."""


class Prepared(NamedTuple):
    """An upload as it is kept: what it is, and what is told of it (a picture's size)."""

    content: bytes
    kind: str
    mime: str
    about: dict[str, Any]


LONGEST_VOICE = 3600
"""Seconds that a voice may say it lasts."""


def prepared(content: bytes, seconds: str = "") -> Prepared:
    """Makes of what somebody uploads what is kept; a voice says itself how long it lasts. Takes its time: not for the
    event loop. Raises 413, 415."""
    content = turned(content)
    kind, mime = checked(content)
    if kind == "voice":
        lasts = min(int(seconds), LONGEST_VOICE) if seconds.isascii() and seconds.isdigit() and len(seconds) < 7 else 0
        return Prepared(content, kind, mime, {"duration": lasts})
    content = bare(content)
    return Prepared(content, kind, mime, measured(content))


async def read_form(request: web.Request) -> tuple[dict[str, str], bytes]:
    """Reads an upload into memory, nothing of it into a file: its fields, and the content of its file. Raises 400; 413
    for more than a form may be; 408 where the next part doesn't come."""
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            return await _read_form(request)
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error


async def _read_form(request: web.Request) -> tuple[dict[str, str], bytes]:
    fields, content, size, parts = dict[str, str](), None, 0, 0
    try:
        reader = await request.multipart()
        while (part := await _next(reader.next())) is not None:
            parts += 1
            if not isinstance(part, BodyPartReader) or part.name not in FIELDS or parts > len(FIELDS):
                raise web.HTTPBadRequest
            body = bytearray()
            while chunk := await _next(part.read_chunk()):
                body += chunk
                size += len(chunk)
                if size > FORM_BYTES:
                    raise web.HTTPRequestEntityTooLarge(FORM_BYTES, size)
            if part.filename is not None:
                content = bytes(body)
            else:
                fields[part.name] = body.decode("utf-8", "replace")
    except (ValueError, AssertionError, ConnectionResetError, HttpProcessingError) as error:
        # no form, a head that is none, or a phone that went away
        raise web.HTTPBadRequest from error
    if content is None:
        raise web.HTTPBadRequest
    return fields, content


async def _next(work: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await work
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error


def turned(content: bytes) -> bytes:
    """Returns a photo of the kind that phones' cameras make today (HEIC) as JPEG, without what the camera says of
    place and time; anything else as it is. Raises 415, 413."""
    if content[4:8] != b"ftyp" or content[8:12] not in _HEIF:
        return content
    if len(content) > PHOTO_BYTES:
        raise web.HTTPRequestEntityTooLarge(PHOTO_BYTES, len(content))
    from PIL import Image, ImageOps, UnidentifiedImageError
    from pillow_heif import HeifImagePlugin  # noqa: F401 - registers itself

    try:
        with Image.open(io.BytesIO(content), formats=["HEIF", "AVIF"]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise web.HTTPRequestEntityTooLarge(PHOTO_BYTES, len(content))
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise web.HTTPUnsupportedMediaType from error
    made = io.BytesIO()
    upright.thumbnail((1600, 1600))
    upright.save(made, "JPEG", quality=_QUALITY)
    return made.getvalue()


def bare(content: bytes) -> bytes:
    """Returns a photo without what the camera says of place, time, device and owner, upright; as it is where it says
    nothing. `checked` must have passed it."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(content), formats=list(_PICTURES)) as picture:
        kind, ends = picture.format or "", content.endswith(b"\xff\xd9") or not content.startswith(b"\xff\xd8")
        if ends and set(picture.info) <= _HARMLESS and not getattr(picture, "text", None):
            return content
        try:
            upright = ImageOps.exif_transpose(picture)
            made = io.BytesIO()
            for name in set(upright.info) - _KEPT:
                del upright.info[name]
            upright.save(made, kind, **({} if kind == "PNG" else {"quality": _QUALITY}))
        except (OSError, ValueError, SyntaxError) as error:
            raise web.HTTPUnsupportedMediaType from error
    return made.getvalue()


MOST_PIECES = 3000
"""So many pieces a picture may be made of: of a camera's there are a few hundred at most, and each takes time."""


def _pieces(content: bytes) -> int:
    """Counts the pieces of a PNG, JPEG or WebP up to one too many, without looking into them."""
    count, at = 0, 0
    if content.startswith(b"\x89PNG"):
        at = 8
        while at + 8 <= len(content) and count <= MOST_PIECES:
            at += 12 + int.from_bytes(content[at : at + 4], "big")
            count += 1
    elif content.startswith(b"RIFF"):
        at = 12
        while at + 8 <= len(content) and count <= MOST_PIECES:
            size = int.from_bytes(content[at + 4 : at + 8], "little")
            at += 8 + size + size % 2
            count += 1
    else:
        at = 2
        while at + 4 <= len(content) and content[at] == 0xFF and count <= MOST_PIECES:
            if content[at + 1] == 0xDA:  # from here on it is the picture itself
                break
            at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
            count += 1
    return count


def checked(content: bytes) -> tuple[str, str]:
    """Returns the kind (`photo` or `voice`) and the MIME type of an upload.

    Raises 415 for anything else or what is broken, 413 for what is too large. It reads what a picture says of its size
    without unpacking it.
    """
    voice = _sound(content)
    most = VOICE_BYTES if voice else PHOTO_BYTES
    if not voice and not content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")):
        raise web.HTTPUnsupportedMediaType
    if len(content) > most or (not voice and _pieces(content) > MOST_PIECES):
        raise web.HTTPRequestEntityTooLarge(most, len(content))
    return ("voice", voice) if voice else ("photo", _picture(content))


def _picture(content: bytes) -> str:
    from PIL import Image, UnidentifiedImageError  # 10 MB, only where somebody sends a photo

    try:
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            picture = Image.open(io.BytesIO(content), formats=list(_PICTURES))
    except Image.DecompressionBombError as error:
        raise web.HTTPRequestEntityTooLarge(PHOTO_BYTES, len(content)) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise web.HTTPUnsupportedMediaType from error
    with picture:
        if picture.width * picture.height > MOST_PIXELS or getattr(picture, "n_frames", 1) > 1:
            raise web.HTTPRequestEntityTooLarge(PHOTO_BYTES, len(content))
        return _PICTURES[picture.format or ""]


def _sound(content: bytes) -> str:
    """Returns the MIME type of a recording, empty for anything else."""
    if content.startswith(b"OggS"):
        return "audio/ogg"
    if content.startswith(b"\x1aE\xdf\xa3"):
        return "audio/webm"
    return "audio/mp4" if content[4:8] == b"ftyp" else ""
