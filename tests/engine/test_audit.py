"""The audit proves what it says: whatever somebody does to the database, the chain or a head kept elsewhere tells."""

from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from storage.engine import audit
from storage.engine.audit import Fault, NoHeadError, Verdict, published, verify
from storage.engine.database import Database
from storage.engine.secret import Secrets, new_key
from storage.engine.sql import fetch, run
from storage.opening import open_database
from tests.world import ADMIN, HEAD, SECRETARY, Stage, World

Tamper = Callable[[], Awaitable[object]]


async def _noted(db: Database, number: int) -> None:
    for count in range(number):

        async def work(count: int = count) -> None:
            audit.record("test.done", f"test:{count}")

        await db.unit(work, "test")


async def _cut() -> None:
    await run("DELETE FROM audit WHERE id > (SELECT max(id) - 5 FROM audit)")


async def _cut_and_fit_the_head() -> None:
    await _cut()
    last = (await fetch("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1"))[0]
    await run("UPDATE audit_head SET count = ?, hash = ? WHERE id = 1", last["id"], last["hash"])


async def _empty_it() -> None:
    await run("DELETE FROM audit")
    await run("UPDATE audit_head SET count = 0, hash = ? WHERE id = 1", audit.GENESIS)


async def _forge(number: int) -> None:
    columns = "at, actor, action, subject, source, detail, hash"
    await run(f"INSERT INTO audit (id, {columns}) SELECT ?, {columns} FROM audit WHERE id = 2", number)


TAMPERED: list[tuple[str, Tamper, Fault]] = [
    ("an entry is changed", lambda: run("UPDATE audit SET actor = 'person:9' WHERE id = 3"), Fault.CHANGED),
    ("an entry is deleted", lambda: run("DELETE FROM audit WHERE id = 3"), Fault.MISSING),
    ("the tail is cut", _cut, Fault.CUT),
    ("the tail is cut and the head made to fit", _cut_and_fit_the_head, Fault.HEAD),
    ("all is deleted and the head zeroed", _empty_it, Fault.HEAD),
    ("an entry of number 0", lambda: _forge(0), Fault.FOREIGN),
    ("an entry below zero", lambda: _forge(-7), Fault.FOREIGN),
    ("an entry behind the last", lambda: _forge(10_000), Fault.MISSING),
    ("the head is deleted", lambda: run("DELETE FROM audit_head"), Fault.NO_HEAD),
    ("the seal is of something else", lambda: run("UPDATE audit_head SET seal = hash"), Fault.HEAD),
]


@pytest.mark.parametrize(("what", "tamper", "fault"), TAMPERED, ids=[what for what, _t, _f in TAMPERED])
async def test_tampering_is_found_and_called_what_it_is(stage: Stage, what: str, tamper: Tamper, fault: Fault) -> None:
    async with open_database(stage.settings.database_url, stage.settings.secrets()) as db:
        await _noted(db, 12)
        whole = await verify(db.secrets)
        assert whole.fault is None and whole.broken is None and whole.entries > 12
        await db.unit(tamper, "attack")
        found = await verify(db.secrets)
        assert (found.fault, found.broken is None) == (fault, False), what
    async with open_database(stage.settings.database_url, stage.settings.secrets()) as db:
        assert (await verify(db.secrets)).fault is not None, "opening it again heals nothing"


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_an_entry_whose_time_is_none_is_said_to_be_unreadable(stage: Stage) -> None:
    async with open_database(stage.settings.database_url, stage.settings.secrets()) as db:
        await _noted(db, 3)
        await db.unit(lambda: run("UPDATE audit SET at = 'yesterday' WHERE id = 2"), "attack")
        assert await verify(db.secrets) == Verdict((await verify(db.secrets)).entries, 2, Fault.UNREADABLE)


async def test_who_takes_the_seal_off_is_found_by_what_was_published(stage: Stage) -> None:
    """The program would seal such a chain anew, as it does with one of a version without seals."""
    async with open_database(stage.settings.database_url, stage.settings.secrets()) as db:
        kept = (await audit.head()).attested(db.secrets)

        async def publish() -> None:
            audit.record(audit.PUBLISHED, audit.SUBJECT)

        await db.unit(publish, "test")
        await _noted(db, 9)
        await db.unit(_cut_and_fit_the_head, "attack")
        await db.unit(lambda: run("UPDATE audit_head SET seal = ''"), "attack")
    async with open_database(stage.settings.database_url, stage.settings.secrets()) as db:
        assert (await verify(db.secrets)).fault is Fault.HEAD
        assert (await verify(db.secrets, published(kept, db.secrets))).fault is Fault.HEAD


async def test_a_head_kept_elsewhere_finds_an_old_database_put_back(stage: Stage) -> None:
    async with open_database(stage.settings.database_url, stage.settings.secrets()) as db:
        old = (await audit.head()).attested(db.secrets)
        seal = (await fetch("SELECT count, hash, seal FROM audit_head"))[0]
        await _noted(db, 4)
        new = (await audit.head()).attested(db.secrets)
        for said in (old, new):
            assert (await verify(db.secrets, published(said, db.secrets))).fault is None

        async def put_back() -> None:
            await run("DELETE FROM audit WHERE id > ?", seal["count"])
            await run("UPDATE audit_head SET count = ?, hash = ?, seal = ?", *seal)

        await db.unit(put_back, "attack")
        assert (await verify(db.secrets)).fault is None, "by itself it is whole"
        assert (await verify(db.secrets, published(old, db.secrets))).fault is None
        assert (await verify(db.secrets, published(new, db.secrets))).fault is Fault.AGAINST
        unsigned = old.rpartition(":")[0]
        for forged in (new.replace(":", ":0", 1), f"9{new}", new[:-4] + "AAAA", "", "林", "1:2", unsigned):
            with pytest.raises(NoHeadError):
                published(forged, db.secrets)
        with pytest.raises(NoHeadError):
            published(new, Secrets(new_key()))


async def test_the_head_is_published_every_day(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了")
    await world.settled()
    with capture_logs() as lines:
        await world.advance(24 * 3600 + 5)
        told = await world.phone(ADMIN).expects("审计存底")
        await world.advance(3600)
    assert len([m for m in await world.phone(ADMIN).received() if "审计存底" in m.text]) == 1
    assert not [m for m in await world.phone(HEAD).received() if "审计存底" in m.text]
    said = told.text.splitlines()[1]
    assert said in {line.get("head") for line in lines}
    secrets = world.product.db.secrets
    assert (await verify(secrets, published(said, secrets))).fault is None
