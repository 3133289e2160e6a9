"""One-time links by which a chat joins a person."""

import hashlib
import re
import secrets as random_source
from datetime import timedelta

from tortoise import fields
from tortoise.models import Model

from storage.engine import audit
from storage.engine.unit import unit
from storage.noun import Fate, Noun, Record
from storage.people.endpoint import Endpoint, join
from storage.people.person import Person
from storage.post.waking import sign_out

VALID = timedelta(days=7)
MOVING_VALID = timedelta(minutes=30)
SPOKEN_VALID = timedelta(minutes=10)
MOST_TRIES = 5
"""After so many wrong ones a spoken code is void: there are only a million of them."""
_SPOKEN = re.compile(r"([0-9]{5,20})-([0-9]{6})")


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


async def _spoken(phone: str, digits: str) -> Invitation | None:
    """Finds the invitation that these digits are for; a wrong guess counts against it."""
    query = Invitation.select_for_update().filter(person__phone=phone, spoken=True, used_at=None)
    row = await query.order_by("-id").first()
    if row is None or row.code_hash[:48] == unit().secrets.index(f"{phone}-{digits}")[:48]:
        return row
    row.tries += 1
    spent = unit().now if row.tries >= MOST_TRIES else None
    await Invitation.filter(id=row.id).update(tries=row.tries, used_at=spent)
    return None


async def accept(code: str, channel: str, chat_id: int) -> Person | None:
    """Joins the chat to the code's person. None where the code is unknown, used or expired: nobody is told which."""
    said = _SPOKEN.fullmatch(code)
    if said:
        row = await _spoken(said[1], said[2])
    else:
        row = await Invitation.select_for_update().get_or_none(code_hash=_hash(code), spoken=False)
    now = unit().now
    if row is None or row.used_at is not None or row.expires_at <= now:
        audit.record("invitation.refused", f"chat:{channel}", known=row is not None)
        return None
    person = await Person.get(id=row.person_id)
    if not person.active:
        audit.record("invitation.refused", person.actor)
        return None
    await Invitation.filter(person_id=person.id, used_at=None).update(used_at=now)  # the link and the digits are one
    if row.replaces_endpoint is not None:
        old = await Endpoint.get_or_none(id=row.replaces_endpoint)
        if old is not None and (old.channel, old.chat_id) != (channel, chat_id):
            await sign_out(old, "moved")
    await join(person, channel, chat_id)
    return person


async def void(person_id: int) -> None:
    """Voids every invitation that the person may hold: none opens a chat any more. Needs a unit."""
    await Invitation.filter(person_id=person_id, used_at=None).update(used_at=unit().now)


NOUN = Noun((Record(Invitation, erasing=Fate.NONE, leaving=Fate.GOES),), leaves_with=void)
