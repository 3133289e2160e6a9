"""Who is meant, in the words people use: names as they are written and as they sound, kin, trades, houses, creditors.
Pure: a text and the people it can be about; each find comes with its evidence, a kind and the words.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import combinations
from typing import Protocol

from storage.case import find_case_nos, find_case_tails
from storage.scene import COMPANY, SOMEBODY, Stretch, speaks_of_goods
from storage.sound import LETTERS, Unit, first_letters, is_han, looks_like, near_of, sounds_of, units
from storage.text import company_names

Evidence = tuple[str, str]
COMPOUND = ("欧阳", "上官", "司马", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "司徒", "夏侯", "端木")
_TITLES = (
    "老板|师傅|总|大姐|大哥|大妈|大伯|大爷|大叔|阿姨|阿婆|婆婆|奶奶|姑娘|嫂|婶|公|伯|叔|哥|姐|什么"
    "|那(?:小子|后生|老头|家伙)"
)
_FEMALE = ("大姐", "大妈", "阿姨", "阿婆", "婆婆", "奶奶", "姑娘", "嫂", "婶", "姐")
_OLD = 35
"""Years from which somebody may be called 老."""
_GENERATION = 18
_MANY = 12
"""Words that can mean more people than this tell nothing."""
_AGE_GAP = 12
"""Years between two people of one surname from which 老 and 小 tell them apart."""
_PLATE = re.compile(r"(?<![A-Z0-9])([\u4e00-\u9fa5]?[A-Z][A-Z0-9]{4,6}|[A-Z0-9]{5,6})(?![A-Z0-9])")
_PLATE_TAIL = re.compile(
    r"(?:尾号|尾巴|尾数|牌照|车牌|车号|那辆|这辆|那部|这部|的车)(?:是|为)?\s?(?=[A-Z]*\d)([A-Z0-9]{2,5})(?![A-Z0-9])"
)
_CREDITOR = re.compile(
    r"欠(?!了|着|过|一屁股)(?:老|小|阿)?([\u4e00-\u9fa5]{1,8}?)(?:的)?(?:钱|[\d一二两三四五六七八九十]|的|债)"
)
_OWED = re.compile(
    r"(?:欠|借)[^,，。;；0-9]{0,8}?(([0-9]{1,7}(?:\.[0-9]{1,4})?|[一二两三四五六七八九十百]{1,8})(万|千|百)([一二两三四五六七八九0-9])?)(?![年月号])"
)
"""How much somebody owes, in words: 欠八万六的, 欠老杜13万."""
_DIGITS = {
    digit: number for digits in ("零一二三四五六七八九", "0123456789") for number, digit in enumerate(digits)
} | {"两": 2}
_TENS = {"十": 10, "百": 100}
_UNITS = {"万": 10_000, "千": 1_000, "百": 100}


_SUM = re.compile(
    r"(?<![0-9.])(([0-9]{1,7}(?:\.[0-9]{1,4})?|[一二两三四五六七八九十百]{1,8})(万|千|百)([一二两三四五六七八九0-9])?)(?![年月号亩斤个])"
    r"|(?<![0-9.])([0-9]{2,9})(?=元|块)"
)


def amounts_in(text: str) -> tuple[int, ...]:
    """The sums of money in a text, in yuan."""
    found = (int(match[5]) if match[5] else yuan_of(match) for match in _SUM.finditer(text))
    return tuple(dict.fromkeys(found))


def yuan_of(match: re.Match[str]) -> int:
    """八万六 → 86,000; the digit behind the unit counts tenths of it."""
    unit = _UNITS[match[3]]
    tenth = _DIGITS[match[4] or "零"]
    return round(_number(match[2]) * unit) + tenth * unit // 10


def _number(words: str) -> float:
    if words[0].isascii():
        return float(words)
    total, digit = 0, 0
    for one in words:
        if one in _TENS:
            total, digit = total + (digit or 1) * _TENS[one], 0
        else:
            digit = _DIGITS[one]
    return total + digit


_ACCUSER = re.compile(r"([\u4e00-\u9fa5]{2,8}?)(?:(?:起诉|告)了?的|[讲说](?:有人)?欠[他她])")
"""农商行告的那个, 云青讲欠他钱那个."""
_LENDER = re.compile(r"[问跟向](?:老|小|阿)?([\u4e00-\u9fa5]{1,4}?)(?:手里)?借")
_OWED_TO = (_CREDITOR, _LENDER, _ACCUSER)


@dataclass(frozen=True)
class Known:
    """A debtor as the reader needs to know them. `age` in years, None if unknown; `area_code` the village's."""

    id: int
    name: str
    aliases: tuple[str, ...] = ()
    plates: tuple[str, ...] = ()
    case_nos: tuple[str, ...] = ()
    creditors: tuple[str, ...] = ()
    age: int | None = None
    gender: str = ""
    company: bool = False
    amounts: tuple[int, ...] = ()
    """What they owe, in yuan."""
    hint: str = ""
    """Where they live, as the village says it: 祠堂后面."""
    seen: bool = False
    """Somebody reported them of late."""
    taught: tuple[str, ...] = ()
    """Words that were once said to mean them in the sender's village."""
    learned: tuple[str, ...] = ()
    """The same, said more than once."""
    doubted: tuple[str, ...] = ()
    """Words that were taken for them there, and it was a false alarm."""

    @cached_property
    def surname(self) -> str:
        return self.name[:2] if self.name.startswith(COMPOUND) and len(self.name) > 2 else self.name[:1]

    @cached_property
    def given(self) -> str:
        return self.name[len(self.surname) :]


@dataclass(frozen=True)
class Guess:
    """A debtor who is meant, or may be, and why."""

    debtor_id: int
    evidence: tuple[Evidence, ...]


class Sureness(StrEnum):
    """How far the evidence carries."""

    SURE = "sure"
    LIKELY = "likely"
    MAYBE = "maybe"


WEIGHTS = {
    "full_name": 10,
    "plate": 10,
    "case_no": 10,
    "chosen": 10,
    "alias": 6,
    "given_name": 6,
    "homophone": 5,
    "lookalike": 5,
    "initials": 5,
    "creditor": 5,
    "plate_tail": 5,
    "only_surname": 5,
    "learned": 5,
    "kin": 5,
    "amount": 3,
    "elder": 3,
    "younger": 3,
    "pet_name": 3,
    "taught": 3,
    "surname": 2,
    "address": 2,
    "seen": 1,
    "doubted": 0,
}
"""What each kind of evidence counts for."""
LEARNABLE = frozenset(
    {
        "alias",
        "given_name",
        "homophone",
        "lookalike",
        "initials",
        "kin",
        "pet_name",
        "elder",
        "younger",
        "surname",
        "only_surname",
    }
    | {"taught", "learned"}
)
"""Kinds whose words can come to mean somebody, or to be doubted."""
_SURE, _LIKELY = 10, 5


def sureness(evidence: Iterable[Evidence]) -> Sureness:
    """A name, plate or case number is sure by itself; weaker signs add up to likely at most, for several of them may
    come from one mistake."""
    kinds = {kind for kind, _word in evidence}
    weights = [WEIGHTS[kind] for kind in kinds]
    if "doubted" in kinds:
        return Sureness.MAYBE
    if any(weight >= _SURE for weight in weights):
        return Sureness.SURE
    return Sureness.LIKELY if sum(weights) >= _LIKELY else Sureness.MAYBE


_RIGHT = ((10, 0.995), (5, 0.99), (0, 0.97))
"""From so many points on, the share of guesses that were right among messages that nobody had seen (decisions/0006)."""
_OFF_LIST = 0.9


def points(evidence: Iterable[Evidence]) -> int:
    """What the evidence counts for: a sign that is sure by itself, else the sum of the weaker ones, short of sure."""
    weights = [WEIGHTS[kind] for kind in {kind for kind, _word in evidence}]
    return max([*(weight for weight in weights if weight >= _SURE), min(sum(weights), _SURE - 2)])


def likelihood(guesses: Sequence[Guess], *, ambiguous: bool) -> float:
    """How likely those who were guessed are those who are meant; of an ambiguous guess, the first of them."""
    if not guesses:
        return _OFF_LIST
    right = [next(share for least, share in _RIGHT if points(guess.evidence) >= least) for guess in guesses]
    return right[0] / len(guesses) if ambiguous else min(right)


@dataclass
class Mention:
    """One stretch of the text with the debtors it can mean."""

    start: int
    end: int
    options: dict[int, Evidence] = field(default_factory=dict)
    taught: set[int] = field(default_factory=set)
    """Who was said to be meant by the words before."""

    def words_taught(self, person_id: int) -> list[str]:
        kind, word = self.options[person_id]
        return [word] if person_id in self.taught and kind not in ("taught", "learned") else []


def who(text: str, circles: Sequence[Sequence[Known]]) -> tuple[list[Mention], dict[int, Known]]:
    """The mentions of the first circle in which somebody is spoken of, and its people. A name that is only a part of
    somebody's further out (叶青 of 叶青山) isn't one."""
    for place, people in enumerate(circles):
        outer = [
            (start, start + len(person.name))
            for circle in circles[place + 1 :]
            for person in circle
            if len(person.name) > 2 and not person.company
            for start in _occurrences(text, person.name)
        ]
        mentions = [
            one
            for one in _settle_overlaps(_mentions(text, people))
            if not any(
                start <= one.start and one.end <= end and end - start > one.end - one.start for start, end in outer
            )
        ]
        if mentions:
            return mentions, {person.id: person for person in people}
    return [], {}


_BESIDE = re.compile("(隔壁|对面|旁边|边上|楼上|楼下)$")


def without_places(mentions: list[Mention], people: dict[int, Known], text: str, place: str) -> list[Mention]:
    """Somebody is beside a company's works, or next door to somebody: that is where, and who isn't meant."""
    start = text.find(place) if place else -1
    inside = [
        one
        for one in mentions
        if 0 <= start <= one.start
        and one.end <= start + len(place)
        and (_BESIDE.search(place) or all(people[key].company for key in one.options))
    ]
    rest = [one for one in mentions if one not in inside]
    return rest or mentions


def _mentions(text: str, people: Sequence[Known]) -> list[Mention]:
    found: dict[tuple[int, int], Mention] = {}

    def add(start: int, end: int, person: Known, kind: str) -> None:
        mention = found.setdefault((start, end), Mention(start, end))
        mention.options.setdefault(person.id, (kind, text[start:end]))

    amounts = list(_OWED.finditer(text))
    owed_yuan = {yuan for match in amounts if (yuan := yuan_of(match))}
    for match in amounts:
        for person in people if owed_yuan else ():
            if yuan_of(match) in person.amounts:
                add(match.start(1), match.end(), person, "amount")
    owed = [match for pattern in _OWED_TO for match in pattern.finditer(text)]
    for match in owed:
        owing = _owing_to(match[1], people)
        due = [person for person in owing if owed_yuan & set(person.amounts)]
        for person in due or owing:
            add(match.start(), match.end(), person, "creditor")
    searchable = text
    for match in owed:
        searchable = searchable[: match.start()] + "\0" * (match.end() - match.start()) + searchable[match.end() :]
    for person in people:
        for word, kind in _words_for(person):
            for start in _occurrences(searchable, word):
                add(start, start + len(word), person, kind)
    _add_trades(searchable, people, add)
    _add_cases(text, people, add)
    _add_plates(text, people, add)
    fits = _looks(searchable)
    _add_surnames(searchable, people, fits, add)
    _add_sounds(searchable, people, add, set(found))
    _add_initials(searchable, people, add)
    _add_families(searchable, people, add)
    _add_kin(searchable, people, add, found)
    if not found:
        _add_hints(searchable, people, fits, add)
    _add_lessons(searchable, people, found)
    by_id, fits = {person.id: person for person in people}, _looks(text)
    for mention in found.values():
        right = {key: value for key, value in mention.options.items() if fits(by_id[key])}
        mention.options = right if len(mention.options) > 1 and right else mention.options
    return sorted(
        (mention for mention in found.values() if len(mention.options) <= _MANY), key=lambda one: (one.start, one.end)
    )


def _add_lessons(text: str, people: Sequence[Known], found: dict[tuple[int, int], Mention]) -> None:
    """Words that came to mean somebody. Said once, they make a candidate; said again, they outweigh what else the words
    can mean, but for somebody's very name or nickname."""
    for person in people:
        for word, kind in [*((one, "taught") for one in person.taught), *((one, "learned") for one in person.learned)]:
            for start in _occurrences(text, word):
                mention = found.setdefault((start, start + len(word)), Mention(start, start + len(word)))
                mention.taught.add(person.id)
                if person.id not in mention.options or (kind == "learned" and _is_weak(mention.options[person.id])):
                    mention.options[person.id] = (kind, word)
    for mention in found.values():
        kinds = {kind for kind, _word in mention.options.values()}
        if "full_name" in kinds:
            mention.options = {key: one for key, one in mention.options.items() if one[0] not in ("taught", "learned")}
        elif "learned" in kinds:
            mention.options = {key: one for key, one in mention.options.items() if not _is_weak(one)}


def _is_weak(evidence: Evidence) -> bool:
    return evidence[0] in _WEAKER or evidence[0] == "taught"


def _owing_to(creditor: str, people: Sequence[Known]) -> list[Known]:
    """Who owes to somebody of these words; where nobody does, to somebody of that surname."""
    named = [person for person in people if any(creditor in name for name in person.creditors)]
    if named and len(creditor) > 1:
        return named
    return [person for person in people if any(name.startswith(creditor[:1]) for name in person.creditors)]


def _words_for(person: Known) -> Iterable[tuple[str, str]]:
    yield person.name, "full_name"
    for alias in person.aliases:
        if len(alias) >= 2:
            yield alias, "alias"
        if "的" in alias[1:-1]:  # 翁老板的厂 is also 翁老板那个厂 and 翁老板厂
            owner, _of, thing = alias.partition("的")
            yield from ((f"{owner}{between}{thing}", "alias") for between in ("", "那个", "那家"))
    if person.company:
        for short in company_names(person.name):
            yield short, "alias"
        for alias in person.aliases:
            if len(alias) >= 4:
                for after in ("老板", "厂", "公司"):
                    yield alias[:2] + after, "alias"
    else:
        if len(person.given) >= 2:
            yield person.given, "given_name"
        if len(person.surname) == 2:
            yield person.name[1:], "given_name"
        if person.given:
            for prefix in "阿小":
                for syllable in person.given:
                    yield prefix + syllable, "pet_name"


_TRADE = "(?:的|那|这|佬|小哥|师傅|老板|老头|后生)"


@lru_cache(4096)
def _trade(alias: str) -> re.Pattern[str] | None:
    """What is said for 送外卖的: 送外卖那个, 跑外卖的, 外卖小哥. None for an alias that is no trade."""
    if len(alias) < 3 or not alias.endswith("的") or not is_han(alias):
        return None
    stem, what = re.escape(alias[:-1]), re.escape(alias[1:-1])
    by_thing = f"|{what}(?:的那|那|小哥|师傅|佬)" if len(alias) > 3 else ""
    return re.compile(f"{stem}{_TRADE}{by_thing}")


def _add_trades(text: str, people: Sequence[Known], add: "_Add") -> None:
    for person in people:
        for alias in person.aliases:
            pattern = None if person.company else _trade(alias)
            for match in pattern.finditer(text) if pattern else ():
                add(match.start(), match.end(), person, "alias")


def _occurrences(text: str, word: str) -> Iterable[int]:
    start = text.find(word)
    while start >= 0:
        yield start
        start = text.find(word, start + 1)


def _add_cases(text: str, people: Sequence[Known], add: "_Add") -> None:
    whole = {str(number) for number in find_case_nos(text)}
    tails = find_case_tails(text) if not whole else []
    for person in people:
        for number in person.case_nos:
            if number in whole or any(number.endswith(f"{kind}{sequence}号") for kind, sequence in tails):
                at = max(text.find("执"), 0)
                add(at, at + 1, person, "case_no")


def _add_plates(text: str, people: Sequence[Known], add: "_Add") -> None:
    whole, tails = _plates(text)
    parts = _plate_parts(text)
    for person in people:
        for plate in person.plates:
            if any(plate == word or (len(word) >= 5 and plate.endswith(word)) for word in whole):
                add(-2, -1, person, "plate")
            elif any(plate.endswith(tail) for tail in tails) or any(part.search(plate) for _begin, part in parts):
                add(-2, -1, person, "plate_tail")


_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_SPOKEN_END = re.compile(
    "(?<=尾号|车牌|牌照|车号|尾巴|尾数)是?([零〇一二三四五六七八九幺A-Z0-9]{2,5})"
    "|(?<![零〇一二三四五六七八九幺A-Z0-9])(?=[零〇一二三四五六七八九幺0-9]*[A-Z])([零〇一二三四五六七八九幺A-Z0-9]{5,6})"
    "(?![零〇一二三四五六七八九幺A-Z0-9])"
)
_SPOKEN = str.maketrans("零〇一二三四五六七八九幺", "001234567891")
_UNKNOWN = re.compile(r"(?<![A-Z0-9])([A-Z0-9]{2,5})(?:什么|几|某|\*|×)([A-Z0-9]{1,3})(?![A-Z0-9])")
"""One character wasn't seen: 5W7什么C."""
_BEGUN = re.compile(r"(?<![A-Z0-9])([A-Z0-9]{2,5})(?:开头|打头)(?:[^A-Z0-9,，。]{0,2}([A-Z0-9]{1,3})结尾)?")
"""Only the beginning was seen: K3Y5开头, A2M开头、D结尾."""


def _plates(text: str) -> tuple[set[str], set[str]]:
    """What may be a plate, and what is said to be the end of one; its digits may be spoken: 尾号幺二A."""
    upper = _SPOKEN_END.sub(lambda match: match[0].translate(_SPOKEN), text.upper())
    upper = re.sub(r"(?<=[A-Z0-9])[ ·.](?=[A-Z0-9])", "", upper)
    whole = {match[1] for match in _PLATE.finditer(upper)}
    whole = {word if word[0].isascii() or word[0] in _PROVINCES else word[1:] for word in whole}
    return whole, {match[1] for match in _PLATE_TAIL.finditer(upper)}


def _plate_parts(text: str) -> list[tuple[str, re.Pattern[str]]]:
    """Plates of which a part is said: how it begins behind province and letter, and what it must look like."""
    upper = text.upper()
    found = [(match[1], f"{match[1]}[A-Z0-9]{match[2]}$") for match in _UNKNOWN.finditer(upper)]
    found += [(match[1], f"{match[1]}[A-Z0-9]*{match[2] or ''}$") for match in _BEGUN.finditer(upper)]
    return [(begin, re.compile(f"^.[A-Z]?{part}")) for begin, part in found]


def plate_traces(text: str) -> list[str]:
    """Plates and ends of plates that a text may speak of."""
    whole, tails = _plates(text)
    return sorted(whole | tails)


def plate_beginnings(text: str) -> list[str]:
    """How plates begin of which a text may speak."""
    return sorted({begin for begin, _part in _plate_parts(text)})


def amount_traces(text: str) -> list[int]:
    """What somebody owes, in the words behind 欠, in yuan."""
    return sorted({yuan_of(match) for match in _OWED.finditer(text)})


def creditor_traces(text: str) -> list[str]:
    """Who is owed, in the words behind 欠."""
    return sorted({match[1] for pattern in _OWED_TO for match in pattern.finditer(text)})


class _Forms:
    """How a surname is said: 老林, 老林头, 小林, 林老板 or 姓林的; a compound one also alone."""

    def __init__(self, surname: str) -> None:
        quoted = re.escape(surname)
        self.old = re.compile(f"老{quoted}(?!家|师|板|人|车|屋|婆|公|头)")
        self.grey = re.compile(f"老{quoted}头")
        self.young = re.compile(f"小{quoted}(?!店|学|区|时)")
        self.titled = re.compile(f"姓{quoted}的?|(?<![\\u4e00-\\u9fa5老小])?{quoted}({_TITLES})")
        self.alone = re.compile(f"{quoted}(?!家)")


@lru_cache(2048)
def _forms(surname: str) -> _Forms:
    return _Forms(surname)


def _add_surnames(text: str, people: Sequence[Known], fits: "_Fits", add: "_Add") -> None:
    for surname in sorted({one.surname for one in people if not one.company and one.surname in text}):
        forms = _forms(surname)
        family = [person for person in people if person.surname == surname and not person.company]
        everybody = family
        home = _housed(family, text)
        family = home if len(home) == 1 else family
        seen = [person for person in family if fits(person)]
        family = seen if seen and len(seen) < len(family) else [one for one in family if not _is_revered(one)] or family
        old, men = [one for one in family if _may_be_old(one)], [one for one in everybody if one.gender != "女"]
        for form, those, kind, several in (
            (forms.old, _by_age(old, oldest=True), "elder", len(family) > 1),
            (forms.grey, _by_age(men, oldest=True), "elder", len(everybody) > 1),
            (forms.young, _by_age(family, oldest=False), "younger", len(family) > 1),
        ):
            for match in form.finditer(text):
                for person in those:
                    add(match.start(), match.end(), person, kind if several else "only_surname")
        for match in forms.alone.finditer(text) if len(surname) == 2 else ():
            if _ACTS.match(text, match.end()):
                for person in family:
                    add(match.start(), match.end(), person, "surname" if len(family) > 1 else "only_surname")
        for match in forms.titled.finditer(text):
            title = match[1] or ""
            titled = [p for p in family if not (title in _FEMALE and p.gender == "男")]
            for person in titled:
                add(match.start(), match.end(), person, "surname" if len(titled) > 1 else "only_surname")


_ACTS = re.compile(
    "(?:刚刚?|又|已经|也|都|还|正|今天|昨天|昨晚|今晚|现在|们|他们|一个人|父子|母子|夫妻|一家|两个|[俩的])*"
    "(?:回|在|来|走|到|出现|露面|说|讲|想|把|开|躲|跑|住|坐|停|要|和|跟|同|与|返|去|从|愿|欠|被|进|叫|给|做|卖|买|打|吃|喝|抽|帮|送|拿|托|zai|hui|lai|[,，。.!！;；\\s]|$)"
)
"""Behind a name: what people do."""
_NEAR_COST, _SAME_COST, _ANY_COST = 2, 1, 99
"""How far a syllable is from the one that is written: heard as its neighbour, or the same sound."""


def _add_sounds(text: str, people: Sequence[Known], add: "_Add", taken: set[tuple[int, int]]) -> None:
    """Names that are written as they sound (林永付, linyongfu, 何伟min). Of what is written in
    characters the nearest sound decides; letters leave it open how they are meant."""
    heard_at: dict[str, list[tuple[list[Unit], int]]] = defaultdict(list)
    for run in units(text):
        for place, one in enumerate(run):
            for sound in one.near:
                heard_at[sound].append((run, place))
    sounding: dict[tuple[int, int], list[tuple[int, Known, str]]] = defaultdict(list)
    for person in people:
        for word in _spoken_words(person):
            for run, first in (found for sound in near_of(word[0]) for found in heard_at.get(sound, ())):
                heard = run[first : first + len(word)]
                start, end = heard[0].start, heard[-1].end
                cost = None
                if len(heard) == len(word) and (start, end) not in taken:
                    cost = _cost(word, heard, text, end)
                if cost is not None:
                    sounding[start, end].append((cost, person, word))
    for (start, end), those in sounding.items():
        nearest = min(cost for cost, _person, _word in those) if is_han(text[start:end]) else _ANY_COST
        for cost, person, word in those:
            if cost <= nearest:
                add(start, end, person, _how_alike(text[start:end], word))


def _how_alike(written: str, word: str) -> str:
    """The kind of evidence that words are which aren't quite somebody's."""
    if written == word:
        return "full_name"
    pairs = [(one, other) for one, other in zip(written, word, strict=False) if one != other]
    alike = len(written) == len(word) and all(
        looks_like(one, other) and not sounds_of(one) & sounds_of(other) for one, other in pairs
    )
    return "lookalike" if alike else "homophone"


def _add_initials(text: str, people: Sequence[Known], add: "_Add") -> None:
    """lyf."""
    for match in LETTERS.finditer(text):
        for person in people:
            if not person.company and 2 <= len(person.name) == len(match[0]) and _are_initials(match[0], person.name):
                add(match.start(), match.end(), person, "initials")


def _spoken_words(person: Known) -> list[str]:
    words = (
        [one for one in person.aliases if len(one) >= 3]
        if person.company
        else [person.name, person.given, *person.aliases]
    )
    return list(dict.fromkeys(word for word in words if len(word) >= 2 and not LETTERS.search(word)))


def _cost(word: str, heard: list[Unit], text: str, end: int) -> int | None:
    """How far what is heard is from this word; None where it can't be it. Two syllables are soon alike by chance: they
    must stand where a person's name does, and one of them must be the very character, or be spelled in letters."""
    cost = exact = 0
    for character, one in zip(word, heard, strict=True):
        if character == one.word:
            exact += 1
            continue
        if one.sounds & sounds_of(character):
            cost += _SAME_COST
            exact += one.word.isascii()
        elif one.near & near_of(character):
            if len(word) == 2 and looks_like(one.word, character):
                return None  # of two characters a look is too little
            cost += _NEAR_COST
            exact += one.word.isascii()
        else:
            return None
    if cost > len(word) or (len(word) == 2 and not (exact and _ACTS.match(text, end))):
        return None
    return cost


def _are_initials(letters: str, name: str) -> bool:
    return all(letter in begins for letter, begins in zip(letters.lower(), first_letters(name), strict=True))


_KIN = "儿子|女儿|老公|老婆|媳妇|阿公|爷爷|奶奶|阿婆|孙子|弟弟|哥哥|阿弟|阿哥|姐姐|妹妹"
_BOTH = re.compile(
    f"[跟和同][他她]?(?:{_KIN})|(?:他们|两)?(父子|父女|母子|母女|爷|爷儿)(?:们?[俩两]个?)?|(夫妻|两口子|夫妇)(?:[俩两]个?)?"
    "|一家(?:三口|四口|人|子)?都?"
)
_CHILD = re.compile(f"[大小二三]?({_KIN})$")
_PARENT = re.compile("\0*[,，]?(?:的|他|她)?(妈|娘|爸|爹|老爸|老妈|阿爸|阿妈|姆妈|老娘|老子)+")
_SOMEBODYS = re.compile(f"的?(?:家)?(有个|一个|[两几]个|[大小])?({_KIN})")
_ANY_KIN = re.compile(f"{_KIN}|[父母]|爷|夫|两口子|一家|[妈娘爸爹]|老子|阿[爸妈]")
_FOR_HIM = re.compile("[讲说](?!漏)|替|代他|帮[他她]|愿意|肯|来电话|打电话")
"""Behind a relative: it is the debtor's matter that they speak of."""
_THEIR = re.compile(f"[他她](?:的|们)?({_KIN})")


def _called(person: Known) -> set[str]:
    """What somebody is called, for others to be called after: 金土 of 金土儿子."""
    return {word for word in (person.name, person.given, *person.aliases) if len(word) >= 2}


def speaks_of_kin(text: str) -> bool:
    """Whether somebody's relatives may be meant."""
    return bool(_ANY_KIN.search(text))


def kin_traces(person: Known) -> set[str]:
    """What somebody's relatives are called after, and whom they are called after: 金土 of 金土儿子."""
    stems = {_CHILD.sub("", alias) for alias in person.aliases if _CHILD.search(alias)}
    return {word[:2] for word in _called(person) | stems if len(word) >= 2}


def _relatives(people: Sequence[Known]) -> list[tuple[Known, str, Known]]:
    """Who is known as somebody's kin: the relative, how (儿子), and whose."""
    found = []
    for relative in people:
        for alias in relative.aliases:
            how = _CHILD.search(alias)
            stem = alias[: how.start()] if how else ""
            found += [(relative, how[1], one) for one in people if how and stem in _called(one)]
    return found


def _add_kin(text: str, people: Sequence[Known], add: "_Add", found: dict[tuple[int, int], "Mention"]) -> None:
    """岳松父子俩: also the one who is known as 岳松儿子. 老潘儿子: he and not 老潘. 浩浩妈妈, 浩浩没来，他妈来了: 丽萍,
    where 浩浩 is 丽萍儿子. 帆帆陪他阿公: also the one who is known as 帆帆阿公."""
    relatives = _relatives(people)
    by_id = {person.id: person for person in people}
    for mention in list(found.values()):
        if mention.start < 0:
            continue
        meant = {by_id[key] for key in mention.options}
        theirs = [(relative, how, whose) for relative, how, whose in relatives if whose in meant]
        after, parent = _SOMEBODYS.match(text, mention.end), _PARENT.match(text, mention.end)
        end, others = 0, list[Known]()
        if after:
            end, many = after.end(), (after[1] or "").endswith("个")
            others = [one for one, how, _whose in theirs if how == after[2]]
            others += [one for one in _younger(meant, after[2], people) if one not in others and (many or not others)]
        elif parent:
            end, mother = parent.end(), parent[1][-1] in "妈娘"
            others = [
                whose
                for child, how, whose in relatives
                if child in meant and how in ("儿子", "女儿") and mother == (whose.gender == "女")
            ]
        if others and not _FOR_HIM.search(text, end):
            del found[mention.start, mention.end]
            each = bool(after and after[1] in ("两个", "几个"))  # all of them are meant, else one of them
            for place, one in enumerate(others):
                add(mention.start + each * place, end + each * place, one, "kin")
            continue
        for match in _BOTH.finditer(text, mention.end) if len(meant) == 1 else ():
            for place, (relative, _how, _whose) in enumerate(theirs) if match.start() <= mention.end + 1 else ():
                add(match.start() + place, match.end() + place, relative, "kin")
        for match in _THEIR.finditer(text, mention.end) if len(meant) == 1 else ():
            for relative, how, _whose in theirs:
                if how == match[1]:
                    add(match.start(), match.end(), relative, "kin")


def _younger(parents: set[Known], how: str, people: Sequence[Known]) -> list[Known]:
    """Who of the family can be the son or daughter."""
    gender = {"儿子": "男", "女儿": "女"}.get(how)
    return [
        one
        for one in people
        if gender
        and one.gender == gender
        and any(
            one.surname == parent.surname and one.age and parent.age and parent.age - one.age >= _GENERATION
            for parent in parents
        )
    ]


_BROTHERS = re.compile(
    "(?=([\u4e00-\u9fa5]{1,2})(?:家|的)(?:的)?(?:两|俩|老的)?(兄弟|爷|父子|姐妹|姊妹)(?:俩|两个|两人|二人)?)"
)
_ONE_OF = re.compile("(?=([\u4e00-\u9fa5]{1,2})(?:家|的)(?:里|兄弟)?(?:有|的)?(?:哪|那)?(?:一)?个)")


def _add_families(text: str, people: Sequence[Known], add: "_Add") -> None:
    """毛家两兄弟, 俞家爷俩: those of the surname who can be that to each other. 潘家有个人: any of them."""
    for match in _BROTHERS.finditer(text):
        gender = "男" if match[2] in ("兄弟", "爷", "父子") else "女"
        family = [one for one in people if not one.company and one.surname == match[1] and one.gender in (gender, "")]
        pairs = [
            (one, other)
            for one, other in combinations(family, 2)
            if one.age is None
            or other.age is None
            or (abs(one.age - other.age) >= _GENERATION) == (match[2] in ("爷", "父子"))
        ]
        if len(pairs) == 1:
            for place, person in enumerate(pairs[0]):
                add(match.start() + place, match.end(1) + 2 + place, person, "kin")
    for match in _ONE_OF.finditer(text):
        for person in people:
            if not person.company and person.surname == match[1]:
                add(match.start(), match.end(1) + 1, person, "surname")


_Fits = Callable[[Known], bool]
_LOOKS: tuple[tuple[re.Pattern[str], _Fits], ...] = (
    (re.compile("老头|老人|老伯|老爷子|老大爷|老太|年纪大"), lambda one: one.age is None or one.age >= 60),
    (re.compile("小鬼|小伙|后生|年轻|小年轻|小子|小青年"), lambda one: one.age is None or one.age <= 40),
    (re.compile("女(?!儿|婿|友|士)|老太|大姐|大嫂|妇女|姑娘|老板娘"), lambda one: one.gender != "男"),
    (re.compile("男的|男人|老头|小伙|后生|小子"), lambda one: one.gender != "女"),
)
"""What is seen of somebody, and of whom it can be."""
_MEASURES = tuple("万千块元天个斤里公")
_DECADES = {digit: 10 * number for number, digit in enumerate("一二三四五六七八九", 1)} | {"": 10}
_SPOKEN_AGE = re.compile(r"([一二三四五六七八九]?)十[多来几](?:岁)?|([1-9])0多(?:岁)?|(?<!\d)([1-9]\d)岁")


def _looks(text: str) -> _Fits:
    """Whether what is said of somebody's looks and years can be a person."""
    seen = [fits for looks, fits in _LOOKS if looks.search(text)]
    said = _SPOKEN_AGE.search(text)
    if said and text[said.end() : said.end() + 1] not in _MEASURES:
        years = int(said[3] or 0) or 10 * int(said[2] or 0) or _DECADES[said[1]]
        first, last = (years - 2, years + 2) if said[3] else (years - 1, years + 10)
        seen.append(lambda one: one.age is None or first <= one.age <= last)
    return lambda one: all(fits(one) for fits in seen)


_SOMEONE = re.compile("有人|那个|那家|那户|那[对两]|老头|老人|老太|小鬼|后生|小伙|女的|男的|这家|人回来|灯亮")


def speaks_of_a_house(text: str) -> bool:
    """Whether somebody unnamed, or what goes on somewhere, may be meant by the place."""
    return bool(_SOMEONE.search(text)) or speaks_of_goods(text)


def _housed(people: Sequence[Known], text: str) -> list[Known]:
    """Those whose house stands in the text."""
    return [person for person in people if len(person.hint) >= 2 and person.hint in text]


def _add_hints(text: str, people: Sequence[Known], fits: "_Fits", add: "_Add") -> None:
    """Nobody is named, but somebody at a debtor's door: 石头屋那个小鬼, 大会堂对面有人."""
    if not speaks_of_a_house(text):
        return
    found = _housed(people, text)
    longest = max((len(one.hint) for one in found), default=0)
    for person in found:
        if len(person.hint) == longest and (person.company or fits(person)):
            start = text.find(person.hint)
            add(start, start + longest, person, "address")


def _by_age(family: list[Known], *, oldest: bool) -> list[Known]:
    """The one whom 老 or 小 means where ages are far apart; all of them where they aren't, or aren't known."""
    if len(family) < 2 or any(person.age is None for person in family):
        return family
    ordered = sorted(family, key=lambda person: person.age or 0, reverse=oldest)
    first = ordered[0].age or 0
    return [person for person in ordered if abs(first - (person.age or 0)) < _AGE_GAP]


def _may_be_old(person: Known) -> bool:
    """Whether 老 before the surname can mean them: nobody says it of a woman, or of the young."""
    return person.gender != "女" and (person.age is None or person.age >= _OLD)


def _is_revered(person: Known) -> bool:
    """Known as 有根公 or 火根伯: nobody says 老施 or 施老板 to them."""
    return (person.age or 0) >= 70 and any(alias.endswith(("公", "伯", "爷", "婆", "奶")) for alias in person.aliases)


_FAMILY = re.compile(f"(?<=[老小姓])([\u4e00-\u9fa5])|([\u4e00-\u9fa5])(?={_TITLES})")
_PET = re.compile(r"(?<=[阿小])([\u4e00-\u9fa5])")


def family_traces(text: str) -> list[str]:
    """The characters that can stand for a surname here (老林, 林老板), of which the whole family is asked; of a
    compound surname its first and, before a title, its last."""
    found = {one for match in _FAMILY.finditer(text) for one in match.groups() if one}
    found |= {one for pattern in (_BROTHERS, _ONE_OF) for match in pattern.finditer(text) for one in match[1]}
    found |= {name[0] for name in COMPOUND if name in text}
    return sorted(found | {name[0] for name in COMPOUND if name[1] in found})


def pet_traces(text: str) -> list[str]:
    """The characters behind 阿 and 小: 阿福 may be 林永福."""
    return sorted({match[1] for match in _PET.finditer(text)})


_WEAKER = ("elder", "younger", "surname", "only_surname", "pet_name", "homophone", "lookalike", "initials")


def _settle_overlaps(mentions: list[Mention]) -> list[Mention]:
    """A longer stretch that covers a shorter one decides (林佳佳 isn't 林佳), and of the same words a nickname or
    name outweighs a surname (杜老师 is the one who is called that)."""
    for mention in mentions:
        named = {key: value for key, value in mention.options.items() if value[0] not in _WEAKER}
        if any(kind != "taught" for kind, _word in named.values()):
            mention.options = named
    return [
        one
        for one in mentions
        if not any(
            other is not one
            and other.start <= one.start
            and one.end <= other.end
            and other.end - other.start > one.end - one.start
            for other in mentions
        )
    ]


def resolve(mentions: list[Mention], people: dict[int, Known]) -> tuple[tuple[Guess, ...], bool]:
    certain = {next(iter(m.options)) for m in mentions if len(m.options) == 1}
    chosen = set(certain)
    ambiguous = False
    for mention in mentions:
        options = set(mention.options)
        if len(options) == 1 or options & certain:
            continue
        narrowed = options
        for other in mentions:
            if options & set(other.options):
                narrowed = narrowed & set(other.options)
        narrowed = narrowed or options
        chosen |= narrowed
        ambiguous = ambiguous or len(narrowed) > 1
    guesses = []
    for person_id in people:
        if person_id in chosen:
            mine = [one for one in mentions if person_id in one.options]
            evidence = [one.options[person_id] for one in mine]
            evidence += [("taught", word) for one in mine for word in one.words_taught(person_id)]
            if people[person_id].seen:
                evidence.append(("seen", ""))
            doubted = [("doubted", word) for kind, word in evidence if word in people[person_id].doubted]
            if doubted and not any(WEIGHTS[kind] >= _SURE for kind, _word in evidence):
                evidence += doubted
                ambiguous = True
            guesses.append(Guess(person_id, tuple(dict.fromkeys(evidence))))
    unsure = len(guesses) == 1 and {kind for kind, _word in guesses[0].evidence} <= {"taught", "seen"}
    return tuple(sorted(guesses, key=lambda guess: (-len(guess.evidence), guess.debtor_id))), ambiguous or unsure


def stretches_of(mentions: Iterable[Mention], people: dict[int, Known]) -> list[Stretch]:
    """Where somebody is meant, without overlaps, for whoever reads the rest of the text."""
    found: list[Stretch] = []
    for one in sorted(mentions, key=lambda one: (one.start, one.start - one.end)):
        housed = all(kind == "address" for kind, _word in one.options.values())
        if one.start >= (found[-1][1] if found else 0) and not housed:
            company = all(people[key].company for key in one.options)
            found.append((one.start, one.end, COMPANY if company else SOMEBODY))
    return found


def signs_of(mentions: Iterable[Mention]) -> set[str]:
    """By which kinds of evidence somebody was found."""
    return {kind for one in mentions for kind, _word in one.options.values()}


class _Add(Protocol):
    """The signature of the collector that the finders call."""

    def __call__(self, start: int, end: int, person: Known, kind: str) -> None: ...
