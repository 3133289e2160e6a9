"""What the bot has asked and not been answered: a row, so that a restart forgets nothing."""

import json
from datetime import datetime, timedelta
from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from storage.engine.sql import add, one, pick, run
from storage.engine.unit import unit
from storage.noun import Fate, Noun, Record


class QuestionKind(StrEnum):
    WHICH = "which"
    """Which debtor is meant: `ref` is the sighting, `options` the debtors."""
    ASK = "ask"
    """The judge's next sentence goes to the reporter: `ref` is the alert."""
    ANSWER = "answer"
    """The reporter's next sentence that isn't a report goes to the judge: `ref` is the relay."""
    NOTE = "note"
    """The judge may add an amount or a word to the outcome: `ref` is the alert."""
    COMMAND = "command"
    """The words of a command that was given without any: `options` is its name."""


WAIT = {
    QuestionKind.WHICH: timedelta(seconds=60),
    QuestionKind.ASK: timedelta(minutes=10),
    QuestionKind.ANSWER: timedelta(minutes=30),
    QuestionKind.NOTE: timedelta(minutes=10),
    QuestionKind.COMMAND: timedelta(minutes=5),
}


class Question(Model):
    """One open question in one chat."""

    id = fields.IntField(primary_key=True)
    channel = fields.CharField(max_length=10)
    chat_id = fields.BigIntField()
    person_id = fields.IntField()
    kind = fields.CharEnumField(QuestionKind, max_length=10)
    ref = fields.BigIntField()
    options = fields.TextField(default="[]")
    asked_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "question"
        indexes = (("channel", "chat_id", "closed_at"), ("closed_at", "expires_at"))

    @property
    def option_ids(self) -> list[int]:
        return list(json.loads(self.options))

    @property
    def command(self) -> str:
        """Returns the name of the command that waits for its words."""
        return str(json.loads(self.options)[0])


async def ask(
    kind: QuestionKind,
    channel: str,
    chat_id: int,
    person_id: int,
    ref: int,
    options: list[int] | None = None,
    *,
    name: str = "",
) -> Question:
    """Opens a question; an older one of the same kind in this chat, other than a WHICH, gives way."""
    now = unit().now
    if kind is not QuestionKind.WHICH:
        where = "channel = ? AND chat_id = ? AND kind = ? AND closed_at IS NULL"
        await run(f"UPDATE question SET closed_at = ? WHERE {where}", now, channel, chat_id, kind)
    return await add(
        Question,
        channel=channel,
        chat_id=chat_id,
        person_id=person_id,
        kind=kind,
        ref=ref,
        options=json.dumps([name] if name else options or []),
        asked_at=now,
        expires_at=now + WAIT[kind],
    )


async def open_in(channel: str, chat_id: int) -> list[Question]:
    """Lists the open and unexpired questions of a chat, the newest first."""
    where = "channel = ? AND chat_id = ? AND closed_at IS NULL AND expires_at > ? ORDER BY id DESC"
    return await pick(Question, where, channel, chat_id, unit().now)


async def of(question_id: int, person_id: int, kind: QuestionKind) -> Question | None:
    """Finds the question of this kind, if it was asked of this person."""
    return await one(Question, "id = ? AND person_id = ? AND kind = ?", question_id, person_id, kind)


async def by_id(question_id: int) -> Question | None:
    return await one(Question, "id = ?", question_id)


async def open_about(kind: QuestionKind, ref: int) -> list[Question]:
    """Lists the open questions of this kind about a record."""
    return await pick(Question, "kind = ? AND ref = ? AND closed_at IS NULL ORDER BY id", kind, ref)


async def close(question_id: int) -> bool:
    """Closes the question: True for the one who closes it; False where it was closed already."""
    sql = "UPDATE question SET closed_at = ? WHERE id = ? AND closed_at IS NULL"
    return bool(await run(sql, unit().now, question_id))


async def clock_went_back() -> None:
    """Ends the wait of questions that were asked under a later time than now."""
    now = unit().now
    await run(
        "UPDATE question SET expires_at = ? WHERE closed_at IS NULL AND asked_at > ?", now, now + timedelta(seconds=5)
    )


async def expired(now: datetime, limit: int = 100) -> list[Question]:
    """Lists open questions whose time is over."""
    return await pick(Question, f"closed_at IS NULL AND expires_at <= ? ORDER BY expires_at LIMIT {limit:d}", now)


NOUN = Noun((Record(Question, erasing=Fate.STAYS, leaving=Fate.STAYS),), clock_went_back=clock_went_back)
