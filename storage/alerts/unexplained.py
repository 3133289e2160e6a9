"""Sends up what nobody has put into words: a voice is a report, and doubt goes up."""

from storage.alerts import attachment, raising, sighting
from storage.alerts.attachment import Attachment
from storage.engine import audit
from storage.noun import Due, Noun
from storage.people.endpoint import Address, addresses
from storage.people.person import by_id
from storage.post.outbox import Lane, put


async def send_up(row: Attachment) -> None:
    """Raises an alert with the voice or photo alone, and with what else the reporter sent beside it. Needs a unit."""
    fresh = await attachment.by_id(row.id, locked=True)
    reporter = await by_id(row.reporter_id)
    if fresh is None or fresh.sighting_id is not None or reporter is None or not reporter.active:
        return
    where = [one for one in await addresses(reporter.id) if one.channel == row.channel]
    to = where[0] if where else Address(row.channel, 0, reporter.id)
    report = await sighting.record(reporter, to.channel, to.chat_id, 0, "", said_at=row.at)
    await attachment.belong(fresh, report.id)
    await sighting.settle(report, off_list=True)
    await raising.raise_for(report)
    if where:
        await put(to, "receipt", report.id, lane=Lane.RECEIPT)
    audit.record("attachment.sent_up", f"attachment:{row.id}")


NOUN = Noun(due=Due(attachment.unexplained, send_up, "timer:attachment"))
