"""Learns `storage/reading/classifier.txt` from the labelled messages: `python -m tests.reading.learn`.

With `--unseen` it says how well each set is read by what was learned from all the others, and writes nothing.

The corpus counts with the two thirds that aren't held out. What is learned is a weight for each piece of a text
(logistic regression, descending step by step) and for each sign around a character (an averaged perceptron); a piece
that only one set knows is left out, so that no name and no author's manner comes into the table.
"""

import argparse
import asyncio
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.engine.text import heard
from storage.reading import classifier
from storage.reading.classifier import BEGINS, INSIDE, OUTSIDE, SORTS, Stretch, Table
from storage.reading.mention import signs_of, stretches_of, who
from storage.reading.read import manners_of
from tests.reading.__main__ import is_held_out, same_place
from tests.reading.rosters import CORPUS, OWN, SETS, Record, Rosters, records

TABLE = Path(classifier.__file__).with_name("classifier.txt")
ROUNDS, STEP, DECAY = 40, 0.5, 2e-4
PLACE_ROUNDS, PLACE_RUNS = 10, 3
LEAST = 2
"""In so many sets a piece must be found, and in at least one message more."""
SMALL = 0.03
"""Weights below it are left out."""


@dataclass(frozen=True)
class Example:
    """A message with what a careful colleague understood."""

    source: str
    text: str
    stretches: tuple[Stretch, ...]
    pieces: frozenset[str]
    lead: bool
    kind: int
    urgent: bool
    place: tuple[int, int] | None
    """Where the place stands, () as (0, 0) where there is none; None where the text doesn't have it as labelled."""


async def examples() -> list[Example]:
    """All sets, in one fixed order."""
    found = []
    for name in (*SETS, "corpus"):
        folder, stem = (CORPUS, "messages") if name == "corpus" else (OWN, name)
        villages = records(CORPUS / "rosters.jsonl" if name == "corpus" else OWN / f"{name}-rosters.jsonl")
        async with Rosters(villages).at_hand() as rosters:
            for message in records(folder / f"{stem}.jsonl"):
                if name != "corpus" or not is_held_out(message):
                    found.append(await _example(name, message, rosters))
    return found


async def _example(name: str, message: Record, rosters: Rosters) -> Example:
    text, expect = heard(message["text"]), message["expect"]
    mentions, people = who(text, await rosters.circles(message))
    stretches = tuple(stretches_of(mentions, people))
    said = heard(expect["place"])
    start = text.find(said)
    return Example(
        source=name,
        text=text,
        stretches=stretches,
        pieces=frozenset(classifier.pieces(text, stretches, signs_of(mentions) | manners_of(text))),
        lead=expect["is_lead"],
        kind=SORTS.index(expect["kind"]) if expect["kind"] in SORTS else -1,
        urgent=expect["urgent"],
        place=(start, start + len(said)) if said and start >= 0 else None if said else (0, 0),
    )


def known_pieces(bags: Iterable[tuple[str, Iterable[str]]]) -> set[str]:
    """What several sets have."""
    sources, count = defaultdict(set), Counter[str]()
    for source, pieces in bags:
        for piece in pieces:
            sources[piece].add(source)
            count[piece] += 1
    return {piece for piece, found in sources.items() if len(found) >= LEAST and count[piece] > LEAST}


def weights_of(bags: Sequence[Sequence[str]], labels: Sequence[int], classes: int) -> dict[str, list[float]]:
    """Multinomial logistic regression with AdaGrad; of each piece a weight for each class."""
    weights: dict[str, list[float]] = {piece: [0.0] * classes for bag in bags for piece in bag}
    spread = {piece: [1e-6] * classes for piece in weights}
    order, chance = list(range(len(bags))), random.Random(1)
    for _round in range(ROUNDS):
        chance.shuffle(order)
        for number in order:
            bag, label = bags[number], labels[number]
            sums = [0.0] * classes
            for piece in bag:
                for place, weight in enumerate(weights[piece]):
                    sums[place] += weight
            top = max(sums)
            shares = [math.exp(one - top) for one in sums]
            total = sum(shares)
            slopes = [share / total - (place == label) for place, share in enumerate(shares)]
            if max(map(abs, slopes)) < 1e-3:
                continue
            for piece in bag:
                own, wide = weights[piece], spread[piece]
                for place, slope in enumerate(slopes):
                    step = slope + DECAY * own[place]
                    wide[place] += step * step
                    own[place] -= STEP * step / math.sqrt(wide[place]) / len(bag) ** 0.5
    return weights


def says_of(given: Sequence[Example]) -> dict[str, list[float]]:
    """Of each piece the weights for lead, urgent and each of SORTS."""
    known = known_pieces((one.source, one.pieces) for one in given)
    leads = [one for one in given if one.lead and one.kind >= 0]

    def bags(those: Sequence[Example]) -> list[list[str]]:
        return [sorted(one.pieces & known) for one in those]

    lead = weights_of(bags(given), [int(one.lead) for one in given], 2)
    urgent = weights_of(bags(leads), [int(one.urgent) for one in leads], 2)
    kind = weights_of(bags(leads), [one.kind for one in leads], len(SORTS))
    nothing = [0.0] * len(SORTS)
    return {
        piece: [
            lead.get(piece, nothing)[1] - lead.get(piece, nothing)[0],
            urgent.get(piece, nothing)[1] - urgent.get(piece, nothing)[0],
            *kind.get(piece, nothing),
        ]
        for piece in sorted(known)
    }


def where_of(given: Sequence[Example]) -> Table:
    """The averaged perceptron for places, several runs of it averaged again."""
    taught = []
    for one in given:
        if one.lead and one.place is not None:
            start, end = one.place
            tags = [OUTSIDE] * len(one.text)
            tags[start:end] = [BEGINS, *[INSIDE] * (end - start - 1)] if end > start else []
            taught.append((one.source, classifier.around(one.text, one.stretches), tags))
    known = known_pieces((source, {sign for signs in rows for sign in signs}) for source, rows, _tags in taught)
    lessons = [([[sign for sign in signs if sign in known] for signs in rows], tags) for _source, rows, tags in taught]
    runs = [_perceptron(lessons, seed) for seed in range(PLACE_RUNS)]
    where = {sign: [sum(run[0][sign][tag] for run in runs) / PLACE_RUNS for tag in range(3)] for sign in sorted(known)}
    after = [[sum(run[1][before][tag] for run in runs) / PLACE_RUNS for tag in range(3)] for before in range(3)]
    return Table({}, {sign: tuple(own) for sign, own in where.items()}, tuple(map(tuple, after)))


def _perceptron(
    lessons: Sequence[tuple[list[list[str]], list[int]]], seed: int
) -> tuple[defaultdict[str, list[float]], list[list[float]]]:
    where, sums = defaultdict(lambda: [0.0] * 3), defaultdict(lambda: [0.0] * 3)
    after, after_sums = [[0.0] * 3 for _ in range(3)], [[0.0] * 3 for _ in range(3)]
    order, chance, step = list(lessons), random.Random(seed), 1
    for _round in range(PLACE_ROUNDS):
        chance.shuffle(order)
        for rows, tags in order:
            table = Table({}, where, after)
            guess = classifier.tagged(table, rows)
            if guess != tags:
                for place, (wrong, right) in enumerate(zip(guess, tags, strict=True)):
                    for sign in rows[place] if wrong != right else ():
                        for tag, by in ((right, 1), (wrong, -1)):
                            where[sign][tag] += by
                            sums[sign][tag] += by * step
                    if place:
                        for before, tag, by in ((tags[place - 1], right, 1), (guess[place - 1], wrong, -1)):
                            after[before][tag] += by
                            after_sums[before][tag] += by * step
            step += 1
    for sign, own in where.items():
        where[sign] = [weight - late / step for weight, late in zip(own, sums[sign], strict=True)]
    averaged = [
        [weight - late / step for weight, late in zip(own, late_ones, strict=True)]
        for own, late_ones in zip(after, after_sums, strict=True)
    ]
    return where, averaged


def lines_of(says: dict[str, list[float]], places: Table) -> list[str]:
    """The table as `scene.load` reads it."""

    def line(kind: str, piece: str, weights: Iterable[float]) -> str:
        return "\t".join([kind, piece, *(str(round(100 * weight)) for weight in weights)])

    lines = [line("says", piece, own) for piece, own in says.items() if max(map(abs, own)) >= SMALL]
    lines += [line("where", sign, own) for sign, own in places.where.items() if max(map(abs, own)) >= SMALL]
    return lines + [line("after", str(before), own) for before, own in enumerate(places.after)]


def learned(given: Sequence[Example]) -> list[str]:
    return lines_of(says_of(given), where_of(given))


def judged(table: Table, given: Sequence[Example]) -> dict[str, float]:
    """The shares that a table reads right."""
    hits, asked = Counter[str](), Counter[str]()
    for one in given:
        lead, urgent, *kinds = classifier.weigh(table, one.pieces)
        right = {"lead": (lead > 0) == one.lead}
        if one.lead:
            place = next(iter(classifier.places_in(table, one.text, one.stretches)), "")
            said = one.text[slice(*one.place)] if one.place else None
            right["kind"] = kinds.index(max(kinds)) == one.kind
            right["urgency"] = (urgent > 0) == one.urgent
            right["place"] = said is not None and same_place(place, said)
        hits.update({what: int(good) for what, good in right.items()})
        asked.update(right.keys())
    return {what: hits[what] / asked[what] for what in asked}


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.reading.learn")
    asked.add_argument("--unseen", action="store_true", help="score each set by what the others teach")
    given = asked.parse_args()
    every = asyncio.run(examples())
    if not given.unseen:
        TABLE.write_text("\n".join(learned(every)) + "\n", encoding="utf-8")
        return
    for name in (*SETS, "corpus"):
        table = classifier.load(learned([one for one in every if one.source != name]))
        shares = judged(table, [one for one in every if one.source == name])
        print(f"{name:<12}", "  ".join(f"{what} {share:5.1%}" for what, share in shares.items()), flush=True)


if __name__ == "__main__":
    main()
