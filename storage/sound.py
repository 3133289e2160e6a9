"""How characters sound, in Mandarin's syllables without tones, and as Zhejiang hears them.

The table beside this file has a line a syllable: the syllable, and the characters that can be read so. It was made from
pypinyin's data (`tests/reading/sounds.py`), which costs 57 MB in memory where this costs three.
"""

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LETTERS = re.compile("[A-Za-z]+")
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
_HUSH = {"fu": "hu", "wu": "hu", "fo": "huo", "feng": "hong"}
_LONGEST = 6
_NOTHING = ("Zs", "So", "Sk", "Mn")
"""Kinds of characters that stand between others without parting them."""


@dataclass(frozen=True)
class Unit:
    """One spoken syllable of a text: a character, or letters that spell one."""

    start: int
    end: int
    word: str
    sounds: frozenset[str]
    near: frozenset[str]
    """The same with what Zhejiang doesn't tell apart made one: n and l, zh and z, in and ing, h and f, hu and wu."""


@cache
def _table() -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    readings: dict[str, list[str]] = defaultdict(list)
    syllables = set()
    for line in Path(__file__).with_name("sound.txt").read_text(encoding="utf-8").splitlines():
        syllable, characters = line.split(" ")
        syllables.add(syllable)
        for character in characters:
            readings[character].append(syllable)
    shared: dict[tuple[str, ...], frozenset[str]] = {}
    sounds = {one: shared.setdefault(tuple(known), frozenset(known)) for one, known in readings.items()}
    return sounds, frozenset(syllables)


def is_han(text: str) -> bool:
    """Whether there are only Chinese characters in it."""
    return all("\u4e00" <= one <= "\u9fff" for one in text)


def sounds_of(character: str) -> frozenset[str]:
    """The syllables a character can be read as; itself where the table doesn't know it."""
    return _table()[0].get(character) or frozenset((character,))


@cache
def blurred(syllable: str) -> str:
    """A syllable as it is heard where some sounds aren't told apart."""
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
    """How each syllable of a name can begin."""
    return [{sound[0] for sound in sounds_of(one)} for one in name]


def near_of(character: str) -> frozenset[str]:
    """`sounds_of`, blurred."""
    return _near(sounds_of(character))


def spelled(letters: str) -> list[str]:
    """The syllables that letters spell: huilai → hui, lai; empty where they spell none."""
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


def units(text: str) -> list[list[Unit]]:
    """The syllables of a text in runs without anything between them but blanks and emoji."""
    runs: list[list[Unit]] = [[]]
    place = 0
    while place < len(text):
        letters = LETTERS.match(text, place)
        if letters:
            at = place
            for syllable in spelled(letters[0][:40]):
                heard = frozenset((syllable,))
                runs[-1].append(Unit(at, at + len(syllable), syllable, heard, _near(heard)))
                at += len(syllable)
            if at == place:
                runs.append([])
            place = letters.end()
            continue
        character = text[place]
        if is_han(character):
            runs[-1].append(Unit(place, place + 1, character, sounds_of(character), near_of(character)))
        elif unicodedata.category(character) not in _NOTHING and runs[-1]:
            runs.append([])
        place += 1
    return [run for run in runs if run]
