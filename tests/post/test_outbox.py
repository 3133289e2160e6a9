"""What waits in the outbox when a new version takes over, and cards that nobody knows."""

import gzip
from pathlib import Path

import pytest

from storage.alerts.alert import Alert
from storage.cases.follow import Follow
from storage.people.endpoint import Address
from storage.post.outbox import Lane, Outbox, OutboxState, put
from tests.engine.test_schema import DATA, KEY
from tests.world import ADMIN, HEAD, JUDGE, NEIGHBOUR, SUPERVISOR, Message, Stage, World, settings_for


@pytest.fixture
async def taken_over(stage: Stage, tmp_path: Path) -> Stage:
    """A database of the version before, whose outbox is full."""
    path = tmp_path / "before" / "chuishao.db"
    path.parent.mkdir()
    path.write_bytes(gzip.decompress((DATA / "before.db.gz").read_bytes()))
    settings = settings_for(path.parent, f"sqlite://{path}", key=KEY)
    await stage.far_end.store.count_on_from(1000)  # the far end goes on counting where it was
    stage.clock.advance(120)
    return Stage(settings, stage.far_end, stage.clock)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_an_earlier_version_put_there_is_sent(taken_over: Stage) -> None:
    async with taken_over.world() as world:
        await world.advance(60)
        assert not await Outbox.filter(state__in=[OutboxState.PENDING, OutboxState.SENDING]).exists()
        assert not await Outbox.filter(state=OutboxState.FAILED).exists()
        head = [m for m in await world.phone(HEAD).received() if "转给" in m.text or "转派" in m.text]
        assert head and any(data.startswith("1:give:") for _label, data in head[-1].buttons), "to whom?"
        assert (
            "黄国强回来了" in str([m.text for m in await world.phone(JUDGE).received()])
            or await Alert.all().count() > 1
        )


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_buttons_of_an_earlier_version_still_do_what_they_did(taken_over: Stage) -> None:
    async with taken_over.world() as world:
        await world.advance(60)
        open_one = await Alert.filter(state="acknowledged").order_by("id").first()
        assert open_one is not None
        on_it = Message(1, "", False, [], None, {"message_id": 1, "from": {"is_bot": True}, "date": 1})
        case_id = (await Follow.get(supervised=True)).case_id
        await world.phone(SUPERVISOR).taps_data(on_it, f"1:watch:{case_id}:0")
        await world.settled()
        assert not await Follow.filter(case_id=case_id).exists(), "督办 again: no more"
        before = len(await world.phone(HEAD).received())
        await world.phone(HEAD).taps_data(on_it, f"1:assign:{open_one.id}:0")
        await world.settled()
        assert any("1:give:" in data for m in (await world.phone(HEAD).received())[before:] for _l, data in m.buttons)


async def test_a_sentence_that_an_earlier_version_put_there_is_still_known(world: World) -> None:
    async def work() -> None:
        await put(Address("telegram", ADMIN), "text", lane=Lane.REPLY, fresh=True, args={"key": "push.failed_bark"})

    await world.product.db.unit(work)
    await world.phone(ADMIN).expects("Bark")


async def test_a_kind_that_nobody_knows_is_given_up_and_told(world: World) -> None:
    person = await world.person(NEIGHBOUR)

    async def work() -> None:
        await put(Address("telegram", NEIGHBOUR, person.id), "hologram", 7, lane=Lane.REPLY)

    await world.product.db.unit(work)
    told = await world.phone(ADMIN).expects("不认识这种卡片")
    assert "hologram" in told.text
    await world.settled()
    row = await Outbox.get(kind="hologram")
    assert (row.state, row.attempts) == (OutboxState.FAILED, 1)
