"""Who is meant, in the words people use: names as they are written and as they sound, trades, and what the other nouns
find. Pure: a text and the people it can be about; each find comes with its evidence, a kind and the words.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from storage.cases.number import find_case_nos, find_case_tails
from storage.engine.text import company_names
from storage.reading.classifier import COMPANY, SOMEBODY, Stretch
from storage.reading.evidence import SURE, WEAKER, WEIGHTS, Add, Guess, Known, Mention, is_weak, occurrences, points
from storage.reading.kin import ACTS, Fits, add_families, add_hints, add_kin, add_surnames, looks
from storage.reading.owing import OWED_TO, owing_to
from storage.reading.plates import add_plates
from storage.reading.sound import LETTERS, Syllable, first_letters, is_han, looks_like, near_of, sounds_of, units
from storage.reading.sums import owed_in

_ENOUGH = 60
_MANY = 12
"""Words that can mean more people than this tell nothing."""


def who(text: str, circles: Sequence[Sequence[Known]]) -> tuple[list[Mention], dict[int, Known]]:
    """Finds the mentions of the first circle in which somebody is spoken of, and its people. Whose very name stands in
    the text is meant from whatever circle; and a name that is only a part of such a one (叶青 of 叶青山) isn't one."""
    for place, people in enumerate(circles):
        inner = {person.id for person in people}
        # 1. Full names in the text, of people who live further out than this circle.
        named = [
            (start, start + len(person.name), person)
            for circle in circles[place + 1 :]
            for person in circle
            if len(person.name) > 2 and not person.company and person.id not in inner
            for start in occurrences(text, person.name)
        ]
        # 2. What the text says of this circle's own people, by any sign; not where it cuts a name of 1. in two.
        found = _settle_overlaps(_mentions(text, people))
        own = [
            one
            for one in found
            if not any(
                start < one.end
                and one.start < end
                and not (one.start <= start and end <= one.end and "full_name" in _kinds(one))
                for start, end, _person in named
            )
        ]
        # 3. Nobody in particular: the next circle is asked. The last one answers, however vaguely.
        known = {person.id: person for person in people}
        if all(one.crowd for one in own):
            if own and place == len(circles) - 1:
                return own, known
            continue
        # 4. Somebody is meant here; those of 1. are meant beside them.
        for start, end, person in named:
            if not any(start < one.end and one.start < end for one in own):
                own.append(Mention(start, end, {person.id: ("full_name", person.name)}))
                known[person.id] = person
        return sorted(own, key=lambda one: (one.start, one.end)), known
    return [], {}


def _kinds(mention: Mention) -> set[str]:
    return {kind for kind, _word in mention.options.values()}


_BESIDE = re.compile("(隔壁|对面|旁边|边上|楼上|楼下)$")


def without_places(mentions: list[Mention], people: dict[int, Known], text: str, place: str) -> list[Mention]:
    """Drops mentions that only say where: somebody is beside a company's works, or next door to somebody."""
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

    def add(start: int, end: int, person: Known, kind: str, word: str = "") -> None:
        mention = found.setdefault((start, end), Mention(start, end))
        mention.options.setdefault(person.id, (kind, word or text[start:end]))

    sums = owed_in(text)
    owed_yuan = {int(one.yuan) for one in sums}
    for one in sums:
        for person in people:
            if int(one.yuan) in person.amounts:
                add(one.start, one.end, person, "amount")
    owed = [match for pattern in OWED_TO for match in pattern.finditer(text)]
    for match in owed:
        owing = owing_to(match[1], people)
        due = [person for person in owing if owed_yuan & set(person.amounts)]
        for person in due or owing:
            add(match.start(), match.end(), person, "creditor")
    searchable = text
    for match in owed:
        searchable = searchable[: match.start()] + "\0" * (match.end() - match.start()) + searchable[match.end() :]
    for person in people:
        for word, kind in _words_for(person):
            for start in occurrences(searchable, word):
                if not _is_part(searchable, start, word, kind, person):
                    add(start, start + len(word), person, kind)
    _add_trades(searchable, people, add)
    _add_cases(text, people, add)
    add_plates(text, people, add)
    fits = looks(searchable)
    add_surnames(searchable, people, fits, add)
    _add_sounds(searchable, people, add, set(found))
    _add_initials(searchable, people, add)
    add_families(searchable, people, add)
    add_kin(searchable, people, add, found)
    if not found:
        add_hints(searchable, people, fits, add)
    _add_lessons(searchable, people, found)
    _narrow(found.values(), {person.id: person for person in people}, looks(text))
    return sorted(found.values(), key=lambda one: (one.start, one.end))


SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
    "姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤应施詹麻"
    "樊楼郦厉骆"
)
_GIVEN = frozenset(
    "伟民慧明华强军平芳英丽敏静秀娟霞红玲兰桂珍云燕萍莉梅娜艳杰涛斌波辉刚勇毅俊峰磊鹏飞宇浩轩涵欣怡佳琪国建文志海永"
    "福金木水根土财富贵生荣宝林松青春成立良庆新东南北光亮晓晨阳龙虎豪雄超群才德义仁礼智信忠孝康宁安泰祥瑞兴旺发达元亨"
    "利贞善美善琴凤仙花菊莲荷娥妹珠玉翠香月雪冰洁莹颖婷雅倩薇蓉芬芝琼瑶琳瑜嘉家豪凯恒彬彪钢铁柱栋梁楠柏槐柳茂盛昌隆"
)
"""Characters that go on a name."""
_BEFORE_A_NAME = frozenset("在是和跟同与见到的叫给被把让,，。.!！;；：: ")
_ORDINARY = frozenset(
    re.findall(
        "..",
        "国庆元旦春节清明中秋端午太平长江高兴小学小车小店小区小时小心小孩小路小河小山小石小麻金华永康义乌东阳兰溪江山龙泉"
        "青田松阳云和庆元景宁缙云遂昌建德富阳临安海宁平湖桐乡安吉长兴德清上虞诸暨新昌余姚慈溪奉化宁海象山瑞安乐清永嘉"
        "平阳苍南文成泰顺温岭临海玉环仙居天台三门常山开化龙游",
    )
)
"""Given names that are more often feasts, towns or words."""


def _narrow(mentions: Iterable[Mention], people: dict[int, Known], fits: Fits) -> None:
    """Keeps, of those whom a mention can mean, the ones whose looks fit."""
    for mention in mentions:
        right = {key: value for key, value in mention.options.items() if fits(people[key])}
        mention.options = right if len(mention.options) > 1 and right else mention.options
        mention.crowd = len(mention.options) > _MANY


def _is_part(text: str, start: int, word: str, kind: str, person: Known) -> bool:
    """Tells whether two characters are a part of somebody else's name (王伟 in 王伟民来了, 建国 in 李建国在家), or no
    name at all (国庆回来, 去金华)."""
    if kind == "pet_name":
        return word in _ORDINARY and not ACTS.match(text, start + 2)
    if person.company or len(word) != 2 or not (kind == "full_name" or word == person.given):
        return False
    end = start + 2
    following = text[end : end + 1]
    if following in _GIVEN and not ACTS.match(text, end) and ACTS.match(text, end + 1):
        return True
    if kind == "full_name":
        return False
    before, boundary = text[start - 1 : start], text[start - 2 : start - 1]
    another = before in SURNAMES and before != person.surname and (not boundary or boundary in _BEFORE_A_NAME)
    return bool(before) and (another or (word in _ORDINARY and before not in ",，。.!！;；：: "))


def _add_lessons(text: str, people: Sequence[Known], found: dict[tuple[int, int], Mention]) -> None:
    """Adds people by the words that came to mean them.

    Taught once, a word makes somebody a candidate; taught again, it outweighs what else the word can mean, except
    somebody's very name or nickname.
    """
    for person in people:
        for word, kind in [*((one, "taught") for one in person.taught), *((one, "learned") for one in person.learned)]:
            for start in occurrences(text, word):
                mention = found.setdefault((start, start + len(word)), Mention(start, start + len(word)))
                mention.taught.add(person.id)
                if person.id not in mention.options or (kind == "learned" and is_weak(mention.options[person.id])):
                    mention.options[person.id] = (kind, word)
    for mention in found.values():
        kinds = {kind for kind, _word in mention.options.values()}
        if "full_name" in kinds:
            mention.options = {key: one for key, one in mention.options.items() if one[0] not in ("taught", "learned")}
        elif "learned" in kinds:
            mention.options = {key: one for key, one in mention.options.items() if not is_weak(one)}


def _words_for(person: Known) -> Iterable[tuple[str, str]]:
    yield person.name, "full_name"
    yield from _around_the_dot(person.name)
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


def _around_the_dot(name: str) -> Iterable[tuple[str, str]]:
    """Yields how a name with a dot is said: without it, and by its first part, which is what people call them."""
    first, dot, _rest = name.partition("·")
    if dot:
        yield from ((name.replace("·", between), "full_name") for between in (".", ""))
    if dot and len(first) >= 2:
        yield first, "given_name"


_TRADE = "(?:的|那|这|佬|小哥|师傅|老板|老头|后生)"


@lru_cache(4096)
def _trade(alias: str) -> re.Pattern[str] | None:
    """Matches what is said for 送外卖的: 送外卖那个, 跑外卖的, 外卖小哥. Returns None for an alias that is no trade."""
    if len(alias) < 3 or not alias.endswith("的") or not is_han(alias):
        return None
    stem, what = re.escape(alias[:-1]), re.escape(alias[1:-1])
    by_thing = f"|{what}(?:的那|那|小哥|师傅|佬)" if len(alias) > 3 else ""
    return re.compile(f"{stem}{_TRADE}{by_thing}")


def _add_trades(text: str, people: Sequence[Known], add: Add) -> None:
    for person in people:
        for alias in person.aliases:
            pattern = None if person.company else _trade(alias)
            for match in pattern.finditer(text) if pattern else ():
                add(match.start(), match.end(), person, "alias")


def _add_cases(text: str, people: Sequence[Known], add: Add) -> None:
    """Adds those whose case number is said, whole or in part.

    Each number that is said is a mention of its own; the stretches stand before the text, apart from all words.
    """
    whole = sorted({str(number) for number in find_case_nos(text)})
    said = whole or [f"{kind}{sequence}号" for kind, sequence in find_case_tails(text)]
    for person in people:
        for number in person.case_nos:
            for place, ending in enumerate(dict.fromkeys(said)):
                if number == ending or (not whole and number.endswith(ending)):
                    add(-102 - 2 * place, -101 - 2 * place, person, "case_no", ending)


_NEAR_COST, _SAME_COST, _ANY_COST = 2, 1, 99
"""How far a syllable is from the one that is written: heard as its neighbour, or the same sound."""


def _add_sounds(text: str, people: Sequence[Known], add: Add, taken: set[tuple[int, int]]) -> None:
    """Finds names that are written as they sound (林永付, linyongfu, 何伟min).

    Of what is written in characters the nearest sound decides; letters leave it open how they are meant.
    """
    heard_at: dict[str, list[tuple[Sequence[Syllable], int]]] = defaultdict(list)
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
                if len(heard) == len(word) and (start, end) not in taken and text[start:end] != word:
                    cost = _cost(word, heard, text, end)
                if cost is not None:
                    sounding[start, end].append((cost, person, word))
    for (start, end), those in sounding.items():
        nearest = min(cost for cost, _person, _word in those) if is_han(text[start:end]) else _ANY_COST
        for cost, person, word in those:
            if cost <= nearest:
                add(start, end, person, _how_alike(text[start:end], word))


def _how_alike(written: str, word: str) -> str:
    """Returns the kind of evidence for words that only look or sound like somebody's."""
    pairs = [(one, other) for one, other in zip(written, word, strict=False) if one != other]
    alike = len(written) == len(word) and all(
        looks_like(one, other) and not sounds_of(one) & sounds_of(other) for one, other in pairs
    )
    return "lookalike" if alike else "homophone"


def _add_initials(text: str, people: Sequence[Known], add: Add) -> None:
    """Finds people by the initials of their name: lyf."""
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


def _cost(word: str, heard: Sequence[Syllable], text: str, end: int) -> int | None:
    """Measures how far what is heard is from this word; None where it can't be it.

    Two syllables are soon alike by chance: they must stand where a person's name does, and one of them must be the very
    character, or be spelled in letters.
    """
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
    if cost > len(word) or (len(word) == 2 and not (exact and ACTS.match(text, end))):
        return None
    return cost


def _are_initials(letters: str, name: str) -> bool:
    return all(letter in begins for letter, begins in zip(letters.lower(), first_letters(name), strict=True))


def _settle_overlaps(mentions: list[Mention]) -> list[Mention]:
    """Settles which mention counts where several overlap.

    A longer stretch that covers a shorter one decides (林佳佳 isn't 林佳), and of the same words a nickname or name
    outweighs a surname (杜老师 is the one who is called that).
    """
    for mention in mentions:
        named = {key: value for key, value in mention.options.items() if value[0] not in WEAKER}
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
    """Decides who is meant, best first, and whether that stays open.

    Of a text that says the same over and over the first mentions are enough.
    """
    mentions = mentions[:_ENOUGH]
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
            doubted = [
                ("doubted", word) for kind, word in evidence if kind != "learned" and word in people[person_id].doubted
            ]
            if doubted and not any(WEIGHTS[kind] >= SURE for kind, _word in evidence):
                evidence += doubted
                ambiguous = True
            guesses.append(Guess(person_id, tuple(dict.fromkeys(evidence))))
    unsure = len(guesses) == 1 and {kind for kind, _word in guesses[0].evidence} <= {"taught", "seen"}
    best = sorted(guesses, key=lambda one: (-points(one.evidence), -len(one.evidence), one.debtor_id))
    return tuple(best), ambiguous or unsure


def stretches_of(mentions: Iterable[Mention], people: dict[int, Known]) -> list[Stretch]:
    """Lists where somebody is meant, without overlaps, for whoever reads the rest of the text."""
    found: list[Stretch] = []
    for one in sorted(mentions, key=lambda one: (one.start, one.start - one.end)):
        housed = all(kind == "address" for kind, _word in one.options.values())
        if one.start >= (found[-1][1] if found else 0) and not housed:
            company = all(people[key].company for key in one.options)
            found.append((one.start, one.end, COMPANY if company else SOMEBODY))
    return found


def signs_of(mentions: Iterable[Mention]) -> set[str]:
    """Lists the kinds of evidence by which somebody was found."""
    return {kind for one in mentions for kind, _word in one.options.values()}
