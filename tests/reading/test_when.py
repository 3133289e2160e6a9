"""Times in people's words, resolved against the moment in which they were said."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.engine.clock import SHANGHAI
from storage.reading.when import stretch_in, times_in

SAID = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)
"""A Wednesday, 09:40 in Zhejiang."""


@pytest.mark.parametrize(
    ("text", "words", "start", "end"),
    [
        ("老林明天回来办酒", "明天", "11-26 00:00", "11-27 00:00"),
        ("昨晚看到的", "昨晚", "11-24 18:00", "11-25 00:00"),
        ("昨天半夜开车回来的", "昨天半夜", "11-24 23:00", "11-25 05:00"),
        ("前天下午在桥头", "前天下午", "11-23 12:00", "11-23 18:00"),
        ("后天上午九点半要走", "后天上午九点半", "11-27 09:30", "11-27 09:31"),
        ("明早出货", "明早", "11-26 05:00", "11-26 09:00"),
        ("今晚八点的席", "今晚八点", "11-25 20:00", "11-25 21:00"),
        ("下午3点20分到的", "下午3点20分", "11-25 15:20", "11-25 15:21"),
        ("他说十点走", "十点", "11-25 10:00", "11-25 11:00"),
        ("他说三点走", "三点", "11-25 15:00", "11-25 16:00"),
        ("下周三开庭前会回来", "下周三", "12-02 00:00", "12-03 00:00"),
        ("上个礼拜天来过", "上个礼拜天", "11-22 00:00", "11-23 00:00"),
        ("这周末办酒", "这周末", "11-28 00:00", "11-30 00:00"),
        ("下个星期回来", "下个星期", "11-30 00:00", "12-07 00:00"),
        ("三天前走的", "三天前", "11-22 00:00", "11-23 00:00"),
        ("过两天要回来", "过两天", "11-27 00:00", "11-28 00:00"),
        ("半小时前还在", "半小时前", "11-25 09:10", "11-25 09:11"),
        ("十分钟前刚走", "十分钟前", "11-25 09:30", "11-25 09:31"),
        ("12月5号交房", "12月5号", "12-05 00:00", "12-06 00:00"),
        ("十二月五日交房", "十二月五日", "12-05 00:00", "12-06 00:00"),
        ("28号要走", "28号", "11-28 00:00", "11-29 00:00"),
        ("上个月还清了", "上个月", "10-01 00:00", "11-01 00:00"),
        ("月底发工资", "月底", "11-21 00:00", "12-01 00:00"),
        ("年底拆迁款到账", "年底", "12-01 00:00", "2027-01-01 00:00"),
        ("昨天夜里两点钟回来的", "昨天夜里两点钟", "11-25 02:00", "11-25 03:00"),
        ("今晚12点的车走", "今晚12点", "11-26 00:00", "11-26 01:00"),
        ("凌晨12点半到的", "凌晨12点半", "11-25 00:30", "11-25 00:31"),
        ("1号回来办酒", "1号", "12-01 00:00", "12-02 00:00"),
        ("老林昨日仲在屋里", "昨日", "11-24 00:00", "11-25 00:00"),
    ],
)
def test_times_are_resolved(text: str, words: str, start: str, end: str) -> None:
    assert [(one.words, one.start, one.end) for one in times_in(text, SAID)] == [(words, _at(start), _at(end))]


def _at(words: str) -> datetime:
    return datetime.fromisoformat(words if words[:2] == "20" else f"2026-{words}").replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    "text",
    [
        "老林回来了，人就在村委",
        "早知道就不说了",
        "住在8号楼",
        "新村18号，有人在",
        "欠老杜十三万",
        "一点都不怕",
        "2月30号",
        "礼拜堂门口",
        "周弄村的老林",
    ],
)
def test_no_time_is_read_where_none_is_said(text: str) -> None:
    assert times_in(text, SAID) == []


def test_two_times_in_one_sentence() -> None:
    assert [one.words for one in times_in("昨晚到的，明天一早就走", SAID)] == ["昨晚", "明天"]


@given(st.text(alphabet="一二三十号月周天日点半分前后上下个明昨今晚早小时过0123456789:星期礼拜末底初年 ", max_size=30))
def test_never_raises_and_ends_after_it_starts(text: str) -> None:
    for one in times_in(text, SAID):
        assert timedelta(0) < one.end - one.start


@pytest.mark.parametrize(
    ("said_at", "text", "start"),
    [
        ("2026-06-30 09:00", "1号回来办酒", "2026-07-01 00:00"),
        ("2026-06-02 09:00", "30号看到的", "2026-05-30 00:00"),
        ("2026-06-01 09:00", "31号走的", "2026-05-31 00:00"),
        ("2026-11-25 00:30", "刚才11点半还在", "2026-11-24 23:30"),
        ("2026-11-25 22:00", "半夜2点走", "2026-11-26 02:00"),
        ("2026-12-31 23:50", "明天走", "2027-01-01 00:00"),
    ],
)
def test_at_midnight_and_at_the_end_of_a_month(said_at: str, text: str, start: str) -> None:
    found = times_in(text, _at(said_at))
    assert [one.start for one in found] == [_at(start)]


@pytest.mark.parametrize(
    ("said", "first", "end"),
    [
        ("下周一到周三", "11-30 00:00", "12-03 00:00"),
        ("下周三到周五", "12-02 00:00", "12-05 00:00"),
        ("下周五到周一", "12-04 00:00", "12-08 00:00"),
        ("周一到周三", "11-30 00:00", "12-03 00:00"),
        ("礼拜三", "12-02 00:00", "12-03 00:00"),
        ("周末", "11-28 00:00", "11-30 00:00"),
        ("下周末", "12-05 00:00", "12-07 00:00"),
        ("下周", "11-30 00:00", "12-07 00:00"),
        ("下周一下午到周二", "11-30 12:00", "12-02 00:00"),
        ("明天起三天", "11-29 00:00", "12-02 00:00"),
        ("明天一天", "11-29 00:00", "11-30 00:00"),
        ("从下周一开始一个星期", "11-30 00:00", "12-07 00:00"),
        ("两天", "11-28 00:00", "11-30 00:00"),
        ("12月30日到1月2日", "12-30 00:00", "2027-01-03 00:00"),
        ("11月20日到22日", "11-20 00:00", "11-23 00:00"),
        ("12月1日到5日", "12-01 00:00", "12-06 00:00"),
        ("12月5日到1日", "", ""),
        ("2026-12-05到2026-12-01", "", ""),
    ],
)
def test_an_order_is_about_what_comes_and_its_end_after_its_beginning(said: str, first: str, end: str) -> None:
    """Said on Saturday the 28th of November, in the evening."""
    now = datetime.fromisoformat("2026-11-28T18:00:00+08:00")
    stretch, left = stretch_in(f"{said}请假", now)
    assert left.strip() == "请假"
    whole = [one if len(one) > 11 else f"2026-{one}" for one in (first, end) if one]
    wanted = [datetime.fromisoformat(f"{one}:00+08:00") for one in whole]
    assert list(stretch or ()) == wanted
