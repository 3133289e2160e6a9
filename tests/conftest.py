"""Fixtures: databases on both engines, made once and copied for each test."""

import os
import shutil
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from pytest_asyncio import is_async_test

from bot.app import Product
from bot.demo import open_demo
from bot.settings import Settings
from storage.engine.secret import new_key
from tests import declared, warm
from tests.browser import KEEPERS, Keeper
from tests.parts import IN_CI, absent
from tests.postgres import Server, find_binaries
from tests.world import FarEnd, ManualClock, Stage, World, fill, settings_for

SHARED = Path(__file__).parent.parent.parent / "shared"


ON_BOTH = ("engine", "faults", "imports", "office", "bench")
"""Folders of stories that are about the engine: there each runs on PostgreSQL, too."""
EVERYTHING = IN_CI or bool(os.environ.get("CHUISHAO_TEST_EVERYTHING"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out, but in CI, two of three stories on PostgreSQL that run on SQLite as well, always the same ones."""
    for item in items:  # stories of the page share the browser, and so its loop
        if "product" in getattr(item, "fixturenames", ()) and is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
    left_out = [item for item in items if not EVERYTHING and _is_told_elsewhere(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _is_told_elsewhere(item: pytest.Item) -> bool:
    on_postgres = getattr(getattr(item, "callspec", None), "params", {}).get("engine") == "postgres"
    story = f"{item.path.parent.name}/{item.path.stem}::{getattr(item, 'originalname', item.name)}"
    return on_postgres and item.path.parent.name not in ON_BOTH and zlib.crc32(story.encode()) % 3 != 0


def pytest_report_header() -> str:
    return "PostgreSQL: " + ("every story" if EVERYTHING else "one story of three (CHUISHAO_TEST_EVERYTHING=1: every)")


@pytest.fixture(scope="session", autouse=True)
def forking() -> Iterator[None]:
    """Commands are forked from a process that has imported them."""
    with warm.forking():
        yield


@pytest.fixture(scope="session")
def key() -> str:
    return new_key()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    binaries = find_binaries()
    if binaries is None:
        absent("PostgreSQL (its binaries initdb and postgres)")
    assert binaries is not None
    with Server(binaries, durable=False).running() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> str:
    """Both engines; a test that asks for it runs twice."""
    return str(request.param)


@pytest.fixture(scope="session")
def templates() -> dict[str, object]:
    return {}


@pytest.fixture
async def stage(
    engine: str,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
    templates: dict[str, object],
    key: str,
) -> AsyncIterator[Stage]:
    """A filled database and a far end; `stage.world()` starts the product on them, as often as a story needs."""
    clock = ManualClock()
    if engine == "sqlite":
        if "sqlite" not in templates:
            folder = tmp_path_factory.mktemp("template")
            await fill(settings_for(folder, key=key), clock)
            templates["sqlite"] = folder
        shutil.copytree(str(templates["sqlite"]), tmp_path / "data")
        settings = settings_for(tmp_path / "data", key=key)
    else:
        server: Server = request.getfixturevalue("postgres_server")
        if "postgres" not in templates:
            await fill(settings_for(tmp_path / "pg", server.create("template_story"), key=key), clock)
            templates["postgres"] = "template_story"
        settings = settings_for(tmp_path / "data", server.create(None, "template_story"), key=key)
    far_end = FarEnd(tmp_path / "far")
    await far_end.start()
    for chat_id in [*range(9001, 9005), *range(9101, 9104), 9110, *range(9201, 9205), 9999]:
        await far_end.store.ensure_chat(chat_id)
    declared.MISSED.clear()
    yield Stage(settings, far_end, clock)
    await far_end.stop()
    assert declared.MISSED == []
    if engine == "postgres":
        server.drop(settings.database)


@pytest.fixture
async def world(stage: Stage) -> AsyncIterator[World]:
    """The product running, with the sample county and everybody's phones."""
    async with stage.world() as running_world:
        yield running_world


def needs_corpus() -> Callable[[str], Path]:
    """Gives a file of the corpus that lies beside the checkout; elsewhere the test says that it is skipped."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            absent(f"the shared corpus ({name})")
        return path

    return find


_made: list[Path] = []


@pytest_asyncio.fixture(loop_scope="session")
async def product(keeper: Keeper, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    """The demo's product: the sample county, and web chats as the only channel. Its data is made once and copied. Its
    stories share a loop, for the sake of the browser."""
    KEEPERS[:] = [keeper]
    if not _made:
        folder = tmp_path_factory.mktemp("demo") / "data"
        async with open_demo(Settings(data=folder, listen="127.0.0.1:0"), at_root=False):
            _made.append(folder)
    data = shutil.copytree(_made[0], tmp_path / "data")
    async with open_demo(Settings(data=data, listen="127.0.0.1:0"), at_root=False) as (running, _url):
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def keeper() -> AsyncIterator[Keeper]:
    kept = Keeper()
    yield kept
    await kept.close()
