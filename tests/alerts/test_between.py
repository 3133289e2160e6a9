"""A report never falls between: a card that is too long, can't be made or isn't taken is told to somebody, and the next
one is called."""

from html import unescape

import pytest

from handlers.card import Card
from handlers.length import TEXT_LIMIT, Spare, fitting, shortened, shown, together, units
from handlers.parts import Parts
from storage.alerts.alert import Alert
from storage.people.endpoint import Endpoint
from storage.post.outbox import Outbox, OutboxState
from tests.faults.test_far_end import FarEndSays, says_no
from tests.world import ADMIN, HEAD, JUDGE, SECOND_JUDGE, SECRETARY, World

SENTENCE = "林永福回来了，人就在村委"


def test_length_is_counted_as_telegram_counts() -> None:
    assert units("林😀𠮷") == 5
    assert shortened("😀" * 500, 900) == "😀" * 450 + "…"
    assert shortened("x" + "😀" * 500, 900) == "x" + "😀" * 449 + "…", "never half a character"
    assert units(shown("<b>&lt;林&gt;</b>")) == 3
    long = fitting(f"<b>{'&amp;' * 5000}</b>")
    assert units(shown(long)) == TEXT_LIMIT and unescape(long).startswith("&&&") and "<b>" not in long
    assert fitting("<b>林</b>") == "<b>林</b>"


def test_what_can_be_spared_goes_first_and_nothing_else() -> None:
    lines = ["a" * 3000, Spare("b" * 800, 1), Spare("c" * 800, 2), "", "d" * 100]
    assert together(lines) == "\n".join([lines[0], lines[1], lines[4]])
    assert together(["x" * 5000]) == "x" * 5000


async def test_an_alert_full_of_rare_characters_arrives_and_can_be_given_on(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE + "😀" * 890)
    card = await judge.expects(SENTENCE)
    await world.settled()
    for number in range(7):
        await secretary.says(f"他还在，第{number}次" + "𠮷" * 295)
        await judge.expects(f"第{number}次")
    await world.settled()
    await judge.taps("转交", card)
    await judge.taps("郑雅芳", await judge.expects(lambda m: any(text == "郑雅芳" for text, _ in m.buttons)))
    given = await world.phone(SECOND_JUDGE).expects(lambda m: SENTENCE in m.text and bool(m.buttons))
    assert "19800001001" in given.text and units(given.text) <= TEXT_LIMIT
    await world.settled()
    assert not await Outbox.filter(state=OutboxState.FAILED).exists()


async def test_a_card_that_the_far_end_finds_too_long_comes_short(world: World) -> None:
    FarEndSays(world, says_no(400, "Bad Request: message is too long"), JUDGE)
    await world.phone(SECRETARY).says(SENTENCE + "，穿蓝衣服" * 100)
    card = await world.phone(JUDGE).expects(SENTENCE)
    assert len(card.text) < 1000 and card.buttons
    await world.settled()
    assert (await Alert.get()).delivered_at is not None


async def test_a_wait_that_is_none_delays_the_alert_but_never_gives_it_up(world: World) -> None:
    for odd in ("bald", None, [7], -5, 1e18, "NaN"):
        FarEndSays(world, says_no(429, retry_after=odd), JUDGE, times=2)
    await world.phone(SECRETARY).says(SENTENCE)
    for _ in range(14):
        await world.advance(6)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.settled()
    assert not await Outbox.filter(state=OutboxState.FAILED).exists()


async def test_a_card_that_cannot_be_made_calls_the_next_and_tells(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_args: object) -> str:
        raise RuntimeError("a card that can't be made")

    monkeypatch.setattr("handlers.alerts.alert._title", broken)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.settled()
    for _ in range(40):
        await world.advance(20)
    assert "alert" in (await world.phone(ADMIN).expects("有一条消息没发成")).text
    assert "谁也没叫到" in (await world.phone(ADMIN).expects("谁也没叫到")).text
    assert len([m for m in await world.phone(ADMIN).received() if "没发成" in m.text]) == 1
    await world.phone(SECRETARY).expects("直接打值班电话")


async def test_a_card_that_is_refused_for_no_reason_of_the_chat_is_told(world: World) -> None:
    FarEndSays(world, says_no(400, "Bad Request: can't parse entities"), JUDGE, times=50)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(ADMIN).expects("有一条消息没发成")
    await world.settled()
    await world.advance(1)
    await world.phone(HEAD).expects(SENTENCE)
    assert (await Endpoint.get(chat_id=JUDGE)).active, "the chat can be reached all the same"


async def test_whoever_asked_for_what_cannot_be_made_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_args: object, **_more: object) -> str:
        raise RuntimeError("a card that can't be made")

    monkeypatch.setattr("handlers.desk.listing.head_of", broken)
    await world.phone(HEAD).says("/today")
    await world.settled()
    for _ in range(8):
        await world.advance(20)
    await world.phone(HEAD).expects("没能做出来，已经告诉管理员")


def test_a_card_that_may_have_come_before_says_so_on_every_screen() -> None:
    parts = Parts("有人看到 林永福", notes=["第二次提醒"], quote=["“他在”"])
    card = Card(parts.text(), parts=parts).marked("可能是重复提醒")
    assert card.text.startswith("可能是重复提醒\n第二次提醒\n<b>")
    assert (card.for_page() or {})["notes"] == ["可能是重复提醒", "第二次提醒"]


def test_what_is_only_looked_up_is_left_out_first_where_a_card_gets_too_long() -> None:
    facts = [f"（2013）浙1122执{number}号 " + "长" * 300 for number in range(20)]
    parts = Parts(
        "有人看到 林永福", quote=["“" + "话" * 900 + "”"], sure="很有把握", facts=facts, thread=["又说：他要走了"]
    )
    text = shown(parts.text())
    assert units(text) <= 4096 and "话" * 900 in text and "他要走了" in text and "很有把握" in text
    assert 5 < text.count("浙1122执") < 20
    assert parts.text().count("<blockquote expandable>") == 1
