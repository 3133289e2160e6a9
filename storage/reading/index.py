"""By what a debtor can be found in a sentence: a table of words, so that a report costs the same in any county.

Words are how two neighbouring characters sound (`lin yon`), so that names are found however they are spelled; a surname
(`s:林`), a syllable of a given name (`g:福`), the initials (`i:lyf`), how the place where they live begins (`h:祠堂`),
how plates end and begin (`p:8G12A`, `q:8G`), and whom and how much they owe (`c:杜`, `a:86000`). What no
longer holds is left standing: the reader looks at the person, not at the word that led there.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice, pairwise, product
from typing import TYPE_CHECKING, Any

from storage.engine.sql import among, fetch, for_update, run, run_many
from storage.engine.text import company_names
from storage.noun import Erasure, Noun
from storage.reading.sound import first_letters, is_han, units

if TYPE_CHECKING:
    from storage.engine.database import Database

YUAN = "CAST(CAST(amount AS BIGINT) AS VARCHAR(30))"
"""What is owed, in whole yuan, as text: one piece of SQL for both engines."""
RULES = 6
"""Which words are kept. Another number has everybody's made anew at the next start."""
_PERSON = 4
"""No longer is somebody's name; a company's single characters lead nowhere."""
_TAIL = 5
"""So much of a plate's end tells it apart in a county."""
PORTION = 10_000
"""Debtors whose words are made in one transaction."""
_log = logging.getLogger("chuishao.trace")


def pairs(text: str) -> set[str]:
    """Lists how each two neighbouring characters of a text can sound, and the two as they are written where they aren't
    both Chinese."""
    heard = {
        f"{one} {other}"
        for run_ in units(text)
        for first, second in pairwise(run_)
        for one, other in product(first.near, second.near)
    }
    flat = text.replace(" ", "").lower()
    written = {flat[n : n + 2] for n in range(len(flat) - 1)}
    return heard | {pair for pair in written if pair.isalnum() and not is_han(pair)}


def initials(name: str) -> set[str]:
    """Lists the first letters of a name's syllables, such as lyf, in every reading."""
    if not 2 <= len(name) <= 4 or not is_han(name):
        return set()
    return {"".join(each) for each in product(*first_letters(name))}


def of_plate(end: str) -> str:
    """Makes the word for what is said of a plate, from its end."""
    return f"p:{end[-_TAIL:]}"


def of_beginning(said: str) -> str:
    """Makes the word for how a plate begins after province and letter."""
    return f"q:{said[:2]}"


def of_creditor(said: str) -> set[str]:
    """Makes the words for somebody who is owed, from what is said after 欠."""
    return {f"c:{said[:1]}", f"c:{said[:2]}"}


def words_of(
    name: str,
    *,
    company: bool,
    aliases: Iterable[str] = (),
    hint: str = "",
    plates: Iterable[str] = (),
    creditors: Iterable[str] = (),
    amounts: Iterable[int] = (),
) -> set[str]:
    """Lists the words by which a debtor is found."""
    words = {of_plate(plate[-size:]) for plate in plates for size in range(2, _TAIL + 1)}
    words |= {of_beginning(plate[2:]) for plate in plates}
    words |= {f"a:{amount}" for amount in amounts}
    for creditor in creditors:
        words |= {f"c:{one}" for one in (creditor if len(creditor) <= _PERSON else creditor[:1])}
        words |= {f"c:{creditor[n : n + 2]}" for n in range(len(creditor) - 1)}
    names = [*aliases, *(company_names(name) if company else ())]
    words |= {word for one in names for word in pairs(one[:2])} | pairs(name[:2] if company else name)
    words |= {word for one in names if one.endswith("的") for word in pairs(one[1:3])}  # 外卖小哥 is 送外卖的
    if len(hint) >= 2:
        words.add(f"h:{hint[:2]}")
    if not company:
        words |= {f"i:{letters}" for letters in initials(name)} | {f"g:{one}" for one in name[1:]} | {f"s:{name[:1]}"}
    return words


async def note(debtor_ids: Iterable[int]) -> None:
    """Makes the words of these debtors, in the running unit."""
    ids = iter(debtor_ids)
    while portion := list(islice(ids, PORTION)):
        within, value = among(portion)
        debtors = await fetch(f"SELECT id, name, kind, hint, area_code FROM debtor WHERE id {within}", value)
        facts: dict[tuple[str, int], list[str]] = {}
        for debtor_id, kind, text in await fetch(
            f"SELECT debtor_id, 'alias', text FROM alias WHERE debtor_id {within} UNION ALL "
            f"SELECT debtor_id, 'alias', word FROM lesson WHERE debtor_id {within} AND kind = 'alias' UNION ALL "
            f"SELECT debtor_id, 'plate', number FROM plate WHERE debtor_id {within} UNION ALL "
            f"SELECT debtor_id, 'creditor', creditor FROM case_debtor WHERE debtor_id {within} UNION ALL "
            f"SELECT debtor_id, 'amount', {YUAN} FROM case_debtor WHERE debtor_id {within} AND amount IS NOT NULL",
            *[value] * 5,
        ):
            if text:
                facts.setdefault((kind, debtor_id), []).append(text)
        rows = [
            (word, area_code, number)
            for number, name, kind, hint, area_code in debtors
            for word in words_of(
                name,
                company=kind == "company",
                hint=hint,
                aliases=facts.get(("alias", number), ()),
                plates=facts.get(("plate", number), ()),
                creditors=facts.get(("creditor", number), ()),
                amounts=map(int, facts.get(("amount", number), ())),
            )
        ]
        await run_many(
            "INSERT INTO trace (word, area_code, debtor_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", sorted(rows)
        )


async def catch_up(unit: Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]) -> None:
    """Makes the words of everybody whose words an earlier version, or none, has made; portion by portion, so that it
    can be stopped anywhere and goes on from there."""
    while await unit(_next_portion):
        pass


async def _next_portion() -> bool:
    """Makes the words of the next debtors, and tells whether there may be more to do."""
    rules, up_to = (await fetch("SELECT rules, up_to FROM traced" + for_update()))[0]
    if rules != RULES:
        await run("DELETE FROM trace")
        await run("UPDATE traced SET rules = ?, up_to = 0", RULES)
        up_to = 0
    elif up_to is None:
        return False
    ids = [row["id"] for row in await fetch(f"SELECT id FROM debtor WHERE id > ? ORDER BY id LIMIT {PORTION:d}", up_to)]
    await note(ids)
    await run("UPDATE traced SET up_to = ?", ids[-1] if ids else None)
    if ids:
        _log.info("words by which people are found: made up to debtor %d", ids[-1])
    return bool(ids)


async def _prepares(db: "Database") -> None:
    await catch_up(db.unit)


async def _erases(what: Erasure) -> None:
    """Deletes all words that lead to the debtor."""
    await run("DELETE FROM trace WHERE debtor_id = ?", what.debtor_id)


NOUN = Noun(prepares=_prepares, erases=_erases)
