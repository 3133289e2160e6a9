"""Whom a surname, a relative, looks, years or a house can mean: 老林, 老潘儿子, 毛家两兄弟, 七十多那个. Pure."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations

from storage.reading.classifier import speaks_of_goods
from storage.reading.evidence import COMPOUND, Add, Known, Mention
from storage.reading.sums import numeral

Fits = Callable[[Known], bool]
_TITLES = (
    "老板|师傅|总(?![共是算之会])|大姐|大哥|大妈|大伯|大爷|大叔|阿姨|阿婆|婆婆|奶奶|姑娘|嫂|婶|公|伯|叔|哥|姐|什么"
    "|那(?:小子|后生|老头|家伙)"
)
_FEMALE = ("大姐", "大妈", "阿姨", "阿婆", "婆婆", "奶奶", "姑娘", "嫂", "婶", "姐")
_OLD = 35
"""Years from which somebody may be called 老."""
_GENERATION = 18
_AGE_GAP = 12
"""Years between two people of one surname from which 老 and 小 tell them apart."""


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


def add_surnames(text: str, people: Sequence[Known], fits: Fits, add: Add) -> None:
    """Finds 老林, 小林, 林老板, 姓林的: those of a family who fit by age, looks and house."""
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
            if ACTS.match(text, match.end()):
                for person in family:
                    add(match.start(), match.end(), person, "surname" if len(family) > 1 else "only_surname")
        for match in forms.titled.finditer(text):
            title = match[1] or ""
            titled = [p for p in family if not (title in _FEMALE and p.gender == "男")]
            for person in titled:
                add(match.start(), match.end(), person, "surname" if len(titled) > 1 else "only_surname")


ACTS = re.compile(
    "(?:刚刚?|又|已经|也|都|还|正|今天|昨天|昨晚|今晚|现在|们|他们|一个人|父子|母子|夫妻|一家|两个|[俩的])*"
    "(?:回|在|来|走|到|出现|露面|说|讲|想|把|开|躲|跑|住|坐|停|要|和|跟|同|与|返|去|从|愿|欠|被|进|叫|给|做|卖|买|打|吃|喝|抽|帮|送|拿|托|zai|hui|lai|[,，。.!！;；\\s]|$)"
)
"""Behind a name: what people do."""
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
    """Lists what somebody is called that others can be called after: 金土 in 金土儿子."""
    return {word for word in (person.name, person.given, *person.aliases) if len(word) >= 2}


def speaks_of_kin(text: str) -> bool:
    """Tells whether the text may mean somebody's relatives."""
    return bool(_ANY_KIN.search(text))


def kin_traces(person: Known) -> set[str]:
    """Lists what somebody's relatives are called after, and whom somebody is called after: 金土 in 金土儿子."""
    stems = {_CHILD.sub("", alias) for alias in person.aliases if _CHILD.search(alias)}
    return {word[:2] for word in _called(person) | stems if len(word) >= 2}


def _relatives(people: Sequence[Known]) -> list[tuple[Known, str, Known]]:
    """Finds who is known as somebody's kin, each as the relative, how they are related (儿子), and to whom."""
    found = []
    for relative in people:
        for alias in relative.aliases:
            how = _CHILD.search(alias)
            stem = alias[: how.start()] if how else ""
            found += [(relative, how[1], one) for one in people if how and stem in _called(one)]
    return found


def add_kin(text: str, people: Sequence[Known], add: Add, found: dict[tuple[int, int], Mention]) -> None:
    """Adds relatives of those who are mentioned.

    In 岳松父子俩 also the one who is known as 岳松儿子. In 老潘儿子 he and not 老潘. In 浩浩妈妈, or
    浩浩没来，他妈来了: 丽萍, where 浩浩 is 丽萍儿子. In 帆帆陪他阿公 also the one who is known as 帆帆阿公.
    """
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
    """Finds who of the family can be the son or daughter."""
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


def add_families(text: str, people: Sequence[Known], add: Add) -> None:
    """Finds 毛家两兄弟, 俞家爷俩: the two of the surname who can be that to each other; 潘家有个人: any of them."""
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


_LOOKS: tuple[tuple[re.Pattern[str], Fits], ...] = (
    (re.compile("老头|老人|老伯|老爷子|老大爷|老太|年纪大"), lambda one: one.age is None or one.age >= 60),
    (re.compile("小鬼|小伙|后生|年轻|小年轻|小子|小青年"), lambda one: one.age is None or one.age <= 40),
    (re.compile("女(?!儿|婿|友|士)|老太|大姐|大嫂|妇女|姑娘|老板娘"), lambda one: one.gender != "男"),
    (re.compile("男的|男人|老头|小伙|后生|小子"), lambda one: one.gender != "女"),
)
"""What is seen of somebody, and of whom it can be."""
_MEASURES = tuple("万千块元天个斤里公")
_SPOKEN_AGE = re.compile(r"([一二三四五六七八九]?)十[多来几](?:岁)?|([1-9])0多(?:岁)?|(?<!\d)([1-9]\d)岁")


def looks(text: str) -> Fits:
    """Returns a check whether a person can fit what is said of somebody's looks and age."""
    seen = [fits for looks, fits in _LOOKS if looks.search(text)]
    said = _SPOKEN_AGE.search(text)
    if said and text[said.end() : said.end() + 1] not in _MEASURES:
        years = int(numeral(said[3] or (f"{said[2]}0" if said[2] else f"{said[1]}十")) or 0)
        first, last = (years - 2, years + 2) if said[3] else (years - 1, years + 10)
        seen.append(lambda one: one.age is None or first <= one.age <= last)
    return lambda one: all(fits(one) for fits in seen)


_SOMEONE = re.compile("有人|那个|那家|那户|那[对两]|老头|老人|老太|小鬼|后生|小伙|女的|男的|这家|人回来|灯亮")


def speaks_of_a_house(text: str) -> bool:
    """Tells whether the text may mean, by naming a place, somebody unnamed or what goes on there."""
    return bool(_SOMEONE.search(text)) or speaks_of_goods(text)


def _housed(people: Sequence[Known], text: str) -> list[Known]:
    """Finds those whose house stands in the text."""
    return [person for person in people if len(person.hint) >= 2 and person.hint in text]


def add_hints(text: str, people: Sequence[Known], fits: Fits, add: Add) -> None:
    """Finds people who aren't named by the house that is: 石头屋那个小鬼, 大会堂对面有人."""
    if not speaks_of_a_house(text):
        return
    found = _housed(people, text)
    longest = max((len(one.hint) for one in found), default=0)
    for person in found:
        if len(person.hint) == longest and (person.company or fits(person)):
            start = text.find(person.hint)
            add(start, start + longest, person, "address")


def _by_age(family: list[Known], *, oldest: bool) -> list[Known]:
    """Picks the one whom 老 or 小 means where ages are far apart; all where they aren't, or where one isn't known."""
    if len(family) < 2 or any(person.age is None for person in family):
        return family
    ordered = sorted(family, key=lambda person: person.age or 0, reverse=oldest)
    first = ordered[0].age or 0
    return [person for person in ordered if abs(first - (person.age or 0)) < _AGE_GAP]


def _may_be_old(person: Known) -> bool:
    """Tells whether 老 before the surname can mean them: nobody says it of a woman, or of the young."""
    return person.gender != "女" and (person.age is None or person.age >= _OLD)


def _is_revered(person: Known) -> bool:
    """Tells whether somebody is known as 有根公 or 火根伯: nobody calls them 老施 or 施老板."""
    return (person.age or 0) >= 70 and any(alias.endswith(("公", "伯", "爷", "婆", "奶")) for alias in person.aliases)


_FAMILY = re.compile(f"(?<=[老小姓])([\u4e00-\u9fa5])|([\u4e00-\u9fa5])(?={_TITLES})")
_PET = re.compile(r"(?<=[阿小])([\u4e00-\u9fa5])")


def family_traces(text: str) -> list[str]:
    """Lists the characters that can stand for a surname here (老林, 林老板); the whole family is looked up by them.

    Of a compound surname it lists the first and, before a title, the last.
    """
    found = {one for match in _FAMILY.finditer(text) for one in match.groups() if one}
    found |= {one for pattern in (_BROTHERS, _ONE_OF) for match in pattern.finditer(text) for one in match[1]}
    found |= {name[0] for name in COMPOUND if name in text}
    return sorted(found | {name[0] for name in COMPOUND if name[1] in found})


def pet_traces(text: str) -> list[str]:
    """Lists the characters after 阿 and 小: 阿福 may be 林永福."""
    return sorted({match[1] for match in _PET.finditer(text)})
