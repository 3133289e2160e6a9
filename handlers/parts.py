"""What a card says, by its parts: one structure, which Telegram shows as text and the page as a card of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from handlers.length import Spare, kept, shown


class Mood(StrEnum):
    """How a card looks at a glance."""

    ALARM = "alarm"
    """Somebody has to answer."""
    HAND = "hand"
    """It is being worked on."""
    DONE = "done"
    """It has ended, with a result."""
    OVER = "over"
    """It was taken back or given away: grey, the headline struck."""


@dataclass(frozen=True)
class Contact:
    """Who can be called; `phone` as it is dialled."""

    name: str
    phone: str


@dataclass(frozen=True)
class Step:
    """A step of something's way; `at` is when it was taken, as it is shown, and empty where it is still to come."""

    label: str
    at: str = ""


@dataclass(frozen=True)
class Parts:
    """What stands on a card. Lines are markup, as the catalogues give it; what is called plain is not."""

    title: str
    """The headline as a line of its own."""
    noun: str = ""
    """Of what it is the card: the page lists leads and reports."""
    mood: Mood = Mood.HAND
    label: str = ""
    """What it is about, plain: 有人看到."""
    who: str = ""
    """Of whom it is, plain."""
    where: str = ""
    """Plain: a village."""
    at: datetime | None = None
    """When it was said; the page says how long ago that is."""
    state: str = ""
    """How it stands, plain, where that is more than its steps say: 不用去了."""
    notes: Sequence[str] = ()
    """What has to be known before anything else: a second reminder, from whom it was handed on."""
    quote: Sequence[str] = ()
    """What was said, in the words of who said it."""
    asides: Sequence[str] = ()
    """What belongs to that: how it was put right, when 明天 is."""
    place: str = ""
    sure: str = ""
    """How sure it is and why."""
    people: Sequence[Contact] = ()
    says: str = ""
    """Who said it."""
    facts: Sequence[str] = ()
    """What helps to recognise somebody, and their cases: what is looked up when the rest is read."""
    thread: Sequence[str] = ()
    """What was said since, the oldest first."""
    steps: Sequence[Step] = ()
    progress: Sequence[str] = ()
    """The steps and the end in words."""
    foot: Sequence[str] = ()
    """What else is worth knowing."""

    def text(self) -> str:
        """Returns the text with Telegram's markup, shortened where it must be: first what is only looked up."""
        folded = [Spare(line, 2) for line in (self.sure, *self.foot) if line]
        folded += [Spare(line, 3) for line in self.facts]
        lines = kept(
            [
                *self.notes,
                f"<b>{self.title}</b>",
                *(f"<blockquote>{line}</blockquote>" for line in self.quote),
                *self.asides,
                self.place,
                self.says,
                *folded,
                *(Spare(line, 1) for line in self.thread),
                *self.progress,
            ]
        )
        inside = [line for line in lines if any(line is one for one in folded)]
        if inside:
            at = next(n for n, line in enumerate(lines) if line is inside[0])
            lines[at : at + len(inside)] = ["<blockquote expandable>" + "\n".join(inside) + "</blockquote>"]
        return "\n".join(lines)

    def plain(self) -> dict[str, Any]:
        """Returns the parts without markup, those that are there; `at` in seconds since 1970."""
        given: dict[str, Any] = {"mood": self.mood.value, "title": shown(self.title)}
        if self.at is not None:
            given["at"] = int(self.at.timestamp())
        given |= {name: getattr(self, name) for name in ("noun", "label", "who", "where", "state")}
        given |= {name: shown(getattr(self, name)) for name in ("place", "sure", "says")}
        given |= {name: [shown(line) for line in getattr(self, name)] for name in _LISTS}
        given["people"] = [[one.name, one.phone] for one in self.people]
        given["steps"] = [[one.label, one.at] for one in self.steps]
        return {name: value for name, value in given.items() if value}


_LISTS = ("notes", "quote", "asides", "facts", "thread", "progress", "foot")
