"""Nothing dies unseen: a loop that hangs, a worker that ends."""

import asyncio
import subprocess
import sys
import time

import pytest

from bot.health.watchdog import EXIT_CODE
from bot.transport.dispatcher import Dispatcher
from tests.world import Stage

HANGS = """
import asyncio, time
from bot.health.watchdog import Watchdog
async def main():
    async with asyncio.TaskGroup() as nursery:
        nursery.create_task(Watchdog(lambda _lag: None, stuck=0.8).run())
        await asyncio.sleep(0.2)
        time.sleep(30)
asyncio.run(main())
"""


def test_a_process_whose_loop_hangs_says_where_and_ends() -> None:
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=25)
    assert done.returncode == EXIT_CODE
    assert time.monotonic() - begun < 15
    assert "the event loop is stuck" in done.stdout + done.stderr and "in main" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_worker_that_dies_ends_the_whole(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def dies(*_args: object) -> None:
        raise RuntimeError("dead")

    monkeypatch.setattr(Dispatcher, "run", dies)
    with pytest.raises(BaseExceptionGroup) as raised:
        async with stage.world():
            await asyncio.sleep(10)
    assert raised.value.subgroup(RuntimeError) is not None
