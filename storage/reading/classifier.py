"""What a message tells besides who: whether it is a report, what goes on, where, and whether it may end soon. Pure.

Nobody can list the words for that beforehand. They are weighed: the table beside this file says how much each piece of
a text (up to three characters, whoever is meant stands as one sign) speaks for what. It was learned from messages that
strangers wrote and labelled (`tests/reading/learn.py`); a person can read in it why a text was taken as it was.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SORTS = ("person", "vehicle", "property", "settle")
SOMEBODY, COMPANY = "甲", "乙"
"""What stands for a person or a company that is meant."""
_BREAK = re.compile(r"[,，。.!！;；?？、~…\s\0]+")
_LONGEST = 3
_SORTS = frozenset(
    "店厂库馆院站桥铺室堂祠庙庵寺亭学校所行司屋部楼家口头港场坊园棚摊矿库坪埠弄巷街村镇乡县市山塘田坑岭溪洋湾岙路"
    "边旁面里上下前后外院圩坝坎庄"
)
"""How words for places end."""
_AROUND = 3
OUTSIDE, BEGINS, INSIDE = range(3)
_NEVER = -1e9

Stretch = tuple[int, int, str]
"""From where until where somebody is meant, and the sign for it."""


@dataclass(frozen=True)
class Scene:
    """What was understood. `lead` is how likely it is a report, 0 to 1."""

    lead: float
    kind: str
    urgent: bool
    place: str


@dataclass(frozen=True)
class Table:
    """The learned weights, in hundredths. `says`: of each piece, for lead, for urgent, and for each of SORTS. `where`:
    of each sign around a character, for OUTSIDE, BEGINS and INSIDE of a place. `after`: of each two that follow."""

    says: Mapping[str, Sequence[float]]
    where: Mapping[str, Sequence[float]]
    after: Sequence[Sequence[float]]


@cache
def _learned() -> Table:
    with Path(__file__).with_name("classifier.txt").open(encoding="utf-8") as lines:
        return load(line.rstrip("\n") for line in lines)


def load(lines: Iterable[str]) -> Table:
    """Reads the table from its lines, each parted by tabs: what it is for, the piece, and weights in hundredths."""
    shared: dict[str, tuple[int, ...]] = {}
    number = cache(int)  # one object for each number, not for each place it stands at: 2 MB
    tables: dict[str, dict[str, tuple[int, ...]]] = {"says": {}, "where": {}, "after": {}}
    for line in lines:
        kind, piece, weights = line.split("\t", 2)
        if weights not in shared:
            shared[weights] = tuple(map(number, weights.split("\t")))
        tables[kind][piece] = shared[weights]
    return Table(tables["says"], tables["where"], tuple(tables["after"][str(before)] for before in range(3)))


# -- what goes on ------------------------------------------------------------------------------------------------


def pieces(text: str, stretches: Sequence[Stretch], signs: Iterable[str]) -> set[str]:
    """Returns the pieces to be weighed; `signs` are the kinds of evidence by which somebody was found."""
    plain = f"^{_BREAK.sub(_breaks, ''.join(_signed(text, stretches)))}$"
    found = {plain[n : n + size] for size in range(1, _LONGEST + 1) for n in range(len(plain) - size + 1)}
    return found | {f"={sign}" for sign in signs} | {f"#{min(len(stretches), 2)}"}


def _breaks(match: re.Match[str]) -> str:
    return "?" if "?" in match[0] or "？" in match[0] else "|"


def _signed(text: str, stretches: Sequence[Stretch]) -> list[str]:
    """Returns the characters, with one sign for each stretch and 0 for every digit."""
    plain = ["0" if one.isdigit() else one for one in text]
    for start, end, sign in stretches:
        plain[start:end] = [sign, *[""] * (min(end, len(plain)) - start - 1)] if start < len(plain) else []
    return plain


def weigh(table: Table, found: Iterable[str]) -> list[float]:
    """Sums the pieces' weights, in hundredths: lead, urgent, then each of SORTS."""
    weighed = filter(None, map(table.says.get, found))
    return [sum(column) for column in zip([0.0] * (2 + len(SORTS)), *weighed, strict=True)]


def likely(weight: float) -> float:
    """Turns a sum of weights into a likelihood, 0 to 1."""
    return 1 / (1 + math.exp(-max(-3000.0, min(3000.0, weight)) / 100))


_POSTURES = tuple("站坐蹲等躺睡")


def scene_of(text: str, stretches: Sequence[Stretch] = (), signs: Iterable[str] = ()) -> Scene:
    """Understands what `text` (folded, simplified) tells; those who are meant stand in it at `stretches`."""
    table = _learned()
    lead, urgent, *kinds = weigh(table, pieces(text, stretches, signs))
    kind = SORTS[max(range(len(SORTS)), key=kinds.__getitem__)]
    place = next(iter(places_in(table, text, stretches)), "")
    if place[-1:] in _POSTURES and text[text.find(place) + len(place) :].startswith("着"):
        place = place[:-1]  # 在桥头站着 is no station
    return Scene(likely(lead), kind, urgent > 0, place)


def speaks_of_goods(text: str) -> bool:
    """Tells whether a text speaks of things, income or buildings."""
    *_others, person, vehicle, goods, settle = weigh(_learned(), pieces(text, (), ()))
    return goods > max(person, vehicle, settle)


def loudest(text: str, stretches: Sequence[Stretch], most: int = 3) -> dict[str, list[str]]:
    """Finds the pieces that spoke loudest for what was understood: for `kind` and for `urgent`."""
    table = _learned()
    found = [(piece, table.says[piece]) for piece in pieces(text, stretches, ()) if piece in table.says]
    _lead, urgent, *kinds = weigh(table, [piece for piece, _weights in found])
    best = 2 + kinds.index(max(kinds))
    for_kind = {piece: weights[best] - min(weights[2:]) for piece, weights in found}
    for_urgent = {piece: weights[1] if urgent > 0 else -weights[1] for piece, weights in found}
    return {name: _loudest(said, most) for name, said in (("kind", for_kind), ("urgent", for_urgent))}


def _loudest(said: Mapping[str, float], most: int) -> list[str]:
    """Picks the heaviest pieces that are words, leaving out any that overlaps one picked already."""
    named: list[str] = []
    for piece in sorted(said, key=lambda one: (-said[one], one)):
        word = piece.strip("^$|?")
        if (
            said[piece] > 0
            and len(word) > 1
            and word[0] not in "=#"
            and not any(word in one or one in word for one in named)
        ):
            named.append(word)
    return named[:most]


# -- where -------------------------------------------------------------------------------------------------------


def around(text: str, stretches: Sequence[Stretch]) -> list[list[str]]:
    """Lists for each character the signs around it that are weighed for whether a place begins or goes on there."""
    plain = ["0" if one.isdigit() else "|" if _BREAK.match(one) else one for one in text]
    for start, end, sign in stretches:
        if sign == SOMEBODY:  # a company's name may be the very place
            plain[start:end] = [sign] * (min(end, len(plain)) - start) if start < len(plain) else []
    padded = ["^"] * (_AROUND + 1) + plain + ["$"] * (_AROUND + 1)
    ends = ["1" if one in _SORTS else "0" for one in padded]
    found = []
    for at in range(_AROUND + 1, len(plain) + _AROUND + 1):
        signs = [f"{by}{padded[at + by]}" for by in range(-_AROUND, _AROUND + 1)]
        signs += [f"{by}{padded[at + by]}{padded[at + by + 1]}" for by in range(-_AROUND, _AROUND)]
        signs += [f"{by}{padded[at + by]}{padded[at + by + 1]}{padded[at + by + 2]}" for by in range(-2, 1)]
        signs.append(f"s{ends[at - 1]}{ends[at]}{ends[at + 1]}")
        found.append(signs)
    return found


def places_in(table: Table, text: str, stretches: Sequence[Stretch]) -> Iterator[str]:
    """Yields the words that say where, in the text's order."""
    tags = tagged(table, around(text, stretches))
    for start, tag in enumerate(tags):
        if tag == BEGINS:
            end = start + 1
            while end < len(tags) and tags[end] == INSIDE:
                end += 1
            yield text[start:end]


def tagged(table: Table, signs: Sequence[Sequence[str]]) -> list[int]:
    """Marks each character OUTSIDE, BEGINS or INSIDE: the row that is likeliest as a whole (Viterbi)."""
    if not signs:
        return []
    where, came = table.where.get, list[tuple[int, int, int]]()
    (out_out, out_begins, _), (begins_out, begins_begins, begins_in), (in_out, in_begins, in_in) = table.after
    outside, begins, inside = 0.0, 0.0, _NEVER
    for place, around_it in enumerate(signs):
        own_outside = own_begins = own_inside = 0.0
        for weights in map(where, around_it):
            if weights is not None:
                own_outside += weights[OUTSIDE]
                own_begins += weights[BEGINS]
                own_inside += weights[INSIDE]
        if place == 0:
            outside, begins = own_outside, own_begins
            continue
        before_outside, source_outside = outside + out_out, OUTSIDE
        if begins + begins_out > before_outside:
            before_outside, source_outside = begins + begins_out, BEGINS
        if inside + in_out > before_outside:
            before_outside, source_outside = inside + in_out, INSIDE
        before_begins, source_begins = outside + out_begins, OUTSIDE
        if begins + begins_begins > before_begins:
            before_begins, source_begins = begins + begins_begins, BEGINS
        if inside + in_begins > before_begins:
            before_begins, source_begins = inside + in_begins, INSIDE
        before_inside, source_inside = begins + begins_in, BEGINS  # a place that goes on has begun
        if inside + in_in > before_inside:
            before_inside, source_inside = inside + in_in, INSIDE
        outside, begins, inside = before_outside + own_outside, before_begins + own_begins, before_inside + own_inside
        came.append((source_outside, source_begins, source_inside))
    last = (outside, begins, inside)
    tags = [last.index(max(last))]
    for sources in reversed(came):
        tags.append(sources[tags[-1]])
    return tags[::-1]
