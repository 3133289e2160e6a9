"""What a judge says instead of tapping."""

import pytest

from handlers.alerts.steps import step_in
from storage.alerts.alert import Alert
from tests.world import JUDGE, SECRETARY, World

SENTENCE = "林永福回来了，人就在村委"


@pytest.mark.parametrize(
    ("said", "step"),
    [
        ("收到", "ack"), ("收到，马上过来", "ack"), ("我去看看", "ack"), ("马上到", "ack"), ("现在就去", "ack"),
        ("出发了", "go"), ("好的，已经出发", "go"), ("在路上", "go"), ("我们到了", "there"), ("到现场了！", "there"),
        ("好的", ""), ("他欠多少钱", ""), ("到了没有", ""), ("收到的线索在哪里", ""), ("林永福", ""),
        ("我到了村里没人", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_step_in_words(said: str, step: str) -> None:
    assert step_in(said) == step


async def test_one_lead_goes_on_by_what_its_judge_says(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE)
    await judge.expects(SENTENCE)
    for words, state in (("收到，马上过来", "acknowledged"), ("出发了", "en_route"), ("到了", "on_scene")):
        await judge.says(words)
        await world.settled()
        assert (await Alert.get()).state == state
    await secretary.expects("已到场")
    assert not [m for m in await secretary.received() if "马上过来" in m.text], "it is no question to the reporter"


async def test_of_several_it_asks_and_the_card_that_is_answered_is_meant(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE)
    first = await judge.expects(SENTENCE)
    await secretary.says("朱宝根在桥头")
    await world.settled()
    mine = await Alert.filter(judge__name="沈立群").order_by("id")
    if len(mine) > 1:
        await judge.says("收到")
        asked = await judge.expects("是哪一条线索")
        assert len(asked.buttons) == 2
    await judge.says("收到", reply_to=first)
    await world.settled()
    assert (await Alert.get(id=mine[0].id)).state == "acknowledged"


async def test_talk_is_answered_with_the_card_and_names_are_still_looked_up(world: World) -> None:
    judge = world.phone(JUDGE)
    await world.phone(SECRETARY).says(SENTENCE)
    await judge.expects(SENTENCE)
    await judge.says("到了，没看到人怎么办")
    await judge.expects("点按钮就行")
    await judge.says("林佳")
    await world.settled()
    assert (await Alert.get()).state == "sent"


async def test_words_that_ask_waits_for_are_the_reporters(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE)
    await judge.taps("问一句", await judge.expects(SENTENCE))
    await judge.says("我马上过来")
    await secretary.expects("我马上过来")
    assert (await Alert.get()).state == "sent"


async def test_a_bare_word_after_something_else_is_asked_about(world: World) -> None:
    judge = world.phone(JUDGE)
    await world.phone(SECRETARY).says(SENTENCE)
    await judge.expects(SENTENCE)
    await judge.says("/leave")
    await judge.expects("没有人请假")
    await judge.says("收到")
    await judge.expects("是哪一条线索")
    assert (await Alert.get()).state == "sent"


async def test_who_holds_a_lead_may_still_report_another(world: World) -> None:
    judge = world.phone(JUDGE)
    await world.phone(SECRETARY).says(SENTENCE)
    await judge.expects(SENTENCE)
    await judge.says("朱宝根回来了，就在桥头")
    await judge.expects(lambda m: "报线索" in dict(m.buttons))
