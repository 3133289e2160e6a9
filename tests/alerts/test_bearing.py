"""Words without a clear name while an alert runs: they go along, stand for themselves, or ring nobody."""

import pytest

from storage.alerts.alert import Alert
from storage.reading.bearing import Bearing, bearing_of, says_who_came
from tests.world import HEAD, JUDGE, NEIGHBOUR, SECRETARY, World

SENTENCE = "林永福回来了，人就在村委"
SAID = {  # parted by /
    Bearing.GOES_ON: "他往东走了/上车了，往县城方向/穿红衣服/还在/人还在村委/在吃饭/"
    "开一辆白色面包车/又出来了/要走了/他弟弟开车走了/对面小店/他走了，你们到了吗？/蓝色外套/快点来/能不能快点？/有人拿刀",
    Bearing.APART: "永富哥回来啦！！！/村里来了辆黑色奥迪/村口来了一辆白色面包车/"
    "杨建国在地里干活/李医生在卫生院/陈小春刚到家",
    Bearing.IDLE: "你们几点上班？/喂/法官到了吗/好的/马上/老张你好/收到请回复/谢谢/早上好/辛苦了",
    Bearing.UNSURE: "今天天气不错/电话打不通/路上小心",
}


@pytest.mark.parametrize(("said", "bearing"), [(one, kind) for kind, all_ in SAID.items() for one in all_.split("/")])
def test_how_words_stand_to_the_report_before_them(said: str, bearing: Bearing) -> None:
    assert bearing_of(said, asks=said.endswith(("？", "吗"))) is bearing


def test_who_came_back_is_said_and_nothing_else() -> None:
    assert says_who_came("永富哥回来啦！！！") and says_who_came("王阿姨到家了")
    assert not any(map(says_who_came, ("快递到家了", "他回来了", "我回来了", "明天村里开会", "谁回来了", "好的")))


async def test_a_name_that_nobody_can_read_goes_up_from_a_fresh_phone(world: World) -> None:
    await world.phone(NEIGHBOUR).says("永富哥回来啦！！！")
    await world.phone(HEAD).expects("永富哥回来啦")
    await world.phone(NEIGHBOUR).expects("已记录")


async def test_what_goes_on_what_stands_for_itself_and_what_rings_nobody(world: World) -> None:
    secretary, judge, head = world.phone(SECRETARY), world.phone(JUDGE), world.phone(HEAD)
    await secretary.says(SENTENCE)
    await judge.expects(SENTENCE)
    await secretary.says("他往东走了")
    await judge.expects("他往东走了")
    await secretary.expects("已转告法官：沈立群法官，林永福")
    for words in ("你们几点上班？", "喂"):
        await secretary.says(words)
    await world.settled()
    assert not [m for m in await judge.received() if "几点上班" in m.text or "喂" in m.text]
    await secretary.says("村里来了辆黑色奥迪")
    await head.expects("黑色奥迪")
    assert not [m for m in await judge.received() if "奥迪" in m.text]
    await secretary.says("电话打不通")
    unsure = await head.expects("又说：电话打不通", what="about what was said last")
    assert "可能无关" in unsure.text
    await world.settled()
    await secretary.taps("不是报告")
    await head.expects("报告人说不是这件事")
    assert await Alert.all().count() == 2


async def test_another_one_is_said_with_a_tap(world: World) -> None:
    secretary = world.phone(SECRETARY)
    await secretary.says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await secretary.says("在吃饭")
    await world.phone(JUDGE).expects("在吃饭")
    await secretary.taps("这是另一个人")
    await world.phone(HEAD).expects("在吃饭")
    await world.phone(JUDGE).expects("报告人说不是这件事")
    await secretary.expects("已经另外报上去")
