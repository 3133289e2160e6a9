"""What a court decides for itself: its telephone, and whose duty a gap is."""

from datetime import date, datetime

import aiohttp
import pytest

from storage.duty import court
from storage.duty.court import Court
from storage.engine.clock import SHANGHAI
from tests.world import ADMIN, SECRETARY, World


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2026-11-28 08:30", "2026-12-01 08:30", [28, 29, 30]),
        ("2026-11-30 17:30", "2026-12-01 08:30", [30]),
        ("2026-11-30 20:00", "2026-11-30 21:00", [30]),
        ("2026-12-01 02:00", "2026-12-01 08:30", [30]),
        ("2026-11-29 07:00", "2026-11-29 09:00", [28, 29]),
    ],
)
def test_the_hours_before_the_morning_are_the_duty_of_the_day_before(first: str, last: str, days: list[int]) -> None:
    begins, ends = (datetime.fromisoformat(one).replace(tzinfo=SHANGHAI) for one in (first, last))
    assert [one.day for one in court.duty_days(Court(area_code="331122"), begins, ends)] == days


def test_every_day_of_a_long_gap_counts() -> None:
    begins = datetime(2026, 11, 28, 8, 30, tzinfo=SHANGHAI)
    found = court.duty_days(Court(area_code="331122"), begins, datetime(2027, 1, 2, 8, 30, tzinfo=SHANGHAI))
    assert found[0] == date(2026, 11, 28) and found[-1] == date(2027, 1, 1) and len(found) == 35


async def test_a_telephone_number_is_one_and_everybody_hears_the_new_one(world: World) -> None:
    admin = world.phone(ADMIN)
    for wrong in ("12", "打不通", "0578"):
        await admin.says(f"/court 电话 {wrong}")
        await admin.expects(f"没有看懂这个号码：{wrong}")
    await admin.says("/court 电话 0578 3121234")
    await admin.expects("电话：0578-3121234")
    async with aiohttp.ClientSession() as stranger, stranger.get(f"{world.product.url}/words/zh_Hans") as answer:
        assert (await answer.json())["phone"] == "0578-3121234"
    await world.phone(SECRETARY).says("值班电话多少")
    await world.phone(SECRETARY).expects("法院值班电话：0578-3121234")
