"""/case: what about this case?"""

from pathlib import Path

import pytest

from bot.office.importing import Kind, import_file
from storage.cases.case import Case
from storage.cases.debtor import Debtor
from storage.cases.number import parse_case_no
from storage.reading.understand import understand
from tests.world import HEAD, JUDGE, OTHER_TOWN, SECOND_JUDGE, SECRETARY, SUPERVISOR, TOWN_SECRETARY, World

NONE = "没有查到"


@pytest.mark.parametrize(
    "words", ["456", "（2013）浙1122执456号", "(2013)浙1122执456", "执456号", "林永福", "阿福", "浙k8g12a"]
)
async def test_a_case_is_found_by_number_tail_name_alias_and_plate(world: World, words: str) -> None:
    await world.phone(SUPERVISOR).says(f"/case {words}")
    card = await world.phone(SUPERVISOR).expects("（2013）浙1122执456号 · 林永福 · 终本")
    assert "沈立群" in card.text and "130,000" in card.text and "还没有人报告看到过" in card.text


@pytest.mark.parametrize(
    "words", ["永福", "查一下永福", "尾号12A是谁的", "车牌尾号12A的是谁", "浙K8G12A那辆车是谁的？", "案号456"]
)
async def test_a_case_is_found_by_part_of_a_name_and_in_peoples_words(world: World, words: str) -> None:
    await world.phone(SUPERVISOR).says(words)
    await world.phone(SUPERVISOR).expects("（2013）浙1122执456号 · 林永福 · 终本")


async def test_a_creditor_is_found_by_the_court_alone(world: World) -> None:
    await world.phone(JUDGE).says("杜根土")
    await world.phone(JUDGE).expects("（2013）浙1122执456号")
    for who in (SUPERVISOR, TOWN_SECRETARY):
        await world.phone(who).says("/case 杜根土")
        await world.phone(who).expects(NONE)


async def test_a_supervisor_may_just_type_it(world: World) -> None:
    await world.phone(SUPERVISOR).says("林永福")
    await world.phone(SUPERVISOR).expects("（2013）浙1122执456号")


async def test_several_hits_are_offered_as_buttons(world: World) -> None:
    await world.phone(SUPERVISOR).says("/case 黄国强")
    offer = await world.phone(SUPERVISOR).expects("有 3 件，是哪一件？")
    await world.phone(SUPERVISOR).taps(next(label for label, _ in offer.buttons if "执恢41" in label), offer)
    await world.phone(SUPERVISOR).expects("1,210,000")


@pytest.mark.parametrize(
    "words",
    ["99999", "（2O13）浙1122执456号", "浙1122执", "无此人", "%", "' OR 1=1", "（2013）浙1122执456号号号", "x" * 500],
)
async def test_what_is_not_there_or_no_number_answers_kindly(world: World, words: str) -> None:
    await world.phone(SUPERVISOR).says(f"/case {words}")
    await world.phone(SUPERVISOR).expects(NONE)


async def test_without_words_it_says_how(world: World) -> None:
    await world.phone(SUPERVISOR).says("/case")
    await world.phone(SUPERVISOR).expects("发案号、姓名或车牌就能查")


async def test_a_judge_sees_own_cases_only_and_the_rest_is_not_there(world: World) -> None:
    await world.phone(JUDGE).says("/case 456")
    whole = await world.phone(JUDGE).expects("（2013）浙1122执456号")
    assert "19900000011" in whole.text and "杜根土" in whole.text
    await world.phone(SECOND_JUDGE).says("/case 456")
    assert (await world.phone(SECOND_JUDGE).expects(NONE)).text == await nothing(world)


async def nothing(world: World) -> str:
    await world.phone(SUPERVISOR).says("/case 99999")
    return (await world.phone(SUPERVISOR).expects(NONE)).text


async def test_a_town_secretary_sees_the_town_and_no_personal_data(world: World) -> None:
    town = world.phone(TOWN_SECRETARY)
    await town.says("/case 456")
    card = await town.expects("（2013）浙1122执456号")
    assert "19900000011" not in card.text and "杜根土" not in card.text and "祠堂" not in card.text
    await town.says("/case 515")
    assert (await town.expects(NONE)).text == await nothing(world)


async def test_the_timeline_button(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).taps("收到")
    await world.settled()
    await world.phone(HEAD).says("/case 456")
    await world.phone(HEAD).taps("全部经过")
    timeline = await world.phone(HEAD).expects("全部经过\n")
    assert "已通知" in timeline.text and "沈立群 收到" in timeline.text


async def test_a_forged_tap_on_a_case_out_of_sight(world: World) -> None:
    await world.phone(TOWN_SECRETARY).says("/case 456")
    card = await world.phone(TOWN_SECRETARY).expects("执456号")
    foreign = await Case.get(number="（2020）浙1122执515号")
    await world.phone(TOWN_SECRETARY).taps_data(card, f"1:case:{foreign.id}:0")
    await world.phone(TOWN_SECRETARY).hears("过期")
    await world.settled()
    assert not [m for m in await world.phone(TOWN_SECRETARY).received() if "515" in m.text]


@pytest.mark.parametrize(
    "bad", ["", "浙1122执1900", "(2O19)浙1122执12号", "（2021）执5566号", "待补", "（2021）浙1122执号"]
)
def test_a_case_number_is_never_guessed(bad: str) -> None:
    assert parse_case_no(bad) is None


@pytest.mark.parametrize(
    "good", ["（２０１３）浙１１２２执４５６号", " (2013) 浙1122 执 456 号 ", "（2013）浙1122执字第456号"]
)
def test_a_case_number_in_any_width_and_spacing(good: str) -> None:
    assert str(parse_case_no(good)) == "（2013）浙1122执456号"


MINE = """案号,被执行人,性别,所在村社,承办法官工号,车牌号
（2013）丽缙执民字第789号,古丽·买买提,女,七里乡周弄村,FY101,浙K·1234学
（2019）浙1122执恢81号,样板竹木有限公司,,七里乡周弄村,FY101,
（2019）浙1122执82号,蓝䶮,男,七里乡周弄村,FY101,
"""


ASKED = {
    "林永福": "〔2013〕浙1122执456号 【2013】浙1122执456号 [2013]浙1122执456号 2013浙1122执456号 "
    "（2013）浙1122执456号之一 浙1122执456号 "
    "456号案 案号：（2013）浙1122执456号 执456 浙K·8G12A 浙K-8G12A 8G12A G12A 浙k8g12a",
    "七里竹制品": "七里竹制品 七里竹制品有限公司 缙云县七里竹制品有限公司 竹制品厂",
    "古丽·买买提": "古丽•买买提 古丽.买买提 古丽买买提 古丽 丽缙执民字第789号 浙K1234学 浙K·1234学",
    "样板竹木": "样板竹木 样板竹木有限公司 执恢81号",
}


async def test_a_case_is_asked_for_in_every_way_of_writing_it(world: World, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text(MINE)
    await import_file(world.product.db, Kind.CASES, tmp_path / "more.csv", lambda _done, _all: None)
    phone = world.phone(SUPERVISOR)
    for answer, ways in ASKED.items():
        for words in ways.split():
            last = max((message.id for message in await phone.received()), default=0)
            await phone.says(f"/case {words}")
            card = await phone.expects(lambda message: not message.mine, after=last, what=words)
            assert answer in card.text + "".join(text for text, _data in card.buttons), words


async def test_a_name_with_a_dot_or_a_rare_character_is_heard(world: World, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text(MINE)
    await import_file(world.product.db, Kind.CASES, tmp_path / "more.csv", lambda _done, _all: None)
    names = dict(await Debtor.filter(name__in=["古丽·买买提", "蓝䶮"]).values_list("name", "id"))
    near = "古丽•买买提在村委 古丽.买买提回来了，在村委 古丽买买提在村委 古丽回来了，在村委 蓝䶮回来了"
    far = "古丽・买买提回来了，人在村委 古丽·买买提在老车站 古丽买买提回来了 蓝䶮回来了，人在老车站"
    for who, sentences in ((SECRETARY, near), (OTHER_TOWN, far)):
        person = await world.person(who)
        for said in sentences.split():
            found = await understand(person, said, world.clock.now())
            wanted = names["古丽·买买提" if "古丽" in said else "蓝䶮"]
            assert found.is_lead and wanted in {guess.debtor_id for guess in found.guesses}, (who, said)
    await world.phone(OTHER_TOWN).says("古丽买买提回来了，人在老车站")
    await world.phone(JUDGE).expects("古丽·买买提")
