"""Forms: what a command wants to know, as fields that a screen can show. Filled in they are the command's own words."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Field:
    """One thing to fill in: `kind` as HTML calls it (text, tel, date, time, number), or `select`, `check`."""

    name: str
    label: str
    kind: str = "text"
    options: tuple[str, ...] = ()
    """What can be chosen; of a `text` they are suggestions."""
    required: bool = True
    value: str = ""
    """What stands there before; of a `check` what it says where it is ticked."""


@dataclass(frozen=True)
class Form:
    """Its headline, its fields, and the command that they make up: `/leave {first} {last} {deputy}`."""

    title: str
    says: str
    fields: tuple[Field, ...]
    open: bool = False
    """Whether it stands there unfolded: what was said has begun to fill it in."""

    def plain(self) -> dict[str, Any]:
        """Returns it as JSON for the page."""
        fields = [{name: value for name, value in asdict(field).items() if value != ""} for field in self.fields]
        shown = {"open": True} if self.open else {}
        return {"title": self.title, "says": self.says, "fields": fields, **shown}


def names(people: Iterable[Any]) -> tuple[str, ...]:
    """Returns the names that stand for one person only: others are told apart by words, not by a list."""
    said = [str(one.name) for one in people]
    return tuple(name for name in dict.fromkeys(said) if said.count(name) == 1)


@dataclass(frozen=True)
class Day:
    """A day of a calendar: its lines, and whether something is missing on it."""

    date: date
    lines: tuple[str, ...] = ()
    gap: bool = False

    def plain(self) -> dict[str, Any]:
        """Returns it as JSON for the page."""
        return {"date": self.date.isoformat(), "lines": list(self.lines), "gap": self.gap}
