"""Fixtures: databases on both engines, made once and copied for each test."""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from storage.engine.secret import new_key
from tests import declared, warm
from tests.postgres import Server, find_binaries
from tests.world import FarEnd, ManualClock, Stage, World, fill, settings_for

SHARED = Path(__file__).parent.parent.parent / "shared"
IN_CI = os.environ.get("CI") == "true"


def absent(what: str) -> None:
    """A part of the machine that a test needs isn't there: said loudly at home, an error in CI."""
    if IN_CI:
        pytest.fail(f"CI must have {what}")
    pytest.skip(f"SKIPPED because {what} isn't on this machine")


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
