"""How well messages are read: `python -m tests.reading` scores the corpus; `--predict ROSTERS MESSAGES` prints what is
understood of others', a line of JSON each. Both put the rosters into a database and go the bot's own way.

A third of the corpus is held out: its misses are listed only with `--held-out`, so that nobody mends rules by looking
at them.
"""

import argparse
import asyncio
import json
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.reading.rosters import CORPUS, OWN, SETS, Record, Rosters, records


@dataclass
class Score:
    """How many of how many, and those that were missed."""

    hits: int = 0
    asked: int = 0
    missed: list[str] = field(default_factory=list)

    def note(self, good: bool, line: str) -> None:
        self.asked += 1
        self.hits += good
        if not good:
            self.missed.append(line)

    @property
    def share(self) -> float:
        return self.hits / self.asked if self.asked else 1.0


WANTED = {
    "lead": 0.97,
    "debtor": 0.97,
    "ambiguity": 0.95,
    "kind": 0.95,
    "urgency": 0.93,
    "place": 0.85,
    "not misled": 0.995,
}


async def scores(rosters: Rosters, messages: Sequence[Record]) -> dict[str, Score]:
    """The table: what was asked of how many messages, and how many were read as a careful colleague would."""
    table = {name: Score() for name in WANTED}
    for message in messages:
        expect, found = message["expect"], await rosters.understood(message)
        wanted, given = expect["debtor_ids"], found["debtor_ids"]

        def line(key: str, message: Record = message, expect: Record = expect, found: Record = found) -> str:
            return f"{message['id']} {message['text']}  {key}: {expect[key]!r}, read {found[key]!r}"

        table["lead"].note(found["is_lead"] == expect["is_lead"], line("is_lead"))
        if expect["is_lead"]:
            if expect["ambiguous"]:
                table["ambiguity"].note(found["ambiguous"] and set(given) == set(wanted), line("debtor_ids"))
            else:
                table["debtor"].note(not found["ambiguous"] and set(given) == set(wanted), line("debtor_ids"))
            table["kind"].note(found["kind"] == expect["kind"], line("kind"))
            table["urgency"].note(found["urgent"] == expect["urgent"], line("urgent"))
            table["place"].note(same_place(found["place"], expect["place"]), line("place"))
        misled = bool(given) and not found["ambiguous"] and not set(given) <= set(wanted)
        table["not misled"].note(not misled, line("debtor_ids"))
    return table


def same_place(one: str, other: str) -> bool:
    """Whether two people would go to the same place: the words of one stand in the other's."""
    return one == other or bool(one and other and (one in other or other in one))


def is_held_out(message: Record) -> bool:
    """A third, by the number of the message."""
    return zlib.crc32(str(message["id"]).encode()) % 3 == 0


def show(name: str, table: dict[str, Score], *, misses: bool) -> None:
    print(name)
    for what, score in table.items():
        short = "" if score.share >= WANTED[what] else f"  wanted {WANTED[what]:.1%}"
        print(f"  {what:<12} {score.hits:4} of {score.asked:4}  {score.share:6.1%}{short}")
    for what, score in table.items() if misses else ():
        for line in score.missed:
            print(f"  {what}: {line}")


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.reading")
    asked.add_argument("--predict", nargs=2, type=Path, metavar=("ROSTERS", "MESSAGES"))
    asked.add_argument("--held-out", action="store_true", help="list the misses of the third that is held out, too")
    given = asked.parse_args()
    if given.predict:
        asyncio.run(predict(*given.predict))
    else:
        asyncio.run(score_all(held_out=given.held_out))


async def predict(rosters: Path, messages: Path) -> None:
    async with Rosters(records(rosters)).at_hand() as known:
        for message in records(messages):
            print(json.dumps(await known.understood(message), ensure_ascii=False))


async def score_all(*, held_out: bool) -> None:
    for name in SETS:
        async with Rosters(records(OWN / f"{name}-rosters.jsonl")).at_hand() as rosters:
            show(f"ours, the {name} set", await scores(rosters, list(records(OWN / f"{name}.jsonl"))), misses=True)
    if not CORPUS.is_dir():
        sys.exit("SKIPPED because the corpus isn't on this machine")
    messages = list(records(CORPUS / "messages.jsonl"))
    seen = [message for message in messages if not is_held_out(message)]
    held = [message for message in messages if is_held_out(message)]
    async with Rosters(records(CORPUS / "rosters.jsonl")).at_hand() as rosters:
        show(f"the corpus, {len(seen)} messages", await scores(rosters, seen), misses=True)
        show(f"the third held out, {len(held)} messages", await scores(rosters, held), misses=held_out)


if __name__ == "__main__":
    main()
