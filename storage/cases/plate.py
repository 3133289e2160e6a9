"""Number plates in the form in which they are kept, 浙K8G12A, whatever stands between their parts. Pure."""

import re
from typing import NamedTuple

from storage.engine.text import fold

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_MARKS = r"[ ·•‧∙・．.\-—–_]"
"""What stands between the letter of a city and the rest, as plates are painted."""
_NEW_ENERGY = "[A-HJK][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[A-HJK]"
_WHOLE_PLATE = re.compile(
    rf"[{PROVINCES}]{_MARKS}?[A-Z]{_MARKS}{{0,2}}"
    rf"(?:{_NEW_ENERGY}|[A-Z0-9]{{5}}|[A-Z0-9]{{4}}[学警挂港澳试超领使临])(?![A-Z0-9])"
)
_ASKED = re.compile(rf"[{PROVINCES}]?[A-Z]?(?=[A-Z]*\d)[A-Z0-9]{{3,6}}[学警挂港澳试超领使临]?")


class Painted(NamedTuple):
    """A plate in its normal form, 浙K8G12A, and how it is written in the folded text."""

    number: str
    said: str


def plates_in(cell: str) -> list[Painted]:
    """Finds the whole plates that a cell names: as painted, 浙K·8G12A, with blanks, of new energy, 学 警 挂."""
    found = _WHOLE_PLATE.findall(fold(cell).upper())
    return [Painted(re.sub(_MARKS, "", said), said) for said in found]


def plate_asked(words: str) -> str:
    """Returns a plate, or the end of one, as somebody asks for it: 浙K·8G12A, 8G12A; empty where it can't be one."""
    plain = re.sub(_MARKS, "", fold(words).upper())
    return plain if _ASKED.fullmatch(plain) else ""
