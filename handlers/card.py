"""What goes out: a text with buttons, made from a record at the moment it is sent."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import locales
from handlers.callback import Tap
from handlers.form import Day, Form
from handlers.parts import Parts
from storage.engine.clock import local
from storage.engine.secret import Secrets
from storage.people.person import Person
from storage.post.delivery import About, Subject
from storage.post.outbox import Outbox


@dataclass(frozen=True)
class Button:
    """A label with what the tap carries."""

    label: str
    tap: Tap
    main: bool = False
    """What is to be done next."""
    fades: timedelta | None = None
    """After so long it isn't offered any more, where a screen can take it away by itself."""
    beside: bool = False
    """Stands next to it; the others wait under 更多 where there is little room."""


@dataclass(frozen=True)
class Media:
    """A file by the id that its own channel gave it."""

    kind: str
    channel: str
    file_id: str


@dataclass(frozen=True)
class File:
    """A file made for the recipient: a `photo` or a `document`, what it is called, and its content."""

    kind: str
    name: str
    content: bytes


@dataclass
class Card:
    """One message. `method` and `parameters` are for what isn't a message (a menu, an answer to a tap)."""

    text: str = ""
    rows: list[list[Button]] = field(default_factory=list)
    media: Media | None = None
    place: tuple[float, float] | None = None
    file: File | None = None
    silent: bool = False
    urgent: bool = False
    """Makes its noise also in quiet hours."""
    expects_reply: bool = False
    parts: Parts | None = None
    """What the text says, for a screen that can show it better."""
    forms: Sequence[Form] = ()
    """What can be filled in here instead of typed, where a screen can show it."""
    how: str = ""
    """The same in words, and how it is typed, for where forms and calendars can't be shown."""
    days: Sequence[Day] = ()
    """A calendar beside the text, where a screen can show one; the first day is a Monday."""
    chain: Sequence[tuple[str, str]] = ()
    """Who comes after whom: when, and who, plain. Lines of the text where it can't be drawn."""
    lasts: timedelta | None = None
    """How long an answer is waited for, drawn where it can be."""
    of: int = 0
    """To which lead it belongs, by its first report: the page shows photos, questions and answers inside it."""
    shows: frozenset[Subject] = frozenset()
    """Whom it shows: by this the message is found again when they are erased, or ask not to be named."""
    method: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)

    def marked(self, note: str) -> "Card":
        """Returns the card with a note above everything else."""
        parts = replace(self.parts, notes=[note, *self.parts.notes]) if self.parts is not None else None
        return replace(self, text=f"{note}\n{self.text}".strip(), parts=parts)

    def for_channel(self, *, shows_forms: bool) -> "Card":
        """Returns the card as it goes out: where forms and calendars can't be shown, with what they say in words."""
        if shows_forms and (self.forms or self.days or self.chain):
            return self
        lines = [self.text, *(locales.escape(f"{when} {who}") for when, who in self.chain), self.how]
        return replace(self, text="\n".join(line for line in lines if line))

    def for_page(self) -> dict[str, Any] | None:
        """Returns what the page shows instead of the text where the card has parts, and to which lead it belongs."""
        of = {"of": self.of} if self.of else {}
        more: dict[str, Any] = {"forms": [form.plain() for form in self.forms]} if self.forms else {}
        more |= {"chain": [list(one) for one in self.chain]} if self.chain else {}
        more |= {"lasts": int(self.lasts.total_seconds())} if self.lasts is not None else {}
        more |= {"days": [day.plain() for day in self.days]} if self.days else {}
        if self.parts is None:
            return {"noun": "item", **of, **more} if of else more or None
        buttons = [button for row in self.rows for button in row]
        main, beside = ([b.tap.pack() for b in buttons if getattr(b, name)] for name in ("main", "beside"))
        fades = {b.tap.pack(): int(b.fades.total_seconds()) for b in buttons if b.fades is not None}
        gone = {"fades": fades} if fades else {}
        return {**self.parts.plain(), **of, "main": main, "beside": beside, **gone}

    def markup(self) -> dict[str, Any] | None:
        """Returns the Bot API's reply_markup."""
        if self.rows:
            rows = [[{"text": b.label, "callback_data": b.tap.pack()} for b in row] for row in self.rows if row]
            return {"inline_keyboard": rows}
        return {"force_reply": True} if self.expects_reply else None


@dataclass(frozen=True)
class Showing:
    """For whom and what a card is made."""

    ref: int
    args: dict[str, Any]
    person: Person | None
    language: str
    now: datetime
    repeat: bool
    secrets: Secrets
    channel: str
    chat_id: int

    def text(self, key: str, **args: object) -> str:
        return locales.text(self.language, key, **args)

    def plain(self, key: str, **args: object) -> str:
        return locales.plain(self.language, key, **args)

    def button(self, key: str, verb: str, ref: int = 0, arg: int = 0, **args: object) -> Button:
        return Button(self.plain(key, **args), Tap(verb, ref, arg))

    @property
    def today(self) -> date:
        return local(self.now).date()

    def at(self, moment: datetime) -> str:
        return locales.clock_time(self.language, local(moment), self.today)

    def days(self, moment: datetime) -> str:
        day = local(moment).date()
        return locales.days(self.language, day, day, self.today.year != day.year)

    def stretch(self, start: datetime, end: datetime, *, weekdays: bool = False) -> str:
        return locales.stretch(self.language, local(start), local(end), self.today, weekdays=weekdays)


Renderer = Callable[[Showing], Awaitable[Card | None]]
AfterEffect = Callable[[Outbox], Awaitable[None]]


@dataclass(frozen=True)
class Kind:
    """A kind of card: how it is made, and what the records learn from its fate. Both effects run in a unit."""

    render: Renderer
    delivered: AfterEffect | None = None
    undeliverable: AfterEffect | None = None


KINDS: dict[str, Kind] = {}
OLD_KINDS = {"assign": "reassign"}
OLD_NOUNS = {"push": "waking"}
"""What rows of the outbox may still say that an earlier version has put there: kinds, and whose sentences."""


def card(
    kind: str, *, delivered: AfterEffect | None = None, undeliverable: AfterEffect | None = None
) -> Callable[[Renderer], Renderer]:
    """Registers a renderer under the name that outbox rows carry. It returns None where the card is obsolete."""

    def register(render: Renderer) -> Renderer:
        if kind in KINDS and KINDS[kind].render.__module__ != render.__module__:
            raise ValueError(f"two cards are called {kind}")
        KINDS[kind] = Kind(render, delivered, undeliverable)
        return render

    return register


def kind_of(name: str) -> Kind | None:
    """Finds how a card of this name is made; None for a name that nobody has registered."""
    return KINDS.get(OLD_KINDS.get(name, name))


@card("text")
async def show_text(showing: Showing) -> Card | None:
    """Shows a plain sentence of the catalogue; `about` says by number whom the message it answers was about, `of`
    to which lead it belongs."""
    args = {name: value for name, value in showing.args.items() if name not in ("key", "about", "of")}
    noun, dot, key = str(showing.args["key"]).partition(".")
    whom = frozenset(Subject(About.DEBTOR, number) for number in showing.args.get("about", ()))
    text = showing.text(f"{OLD_NOUNS.get(noun, noun)}{dot}{key}", **args)
    return Card(text, shows=whom, of=int(showing.args.get("of", 0)))


@card("toast")
async def show_toast(showing: Showing) -> Card | None:
    """Shows the answer to a tap, without which the button keeps spinning; after 30 seconds nobody waits for it."""
    if showing.now.timestamp() - showing.args["at"] > 30:
        return None
    key = showing.args.get("key")
    words = showing.plain(key) if key else ""
    return Card(
        method="answerCallbackQuery",
        parameters={
            "callback_query_id": showing.args["query"],
            "text": words,
            "show_alert": bool(showing.args.get("loud")),
        },
    )
