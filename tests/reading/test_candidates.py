"""Of a county only those are fetched of whom the text holds a trace. What is understood is the same as if everybody had
been."""

import csv
import json
import random
from dataclasses import replace
from datetime import date

import pytest

from storage.cases.case import Case, CaseDebtor
from storage.cases.debtor import Debtor, DebtorKind, age
from storage.cases.number import find_case_nos
from storage.engine.clock import local
from storage.engine.text import heard
from storage.people.area import county_of, names_village, town_of, villages_of
from storage.people.person import Person, Role
from storage.reading.evidence import Known
from storage.reading.read import read
from storage.reading.understand import understand
from tests.conftest import SHARED
from tests.reading.rosters import OWN, SETS, Rosters, records
from tests.world import SAMPLE, World

VILLAGES = ("331122203226", "331122203240", "331122103224")
MORE = (
    "尾号12A的车停在村口", "执456号那个人回来了", "老林在家", "姓何的大姐回来了", "小杜返来了", "阿福在打牌",
    "欠杜根土的钱的人回村了", "欠13万的那个在村口", "欠老杜十三万的人回来了", "浙K8G12A刚过",
    "ＫＥＧ12", "杜老师在学校", "林 永 福 回来了", "老板在家",
    "借了钱的不是他，是六万七那个老杜回来了", "欠款不是老黄，是七万五那个小黄回来了",
    "阿小回来了", "", "？？", "，。" * 50,
)  # fmt: skip


async def everybody(today: date) -> list[tuple[str, Known]]:
    """The whole county as the reader knows people, by tortoise's own way."""
    known = []
    for row in await Debtor.all().order_by("id").prefetch_related("aliases", "plates"):
        parties = await CaseDebtor.filter(debtor_id=row.id).order_by("id")
        numbers = {case.id: case.number for case in await Case.filter(id__in=[p.case_id for p in parties])}
        person = Known(
            id=row.id,
            name=row.name,
            aliases=tuple(alias.text for alias in row.aliases),
            plates=tuple(plate.number for plate in row.plates),
            case_nos=tuple(numbers[party.case_id] for party in parties),
            creditors=tuple(party.creditor for party in parties if party.creditor),
            age=age(row.born, today),
            gender=row.gender,
            company=row.kind is DebtorKind.COMPANY,
            hint=row.hint,
            amounts=tuple(int(party.amount) for party in parties if party.amount is not None),
        )
        known.append((row.area_code, person))
    return known


def texts() -> list[str]:
    """The corpus where there is one, sentences about people of the sample, and pieces of both at random."""
    said = list(MORE)
    corpus = SHARED / "corpus" / "messages.jsonl"
    if corpus.exists():
        said += [json.loads(line)["text"] for line in corpus.read_text().splitlines()]
    with (SAMPLE / "sample-cases.csv").open(encoding="utf-8-sig") as file:
        names = [row["被执行人"] for row in csv.DictReader(file)]
    said += (
        [f"{name}回来了" for name in names] + [f"{name[1:]}在家" for name in names] + [f"老{n[:1]}在" for n in names]
    )
    chance = random.Random(7)
    letters = "".join(said)
    return said + ["".join(chance.choices(letters, k=chance.randint(2, 25))) for _ in range(300)]


def sure(people: list[tuple[str, Known]], text: str, village: str) -> list[Known]:
    """Those of the county who are named beyond doubt, by looking at everybody."""
    flat = heard(text).replace(" ", "")
    numbers = {str(number) for number in find_case_nos(flat)}
    return [
        one
        for code, one in people
        if code.startswith(county_of(village))
        and not code.startswith(town_of(village))
        and (
            (one.name in flat and 2 <= len(one.name) <= 4)
            or any(plate in flat.upper() for plate in one.plates)
            or numbers & set(one.case_nos)
        )
    ]


async def whole_county(people: list[tuple[str, Known]], text: str, village: str) -> list[list[Known]]:
    """The circles with everybody in them."""
    town = [(code, one) for code, one in people if code.startswith(town_of(village))]
    neighbours = [code for code, name in await villages_of(town_of(village)) if names_village(text, name)]
    inner = [[one for code, one in town if code == home] for home in [*neighbours, village]]
    return [*inner, [one for _code, one in town], sure(people, text, village)]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # what is read has nothing to do with the engine
async def test_the_messages_of_others_are_understood_the_same_with_few_at_hand(world: World) -> None:
    rosters = Rosters(one for name in SETS for one in records(OWN / f"{name}-rosters.jsonl"))
    await world.product.db.unit(rosters.settle, seconds=120)
    people = await everybody(local(world.clock.now()).date())
    understood = 0
    for name in SETS:
        for message in records(OWN / f"{name}.jsonl"):
            text, sender = message["text"], rosters.sender(message)
            wanted = read(text, await whole_county(people, text, sender.area_code))
            assert replace(await understand(sender, text, world.clock.now()), sighted=None) == wanted, (
                message["id"],
                text,
            )
            understood += bool(wanted.guesses)
    assert understood > 1000


async def test_what_is_understood_is_the_same_as_with_everybody_at_hand(world: World) -> None:
    people = await everybody(local(world.clock.now()).date())
    assert len(people) > 20
    understood = 0
    for text in texts():
        for village in VILLAGES:
            wanted = read(text, await whole_county(people, text, village))
            sender = Person(role=Role.GRID_WORKER, area_code=village)
            assert replace(await understand(sender, text, world.clock.now()), sighted=None) == wanted, (text, village)
            understood += bool(wanted.guesses)
    assert understood > 100
