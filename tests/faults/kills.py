"""Killing the product, again and again, while people report: what was lost, what came twice."""

import asyncio
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from storage.engine.secret import new_key
from tests.county import County, Report
from tests.process import Bot
from tests.telegram import Telegram

REPEAT = "可能是重复提醒"
"""What marks a card that may have arrived before."""
REMINDER = "第二次提醒"
"""What marks a card that comes again because nobody answered the first one: no repeat."""
IN_FLIGHT = 32
BACKLOG = 200
"""People stop reporting while so many messages are still to come."""
_QUOTED = re.compile(r"“(.+?)”")


@dataclass
class Outcome:
    """What the judges' phones showed after all was over."""

    reports: int
    kills: int
    lost: list[str] = field(default_factory=list)
    repeats: int = 0
    unmarked: int = 0
    """Cards that came a second time without saying so."""
    audit: list[str] = field(default_factory=list)
    """What `chuishao audit verify` found wrong, after each kill."""
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.reports} reports: {len(self.lost)} lost, {self.repeats} repeats "
            f"({self.unmarked} unmarked), {len(self.audit)} broken chains, {self.seconds:.0f} s"
        )


class Killing:
    """One bot on one database, people who report all the time, and somebody with a `kill -9`."""

    def __init__(
        self, folder: Path, telegram: Telegram, *, database: str = "", webhook: bool = False, debtors: int = 4000
    ) -> None:
        """`debtors`: more than there will be reports, for a second one about the same debtor would join the first."""
        self.telegram = telegram
        self.county = County(debtors, judges=40)
        self.bot = Bot(folder, new_key(), telegram.url, database=database, webhook=webhook)
        self.fed: list[Report] = []

    async def prepare(self, folder: Path) -> None:
        """The county's files, imported."""
        await self.bot.imports(self.county.write(folder))

    async def run(self, kills: int, seed: int, *, verify_every: int = 1) -> Outcome:
        chance = random.Random(seed)
        begun = time.monotonic()
        outcome = Outcome(0, kills)
        reports = self.county.reports()
        feeding = True

        async def feed() -> None:
            while feeding:
                waiting = 2 * len(self.fed) - len(self.telegram.calls)
                for _ in range(chance.randint(1, 12) if waiting < BACKLOG else 0):
                    report = next(reports)
                    self.fed.append(report)
                    self.telegram.feed(report.chat_id, report.text)
                await asyncio.sleep(0.05)

        async with asyncio.TaskGroup() as group:
            group.create_task(feed())
            for number in range(kills):
                await self.bot.start()
                before = len(self.telegram.calls)
                if chance.random() < 0.8:
                    # Mostly in the middle of the work, sometimes while it is still starting.
                    await self.telegram.until(lambda seen=before: len(self.telegram.calls) > seen + 4, 60)  # type: ignore[misc]
                    await asyncio.sleep(chance.random() * 0.6)
                else:
                    await asyncio.sleep(chance.random() * 1.5)
                await self.bot.kill()
                if number % verify_every == 0:
                    code, said = await self.bot.command("audit", "verify")
                    if code:
                        outcome.audit.append(said)
            feeding = False
        await self.bot.start()
        wanted = {report.text: report for report in self.fed}
        try:
            await self.telegram.until(lambda: not self._missing(wanted), 90)
        except TimeoutError:
            outcome.lost = sorted(self._missing(wanted))
        await self.bot.stop()
        outcome.reports = len(self.fed)
        assert outcome.reports <= self.county.debtors, outcome
        outcome.repeats, outcome.unmarked = self._repeats(wanted)
        code, said = await self.bot.command("audit", "verify")
        outcome.audit += [said] if code else []
        outcome.seconds = time.monotonic() - begun
        return outcome

    def _cards(self, wanted: dict[str, Report]) -> list[tuple[str, bool]]:
        """The sentence of each card that came to the right judge, and whether it says that it may be a repeat."""
        cards = []
        for call in self.telegram.messages():
            quoted = _QUOTED.search(call.text)
            report = wanted.get(quoted[1]) if quoted else None
            if report is not None and call.chat_id == report.judge and REMINDER not in call.text:
                cards.append((report.text, REPEAT in call.text))
        return cards

    def _missing(self, wanted: dict[str, Report]) -> set[str]:
        return set(wanted) - {text for text, _marked in self._cards(wanted)}

    def _repeats(self, wanted: dict[str, Report]) -> tuple[int, int]:
        seen: Counter[str] = Counter()
        repeats = unmarked = 0
        for text, marked in self._cards(wanted):
            if seen[text]:
                repeats += 1
                unmarked += not marked
            seen[text] += 1
        return repeats, unmarked
