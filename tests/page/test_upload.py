"""What phones' cameras make today is taken, and turned into what every phone can show."""

import io

import pytest
from aiohttp import web
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pillow_heif import from_pillow

from bot.page.upload import bare, checked, turned


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


def _photo(kind: str, **more: object) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(made, kind, **more)
    return made.getvalue()


def _tells() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x013B], exif[0x0112] = "Huawei", "He Xiaomei", 6
    exif.get_ifd(0x8825)[2] = (28.0, 39.0, 0.0)
    return exif


def test_a_photo_says_neither_where_nor_with_what_nor_by_whom() -> None:
    """Whatever program uploads it, the page or another."""
    info = PngInfo()
    info.add_text("Author", "He Xiaomei")
    told = [
        _photo("JPEG", exif=_tells()),
        _photo("JPEG", comment=b"by He Xiaomei"),
        _photo("JPEG", xmp=b"<x>He Xiaomei</x>"),
        _photo("JPEG") + b"He Xiaomei, 28.65 120.09",
        _photo("PNG", exif=_tells()),
        _photo("PNG", pnginfo=info),
        _photo("WEBP", exif=_tells()),
        _photo("WEBP", xmp=b"<x>He Xiaomei</x>"),
    ]
    for content in told:
        assert b"Xiaomei" in content
        kind, mime = checked(content)
        after = bare(content)
        assert b"Xiaomei" not in after and b"Huawei" not in after and checked(after) == (kind, mime)
        assert not Image.open(io.BytesIO(after)).getexif()
    turned_round = Image.open(io.BytesIO(bare(told[0])))
    assert turned_round.size == (30, 40), "held upright, as the camera said"


def test_a_photo_that_says_nothing_stays_byte_for_byte() -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        assert bare(_photo(kind)) == _photo(kind)
    assert Image.open(io.BytesIO(bare(_photo("PNG", pnginfo=None)))).size == (40, 30)


def test_what_is_broken_is_refused_and_the_rest_left_as_it_is() -> None:
    with pytest.raises(web.HTTPUnsupportedMediaType):
        turned(heic()[:200])
    for other in (b"\xff\xd8\xff", b"OggS", b"\0\0\0\x18ftypM4A \0"):
        assert turned(other) == other
