"""Every word that a person reads: gettext catalogues per noun and language, keys as msgid, arguments escaped here."""

import html
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path

from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LANGUAGES = ("zh_Hans", "en", "zh_Hant")
GENERATED = {"zh_Hant": ("zh_Hans", "s2twp")}
"""Written by nobody: made from another language by OpenCC, with this table of characters and turns of phrase."""
DEFAULT = LANGUAGES[0]
_OWN_NAMES = {"zh_Hant": "繁體中文"}
_HERE = Path(__file__).parent
FONT = _HERE / "fonts" / "NotoSansSC-subset.otf"
"""The letters that pictures are written with: the characters of GB 2312, those of Big5's first level, and every one
of the area table."""


class Html(str):
    """Text that is markup already and is put in as it stands."""

    __slots__ = ()


@cache
def catalogue(language: str) -> dict[str, str]:
    """Returns all messages of a language, key to text. The files are the catalogue's `.po` per noun."""
    if language in GENERATED:
        from opencc import OpenCC  # 5 MB, only where somebody reads traditional characters

        source, table = GENERATED[language]
        convert = OpenCC(table).convert
        own = {"person.language_name": _OWN_NAMES[language]}
        return {key: convert(message) for key, message in catalogue(source).items()} | own
    messages: dict[str, str] = {}
    for path in sorted((_HERE / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    messages[str(message.id)] = str(message.string)
    return messages


def text(language: str, key: str, **args: object) -> str:
    """Returns the message in HTML; every argument is escaped unless it is `Html`.

    Raises KeyError for an unknown key or argument.
    """
    safe = {name: value if isinstance(value, Html) else escape(str(value)) for name, value in args.items()}
    return _message(language, key).format_map(safe)


def plain(language: str, key: str, **args: object) -> str:
    """Returns the message for a terminal or a button, where nothing is markup."""
    return _message(language, key).format_map(args)


def _message(language: str, key: str) -> str:
    return catalogue(language if language in LANGUAGES else DEFAULT)[key]


def escape(value: str) -> Html:
    """Escapes words that people wrote: no markup gets through, quotes stay as typed."""
    return Html(html.escape(value, quote=False))


@lru_cache(1024)
def amount(language: str, yuan: Decimal | int) -> str:
    """Writes an amount: 130,000 or 130,000.50."""
    value = Decimal(yuan)
    return format_decimal(value, format="#,##0" if value == value.to_integral() else "#,##0.00", locale=language)


def clock_time(language: str, moment: datetime, today: date) -> str:
    """Writes a time: 09:41 for today, 11月27日 09:41 otherwise. `moment` is local already."""
    return _minute(language, moment.replace(second=0, microsecond=0, tzinfo=None), today)


@lru_cache(1024)  # a card says the same minute many times, and so do the next ones
def _minute(language: str, moment: datetime, today: date) -> str:
    time = format_datetime(moment, "HH:mm", locale=language)
    return time if moment.date() == today else f"{_day(language, moment, moment.year != today.year)} {time}"


def _day(language: str, moment: date, year: bool = False) -> str:
    """Writes 12月1日, 2027年12月1日; 1 Dec, 1 Dec 2027."""
    pattern = ("yyyy年" if year else "") + "M月d日" if language.startswith("zh") else "d MMM yyyy" if year else "d MMM"
    return str(format_date(moment, pattern, locale=language))


def days(language: str, first: date, last: date, year: bool = False) -> str:
    """Writes whole days, both part of it: 12月1日, 12月1日至5日, 11月30日至12月6日; 30 Nov – 6 Dec."""
    if first == last:
        return _day(language, first, year)
    if not language.startswith("zh"):
        return f"{_day(language, first, year and first.year != last.year)} – {_day(language, last, year)}"
    other = first.year != last.year
    end = format_date(last, "d日", locale=language) if first.month == last.month and not other else ""
    return f"{_day(language, first, year)}至{end or _day(language, last, other)}"


def stretch(language: str, start: datetime, end: datetime, today: date, *, weekdays: bool = False) -> str:
    """Writes from when until when: whole days as days, with their `weekdays` where that is asked for, else with the
    times. Both are local, the end isn't part."""
    midnight = end.hour == end.minute == 0
    last = (end - timedelta(minutes=1)).date() if midnight else end.date()
    if midnight and start.hour == start.minute == 0:
        whole = days(language, start.date(), last, today.year != start.year)
        return f"{whole}{_weekdays(language, start.date(), last)}" if weekdays else whole
    closing = f"{_day(language, last, last.year != today.year)} 24:00" if midnight else clock_time(language, end, today)
    return f"{clock_time(language, start, today)}{' 至 ' if language.startswith('zh') else ' – '}{closing}"


def _weekdays(language: str, first: date, last: date) -> str:
    """Writes （周一至周三）; (Mon – Wed)."""
    names = [str(format_date(one, "EEE", locale=language)) for one in dict.fromkeys((first, last))]
    return f"（{'至'.join(names)}）" if language.startswith("zh") else f" ({' – '.join(names)})"


def span(language: str, start: datetime, end: datetime) -> str:
    """Writes a time as far as it was said: 11月26日 周四, 11月26日 周四 09:30, 11月30日至12月6日.

    Both are local, the end isn't part.
    """
    if end - start >= timedelta(days=2):
        return days(language, start.date(), (end - timedelta(days=1)).date())
    date_of = f"{_day(language, start)} {format_date(start, 'EEE', locale=language)}"
    if end - start >= timedelta(days=1):
        return date_of
    time = f"{date_of} {format_datetime(start, 'HH:mm', locale=language)}"
    return time if end - start <= timedelta(hours=1) else f"{time}–{format_datetime(end, 'HH:mm', locale=language)}"


def period(language: str, start: datetime, end: datetime) -> str:
    """Writes days with their year, for a paper: 2026年11月16日至22日. Both are local, the end isn't part."""
    return days(language, start.date(), max(start, end - timedelta(microseconds=1)).date(), year=True)


def day(language: str, value: date) -> str:
    return format_date(value, "yyyy-MM-dd", locale=language)
