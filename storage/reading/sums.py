"""Numerals and sums of money as people and clerks write them: 十五万, 1.5万, 一万五, 壹拾伍万元整, 15,000. Pure.

The one place that knows how a number is written: files, notes, reports and times all read it here.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from storage.engine.text import fold, simplified

LARGEST = Decimal(10) ** 13
"""From so many yuan on it isn't a sum that a court has to do with."""
_FEN = Decimal("0.01")
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2}
_UNITS = {"亿": 100_000_000, "万": 10_000, "千": 1000, "百": 100, "十": 10}
_PLAIN = str.maketrans("〇○壹贰貳叁參肆伍陆陸柒捌玖拾佰仟萬億", "零零一二二三三四五六六七八九十百千万亿")
"""How it is written where nobody shall change it, and the same numerals in plain."""
_LETTERS = re.compile(r"(?<=[0-9])([wWkK])(?![0-9A-Za-z])")
_ARABIC = (
    r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9,])|[0-9]{1,4}(?:,[0-9]{4})+(?:\.[0-9]+)?(?![0-9,])"
    r"|[0-9]{1,14}(?:\.[0-9]{1,6})?(?![0-9])"
)
"""With commas at the thousands, or at the 万; without."""
_HAN = "零一二三四五六七八九两十百千万亿"
_RUN = re.compile(rf"(?<![0-9A-Za-z第])(?<![0-9][.,:/-])(?:{_ARABIC}|[{_HAN}])(?: ?[{_HAN}]|(?<=[{_HAN}])[0-9]+)*")
"""A numeral in a sentence with all that belongs to it: of 五六万 no end is taken for the whole."""


class Sum(NamedTuple):
    """A sum of money in a text: where its numeral and its 元 stand, and how many yuan it is."""

    start: int
    end: int
    yuan: Decimal


def _normal(text: str) -> str:
    """Writes full-width, traditional and formal numerals as the plain ones, each in its place; 15w becomes 15万."""
    plain = simplified(fold(text)).translate(_PLAIN)
    return _LETTERS.sub(lambda match: "万" if match[1] in "wW" else "千", plain)


def numeral(text: str) -> Decimal | None:
    """Reads a text as a number; None where it is none, or leaves open which one: 五六万, 几千, 二〇二六."""
    return _value(_normal(text).replace(" ", ""))


@lru_cache(1024)
def _value(words: str) -> Decimal | None:
    """Takes the numeral apart at its largest unit: what stands before counts the unit, what follows is less."""
    if re.fullmatch(_ARABIC, words):
        return Decimal(words.replace(",", ""))
    if words in _DIGITS:
        return Decimal(_DIGITS[words])
    mark = next((unit for unit in _UNITS if unit in words), "")
    if not mark:
        return None
    before, _mark, after = words.partition(mark)
    unit = _UNITS[mark]
    count = Decimal(1) if mark == "十" and not before else _value(before)
    rest = _rest(after, unit) if count is not None else None
    if count is None or rest is None or count == 0 or rest >= unit:
        return None
    if count % 1 and rest:
        return None  # 1.5万5
    if unit < 10_000 and count >= 10 and not (unit == 1000 and before[0].isascii()):
        return None  # 12百, but 15k
    return count * unit + rest


def _rest(after: str, unit: int) -> Decimal | None:
    """Reads what follows a unit: a single digit counts tenths of it (一万五), unless 零 says otherwise (一万零五)."""
    if not after:
        return Decimal(0)
    value = _value(after.lstrip("零")) if after.strip("零") else None
    if value is None or value % 1:
        return None
    if len(after) == 1 and unit > 10:
        return value * unit / 10
    if after[0] == "0" and len(after) != len(str(unit)) - 1:
        return None  # 2万05
    return value


# -- a whole cell -------------------------------------------------------------------------------------------------

_BEFORE = re.compile(r"^(?:人民币|RMB|CNY|¥|共计|合计|共|计)+[:：]?", re.I)
_CELL = re.compile(
    rf"(?P<yuan>[0-9.,{_HAN}]+?)(?:(?:元|圆|块)(?:钱)?(?:零?(?P<jiao>[0-9{_HAN}])(?:角|毛|$))?(?:零?(?P<fen>[0-9{_HAN}])分)?)?"
    r"(?:人民币)?(?:整|正)?"
)


def yuan(cell: str) -> Decimal | None:
    """Reads a cell that holds a sum and nothing else, in yuan to the fen; None for what is no sum."""
    words = _BEFORE.sub("", _normal(cell).replace(" ", ""))
    match = _CELL.fullmatch(words)
    value = _value(match["yuan"]) if match else None
    if match is None or value is None:
        return None
    value = (value + _coins(match["jiao"], match["fen"])).quantize(_FEN)
    return value if value < LARGEST else None


def _coins(jiao: str | None, fen: str | None) -> Decimal:
    tenths, hundredths = (_value(one) or Decimal(0) if one else Decimal(0) for one in (jiao, fen))
    return tenths / 10 + hundredths / 100


# -- in a sentence -------------------------------------------------------------------------------------------------

_MONEY = re.compile(
    rf" ?(?:多|来|余)?(?:元|圆|块)(?:钱)?(?:零?(?P<jiao>[0-9{_HAN}])(?:角|毛|(?![0-9{_HAN}%年月日号点岁天个])))?"
    rf"(?:零?(?P<fen>[0-9{_HAN}])分)?"
)
_COUNTED = re.compile(
    r" ?(?:多|来|余)?(?:[年月日号亩斤天米吨次条户平度岁页台辆套间栋层楼幢只把份件位名倍股趟口弄路村组级届里步个头]"
    r"|公[里斤顷分]|人(?!民币)|分之|%|-|:)"
)
"""What is counted is no money."""
_WHOSE = "(?:他|她|我|我们|法院|案款|执行款|现金|微信|人民币|总共|一共|共计|合计|共|先)*[: ]?$"
_PAID = re.compile("(?:付|还|交|缴|退|履行|到账|到位|入账|现金|清偿)(?:了|过|来|掉|清|款|出|第.期)*" + _WHOSE)
_HANDED = re.compile("(?:给|转|汇|收|拿|扣|划|领|存|欠|借|共|计|余|剩|差)(?:了|过|到|来|走|出|款|账|下|着)*" + _WHOSE)


def sums_in(text: str) -> list[Sum]:
    """Finds the sums of money that a text speaks of, in its order.

    They stand with 元 or 块, or in 万, 千 and 百, or bare where somebody has paid or owes so much. Their places are
    counted in the folded text.
    """
    return list(_sums(_normal(text)))


def _sums(plain: str) -> Iterator[Sum]:
    for match in _RUN.finditer(plain):
        value = _value(match[0].replace(" ", ""))
        if value is None or value <= 0:
            continue
        money = _MONEY.match(plain, match.end())
        if money:
            value += _coins(money["jiao"], money["fen"])
        elif not _stands_for_money(plain, match, value):
            continue
        if value < LARGEST:
            yield Sum(match.start(), money.end() if money else match.end(), value.quantize(_FEN))


def _stands_for_money(plain: str, match: re.Match[str], value: Decimal) -> bool:
    """Tells whether a numeral without 元 is a sum all the same."""
    if re.match(r"[0-9A-Za-z]", plain[match.end() : match.end() + 1]) or _COUNTED.match(plain, match.end()):
        return False
    if any(unit in match[0] for unit in "亿万千百"):
        return True
    before = plain[max(0, match.start() - 12) : match.start()]
    digits = match[0].replace(",", "").partition(".")[0]
    if match[0][0] == "0" or len(digits) > 9:
        return False
    return bool(value >= 10 and _PAID.search(before)) or bool(value >= 100 and _HANDED.search(before))


_OWED = re.compile("(?:欠|借)[^,。;0-9]{0,8}$")
_NOT_YET = re.compile(
    r"(?:欠|余|剩|差|标的|本金|尚有|还有|每月|每年|每期|分期|答应|承诺|约定|打算|准备|保证|愿意|下个?月|明年|以后|之后|月底|年底)[^,。;]{0,10}$"
)


def owed_in(text: str) -> list[Sum]:
    """Finds how much somebody owes, in words: 欠八万六的, 欠老杜13万."""
    plain = _normal(text)
    return [one for one in _sums(plain) if _OWED.search(plain[max(0, one.start - 10) : one.start])]


def paid_in(note: str) -> Decimal | None:
    """Finds what was paid in a note such as 当场付了3万，余下分两年; None where it says nothing of it."""
    if (whole := yuan(note)) is not None:
        return whole or None
    plain = _normal(note)
    done = [one for one in _sums(plain) if not _NOT_YET.search(plain[: one.start])]
    said = [one for one in done if _PAID.search(plain[: one.start])]
    return next((one.yuan for one in [*said, *done]), None)
