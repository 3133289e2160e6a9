"""Keeps the chats in which a person can be reached."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from tortoise import fields
from tortoise.models import Model

from storage.engine import audit
from storage.engine.mapper import relate
from storage.engine.sql import add, among, change, fetch, joined, one, pick, run
from storage.engine.unit import unit
from storage.noun import Fate, Noun, Record
from storage.people.person import Person

TELEGRAM, WEB = "telegram", "web"
"""The channels on which people have chats."""
_served = frozenset({TELEGRAM, WEB})


def serve(channels: Iterable[str]) -> None:
    """Says on which channels this process can reach anybody: without a bot token a Telegram number is no phone."""
    global _served
    _served = frozenset(channels)


class Endpoint(Model):
    """One chat in which a person can be reached: on Telegram, or a web chat of our own gateway."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "chuishao.Person", related_name="endpoints", on_delete=fields.CASCADE
    )
    person_id: int
    channel = fields.CharField(max_length=10)
    chat_id = fields.BigIntField()
    active = fields.BooleanField(default=True)
    reason = fields.CharField(max_length=60, default="")
    menu = fields.CharField(max_length=40, default="")
    joined_at = fields.DatetimeField()

    class Meta:
        table = "endpoint"
        unique_together = (("channel", "chat_id"),)


@dataclass(frozen=True)
class Address:
    """Where to send."""

    channel: str
    chat_id: int
    person_id: int | None = None


async def at_chat(channel: str, chat_id: int) -> Endpoint | None:
    """Finds the endpoint that belongs to a chat, with its person; None for a stranger."""
    source = "endpoint a JOIN person b ON b.id = a.person_id WHERE a.channel = ? AND a.chat_id = ?"
    for endpoint, owner in await joined((Endpoint, Person), source, channel, chat_id):
        relate(endpoint, person=owner)
        return cast(Endpoint, endpoint)
    return None


async def joined_among(channel: str, chat_ids: list[int]) -> set[int]:
    """Tells which of these chats are somebody's."""
    words, value = among(chat_ids)
    rows = await fetch(f"SELECT chat_id FROM endpoint WHERE channel = ? AND chat_id {words}", channel, value)
    return {row["chat_id"] for row in rows}


async def addresses(person_id: int) -> list[Address]:
    """Lists all chats in which the person can be reached now."""
    rows = await fetch(
        "SELECT e.channel, e.chat_id FROM endpoint e JOIN person p ON p.id = e.person_id "
        "WHERE e.person_id = ? AND e.active = ? AND p.active = ? ORDER BY e.id",
        person_id,
        True,
        True,
    )
    return [Address(row["channel"], row["chat_id"], person_id) for row in rows if row["channel"] in _served]


async def reached(person_ids: Iterable[int]) -> frozenset[int]:
    """Tells which of these people can be reached at all."""
    words, value = among(sorted(set(person_ids)))
    rows = await fetch(f"SELECT person_id, channel FROM endpoint WHERE active = ? AND person_id {words}", True, value)
    return frozenset(row["person_id"] for row in rows if row["channel"] in _served)


async def served_by(channel: str, person_ids: Iterable[int]) -> frozenset[int]:
    """Tells which of these people can be reached on a channel."""
    words, value = among(sorted(set(person_ids)))
    sql = f"SELECT person_id FROM endpoint WHERE active = ? AND channel = ? AND person_id {words}"
    rows = await fetch(sql, True, channel, value) if channel in _served else ()
    return frozenset(row["person_id"] for row in rows)


async def of_person(endpoint_id: int, person_id: int) -> Endpoint | None:
    """Loads the chat of that number, if it is this person's."""
    return await one(Endpoint, "id = ? AND person_id = ?", endpoint_id, person_id)


async def all_of(person_id: int, *, active: bool = False) -> list[Endpoint]:
    """Lists the person's chats, or only those that can be reached, in the order in which they joined."""
    only = " AND active = ?" if active else ""
    return await pick(Endpoint, f"person_id = ?{only} ORDER BY id", person_id, *([True] if active else []))


async def keep_menu(endpoint: Endpoint, version: str) -> None:
    """Notes which menu the chat shows. Needs a unit."""
    await change(Endpoint, endpoint.id, menu=version)


async def join(person: Person, channel: str, chat_id: int) -> None:
    """Ties the chat to the person; a chat that belonged to somebody else changes hands."""
    row = await one(Endpoint, "channel = ? AND chat_id = ?", channel, chat_id)
    if row is None:
        await add(Endpoint, person_id=person.id, channel=channel, chat_id=chat_id, joined_at=unit().now)
    else:
        await change(Endpoint, row.id, person_id=person.id, active=True, reason="", menu="")
    audit.record("endpoint.joined", person.actor, actor=person.actor, channel=channel)


async def leave(endpoint: Endpoint, reason: str) -> None:
    """Makes the chat a stranger's from now on; what was said stays on record. A web chat's browser is signed out, so
    that a phone that was lost shows nothing."""
    await run("DELETE FROM endpoint WHERE id = ?", endpoint.id)
    actor = f"person:{endpoint.person_id}"
    audit.record("endpoint.left", actor, actor=actor, channel=endpoint.channel, reason=reason)


async def disable(channel: str, chat_id: int, reason: str) -> bool:
    """Gives up a chat that the far end says can't be reached, until a message comes from it again. Tells whether it was
    in use."""
    where = "channel = ? AND chat_id = ? AND active = ?"
    sql = f"UPDATE endpoint SET active = ?, reason = ? WHERE {where}"
    changed = await run(sql, False, reason, channel, chat_id, True)
    if changed:
        audit.record("endpoint.disabled", f"chat:{channel}", reason=reason)
    return bool(changed)


async def moved(channel: str, chat_id: int, to: int) -> None:
    """Renumbers the chat of a group that became a supergroup and goes on under another number."""
    await run("UPDATE endpoint SET chat_id = ? WHERE channel = ? AND chat_id = ?", to, channel, chat_id)
    audit.record("endpoint.moved", f"chat:{channel}")


async def revive(endpoint: Endpoint) -> None:
    """Takes a chat that had been given up into use again: a message came from it."""
    await change(Endpoint, endpoint.id, active=True, reason="")
    audit.record("endpoint.revived", f"person:{endpoint.person_id}", channel=endpoint.channel)


NOUN = Noun((Record(Endpoint, erasing=Fate.NONE, leaving=Fate.GOES, by_hand=True),))
