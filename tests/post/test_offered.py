"""A tap counts only where its button has been put before this person; what a later edit took away is answered by the
card as it stands."""

import pytest

from storage.alerts.alert import Alert, AlertState
from storage.cases.case import Case
from storage.cases.quota import LOOK_UPS, Quota
from storage.engine.audit import AuditEntry
from storage.post.outbox import Outbox, OutboxState
from tests.faults.test_far_end import Cut, FarEndSays, asked
from tests.world import HEAD, JUDGE, SECRETARY, SUPERVISOR, Message, Stage, World

SENTENCE = "林永福回来了，人就在村委"


async def test_no_case_opens_whose_button_nobody_was_shown(world: World) -> None:
    """Also where the person may read it: numbers can't be counted through."""
    supervisor = world.phone(SUPERVISOR)
    await supervisor.says("/case 456")
    card = await supervisor.expects("执456号")
    await world.settled()
    shown = len(await supervisor.received())
    mine = next(data for _label, data in card.buttons if ":line:" in data).split(":")[2]
    others = [row.id for row in await Case.all() if str(row.id) != mine]
    for number in others:
        for verb in ("case", "line", "place", "sheet", "follow", "supervise"):
            await supervisor.forges(card, f"1:{verb}:{number}:0")
    await world.settled()
    assert len(await supervisor.received()) == shown
    assert await AuditEntry.filter(action="tap.refused").count() == 6 * len(others)


async def test_a_message_of_somebody_elses_chat_is_none(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    card = await world.phone(JUDGE).expects(SENTENCE)
    await world.settled()
    await world.phone(HEAD).forges(card, f"1:ack:{(await Alert.get()).id}:0")
    await world.phone(HEAD).hears("这个按钮已经过期了")
    assert (await Alert.get()).state is AlertState.SENT


async def test_a_button_that_an_edit_took_away_is_answered_by_the_card_as_it_stands(world: World) -> None:
    judge = world.phone(JUDGE)
    await world.phone(SECRETARY).says(SENTENCE)
    card = await judge.expects(SENTENCE)
    await world.settled()
    await judge.taps("出发", card)
    gone = await judge.expects(lambda m: m.id == card.id and "收到" not in dict(m.buttons))
    await world.settled()
    await judge.forges(gone, dict(card.buttons)["收到"])
    await world.settled()
    assert "过期" not in world.toasts[-1] and (await Alert.get()).state is AlertState.EN_ROUTE
    await judge.forges(gone, f"1:ack:{(await Alert.get()).id}:7")
    await judge.hears("这个按钮已经过期了")


async def test_a_restart_forgets_no_button(stage: Stage) -> None:
    async with stage.world() as world:
        await world.phone(SECRETARY).says(SENTENCE)
        card = await world.phone(JUDGE).expects(SENTENCE)
        await world.settled()
    async with stage.world() as world:
        await world.phone(JUDGE).taps("收到", card)
        await world.phone(SECRETARY).expects("已收到")


async def test_a_card_of_which_nobody_knows_whether_it_came_takes_the_tap(world: World) -> None:
    """The line was cut after the card was sent: the judge has it, and the record of it is lost."""
    cut = FarEndSays(world, Cut, JUDGE)
    await world.phone(SECRETARY).says(SENTENCE)
    await asked(world, cut)
    await world.until(lambda: Outbox.filter(kind="alert", doubtful=True, state=OutboxState.PENDING).exists())
    there = Message(99, "", False, [], None, {"message_id": 99, "from": {"is_bot": True}, "date": 1})
    await world.phone(JUDGE).forges(there, f"1:ack:{(await Alert.get()).id}:0")
    await world.until(lambda: Alert.filter(state=AlertState.ACKNOWLEDGED).exists())


@pytest.mark.parametrize("verb", ["全部经过", "导出", "关注"])
async def test_every_way_to_read_a_case_counts(world: World, verb: str) -> None:
    supervisor = world.phone(SUPERVISOR)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.settled()
    await supervisor.says("/case 456")
    card = await supervisor.expects("执456号")
    await world.settled()
    await world.product.db.unit(lambda: Quota.all().update(count=LOOK_UPS))
    shown = len(await supervisor.received())
    await supervisor.taps(verb, card)
    await supervisor.hears("先停一停")
    await world.settled()
    assert len(await supervisor.received()) == shown
    await world.phone(HEAD).says("/why 1")
    await world.phone(HEAD).expects("报告 #1")
    await world.product.db.unit(lambda: Quota.all().update(count=LOOK_UPS))
    await world.phone(HEAD).says("/why 1")
    await world.phone(HEAD).expects("先停一停")
