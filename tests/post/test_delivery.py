"""Who is erased, or asks not to be named, is gone from every phone, whatever kind of message showed them."""

import asyncio

import pytest

from handlers.card import KINDS
from storage.alerts.sighting import Sighting
from storage.cases.debtor import Debtor
from storage.desk import privacy
from storage.engine.sql import fetch
from storage.post import outbox
from storage.post.delivery import About, Delivery, Shown, Subject, note_shown
from storage.post.outbox import Outbox, OutboxState
from storage.reading import lesson
from storage.reading.lesson import LessonKind
from tests import declared
from tests.world import (
    ADMIN,
    GRID_WORKER,
    HEAD,
    JUDGE,
    NEIGHBOUR,
    SECOND_JUDGE,
    SECRETARY,
    SUPERVISOR,
    THIRD_JUDGE,
    TOWN_SECRETARY,
    World,
)

EVERYBODY = (
    *(SECRETARY, GRID_WORKER, NEIGHBOUR, JUDGE, SECOND_JUDGE),
    *(HEAD, TOWN_SECRETARY, SUPERVISOR, ADMIN),
)
SHOW_NOBODY = frozenset(
    {"areas", "asking", "attached", "board", "changes", "chart", "code", "court", "daily", "digests", "duty"}
    | {"figures", "going", "handover", "help", "imports", "inline", "invitations", "invited", "inviting"}
    | {"languages", "leave", "leaves", "leaving", "map", "me", "menu", "moving", "not_lead", "notice", "people"}
    | {"person", "persons", "pushes", "quiet", "reassign", "report", "rostered", "rungs", "say_who", "signout"}
    | {"sum_or_case", "swap", "table", "toast", "trial", "uncovered", "unsay", "weekly"}
)
"""Kinds of card on which nobody stands who owes or has reported: `tests.declared` sees to it in every story."""


async def tell_it_everywhere(world: World) -> None:
    """A report goes its whole way, and everybody who may looks at everything."""
    secretary, judge, head = world.phone(SECRETARY), world.phone(JUDGE), world.phone(HEAD)
    await world.phone(GRID_WORKER).says("林永福还是林佳看不清，在桥头")
    await secretary.says("林永福回来了，在村委")
    card = await judge.expects("林永福回来了")
    await learn(world)
    await secretary.sends(location={"latitude": 28.66, "longitude": 120.09})
    await world.phone(NEIGHBOUR).says("我也看见林永福了，在村委门口")
    await secretary.says("他要走了")
    await judge.taps("问一句", await judge.expects(lambda m: m.id == card.id))
    await judge.says("林永福穿什么衣服？")
    await secretary.expects("穿什么衣服")
    await secretary.says("林永福穿蓝衣服")
    await world.settled()
    supervisor = world.phone(SUPERVISOR)
    await supervisor.says("/case 456")
    found = await supervisor.expects("执456号")
    await world.settled()
    found = [m for m in await supervisor.received() if "执456号" in m.text][-1]
    for button in ("全部经过", "地图", "导出", "督办"):
        await supervisor.taps(button, found)
    await supervisor.says("快去找林永福", reply_to=found)
    await world.settled()
    await judge.taps("收到", await judge.expects(lambda m: m.id == card.id))
    await head.says("/today")
    listed = await head.expects("今天：")
    await world.settled()
    await head.taps(listed.buttons[-1][0], await head.expects(lambda m: m.id == listed.id))
    for command in ("/case 周弄村", "/today", "/why", "/why 2", "/ladder 456", "/ladder 周弄村", "/learned"):
        await head.says(command)
        await world.settled()
    await world.phone(ADMIN).says("/access 林永福")
    await world.phone(ADMIN).says("/erase 朱宝根")
    await world.phone(HEAD).expects("朱宝根（（")
    await world.phone(TOWN_SECRETARY).says("林永福")
    await world.phone(TOWN_SECRETARY).expects("要是看到人了")
    await secretary.says("不对，是林佳，不是林永福")
    await world.advance(61)
    await secretary.says("黄国强在田里")
    await world.settled()
    for phone in (judge, world.phone(SECOND_JUDGE)):
        await phone.says("到了")
    await world.settled()


async def learn(world: World) -> None:
    """The reader is taught a word by the report of the secretary's."""
    debtor, teacher = await Debtor.get(name="林永福"), await world.person(SECRETARY)
    report = await Sighting.get(text="林永福回来了，在村委")
    signs = [("elder", "老林")]

    async def work() -> None:
        await lesson.teach(LessonKind.ALIAS, report.area_code, signs, debtor.id, teacher, report.id)

    await world.product.db.unit(work)


def phones_that_say(seen: dict[int, list[str]], *words: str) -> list[tuple[int, str]]:
    return [(chat, text) for chat, texts in seen.items() for text in texts if any(word in text for word in words)]


async def on_phones(world: World) -> dict[int, list[str]]:
    """What the bot's messages say, buttons included."""
    return {
        chat: [
            "\n".join([message.text, *(label for label, _data in message.buttons)])
            for message in await world.phone(chat).received()
        ]
        for chat in EVERYBODY
    }


async def test_who_is_erased_is_on_no_phone_any_more(world: World) -> None:
    await tell_it_everywhere(world)
    debtor = await Debtor.get(name="林永福")
    messages = {row.message_id for row in await Delivery.filter(shown__about=About.DEBTOR, shown__ref=debtor.id)}
    assert len(messages) > 8
    await world.phone(ADMIN).says("/erase 林永福")
    asked = await world.phone(HEAD).expects(lambda message: "【要您同意】" in message.text and "林永福" in message.text)
    await world.phone(HEAD).taps("同意", asked)
    await world.phone(ADMIN).expects("同意了，已办")
    await world.settled()
    seen = await on_phones(world)
    assert phones_that_say(seen, "林永福", "阿福", "浙K8G12A", "祠堂后面", "蓝衣服") == []
    assert not [m for m in await world.phone(JUDGE).received() if "location" in m.body]
    assert not await Shown.filter(about=About.DEBTOR, ref=debtor.id).exclude(delivery_id=None).exists()


async def test_every_kind_of_card_says_whom_it_shows(world: World) -> None:
    """A new kind is either one that shows nobody, or one that a story here has sent."""
    await tell_it_everywhere(world)
    await world.phone(SECRETARY).says("看错了")
    await world.phone(SECRETARY).says("朱宝根在老车站摆摊")
    third = world.phone(THIRD_JUDGE)
    await third.taps("办结", await third.expects("朱宝根在老车站"))
    await third.taps("当场履行")
    await third.expects("只给法院看")
    await third.says("付了三千")
    await third.expects("记下了")
    await world.settled()
    shown = {kind for kind, about in declared.SEEN.items() if about}
    assert set(KINDS) - SHOW_NOBODY - {"which"} <= shown, set(KINDS) - SHOW_NOBODY - shown
    assert shown & SHOW_NOBODY == set()


async def test_who_asks_not_to_be_named_is_named_on_no_phone_of_the_court(world: World) -> None:
    await tell_it_everywhere(world)
    before = await on_phones(world)
    court = (JUDGE, SECOND_JUDGE, HEAD, SUPERVISOR, ADMIN)
    assert phones_that_say({chat: before[chat] for chat in court}, "应建华")
    for receipt in [m for m in await world.phone(SECRETARY).received() if "替我保密" in dict(m.buttons)]:
        await world.phone(SECRETARY).taps("替我保密", receipt)
        await world.settled()
    after = await on_phones(world)
    assert phones_that_say({chat: after[chat] for chat in court}, "应建华", "001001") == []
    assert any("我也看见林永福了" in text for text in after[JUDGE]), "what others said stays"
    assert any("林永福回来了" in text for text in after[SECOND_JUDGE]), "the words stay, without the name"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_was_on_its_way_while_somebody_was_erased_is_taken_back(world: World) -> None:
    """The far end is slow: the card has been made, and arrives after the name is gone from the records."""
    head, made, erased = world.phone(HEAD), asyncio.Event(), asyncio.Event()

    async def slow(method: str, parameters: dict[str, object]) -> None:
        if method == "sendMessage" and "林永福" in str(parameters.get("text")) and not erased.is_set():
            made.set()
            await erased.wait()

    world.gateway.interceptors.append(slow)
    await head.says("/case 456")
    await asyncio.wait_for(made.wait(), 10)
    debtor, admin = await Debtor.get(name="林永福"), await world.person(ADMIN)
    await world.product.db.unit(lambda: privacy.erase(debtor.id, admin, "（已按申请删除）"))
    erased.set()
    await world.settled()
    assert phones_that_say(await on_phones(world), "林永福") == []


@pytest.mark.parametrize("about", [About.DEBTOR, About.REPORT])
@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_noting_and_taking_back_at_the_same_moment_miss_nothing(world: World, about: About) -> None:
    """Neither transaction sees what the other hasn't committed: one waits for the other."""
    debtor, admin = await Debtor.get(name="林永福"), await world.person(ADMIN)
    noted, go = asyncio.Event(), asyncio.Event()
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.settled()
    report = await Sighting.get()

    async def note() -> None:
        row = await Delivery.create(
            outbox_id=0, channel="telegram", chat_id=JUDGE, kind="case", ref=1, message_id=4711, rendered="",
            at=world.clock.now(),
        )  # fmt: skip
        await note_shown(row.id, [Subject(about, debtor.id if about is About.DEBTOR else report.id)], 0)
        noted.set()
        await go.wait()

    async def one_waits() -> bool:
        found = await fetch("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(found[0][0])

    async with asyncio.TaskGroup() as both:
        both.create_task(world.product.db.unit(note))
        await asyncio.wait_for(noted.wait(), 10)
        both.create_task(world.product.db.unit(lambda: privacy.erase(debtor.id, admin, "（已按申请删除）")))
        await world.until(one_waits)
        go.set()
    assert 4711 in [row.arguments["message"] for row in await Outbox.filter(kind="unsay")]


async def test_what_is_made_after_somebody_was_erased_stays(world: World) -> None:
    """The case goes on, under the words that stand for the name: its cards, and alerts about it, aren't taken back."""
    debtor, admin, head = await Debtor.get(name="林永福"), await world.person(ADMIN), world.phone(HEAD)
    await world.product.db.unit(lambda: privacy.erase(debtor.id, admin, "（已按申请删除）"))
    await world.settled()
    await head.says("/case 456")
    await head.expects("（已按申请删除）")
    await world.settled()
    assert any("（已按申请删除）" in text for text in (await on_phones(world))[HEAD])


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_message_that_can_t_be_shown_anew_goes(world: World) -> None:
    """Its order has been cleared away since: the message is taken back instead."""
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(NEIGHBOUR).says("林永福在村委门口抽烟")
    await world.phone(JUDGE).expects("抽烟")
    await world.settled()
    witness = await Delivery.get(kind="witness")
    await world.product.db.unit(lambda: Outbox.filter(kind="witness", state=OutboxState.DONE).delete())
    await world.product.db.unit(lambda: outbox.show_again([witness]))
    await world.settled()
    assert witness.message_id not in {m.id for m in await world.phone(JUDGE).received()}
