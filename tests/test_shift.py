"""Who is on duty, and when nobody is."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from storage.shift import Shift, uncovered
from tests.world import SECOND_JUDGE, SUPERVISOR, TOWN_SECRETARY, World

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
        card = await world.phone(who).expects("今后七天")
        lines = card.text.split("\n")
        assert lines[1].startswith("正在值班 郑雅芳 +8619800001102")
        assert "没有人值班" in lines[2] and lines[3].endswith("郑雅芳") and "没有人值班" in lines[4]
        assert len(lines) == 5
