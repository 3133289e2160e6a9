"""One-time links by which a chat joins a person."""

import hashlib
import secrets as random_source
from datetime import timedelta

from tortoise import fields
from tortoise.models import Model

from storage import audit
from storage.db import unit
from storage.outbox import sign_out
from storage.person import Endpoint, Person, join, leave

VALID = timedelta(days=7)
MOVING_VALID = timedelta(minutes=30)


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

    class Meta:
        table = "invitation"


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


async def invite(person: Person, *, replaces: Endpoint | None = None, actor: str = "system") -> str:
    """A new code (22 characters, as Telegram's start parameter allows). With `replaces`, using it leaves that chat."""
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


async def accept(code: str, channel: str, chat_id: int) -> Person | None:
    """Joins the chat to the code's person. None where the code is unknown, used or expired: nobody is told which."""
    row = await Invitation.select_for_update().get_or_none(code_hash=_hash(code))
    now = unit().now
    if row is None or row.used_at is not None or row.expires_at <= now:
        audit.record("invitation.refused", f"chat:{channel}", known=row is not None)
        return None
    person = await Person.get(id=row.person_id)
    if not person.active:
        audit.record("invitation.refused", person.actor)
        return None
    await Invitation.filter(id=row.id).update(used_at=now)
    if row.replaces_endpoint is not None:
        old = await Endpoint.get_or_none(id=row.replaces_endpoint)
        if old is not None and (old.channel, old.chat_id) != (channel, chat_id):
            await leave(old, "moved")
            await sign_out(old)
    await join(person, channel, chat_id)
    return person
