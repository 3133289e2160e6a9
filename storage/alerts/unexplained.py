"""Sends up what nobody has put into words: a voice is a report, and doubt goes up."""

from storage.alerts import attachment, raising, sighting
from storage.alerts.attachment import Attachment
from storage.alerts.sighting import Sighting
from storage.engine import audit
from storage.engine.unit import unit
from storage.noun import Due, Noun
from storage.people.endpoint import Address
from storage.people.person import Person, by_id
from storage.post.outbox import Lane, put
from storage.reading.understand import understand


async def raise_alone(row: Attachment, reporter: Person) -> Sighting:
    """Raises an alert with a voice or photo that nobody has put into words. Whoever asks in a voice not to be named
    isn't. Needs a unit."""
    late = row.at if row.said_at is not None else None
    report = await sighting.record(
        reporter, row.channel, row.chat_id, 0, "", said_at=row.said_at or row.at, recorded_at=late
    )
    await attachment.belong(row, report.id)
    words = [one.words for one in await attachment.of_sighting(report.id) if one.words]
    asks = [(await understand(reporter, heard, unit().now)).confidential for heard in words]
    await sighting.stay_with(report, reporter, any(asks))
    await sighting.settle(report, off_list=True)
    await raising.raise_for(report)
    if row.chat_id:
        await put(Address(row.channel, row.chat_id, reporter.id), "receipt", report.id, lane=Lane.RECEIPT)
    return report


async def send_up(row: Attachment) -> None:
    """Raises an alert with the voice or photo alone, and with what else the reporter sent beside it. Needs a unit."""
    fresh = await attachment.by_id(row.id, locked=True)
    reporter = await by_id(row.reporter_id)
    if fresh is None or fresh.sighting_id is not None or reporter is None or not reporter.active:
        return
    await raise_alone(fresh, reporter)
    audit.record("attachment.sent_up", f"attachment:{row.id}")


NOUN = Noun(due=Due(attachment.unexplained, send_up, "timer:attachment"))
