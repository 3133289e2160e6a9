"""What a message means, coming from whom it comes.

The one way in: for the bot, the command line, the question that asks back, and the scorer.
"""

from datetime import datetime

from storage.people.person import Person
from storage.reading.candidates import circles
from storage.reading.read import Reading, read


async def understand(person: Person, text: str, now: datetime) -> Reading:
    """Reads the text as said by this person at `now`, against everybody of their county who may be meant."""
    return read(text, await circles(person.area_codes, text, now))
