"""The page's own files, its words, and what a phone needs to put it among its apps."""

import io
from pathlib import Path

import segno
from aiohttp import web

import locales
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


class Assets:
    """Routes of what is the same for everybody."""

    def __init__(self, joining_url: str, court_phone: str) -> None:
        self._joining_url = joining_url
        self._court_phone = court_phone

    def add_routes(self, app: web.Application) -> None:
        """Registers these routes, and adds the security headers to every answer."""
        app.router.add_get("/", self._index)
        app.router.add_get("/c/{slug}/", self._index)
        app.router.add_get("/static/letters.otf", self._letters)
        app.router.add_get("/static/{name}", self._static)
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

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})

    async def _static(self, request: web.Request) -> web.StreamResponse:
        path = PAGE / request.match_info["name"]
        if path.name != request.match_info["name"] or path.suffix not in (".js", ".css", ".svg", ".png"):
            raise web.HTTPNotFound
        if not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={"Cache-Control": "no-cache"})

    async def _letters(self, _request: web.Request) -> web.StreamResponse:
        """Sends a font with Chinese letters, for machines without any."""
        headers = {"Cache-Control": "max-age=2592000", "Content-Type": "font/otf"}
        return web.FileResponse(locales.FONT, headers=headers)

    async def _worker(self, _request: web.Request) -> web.StreamResponse:
        """Sends the service worker, which has to stand at the top for the whole page to be in its reach."""
        return web.FileResponse(PAGE / "sw.js", headers={"Cache-Control": "no-cache"})

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
        return web.json_response(
            {**words, "phone": self._court_phone, "version": VERSION}, headers={"Cache-Control": "max-age=300"}
        )

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
