"""Reading one message: what a careful colleague who knows the village would understand. Pure.

Every decision comes with its evidence, a list of `(kind, word)` pairs that a person can read. Where the words leave
several people possible, all are named and the reading is ambiguous.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from storage.mention import Guess, Known, resolve, who, without_places
from storage.scene import is_urgent, kind_of, place_of
from storage.text import fold, simplified

_GREETING = re.compile(
    r"^(早上好|上午好|中午好|下午好|晚上好|你好|您好|在吗|谢谢|多谢|收到|好的|好|嗯|哦|ok|辛苦了|再见)+"
    r"[,，。.!！~ 收到谢了]*$",
    re.I,
)
_QUESTION = re.compile(
    r"(吗|呢|没有|么)?[?？]\s*$|吗[。.!！]*$|了没有?[啊呀哦呢]?([,，。?？]|$)|在不在|是不是|有没有[^,，。]{0,6}[?？]?$|什么时候|哪里了|谁在办|归谁|怎么样了?[。.]*$|要找哪个"
)
_NEGATION = re.compile(r"没有?(回来|回村|来过|看到|看见|见到)|[不没]在(家|村|山|店|厂)|还没回|同名的|不是欠钱")
_BEFORE = re.compile(r"(昨|前)[天日晚夜]\S{0,6}(在|回来|看到|看见|碰到)")
"""Seen before, whatever is so today."""
_MISTAKE = re.compile(r"(看|说|讲|认|搞|弄|报)错了|误会|没事了|不是他|不是她|不是(老|小|阿)?[\u4e00-\u9fa5]{1,3}$")
_NOT_BUT = re.compile(r"不是([^,，。;；是]{1,8})[,，;；\s]*(?:而?是|应该是)")
_TAKEN_BACK = re.compile(r"(刚才|刚刚|上午|早上|昨天|前面)[我是]*[讲说报][^。]{1,20}[看认弄搞]错")
_SLIP = re.compile(r"[^,，。;；]{1,8}[,，]?(?:哦|噢|呃|啊|哎)?(?:不对|[讲说打]错了?)[,，\s]*(?:应该)?是")
"""Somebody puts it right in the same breath: 土生，哦不对，是土根."""
_NOT = re.compile(r"不是([^,，。;；是]{1,8})")
_PRESENCE = re.compile(r"回来|回村|到家|在家|露面|出现|看到|看见|返来|huilai")
_SOMEBODY = re.compile(
    r"(老|小|阿|姓)[\u4e00-\u9fa5]|那个|有人"
    r"|((?![他她又刚已])[\u4e00-\u9fa5]){2,4}(刚刚?|又|已经)?(回来|回村|到家|在家|返来)"
)
_CALLED = re.compile(r"[老小阿](?!师|板|家|婆|公|人|百|年|街|屋)[\u4e00-\u9fa5][^,，。的]{0,4}在")
_PRONOUN = re.compile(r"[他她]")
_CONFIDENTIAL = re.compile(r"保密|(不要|别|莫)(说|讲|透露|告诉).{0,6}(我|谁)")
_EITHER = re.compile(
    "还是|或者|要么|随便哪|(?:不知道|不晓得|分不清|分不出|认不出|没看清|搞不清)(?:是|到底)*(?:哪|谁)|有一个"
)
"""One of them, and the sender doesn't say which."""
_LEFT = re.compile("出去|走了|开走|跑了|上车|离开")


class Manner(StrEnum):
    """What kind of saying it is."""

    LEAD = "lead"
    GREETING = "greeting"
    QUESTION = "question"
    NEGATION = "negation"
    CHATTER = "chatter"
    """Words about something that isn't understood as a report."""


@dataclass(frozen=True)
class Reading:
    """What a careful colleague would understand."""

    manner: Manner
    guesses: tuple[Guess, ...] = ()
    ambiguous: bool = False
    kind: str = "other"
    place: str = ""
    urgent: bool = False
    confidential: bool = False
    withdraws: bool = False
    """The sender takes back what they said before."""
    corrects: bool = False
    """The sender says who was meant instead."""
    anaphoric: bool = False
    """Nobody is named or described, at most 他: it goes on about what was said before, if there is something."""

    @property
    def is_lead(self) -> bool:
        return self.manner is Manner.LEAD


def read(text: str, circles: Sequence[Sequence[Known]]) -> Reading:
    """Reads `text` against circles of people, the sender's village first; the first circle in which somebody fits
    decides. Never raises, whatever the text."""
    written = fold(text)
    plain = simplified(written)
    confidential = bool(_CONFIDENTIAL.search(plain))
    mistaken = bool(_MISTAKE.search(plain))
    correcting = bool(_NOT_BUT.search(plain)) or (mistaken and bool(_NOT.search(plain)))
    slip = _SLIP.search(plain)
    plain = plain.replace(slip[0], "\0" * len(slip[0])) if slip else plain
    positive = _NOT.sub("\0", _NOT_BUT.sub("\0", plain))
    if _GREETING.match(plain):
        return Reading(Manner.GREETING, confidential=confidential, anaphoric=True)
    if _QUESTION.search(plain):
        return Reading(Manner.QUESTION, confidential=confidential, anaphoric=True)
    if _TAKEN_BACK.search(plain) and not _NOT_BUT.search(plain):
        return Reading(Manner.NEGATION, withdraws=True, confidential=confidential)
    mentions, people = who(positive, circles)
    names = [name for person in people.values() if not person.company for name in (person.name, *person.aliases)]
    place = place_of(plain, names)
    guesses, ambiguous = resolve(without_places(mentions, people, positive, place), people)
    ambiguous = ambiguous or (len(guesses) > 1 and bool(_EITHER.search(positive)))
    told = {kind for guess in guesses for kind, _word in guess.evidence}
    if (mistaken or correcting) and told <= {"address"}:
        return Reading(Manner.NEGATION, withdraws=True, confidential=confidential)
    if (
        _NEGATION.search(plain)
        and not correcting
        and not (
            guesses and (_BEFORE.search(plain) or (_LEFT.search(plain) and "不在" not in plain and "没在" not in plain))
        )
    ):
        return Reading(Manner.NEGATION, withdraws=mistaken, confidential=confidential, anaphoric=not guesses)
    described = bool(_SOMEBODY.search(plain))
    present = _PRESENCE.search(plain) and (described or _PRONOUN.search(plain))
    if not guesses and not present and not (place and _CALLED.search(plain)):
        return Reading(Manner.CHATTER, confidential=confidential, anaphoric=True)
    options = [option for one in mentions for option in one.options.values()]
    kind = kind_of(
        plain,
        positive,
        {word for sign, word in options if sign == "alias"},
        [one.end for one in mentions if one.start >= 0],
        by_plate=any(sign.startswith("plate") for sign, _word in options),
    )
    at = plain.find(place)
    if len(plain) == len(written):
        place = written[at : at + len(place)]
    return Reading(
        Manner.LEAD,
        guesses,
        ambiguous,
        kind,
        place,
        is_urgent(plain, kind),
        confidential,
        corrects=correcting or mistaken,
        anaphoric=not guesses and not described,
    )
