"""How everybody opens the database: the engine, with the models of all nouns, brought up to date."""

import contextlib
from collections.abc import AsyncIterator, Iterable

from storage.duty import court
from storage.engine.clock import Clock, SystemClock
from storage.engine.database import Database
from storage.engine.schema import bring_up_to_date, open_engine, tortoise_config
from storage.engine.secret import Secrets
from storage.nouns import model_modules, nouns
from storage.people import endpoint


@contextlib.asynccontextmanager
async def open_database(
    url: str,
    secrets: Secrets,
    *,
    clock: Clock | None = None,
    migrating: bool = True,
    channels: Iterable[str] = (endpoint.TELEGRAM, endpoint.WEB),
    court_phone: str = "",
) -> AsyncIterator[Database]:
    """Opens (and unless told otherwise migrates) the database at `sqlite://PATH` or `postgres://…`.

    One per process and event loop. `channels` are those on which it can reach people. Raises NotADatabaseError,
    NewerDatabaseError, OlderDatabaseError, or OSError and asyncpg's errors where it can't be reached.
    """
    endpoint.serve(channels)
    court.answers_at(court_phone)
    if migrating:
        await bring_up_to_date(url)
    async with open_engine(url, model_modules(), secrets, clock or SystemClock()) as db:
        for noun in nouns().values() if migrating else ():
            if noun.prepares is not None:
                await noun.prepares(db)
        yield db


TORTOISE_ORM = tortoise_config("sqlite://data/chuishao.db", model_modules(), "writer")
"""For tortoise's own command line."""
