"""Who gets this alert now, and who then: the rule by table and by property, and the stories behind it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.alerts.alert import Alert
from storage.duty.court import is_open
from storage.duty.ladder import LAST, Call, Climb, Rung, Staff, Target, next_call, plan
from storage.duty.leave import Absence, Leave
from storage.duty.shift import Post, Shift
from storage.people.person import Person, Role
from tests.world import HEAD, JUDGE, SECOND_JUDGE, SECRETARY, SUPERVISOR, THIRD_JUDGE, World

NOW = datetime(2026, 11, 24, 1, 41, tzinfo=UTC)
DAY = timedelta(days=1)
MINE, DEPUTY, DUTY, LEADING, CHIEF, PRESIDENT, ADMINISTRATOR = range(1, 8)
RUNGS = [
    Rung(number=1, after_seconds=120, target=Target.AGAIN),
    Rung(number=2, after_seconds=180, target=Target.DUTY),
    Rung(number=3, after_seconds=240, target=Target.DUTY_HEAD),
    Rung(number=4, after_seconds=300, target=Target.HEAD),
    Rung(number=5, after_seconds=900, target=Target.PRESIDENT),
]
WHOLE = Staff(
    posts=(Post(DUTY, NOW - DAY, NOW + DAY), Post(LEADING, NOW - DAY, NOW + DAY, lead=True)),
    heads=(CHIEF,),
    presidents=(PRESIDENT,),
    admins=(ADMINISTRATOR,),
)


def away(person: int, deputy: int | None = None, until: datetime = NOW + DAY) -> Absence:
    return Absence(person, deputy, NOW - DAY, until)


def steps(calls: list[Call]) -> list[tuple[int, str, tuple[int, ...]]]:
    return [(round((call.at - NOW).total_seconds()), call.target.value, call.people) for call in calls]


@pytest.mark.parametrize(
    ("judge", "staff", "expected"),
    [
        pytest.param(
            MINE,
            WHOLE,
            [
                (0, "judge", (MINE,)),
                (120, "again", (MINE,)),
                (180, "duty", (DUTY,)),
                (240, "duty_head", (LEADING,)),
                (300, "head", (CHIEF,)),
                (900, "president", (PRESIDENT,)),
            ],
            id="everybody is there",
        ),
        pytest.param(
            MINE,
            replace(WHOLE, absences=(away(MINE, DEPUTY),)),
            [
                (0, "deputy", (DEPUTY,)),
                (120, "again", (DEPUTY,)),
                (180, "duty", (DUTY,)),
                (240, "duty_head", (LEADING,)),
                (300, "head", (CHIEF,)),
                (900, "president", (PRESIDENT,)),
            ],
            id="the judge is on leave",
        ),
        pytest.param(
            MINE,
            replace(WHOLE, absences=(away(MINE, DEPUTY), away(DEPUTY))),
            [
                (0, "duty", (DUTY,)),
                (120, "again", (DUTY,)),
                (240, "duty_head", (LEADING,)),
                (300, "head", (CHIEF,)),
                (900, "president", (PRESIDENT,)),
            ],
            id="the deputy too",
        ),
        pytest.param(
            MINE,
            replace(WHOLE, posts=(), absences=(away(CHIEF, DEPUTY),), presidents=()),
            [(0, "judge", (MINE,)), (120, "again", (MINE,)), (300, "head", (DEPUTY,))],
            id="the head's deputy in the head's place",
        ),
        pytest.param(
            MINE,
            Staff(admins=(ADMINISTRATOR,)),
            [(0, "judge", (MINE,)), (120, "again", (MINE,)), (900, "admin", (ADMINISTRATOR,))],
            id="nobody but an administrator",
        ),
        pytest.param(None, WHOLE, steps(plan(DUTY, RUNGS, WHOLE, NOW)), id="no judge is known"),
        pytest.param(MINE, Staff(), [(0, "judge", (MINE,)), (120, "again", (MINE,))], id="the judge alone"),
        pytest.param(
            MINE,
            replace(WHOLE, posts=(Post(DUTY, NOW + timedelta(minutes=3), NOW + DAY),), absences=(away(MINE, MINE),)),
            [(0, "head", (CHIEF,)), (120, "again", (CHIEF,)), (180, "duty", (DUTY,)), (900, "president", (PRESIDENT,))],
            id="who names themselves names nobody, and duty begins in between",
        ),
    ],
)
def test_who_and_who_then(judge: int | None, staff: Staff, expected: list[tuple[int, str, tuple[int, ...]]]) -> None:
    found = steps(plan(judge, RUNGS, staff, NOW))
    if judge is None:
        expected = [(0, "duty", (DUTY,)), *expected[1:]]
    assert found == expected


people = st.integers(1, 9)
times = st.integers(-48, 48).map(lambda hours: NOW + timedelta(hours=hours))
absent = st.builds(lambda who, deputy, at, hours: Absence(who, deputy, at, at + timedelta(hours=hours)),
                   people, st.none() | people, times, st.integers(1, 72))  # fmt: skip
posts = st.builds(lambda who, at, hours, lead: Post(who, at, at + timedelta(hours=hours), lead),
                  people, times, st.integers(1, 48), st.booleans())  # fmt: skip
staffs = st.builds(
    Staff,
    posts=st.lists(posts, max_size=4).map(tuple),
    absences=st.lists(absent, max_size=6).map(tuple),
    heads=st.lists(people, max_size=2, unique=True).map(tuple),
    presidents=st.lists(people, max_size=1).map(tuple),
    admins=st.lists(people, max_size=2, unique=True).map(tuple),
)
rungs = st.lists(
    st.tuples(st.integers(30, 3000), st.sampled_from([rung.target for rung in RUNGS])), max_size=6
).map(lambda rows: [Rung(number=n, after_seconds=s, target=t) for n, (s, t) in enumerate(sorted(rows), 1)])  # fmt: skip


@given(st.none() | people, rungs, staffs, st.booleans())
def test_never_nobody_never_who_is_away_and_always_the_same(
    judge: int | None, ladder: list[Rung], staff: Staff, off_hours: bool
) -> None:
    calls = plan(judge, ladder, staff, NOW, off_hours=off_hours)
    assert calls == plan(judge, ladder, staff, NOW, off_hours=off_hours)

    def is_away(person: int, at: datetime) -> bool:
        return any(one.person_id == person and one.starts <= at < one.ends for one in staff.absences)

    on_duty = {post.person_id for post in staff.posts if post.starts <= NOW < post.ends}
    pool = {*on_duty, *staff.heads, *staff.presidents, *staff.admins, *({judge} if judge else set())}
    assert all(call.people for call in calls) or not (pool | {post.person_id for post in staff.posts})
    if any(not is_away(one, NOW) for one in pool):
        assert calls[0].people and not any(is_away(one, NOW) for one in calls[0].people)
    for call in calls[1:]:
        assert call.people and not any(is_away(one, call.at) for one in call.people)
        assert call.number == LAST or call.target in {rung.target for rung in ladder}
    assert [call.at for call in calls] == sorted(call.at for call in calls)
    called = [one for call in calls if call.target is not Target.AGAIN for one in call.people]
    assert len(called) == len(set(called)), "somebody is called twice as somebody else"
    end = calls[-1].at
    if any(not is_away(one, end) for one in staff.admins):
        assert len(called) > 1 or set(called) >= {one for one in staff.admins if not is_away(one, end)}


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        ("2026-11-24 09:41", True),
        ("2026-11-24 20:00", False),
        ("2026-11-28 10:00", False),  # a Saturday
        ("2026-10-01 10:00", False),  # National Day
        ("2026-10-10 10:00", True),  # a Saturday that makes up for it
        ("2031-11-24 10:00", True),  # a Monday of a year whose calendar isn't known yet
    ],
)
def test_the_courts_hours_follow_the_state_councils_calendar(at: str, open_: bool) -> None:
    assert is_open("08:30", "17:30", datetime.fromisoformat(f"{at}+08:00")) is open_


async def roster(world: World, who: int, *, lead: bool = False, start: timedelta = -DAY, end: timedelta = DAY) -> None:
    person, now = await world.person(who), world.clock.now()

    async def work() -> None:
        await Shift.create(area_code="331122", person=person, starts_at=now + start, ends_at=now + end, lead=lead)

    await world.product.db.unit(work)


async def test_an_alert_climbs_as_the_dry_run_said(world: World) -> None:
    """Duty, the duty head, the head of enforcement: each at the time that /ladder names."""
    await roster(world, SECOND_JUDGE)
    await roster(world, THIRD_JUDGE, lead=True)
    await world.phone(SUPERVISOR).says("/ladder 456")
    said = await world.phone(SUPERVISOR).expects("先后叫")
    assert said.text.split("\n")[1:] == [
        "马上 承办法官：沈立群",
        "2 分钟 再提醒一次：沈立群",
        "3 分钟 值班：郑雅芳",
        "4 分钟 带班：丁卫东",
        "5 分钟 执行局局长：胡建平",
    ]
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).expects("林永福回来了")
    for seconds, chat in ((181, SECOND_JUDGE), (60, THIRD_JUDGE), (60, HEAD)):
        assert not [m for m in await world.phone(chat).received() if "林永福" in m.text]
        await world.advance(seconds)
        await world.phone(chat).expects("未应答，转给您")
    await world.phone(SECOND_JUDGE).taps("收到")
    await world.settled()
    assert (await Alert.get()).escalate_at is None


async def test_who_is_on_leave_is_not_rung_and_the_deputy_reads_the_case(world: World) -> None:
    judge, deputy, secretary = world.phone(JUDGE), world.phone(SECOND_JUDGE), world.phone(SECRETARY)
    await judge.says("/leave 今天到11月26日 郑雅芳代管")
    await judge.expects("已记：沈立群 11月24日至26日（周二至周四），郑雅芳代管")
    await deputy.expects("郑雅芳代管")
    await secretary.says("林永福回来了，在村委")
    card = await deputy.expects("林永福回来了")
    assert "沈立群法官不在，由您代管" in card.text and "执456号" in card.text
    assert not [m for m in await judge.received() if "林永福回来了" in m.text]
    await secretary.expects("已送达郑雅芳法官")
    await deputy.says("/case 456")
    assert "林永福" in (await deputy.expects("（2013）浙1122执456号", after=card.id)).text
    await deputy.taps("收到", card)
    await judge.says("/leave")
    await judge.taps("沈立群销假")
    await world.settled()
    await judge.expects("没有人请假")
    await secretary.says("朱宝根也回来了")
    await world.phone(THIRD_JUDGE).expects("朱宝根也回来了")


async def test_leave_is_ones_own_or_the_keepers_to_take(world: World) -> None:
    judge, head = world.phone(JUDGE), world.phone(HEAD)
    for words in ("郑雅芳", "昨天", "明天 王二麻子", "明天 郑雅芳 丁卫东"):
        await judge.says(f"/leave {words}")
        await judge.expects("请假：/leave")
    await head.says("/leave 沈立群 12月1日到5日 郑雅芳")
    await head.expects("已记：沈立群 12月1日至5日（周二至周六），郑雅芳代管")
    card = await judge.expects("已记：沈立群")
    await judge.taps("沈立群销假", card)
    await judge.expects("没有人请假")
    await world.phone(SECOND_JUDGE).says("/help")
    help_ = await world.phone(SECOND_JUDGE).expects("办结")
    await head.says("/leave 胡建平 明天")
    await head.expects("已记：胡建平")
    await world.phone(SECOND_JUDGE).taps_data(help_, "1:endleave:2:0")
    await world.phone(SECOND_JUDGE).hears("这个按钮已经过期了")


async def test_outside_of_office_hours_duty_is_told_as_well(world: World) -> None:
    world.clock.advance(12 * 3600)  # 21:41
    await roster(world, SECOND_JUDGE)
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).expects("林永福回来了")
    await world.phone(SECOND_JUDGE).expects("林永福回来了")


async def test_a_court_changes_its_ladder(world: World) -> None:
    head = world.phone(HEAD)
    await head.says("/ladder 局长 10分钟")
    assert "10 分钟 执行局局长" in (await head.expects("过多久叫谁")).text
    await head.says("/ladder 再催 不叫")
    await world.settled()
    await world.phone(SUPERVISOR).says("/ladder 局长 1")
    await world.phone(SUPERVISOR).expects("看某件案子先叫谁")
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).expects("林永福回来了")
    await world.advance(599)
    assert len([m for m in await world.phone(JUDGE).received() if "林永福回来了" in m.text]) == 1
    assert not [m for m in await head.received() if "林永福" in m.text]
    await world.advance(2)
    await head.expects("未应答，转给您")


async def test_the_ladder_does_not_end_in_nobody(world: World) -> None:
    """No duty, no head: at the end an administrator has it."""

    async def alone() -> None:
        await Person.filter(role=Role.BUREAU_HEAD).update(active=False)

    await world.product.db.unit(alone)
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).expects("林永福回来了")
    await world.advance(901)
    await world.phone(9203).expects("未应答，转给您")


async def test_leaves_that_overlap_are_refused_and_several_carry_their_dates(world: World) -> None:
    judge = world.phone(JUDGE)
    for words in ("/leave 12月1日到5日 郑雅芳", "/leave 12月8日"):
        await judge.says(words)
        await world.settled()
    await judge.says("/leave 12月3日到6日")
    refused = await judge.expects("这段时间已经请过假")
    assert "12月1日" in refused.text and await Leave.all().count() == 2
    await judge.says("/leave")
    card = await judge.expects(lambda message: "12月1日" in message.text and "12月8日" in message.text, what="the list")
    assert len({label for label, _data in card.buttons if "销假" in label}) == 2


async def test_a_number_that_fits_several_cases_offers_them(world: World) -> None:
    supervisor = world.phone(SUPERVISOR)
    await supervisor.says("/ladder 周弄村 今晚11点")
    which = await supervisor.expects("看哪一件")
    await supervisor.taps(next(label for label, _data in which.buttons if "456" in label), which)
    said = await supervisor.expects("先后叫")
    assert "执456号" in said.text and "23:00" in said.text
    of_ours = next(data for _label, data in which.buttons)
    await supervisor.taps_data(which, f"{of_ours.rpartition(':')[0]}:2147483647")  # forged: a far time harms nobody
    await supervisor.expects("先后叫", after=said.id)
    await supervisor.says("/ladder 99999")
    await supervisor.expects("没有找到这件案子")


def test_who_has_gone_on_leave_since_is_not_rung_again() -> None:
    """The judge was called, then their leave began: the second call goes to who is there of those who were called."""
    later = Absence(MINE, None, NOW + timedelta(seconds=60), NOW + DAY)
    climb = Climb(NOW, 0, (MINE, CHIEF))
    call = next_call(climb, RUNGS, replace(WHOLE, absences=(later,)), NOW)
    assert call is not None and (call.target, call.people) == (Target.AGAIN, (CHIEF,))
    alone = next_call(replace(climb, called=(MINE,)), RUNGS, replace(WHOLE, absences=(later,)), NOW)
    assert alone is not None and alone.target is Target.DUTY
    deaf = next_call(climb, RUNGS, replace(WHOLE, deaf=frozenset({CHIEF})), NOW)
    assert deaf is not None and deaf.people == (MINE,)
