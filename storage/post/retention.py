"""What needn't be kept for ever: updates that were handled, messages that were sent, and which message showed what.

Reports, alerts, cases and the audit stay. The oldest go first and a few at a time, so that no report has to wait.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import takewhile

from storage.engine.mapper import moment
from storage.engine.sql import fetch, run
from storage.noun import Sweep
from storage.nouns import nouns

PORTION = 500
"""How many rows of a table go in one transaction."""


class Retention:
    """Goes through the tables, and remembers how far it came: what had to stay isn't looked at again until the next
    start."""

    def __init__(self) -> None:
        self._done = dict[str, int]()

    async def sweep(self, before: datetime) -> bool:
        """Deletes a portion of what is older; whether there may be more. Needs a unit."""
        return any([await self._sweep(noun.sweeps, before) for noun in nouns().values() if noun.sweeps is not None])

    async def _sweep(self, what: Sweep, before: datetime) -> bool:
        table, first = what.table, self._done.get(what.table, 0)
        rows: Iterable[tuple[int, datetime]] = [
            (row[0], moment(row[1]))
            for row in await fetch(
                f"SELECT id, {what.came} FROM {table} WHERE id > ? ORDER BY id LIMIT {PORTION}", first
            )
        ]
        old = [number for number, at in takewhile(lambda row: row[1] < before, rows)]
        if not old:
            return False
        await run(f"DELETE FROM {table} WHERE id > ? AND id <= ? AND {what.over}", first, old[-1])
        self._done[table] = old[-1]
        return len(old) == PORTION
