"""Other counties' villages with their debtors, put into a real database, and what the bot's own way of reading makes of
their messages."""

import contextlib
import itertools
import json
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from storage.cases.case import Case, CaseDebtor, CaseStatus
from storage.cases.debtor import Alias, Debtor, DebtorKind, Plate
from storage.cases.number import CaseNo, parse_case_no
from storage.engine.clock import local
from storage.engine.secret import Secrets, new_key
from storage.engine.unit import unit
from storage.opening import open_database
from storage.people.area import Area, AreaLevel
from storage.people.person import Person, Role
from storage.reading import index
from storage.reading.candidates import circles
from storage.reading.evidence import Known
from storage.reading.read import Reading
from storage.reading.understand import understand
from tests.conftest import SHARED
from tests.world import ManualClock

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
    """Villages with their debtors, whose ids are words there and numbers in the database. A village that doesn't name
    its county, or its town, has one of its own."""

    def __init__(self, villages: Iterable[Record]) -> None:
        self._villages = list(villages)
        self._numbers = itertools.count(1)
        self._codes: dict[tuple[str, ...], str] = {}
        self._homes = {village["village_id"]: self._home(village) for village in self._villages}
        self.ids: dict[int, str] = {}
        assert len(self._homes) == len(self._villages), "two villages of one id"

    def _home(self, village: Record) -> str:
        """The code of a village; of one county and town with its neighbours'."""
        alone = village["village_id"]
        county = (village.get("county") or f"of {alone}",)
        town = (*county, village.get("township") or f"of {alone}")
        code = self._codes.setdefault(county, f"39{len(self._codes):04}")
        code = self._codes.setdefault(town, f"{code}{len(self._codes):03}")
        return self._codes.setdefault((*town, alone), f"{code}{len(self._codes):03}")

    def home_of(self, village_id: str) -> str:
        """The code of a village; of one that isn't there, a village without neighbours."""
        return self._homes.get(village_id, "399999999999")

    @contextlib.asynccontextmanager
    async def at_hand(self) -> AsyncIterator["Rosters"]:
        """Open in a database of their own."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rosters.db"
            async with open_database(f"sqlite://{path}", Secrets(new_key()), clock=ManualClock()) as db:
                await db.unit(self.settle, seconds=120)
                yield self

    async def settle(self) -> None:
        """Writes villages, debtors and cases. Needs a unit."""
        today = local(unit().now).date()
        first = await Debtor.all().count() + 1
        debtors: list[Debtor] = []
        for village in self._villages:
            code = self.home_of(village["village_id"])
            name = village.get("village") or ""
            await Area.create(code=code, name=name, level=AreaLevel.VILLAGE, parent=code[:9])
            for one in village.get("debtors") or ():
                debtors.append(await self._settle_debtor(first + len(debtors), one, code, today))
        await index.note([row.id for row in debtors])

    async def _settle_debtor(self, number: int, one: Record, code: str, today: date) -> Debtor:
        self.ids[number] = str(one["id"])
        row = await Debtor.create(
            id=number,
            name=one["name"],
            kind=DebtorKind.COMPANY if one.get("gender", "") is None else DebtorKind.PERSON,
            gender=one.get("gender") or "",
            born=date(today.year - one["age"], 1, 1) if one.get("age") else None,
            area_code=code,
            hint=one.get("address_hint") or "",
        )
        await Alias.bulk_create(Alias(debtor_id=number, text=text) for text in dict.fromkeys(one.get("aliases") or ()))
        await Plate.bulk_create(Plate(debtor_id=number, number=text) for text in dict.fromkeys(one.get("plates") or ()))
        said = parse_case_no(one.get("case_no") or "")
        case, _new = await Case.get_or_create(
            number=str(said or CaseNo(2000, "浙0000", "执", 900_000 + number)),
            defaults={
                "court_code": said.court_code if said else "浙0000",
                "kind": said.kind if said else "执",
                "year": said.year if said else 2000,
                "sequence": said.sequence if said else 900_000 + number,
                "status": CaseStatus.ENFORCING,
            },
        )
        await CaseDebtor.create(
            case_id=case.id, debtor_id=number, creditor=one.get("creditor") or "", amount=one.get("claim_amount")
        )
        return row

    def sender(self, message: Record) -> Person:
        """Somebody of the village from which the message comes."""
        return Person(role=Role.VILLAGE_SECRETARY, area_code=self.home_of(message["sender_village"]))

    async def circles(self, message: Record) -> Sequence[Sequence[Known]]:
        """Whom the message can be about."""
        return await circles(self.sender(message).area_codes, message["text"], ManualClock().now())

    async def understood(self, message: Record) -> Record:
        """What is read of a message, as the corpus writes it."""
        reading = await understand(self.sender(message), message["text"], ManualClock().now())
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
