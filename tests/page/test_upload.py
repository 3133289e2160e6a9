"""What phones' cameras make today is taken, and turned into what every phone can show."""

import io

import pytest
from aiohttp import web
from PIL import Image
from pillow_heif import from_pillow

from bot.page.upload import checked, turned


def heic(width: int = 64, height: int = 48) -> bytes:
    made = io.BytesIO()
    from_pillow(Image.new("RGB", (width, height), "navy")).save(made, quality=50)
    return made.getvalue()


def test_a_photo_of_the_new_kind_becomes_a_jpeg_without_what_the_camera_says() -> None:
    raw = heic()
    assert raw[4:8] == b"ftyp"
    content = turned(raw)
    assert checked(content) == ("photo", "image/jpeg")
    picture = Image.open(io.BytesIO(content))
    assert picture.size == (64, 48) and not picture.getexif()


def test_what_is_broken_is_refused_and_the_rest_left_as_it_is() -> None:
    with pytest.raises(web.HTTPUnsupportedMediaType):
        turned(heic()[:200])
    for other in (b"\xff\xd8\xff", b"OggS", b"\0\0\0\x18ftypM4A \0"):
        assert turned(other) == other
