"""Who is really reached: who has no phone is nobody, and the reporter is told what is true."""

from datetime import UTC, datetime

from storage.alerts.alert import Alert
from storage.people.endpoint import Endpoint
from storage.people.person import Person
from storage.post.invitation import invite
from tests.world import ADMIN, HEAD, JUDGE, SECOND_JUDGE, SECRETARY, SUPERVISOR, THIRD_JUDGE, Stage, World

SENTENCE = "林永福回来了，人就在村委"


async def nobody_has_a_phone_but(world: World, *chats: int) -> None:
    async def work() -> None:
        await Endpoint.exclude(chat_id__in=list(chats)).delete()

    await world.product.db.unit(work)


async def test_a_judge_who_never_joined_is_nobody_and_the_next_is_rung_at_once(world: World) -> None:
    await nobody_has_a_phone_but(world, SECRETARY, HEAD, ADMIN)
    await world.phone(SECRETARY).says(SENTENCE)
    card = await world.phone(HEAD).expects(SENTENCE)
    assert card.buttons
    receipt = await world.phone(SECRETARY).expects("已送达")
    assert "沈立群" not in receipt.text.split("\n")[1]


async def test_where_only_the_administrator_has_a_phone_that_phone_rings_at_once(world: World) -> None:
    await nobody_has_a_phone_but(world, SECRETARY, ADMIN)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(ADMIN).expects(SENTENCE)


async def test_where_nobody_is_reached_the_reporter_is_told_whom_to_ring(world: World) -> None:
    await nobody_has_a_phone_but(world, SECRETARY)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.settled()
    await world.advance(1)
    receipt = await world.phone(SECRETARY).expects("直接打值班电话")
    assert "0578-0000000" in receipt.text and "正在通知" not in receipt.text


async def test_without_a_bot_token_a_telegram_number_is_no_phone(stage: Stage) -> None:
    async with stage.world(bot_token="") as world:
        admin = await Person.get(endpoints__chat_id=ADMIN)

        async def joins() -> None:
            at = datetime.now(UTC)
            await Endpoint.create(person_id=admin.id, channel="web", chat_id=77, joined_at=at)

        await world.product.db.unit(joins)
        from storage.desk import staff
        from storage.people.endpoint import addresses, reached

        judge = await Person.get(name="沈立群")
        assert await addresses(judge.id) == [] and await reached([judge.id, admin.id]) == {admin.id}
        assert judge.id in {one.id for one in await staff.not_joined("331122")}


async def test_what_is_given_away_goes_only_to_who_can_be_reached_and_leaves_a_note(world: World) -> None:
    await nobody_has_a_phone_but(world, SECRETARY, JUDGE, SECOND_JUDGE, HEAD, SUPERVISOR)
    judge = world.phone(JUDGE)
    await world.phone(SECRETARY).says(SENTENCE)
    card = await judge.expects(SENTENCE)
    await judge.taps("转交")
    await world.settled()
    offered = [text for text, _data in (await judge.expects(lambda m: m.id == card.id)).buttons]
    third = (await Person.get(phone="19800001103")).name
    assert "郑雅芳" in offered and third not in offered and THIRD_JUDGE
    await judge.taps("郑雅芳")
    await world.phone(SECOND_JUDGE).expects(SENTENCE)
    await world.settled()
    mine = await judge.expects("已转交郑雅芳")
    assert mine.id == card.id and mine.buttons == []
    await world.advance(121)
    assert not [m for m in await judge.received() if "提醒" in m.text]
    supervisor = world.phone(SUPERVISOR)
    await supervisor.says("/case 456")
    await supervisor.taps("催办")
    done = await supervisor.expects("已催")
    assert "郑雅芳" in done.text and "沈立群" not in done.text


async def test_who_urges_is_not_urged(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.advance(16 * 60)
    head = world.phone(HEAD)
    await head.expects(SENTENCE)
    await head.says("/case 456")
    await head.taps("催办")
    done = await head.expects("已催")
    assert "胡建平" not in done.text
    assert not [m for m in await head.received() if "【催办】" in m.text]


async def test_who_joins_later_gets_what_waited_and_its_ladder_begins(world: World) -> None:
    judge = await world.person(JUDGE)
    await nobody_has_a_phone_but(world, SECRETARY)
    await world.phone(SECRETARY).says(SENTENCE)
    await world.advance(400)
    await world.phone(SECRETARY).expects("直接打值班电话")
    assert (await Alert.get()).escalate_at is None
    code = await world.product.db.unit(lambda: invite(judge))
    await world.phone(JUDGE).says(f"/start {code}")
    card = await world.phone(JUDGE).expects(SENTENCE)
    assert "收到" in dict(card.buttons)
    await world.phone(SECRETARY).expects("已送达沈立群法官")
    assert (await Alert.get()).escalate_at is not None
    await world.advance(125)
    await world.phone(JUDGE).expects("第二次提醒")
