"""One-time links by which a chat joins a person."""

import hashlib
import re
import secrets as random_source
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from storage.engine import audit
from storage.engine.unit import unit
from storage.noun import Fate, Noun, Record
from storage.nouns import nouns
from storage.people.endpoint import Endpoint, addresses, join
from storage.people.person import Person
from storage.post.outbox import Lane, put
from storage.post.waking import sign_out

VALID = timedelta(days=7)
MOVING_VALID = timedelta(minutes=30)
SPOKEN_VALID = timedelta(minutes=10)
MOST_TRIES = 5
"""After so many wrong ones a spoken code is void: there are only a million of them."""
_SPOKEN = re.compile(r"([0-9]{5,20})-([0-9]{6})")


class Reason(StrEnum):
    """Why a code opens nothing."""

    WRONG = "wrong"
    USED = "used"
    """It has been used, or a newer one has taken its place."""
    EXPIRED = "expired"
    SPENT = "spent"
    """It was guessed at too often."""


@dataclass(frozen=True)
class Refused:
    """Why, and how many more tries a spoken code has."""

    why: Reason
    left: int | None = None


class Invitation(Model):
    """Only the code's hash is kept: who reads the database can't join with it."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "chuishao.Person", related_name="invitations", on_delete=fields.CASCADE
    )
    person_id: int
    code_hash = fields.CharField(max_length=64, unique=True)
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)
    replaces_endpoint = fields.IntField(null=True)
    spoken = fields.BooleanField(default=False)
    """Six digits that somebody reads out on the telephone; they count together with the phone number only."""
    tries = fields.SmallIntField(default=0)

    class Meta:
        table = "invitation"


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


async def invite(person: Person, *, replaces: Endpoint | None = None, actor: str = "system") -> str:
    """Makes a code (22 characters, as Telegram's start parameter allows). With `replaces`, its use leaves that chat."""
    code = random_source.token_urlsafe(16)
    valid = MOVING_VALID if replaces else VALID
    await Invitation.create(
        person_id=person.id,
        code_hash=_hash(code),
        expires_at=unit().now + valid,
        replaces_endpoint=replaces.id if replaces else None,
    )
    audit.record("invitation.made", person.actor, actor=actor)
    return code


async def speak(person: Person, *, actor: str) -> str:
    """Makes a code of six digits for the person, to be read out; earlier ones are void. Needs a unit."""
    now = unit().now
    await Invitation.filter(person_id=person.id, spoken=True, used_at=None).update(used_at=now)
    digits = f"{random_source.randbelow(1_000_000):06}"
    await Invitation.create(
        person_id=person.id,
        code_hash=f"{unit().secrets.index(f'{person.phone}-{digits}')[:48]}{random_source.token_hex(8)}",
        expires_at=now + SPOKEN_VALID,
        spoken=True,
    )
    audit.record("invitation.spoken", person.actor, actor=actor)
    return digits


async def _spoken(phone: str, digits: str) -> Invitation | Refused:
    """Finds the invitation that these digits are for; a wrong guess counts against the newest one."""
    rows = await Invitation.select_for_update().filter(person__phone=phone, spoken=True).order_by("-id").limit(5)
    wanted = unit().secrets.index(f"{phone}-{digits}")[:48]
    found = next((row for row in rows if row.code_hash[:48] == wanted), None)
    if found is not None:
        return found
    newest = next((row for row in rows if row.used_at is None and row.expires_at > unit().now), None)
    if newest is None:
        spent_up = rows and rows[0].tries >= MOST_TRIES and rows[0].expires_at > unit().now
        return Refused(Reason.SPENT, 0) if spent_up else Refused(Reason.WRONG)
    newest.tries += 1
    spent = unit().now if newest.tries >= MOST_TRIES else None
    await Invitation.filter(id=newest.id).update(tries=newest.tries, used_at=spent)
    return Refused(Reason.SPENT if spent else Reason.WRONG, MOST_TRIES - newest.tries)


async def _find(code: str) -> Invitation | Refused:
    """Finds the invitation that the code opens, with its person; a wrong guess at a spoken one counts."""
    said = _SPOKEN.fullmatch(code)
    if said:
        row = await _spoken(said[1], said[2])
    else:
        linked = await Invitation.select_for_update().get_or_none(code_hash=_hash(code), spoken=False)
        row = linked or Refused(Reason.WRONG)
    if isinstance(row, Refused):
        return row
    if row.used_at is not None:
        return Refused(Reason.SPENT if row.tries >= MOST_TRIES else Reason.USED)
    if row.expires_at <= unit().now:
        return Refused(Reason.EXPIRED)
    await row.fetch_related("person")
    return row if row.person.active else Refused(Reason.USED)


async def look(code: str) -> Person | Refused:
    """Tells whom the code lets in, and uses nothing up; a wrong guess at a spoken one counts. Needs a unit."""
    row = await _find(code)
    if isinstance(row, Refused):
        audit.record("invitation.refused", "chat:web", why=row.why.value)
        return row
    return row.person


async def accept(code: str, channel: str, chat_id: int) -> Person | None:
    """Joins the chat to the code's person. None where it can't be: in a chat nobody is told why."""
    row = await _find(code)
    if isinstance(row, Refused):
        audit.record("invitation.refused", f"chat:{channel}", why=row.why.value)
        return None
    person = row.person
    await Invitation.filter(person_id=person.id, used_at=None).update(used_at=unit().now)  # link and digits are one
    if row.replaces_endpoint is not None:
        old = await Endpoint.get_or_none(id=row.replaces_endpoint)
        if old is not None and (old.channel, old.chat_id) != (channel, chat_id):
            await sign_out(old, "moved")
    others = [one for one in await addresses(person.id) if (one.channel, one.chat_id) != (channel, chat_id)]
    await join(person, channel, chat_id)
    for other in others:  # whoever joins in somebody's name can't do it unseen
        await put(other, "text", lane=Lane.REPLY, fresh=True, args={"key": "invitation.another_phone"})
    for noun in nouns().values():
        if noun.joins is not None:
            await noun.joins(person.id)
    return person


async def void(person_id: int) -> None:
    """Voids every invitation that the person may hold: none opens a chat any more. Needs a unit."""
    await Invitation.filter(person_id=person_id, used_at=None).update(used_at=unit().now)


NOUN = Noun((Record(Invitation, erasing=Fate.NONE, leaving=Fate.GOES),), leaves_with=void)
