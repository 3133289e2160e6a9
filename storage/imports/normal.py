"""What clerks write in a cell, brought to one form. Pure; anything unclear raises `Unclear` with a reason code."""

import re
from datetime import date, datetime
from decimal import Decimal

from storage.engine.text import fold, squeeze
from storage.reading.sums import yuan

_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]00:00(?::00)?)?$")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})$")
_PLATE = re.compile(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][A-Z0-9]{5,6}$")
_ID = re.compile(r"\d{17}[\dX]$")
_CREDIT_CODE = re.compile(r"[0-9A-HJ-NP-RTUWXY]{18}$")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class Unclear(ValueError):  # noqa: N818 - it isn't an error of the program
    """A cell that can't be taken: `code` is the reason, `word` what stands there."""

    def __init__(self, code: str, word: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.word = word


def day(cell: str, column: str) -> date | None:
    """Reads 2013/8/15, 2013年11月15日, 20180406, 2018-07-17; None for an empty cell."""
    text = fold(cell)
    if not text:
        return None
    match = _DATE.match(text) or _COMPACT_DATE.match(text)
    try:
        if match:
            return date(*(int(part) for part in match.groups()))
    except ValueError as error:
        raise Unclear("impossible_date", f"{column} {text}") from error
    raise Unclear("impossible_date", f"{column} {text}")


def money(cell: str) -> Decimal | None:
    """Reads yuan out of 130,000, 4.3万, 67000元, 壹拾伍万元整; None for an empty cell."""
    text = squeeze(cell)
    if not text:
        return None
    if text.lstrip("¥").startswith(("-", "负")):
        raise Unclear("negative_amount", cell.strip())
    if (value := yuan(text)) is None:
        raise Unclear("unclear_amount", cell.strip())
    return value


def aliases(cell: str) -> list[str]:
    """Reads nicknames parted by 、 / ; , or a blank."""
    return list(dict.fromkeys(word[:60] for word in re.split(r"[、/;,，；\s]+", fold(cell)) if word))


def plates(cell: str) -> tuple[list[str], list[str]]:
    """Returns valid plates, and the words that aren't."""
    words = [word.upper() for word in re.split(r"[、/;,，；\s]+", fold(cell)) if word]
    valid = list(dict.fromkeys(word for word in words if _PLATE.match(word)))
    return valid, [word for word in words if not _PLATE.match(word)]


def id_number(cell: str) -> str:
    """Reads an id number or a company's code in upper case; raises Unclear where it is neither in form."""
    text = squeeze(cell).upper()
    if text and not (_ID.match(text) or _CREDIT_CODE.match(text)):
        raise Unclear("id_number", "")
    return text


def is_company_code(number: str) -> bool:
    return bool(number) and not _ID.match(number)


def born(number: str) -> date | None:
    """Reads the birthday in an id number."""
    if not _ID.match(number):
        return None
    try:
        return datetime.strptime(number[6:14], "%Y%m%d").date()  # noqa: DTZ007 - a birthday has no zone
    except ValueError:
        return None


def check_digit_fits(number: str) -> bool:
    """Checks an id number's national check digit (mod 11-2). Registers are full of wrong ones: a warning, no more."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
    return "10X98765432"[total % 11] == number[17]


def phone(cell: str) -> str:
    """Reads a number with 10 to 12 digits: a mobile, or a fixed line with its area code."""
    text = re.sub(r"[\s-]", "", fold(cell)).removeprefix("+86")
    if not text:
        raise Unclear("missing_phone")
    if not re.match(r"\d{10,12}$", text):
        raise Unclear("phone_form", text)
    return text


def is_mobile(number: str) -> bool:
    return len(number) == 11 and number.startswith("1")
