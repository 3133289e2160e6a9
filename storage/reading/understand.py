"""What a message means, coming from whom it comes.

The one way in: for the bot, the command line, the question that asks back, and the scorer.
"""

from dataclasses import replace
from datetime import datetime

from storage.people.access import Action, may
from storage.people.person import Person
from storage.reading.candidates import circles
from storage.reading.read import Reading, read


async def understand(person: Person, text: str, now: datetime) -> Reading:
    """Reads the text as said by this person at `now`, against everybody of their county who may be meant. Where that
    turns on somebody of whom the person may not be told, it is read a second time as if nobody knew these."""
    everybody = await circles(person.area_codes, text, now)
    reading = read(text, everybody)
    if not may(person, Action.REPORT):
        return reading
    heeded = {*reading.heeded, *reading.denied}
    if all(person.covers(one.area_code) for circle in everybody for one in circle if one.id in heeded):
        return reading
    told = [[one for one in circle if person.covers(one.area_code)] for circle in everybody]
    return replace(reading, sighted=read(text, told))
