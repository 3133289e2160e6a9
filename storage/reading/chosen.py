"""Which of those who were offered an answer means: 第二个, 老的那个, 女的, 都不是. Pure."""

import re
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from storage.engine.text import fold, simplified


class Offered(NamedTuple):
    """Somebody who was offered: what tells them from the others."""

    names: tuple[str, ...]
    born: date | None
    gender: str
    house: str = ""
    years: int | None = None


class Beside(StrEnum):
    """An answer that names none of them."""

    NONE = "none"
    UNSURE = "unsure"


_NUMBERS = {word: number for number, words in enumerate(("1一", "2二", "3三", "4四", "5五")) for word in words}
_NTH = re.compile("(?:就是|是|选)?(?:第([1-5一二三四五])[个位]?|头一?(?P<first>[个位])|(?P<bare>[1-5]))(?:那个)?")
_LAST = re.compile("(?:就是|是)?(?:最后|后面|下面)(?:那一?个|那位|一?个)")
_FIRST = re.compile("(?:就是|是)?(?:最?前面|上面)(?:那一?个|那位|一?个)")
_NAMED = "(?:就是|是)?(?:那个)?(?:年纪|岁数)?(?:比较|更)?({})(?:一?点|些)?(?:的|的?那一?(?:个|位)|的?人)"
_OLD, _YOUNG = (re.compile(_NAMED.format(words)) for words in ("老|大|年长|年老", "小|轻|年轻|后生"))
_MAN, _WOMAN = (re.compile(_NAMED.format(words)) for words in ("男|男人|男同志", "女|女人|女同志"))
_NONE = re.compile("(?:这[两几]个)?都?不(?:是|对)(?:他们|这[两几]个|的)?|(?:一个)?都不是|另外(?:的|一个)人?|别人")
_UNSURE = re.compile("(?:我也?)?(?:不知道|不晓得|不清楚|不确定|没看清楚?|搞不清|分不清|说不准|不认识)(?:是?哪个)?")


def chosen(text: str, offered: Sequence[Offered]) -> int | Beside | None:
    """Returns the place of the one who is meant, what else is answered, or None where it is no answer."""
    said = simplified(fold(text)).strip("。.!！,， ?？").replace(" ", "")
    if _UNSURE.fullmatch(said):
        return Beside.UNSURE
    if _NONE.fullmatch(said):
        return Beside.NONE
    if nth := _NTH.fullmatch(said):
        place = 0 if nth["first"] else _NUMBERS[nth[1] or nth["bare"]]
        return place if place < len(offered) else None
    if _FIRST.fullmatch(said) or _LAST.fullmatch(said):
        return 0 if _FIRST.fullmatch(said) else len(offered) - 1
    named = [place for place, one in enumerate(offered) if said.removeprefix("就是").removeprefix("是") in one.names]
    if len(named) == 1:
        return named[0]
    return _by_house_or_age(said, offered) if _POINTS.search(said) else _by_trait(said, offered)


_POINTS = re.compile("那一?[个位]|的人?$|[0-9]岁")
_AGE = re.compile("([0-9]{2})(?:岁|来岁|多岁)")
_BESIDE = re.compile("(?:就是|是|住|在|那一?[个位]|老的|小的|年纪|[的人])")


def _by_house_or_age(said: str, offered: Sequence[Offered]) -> int | None:
    """Finds who alone lives where the words say, or is so old: 新村18号那个, 祠堂后面那个老的, 57岁那个."""
    if age := _AGE.search(said):
        fits = [place for place, one in enumerate(offered) if one.years == int(age[1])]
        return fits[0] if len(fits) == 1 else None
    where = _BESIDE.sub("", said)
    if len(where) >= _SHORTEST_HOUSE:
        fits = [place for place, one in enumerate(offered) if where in simplified(fold(one.house)).replace(" ", "")]
        if len(fits) == 1:
            return fits[0]
    return _by_trait(said, offered)


_SHORTEST_HOUSE = 2
"""Characters that tell a house."""


def _by_trait(said: str, offered: Sequence[Offered]) -> int | None:
    """Finds who alone is the oldest, the youngest, the man or the woman among them."""
    for pattern, gender in ((_MAN, "男"), (_WOMAN, "女")):
        if pattern.fullmatch(said):
            fits = [place for place, one in enumerate(offered) if one.gender == gender]
            return fits[0] if len(fits) == 1 else None
    ages = [one.born for one in offered if one.born is not None]
    if len(ages) < len(offered) or len(set(ages)) < len(ages) or len(ages) < 2:
        return None
    if _OLD.fullmatch(said):
        return ages.index(min(ages))
    return ages.index(max(ages)) if _YOUNG.fullmatch(said) else None
