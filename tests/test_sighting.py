"""Reporting: from one sentence to the judge's phone and back."""

from tests.world import JUDGE, SECRETARY, SUPERVISOR, World


async def test_one_sentence_reaches_the_judge_and_every_step_comes_back(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    said = await secretary.says("老林回来了，人就在村委，你们赶紧过来！阿福")
    card = await judge.expects("老林回来了，人就在村委，你们赶紧过来！")
    assert "林永福" in card.text and "（2013）浙1122执456号" in card.text and "130,000" in card.text
    receipt = await secretary.expects("已送达沈立群法官")
    assert receipt.reply_to == said
    for button, words in (("收到", "已收到"), ("出发", "在路上"), ("到场", "已到场")):
        await judge.taps(button)
        assert (await secretary.expects(words)).id == receipt.id
    await judge.taps("办结")
    await judge.taps("达成和解")
    await secretary.expects("办结")
    await world.phone(SUPERVISOR).says("/case 456")
    status = await world.phone(SUPERVISOR).expects("（2013）浙1122执456号")
    assert "达成和解" in status.text
