"""Quiet hours: what isn't urgent makes no noise then; what is urgent always does."""

from datetime import datetime, timedelta

import pytest

from storage.engine.clock import SHANGHAI, local
from storage.people.person import Person
from storage.people.quiet import hours_in, quiet_left
from tests.post.test_waking import woken
from tests.world import JUDGE, SECRETARY, Stage, World

URGENT, ORDINARY = "林永福回来了，人就在村委，你们赶紧过来！", "林永福老婆最近在镇上开了家理发店"


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        ("22-7", (22, 7)), ("22:00-07:00", (22, 7)), ("22点到7点", (22, 7)), ("２２－７", (22, 7)),
        ("12 至 14", (12, 14)), ("24-6", (0, 6)), ("22点到第二天7点", (22, 7)),
        ("", None), ("7", None), ("22-22", None), ("25-7", None), ("22:30-7", None), ("晚上", None),
    ],
)  # fmt: skip
def test_hours_are_understood(said: str, hours: tuple[int, int] | None) -> None:
    assert hours_in(said) == hours


@pytest.mark.parametrize(
    ("hours", "at", "left"),
    [
        ((22, 7), "22:00", 9 * 60), ((22, 7), "03:30", 3 * 60 + 30), ((22, 7), "07:00", 0), ((22, 7), "21:59", 0),
        ((12, 14), "12:30", 90), ((12, 14), "14:00", 0), ((12, 14), "11:59", 0), ((0, 6), "05:59", 1),
        ((None, None), "03:00", 0),
    ],
)  # fmt: skip
def test_how_long_it_is_quiet(hours: tuple[int | None, int | None], at: str, left: int) -> None:
    now = datetime.fromisoformat(f"2026-03-02 {at}").replace(tzinfo=SHANGHAI)
    person = Person(id=1, quiet_from=hours[0], quiet_until=hours[1])
    assert quiet_left(person, now) == timedelta(minutes=left)


def silences(world: World, chat_id: int, words: str) -> list[bool]:
    """Of each message to the chat with these words, whether it came without a noise."""
    return [
        bool(said.get("disable_notification"))
        for method, said in world.calls
        if method == "sendMessage" and said["chat_id"] == chat_id and words in said["text"]
    ]


async def test_at_night_only_what_is_urgent_is_heard(stage: Stage) -> None:
    async with woken(stage, "ntfy FAR/topic") as (world, end):
        judge, hour = world.phone(JUDGE), local(world.clock.now()).hour
        await judge.says(f"/quiet {hour}-{(hour + 9) % 24}")
        await judge.expects(f"{hour}:00 到 {(hour + 9) % 24}:00")
        end.taken.clear()
        await world.phone(SECRETARY).says(ORDINARY)
        await judge.expects(ORDINARY)
        await world.settled()
        assert silences(world, JUDGE, ORDINARY) == [True] and end.taken == []
        await world.phone(SECRETARY).says(URGENT)
        await judge.expects(URGENT)
        await world.settled()
        assert silences(world, JUDGE, URGENT) == [False] and len(end.taken) == 1
        before = len(end.taken)
        await world.advance(10 * 3600)
        await world.settled()
        assert len(end.taken) > before, "what waited for the morning comes then"
        await judge.says("/quiet 关")
        await judge.expects("没有设免打扰")
        await judge.says("/quiet 半夜")
        await judge.expects("没看懂")
