"""Text as people and clerks type it, brought to one form. Pure."""

import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

_INVISIBLE = re.compile(
    "[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u00ad\ufe00-\ufe0f\U000e0000-\U000e01ef\ufff9-\ufffb"
    "\u061c\u034f\u115f\u1160\u3164\uffa0\u17b4\u17b5\u180b-\u180f\u2800\ufdfa\ufdfb]"
)
"""What shows nothing or turns the direction of writing: joiners, fillers, marks, tags. And the two Arabic signs that
unfold to whole sentences."""
_SPACE = re.compile(r"\s+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ud800-\udfff\ufffe\uffff]")
"""What no file and no database takes as text: a soft line break of Word's, half a character."""


def printable(text: str) -> str:
    """Turns control characters into blanks. Whatever comes in, by file, chat or page, goes through here first."""
    return _CONTROL.sub(" ", text)


def fold(text: str) -> str:
    """Turns full-width into half-width, drops invisible characters, makes white space single blanks, and trims."""
    flat = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    return _SPACE.sub(" ", flat).strip()


@cache
def _simple() -> dict[int, int]:
    """Loads the table beside this file, made from OpenCC's data (`tests/reading/simplified.py`)."""
    with Path(__file__).with_name("simplified.txt").open(encoding="utf-8") as lines:
        return {ord(line[0]): ord(line[1]) for line in lines}


def simplified(text: str) -> str:
    """Replaces traditional characters by simplified ones, each in its place."""
    return text if text.isascii() else text.translate(_simple())


_DOTS = "·•‧∙・.．･᛫⋅"
"""What people write between the parts of a name: 古丽·买买提. The national form is the first."""
_DOTTED = re.compile(rf"(?<=[^\x00-\xff·])\s*[{_DOTS}]\s*(?=[^\x00-\xff·])")
_EXOTIC_DOT = re.compile(f"[{_DOTS.replace('.', '')}]")


READ_LIMIT = 2000
"""Longer messages are kept whole; only this many characters are read."""


def beginning(text: str) -> str:
    """Folds as much of a message as is read: the limit also counts after folding, which makes some signs longer."""
    return fold(text[:READ_LIMIT])[:READ_LIMIT]


@lru_cache(16)  # a message is gone through several times
def heard(text: str) -> str:
    """Prepares a message for reading: its beginning, folded, with simplified characters."""
    return _EXOTIC_DOT.sub("·", simplified(beginning(text)))


_PLACE = re.compile(
    "(?:[\u4e00-\u9fa5]{2,3}(?:省|自治区)|北京|上海|天津|重庆|浙江|江苏|安徽|福建|江西|广东)?"
    "(?:[\u4e00-\u9fa5]{2,3}市)?(?:[\u4e00-\u9fa5]{1,4}?[县区市])?(?:[\u4e00-\u9fa5]{1,3}(?:镇|乡|街道))?"
)
_LEGAL = re.compile(
    r"(?:\((?:有限合伙|普通合伙|个人独资|个体工商户)\)|有限责任公司|股份有限公司|集团有限公司|有限公司|合伙企业|分公司|公司|集团)+$"
)
_WORKS = re.compile("(?!合作|联合|.商)..(?:厂|社|场|店|行|坊)$")
_OF_COMPANY = re.compile(
    "公司|集团|合作社|合伙企业|商行|经营部|经营户|经营店|工作室|事务所|分公司|超市|商店|饭店|酒店|宾馆|农庄|民宿|中心|农场|林场|养殖场|工程队|"
    "银行|信用社|学校|幼儿园|医院|委员会|村委会|居委会|经济联合社|门市部|营业部|加工点|服务部|修理部|美容院|种植园|企业|工厂|(?<=..)[厂店馆坊矿]"
)
_SHORTEST = 3


def is_company_name(name: str) -> bool:
    """Tells whether a name is a company's, by its end: …公司, …厂, …合作社, …商行."""
    bare = re.sub(r"\([^()]*\)$", "", name)
    return len(bare) >= 4 and re.search(f"(?:{_OF_COMPANY.pattern})$", bare) is not None


def company_names(name: str) -> list[str]:
    """Lists a company's names besides the full one: without county and legal form, and by what it makes (编织厂)."""
    bare = _LEGAL.sub("", re.sub(r"^\(?([\u4e00-\u9fa5]+?)\)", r"\1", name))
    place = _PLACE.match(bare)
    core = bare[place.end() :] if place and len(bare) - place.end() >= _SHORTEST else bare
    works = _WORKS.search(core)
    found = dict.fromkeys([core, *([works[0]] if works else [])])
    return [short for short in found if short != name and len(short) >= _SHORTEST]


def person_name(text: str) -> str:
    """Brings a name to one form: no blanks, the national dot between its parts."""
    return _DOTTED.sub("·", squeeze(text))


def squeeze(text: str) -> str:
    """Folds and drops all blanks: for names, which clerks pad with wide spaces."""
    return fold(text).replace(" ", "")
