"""How characters sound, in Mandarin's syllables without tones, and as Zhejiang hears them.

The table beside this file has a line a syllable: the syllable, and the characters that can be read so. It was made from
pypinyin's data (`tests/reading/sounds.py`), which costs 57 MB in memory where this costs three.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

LETTERS = re.compile("[A-Za-z]+")
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
_HUSH = {"fu": "hu", "wu": "hu", "fo": "huo", "feng": "hong"}
_LONGEST = 6
_NOTHING = ("Zs", "So", "Sk", "Mn")
"""Kinds of characters that stand between others without parting them."""


_ALIKE = (
    "土士 未末 已己巳 日曰 戊戌戍 侯候 今令 钰珏 晴睛 婧靖 汩汨 茶荼 丙两 大太犬 夫天 干千于 王玉主 "
    "木术本 申甲由 元无 人入 刀力 乌鸟 方万 厂广 午牛 永水 辛幸 怡恰 冶治洽 沐沭 炳柄 琳淋 祥详 "
    "竿竽 粱梁 绢娟 育肓 若苦 莱菜 裕俗 贤坚 郁都 金全 阳阴 霞暇 冼洗 勤勒 华毕 启后 国围 坤神 "
    "堂常 学字 宜宣 容客 小少 岳兵 帅师 平乎 庄压 应庆 徐涂 志忘 思恩 恒桓 戴载 文交 明朋 昌冒 "
    "旭旮 月用 朱未 杨扬 林材 柏拍 桂挂 正止 毛手 江汪 沈沉 洪拱 源原 宋宁 傅博 陈阵 史吏 崔雀 "
    "宦官 施旅 戚威 柳抑 钱线 孙孔 季李秀 余佘 尹伊 来耒 晏宴 盛感 栗粟 娄委 郎朗 郭享 丁了 卜下 "
    "石右 田由 目自 代伐 仪议 兴关 凤风 吉古 昊吴 瑞端 祖租 科料 精清 素索 翔翊 良艮 芳芬 薛薜 "
    "衡横 谊谅 豪毫 贵责 辉挥 逢峰 锦绵 雄稚"
)
"""Characters that a tired eye or a finger on glass takes for one another, in groups."""


@cache
def _alike() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for group in _ALIKE.split():
        for one in group:
            found[one] |= set(group) - {one}
    return {one: frozenset(others) for one, others in found.items()}


def looks_like(one: str, other: str) -> bool:
    """Tells whether two characters are easily taken for each other by their looks."""
    return other in _alike().get(one, ())


class Syllable(NamedTuple):
    """One spoken syllable of a text: a character, or letters that spell one."""

    start: int
    end: int
    word: str
    sounds: frozenset[str]
    near: frozenset[str]
    """The same with what Zhejiang doesn't tell apart made one: n and l, zh and z, in and ing, h and f, hu and wu; and
    how those sound that look alike."""


@cache
def _table() -> tuple[dict[int, frozenset[str]], frozenset[str]]:
    """Loads the syllables of each character, and all syllables.

    A character is kept by its code point, which takes a third of the memory that the character itself takes.
    """
    sounds: dict[int, frozenset[str]] = {}
    shared: dict[frozenset[str], frozenset[str]] = {}
    syllables = set()
    with Path(__file__).with_name("sound.txt").open(encoding="utf-8") as lines:
        for line in lines:
            syllable, characters = line.split()
            syllables.add(syllable)
            alone = frozenset((syllable,))
            for code in map(ord, characters):
                known = sounds.get(code, frozenset()) | alone
                sounds[code] = shared.setdefault(known, known)
    return sounds, frozenset(syllables)


def is_han(text: str) -> bool:
    """Tells whether a text has only Chinese characters in it."""
    return all("\u4e00" <= one <= "\u9fff" for one in text)


def sounds_of(character: str) -> frozenset[str]:
    """Returns the syllables a character can be read as; itself where the table doesn't know it."""
    return _table()[0].get(ord(character)) or frozenset((character,))


@cache
def blurred(syllable: str) -> str:
    """Returns a syllable as it is heard where some sounds aren't told apart."""
    if not syllable.isascii():
        return syllable
    for initial, plain in _INITIALS:
        if syllable.startswith(initial):
            syllable = plain + syllable[len(initial) :]
            break
    syllable = _HUSH.get(syllable) or re.sub("^f(?=[aeo])", "hu", syllable)
    return re.sub("(?<=[ie])ng$", "n", syllable)


@cache
def _near(sounds: frozenset[str]) -> frozenset[str]:
    return frozenset(map(blurred, sounds))


def first_letters(name: str) -> list[set[str]]:
    """Lists how each syllable of a name can begin."""
    return [{sound[0] for sound in sounds_of(one)} for one in name]


def near_of(character: str) -> frozenset[str]:
    """Returns `sounds_of`, blurred."""
    return _near(sounds_of(character))


def spelled(letters: str) -> list[str]:
    """Finds the syllables that letters spell: huilai → hui, lai; empty where they spell none."""
    syllables = _table()[1]
    letters = letters.lower()
    best: list[list[str] | None] = [[]] + [None] * len(letters)
    for end in range(1, len(letters) + 1):
        for size in range(1, min(_LONGEST, end) + 1):
            before, last = best[end - size], letters[end - size : end]
            if before is not None and last in syllables:
                found = [*before, last]
                now = best[end]
                if now is None or len(found) <= len(now):
                    best[end] = found
    return best[-1] or []


@lru_cache(4096)
def _taken_for(character: str) -> frozenset[str]:
    """Returns how a Chinese character sounds, blurred, and how those sound that look like it."""
    return near_of(character).union(*map(near_of, _alike().get(character, ())))


@lru_cache(16)  # a message is gone through several times
def units(text: str) -> Sequence[Sequence[Syllable]]:
    """Splits a text into runs of syllables with nothing but blanks and emoji between them."""
    runs: list[list[Syllable]] = [[]]
    place = 0
    while place < len(text):
        letters = LETTERS.match(text, place)
        if letters:
            at = place
            for syllable in spelled(letters[0][:40]):
                heard = frozenset((syllable,))
                runs[-1].append(Syllable(at, at + len(syllable), syllable, heard, _near(heard)))
                at += len(syllable)
            if at == place:
                runs.append([])
            place = letters.end()
            continue
        character = text[place]
        if is_han(character):
            runs[-1].append(Syllable(place, place + 1, character, sounds_of(character), _taken_for(character)))
        elif unicodedata.category(character) not in _NOTHING and runs[-1]:
            runs.append([])
        place += 1
    return [run for run in runs if run]
