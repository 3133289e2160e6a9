"""What clerks write in a cell, brought to one form. Pure; anything unclear raises `Unclear` with a reason code."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from storage.cases.plate import plates_in
from storage.engine.text import fold, person_name, squeeze
from storage.reading.sums import numeral, yuan

_TIME = r"(?:\d{1,2}[:时点]\d{1,2}(?:[:分]\d{1,2}(?:\.\d+)?秒?)?分?|\d{1,2}[时点])(?:Z|[+-]\d{2}:?\d{2})?"
_DAY = r"\(?(?:周|星期|礼拜)[一二三四五六日天]\)?"
_AFTER = rf"(?:[ T,]|{_DAY}|(?:上|下|中|早|晚)[午上]|AM|PM|{_TIME})*"
"""What may follow a date: a day of the week, a time."""
_DATE = re.compile(rf"(\d{{4}}) ?[-/.年] ?(\d{{1,2}}) ?[-/.月] ?(\d{{1,2}}) ?[日号.]?{_AFTER}", re.I)
_FOREIGN_DATE = re.compile(rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}){_AFTER}", re.I)
_COMPACT_DATE = re.compile(rf"((?:19|20)\d{{2}})(\d{{2}})(\d{{2}})(?:(?:[ T]{_AFTER})|\d{{6}})?", re.I)
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_SERIAL_ZERO, _SERIAL_YEARS = date(1899, 12, 30), (1990, 2100)
_YEARS = (1949, 2100)
"""There were no courts like these before, and there is no case of later."""
_HAN_DATE = re.compile(
    r"([二一][〇零○一二三四五六七八九]{3})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,4})[日号]"
)
_HAN_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_ID = re.compile(r"\d{17}[\dX]")
_OLD_ID = re.compile(r"\d{15}")
_MASKED = re.compile(r"\d{4,14}[*xX×＊]{2,}[\dX]{0,6}", re.I)
_CREDIT_CODE = re.compile(r"[0-9A-HJ-NP-RTUWXY]{18}")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SCIENTIFIC = re.compile(r"(\d)(?:\.(\d+))?E\+?(\d{1,2})", re.I)


class Unclear(ValueError):  # noqa: N818 - it isn't an error of the program
    """A cell that can't be taken: `code` is the reason, `word` what stands there."""

    def __init__(self, code: str, word: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.word = word


_FILLER = re.compile(
    "无{1,2}|均无|没有?|暂无|暂缺|不详|未知|不明|空|缺|略|待[查定补核]|待核实|未填|未提供|未登记|未查到|查无|不清楚?|不知道?|无(?:信息|记录|此项|资料|电话)"
    "|没电话|(?:地址|姓名|电话)不详|nil|null|none|nan|#?n/?a"
)
"""What is written into a cell that has nothing to say."""


def is_filler(cell: str) -> bool:
    """Tells whether a cell says that there is nothing: 无, 不详, /, —, （无）."""
    text = squeeze(cell).strip("()[]【】《》<>。.,;:!").lower()
    return not re.search(r"\w", text) or _FILLER.fullmatch(text) is not None


_MARKS = "'‘’`´^"
_FORMULA = "=+-@\t\r"


def untricked(cell: str) -> str:
    """Takes off what people write so that Excel leaves a number alone: ="…", a leading ' or `, a tab."""
    if cell[:1] == "'" and cell[1:2] and cell[1:2] in _FORMULA:
        return untricked(cell[1:])
    text = cell.strip()
    match = re.fullmatch(r'=\s*["“”](.*)["“”]', text, re.S)
    if match:
        return match[1].strip()
    bare = text[1:].strip()
    if text and text in _MARKS:
        return ""
    if text and text[0] in _MARKS and bare and not set(bare) & set(_MARKS):
        return bare
    return text


def day(cell: str, column: str) -> date | None:
    """Reads 2013/8/15, 2013年11月15日 星期五, 20180406, 2018-07-17 08:00:00.0, 41501; None for an empty cell."""
    text = fold(cell)
    if not text:
        return None
    match = _DATE.fullmatch(text) or _COMPACT_DATE.fullmatch(text)
    try:
        if match:
            on = date(*(int(part) for part in match.groups()))
            if not _YEARS[0] <= on.year <= _YEARS[1]:
                raise Unclear("impossible_date", f"{column} {text}")
            return on
        if foreign := _FOREIGN_DATE.fullmatch(text):
            first, second, year = (int(part) for part in foreign.groups())
            if _YEARS[0] <= year <= _YEARS[1] and (on_one := _foreign_day(first, second, year)) is not None:
                return on_one
        if han := _HAN_DATE.fullmatch(text):
            month, of_month = (numeral(part) for part in han.groups()[1:])
            if month and of_month:
                return date(int(han[1].translate(_HAN_DIGITS)), int(month), int(of_month))
        if serial := _SERIAL.fullmatch(text):
            on = _SERIAL_ZERO + timedelta(days=int(serial[1]))
            if _SERIAL_YEARS[0] <= on.year <= _SERIAL_YEARS[1]:
                return on
    except ValueError as error:
        raise Unclear("impossible_date", f"{column} {text}") from error
    raise Unclear("ambiguous_date" if _FOREIGN_DATE.fullmatch(text) else "impossible_date", f"{column} {text}")


def _foreign_day(first: int, second: int, year: int) -> date | None:
    """Reads 12/31/2024 and 31/12/2024, which can be one day only; 3/4/2024 may be two: None."""
    if first <= 12 and second <= 12 and first != second:
        return None
    month, of_month = (second, first) if first > 12 else (first, second)
    return date(year, month, of_month)


_ABOUT = re.compile(r"^(?:大约|大概|约为|约|近|暂计|暂估|估计|至少|不少于|不低于|超过)")
_MORE_OR_LESS = re.compile(
    "(?<=[0-9元万千百十亿块])(?:左右|上下|以上|多)$|[余多](?=(?:万|亿)?(?:元|块|$))|(?<=[万千百])[余多](?=元|块|$)"
)
_AND = re.compile(
    r"(?<=[0-9元万千百整块])[,，(]?(?:及|和|加|并|另|含|以及|外加|\+|未含|不含|暂计|本金|计算至)[^0-9一二三四五六七八九十]*(?:\d{4}年.*)?\)?$"
    r"|(?<=[0-9元万千百整块])[,，](?:利息|违约金|罚息|逾期)[^0-9]*$"
)


def money(cell: str) -> Decimal | None:
    """Reads yuan out of 130,000, 4.3万, 67000元, 壹拾伍万元整; None for an empty cell."""
    text = squeeze(cell)
    if not text:
        return None
    if re.fullmatch(r"[¥￥]?(?:[-−负].*|\([¥￥]?[\d,.]+\))", text) and re.search(r"\d", text):
        raise Unclear("negative_amount", cell.strip())
    if (value := yuan(text)) is None:
        raise Unclear("unclear_amount", cell.strip())
    return value


def money_about(cell: str) -> Decimal | None:
    """Reads the sum in a cell that says more than a sum: 13万余元, 约30万, 130000元及利息, 1.3E+05; None for others."""
    text = squeeze(cell)
    if _SCIENTIFIC.fullmatch(text):
        return Decimal(text).quantize(Decimal("0.01"))
    return yuan(_MORE_OR_LESS.sub("", _AND.sub("", _ABOUT.sub("", text))))


def aliases(cell: str) -> list[str]:
    """Reads nicknames parted by 、 / ; , or a blank, and by brackets."""
    words = re.split(r"[、/;,，；\s()|]+", fold(cell))
    words = [re.sub(r"^(?:曾用名|又名|别名|绰号|外号|小名|乳名|人称)[:：]?", "", word) for word in words]
    return list(dict.fromkeys(word[:60] for word in words if word and not is_filler(word)))


class Plates(NamedTuple):
    """Plates in their normal form, the words that are none, and what stands in brackets beside them."""

    numbers: list[str]
    others: list[str]
    aside: list[str]


def plates(cell: str) -> Plates:
    """Reads a cell of plates: 浙K·8G12A、浙K1234学（白色别克）."""
    found = plates_in(cell)
    rest = fold(cell).upper()
    for plate in found:
        rest = rest.replace(plate.said, " ", 1)
    aside = [words.strip() for words in re.findall(r"\(([^()]*)\)", rest) if found and words.strip()]
    rest = re.sub(r"\([^()]*\)", " ", rest) if found else rest
    words = [word for word in re.split(r"[、/;,，；\s()]+", rest) if word and not is_filler(word)]
    return Plates(list(dict.fromkeys(plate.number for plate in found)), words, aside)


@dataclass(frozen=True)
class _Said:
    text: str
    lost: bool


def _digits(cell: str) -> _Said:
    """Reads a number that is a name, of an account or a person, out of what a spreadsheet makes of it: 1.98E+10 has
    lost its end, 1.9811110004E10 hasn't; 19811110007.0 never had one."""
    text = re.sub(r"(?<=\d)\.0+$", "", squeeze(untricked(cell)))
    match = _SCIENTIFIC.fullmatch(text)
    if match is None:
        return _Said(text, lost=False)
    decimals, exponent = match[2] or "", int(match[3])
    if exponent >= 15 or len(decimals) < exponent:
        return _Said("", lost=True)
    return _Said(match[1] + decimals[:exponent], lost=False)


def code(cell: str) -> str:
    """Reads a code or staff number: 331122203226, 331122203226.0."""
    said = _digits(cell)
    if said.lost:
        raise Unclear("number_cut")
    return said.text


def phones(cell: str) -> str:
    """Reads the telephone numbers of a debtor, parted as clerks do it, in one form."""
    numbers = [_digits(one).text for one in re.split(r"[\n、,，;；/|]+", cell) if one.strip()]
    return "、".join(dict.fromkeys(number for number in numbers if number))


class Name(NamedTuple):
    """A debtor's name, other names that stand beside it, and what else does."""

    name: str
    others: list[str]
    aside: list[str]


_SEVERAL = re.compile(r"[、,，;；/\n]|等\d*[人户位名]?$|等[一二三四五六七八九十]+[人户位名]$")
_CALLED = re.compile(r"^(?:曾用名|又名|别名|绰号|外号|小名|原名)[:：]?")
_DAMAGED = re.compile("[?？\ufffd\ue000-\uf8ff]")


def debtor_name(cell: str) -> Name:
    """Reads who owes. A cell of two people, or of none, is unclear."""
    text = re.sub(r"^(?:被执行人|债务人|姓名|名称)[:：]", "", cell.strip())
    text = re.sub(r"(?<=\S)1\d{10}$", "", text).strip(" \t\u3000、,，;；*.。")
    brackets = re.findall(r"\(([^()]*)\)", fold(text)) if len(squeeze(text)) < _COMPANY_NAME else []
    if brackets:
        text = re.sub(r"\([^()]*\)", "", fold(text))
    name = person_name(text)
    if not name or is_filler(name) or name.isdigit():
        raise Unclear("missing_debtor")
    if _SEVERAL.search(text) or len(re.findall("公司", name)) > 1:
        raise Unclear("several_debtors", fold(cell)[:60])
    if _DAMAGED.search(name) or name.startswith("="):
        raise Unclear("name_damaged", fold(cell)[:60])
    others = [_CALLED.sub("", one) for one in brackets if _CALLED.match(one)]
    return Name(name, [one for one in others if one], [one for one in brackets if one and not _CALLED.match(one)])


_COMPANY_NAME = 14
"""From so many characters on it is a company's, and its brackets belong to it."""
_TITLE = (
    "(?:副?(?:局长|院长|庭长|主任|队长|科长|处长|组长|书记)"
    "|法官助理|执行法官|执行长|审判员|执行员|书记员|法警|法官|干警|助理|同志|老师)"
)


def without_title(said: str) -> list[str]:
    """Lists the ways in which a name may be meant: as it stands, without the title behind it or before it."""
    return list(dict.fromkeys((said, re.sub(f"{_TITLE}$", "", said), re.sub(f"^{_TITLE}", "", said))))


def id_number(cell: str) -> str:
    """Reads an id number or a company's code in upper case; raises Unclear where it is neither in form, or cut."""
    said = _digits(cell)
    text = re.sub(r"^(?:身份证号?码?|证件号码?|统一社会信用代码)[:：]?", "", re.sub(r"[-·.]", "", said.text.upper()))
    if said.lost:
        raise Unclear("number_cut")
    if not text or _ID.fullmatch(text):
        if text.endswith("000") and not check_digit_fits(text):
            raise Unclear("number_cut")
        return text
    if _CREDIT_CODE.fullmatch(text):
        return text
    if _OLD_ID.fullmatch(text):
        return _grown(text)
    raise Unclear("id_masked" if _MASKED.fullmatch(text) else "id_number", "")


def _grown(text: str) -> str:
    """Writes an id number of fifteen digits, as they were before 2000, as the eighteen that the person has now."""
    longer = f"{text[:6]}19{text[6:]}"
    number = f"{longer}{_check_digit(longer)}"
    if born(number) is None:
        raise Unclear("id_number", "")
    return number


def is_company_code(number: str) -> bool:
    return bool(number) and not _ID.fullmatch(number)


def born(number: str) -> date | None:
    """Reads the birthday in an id number."""
    if not _ID.fullmatch(number):
        return None
    try:
        return datetime.strptime(number[6:14], "%Y%m%d").date()  # noqa: DTZ007 - a birthday has no zone
    except ValueError:
        return None


def _check_digit(digits: str) -> str:
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits[:17], strict=True))
    return "10X98765432"[total % 11]


def check_digit_fits(number: str) -> bool:
    """Checks an id number's national check digit (mod 11-2). Registers are full of wrong ones: a warning, no more."""
    return bool(_ID.fullmatch(number)) and _check_digit(number) == number[17]


def phone(cell: str) -> str:
    """Reads a number with 10 to 12 digits: a mobile, or a fixed line with its area code."""
    said = _digits(cell)
    if said.lost:
        raise Unclear("number_cut")
    text = re.sub(r"[\s\-_·.()]", "", fold(said.text))
    text = re.sub(r"^(?:\+|00)?86(?=1\d{10}$)", "", text)
    if not text:
        raise Unclear("missing_phone")
    if not re.fullmatch(r"\d{10,12}", text):
        raise Unclear("phone_form", text)
    return text


def is_mobile(number: str) -> bool:
    return len(number) == 11 and number.startswith("1")
