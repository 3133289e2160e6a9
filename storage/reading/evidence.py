"""Who can be meant, by which signs, and what each sign counts for. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Protocol

Evidence = tuple[str, str]
COMPOUND = ("欧阳", "上官", "司马", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "司徒", "夏侯", "端木")


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
    area_code: str = ""
    """The village where they are at home."""
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
        "pet_name",
        "elder",
        "younger",
        "surname",
        "only_surname",
        "taught",
        "learned",
    }
)
"""Kinds whose words can come to mean somebody, or to be doubted."""
SURE, _LIKELY = 10, 5


def sureness(evidence: Iterable[Evidence]) -> Sureness:
    """Tells how sure the evidence is: a name, plate or case number is sure by itself.

    Weaker signs add up to likely at most, for several of them may come from one mistake. What was doubted is never more
    than possible.
    """
    kinds = {kind for kind, _word in evidence}
    worth = 0 if "doubted" in kinds else _points(kinds)
    return Sureness.SURE if worth >= SURE else Sureness.LIKELY if worth >= _LIKELY else Sureness.MAYBE


_RIGHT = ((10, 0.995), (5, 0.99), (0, 0.97))
"""From so many points on, the share of guesses that were right among messages that nobody had seen (decisions/0006)."""
_OFF_LIST = 0.9


def points(evidence: Iterable[Evidence]) -> int:
    """Counts the evidence's points: a sign that is sure by itself, else the sum of the weaker ones, short of sure."""
    return _points({kind for kind, _word in evidence})


def _points(kinds: set[str]) -> int:
    weights = [WEIGHTS[kind] for kind in kinds]
    return max([*(weight for weight in weights if weight >= SURE), min(sum(weights), SURE - 2)])


def likelihood(guesses: Sequence[Guess], *, ambiguous: bool) -> float:
    """Estimates how likely those guessed are those who are meant; of an ambiguous guess, the first of them."""
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
    crowd: bool = False
    """So many can be meant that it tells nothing, but that it is somebody."""
    taught: set[int] = field(default_factory=set)
    """Who was said to be meant by the words before."""

    def words_taught(self, person_id: int) -> list[str]:
        kind, word = self.options[person_id]
        return [word] if person_id in self.taught and kind not in ("taught", "learned") else []


def is_weak(evidence: Evidence) -> bool:
    """Tells whether a nickname, a name or a word that was taught more than once outweighs this evidence."""
    return evidence[0] in WEAKER or evidence[0] == "taught"


def occurrences(text: str, word: str) -> Iterable[int]:
    """Yields each place in a text where a word begins."""
    start = text.find(word)
    while start >= 0:
        yield start
        start = text.find(word, start + 1)


WEAKER = ("elder", "younger", "surname", "only_surname", "pet_name", "homophone", "lookalike", "initials")


class Add(Protocol):
    """The signature of the collector that the finders call."""

    def __call__(self, start: int, end: int, person: Known, kind: str, word: str = "") -> None: ...
