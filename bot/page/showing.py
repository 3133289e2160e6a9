"""What a card's maker is told for a page that draws something itself, without a message."""

from bot.transport.channel import WEB
from handlers.card import Showing
from storage.engine.database import Database
from storage.people.person import Person


def showing_for(db: Database, chat_id: int, who: Person) -> Showing:
    """Makes it for somebody whose page is open now."""
    return Showing(
        ref=0,
        args={},
        person=who,
        language=who.language,
        now=db.clock.now(),
        repeat=False,
        secrets=db.secrets,
        channel=WEB,
        chat_id=chat_id,
    )
