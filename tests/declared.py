"""Whether each card says whom it shows: asked of every card that any story makes.

A card names a debtor whom it doesn't declare, or a reporter: then the message would stay on the phone when that person
is erased, or asks not to be named.
"""

import io
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import replace

from handlers.card import KINDS, Card, Showing
from storage.alerts.attachment import Attachment
from storage.alerts.sighting import Sighting
from storage.cases.debtor import Debtor
from storage.engine.sql import fetch
from storage.post.delivery import About

SEEN: dict[str, set[About]] = {}
"""As what each kind of card has shown somebody so far."""
MISSED: list[str] = []
"""What was shown and not declared; the stage looks at it when a story ends."""
OFFICIALS = frozenset(
    {"approval", "code", "duty", "going", "handover", "invitations", "invited", "leave", "leaves", "me", "pushes"}
    | {"people", "person", "persons", "swap", "text", "help", "rungs", "ladder", "report", "table", "toast", "reassign"}
)
"""Kinds that name officials as such, not as who reported something."""
Render = Callable[[Showing], Awaitable[Card | None]]
DEBTORS = "SELECT id, name FROM debtor"
REPORTERS = "SELECT id, name FROM person WHERE id IN (SELECT reporter_id FROM sighting)"
PAUSED: list[bool] = []
"""Not empty while nobody looks: a story that counts statements wants none of ours among them."""


def watch() -> None:
    """From now on every renderer is looked at."""
    for name, kind in KINDS.items():
        KINDS[name] = replace(kind, render=_watched(name, kind.render))


def _watched(kind: str, render: Render) -> Render:
    async def made(showing: Showing) -> Card | None:
        card = await render(showing)
        if card is not None and not PAUSED:
            MISSED.extend(await _missed(kind, card, showing))
            SEEN.setdefault(kind, set()).update(one.about for one in card.shows)
        return card

    return made


def words_of(card: Card) -> str:
    """Everything that can be read on a card, what lies in its file included."""
    words = [card.text, *(button.label for row in card.rows for button in row), str(card.parameters.get("text", ""))]
    if card.file is not None and card.file.kind == "document":
        with zipfile.ZipFile(io.BytesIO(card.file.content)) as parts:
            words += [parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml")]
    return "\n".join(words)


async def _missed(kind: str, card: Card, showing: Showing) -> list[str]:
    words = "" if kind == "help" else str(showing.args) if kind == "text" else words_of(card)
    # 1. Who is named, without being declared? Mostly nobody: then no more is asked.
    debtors = {one.ref for one in card.shows if one.about is About.DEBTOR}
    everybody = await fetch(DEBTORS)
    known = {row["name"] for row in everybody if row["id"] in debtors}
    unknown = {row["name"] for row in everybody if row["name"] in words} - known
    own = showing.person.id if showing.person is not None else 0
    reporters = {
        row["id"]: row["name"]
        for row in (await fetch(REPORTERS) if kind not in OFFICIALS else [])
        if row["name"] in words and row["id"] != own
    }
    if not unknown and not reporters:
        return []
    # 2. A declared report brings its debtors along, and whatever its own words say.
    reports = await Sighting.filter(id__in=[one.ref for one in card.shows if one.about is About.REPORT])
    reports += await Sighting.filter(id__in=[row.joined_id for row in reports if row.joined_id is not None])
    heard = await Attachment.filter(sighting_id__in=[row.id for row in reports]).values_list("words", flat=True)
    said = "\n".join([*(f"{row.text} {row.amended}" for row in reports), *map(str, heard)])
    meant = Debtor.filter(suspects__sighting_id__in=[row.id for row in reports])
    unknown -= set(await meant.values_list("name", flat=True))
    named = await Sighting.filter(id__in=[one.ref for one in card.shows if one.about is About.REPORTER])
    declared = {row.reporter_id for row in named}
    return [f"{kind} shows debtor {name}" for name in sorted(unknown) if name not in said] + [
        f"{kind} names reporter {name}"
        for number, name in reporters.items()
        if number not in declared and name not in said
    ]
