"""`chuishao run`, `demo`, `init` and `key`.

The program itself is loaded where it runs: the other commands need not wait for it.
"""

import asyncio
import signal

from bot.cli.app import DONE, app, checked_settings, go, opened, say, word
from bot.health.single import only_one
from storage.engine.secret import new_key


def _heed(told: asyncio.Event) -> None:
    """Makes SIGTERM and Ctrl-C ask for a clean end from now on.

    Before, while the database is opened and brought up to date, they end the process at once, which does no harm.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)


@app.command("run", help=word("cli.run"))
def run() -> None:
    from bot.app import running
    from bot.health import logs

    settings = checked_settings()
    logs.set_up(settings.log_level)

    async def work() -> int:
        told = asyncio.Event()
        async with running(settings, extend=lambda _app: _heed(told)) as product:
            say(word("cli.running", url=product.url))
            await told.wait()
        say(word("cli.stopped"))
        return DONE

    with only_one(settings):
        go(work())


@app.command("demo", help=word("cli.demo"))
def demo() -> None:
    from bot.demo import open_demo
    from bot.health import logs

    logs.set_up("WARNING")

    async def work() -> int:
        told = asyncio.Event()
        async with open_demo(checked_settings()) as (_product, url):
            _heed(told)
            say(word("cli.demo_running", url=url))
            await told.wait()
        say(word("cli.stopped"))
        return DONE

    go(work())


@app.command("init", help=word("cli.init"))
def init() -> None:
    async def work() -> int:
        async with opened() as (settings, _db):
            say(word("cli.initialised", where=settings.database_shown))
        return DONE

    go(work())


@app.command("key", help=word("cli.key"))
def key() -> None:
    say(new_key())
