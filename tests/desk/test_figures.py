"""The figures, against a second and simpler way of counting, and as a supervisor reads them."""

import math
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from storage.alerts.alert import AlertState, Outcome
from storage.desk.figures import History, figures_of, of_each, period_before, times_of, year_before
from tests.world import JUDGE, NEIGHBOUR, SECRETARY, SUPERVISOR, TOWN_SECRETARY, World

START = datetime(2026, 11, 1, tzinfo=UTC)
MOMENTS = st.none() | st.integers(0, 10_000).map(lambda minutes: START + timedelta(minutes=minutes))
HISTORIES = st.builds(
    History,
    raised_at=st.integers(-500, 0).map(lambda minutes: START + timedelta(minutes=minutes)),
    state=st.sampled_from(AlertState),
    acknowledged_at=MOMENTS,
    scene_at=MOMENTS,
    closed_at=MOMENTS,
    outcome=st.none() | st.sampled_from(Outcome),
    amount=st.none() | st.decimals(0, 10**6, places=2),
)


@given(st.lists(HISTORIES, max_size=60))
def test_counted_a_second_time_it_is_the_same(rows: list[History]) -> None:
    found = figures_of(rows)
    waiting = running = closed = useful = false_alarms = on_scene = 0
    paid = Decimal(0)
    for row in rows:
        if row.scene_at:
            on_scene += 1
        if row.state.value == "sent":
            waiting += 1
        elif row.state.value == "closed":
            closed += 1
            paid += row.amount or 0
            if row.outcome and row.outcome.value in ("found", "paid", "settled", "seized"):
                useful += 1
            if row.outcome and row.outcome.value == "false_alarm":
                false_alarms += 1
        elif row.state.value != "withdrawn":
            running += 1
    assert (found.alerts, found.unanswered, found.running, found.closed) == (len(rows), waiting, running, closed)
    assert (found.useful, found.false_alarms, found.on_scene, found.paid) == (useful, false_alarms, on_scene, paid)
    assert found.alerts == found.unanswered + found.running + found.closed + found.withdrawn


def test_ten_thousand_histories_counted_by_hand() -> None:
    """By place and by judge as well: the parts come to the whole, and each is what a plain loop makes of it."""
    dice = random.Random(20261125)
    states, outcomes, rows = list(AlertState), [None, *Outcome], []
    for _ in range(10_000):
        raised = START + timedelta(seconds=dice.randrange(30 * 86_400))
        later = sorted(raised + timedelta(seconds=dice.randrange(200_000)) for _ in range(3))
        seen = [at if dice.random() < 0.7 else None for at in later]
        state, outcome = dice.choice(states), dice.choice(outcomes)
        amount = Decimal(dice.randrange(10**7)) / 100 if dice.random() < 0.3 else None
        place, judge = f"3311222030{dice.randrange(40):02}", dice.randrange(1, 9)
        rows.append(History(raised, state, *seen, outcome, amount, place, judge))
    for key in (lambda row: row.area_code[:9], lambda row: row.area_code, lambda row: row.judge_id):
        parts = of_each(rows, key)
        assert sum(one.alerts for one in parts.values()) == 10_000
        for name, one in parts.items():
            mine = [row for row in rows if key(row) == name]
            waits = sorted((row.acknowledged_at - row.raised_at).total_seconds() for row in mine if row.acknowledged_at)
            assert one.to_acknowledge is not None and one.to_acknowledge.count == len(waits)
            assert one.to_acknowledge.median.total_seconds() == waits[(len(waits) - 1) // 2]
            closed = [row for row in mine if row.state.value == "closed"]
            assert one.paid == sum(row.amount for row in closed if row.amount is not None)
            assert one.unanswered == len([row for row in mine if row.state.value == "sent"])


@given(st.lists(st.integers(0, 10**6), max_size=80))
def test_the_median_and_nine_of_ten(seconds: list[int]) -> None:
    found = times_of(timedelta(seconds=one) for one in seconds)
    if not seconds:
        assert found is None
        return
    assert found is not None and found.count == len(seconds)
    for time, part in ((found.median, 0.5), (found.ninety, 0.9)):
        within = [one for one in seconds if timedelta(seconds=one) <= time]
        shorter = [one for one in seconds if timedelta(seconds=one) < time]
        assert len(within) >= math.ceil(part * len(seconds) - 1e-9) > len(shorter)


def test_the_time_before_is_as_long_and_just_before() -> None:
    first, last = START, START + timedelta(days=7)
    assert period_before(first, last) == (START - timedelta(days=7), START)


def test_the_same_days_a_year_before() -> None:
    leap = datetime(2028, 2, 29, 12, tzinfo=UTC), datetime(2028, 3, 1, 12, tzinfo=UTC)
    assert year_before(*leap) == (datetime(2027, 2, 28, 12, tzinfo=UTC), datetime(2027, 3, 1, 12, tzinfo=UTC))


async def test_a_supervisor_reads_the_months_figures(world: World) -> None:
    judge = world.phone(JUDGE)
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await judge.expects("林永福回来了")
    await world.advance(120)
    await judge.taps("收到")
    await world.settled()
    await world.advance(600)
    await judge.taps("到场")
    await world.settled()
    await judge.taps("办结")
    await judge.taps("当场履行")
    await world.settled()
    await judge.says("付了3万")
    await world.settled()
    await world.phone(NEIGHBOUR).says("黄国军开着货车回来了")
    await world.settled()
    supervisor = world.phone(SUPERVISOR)
    await supervisor.says("/stats")
    card = await supervisor.expects("11月1日至30日")
    for words in (
        "线索 2 条（上期 0 条）",
        "未响应 1 条，办理中 0 条，办结 1 条",
        "有效率 100%（办结 1 条，有效 1 条）",
        "到过现场 50%（1 条）",
        "应答用时：中位 2 分钟，90% 在 2 分钟内",
        "到场用时：中位 12 分钟",
        "到位 30,000 元",
        "数量少",
    ):
        assert words in card.text, card.text
    await supervisor.taps("怎么算的", card)
    await supervisor.expects("中位数")
    await supervisor.taps("明细", card)
    await supervisor.expects("11月1日至30日：2 条")
    await supervisor.says("/stats 周弄村 今天")
    assert "线索 1 条" in (await supervisor.expects("今天 · 七里乡周弄村")).text
    await world.phone(TOWN_SECRETARY).says("/stats 上个月")
    assert "线索 0 条" in (await world.phone(TOWN_SECRETARY).expects("10月1日至31日")).text
