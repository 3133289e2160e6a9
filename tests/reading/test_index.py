"""The words by which people are found: kept beside the records, made anew when the rules change."""

import pytest

from storage.alerts.alert import Alert
from storage.cases.debtor import Debtor
from storage.engine.sql import fetch, run
from storage.opening import open_database
from storage.reading import index
from tests.world import JUDGE, SECRETARY, Stage, World


@pytest.mark.parametrize(
    "text",
    [
        "林永付回来了，在村委",
        "linyongfu huilai le，在村委",
        "lyf在家",
        "林永😀福在村委",
    ],
)
async def test_a_name_is_found_however_it_is_spelled(world: World, text: str) -> None:
    await world.phone(SECRETARY).says(text)
    await world.phone(SECRETARY).expects("林永福")
    await world.phone(JUDGE).expects(text)


async def kept() -> list[tuple[str, str, int]]:
    return [tuple(row) for row in await fetch("SELECT word, area_code, debtor_id FROM trace ORDER BY 1, 2, 3")]


async def test_words_are_made_anew_when_the_rules_change(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "PORTION", 3)
    url, secrets = stage.settings.database_url, stage.settings.secrets()
    async with open_database(url, secrets) as db:
        before = await kept()
        assert len({debtor for *_rest, debtor in before}) == await Debtor.all().count() > 9

        async def older() -> None:
            await run("DELETE FROM trace")
            await run("UPDATE traced SET rules = -1")

        await db.unit(older)
    portions = 0

    async def stopped(work: object) -> bool:
        nonlocal portions
        portions += 1
        return portions <= 2 and bool(await db.unit(work))  # type: ignore[arg-type]

    async with open_database(url, secrets, migrating=False) as db:
        await index.catch_up(stopped)
        half = await fetch("SELECT DISTINCT debtor_id FROM trace")
        assert 0 < len(half) < await Debtor.all().count()
    async with open_database(url, secrets):
        assert await kept() == before


async def test_a_nickname_that_is_noted_later_is_found_too(world: World) -> None:
    row = await Debtor.get(name="林永福")

    async def later() -> None:
        await run("INSERT INTO alias (debtor_id, text) VALUES (?, ?)", row.id, "铁拐")
        await index.note([row.id])

    await world.product.db.unit(later)
    await world.phone(SECRETARY).says("铁拐在村委")
    await world.phone(JUDGE).expects("铁拐在村委")
    await world.settled()
    assert await Alert.all().count() == 1
