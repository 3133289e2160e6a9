"""When it is, was or will be: 昨晚, 下周三上午, 三天前, 8月15号, against the moment in which it was said. Pure.

No library that is alive reads these in spoken Chinese; it is a small table of ours. What can mean several things (初五,
过年) is left alone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from storage.engine.clock import local
from storage.engine.text import heard
from storage.reading.sums import numeral

_N = "[0-9]{1,3}|[一二两三四五六七八九十]{1,3}"
_DAYS = {
    "大前天": -3,
    "前天": -2,
    "前日": -2,
    "前": -2,
    "昨天": -1,
    "昨日": -1,
    "昨": -1,
    "今天": 0,
    "今日": 0,
    "今": 0,
    "明天": 1,
    "明日": 1,
    "明": 1,
    "后天": 2,
    "后": 2,
    "大后天": 3,
}
_PARTS = {
    "凌晨": (0, 6),
    "天没亮": (3, 6),
    "天亮": (5, 7),
    "清早": (5, 8),
    "早上": (5, 9),
    "早晨": (5, 9),
    "早": (5, 9),
    "上午": (6, 12),
    "中午": (11, 14),
    "下午": (12, 18),
    "傍晚": (17, 19),
    "晚上": (18, 24),
    "夜里": (19, 29),
    "半夜": (23, 29),
    "晚": (18, 24),
    "夜": (19, 29),
}
"""Hours of the day; what goes on after midnight counts on."""
_NIGHTS = ("晚上", "夜里", "半夜", "晚", "夜")
"""Of these the small hours belong to the day after: 昨天夜里两点 is today's two o'clock."""
_WEEKDAYS = "一二三四五六日"
_part = "|".join(sorted(_PARTS, key=len, reverse=True))
_A_BIT = "一点[^钟半走来到去回开,，。]"
_CLOCK = rf"(?!{_A_BIT})(?P<hour>{_N})(?:点钟?|:(?=\d\d))(?P<half>半)?(?:(?P<minute>{_N})分?)?(?!多?[钱块万])"
_WHEN = re.compile(
    "(?:"
    r"(?P<day>大前天|前天|前日|昨天|昨日|今天|今日|明天|明日|大后天|后天|(?:前|昨|今|明|后)(?=早|晚|夜))"
    r"|(?P<week>上上|下下|上|下|这|本)?个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末](?![个种样块]))"
    r"|(?P<weeks>上|下|这|本)个?(?:周|星期|礼拜)"
    rf"|(?P<month>{_N})月(?:份|(?P<date>{_N})[号日])"
    rf"|(?<![\d第月村楼弄路街幢巷牌])(?P<only>[1-3]?[0-9]|[一二三]?十[一二三四五六七八九]?)号(?=[早上中下晚要来去回到走看就办,，。]|$)"
    rf"|(?P<ago>{_N})(?P<unit>天|日|个?小时|个?钟头|分钟|个?月|个?星期|个?礼拜)(?P<way>前|以前|之前|后|以后|之后)"
    rf"|过(?P<after>{_N})(?P<afterunit>天|个?小时|个?钟头|分钟|个?月|个?星期|个?礼拜)"
    r"|(?P<half_hour>半个?(?:小时|钟头))(?P<half_way>前|后|以前|以后)"
    r"|(?P<months>上|下|这|本)个?月"
    r"|(?P<end>月底|月初|年底)"
    r")?"
    rf"(?P<part>(?:的)?(?:{_part}))?"
    rf"(?:{_CLOCK})?"
)


@dataclass(frozen=True)
class When:
    """The words, and from when until when they mean, local and aware; the end isn't part of it."""

    words: str
    start: datetime
    end: datetime


def times_in(text: str, said_at: datetime) -> list[When]:
    """Finds the times that a text speaks of, in its order."""
    plain, now = heard(text), local(said_at)
    found = []
    for match in _WHEN.finditer(plain):
        if match[0] and (resolved := _resolved(match, now)) is not None:
            found.append(When(match[0], *resolved))
    return found


def _number(words: str) -> int:
    """Reads a whole number; of 两三 it takes the latter."""
    return int(numeral(words) or numeral(words[-1]) or 0)


Span = tuple[datetime, datetime]


def _resolved(match: re.Match[str], now: datetime) -> Span | None:
    ways: tuple[tuple[str, Callable[[re.Match[str], datetime], Span | None]], ...] = (
        ("ago", _ago),
        ("after", _after),
        ("half_hour", _half_hour),
        ("weeks", _weeks),
        ("months", _months),
        ("end", _end),
    )
    for name, way in ways:
        if match[name]:
            return way(match, now)
    if match["month"] and not match["date"]:
        return _whole_month(_number(match["month"]), now)
    day = _day(match, now)
    if day is None:
        return None
    named = any(match[name] for name in ("day", "weekday", "month", "only"))
    part, clock = (match["part"] or "").removeprefix("的"), match["hour"]
    if clock:
        return _o_clock(match, day, part, now, named=named)
    if part:
        if not named and len(part) < 2:  # 早 and 晚 alone are no times
            return None
        first, last = _PARTS[part]
        midnight = _midnight(day, now)
        return midnight + timedelta(hours=first), midnight + timedelta(hours=last)
    return _days(day, now, 2 if match["weekday"] == "末" else 1) if named else None


def _midnight(day: date, now: datetime) -> datetime:
    return datetime.combine(day, time(), now.tzinfo)


def _days(day: date, now: datetime, count: int) -> Span:
    start = _midnight(day, now)
    return start, start + timedelta(days=count)


def _day(match: re.Match[str], now: datetime) -> date | None:
    today = now.date()
    if match["day"]:
        return today + timedelta(days=_DAYS[match["day"]])
    if match["weekday"]:
        said = match["weekday"]
        place = 5 if said == "末" else _WEEKDAYS.index("日" if said == "天" else said)
        monday = today - timedelta(days=today.weekday())
        weeks = {"上上": -2, "上": -1, "下": 1, "下下": 2}.get(match["week"] or "", 0)
        return monday + timedelta(days=7 * weeks + place)
    if match["month"]:
        return _nearest(_number(match["month"]), _number(match["date"]), now)
    if match["only"]:
        months = {(today.replace(day=1) + timedelta(days=days)).month for days in (-1, 0, 31)}
        found = [one for month in months if (one := _nearest(month, _number(match["only"]), now))]
        return min(found, key=lambda one: abs(one - today)) if found else None
    return today


def _nearest(month: int, day: int, now: datetime) -> date | None:
    """Finds the nearest date with this month and day; None where there is no such date."""
    found = []
    for year in (now.year - 1, now.year, now.year + 1):
        try:
            found.append(date(year, month, day))
        except ValueError:
            continue
    return min(found, key=lambda one: abs(one - now.date())) if found else None


def _o_clock(match: re.Match[str], day: date, part: str, now: datetime, *, named: bool) -> Span | None:
    hour = _number(match["hour"])
    minute = 30 if match["half"] else _number(match["minute"]) if match["minute"] else 0
    if hour > 24 or minute > 59:
        return None
    first, last = _PARTS.get(part, (0, 24))
    if part == "凌晨":
        hour %= 12
    elif part in _NIGHTS:
        hour = hour + 24 if hour < 6 else 24 if hour == 12 else hour + 12 if hour < 12 else hour
    elif part and hour <= 12 and not first <= hour < last and first <= hour + 12 < last:
        hour += 12
    elif not part and 1 <= hour <= 12 and not named:  # of three in the night and three in the afternoon the nearest
        near = [hour + by for by in (-12, 0, 12, 24)]
        hour = min(near, key=lambda one: abs(_midnight(day, now) + timedelta(hours=one) - now))
    elif not part and 1 <= hour <= 6:
        hour += 12
    start = _midnight(day, now) + timedelta(hours=hour, minutes=minute)
    return start, start + timedelta(minutes=1 if match["minute"] or match["half"] else 60)


def _length(unit: str, count: int) -> tuple[timedelta, timedelta]:
    """Returns how long it is, and how exactly that is meant."""
    one = {
        "天": timedelta(days=1),
        "日": timedelta(days=1),
        "小时": timedelta(hours=1),
        "钟头": timedelta(hours=1),
        "分钟": timedelta(minutes=1),
        "月": timedelta(days=30),
        "星期": timedelta(days=7),
        "礼拜": timedelta(days=7),
    }[unit.removeprefix("个")]
    return count * one, one


def _moved(now: datetime, unit: str, count: int, way: int) -> Span:
    length, exact = _length(unit, count)
    if exact >= timedelta(days=1):
        start = _midnight((now + way * length).date(), now)
        return start, start + exact
    start = now + way * length
    return start, start + exact


def _ago(match: re.Match[str], now: datetime) -> Span:
    return _moved(now, match["unit"], _number(match["ago"]), -1 if match["way"].endswith("前") else 1)


def _after(match: re.Match[str], now: datetime) -> Span:
    return _moved(now, match["afterunit"], _number(match["after"]), 1)


def _half_hour(match: re.Match[str], now: datetime) -> Span:
    start = now + timedelta(minutes=-30 if match["half_way"].endswith("前") else 30)
    return start, start + timedelta(minutes=1)


def _weeks(match: re.Match[str], now: datetime) -> Span:
    monday = now.date() - timedelta(days=now.weekday())
    return _days(monday + timedelta(days=7 * {"上": -1, "下": 1}.get(match["weeks"], 0)), now, 7)


def _whole_month(number: int, now: datetime) -> Span | None:
    first = _nearest(number, 1, now)
    return (_midnight(first, now), _midnight(_following(first), now)) if first else None


def _following(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def _months(match: re.Match[str], now: datetime) -> Span:
    first = now.date().replace(day=1)
    if match["months"] == "上":
        first = (first - timedelta(days=1)).replace(day=1)
    elif match["months"] == "下":
        first = _following(first)
    return _midnight(first, now), _midnight(_following(first), now)


def _end(match: re.Match[str], now: datetime) -> Span:
    """Resolves 月底 as the last third of the month, 年底 as the last month of the year."""
    today = now.date()
    if match["end"] == "年底":
        return _midnight(date(today.year, 12, 1), now), _midnight(date(today.year + 1, 1, 1), now)
    first = today.replace(day=1)
    if match["end"] == "月初":
        first = first if today.day <= 10 else _following(first)
        return _midnight(first, now), _midnight(first.replace(day=11), now)
    return _midnight(first.replace(day=21), now), _midnight(_following(first), now)


_ISO = re.compile(r"(20\d\d)[-/.年](\d{1,2})[-/.月](\d{1,2})[日号]?")
_SHORT = re.compile(r"(?<!\d)(\d{1,2})[-/.](\d{1,2})(?!\d)")
_SAME_MONTH = re.compile(r"(\d{1,2})月(\d{1,2})[日号]?\s*(到|至|[-~—–]+)\s*(\d{1,2})[日号](?!\d)")
_BETWEEN = re.compile(r"开始|[从到至起~—–\-]+")
_FOR = re.compile(rf"(?P<count>{_N})(?P<unit>天|日|个?星期|个?礼拜|个?月|周)(?:假|时间)?")
"""How long it lasts: 请假三天."""
_WEEK = timedelta(days=7)
LONGEST = timedelta(days=92)
"""What an order may last that goes over the turn of the year; else first and last are the wrong way round."""


def stretch_in(text: str, now: datetime) -> tuple[Span | None, str]:
    """Finds the stretch from the first to the end of the last time that an order names, and what else it says.

    Such times are 12月1日到5日, 2026-12-01 2026-12-05, 下周一到周三, 明天起三天. An order is about what comes: a
    weekday is the next one, and the last time comes after the first. The stretch is local and aware; None where none is
    named, or where it ends before it begins.
    """
    spans, left = list[tuple[str, Span]](), heard(text)
    for match in _ISO.finditer(left):
        try:
            spans.append(("", _days(date(*(int(part) for part in match.groups())), local(now), 1)))
        except ValueError:
            return None, left
    left = _SHORT.sub(r"\1月\2日", _ISO.sub(" ", left))
    left = _SAME_MONTH.sub(r"\1月\2日\3\1月\4日", left)
    for one in times_in(left, now):
        spans.append((one.words, (one.start, one.end)))
        left = left.replace(one.words, " ", 1)
    lasting = _FOR.search(left)
    if lasting is not None:
        left = left.replace(lasting[0], " ", 1)
    left = _BETWEEN.sub(" ", left).strip()
    if not spans and lasting is None:
        return None, left
    stretch = _in_order(spans, now) if spans else _days(local(now).date(), local(now), 1)
    if stretch is not None and lasting is not None and len(spans) < 2:
        length, _exact = _length(lasting["unit"].replace("周", "星期"), _number(lasting["count"]))
        stretch = stretch[0], stretch[0] + length
    return stretch, left


_BARE_WEEKDAY = re.compile("(?:周|星期|礼拜)")


def _in_order(spans: list[tuple[str, Span]], now: datetime) -> Span | None:
    """Puts the times one after the other; None where they can't be."""
    start, end = _next(spans[0], now)
    for words, span in spans[1:]:
        later = span
        if words and _BARE_WEEKDAY.match(words):
            while later[0] < start:
                later = later[0] + _WEEK, later[1] + _WEEK
        elif words and later[0] < start:
            later = _a_year_on(later)
        if later[0] < start or later[1] - start > LONGEST > span[1] - span[0]:
            return None
        end = max(end, later[1])
    return start, end


def _next(said: tuple[str, Span], now: datetime) -> Span:
    """Returns the time, where it is a weekday without its week the next one."""
    words, (start, end) = said
    past = bool(_BARE_WEEKDAY.match(words)) and end <= now
    return (start + _WEEK, end + _WEEK) if past else (start, end)


def _a_year_on(span: Span) -> Span:
    length = span[1] - span[0]
    try:
        start = span[0].replace(year=span[0].year + 1)
    except ValueError:  # the 29th of February
        return span
    return start, start + length
