"""Who is on duty, and when nobody is."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from storage.duty.shift import Shift, uncovered
from tests.world import ADMIN, HEAD, JUDGE, SECOND_JUDGE, SUPERVISOR, THIRD_JUDGE, TOWN_SECRETARY, World

START = datetime(2026, 11, 24, tzinfo=UTC)
HOUR = timedelta(hours=1)


@given(st.lists(st.tuples(st.integers(-10, 60), st.integers(1, 30)), max_size=8))
def test_every_hour_is_somebodys_or_in_a_gap_and_never_both(shifts: list[tuple[int, int]]) -> None:
    spans = [(START + begin * HOUR, START + (begin + length) * HOUR) for begin, length in shifts]
    gaps = uncovered(spans, START, START + 48 * HOUR)
    for hour in range(48):
        at = START + hour * HOUR
        on_duty = any(begin <= at < end for begin, end in spans)
        free = [gap for gap in gaps if gap[0] <= at < gap[1]]
        assert len(free) == (0 if on_duty else 1)
    assert gaps == sorted(gaps) and all(begin < end for begin, end in gaps)


async def test_the_supervisor_sees_who_is_there_and_when_nobody_is(world: World) -> None:
    judge, now = await world.person(SECOND_JUDGE), world.clock.now()

    async def roster() -> None:
        for begin, end in ((-1, 23), (47, 71)):
            starts, ends = now + begin * HOUR, now + end * HOUR
            await Shift.create(area_code="331122", person_id=judge.id, starts_at=starts, ends_at=ends)

    await world.phone(SUPERVISOR).says("/duty")
    await world.phone(SUPERVISOR).expects("没有排值班")
    await world.product.db.unit(roster)
    for who in (SUPERVISOR, TOWN_SECRETARY):
        await world.phone(who).says("/duty")
        card = await world.phone(who).expects("正在值班")
        lines = card.text.split("\n")
        assert lines[1].startswith("正在值班：郑雅芳 +8619800001102")
        assert "11月25日 17:30 至 11月26日 08:30 没有人值班" in lines[2] and lines[3].endswith("郑雅芳")
        assert all("没有人值班" in line for line in lines[4:])
        assert not [line for line in lines if "没有人值班" in line and "08:30 – 17:30" in line]  # the office is open


async def on_duty(world: World, who: int, day: str) -> list[str]:
    """Who the list names for that day."""
    await world.phone(who).says("/duty")
    await world.settled()
    card = await world.phone(who).expects("今后七天")
    return [line.rsplit(" ", 1)[-1] for line in card.text.split("\n") if line.startswith(day)]


async def test_the_head_keeps_the_roster_in_the_chat(world: World) -> None:
    head = world.phone(HEAD)
    await head.says("/duty 设 11月26日到27日 郑雅芳 丁卫东")
    card = await head.expects("11月27日 17:30 至 11月28日 08:30 丁卫东")
    assert card.text.count("郑雅芳") == 2 + card.text.split("改值班")[1].count("郑雅芳")
    await head.says("/duty 设 2026-11-26 沈立群 带班")
    await head.expects("沈立群（带班）")
    await head.says("/duty 删 11-27 郑雅芳")
    await world.settled()
    assert await on_duty(world, HEAD, "11月27日 17:30 至 11月28日") == ["丁卫东"]
    for words, answer in (
        ("/duty 设 郑雅芳", "改值班"),
        ("/duty 什么", "改值班"),
        ("/duty 设 明天", "没有看到本院人员的名字"),
        ("/duty 设 明天 包青天", "没有看到本院人员的名字"),
    ):
        seen = len(await head.received())
        await head.says(words)
        await world.settled()
        assert (await head.received())[seen].text.startswith(answer)
    await world.phone(JUDGE).says("/duty 设 明天 沈立群")
    await world.phone(JUDGE).expects("由局长、院长或管理员来排")
    assert await on_duty(world, HEAD, "11月25日 17:30 至") == ["没有人值班"]


async def test_two_judges_swap_and_both_have_agreed(world: World) -> None:
    head, judge, other = world.phone(HEAD), world.phone(JUDGE), world.phone(SECOND_JUDGE)
    await head.says("/duty 设 11月26日 沈立群")
    await head.says("/duty 设 11月28日 郑雅芳")
    await world.settled()
    await judge.says("/duty 换 11月27日 郑雅芳")
    await judge.expects("沈立群那天不值班")
    await judge.says("/duty 换 11月26日 郑雅芳 11月28日")
    asked = await other.expects("【换班】沈立群 11月26日的值班给郑雅芳，11月28日的换回来")
    await world.phone(THIRD_JUDGE).says("/help")
    help_ = await world.phone(THIRD_JUDGE).expects("办结")
    await world.phone(THIRD_JUDGE).taps_data(help_, dict(asked.buttons)["同意"])
    await world.phone(THIRD_JUDGE).hears("这个按钮已经过期了")
    await other.taps("同意", asked)
    await judge.expects("已换班")
    assert await on_duty(world, HEAD, "11月26日") == ["郑雅芳"] and await on_duty(world, HEAD, "11月28日") == ["沈立群"]
    await head.says("/duty 换 11月26日 郑雅芳 丁卫东")
    await other.taps("同意", await other.expects("的值班给丁卫东"))
    await world.phone(THIRD_JUDGE).taps("不同意")
    await head.expects("没有换：对方不同意")
    assert await on_duty(world, HEAD, "11月26日") == ["郑雅芳"]


async def test_a_swap_of_what_has_changed_meanwhile_is_not_made(world: World) -> None:
    head, other = world.phone(HEAD), world.phone(SECOND_JUDGE)
    await head.says("/duty 设 11月26日 沈立群")
    await world.settled()
    await world.phone(JUDGE).says("/duty 换 11月26日 郑雅芳")
    asked = await other.expects("【换班】")
    await head.says("/duty 设 11月26日 郑雅芳")
    await world.settled()
    await other.taps("同意", asked)
    await world.phone(JUDGE).expects("值班表已经变了")


async def test_nobody_on_duty_tomorrow_is_said_the_day_before_and_once(world: World) -> None:
    await world.advance(7 * 3600)
    for who in (HEAD, SUPERVISOR):
        assert not [m for m in await world.phone(who).received() if "明天" in m.text], "no roster is kept here"
    await world.phone(HEAD).says("/duty 设 今天 郑雅芳")
    await world.settled()
    await world.advance(61)
    for who in (HEAD, SUPERVISOR, ADMIN):
        await world.phone(who).expects("⚠ 明天有时段没有人值班")
    await world.advance(3600)
    assert len([m for m in await world.phone(HEAD).received() if "⚠ 明天" in m.text]) == 1
    await world.phone(HEAD).says("/duty 设 11月25日到30日 郑雅芳")
    await world.advance(24 * 3600)
    assert len([m for m in await world.phone(HEAD).received() if "⚠ 明天" in m.text]) == 1


async def test_who_is_put_on_duty_or_taken_off_hears_it_and_again_the_evening_before(world: World) -> None:
    head, judge = world.phone(HEAD), world.phone(JUDGE)
    await head.says("/duty 设 11月26日到27日 沈立群 丁卫东")
    told = await judge.expects("【值班】排您值班")
    assert "11月26日 17:30 至 11月27日 08:30" in told.text and "11月27日 17:30 至 11月28日 08:30" in told.text
    await head.says("/duty 删 11月27日 沈立群")
    off = await judge.expects("【值班】这些天您不值班了")
    assert "11月27日 17:30" in off.text and "11月26日 17:30" not in off.text
    await world.advance(24 * 3600)
    assert not [m for m in await judge.received() if "明天您值班" in m.text], "it is Wednesday morning"
    await world.advance(8 * 3600)
    evening = [m.text for m in await judge.received() if "明天您值班" in m.text]
    assert len(evening) == 1 and "11月26日 17:30" in evening[0].replace("明天您值班", "")
    await world.advance(3600)
    assert len([m for m in await judge.received() if "明天您值班" in m.text]) == 1
    assert not [m for m in await head.received() if "排您值班" in m.text]
