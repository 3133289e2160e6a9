"""What others have said about somebody stands, whatever the first reporter takes back or corrects; and 保密 holds for
what is said next to it."""

import pytest

from storage.alerts.alert import OPEN, Alert, AlertState
from storage.alerts.sighting import Sighting
from tests.world import GRID_WORKER, HEAD, JUDGE, OTHER_TOWN, SECRETARY, World

SENTENCE, SAME = "林永福回来了，人就在村委", "林永福在祠堂门口，我亲眼看到的"


async def _two_say_it(world: World) -> Alert:
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.settled()
    await world.phone(GRID_WORKER).says(SAME)
    await world.phone(JUDGE).expects("我亲眼看到的")
    await world.settled()
    card = await world.phone(JUDGE).expects(SENTENCE)
    await world.phone(JUDGE).taps("出发", card)
    await world.settled()
    return await Alert.get()


@pytest.mark.parametrize("how", ["a tap", "words", "an edit"])
async def test_the_first_reporter_cannot_call_the_judge_off_on_anothers_word(world: World, how: str) -> None:
    before = await _two_say_it(world)
    secretary = world.phone(SECRETARY)
    if how == "a tap":
        await secretary.taps("不是他")
    elif how == "words":
        await secretary.says("不是林永福，是黄国强")
    else:
        said = next(m for m in await secretary.messages() if m.mine)
        await secretary.edits(said.id, "黄国强回来了，人就在村委")
    await world.settled()
    after = await Alert.get(id=before.id).prefetch_related("sighting")
    assert (after.state, after.judge_id) == (AlertState.EN_ROUTE, before.judge_id)
    assert after.sighting.text == SAME and after.sighting.joined_id is None
    card = await world.phone(JUDGE).expects(lambda m: "我亲眼看到的" in m.text and bool(m.buttons))
    assert "林永福" in card.text and "何晓梅" in card.text
    assert not [m for m in await world.phone(JUDGE).received() if "不用去了" in m.text]
    await world.phone(GRID_WORKER).expects("沈立群")


async def test_a_witness_who_corrects_and_withdraws_takes_back_their_own(world: World) -> None:
    before = await _two_say_it(world)
    witness = world.phone(GRID_WORKER)
    await witness.says("不是林永福，是黄国强")
    await world.settled()
    mine = [one for one in await Alert.filter(state__in=OPEN) if one.id != before.id]
    assert mine and (await Alert.get(id=before.id)).state is AlertState.EN_ROUTE
    await witness.says("看错了")
    await world.settled()
    assert not await Alert.filter(id__in=[one.id for one in mine], state__in=OPEN).exists()
    assert (await Alert.get(id=before.id)).state is AlertState.EN_ROUTE


async def _named_anywhere(world: World) -> list[str]:
    return [
        message.text
        for who in (JUDGE, HEAD, SECRETARY)
        for message in await world.phone(who).received()
        if "何晓梅" in message.text or "19800001002" in message.text
    ]


@pytest.mark.parametrize(
    "said",
    [
        ["林永福回来了，人就在村委", "林永福要走了，往车站去，保密"],
        ["我不想让人家知道是我报的", "林永福回来了，在村委", "黄国强也回来了"],
        ["林永福回来了，人就在村委，保密", "黄国强也在"],
        ["老杜回来了，在村口抽烟，保密", "杜春生，在村口抽烟"],
        ["林永福回来了，人就在村委", "看错了", "林永福在祠堂，保密"],
    ],
    ids=["a second whole sentence", "two within the ten minutes", "somebody else", "a typed answer", "sent again"],
)
async def test_who_asks_to_stay_unnamed_is_so_in_what_comes_beside_it(world: World, said: list[str]) -> None:
    for sentence in said:
        await world.phone(GRID_WORKER).says(sentence)
        await world.settled()
    await world.advance(61)
    assert await Sighting.filter(reporter__name="何晓梅").count() >= len(said) - 1
    assert await _named_anywhere(world) == []


async def test_the_judge_asks_somebody_of_another_area_without_a_name(world: World) -> None:
    seen = []
    for who, name in ((JUDGE, "林永福"), (HEAD, "林茂根")):
        await world.phone(OTHER_TOWN).says(f"{name}回来了，在桥头")
        card = await world.phone(who).expects(f"{name}回来了")
        await world.settled()
        await world.phone(who).says("他一个人吗？", reply_to=card)
        seen.append((await world.phone(OTHER_TOWN).expects("他一个人吗", after=0)).text)
        await world.settled()
    assert seen[0] == seen[1] and seen[0].startswith("法院问")


async def test_steps_before_ones_own_report_are_not_told_elsewhere(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    card = await world.phone(JUDGE).expects(SENTENCE)
    await world.phone(JUDGE).taps("收到", card)
    await world.settled()
    await world.advance(10 * 60)
    await world.phone(OTHER_TOWN).says("林永福在桥头")
    receipt = await world.phone(OTHER_TOWN).expects("已收到")
    assert "09:41" not in receipt.text and "09:51" in receipt.text
