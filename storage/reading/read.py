"""Reading one message: what a careful colleague who knows the village would understand. Pure.

Every decision comes with its evidence, a list of `(kind, word)` pairs that a person can read. Where the words leave
several people possible, all are named and the reading is ambiguous.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from storage.engine.text import beginning, simplified
from storage.reading.bearing import names_somebody
from storage.reading.classifier import scene_of
from storage.reading.evidence import Guess, Known, Sureness, likelihood, sureness
from storage.reading.mention import SURNAMES, resolve, signs_of, stretches_of, who, without_places
from storage.reading.owing import amounts_in

_GREETING = re.compile(
    r"^(?:(?:早上好|上午好|中午好|下午好|晚上好|你们?好|您好|在吗|在不在|在么|有人吗|谢谢|多谢|谢了|收到|好的|好|嗯|哦|ok|辛苦了|再见)"
    r"[,，。.!！?？~ 啊呀]*)+$",
    re.I,
)
_QUESTION = re.compile(
    r"(吗|呢|没有|么)?[?？]\s*$|吗[。.!！]*$|了没有?[啊呀哦呢]?([,，。?？]|$)|在不在|是不是|有没有[^,，。]{0,6}[?？]?$|什么时候|哪里了|谁在办|归谁|怎么样了?[。.]*$|要找哪个"
)
_HAN = re.compile("[\u4e00-\u9fa5]")
_CLAUSES = re.compile(r"[,，。.;；!！?？\s]+")
_PIECES = re.compile(r"[^,，。.;；!！?？\s]+")
_NEGATION = re.compile(r"没有?(回来|回村|来过|看到|看见|见到)|[不没]在(家|村|山|店|厂)|还没回|同名的|不是欠钱")
_NOT_THERE = re.compile("(?:不|没有?|未)(?:住|待|呆)?[在到]?$")
_MISTAKE = re.compile(r"(看|说|讲|认|搞|弄|报)错了|误会|没事了|不是他|不是她|不是(老|小|阿)?[\u4e00-\u9fa5]{1,3}$")
_NOT_BUT = re.compile(r"不是([^,，。;；是]{1,8})[,，;；\s]*(?<!就)(?:而?是|应该是)")
_NOT_HIM = re.compile(
    r"(不是)([^,，。;；是\s]{1,8}?)([,，;；\s]*(?:而?是|应该是)(?=[他她](?:爸|爹|妈|娘)))"
    r"|()([^,，。;；是\s]{2,8}?)((?:没回来|没来|没在|不在)[,，;；\s]*(?:就|只有|倒是)?(?=[他她](?:爸|爹|妈|娘)))"
)
_TOOK_BACK = re.compile(
    r"(?<![没不])(?:看|说|讲|认|搞|弄|报)错(?:人)?了(?![吗么?？])|^[^,，]{0,3}(?:误会|没事)了?[。.!！]*$|不是[他她][。.!！]*$"
)
"""The sender was wrong before: said in so many words, not somewhere in a sentence about something else."""
_STANDS = re.compile("还在|仍在|没[看认说讲]错|[说讲]我|以为我|你们[^,，]{0,3}(?:错|误会)|人在|就是他")
"""… but what was said stands."""
_DENIED_LAST = re.compile(r"不是([^,，。;；是]{1,8})[。.!！]*$")
_TAKEN_BACK = re.compile(r"(刚才|刚刚|上午|早上|昨天|前面)[我是]*[讲说报][^。]{1,20}[看认弄搞]错")
_SLIP = re.compile(r"[^,，。;；]{1,8}[,，]?(?:哦|噢|呃|啊|哎)?(?:不对|[讲说打]错了?)[,，\s]*(?:应该)?是")
"""Somebody puts it right in the same breath: 土生，哦不对，是土根."""
_NOT = re.compile(r"不是([^,，。;；是]{1,8})")
_SOMEBODY = re.compile(
    r"[老小阿](?!师|板|家|婆|公|人|百|年|街|屋|时|孩|心|车)[\u4e00-\u9fa5]|姓[\u4e00-\u9fa5]|那个|有人"
    r"|((?![他她又刚已])[\u4e00-\u9fa5]){2,4}(刚刚?|又|已经)?(回来|回村|到家|在家|返来)"
)
_WONT = "(?:不要|不能|不可以|不许|不好|别|莫|勿|覅|弗要|弗好)"
_CONFIDENTIAL = re.compile(
    "保[个一下守]{0,2}密|匿名|[不别莫]要?留名|[隐藏][去藏瞒掉][^,，。]{0,4}(?:姓名|名字|身份)"
    f"|{_WONT}[^,，。]{{0,4}}(?:说|讲|话|透露|告诉|写|公开|泄露|提|报|暴露|传出去|知道|晓得)[^,，。]{{0,6}}(?:我|谁|哪个|名字|身份)"
    f"|{_WONT}[把将]我[^,，。]{{0,6}}(?:说|讲|透露|报|写|供|讲?传)|{_WONT}[^,，。]{{0,2}}传出去"
    "|我[^,，。他她]{0,4}不[想要愿肯好便能]意?[^,，。]{0,4}(?:知道|晓得|露面|出面|留名字?)|怕[^,，。]{0,6}(?:报复|寻仇|记恨|记仇)"
)
"""The sender asks that nobody be told who said it, or is afraid: doubt protects."""
_NOT_ANY_MORE = re.compile(
    "(?:不用|不必|不需要|无需|用不着|不要再)(?:再|给我|替我|帮我|对我)?(?:保密|匿名|隐瞒)(?:了|的)?"
)
_MAY_BE_NAMED = re.compile(
    f"{_NOT_ANY_MORE.pattern}"
    "|(?<![不别莫勿么哪])(?:可以|尽管|随便|放心)(?:说|讲|写|告诉他?们?)(?:是我|我的?名字?)"
    "|(?<![不别莫勿用必想让准许要能])(?:写|用|报|留)我?的?(?:名字?|真名|实名)也?(?:没关系|不要紧|没事|可以|也行|好了|就行)"
)
"""The sender says that they may be named after all."""
_WONDERS = re.compile("[吗?？]|怎么|怎能|哪能|能不能|可不可以")
_ASKED = re.compile(f"(?:{_CONFIDENTIAL.pattern})(?:[说讲报]的)?")
_BESIDE_ASKING = re.compile(r"[\W我你您们他她替帮给请千万一定要的得了说讲报啊哦呀吧是这个事件情麻烦谢举]+")
_EITHER = re.compile(
    "不是[^,，。是]{1,8}就是|其中一个|哪一个|不知哪|还是|或者|要么|随便哪|(?:不知道|不晓得|分不清|分不出|认不出|没看清|搞不清)(?:是|到底)*(?:哪|谁)|有一个"
)
"""One of them, and the sender doesn't say which."""
_CALLED = re.compile(
    f"[老小阿](?!师|板|家|婆|公|人|百|年|街|屋|时|孩|心|车)[\u4e00-\u9fa5]{{1,2}}"
    f"|[{''.join(sorted(SURNAMES - set('和从在有到方常时成平明安高金')))}][\u4e00-\u9fa5]{{1,2}}(?![\u4e00-\u9fa5])"
)
"""What somebody may be called, known or not."""
_ANOTHER = re.compile("也(?:是|算)[^,，。]{0,6}(?:老赖|欠|赖账)|也欠|外地[^,，。]{0,3}老赖")
"""It is somebody else who owes as well."""


class Manner(StrEnum):
    """What kind of saying it is."""

    LEAD = "lead"
    GREETING = "greeting"
    QUESTION = "question"
    NEGATION = "negation"
    CHATTER = "chatter"
    """Words about something that isn't understood as a report."""


LEAD = 0.4
"""From which likelihood on it is taken for a report: one that is missed costs more than one too many."""


LEAD_ABOUT_NOBODY = 0.6
"""The same, where nobody is named, described or known; what isn't Chinese never is one then."""


@dataclass(frozen=True)
class Reading:
    """What a careful colleague would understand."""

    manner: Manner
    guesses: tuple[Guess, ...] = ()
    ambiguous: bool = False
    kind: str = "other"
    place: str = ""
    urgent: bool = False
    confidence: float = 0.0
    """How likely it is a report about just these, 0 to 1."""
    phones: tuple[str, ...] = ()
    """Telephone numbers in the text."""
    amounts: tuple[int, ...] = ()
    """Sums of money that are spoken of, in yuan: 付了两万."""
    confidential: bool = False
    withdraws: bool = False
    """The sender takes back what they said before."""
    corrects: bool = False
    """The sender says who was meant instead."""
    denied: tuple[int, ...] = ()
    """Debtors of whom the sender says that it isn't they."""
    denies: tuple[str, ...] = ()
    """The words of which the sender says that it isn't they, whoever that is: 老林, 张建国."""
    anaphoric: bool = False
    """Nobody is named or described, at most 他: it goes on about what was said before, if there is something."""
    heeded: tuple[int, ...] = ()
    """Everybody of whom the text was thought to speak on the way."""
    sighted: "Reading | None" = None
    """What it would be if those of whom the sender may not be told were on no list; None: the same."""

    @property
    def is_lead(self) -> bool:
        return self.manner is Manner.LEAD

    @property
    def told(self) -> "Reading":
        """Returns what the message tells: if it is no report, only how it was said, not what it would otherwise say."""
        if self.is_lead:
            return self
        return Reading(self.manner, confidential=self.confidential, withdraws=self.withdraws, corrects=self.corrects)

    @property
    def answered(self) -> "Reading":
        """Returns what may be acted on before the sender's eyes: whom they may not be told of decides nothing that they
        could see, and is meant all the same."""
        if self.sighted is None:
            return self
        if not self.sighted.is_lead:
            return self.sighted
        return replace(self.sighted, guesses=self.guesses, ambiguous=self.ambiguous, confidence=self.confidence)


def asks_to_stay_unnamed(text: str) -> bool:
    """Tells whether the sender asks that nobody be told who said it."""
    return _is_afraid(simplified(beginning(text)))


def may_be_named(text: str) -> bool:
    """Tells whether the sender says that they may be named after all."""
    plain = simplified(beginning(text))
    return bool(_MAY_BE_NAMED.search(plain)) and not _WONDERS.search(plain) and not _is_afraid(plain)


def _is_afraid(plain: str) -> bool:
    """Tells whether the sender asks not to be named; only a plain 不用保密 says the contrary: doubt protects."""
    return bool(_CONFIDENTIAL.search(_NOT_ANY_MORE.sub("", plain)))


def only_asks_that(text: str) -> bool:
    """Tells whether nothing is said beside it: there is nothing to pass on."""
    rest, asks = _CONFIDENTIAL.subn("", simplified(beginning(text)))
    return bool(asks) and not _BESIDE_ASKING.sub("", rest)


def _without_asking(piece: re.Match[str]) -> str:
    """Blanks out that the sender asks not to be named: it says nothing about whom they have seen."""
    return _blank(piece) if only_asks_that(piece[0]) else _ASKED.sub(_blank, piece[0])


def read(text: str, circles: Sequence[Sequence[Known]]) -> Reading:
    """Reads `text` against circles of people, the sender's village first; the first circle in which somebody fits
    decides. Never raises, whatever the text."""
    written = beginning(text)
    plain = simplified(written)
    confidential = _is_afraid(plain)
    if confidential:
        plain = _PIECES.sub(_without_asking, plain)
    denied, denies = _denied(plain, circles)
    last = _DENIED_LAST.search(plain)
    mistaken = not _STANDS.search(plain) and (
        bool(_TOOK_BACK.search(plain)) or bool(last and denied & _meant(last[1], circles))
    )
    correcting, ids = bool(denied), tuple(sorted(denied))
    plain = _SLIP.sub(_blank, plain, 1)
    positive = _NOT.sub(_blank_denied, _NOT_BUT.sub(_blank, _NOT_HIM.sub(_only_name, plain)))
    if _GREETING.match(plain):
        return Reading(Manner.GREETING, confidential=confidential, anaphoric=True)
    if _TAKEN_BACK.search(plain) and mistaken and not _NOT_BUT.search(plain):
        return Reading(Manner.NEGATION, withdraws=True, confidential=confidential, denied=ids, denies=denies)
    mentions, people = who(positive, circles)
    scene = scene_of(plain, stretches_of(mentions, people), signs_of(mentions) | manners_of(plain))
    mentions = [one for one in mentions if not one.crowd]
    guesses, ambiguous = resolve(without_places(mentions, people, positive, scene.place), people)
    ambiguous = ambiguous or (len(guesses) > 1 and bool(_EITHER.search(positive)))
    if _ANOTHER.search(positive) and all(sureness(guess.evidence) is not Sureness.SURE for guess in guesses):
        guesses, ambiguous = (), False
    told = {kind for guess in guesses for kind, _word in guess.evidence}
    heeded = tuple(sorted({key for one in mentions for key in one.options}))
    instead = bool(denies) and told <= {"address"} and _instead(plain)
    if (mistaken or correcting) and told <= {"address"} and not instead:
        return Reading(
            Manner.NEGATION, withdraws=True, confidential=confidential, denied=ids, denies=denies, heeded=heeded
        )
    described = bool(_SOMEBODY.search(plain)) or names_somebody(plain)
    at = plain.find(scene.place)
    if scene.place and _NOT_THERE.search(plain[:at]):
        scene = replace(scene, place="")  # 不在家 says where somebody isn't
    reading = Reading(
        Manner.LEAD,
        guesses,
        ambiguous,
        scene.kind,
        written[at : at + len(scene.place)] if len(plain) == len(written) else scene.place,
        scene.urgent,
        scene.lead * likelihood(guesses, ambiguous=ambiguous),
        tuple(dict.fromkeys(_PHONE.findall(plain))),
        amounts_in(plain),
        confidential,
        corrects=correcting or mistaken or instead,
        anaphoric=not guesses and not described and not instead,
        denied=ids,
        denies=denies,
        heeded=heeded,
    )
    asks = bool(_QUESTION.search(plain))
    enough = LEAD if guesses or described else LEAD_ABOUT_NOBODY if len(_HAN.findall(plain)) > 2 else 1.0
    if scene.lead >= enough and not (asks and len(list(filter(None, _CLAUSES.split(plain)))) == 1):
        return reading  # a question and nothing else tells nothing, whatever the words
    manner = Manner.QUESTION if asks else Manner.CHATTER
    return replace(
        reading,
        manner=Manner.NEGATION if mistaken or instead or _NEGATION.search(plain) else manner,
        withdraws=mistaken and not guesses,
        corrects=(correcting and bool(guesses)) or instead,
        anaphoric=not guesses and not instead,
    )


def _instead(plain: str) -> bool:
    """Tells whether somebody is named who is meant instead, known or not: 不是老林，是张建国."""
    return any(_CALLED.match(plain, match.end()) for match in _NOT_BUT.finditer(plain))


def _meant(words: str, circles: Sequence[Sequence[Known]]) -> set[int]:
    """Finds whom these words by themselves can mean."""
    mentions, _people = who(f"{words}在", circles)
    return {key for one in mentions if one.start == 0 and not one.crowd for key in one.options}


def _denied(text: str, circles: Sequence[Sequence[Known]]) -> tuple[set[int], tuple[str, ...]]:
    """Finds those of whom it is said that it isn't they, 不是老林, and the words. Often that is nobody: 这不是办法."""
    found, words = set[int](), list[str]()
    for match in filter(_denies, _NOT.finditer(text)):
        meant = _meant(match[1], circles)
        found |= meant
        if meant or _CALLED.fullmatch(match[1]):
            words.append(match[1])
    return found, tuple(words)


_PHONE = re.compile(r"(?<![0-9A-Za-z])(1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)")


def manners_of(text: str) -> set[str]:
    """Finds ways of saying it that speak against a report: one sign of many, for who asks may well tell something."""
    ways = (("asks", _QUESTION), ("denies", _NEGATION), ("mistaken", _MISTAKE), ("not_but", _NOT_BUT))
    return {name for name, pattern in ways if pattern.search(text)}


def _blank(match: re.Match[str]) -> str:
    """Blanks out what isn't meant, without moving what stands around it."""
    return "\0" * len(match[0])


def _denies(match: re.Match[str]) -> bool:
    """Tells whether 不是A denies somebody; 不是A就是B denies nobody."""
    return not match[1].endswith("就") and not match.string.startswith("就是", match.end())


def _blank_denied(match: re.Match[str]) -> str:
    return _blank(match) if _denies(match) else match[0]


def _only_name(match: re.Match[str]) -> str:
    """Keeps only the name where it is said that it isn't 凯凯 but his father, so that 凯凯他爸 is left."""
    before, name, after = match.groups()[:3] if match[2] else match.groups()[3:]
    return "\0" * len(before) + name + "\0" * len(after)
