"""Joining, leaving, moving; and the stranger, who learns nothing."""

import re

import pytest

from storage.alerts.sighting import Sighting
from storage.engine.audit import AuditEntry
from storage.people.endpoint import Endpoint, join
from storage.people.person import Person
from storage.post import invitation as invitations
from storage.post.invitation import Invitation, invite
from storage.post.outbox import Outbox
from tests.world import ADMIN, SECRETARY, STRANGER, World

REFUSAL = "您好，这里只对登记人员开放。请向所在乡镇或法院要一个邀请码。"


async def code_for(world: World, chat_id: int) -> str:
    person = await world.person(chat_id)
    return str(await world.product.db.unit(lambda: invite(person)))


async def test_a_one_time_link_joins_the_chat(world: World) -> None:
    code = await code_for(world, SECRETARY)
    await world.phone(STRANGER).says(f"/start {code}")
    await world.phone(STRANGER).expects("应建华，登记好了")
    await world.phone(STRANGER).expects("发一句话就行")
    await world.phone(STRANGER).says("老林回来了，在村委")
    await world.phone(STRANGER).expects("已记录")
    await world.settled()
    assert "setMyCommands" in [method for method, _ in world.calls]
    assert not await Invitation.filter(code_hash=code).exists()


async def test_a_link_works_once_and_for_seven_days(world: World) -> None:
    used, late = await code_for(world, SECRETARY), await code_for(world, SECRETARY)
    await world.phone(STRANGER).says(f"/start {used}")
    await world.phone(STRANGER).expects("登记好了")
    await world.phone(9003).says(f"/start {used}")
    await world.phone(9003).expects("这个邀请码用不了")
    await world.advance(7 * 24 * 3600 + 1)
    await world.phone(9003).says(f"/start {late}")
    await world.phone(9003).expects("用过了或者过期了")


@pytest.mark.parametrize(
    "words", ["林永福回来了", "/case 456", "/start abc", "/start", "/help", "/pending", "你好", "/me", "/x"]
)
async def test_a_stranger_gets_the_same_sentence_whatever_was_typed(world: World, words: str) -> None:
    await world.phone(STRANGER).says(words)
    answer = await world.phone(STRANGER).expects(REFUSAL)
    await world.settled()
    assert answer.text == REFUSAL and len(await world.phone(STRANGER).received()) == 1
    assert await Sighting.all().count() == 0
    entry = await AuditEntry.filter(action__in=["stranger.refused", "invitation.refused"]).order_by("-id").first()
    assert entry is not None and str(STRANGER) not in entry.actor + entry.detail


async def test_moving_to_a_new_phone_leaves_the_old_one(world: World) -> None:
    await world.phone(SECRETARY).says("/me")
    card = await world.phone(SECRETARY).expects("应建华 · 村社书记")
    assert "七里乡周弄村" in card.text
    await world.phone(SECRETARY).taps("换手机")
    link = await world.phone(SECRETARY).expects("在新手机上打开")
    code = re.search(r"#([\w-]+)", link.text)
    assert code
    await world.phone(STRANGER).says(f"/start {code[1]}")
    await world.phone(STRANGER).expects("登记好了")
    await world.phone(SECRETARY).says("老林回来了")
    await world.phone(SECRETARY).expects(REFUSAL)


async def test_leaving(world: World) -> None:
    await world.phone(SECRETARY).says("/me")
    await world.phone(SECRETARY).taps("退出这部手机")
    await world.phone(SECRETARY).taps("不退出")
    await world.phone(SECRETARY).hears("没有退出")
    await world.phone(SECRETARY).taps("退出")
    await world.phone(SECRETARY).expects("退出的那部手机不能再用了")
    await world.phone(SECRETARY).says("老林回来了")
    await world.phone(SECRETARY).expects(REFUSAL)
    assert not await Endpoint.filter(chat_id=SECRETARY).exists()


async def test_signing_out_everywhere_else(world: World) -> None:
    """Three phones, of which two are somewhere: one tap leaves this one alone; the others show nothing any more."""
    person, store = await world.person(SECRETARY), world.product.store
    pages = [await store.open_chat() for _ in range(2)]

    async def joined() -> None:
        for chat_id, *_ in pages:
            await join(person, "web", chat_id)

    await world.product.db.unit(joined)
    await world.phone(SECRETARY).says("/me")
    await world.phone(SECRETARY).taps("退出其他手机")
    await world.settled()
    assert [row.chat_id for row in await Endpoint.filter(person_id=person.id)] == [SECRETARY]
    for _chat_id, slug, token in pages:
        assert await store.chat_by_session(slug, token) is None


async def test_somebody_who_is_no_longer_active_is_a_stranger(world: World) -> None:
    person = await world.person(SECRETARY)

    async def retire() -> None:
        await Person.filter(id=person.id).update(active=False)

    await world.product.db.unit(retire)
    await world.phone(SECRETARY).says("老林回来了")
    await world.phone(SECRETARY).expects(REFUSAL)


def spoken(text: str) -> str:
    return text.partition("验证码 ")[2][:6]


async def test_a_code_read_out_on_the_telephone_joins_together_with_the_number(world: World) -> None:
    admin, stranger = world.phone(ADMIN), world.phone(STRANGER)
    await admin.says("/invite 应建华")
    first = spoken((await admin.expects("打电话念给他")).text)
    await admin.says("/invite 19800001001")
    await world.settled()
    digits = spoken((await admin.received())[-1].text)
    kept = "".join(str(row) for row in await Outbox.all().values_list("args", flat=True))
    assert digits not in kept
    for code in (f"19800001002-{digits}", digits, f"19800001001-{first if first != digits else '000000'}"):
        await stranger.says(f"/start {code}")
        await world.settled()
        assert "只对登记人员开放" in (await stranger.received())[-1].text
    await stranger.says(f"/start 19800001001-{digits}")
    await stranger.expects("应建华，登记好了")
    await world.store.ensure_chat(STRANGER + 1)
    await world.phone(STRANGER + 1).says(f"/start 19800001001-{digits}")
    await world.phone(STRANGER + 1).expects("只对登记人员开放")


async def test_guessing_a_spoken_code_ends_it(world: World) -> None:
    admin, stranger = world.phone(ADMIN), world.phone(STRANGER)
    await admin.says("/invite 应建华")
    digits = spoken((await admin.expects("打电话念给他")).text)
    for guess in range(5):
        await stranger.says(f"/start 19800001001-{(int(digits) + 1 + guess) % 1_000_000:06}")
    await stranger.says(f"/start 19800001001-{digits}")
    await world.settled()
    assert {m.text for m in await stranger.received()} == {(await stranger.received())[0].text}


async def test_a_spoken_code_is_good_for_ten_minutes(world: World) -> None:
    admin, stranger = world.phone(ADMIN), world.phone(STRANGER)
    await admin.says("/invite 应建华")
    digits = spoken((await admin.expects("打电话念给他")).text)
    await world.advance(601)
    await stranger.says(f"/start 19800001001-{digits}")
    await stranger.expects("只对登记人员开放")


@pytest.mark.parametrize(
    ("said", "answer"), [("", "请写姓名"), ("没有这人", "没有这个人"), ("19999999999", "没有这个人")]
)
async def test_who_is_to_be_invited_must_be_known(world: World, said: str, answer: str) -> None:
    await world.phone(ADMIN).says(f"/invite {said}")
    await world.phone(ADMIN).expects(answer)


async def test_a_code_that_was_guessed_at_too_often_says_so_for_good(world: World) -> None:
    person = await world.person(SECRETARY)
    digits = await world.product.db.unit(lambda: invitations.speak(person, actor="test"))

    async def guess(number: int) -> invitations.Refused:
        code = f"{person.phone}-{(int(digits) + number) % 1_000_000:06}"
        found = await world.product.db.unit(lambda: invitations.look(code))
        assert isinstance(found, invitations.Refused)
        return found

    left = [(await guess(number)).left for number in range(1, 8)]
    assert left == [4, 3, 2, 1, 0, 0, 0]
    assert (await guess(0)).why is invitations.Reason.SPENT and (await guess(9)).why is invitations.Reason.SPENT
