"""How well messages are read: `python -m tests.reading` scores the corpus; `--predict ROSTERS MESSAGES` prints what is
understood of others', a line of JSON each. Both go through the function that the bot calls.

A third of the corpus is held out: its misses are listed only with `--held-out`, so that nobody mends rules by looking
at them.
"""

import argparse
import json
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storage.area import names_village
from storage.evidence import Known
from storage.reading import Reading, read
from tests.conftest import SHARED

CORPUS = SHARED / "corpus"
OWN = Path(__file__).parent
"""Ours, written and labelled by people who didn't know the rules, and scored once before anybody looked."""
SETS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh"),
    *("eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth", "own"),
)
Record = dict[str, Any]


def records(path: Path) -> Iterator[Record]:
    """The objects of a file with one on each line."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


class Rosters:
    """Villages with their debtors, whose ids are words; the reader knows them by number."""

    def __init__(self, villages: Iterable[Record]) -> None:
        self._villages = {village["village_id"]: village for village in villages}
        self.ids: list[str] = []
        self._known: dict[str, list[Known]] = {
            number: [self._debtor(one) for one in village.get("debtors") or []]
            for number, village in self._villages.items()
        }

    def _debtor(self, one: Record) -> Known:
        self.ids.append(str(one["id"]))
        gender = one.get("gender", "")
        return Known(
            id=len(self.ids) - 1,
            name=one["name"],
            aliases=tuple(one.get("aliases") or ()),
            plates=tuple(one.get("plates") or ()),
            case_nos=tuple(filter(None, [one.get("case_no")])),
            creditors=tuple(filter(None, [one.get("creditor")])),
            age=one.get("age"),
            gender=gender or "",
            company="gender" in one and gender is None,
            amounts=tuple(filter(None, [one.get("claim_amount")])),
            hint=one.get("address_hint") or "",
        )

    def circles(self, sender_village: str, text: str) -> list[list[Known]]:
        """The sender's village, their town, and of their county those who are named beyond doubt."""
        home = self._villages.get(sender_village, {})

        def is_near(village: Record, *keys: str) -> bool:
            return all(home.get(key) is not None and village.get(key) == home[key] for key in keys)

        def those(*keys: str) -> list[Known]:
            return [
                known
                for number, village in self._villages.items()
                if number == sender_village or is_near(village, *keys)
                for known in self._known[number]
            ]

        sure = [
            known
            for known in those("county")
            if any(sign in text for sign in (known.name, *known.plates, *known.case_nos))
        ]
        town = those("township", "county")
        named = [
            number
            for number, village in self._villages.items()
            if number != sender_village
            and is_near(village, "township", "county")
            and names_village(text, village.get("village") or "")
        ]
        return [*(self._known[number] for number in named), self._known.get(sender_village, []), town, sure]

    def understood(self, message: Record) -> Record:
        """What is read of a message, as the corpus writes it."""
        reading = read(message["text"], self.circles(message["sender_village"], message["text"]))
        told = reading.told
        return {
            "id": message["id"],
            "is_lead": told.is_lead,
            "debtor_ids": [self.ids[guess.debtor_id] for guess in told.guesses],
            "ambiguous": told.ambiguous,
            "kind": told.kind,
            "place": told.place,
            "urgent": told.urgent,
            "evidence": self._evidence(reading),
        }

    def _evidence(self, reading: Reading) -> Record:
        return {self.ids[guess.debtor_id]: [list(one) for one in guess.evidence] for guess in reading.guesses}


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


def scores(rosters: Rosters, messages: Sequence[Record]) -> dict[str, Score]:
    """The table: what was asked of how many messages, and how many were read as a careful colleague would."""
    table = {name: Score() for name in WANTED}
    for message in messages:
        expect, found = message["expect"], rosters.understood(message)
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
        rosters = Rosters(records(given.predict[0]))
        for message in records(given.predict[1]):
            print(json.dumps(rosters.understood(message), ensure_ascii=False))
        return
    for name in SETS:
        own = list(records(OWN / f"{name}.jsonl"))
        table = scores(Rosters(records(OWN / f"{name}-rosters.jsonl")), own)
        show(f"ours, the {name} set", table, misses=True)
    if not CORPUS.is_dir():
        sys.exit("SKIPPED because the corpus isn't on this machine")
    rosters, messages = Rosters(records(CORPUS / "rosters.jsonl")), list(records(CORPUS / "messages.jsonl"))
    seen = [message for message in messages if not is_held_out(message)]
    held = [message for message in messages if is_held_out(message)]
    show(f"the corpus, {len(seen)} messages", scores(rosters, seen), misses=True)
    show(f"the third held out, {len(held)} messages", scores(rosters, held), misses=given.held_out)


if __name__ == "__main__":
    main()
