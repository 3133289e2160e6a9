"""Numbers and sums as people write them: the same wherever they stand."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.imports.normal import Unclear, money
from storage.reading.owing import amounts_in
from storage.reading.sums import numeral, owed_in, paid_in, sums_in, yuan

DIGITS = "零一二三四五六七八九"
FORMAL = str.maketrans("一二三四五六七八九十百千万", "壹贰叁肆伍陆柒捌玖拾佰仟萬")
FULL_WIDTH = str.maketrans("0123456789,.", "０１２３４５６７８９，．")


def below_10_000(n: int) -> str:
    """As it is written in full: 三百零五."""
    words, gap = "", False
    for unit, mark in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = n // unit % 10
        if digit:
            words += ("零" if gap and words else "") + DIGITS[digit] + mark
            gap = False
        else:
            gap = True
    return words


def in_full(n: int) -> str:
    """三万零五十, 一千二百万."""
    high, low = divmod(n, 10_000)
    if not high:
        return below_10_000(low)
    return below_10_000(high) + "万" + ("零" if 0 < low < 1000 else "") + below_10_000(low)


def ways(n: int) -> set[str]:
    """Every way in which people write this number."""
    words = in_full(n)
    found = {str(n), f"{n:,}", f"{n:,}".translate(FULL_WIDTH), words, words.translate(FORMAL)}
    if words.startswith("一十"):
        found.add(words[1:])
    found |= {words.replace("二" + mark, "两" + mark) for mark in "千万"}
    high, low = divmod(n, 10_000)
    if high:
        found |= {f"{Decimal(n) / 10_000:f}{mark}" for mark in ("万", " 万", "w", "W")}
        if not low:
            found |= {f"{high}万", f"{below_10_000(high)}万"}
        elif low % 1000 == 0:
            found |= {f"{high}万{low // 1000}", f"{below_10_000(high)}万{DIGITS[low // 1000]}"}
            found.add(f"{high}万{low // 1000}千")
        if low >= 1000:
            found.add(f"{high}万{low}")
    elif n >= 1000 and n % 100 == 0:
        found.add(f"{n // 1000}千" if n % 1000 == 0 else f"{below_10_000(n // 1000)}千{DIGITS[n // 100 % 10]}")
    elif 100 <= n < 1000 and n % 10 == 0 and n % 100:
        found.add(f"{DIGITS[n // 100]}百{DIGITS[n // 10 % 10]}")
    return found


NUMBERS = st.one_of(
    st.integers(1, 99_999_999),
    st.builds(lambda digits, zeros: digits * 10**zeros, st.integers(1, 999), st.integers(0, 5)),
)


@settings(max_examples=1500, deadline=None)
@given(NUMBERS)
def test_every_way_of_writing_a_number_is_that_number(n: int) -> None:
    for written in ways(n):
        assert numeral(written) == n, written
        assert money(f"{written}元") == n and money(f"人民币{written}元整") == n, written
        assert [one.yuan for one in sums_in(f"欠了{written}元，没还")] == [n], written
        assert amounts_in(f"当场付了{written}块钱") == (n,), written
        assert paid_in(f"今天付了{written}元，余下的分两年") == n, written
        assert paid_in(written) == n, written
        if n >= 10:
            assert paid_in(f"付了{written}") == n, written


def test_what_was_booked_wrong() -> None:
    """Notes of judges that put another sum on the case, or none."""
    assert paid_in("付了十五万") == 150_000
    assert paid_in("一百二十万") == 1_200_000
    assert paid_in("付了15000") == 15_000


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("十五万", 150_000),
        ("15万", 150_000),
        ("1.5万", 15_000),
        ("一万五", 15_000),
        ("两千三", 2300),
        ("3千", 3000),
        ("三万零五十", 30_050),
        ("壹拾伍万元整", 150_000),
        ("人民币伍万叁仟贰佰圆正", 53_200),
        ("壹佰零叁元伍角贰分", Decimal("103.52")),
        ("15,000", 15_000),
        ("１５０００", 15_000),
        ("￥１５，０００．００", 15_000),
        ("15,0000", 150_000),
        ("一百二", 120),
        ("一百零二", 102),
        ("一万零五", 10_005),
        ("2万5", 25_000),
        ("2万500", 20_500),
        ("12w", 120_000),
        ("3k", 3000),
        ("1.2亿", 120_000_000),
        ("一亿三千万", 130_000_000),
        ("拾伍萬", 150_000),
        ("两万两千两百二十二", 22_222),
        ("三块五", Decimal("3.50")),
        ("0.5万", 5000),
        ("15 000", 15_000),
        ("130000.5元", Decimal("130000.50")),
    ],
)
def test_what_stands_in_a_cell(words: str, value: int | Decimal) -> None:
    assert money(words) == value and yuan(words) == value


@pytest.mark.parametrize(
    "words",
    ["几万", "五六万", "十几万", "一二三四", "二〇二六", "1,50", "15,00", "1.5万5", "万", "百万", "12百", "三点五万零",
     "15万美元", "约15万", "15000-20000", "", "元", "两三千", "十来万", "一千万亿", "9" * 40, "无", "/", "2万05"],
)  # fmt: skip
def test_what_is_no_sum_is_not_taken_for_one(words: str) -> None:
    assert yuan(words) is None
    if words:
        with pytest.raises(Unclear):
            money(words)


@pytest.mark.parametrize(
    "text",
    [
        "老林2024年回来的", "12月5号交房", "下午3点20分到的", "住新村18号", "57岁", "电话13800000000", "0578-3012345",
        "（2013）浙1122执456号", "浙K8G12A停在村口", "尾号8812的车", "一百斤笋", "三百亩山", "两百米远", "他有三个儿子",
        "分三期", "百分之三十", "30%", "五六万", "好几万", "十几万", "万一他走了", "千万别让他跑了", "十一回来的",
        "三天前走的", "一百多个人", "第三天", "打110", "报了12368", "二十多岁", "五百公里",
        "住3幢202", "一千户", "两千人",
        "331122196903120114", "8:30到", "2026-11-25", "付了2次", "给了他3天", "还有10天", "上午10点付的",
    ],
)  # fmt: skip
def test_what_is_counted_dated_or_numbered_is_no_money(text: str) -> None:
    assert sums_in(text) == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("付了3万，余下的10万分两年还", [30_000, 100_000]),
        ("欠老杜13万的那个", [130_000]),
        ("欠八万六的那个", [86_000]),
        ("借了两百块", [200]),
        ("付了两万，还剩3500元", [20_000, 3500]),
        ("今天微信转了5000", [5000]),
        ("先还3000，其余月底", [3000]),
        ("3万多", [30_000]),
        ("一共1.2万块钱", [12_000]),
        ("到账壹万贰仟元整", [12_000]),
        ("付１０，０００给杜根土", [10_000]),
        ("付了15k", [15_000]),
        ("三万给他，两千给我", [30_000, 2000]),
    ],
)
def test_the_sums_of_a_sentence(text: str, values: list[int]) -> None:
    assert [one.yuan for one in sums_in(text)] == values


@pytest.mark.parametrize(
    ("note", "paid"),
    [
        ("当场付了3万，余下分两年", 30_000),
        ("标的13万，已付3万", 30_000),
        ("余下的10万分两年还", None),
        ("欠13万，今天付了一万二", 12_000),
        ("答应月底付5万", None),
        ("每月还2000", None),
        ("没付", None),
        ("3万", 30_000),
        ("15000", 15_000),
        ("执行到位25,000元，尚欠5,000元", 25_000),
        ("人不在", None),
        ("付清了，共计8600", 8600),
        ("0", None),
    ],
)
def test_what_a_note_says_was_paid(note: str, paid: int | None) -> None:
    assert paid_in(note) == paid


def test_what_is_owed_in_the_words_of_the_village() -> None:
    assert [one.yuan for one in owed_in("欠老杜十三万五的那个，付了三千")] == [135_000]
    assert owed_in("老林付了三千") == []


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="零一二三五十百千万亿两0159,.w元块欠付了余 \0٣", max_size=25))
def test_no_words_are_too_odd(text: str) -> None:
    found = sums_in(text)
    assert all(one.yuan > 0 and one.start < one.end for one in found)
    assert [one.start for one in found] == sorted(one.start for one in found)
    numeral(text), yuan(text), paid_in(text), owed_in(text)
