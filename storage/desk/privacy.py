"""What the law gives whoever is written about: to know what is kept and who has looked at it, and to have it erased.

The audit names nobody but by number, so its chain stays whole.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidTag
from tortoise.expressions import Q

from storage.alerts import sighting
from storage.alerts.alert import OPEN, Alert
from storage.alerts.attachment import Attachment
from storage.alerts.sighting import Sighting, SightingState, Suspect
from storage.cases import erased
from storage.cases.case import Case, CaseDebtor, may_read
from storage.cases.debtor import Alias, Debtor, Plate, debtors_called
from storage.engine import audit
from storage.engine.audit import AuditEntry
from storage.engine.unit import unit
from storage.engine.values import column
from storage.noun import Due, Erasure, Noun
from storage.nouns import nouns
from storage.people.area import bounds_of, county_of
from storage.people.endpoint import Address
from storage.people.person import COURT, Person
from storage.post import outbox
from storage.post.delivery import About, Subject, forbid, messages_about

LOOKED = ("read", "listed", "exported", "followed", "supervised", "left")
"""What counts, of what is done to a case, as having looked at its people."""
_MOST = 30
PORTION = 50


@dataclass(frozen=True)
class Look:
    """Somebody has looked."""

    at: datetime
    actor: str
    action: str


@dataclass(frozen=True)
class Kept:
    """What there is about somebody: how many of each."""

    cases: int
    reports: int
    names: int


async def find(words: str, reader: Person) -> list[Debtor]:
    """Finds debtors by id number, else by what they are called, within what the reader may read. Needs a unit."""
    number = unit().secrets.index(words.upper())
    found = await Debtor.filter(id_index=number)
    if not found:
        found = await Debtor.filter(id__in=await debtors_called(words)).order_by("id")
    mine = []
    for row in found:
        if any([await may_read(reader, number, unit().now) for number in await _cases_of(row.id)]):
            mine.append(row)
    return mine


async def _cases_of(debtor_id: int) -> list[int]:
    return column(await CaseDebtor.filter(debtor_id=debtor_id).values_list("case_id", flat=True))


async def may_be_two(debtor: Debtor) -> bool:
    """Tells whether several cases are taken for one person's only because of the name: nobody has an id number."""
    return not debtor.id_index and await CaseDebtor.filter(debtor_id=debtor.id).count() > 1


async def kept_about(debtor_id: int) -> Kept:
    """Counts what there is about somebody."""
    names = await Alias.filter(debtor_id=debtor_id).count() + await Plate.filter(debtor_id=debtor_id).count()
    reports = await Suspect.filter(debtor_id=debtor_id).count()
    return Kept(await CaseDebtor.filter(debtor_id=debtor_id).count(), reports, names)


async def looks_at(debtor_id: int) -> list[Look]:
    """Lists who has looked at this person's cases, the newest first."""
    subjects = [f"debtor:{debtor_id}", *(f"case:{number}" for number in await _cases_of(debtor_id))]
    rows = await AuditEntry.filter(subject__in=subjects, id__gte=1).order_by("-id").limit(500)
    looks = [Look(row.at, row.actor, row.action.removeprefix("case.")) for row in rows]
    return [look for look in looks if look.action in LOOKED][:_MOST]


_CHANGED = {
    "person": "taken_on phone role area dismissed signed_out handed_over",
    "invitation": "made",
    "shift": "added removed",
    "leave": "taken ended",
    "ladder": "changed",
    "court": "decided",
    "area": "added renamed",
    "import": "people cases duty areas undone",
}
CHANGES = [f"{noun}.{verb}" for noun, verbs in _CHANGED.items() for verb in verbs.split()]
"""The audit's words for what the court's own people change."""


async def changes(keeper: Person) -> list[AuditEntry]:
    """Lists what the people of the keeper's area have changed of late, the newest first."""
    first, last = bounds_of(keeper.area_code)
    people = Person.filter(area_code__gte=first, area_code__lte=last, role__in=list(COURT))
    actors = [f"person:{number}" for number in column(await people.values_list("id", flat=True))]
    rows = AuditEntry.filter(action__in=CHANGES, actor__in=actors, id__gte=1)
    return await rows.order_by("-id").limit(_MOST)


async def erase(debtor_id: int, by: Person, words: str) -> None:
    """Takes out everything that tells who it is: the record, the names, what was said of them, and the messages that
    showed it, those included in which somebody asked about them. `words` stands in its place. That there was a case,
    and what became of it, stays; so does, while it is open, a report that may be about somebody else and doesn't say
    the name. Needs a unit."""
    debtor = await Debtor.get_or_none(id=debtor_id)
    if debtor is None:
        return
    about = await _reports_about(debtor)
    kept = await _about_others_too(debtor, about)
    reports = [report.id for report in about if report.id not in kept]
    for message in await _questions_about(debtor, reports):
        await outbox.unsay(Address(message.channel, message.chat_id), message.message_id)
    await blank(reports, words)
    cases = await Case.filter(id__in=await _cases_of(debtor.id)).values_list("number", flat=True)
    await erased.note(debtor.name, _number_of(debtor), column(cases))
    what = Erasure(debtor.id, debtor.name, debtor.area_code, words, tuple(reports), tuple(kept))
    for noun in nouns().values():
        if noun.erases is not None:
            await noun.erases(what)
    audit.record("debtor.erased", f"debtor:{debtor.id}", actor=by.actor, reports=len(reports))


def _number_of(debtor: Debtor) -> str:
    """Returns the id number; empty where there is none, or it was sealed with another key. Needs a unit."""
    try:
        return unit().secrets.unseal(debtor.id_sealed) if debtor.id_sealed else ""
    except (ValueError, InvalidTag):
        return ""


async def blank(reports: Sequence[int], words: str) -> None:
    """Takes out what was said in these reports, with what came with it, the messages that showed it and the updates in
    which it came. Needs a unit."""
    for noun in nouns().values():
        if noun.thins is not None and reports:
            await noun.thins(reports, words)


async def _reports_about(debtor: Debtor) -> list[Sighting]:
    """Loads the reports in which the debtor may be meant, and those that joined them.

    Also those that say the name, though it was put right since, unless it is about somebody else who is called so.
    """
    ids = set(column(await Suspect.filter(debtor_id=debtor.id).values_list("sighting_id", flat=True)))
    first, last = bounds_of(county_of(debtor.area_code))
    says = Q(text__contains=debtor.name) | Q(amended__contains=debtor.name)
    said = Sighting.filter(says, area_code__gte=first, area_code__lte=last)
    names = await _names(debtor)
    saying = await said.values_list("id", "text", "amended")
    named = {row[0] for row in saying if names(f"{row[1]} {row[2]}")} | await _heard_in(debtor)
    about_another = Suspect.filter(sighting_id__in=list(named), debtor__name=debtor.name).exclude(debtor_id=debtor.id)
    ids |= named - set(column(await about_another.values_list("sighting_id", flat=True)))
    return await Sighting.filter(Q(id__in=list(ids)) | Q(joined_id__in=list(ids))).order_by("id")


async def _heard_in(debtor: Debtor) -> set[int]:
    """Finds the reports of the court's area with a voice in which a machine has heard the name."""
    rows = Attachment.filter(words__contains=debtor.name, sighting_id__not_isnull=True)
    first, last = bounds_of(county_of(debtor.area_code))
    reports = Sighting.filter(id__in=column(await rows.values_list("sighting_id", flat=True)))
    return set(column(await reports.filter(area_code__gte=first, area_code__lte=last).values_list("id", flat=True)))


async def _names(debtor: Debtor) -> Callable[[str], bool]:
    """Returns what tells whether a text names the debtor, and not somebody else known whose name is longer."""
    rows = Debtor.filter(name__contains=debtor.name).exclude(name=debtor.name)
    longer = column(await rows.values_list("name", flat=True))

    def names(text: str) -> bool:
        for other in longer:
            text = text.replace(other, "")
        return debtor.name in text

    return names


async def _questions_about(debtor: Debtor, reports: Sequence[int]) -> list[outbox.Question]:
    """Finds in what people have asked about the debtor. Not what is a report about somebody else."""
    asked = await outbox.questions_about(debtor.id)
    others = Sighting.filter(chat_id__in=[one.chat_id for one in asked]).exclude(id__in=list(reports))
    kept = set(await others.values_list("channel", "chat_id", "message_id"))
    return [one for one in asked if tuple(one) not in kept]


async def _about_others_too(debtor: Debtor, reports: Sequence[Sighting]) -> set[int]:
    """Finds those of the reports that may be about another debtor, don't say this one's name, and are still open."""
    heard = await _heard_in(debtor)
    quiet = [row for row in reports if debtor.name not in f"{row.text} {row.amended}" and row.id not in heard]
    open_roots = await _open_among([row.root_id for row in quiet])
    others = Suspect.filter(sighting_id__in=[row.id for row in quiet]).exclude(debtor_id=debtor.id)
    of_others = set(column(await others.values_list("sighting_id", flat=True)))
    return {
        row.id
        for row in quiet
        if (row.root_id in open_roots or row.state is SightingState.ASKING)
        and (row.id in of_others or row.root_id in of_others)
    }


async def _open_among(roots: Sequence[int]) -> set[int]:
    return set(column(await Alert.filter(sighting_id__in=roots, state__in=OPEN).values_list("sighting_id", flat=True)))


async def over_since(_now: datetime) -> list[Sighting]:
    """Lists the reports whose words were kept for somebody else's sake and needn't be any more."""
    rows = await Sighting.filter(blank_with__gt="").order_by("blank_with", "id").limit(PORTION)
    still_open = await _open_among([row.root_id for row in rows]) if rows else set()
    return [row for row in rows if row.root_id not in still_open and row.state is not SightingState.ASKING]


async def blank_now(row: Sighting) -> None:
    """Takes out what was said in a report that is over. Needs a unit."""
    await blank([row.id], row.blank_with or "")


async def stay_unnamed(report: Sighting) -> None:
    """Lets a code stand for the reporter of this report from now on (保密).

    Also for the reporter of what they said to go on about it and around it, and in the messages that named them. Needs
    a unit.
    """
    named = []
    family = await sighting.with_witnesses(report.root_id)
    around = await sighting.said_around(family[0], report.reporter_id) if family else []
    mine = {row.id: row for row in [*family, *around] if row.reporter_id == report.reporter_id}
    for row in mine.values():
        if row.id == report.id or not row.confidential:
            await sighting.stay_unnamed(row)
            named.append(Subject(About.REPORTER, row.id))
    report.confidential = True
    await outbox.show_again(await messages_about(named))
    await forbid(named)


async def thin(before: datetime, after_id: int, words: str) -> int | None:
    """Takes out what was said in reports older than `before`, where nothing of them is open any more.

    That there was a report, about whom, and what became of it stays. Takes a portion after the report `after_id`;
    returns the number of the last one that was looked at, None where there is no more. Needs a unit.
    """
    rows = await Sighting.filter(id__gt=after_id, reported_at__lt=before).order_by("id").limit(PORTION)
    roots = [row.joined_id or row.id for row in rows]
    open_ones = await _open_among(roots)
    over = [row.id for row in rows if (row.joined_id or row.id) not in open_ones and row.text != words]
    await blank(over, words)
    if over:
        audit.record("sighting.thinned", rows=len(over))
    return rows[-1].id if rows else None


NOUN = Noun(due=Due(over_since, blank_now, "timer:privacy"))
