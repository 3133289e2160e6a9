"""Who reports somebody of another area learns nothing of them: not who it is, nor whether they are on the list."""

import re
from collections.abc import Sequence

import pytest

from tests.alerts.test_attachment import photo
from tests.world import HEAD, JUDGE, OTHER_TOWN, SECOND_JUDGE, SECRETARY, World

NAMES = re.compile("林永福|杜春|朱岩水|沈立群|郑雅芳|丁卫东|胡建平|岁|庙前|新农居|祠堂")


async def _receipt(world: World, words: str) -> str:
    await world.phone(OTHER_TOWN).says(words)
    shown = await world.phone(OTHER_TOWN).expects(lambda m: words in m.text and "已转法院" in m.text)
    await world.settled()
    return (await world.phone(OTHER_TOWN).expects(lambda message: message.id == shown.id)).text


async def test_neither_case_number_nor_plate_gives_a_name(world: World) -> None:
    for words in ("（2013）浙1122执456号的人在车站", "浙K55Q7M这部车停在桥头"):
        receipt = await _receipt(world, words)
        assert words in receipt and not NAMES.search(receipt.replace(words, ""))
        await world.phone(OTHER_TOWN).says("他要走了")
        passed = await world.phone(OTHER_TOWN).expects("已转告")
        assert passed.text == "已转告法院。"
        await world.phone(OTHER_TOWN).says("看错了")
        await world.phone(OTHER_TOWN).expects("已撤回")
        await world.settled()
    await world.phone(OTHER_TOWN).says("/mine")
    await world.settled()
    seen = "\n".join(message.text for message in await world.phone(OTHER_TOWN).received())
    assert not NAMES.search(seen)


async def test_of_several_who_live_elsewhere_nobody_is_offered(world: World) -> None:
    receipt = await _receipt(world, "朱岩水回来了，在桥头")
    seen = list(await world.phone(OTHER_TOWN).received())
    assert not any(re.search("是哪一位|这一位", message.text) for message in seen)
    assert not NAMES.search(receipt.replace("朱岩水回来了", ""))
    cards = [await world.phone(who).received() for who in (JUDGE, SECOND_JUDGE)]
    assert any("朱岩水" in card.text for phone in cards for card in phone), "doubt goes up"


async def test_a_name_on_the_list_and_one_that_is_on_none_answer_alike(world: World) -> None:
    listed = await _receipt(world, "林永福回来了，在桥头")
    unlisted = await _receipt(world, "林茂根回来了，在桥头")
    assert listed.replace("林永福", "林茂根") == unlisted
    judge, head = world.phone(JUDGE), world.phone(HEAD)
    for phone, said in ((judge, "林永福回来了"), (head, "林茂根回来了")):
        card = await phone.expects(said)
        for label in ("收到", "出发", "到场", "办结"):
            await phone.taps(label, await phone.expects(lambda m, card=card: m.id == card.id))
            await world.settled()
        await phone.taps("未见到", await phone.expects(lambda m, card=card: m.id == card.id))
        await world.settled()
    await world.advance(10)
    texts = [m.text for m in await world.phone(OTHER_TOWN).received() if "已转法院" in m.text]
    assert len(texts) == 2 and texts[0].replace("林永福", "林茂根") == texts[1] and "办结" in texts[0]
    await world.phone(OTHER_TOWN).says("/mine")
    lines = (await world.phone(OTHER_TOWN).expects("我的报告")).text.splitlines()[1:]
    assert lines[0] == lines[1] and not NAMES.search("\n".join(lines))


LISTED, UNLISTED = "林永福", "林茂根"


@pytest.mark.parametrize(
    "words",
    [
        ("{}",),
        ("{}的事情怎么样了",),
        ("{}在打牌", "{}又在打牌"),
        ("丁卫东回来了，在村委", "不是丁卫东，是{}"),
        ("{}在桥头", "看错了，不是{}"),
        ("{}在桥头", "不是{}，是丁卫东"),
        ("丁卫东回来了，在村委", "{}在车站"),
        ("[]在家",),
    ],
)
async def test_whatever_is_said_the_answers_tell_nothing_of_a_list(world: World, words: tuple[str, ...]) -> None:
    """Of a name on the list and of one that is on none the same is answered, now and in one's own list."""
    seen = [
        await _answers(world, [said.replace("{}", name).replace("[]", letters) for said in words], name, letters)
        for name, letters in ((LISTED, "lyf"), (UNLISTED, "lmg"))
    ]
    assert seen[0] == seen[1]


async def test_nor_do_those_to_a_name_that_comes_after_a_photo(world: World) -> None:
    seen = []
    for name in (LISTED, UNLISTED):
        await photo(world, world.phone(OTHER_TOWN))
        await world.advance(70)
        seen.append(await _answers(world, [f"{name}在打牌"], name, "-"))
    assert seen[0] == seen[1]


async def _answers(world: World, words: Sequence[str], name: str, letters: str) -> list[tuple[str, list[str]]]:
    """Says the words, asks for the list, and returns texts and buttons without name and time; a day passes then."""
    phone = world.phone(OTHER_TOWN)
    first = max((message.id for message in await phone.messages()), default=0)
    for said in words:
        await phone.says(said)
        await world.settled()
    await phone.says("/mine 今天")
    await world.settled()
    shown = [message for message in await phone.received() if message.id > first]
    hidden = re.compile(rf"{name}|{letters}|(昨天|\d+月\d+日)? *\d\d:\d\d")
    await world.advance(86_400)
    return [(hidden.sub("…", one.text), [label for label, _data in one.buttons]) for one in shown]


async def test_who_lives_here_is_named_as_before(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    assert "林永福" in (await world.phone(SECRETARY).expects("已送达沈立群法官")).text
