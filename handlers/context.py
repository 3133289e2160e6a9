"""What a handler gets: who speaks, where, and how to answer. Answers are outbox rows in the same transaction."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from telegram import Update
from telegram.ext import CallbackContext, ExtBot

from storage.engine import audit
from storage.engine.unit import unit
from storage.people.endpoint import Address, Endpoint
from storage.people.person import Person
from storage.post.outbox import Lane, put
from storage.post.question import Question, QuestionKind, open_in


@dataclass
class Turn:
    """One update being handled. `person` is None for a stranger. `joining_url` is where web chats begin."""

    channel: str
    chat_id: int
    person: Person | None
    endpoint: Endpoint | None
    message_id: int | None = None
    """To what an answer replies visibly: not to commands."""
    asked: int | None = None
    """The message that is being handled."""
    query_id: str = ""
    bot_name: str = ""
    joining_url: str = ""
    push_hosts: tuple[str, ...] = ()
    muted: bool = False
    """A stranger who was answered less than a minute ago."""
    said_at: datetime | None = None
    """When the message was sent, where that was earlier than now: the phone had no signal, or the bot was away."""
    _questions: list[Question] | None = field(default=None, init=False)

    @property
    def who(self) -> Person:
        """Returns the person; handlers that a stranger can reach ask `person` instead."""
        assert self.person is not None
        return self.person

    @property
    def actor(self) -> str:
        """Returns the audit's name for whoever speaks; for a stranger only an index that finds the chat again."""
        if self.person is not None:
            return self.person.actor
        return f"chat:{unit().secrets.index(f'{self.channel}:{self.chat_id}')[:16]}"

    @property
    def offers(self) -> frozenset[str]:
        """Returns what the court has for reaching people beside their chats: mail, sms, call."""
        return unit().db.offers

    @property
    def address(self) -> Address:
        return Address(self.channel, self.chat_id, self.person.id if self.person else None)

    async def questions(self, *kinds: QuestionKind) -> list[Question]:
        """Returns the questions of these kinds that were open in this chat when the update came, the newest first."""
        if self._questions is None:
            self._questions = await open_in(self.channel, self.chat_id)
        return [row for row in self._questions if row.kind in kinds]

    async def reply(self, kind: str, ref: int = 0, *, fresh: bool = True, lane: Lane = Lane.REPLY, **args: Any) -> None:
        """Answers the message that is being handled with a card.

        Not `fresh` changes the card that is there already, if this chat has one of this kind and record.
        """
        reply_to = self.message_id if fresh and not self.query_id else None
        await put(self.address, kind, ref, lane=lane, fresh=fresh, args=args, reply_to=reply_to, asked=self.asked)

    async def say(self, key: str, **args: Any) -> None:
        """Answers with a sentence of the catalogue."""
        await self.reply("text", key=key, **args)

    async def refuse(self, subject: str) -> None:
        """Answers a button that isn't this person's like one that doesn't exist, and notes who tried."""
        audit.record("tap.refused", subject, actor=self.actor)
        await self.toast("help.stale_button")

    async def toast(self, key: str = "", *, loud: bool = False) -> None:
        """Answers a tap."""
        args = {"query": self.query_id, "key": key, "loud": loud, "at": unit().now.timestamp()}
        await put(self.address, "toast", lane=Lane.REPLY, fresh=True, args=args)


current_turn: ContextVar[Turn] = ContextVar("chuishao_turn")
failure: ContextVar[list[Exception]] = ContextVar("chuishao_failure")


class Context(CallbackContext[ExtBot[None], dict[Any, Any], dict[Any, Any], dict[Any, Any]]):
    """The typed context: `context.turn`."""

    @property
    def turn(self) -> Turn:
        return current_turn.get()


async def note_failure(_update: object, context: Context) -> None:
    """Notes what a handler raised: PTB swallows it, and the router wants it, to keep the update."""
    if context.error is not None:
        failure.get().append(context.error)


__all__ = ["Context", "Turn", "Update", "current_turn", "failure", "note_failure"]
