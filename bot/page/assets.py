"""The page's own files, its words, and what a phone needs to put it among its apps."""

import functools
import gzip
import hashlib
import io
from pathlib import Path
from typing import NamedTuple

import segno
from aiohttp import web

import locales
from storage.duty import court
from storage.version import VERSION

PAGE = Path(__file__).parent / "static"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
        "font-src 'self'; "
        "connect-src 'self'; worker-src 'self'; manifest-src 'self'; frame-src 'self'; frame-ancestors 'self'; "
        "form-action 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        ["microphone=(self)", "geolocation=(self)", "autoplay=(self)"]
        + [
            f"{name}=()"
            for name in ("camera", "display-capture", "payment", "usb", "serial", "hid", "midi", "bluetooth")
        ]
        + [f"{name}=()" for name in ("accelerometer", "gyroscope", "magnetometer", "browsing-topics", "fullscreen")]
    ),
    "X-Chuishao": "1",  # an answer without it comes from a server in between
}


TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


FOR_GOOD = "max-age=31536000, immutable"
"""What stands under an address that changes with the content."""


def _mark(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:20]


class Part(NamedTuple):
    """One file of the page, as it is and packed, and its mark (ETag)."""

    body: bytes
    packed: bytes
    mark: str
    kind: str

    @classmethod
    def of(cls, body: bytes, kind: str) -> "Part":
        """Packs a file's content."""
        return cls(body, gzip.compress(body, mtime=0), _mark(body), kind)

    def answer(self, request: web.Request, shelf: str = "no-cache") -> web.Response:
        """Returns it, packed where the browser takes that; 304 where the browser has it."""
        headers = {"Cache-Control": shelf, "Vary": "Accept-Encoding", "ETag": f'"{self.mark}"'}
        if any(known.value in (self.mark, "*") for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        packed = "gzip" in request.headers.get("Accept-Encoding", "") and len(self.packed) < len(self.body)
        if packed:
            headers["Content-Encoding"] = "gzip"
        return web.Response(
            body=self.packed if packed else self.body,
            content_type=self.kind,
            charset="utf-8" if self.kind.startswith("text/") else None,
            headers=headers,
        )


@functools.cache
def files() -> dict[str, Part]:
    """Returns the page's files by name.

    Where a page or the service worker names `/static/`, the mark of all files is put behind it: what a phone has once
    it never asks for again, until something has changed.
    """
    bodies = {path.name: path.read_bytes() for path in sorted(PAGE.iterdir()) if path.suffix in TYPES}
    stamp = stamped(bodies)
    for name in bodies:
        if name.endswith(".html") or name == "sw.js":
            bodies[name] = bodies[name].replace(b"/static/", f"/static/{stamp}/".encode())
    return {name: Part.of(body, TYPES[Path(name).suffix]) for name, body in bodies.items()}


def stamped(bodies: dict[str, bytes]) -> str:
    """Returns the mark of all files together."""
    return _mark(b"".join(name.encode() + body for name, body in sorted(bodies.items())))


class Assets:
    """Routes of what is the same for everybody."""

    def __init__(self, joining_url: str) -> None:
        self._joining_url = joining_url

    def add_routes(self, app: web.Application) -> None:
        """Registers these routes, and adds the security headers to every answer."""
        app.router.add_get("/", self._joining)
        app.router.add_get("/c/", self._chat)  # for a phone's shelf
        app.router.add_get("/c/{slug}/", self._chat)
        app.router.add_get("/static/letters.otf", self._letters)
        app.router.add_get("/static/{name}", self._static)
        app.router.add_get("/static/{stamp}/{name}", self._static)
        app.router.add_get("/sw.js", self._worker)
        app.router.add_get("/manifest.webmanifest", self._manifest)
        app.router.add_get("/words/{language}", self._words)
        app.router.add_get("/qr/{code}", self._qr)
        app.on_response_prepare.append(self._headers)

    async def _headers(self, request: web.Request, response: web.StreamResponse) -> None:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["Server"] = "chuishao"  # and not what it is made of, and of which version
        if self._joining_url.startswith("https:"):
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if request.path.startswith(("/c/", "/api/")):  # what somebody said or may join with is on no shelf
            response.headers.setdefault("Cache-Control", "no-store")

    async def _joining(self, request: web.Request) -> web.StreamResponse:
        return files()["join.html"].answer(request)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        return files()["chat.html"].answer(request)

    async def _static(self, request: web.Request) -> web.StreamResponse:
        part = files().get(request.match_info["name"])
        if part is None or part.kind == TYPES[".html"]:
            raise web.HTTPNotFound
        return part.answer(request, FOR_GOOD if "stamp" in request.match_info else "no-cache")

    async def _letters(self, _request: web.Request) -> web.StreamResponse:
        """Sends a font with Chinese letters, for machines without any."""
        headers = {"Cache-Control": "max-age=2592000", "Content-Type": "font/otf"}
        return web.FileResponse(locales.FONT, headers=headers)

    async def _worker(self, request: web.Request) -> web.StreamResponse:
        """Sends the service worker, which has to stand at the top for the whole page to be in its reach."""
        return files()["sw.js"].answer(request)

    async def _manifest(self, _request: web.Request) -> web.StreamResponse:
        """Sends what a phone needs to put the page among its apps."""
        title = locales.plain(locales.DEFAULT, "page.title")
        icons = [{"src": "/static/icon.svg", "sizes": "any", "type": "image/svg+xml"}]
        icons += [{"src": f"/static/icon-{n}.png", "sizes": f"{n}x{n}", "type": "image/png"} for n in (192, 512)]
        body = {"name": title, "short_name": title, "start_url": ".", "scope": "/", "display": "standalone"}
        return web.json_response(
            {**body, "theme_color": "#14532d", "background_color": "#eef1f4", "icons": icons},
            content_type="application/manifest+json",
        )

    async def _words(self, request: web.Request) -> web.StreamResponse:
        """Sends the page's own words in one language."""
        language = request.match_info["language"]
        messages = locales.catalogue(language if language in locales.LANGUAGES else locales.DEFAULT)
        words = {key.removeprefix("page."): text for key, text in messages.items() if key.startswith("page.")}
        about = {"phone": await court.phone_for_anybody(), "version": VERSION}
        response = web.json_response({**words, **about}, headers={"Cache-Control": "max-age=300"})
        response.enable_compression()
        return response

    async def _qr(self, request: web.Request) -> web.StreamResponse:
        """Draws a joining link as a QR code, to be scanned from another phone."""
        code = request.match_info["code"]
        if len(code) > 64 or not all(c.isalnum() or c in "-_" for c in code):
            raise web.HTTPNotFound
        picture = io.BytesIO()
        segno.make(f"{self._joining_url}#{code}", micro=False).save(
            picture, kind="svg", scale=5, border=2, light="white"
        )
        return web.Response(
            body=picture.getvalue(), content_type="image/svg+xml", headers={"Cache-Control": "no-store"}
        )
