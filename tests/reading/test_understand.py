"""The bot, the command line and the question read alike: one way in, whoever asks."""

import pytest

from storage.cases.case import Case, CaseDebtor, CaseStatus
from storage.cases.debtor import Alias, Debtor, DebtorKind
from storage.cases.number import parse_case_no
from storage.reading import index
from storage.reading.understand import understand
from tests.world import JUDGE, SECOND_JUDGE, SECRETARY, World

VILLAGE, OTHER_TOWN = "331122203226", "331122103224"


async def owes(world: World, name: str, village: str, judge: int, number: str, *aliases: str) -> Debtor:
    """Somebody who owes, with a case of the judge's."""
    said = parse_case_no(number)
    assert said is not None

    async def work() -> Debtor:
        debtor = await Debtor.create(name=name, kind=DebtorKind.PERSON, gender="男", area_code=village)
        for alias in aliases:
            await Alias.create(debtor_id=debtor.id, text=alias)
        case = await Case.create(
            number=str(said),
            court_code=said.court_code,
            kind=said.kind,
            year=said.year,
            sequence=said.sequence,
            status=CaseStatus.ENFORCING,
            judge_id=(await world.person(judge)).id,
        )
        await CaseDebtor.create(case_id=case.id, debtor_id=debtor.id, creditor="某人", amount=5000)
        await index.note([debtor.id])
        return debtor

    found: Debtor = await world.product.db.unit(work)
    return found


async def test_who_is_named_in_another_town_isn_t_taken_for_a_shorter_name_of_the_village(world: World) -> None:
    await owes(world, "叶青", VILLAGE, SECOND_JUDGE, "(2024)浙1122执9001号")
    await owes(world, "叶青山", OTHER_TOWN, JUDGE, "(2024)浙1122执9002号")
    await world.phone(SECRETARY).says("叶青山回来了")
    card = await world.phone(JUDGE).expects("叶青山回来了")
    assert "执9002号" in card.text and "很有把握" in card.text
    await world.settled()
    assert not any("叶青山" in message.text for message in await world.phone(SECOND_JUDGE).received())


async def test_of_two_who_are_named_together_the_one_from_afar_is_not_lost(world: World) -> None:
    await owes(world, "周大海", OTHER_TOWN, SECOND_JUDGE, "(2024)浙1122执9003号")
    await world.phone(SECRETARY).says("阿福和周大海在一起，在村委")
    assert "执456号" in (await world.phone(JUDGE).expects("阿福和周大海在一起")).text
    assert "执9003号" in (await world.phone(SECOND_JUDGE).expects("阿福和周大海在一起")).text


@pytest.mark.parametrize("said", ["叶青山回来了", "阿福和叶青山在一起", "不是叶青，是叶青山", "叶青回来了"])
async def test_the_question_hears_what_the_report_heard(world: World, said: str) -> None:
    """What the reporter is asked about, and learned from, is read in the same way as the report itself."""
    await owes(world, "叶青", VILLAGE, SECOND_JUDGE, "(2024)浙1122执9001号")
    await owes(world, "叶青山", OTHER_TOWN, JUDGE, "(2024)浙1122执9002号")
    secretary, now = await world.person(SECRETARY), world.clock.now()
    meant = {guess.debtor_id for guess in (await understand(secretary, said, now)).guesses}
    names = {row.name for row in await Debtor.filter(id__in=meant)}
    wanted = {"叶青"} if said == "叶青回来了" else {"叶青山"}
    assert names - {"林永福"} == wanted
