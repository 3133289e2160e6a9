"""The judge's task: its buttons, its ladder, and the rule behind both."""

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.office.importing import Kind, import_file
from bot.transport.dispatcher import Dispatcher
from storage.alerts import alert, sighting, steps
from storage.alerts.alert import OPEN, Alert, AlertState, may_advance
from storage.alerts.sighting import Sighting
from storage.alerts.timeline import AlertEvent
from storage.cases.case import CaseDebtor
from storage.people.endpoint import Endpoint, join
from storage.post.outbox import LEASE, Outbox, OutboxState
from tests.world import (
    HEAD,
    JUDGE,
    OTHER_TOWN,
    SECOND_JUDGE,
    SECRETARY,
    SUPERVISOR,
    THIRD_JUDGE,
    TOWN_SECRETARY,
    Message,
    Stage,
    World,
)

SENTENCE = "林永福回来了，人就在村委"


def louder(message: Message) -> bool:
    return "第二次提醒" in message.text


async def raised(world: World) -> Message:
    await world.phone(SECRETARY).says(SENTENCE)
    return await world.phone(JUDGE).expects(SENTENCE)


@given(st.lists(st.sampled_from(AlertState), max_size=12))
def test_states_only_go_forward_and_an_end_is_an_end(asked: list[AlertState]) -> None:
    order = [*OPEN, AlertState.CLOSED]
    state = AlertState.SENT
    for wanted in asked:
        if may_advance(state, wanted):
            assert state in OPEN and order.index(wanted) > order.index(state)
            state = wanted
        elif state in OPEN and wanted in order:
            assert order.index(wanted) <= order.index(state)


async def test_nobody_answers_then_louder_then_the_head(world: World) -> None:
    await raised(world)
    await world.advance(119)
    assert not [m for m in await world.phone(JUDGE).received() if louder(m)]
    await world.advance(2)
    assert "2 分钟没有应答" in (await world.phone(JUDGE).expects(louder)).text
    await world.advance(178)
    assert not [m for m in await world.phone(HEAD).received() if SENTENCE in m.text]
    await world.advance(2)
    card = await world.phone(HEAD).expects("沈立群法官 5 分钟未应答，转给您")
    assert SENTENCE in card.text
    await world.phone(SECRETARY).expects("还没应答，已往上报")
    await world.phone(HEAD).taps("收到")
    await world.phone(SECRETARY).expects("已收到")
    await world.advance(3600)
    assert len([m for m in await world.phone(JUDGE).received() if SENTENCE in m.text]) == 1
    assert len([name for name, said in world.calls if name == "sendMessage" and said["chat_id"] == JUDGE]) == 2


async def test_an_answer_stops_the_ladder(world: World) -> None:
    await raised(world)
    await world.phone(JUDGE).taps("收到")
    await world.advance(3600)
    assert not [m for m in await world.phone(HEAD).received() if SENTENCE in m.text]


async def test_a_restart_in_the_middle_of_the_ladder(stage: Stage) -> None:
    async with stage.world() as world:
        await raised(world)
        await world.advance(130)
        await world.phone(JUDGE).expects(louder)
    stage.clock.advance(200)
    async with stage.world() as world:
        await world.phone(HEAD).expects("未应答，转给您")


async def test_what_a_killed_process_had_in_hand_goes_out_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once when it is back itself; another one can't know that it is dead and waits for its lease to run out."""
    with monkeypatch.context() as dying:
        dying.setattr(Dispatcher, "_fly", lambda *_args: None)
        async with stage.world() as world:
            await world.phone(SECRETARY).says(SENTENCE)
            await world.until(lambda: Outbox.filter(chat_id=JUDGE, state=OutboxState.SENDING).exists())
        async with stage.world() as world:
            await world.until(lambda: Outbox.filter(chat_id=JUDGE, attempts=2).exists())
    shutil.copytree(stage.settings.data, copy := stage.settings.data.with_name("copy"))
    original, stage.settings = stage.settings, stage.settings.model_copy(update={"data": copy})
    async with stage.world() as world:
        row = await Outbox.get(chat_id=JUDGE)
        assert row.attempts == 2 and row.lease_until is not None and row.lease_until > stage.clock.now()
    stage.settings = original
    stage.clock.advance(LEASE.total_seconds() + 1)
    async with stage.world() as world:
        card = await world.phone(JUDGE).expects(SENTENCE)
    assert "可能是重复提醒" in card.text


async def blocked(method: str, parameters: dict[str, Any]) -> web.StreamResponse | None:
    """What the far end says once the judge has blocked the bot."""
    if parameters.get("chat_id") != JUDGE or not method.startswith("send"):
        return None
    body = {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}
    return web.json_response(body, status=403)


async def test_a_blocked_phone_escalates_at_once(world: World) -> None:
    world.gateway.interceptors.append(blocked)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.advance(1)
    card = await world.phone(HEAD).expects("沈立群法官联系不上，转给您")
    assert SENTENCE in card.text
    endpoint = await Endpoint.get(chat_id=JUDGE)
    assert not endpoint.active and endpoint.reason == "403"
    world.gateway.interceptors.remove(blocked)
    await world.phone(JUDGE).says("/help")
    await world.phone(JUDGE).expects("按按钮就行")
    assert (await Endpoint.get(chat_id=JUDGE)).active


async def test_who_is_blocked_on_one_phone_and_has_another_hears_it_there(world: World) -> None:
    """Nobody else is called, for the card has arrived; and they are told that Telegram is dead."""
    judge, store = await world.person(JUDGE), world.product.store
    page, *_ = await store.open_chat()
    await world.product.db.unit(lambda: join(judge, "web", page))

    world.gateway.interceptors.append(blocked)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.settled()
    await world.advance(1)
    shown = [body["text"] for _seq, body, _number in await store.since(page, 0) if body]
    assert any(SENTENCE in text for text in shown) and any("Telegram 收不到" in text for text in shown)
    assert not any("转给您" in message.text for message in await world.phone(HEAD).messages())
    assert (await Alert.get()).reachable


async def test_a_card_that_no_phone_takes_climbs_at_once(world: World) -> None:
    """Two phones, and both refuse the card: the next one is called."""
    judge, store = await world.person(JUDGE), world.product.store
    page, *_ = await store.open_chat()
    await world.product.db.unit(lambda: join(judge, "web", page))

    async def refused(method: str, parameters: dict[str, Any]) -> web.StreamResponse | None:
        if "link" not in method and parameters.get("chat_id") == JUDGE and SENTENCE in str(parameters.get("text")):
            return web.json_response(
                {"ok": False, "error_code": 400, "description": "Bad Request: can't parse"}, status=400
            )
        return None

    world.gateway.interceptors.append(refused)
    await world.product.store.transact(lambda db: db.execute("DELETE FROM chat WHERE id = ?", (page,)))
    await world.phone(SECRETARY).says(SENTENCE)
    await world.advance(1)
    await world.phone(HEAD).expects("转给您")


async def test_two_at_once_and_only_one_is_the_handler(world: World) -> None:
    await raised(world)
    await world.advance(301)
    own, escalated = await world.phone(JUDGE).expects(louder), await world.phone(HEAD).expects("转给您")
    await world.phone(JUDGE).taps("收到", own)
    await world.phone(HEAD).taps("收到", escalated)
    await world.phone(HEAD).hears("已经有人收到了")
    await world.settled()
    one = await Alert.get().prefetch_related("events")
    assert len([event for event in one.events if event.kind == "acknowledged"]) == 1
    assert one.handler_id in {(await world.person(JUDGE)).id, (await world.person(HEAD)).id}


async def test_a_stale_button_shows_the_card_as_it_stands(world: World) -> None:
    old = await raised(world)
    await world.phone(JUDGE).taps("到场", old)
    await world.phone(JUDGE).expects("沈立群 到场")
    await world.phone(JUDGE).taps("收到", old)
    await world.phone(JUDGE).hears("已经到场了")
    await world.settled()
    assert (await Alert.get()).state is AlertState.ON_SCENE


@pytest.mark.parametrize(
    ("label", "outcome"),
    [
        ("找到本人", "found"),
        ("当场履行", "paid"),
        ("达成和解", "settled"),
        ("查封扣押", "seized"),
        ("未见到", "not_seen"),
        ("误报", "false_alarm"),
    ],
)
async def test_every_outcome_is_one_tap(world: World, label: str, outcome: str) -> None:
    await raised(world)
    await world.phone(JUDGE).taps("办结")
    await world.phone(JUDGE).taps(label)
    await world.advance(10)
    await world.phone(SECRETARY).expects(label)
    await world.settled()
    assert (await Alert.get()).outcome == outcome


async def test_an_amount_and_a_word_can_follow_the_outcome(world: World) -> None:
    await raised(world)
    await world.phone(JUDGE).taps("办结")
    await world.phone(JUDGE).taps("当场履行")
    await world.phone(JUDGE).expects("要补充金额或说明")
    await world.phone(JUDGE).says("付了3万，余下分两年")
    await world.phone(JUDGE).expects("记下了")
    await world.phone(JUDGE).taps("也告诉报告人", await world.phone(JUDGE).expects("记下了"))
    await world.phone(SECRETARY).expects("30,000")
    assert (await CaseDebtor.get(case__number="（2013）浙1122执456号")).paid == 30000


async def test_handing_it_to_a_colleague_starts_anew_there(world: World) -> None:
    await raised(world)
    await world.phone(JUDGE).taps("转交")
    await world.phone(JUDGE).taps("丁卫东")
    await world.phone(THIRD_JUDGE).expects(SENTENCE)
    await world.phone(SECRETARY).expects("丁卫东法官")
    await world.phone(THIRD_JUDGE).taps("收到")
    await world.phone(SECRETARY).expects("已收到")


async def test_going_back_from_a_menu(world: World) -> None:
    await raised(world)
    await world.phone(JUDGE).taps("办结")
    await world.phone(JUDGE).taps("返回")
    card = await world.phone(JUDGE).expects(SENTENCE)
    await world.settled()
    card = await world.phone(JUDGE).expects(SENTENCE)
    assert "收到" in [label for label, _ in card.buttons]


async def test_a_tap_on_somebody_elses_card_does_nothing(world: World) -> None:
    card = await raised(world)
    for other in (SECOND_JUDGE, SECRETARY, SUPERVISOR):
        await world.phone(other).taps_data(card, card.buttons[0][1])
    await world.settled()
    assert world.toasts.count("这个按钮已经过期了。") == 3
    assert (await Alert.get()).state is AlertState.SENT


async def test_pending_shows_the_oldest_first_and_who_was_told(world: World) -> None:
    await raised(world)
    await world.advance(301)
    await world.phone(TOWN_SECRETARY).says("/pending")
    listed = await world.phone(TOWN_SECRETARY).expects("没人应答：1 条")
    assert "5 分钟未应答" in listed.text and "林永福" in listed.text and "已报胡建平" in listed.text
    await world.phone(HEAD).taps("收到")
    await world.settled()
    await world.phone(TOWN_SECRETARY).says("/pending")
    await world.phone(TOWN_SECRETARY).expects("没人应答：没有")


async def test_on_two_phones_the_judge_sees_one_state(world: World) -> None:
    """On Telegram and on the page at once: what is answered on one stands on the other, and is answered once."""
    judge, store = await world.person(JUDGE), world.product.store
    page, *_ = await store.open_chat()
    await world.product.db.unit(lambda: join(judge, "web", page))

    async def on_page() -> dict[str, Any]:
        await world.settled()
        bodies = [body for _seq, body, _number in await store.since(page, 0) if body and "林永福" in body["text"]]
        assert len(bodies) == 1
        return bodies[0]

    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).expects("林永福回来了")
    assert "收到" in json.dumps((await on_page())["reply_markup"], ensure_ascii=False)
    await world.phone(JUDGE).taps("收到")
    await world.phone(SECRETARY).expects("已收到")
    card = await on_page()
    assert "沈立群 收到" in card["text"] and "edit_date" in card
    going = next(one for row in card["reply_markup"]["inline_keyboard"] for one in row if one["text"] == "出发")
    who = {"id": page, "first_name": "网页"}
    tap = {"id": "5", "from": {**who, "is_bot": False}, "chat_instance": "5", "message": card}
    await store.queue({"callback_query": {**tap, "data": going["callback_data"]}})
    await world.phone(SECRETARY).expects("在路上")
    await world.phone(JUDGE).expects("沈立群 出发")
    assert await AlertEvent.filter(kind="acknowledged").count() == 1


async def test_who_reported_it_and_how_sure_it_is_stand_before_any_list(world: World, tmp_path: Path) -> None:
    """A company with 110 cases of one judge: the card says that there are more, and loses nothing that matters."""
    head = "案号,被执行人,身份证号码,所在村社,承办法官工号,申请执行人\n"
    who = "缙云县永胜置业有限公司,91331122MA2E0TE1X0,周弄村,FY101"
    rows = [f"（2022）浙1122执{3000 + n}号,{who},某某建材有限公司第{n}分公司" for n in range(110)]
    (tmp_path / "a.csv").write_text(head + "\n".join(rows) + "\n")
    await import_file(world.product.db, Kind.CASES, tmp_path / "a.csv", lambda _done, _all: None)
    await world.phone(SECRETARY).says("永胜置业的老板回来了，人就在公司门口")
    card = await world.phone(JUDGE).expects("永胜置业")
    lines = card.text.split("\n")
    first_case = next(n for n, line in enumerate(lines) if "浙1122执3" in line)
    assert any("+8619800001001" in line for line in lines[:first_case])
    assert any("绰号" in line for line in lines[:first_case]) and "还有 105 件" in card.text
    assert len(card.text) < 1500
    assert card.buttons


@pytest.mark.parametrize("said", ["林永福不在家", "林永福没有在家", "林永福没在家"])
async def test_who_is_not_at_home_is_never_said_to_be_there(world: World, said: str) -> None:
    await world.phone(SECRETARY).says(said)
    card = await world.phone(JUDGE).expects(said)
    assert "\n在家" not in card.text
    receipt = await world.phone(SECRETARY).expects("已记录")
    assert "· 在家" not in receipt.text


async def test_one_lead_is_one_card_on_a_phone_however_often_it_rings(world: World) -> None:
    judge = world.phone(JUDGE)
    await world.phone(SECRETARY).says("林永福回来了，人就在村委")
    await judge.expects("有人看到 林永福")
    await world.advance(121)
    louder = await judge.expects("第二次提醒")
    await world.settled()
    cards = [message for message in await judge.received() if "有人看到 林永福" in message.text]
    assert [message.id for message in cards] == [louder.id]
    await judge.taps("办结", louder)
    await world.settled()
    (card,) = [message for message in await judge.received() if "有人看到 林永福" in message.text]
    assert {"收到", "返回"} <= {label for label, _data in card.buttons}  # nothing is chosen yet, nothing has changed
    await judge.taps("未见到", card)
    await world.settled()
    assert not [
        message for message in await judge.received() if any(label == "收到" for label, _data in message.buttons)
    ]


async def test_who_gets_it_back_has_it_again(world: World) -> None:
    await raised(world)
    await world.phone(JUDGE).taps("转交")
    await world.phone(JUDGE).taps("丁卫东")
    given = await world.phone(JUDGE).expects("已转交丁卫东")
    assert given.buttons == []
    await world.phone(THIRD_JUDGE).taps("转交", await world.phone(THIRD_JUDGE).expects(SENTENCE))
    await world.phone(THIRD_JUDGE).taps("沈立群")
    await world.phone(THIRD_JUDGE).expects("已转交沈立群")
    await world.settled()
    assert any("收到" in dict(m.buttons) for m in await world.phone(JUDGE).received())


async def test_what_has_ended_is_given_to_nobody(world: World) -> None:
    await raised(world)
    await world.phone(JUDGE).taps("办结")
    await world.phone(JUDGE).taps("未见到")
    await world.settled()
    held, other, by = await Alert.get(), await world.person(THIRD_JUDGE), await world.person(JUDGE)

    async def work() -> None:
        assert not await steps.transfer(held, other, by)

    await world.product.db.unit(work)
    assert await world.phone(THIRD_JUDGE).received() == []


async def test_a_second_card_that_arrives_is_no_second_arrival(world: World) -> None:
    await raised(world)
    await world.settled()
    first = (await Alert.get()).delivered_at
    await world.advance(130)
    await world.phone(JUDGE).expects("第二次提醒")
    await world.settled()
    assert (await Alert.get()).delivered_at == first
    assert await AlertEvent.filter(kind="delivered").count() == 1


async def test_the_newest_steps_and_reports_are_those_of_the_area(world: World) -> None:
    """What is asked for a town holds nothing of another, nor what is older than is asked for."""
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(OTHER_TOWN).says("王大山回来了，在桥头")
    await world.settled()
    mine, other = (await world.person(SECRETARY)).area_code[:9], (await world.person(OTHER_TOWN)).area_code[:9]
    now = world.clock.now()

    async def work() -> None:
        for town in (mine, other):
            seen = await alert.newest_events(town, None, now - timedelta(hours=1), 50)
            assert {event.alert.area_code[:9] for event in seen} == {town}
            assert {row.area_code[:9] for row in await sighting.newest_in(town, 50)} == {town}
            assert await alert.newest_events(town, None, now + timedelta(hours=1), 50) == []
        theirs = await Sighting.get(reporter__endpoints__chat_id=OTHER_TOWN)
        assert await sighting.of_reporter(theirs.id, (await world.person(SECRETARY)).id) is None

    await world.product.db.unit(work)
