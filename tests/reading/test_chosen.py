"""What people answer where they are asked which one they mean."""

from datetime import date

import pytest

from storage.reading.chosen import Beside, Offered, chosen

PAIR = [Offered(("林永福", "阿福"), date(1969, 3, 12), "男"), Offered(("林佳",), date(1990, 1, 1), "女")]
TWINS = [Offered(("林一",), date(1990, 1, 1), "男"), Offered(("林二",), date(1990, 1, 1), "男")]


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("老的那个", 0), ("年纪大的", 0), ("大的那个。", 0), ("第一个", 0), ("1", 0), ("前面那个", 0),
        ("阿福", 0), ("男的", 0), ("年轻的那位", 1), ("年纪小一点的", 1), ("第二个", 1), ("２", 1),
        ("后面那个", 1), ("就是林佳", 1), ("女的", 1), ("都不是", Beside.NONE), ("别人", Beside.NONE),
        ("不清楚", Beside.UNSURE), ("我也不知道是哪个", Beside.UNSURE), ("第三个", None),
        ("他往桥头走了", None), ("老的那个在桥头", None), ("老林", None), ("", None), ("你好", None),
    ],
)  # fmt: skip
def test_an_answer(said: str, place: int | Beside | None) -> None:
    assert chosen(said, PAIR) == place


@pytest.mark.parametrize("said", ["老的那个", "年轻的", "男的", "女的"])
def test_what_tells_nobody_apart_is_no_answer(said: str) -> None:
    assert chosen(said, TWINS) is None


@pytest.mark.parametrize(
    ("said", "place"),
    [("新村18号那个", 1), ("祠堂后面那个老的", 0), ("57岁那个，不是小的", 0), ("18号那个人", 1), ("村口那个", None)],
)
def test_a_house_or_an_age_tells_who(said: str, place: int | None) -> None:
    pair = [PAIR[0]._replace(house="祠堂后面", years=57), PAIR[1]._replace(house="新村18号", years=36)]
    assert chosen(said, pair) == place


@pytest.mark.parametrize("said", ["一个人", "2个人", "后面", "前面", "1号"])
def test_what_tells_of_somebody_is_no_answer(said: str) -> None:
    assert chosen(said, PAIR) is None
