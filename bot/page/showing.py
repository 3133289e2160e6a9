"""What a card's maker is told for a page that draws something itself, without a message."""

from aiohttp import web

from bot.transport.channel import WEB
from handlers.card import Showing
from storage.engine.database import Database
from storage.people.access import Action, may
from storage.people.endpoint import at_chat
from storage.people.person import Person


async def person_at(chat_id: int, action: Action) -> Person:
    """Returns who speaks in a chat of the page. Raises 404 for nobody, and for who may not do this."""
    endpoint = await at_chat(WEB, chat_id)
    if endpoint is None or not may(endpoint.person, action):
        raise web.HTTPNotFound
    return endpoint.person


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
