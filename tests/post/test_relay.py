"""Asking back through the bot."""

from tests.world import GRID_WORKER, JUDGE, SECRETARY, World

SENTENCE = "林永福回来了，人就在村委"


async def test_a_reply_to_the_card_reaches_the_reporter_and_back(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE)
    card = await judge.expects(SENTENCE)
    await world.settled()
    await judge.says("他一个人吗？", reply_to=card)
    await secretary.expects("沈立群法官问：他一个人吗？")
    await judge.expects("已转给报告人")
    await secretary.says("还有他老婆")
    await judge.expects("应建华（村社书记）：还有他老婆")
    await secretary.expects("已转给法官")


async def test_the_button_waits_for_one_sentence(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE)
    await judge.taps("问一句")
    await judge.expects("想问什么")
    await judge.says("车停在哪里？")
    question = await secretary.expects("车停在哪里？")
    await secretary.says("停在祠堂边上", reply_to=question)
    answer = await judge.expects("停在祠堂边上")
    await world.settled()
    await judge.says("好，马上到", reply_to=answer)
    await secretary.expects("好，马上到")


async def test_a_confidential_reporter_answers_as_a_code(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(f"{SENTENCE}，保密")
    card = await judge.expects("保密")
    await world.settled()
    await judge.says("还在吗？", reply_to=card)
    await secretary.expects("还在吗？")
    await secretary.says("在的，在里面喝茶")
    assert "应建华" not in (await judge.expects("在里面喝茶")).text
    assert "保密报告人" in (await judge.expects("在里面喝茶")).text


async def test_somebody_elses_card_cannot_be_used_to_ask(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    card = await world.phone(JUDGE).expects(SENTENCE)
    await world.phone(GRID_WORKER).says("你们在哪里？", reply_to=card)
    await world.settled()
    assert not [m for m in await world.phone(SECRETARY).received() if "你们在哪里" in m.text]
