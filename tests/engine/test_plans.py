"""No statement of the hot way reads a whole table, however large it grows: every one that a day's work brings about is
explained."""

import re
import sqlite3

import pytest
from tortoise.connection import get_connection

from storage.engine.sqlite import Direct
from tests import declared
from tests.world import JUDGE, SECRETARY, SUPERVISOR, World

SMALL = {"rung", "json_each", "constant", "audit_head", "person"}
"""Tables of a handful of rows; and people by role, of whom a province has thousands, only when a ladder ends."""


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_every_statement_of_a_days_work_finds_its_rows_by_index(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()
    monkeypatch.setattr(declared, "PAUSED", [True])
    for alias in ("writer", "hot", "default"):
        connection = get_connection(alias)._connection  # type: ignore[attr-defined]
        if isinstance(connection, Direct):
            connection.raw.set_trace_callback(seen.add)
        else:
            await connection.set_trace_callback(seen.add)
    secretary, judge, supervisor = world.phone(SECRETARY), world.phone(JUDGE), world.phone(SUPERVISOR)
    await secretary.says("林永福回来了，在村委")
    await judge.taps("收到")
    await secretary.says("他要走了")
    await secretary.says("老林回来了，阿福的车浙K8G12A停在村口，欠杜根土的钱")
    await judge.taps("办结")
    await judge.taps("找到本人")
    await judge.says("5000")
    for command in ("/case 456", "/case 林永福", "/case 浙K8G12A", "/pending", "/today"):
        await supervisor.says(command)
    await world.advance(400)
    await world.advance(30)
    path = world.product.settings.database_path
    assert path is not None
    wrong = []
    with sqlite3.connect(path) as db:
        for statement in sorted(seen):
            if re.match(r"\s*(SELECT|UPDATE|DELETE)", statement):
                for *_ids, step in db.execute(f"EXPLAIN QUERY PLAN {statement}"):
                    scanned = re.match(r"SCAN (\w+)(.*)", step)
                    if scanned and "INDEX" not in scanned[2] and scanned[1].lower() not in SMALL:
                        wrong.append(f"{step}: {statement[:300]}")
    db.close()
    assert len(seen) > 100
    assert not wrong, "\n".join(wrong)
