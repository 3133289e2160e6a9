"""20,000 updates of every shape that the Bot API's schema has and many that it hasn't: no exception, no lost row.

The updates are made from the schema of `Update` itself, field by field, with wrong types, huge, empty and hostile
values thrown in. The seed is fixed, so a failure is found again.
"""

import json
import random
from functools import partial
from typing import Any

import pytest

from storage.alerts.sighting import WITNESS
from storage.post.inbox import Inbox, InboxState
from storage.post.outbox import Outbox, OutboxState
from tests.conftest import needs_corpus
from tests.world import GRID_WORKER, JUDGE, SECRETARY, STRANGER, SUPERVISOR, Stage

pytestmark = pytest.mark.slow

UPDATES = 3_000
SEEDS = (20261124, 41)
"""Three thousand for each, so that two workers share the six thousand."""
BATCH = 100
SCHEMA = needs_corpus()
WORDS = [
    "",
    " ",
    "林永福回来了，在村委",
    "老林",
    "/case 456",
    "/start x",
    "/pending",
    "/lang en",
    "/" + "x" * 300,
    "看错了",
    "保密",
    "😀" * 200,
    "\u202e反\u202c\u200b",
    "x" * 20_000,
    "'; DROP TABLE sighting; --",
    "<b>&lt;</b>",
    "\ud800",
    "浙K8G12A",
    "1:ack:1:0",
    "1:out:1:99",
    "1:none:999999:0",
    "1:lang:0:7",
    "2:ack:1:0",
    "1:ack:-1:0",
]
NUMBERS = [0, 1, -1, SECRETARY, JUDGE, GRID_WORKER, SUPERVISOR, STRANGER, 2**31, 2**62, -(10**12)]


class Maker:
    """Values after the schema, or against it."""

    def __init__(self, schema: dict[str, Any], seed: int) -> None:
        self.types = schema
        self.dice = random.Random(seed)

    def value(self, kind: str, depth: int) -> Any:
        if self.dice.random() < 0.01:
            return self.dice.choice([None, [], {}, "x", 1.5, True, -1, [[]], {"id": "x"}])
        if kind.startswith("Array of "):
            return [self.value(kind.removeprefix("Array of "), depth + 1) for _ in range(self.dice.randrange(3))]
        known = self.types.get(kind)
        if known is not None:
            return self.made(kind, depth + 1)
        if kind in ("Integer", "Integer64", "Float"):
            return self.dice.choice(NUMBERS)
        if kind in ("Boolean", "True"):
            return True
        return self.dice.choice(WORDS)

    def made(self, name: str, depth: int) -> Any:
        known = self.types[name]
        if known.get("subtypes"):
            return self.value(self.dice.choice(known["subtypes"]), depth)
        result = {}
        for field in known.get("fields", []):
            wanted = field["required"] or (depth < 4 and self.dice.random() < 0.12)
            if wanted and depth < 9:
                result[field["name"]] = self.value(self.dice.choice(field["types"]), depth)
        return result

    def update(self, number: int) -> dict[str, Any]:
        body = self.made("Update", 3)
        kind = self.dice.choice(["message", "message", "edited_message", "callback_query", "my_chat_member", None])
        if kind is not None:
            body[kind] = self.made(self._type_of(kind), 1)
            self._at_home(body[kind])
        return {**body, "update_id": number}

    def _type_of(self, kind: str) -> str:
        return str(next(f["types"][0] for f in self.types["Update"]["fields"] if f["name"] == kind))

    def _at_home(self, body: dict[str, Any]) -> None:
        """Most come from chats that the product knows, so that they go deep."""
        chat = self.dice.choice([SECRETARY, JUDGE, GRID_WORKER, SUPERVISOR, STRANGER])
        where = {"id": chat, "type": "private", "first_name": "x"}
        if self.dice.random() < 0.8:
            body["from"] = {"id": chat, "is_bot": False, "first_name": "x"}
            message = body.get("message") if "data" in body or "chat_instance" in body else body
            if isinstance(message, dict):
                message["chat"] = where
                message.setdefault("text", self.dice.choice(WORDS))
            if "chat_instance" in body:
                body["data"] = self.dice.choice(WORDS)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_six_thousand_updates(stage: Stage, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads(SCHEMA("telegram-bot-api.min.json").read_text())
    maker = Maker(schema["types"], seed)
    async with stage.world() as world:
        channel = world.product.channels["telegram"]
        for start in range(0, UPDATES, BATCH):
            batch = [maker.update(number) for number in range(start + 1, start + BATCH + 1)]
            assert await world.product.receiver.store(channel, json.loads(json.dumps(batch)))
            await world.until(partial(handled, start + BATCH - 500), patience=60)
            if start % 500 == 0:
                world.clock.advance(WITNESS.total_seconds())  # the next report is a new one, not one more witness
        await world.until(partial(handled, UPDATES), patience=120)
        await world.settled(patience=240)
        assert await Inbox.filter(channel="telegram").count() == UPDATES
        assert not await Outbox.filter(state=OutboxState.FAILED, kind="alert").exists()
        report = capsys.readouterr()
        for line in (report.out + report.err).splitlines():
            assert "handler failed" not in line and "card failed" not in line, line


async def handled(count: int) -> bool:
    return await Inbox.filter(channel="telegram").exclude(state=InboxState.NEW).count() >= count
