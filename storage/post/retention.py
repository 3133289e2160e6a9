"""What needn't be kept for ever: updates that were handled, messages that were sent, and which message showed what.

Reports, alerts, cases and the audit stay. The oldest go first and a few at a time, so that no report has to wait.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import takewhile

from storage.engine.sql import fetch, moment, run
from storage.post.inbox import InboxState
from storage.post.outbox import OutboxState

PORTION = 500
"""How many rows of a table go in one transaction."""
_OLDEST_FIRST = {
    "inbox": ("received_at", f"state IN ({InboxState.DONE:d}, {InboxState.DROPPED:d})"),
    "outbox": ("created_at", f"state IN ({OutboxState.DONE:d}, {OutboxState.FAILED:d}, {OutboxState.DROPPED:d})"),
    "delivery": ("at", "1 = 1"),
    "listing": ("made_at", "1 = 1"),
}
"""Of each table: when a row came, and whether it is over and done with."""


class Retention:
    """Goes through the tables, and remembers how far it came: what had to stay isn't looked at again until the next
    start."""

    def __init__(self) -> None:
        self._done = dict.fromkeys(_OLDEST_FIRST, 0)

    async def sweep(self, before: datetime) -> bool:
        """Deletes a portion of what is older; whether there may be more. Needs a unit."""
        return any([await self._sweep(table, *how, before) for table, how in _OLDEST_FIRST.items()])

    async def _sweep(self, table: str, came: str, over: str, before: datetime) -> bool:
        first = self._done[table]
        rows: Iterable[tuple[int, datetime]] = [
            (row[0], moment(row[1]))
            for row in await fetch(f"SELECT id, {came} FROM {table} WHERE id > ? ORDER BY id LIMIT {PORTION}", first)
        ]
        old = [number for number, at in takewhile(lambda row: row[1] < before, rows)]
        if not old:
            return False
        await run(f"DELETE FROM {table} WHERE id > ? AND id <= ? AND {over}", first, old[-1])
        self._done[table] = old[-1]
        return len(old) == PORTION
