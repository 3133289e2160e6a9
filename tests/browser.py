"""Where Chromium is, and how it is started so that it asks nobody on the network for anything."""

import contextlib
import shutil
from collections.abc import AsyncIterator

from playwright.async_api import Browser, Playwright, async_playwright

from tests.parts import absent

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def find_browser() -> str | None:
    """The system's Chromium or Chrome."""
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


class Keeper:
    """Keeps the one Chromium of a session, which is started when the first story wants it."""

    def __init__(self) -> None:
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    async def browser(self, path: str) -> Browser:
        if self._playwright is None:
            self._playwright = await async_playwright().start()
        if self._browser is None or not self._browser.is_connected():
            self._browser = await self._playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        return self._browser

    async def close(self) -> None:
        if self._browser is not None:
            await self._browser.close()
        if self._playwright is not None:
            await self._playwright.stop()


KEEPERS: list[Keeper] = []
"""That of this session."""


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A Chromium in which nobody has been: it is started once for all stories of a file, each closes what it opened."""
    path = find_browser()
    if path is None:
        absent("Chromium")
    browser = await KEEPERS[0].browser(path)
    yield browser
    for context in browser.contexts:
        await context.close()
