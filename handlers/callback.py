"""What a button carries: a version, a verb and ids, within Telegram's 64 bytes; nothing personal, no permission."""

from dataclasses import dataclass

VERSION = "1"
LIMIT = 64
LARGEST = 2**31 - 1
"""No record has a larger number; a forged one must not reach a database that takes it amiss."""


OLD_VERBS = {"watch": "supervise", "assign": "reassign"}
"""What buttons said that may still hang on phones. No new verb may be called so."""


@dataclass(frozen=True)
class Tap:
    """A verb on a record, with one more number where the verb needs it."""

    verb: str
    ref: int = 0
    arg: int = 0

    def pack(self) -> str:
        """Writes the tap as a button carries it: `1:ack:55:0`."""
        return f"{VERSION}:{self.verb}:{self.ref}:{self.arg}"


def unpack(data: str | None) -> Tap | None:
    """Reads a button's data; None for what this version didn't write: another version, garbage, a malformed forgery."""
    if not data or len(data.encode()) > LIMIT:
        return None
    parts = data.split(":")
    if len(parts) != 4 or parts[0] != VERSION or not (parts[1].isascii() and parts[1].isalpha()):
        return None
    try:
        ref, arg = (_number(part) for part in parts[2:])
    except ValueError:
        return None
    return Tap(OLD_VERBS.get(parts[1], parts[1]), ref, arg)


def _number(part: str) -> int:
    if not (part.isascii() and part.isdigit()) or len(part) > 10 or int(part) > LARGEST or str(int(part)) != part:
        raise ValueError(part)
    return int(part)
