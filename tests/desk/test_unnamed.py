"""Who asked to stay unnamed is named nowhere: in no command, card, picture, file or line of the log, whatever they said
around their report, before it or after it."""

import io
import re
import zipfile

import pytest
from structlog.testing import capture_logs

from bot.transport.channel import TELEGRAM
from handlers.card import Showing
from handlers.desk.board import PICTURES, overview, picture
from storage.alerts.sighting import Sighting, SightingState
from tests.alerts.test_attachment import photo
from tests.people.test_access import WORDS
from tests.world import (
    ADMIN,
    GRID_WORKER,
    HEAD,
    JUDGE,
    POLICE,
    SECOND_JUDGE,
    SECRETARY,
    SUPERVISOR,
    TOWN_SECRETARY,
    Phone,
    World,
)

OTHERS = (SECRETARY, JUDGE, SECOND_JUDGE, HEAD, TOWN_SECRETARY, SUPERVISOR, ADMIN, POLICE)
WHO = re.compile(r"何晓梅|何某|晓梅|19800001002|\b9002\b|\bHXM\b")
"""The reporter by name, part of it, phone, chat and initials."""
DRAWN = ("chart", "map", "report")
"""What takes its time, and is asked for in one story."""
THEIR_LIST = ("people", "invite", "me", "handover")
"""Where officials stand as officials, whatever they have reported."""
SENTENCE = "林永福回来了，人就在村委"


async def _tells_all(world: World, phone: Phone, *, word: str) -> None:
    """A family of eight kinds: the report, the word itself, a sentence that goes on, an answer to the judge, a photo, a
    correction, what is no report, what is taken back."""
    judge = world.phone(JUDGE)
    await phone.says(f"{SENTENCE}{word}")
    card = await judge.expects(SENTENCE)
    await world.settled()
    await phone.says("他要走了")
    await judge.expects("他要走了")
    await world.settled()
    await judge.says("一个人吗？", reply_to=card)
    await phone.expects("一个人吗")
    await phone.says("坐中巴走的")
    await judge.expects("坐中巴走的")
    await photo(world, phone)
    await judge.expects(lambda message: "photo" in message.body)
    await world.settled()
    await phone.says("今天天气真好啊谢谢")
    await world.settled()
    await phone.says("不是林永福，是黄国强")
    await world.settled()


async def _seen_by_others(world: World) -> str:
    """Everything that stands on anybody else's phone, quotes and files included."""
    seen = []
    for chat in OTHERS:
        for message in await world.phone(chat).received():
            seen.append(repr(message.body))
            for part in [message.body.get("document"), *message.body.get("photo", [])[-1:]]:
                if part:
                    seen.append(_unpacked((world.store.files / part["file_id"]).read_bytes()))
    return "\n".join(seen)


def _unpacked(content: bytes) -> str:
    if not content.startswith(b"PK"):
        return content.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return "\n".join(file.read(name).decode("utf-8", "replace") for name in file.namelist())


async def _everybody_asks(world: World, *, also: tuple[str, ...] = ()) -> None:
    for name, (typed, _word) in WORDS.items():
        if name in THEIR_LIST or name in set(DRAWN) - set(also):
            continue
        for chat in OTHERS:
            await world.phone(chat).says(typed)
        await world.settled(60)
    for number in range(1, await Sighting.all().count() + 1):
        await world.phone(HEAD).says(f"/why {number}")
    await world.phone(SUPERVISOR).says("/week")
    for label in ("导出", "看经过"):
        for chat in (HEAD, SUPERVISOR):
            for message in await world.phone(chat).received():
                if any(label in text for text, _data in message.buttons):
                    await world.phone(chat).taps(next(t for t, _ in message.buttons if label in t), message)
    await world.settled(60)


async def _drawn(world: World) -> str:
    head = await world.person(HEAD)
    db = world.product.db
    showing = Showing(0, {}, head, "zh_Hans", db.clock.now(), False, db.secrets, TELEGRAM, HEAD)
    return repr(await overview(showing, head)) + "".join(
        [(await picture(showing, head, name)).decode() for name in PICTURES]
    )


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite"])
async def test_nobody_learns_who_asked_to_stay_unnamed(world: World) -> None:
    """Everything there is to see: every command, chart, list, file, picture of the big screen, and the log."""
    with capture_logs() as lines:
        await _tells_all(world, world.phone(GRID_WORKER), word="，保密")
        await world.settled()
        await _everybody_asks(world, also=DRAWN)
    await _is_unnamed(world)
    assert not WHO.search(await _drawn(world))
    assert not WHO.search(repr(lines))


async def _is_unnamed(world: World) -> None:
    seen = await _seen_by_others(world)
    assert "保密报告人" in seen
    found = [seen[max(0, one.start() - 200) : one.end() + 80] for one in WHO.finditer(seen)]
    assert found == []
    assert all(row.confidential for row in await Sighting.filter(reporter__name="何晓梅"))


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("when", ["before it", "by a tap", "in words", "in an answer", "by an edit"])
async def test_who_asks_before_or_later_is_unnamed_in_all_of_it(world: World, when: str) -> None:
    phone, judge = world.phone(GRID_WORKER), world.phone(JUDGE)
    if when == "before it":
        await phone.says("我不想让人家知道是我报的")
        await phone.expects("接下来十分钟里您报的，不会透露您是谁")
    await _tells_all(world, phone, word="")
    if when == "by a tap":
        await phone.taps("替我保密")
    if when == "in words":
        await phone.says("千万别跟人家讲是我报的")
        await phone.expects("不会透露您是谁")
    if when == "in an answer":
        await judge.says("他穿什么？", reply_to=await judge.expects("坐中巴走的"))
        question = await phone.expects("他穿什么")
        await phone.says("蓝衣服，别说是我讲的", reply_to=question)
        await judge.expects("蓝衣服")
    if when == "by an edit":
        said = next(m for m in await phone.messages() if m.mine and SENTENCE in m.text)
        await phone.edits(said.id, f"{SENTENCE}，匿名")
    await world.settled()
    await world.advance(5)
    await _everybody_asks(world)
    await _is_unnamed(world)


async def test_what_nobody_asked_to_hide_is_named(world: World) -> None:
    """Else the story above could not fail."""
    await _tells_all(world, world.phone(GRID_WORKER), word="")
    assert WHO.search(await _seen_by_others(world))


async def test_a_request_beside_other_words_passes_them_on(world: World) -> None:
    phone = world.phone(GRID_WORKER)
    await phone.says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.settled()
    await phone.says("他要走了，别说是我讲的")
    seen = await world.phone(JUDGE).expects("他要走了")
    assert "何晓梅" not in seen.text
    await phone.expects("不会透露您是谁")


@pytest.mark.parametrize("asked", ["别说是我讲的", "我怕他报复", "保密啊", "麻烦别告诉他是谁讲的"])
async def test_asking_not_to_be_named_loses_no_report(world: World, asked: str) -> None:
    """Before the words and after them, where an hour ago something else was reported: somebody is rung for each."""
    secretary = world.phone(SECRETARY)
    await secretary.says("黄国强在田里")
    await world.advance(3600)
    for text in (f"小升开车进村了，{asked}", f"{asked}，浙K8G12A停在桥头"):
        await secretary.says(text)
        await world.advance(61)
        row = await Sighting.all().order_by("-id").first()
        assert row is not None and row.state is SightingState.ALERTED and row.confidential, text
    assert not (await Sighting.get(text="黄国强在田里")).confidential
