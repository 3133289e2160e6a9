"""Who is written about may know what is kept and who looked, and have it erased, which takes two; who looks up too many
is stopped."""

import json
from datetime import date

from tortoise import fields

from storage.alerts.attachment import Attachment
from storage.alerts.sighting import Sighting, Suspect
from storage.cases import quota
from storage.cases.case import Case
from storage.cases.debtor import Debtor
from storage.desk import privacy, staff
from storage.duty.ladder import Rung
from storage.engine.audit import AuditEntry, verify
from storage.people import approval
from storage.people.person import Person, Role
from storage.post.inbox import Inbox
from storage.post.invitation import invite
from tests.world import ADMIN, HEAD, JUDGE, NEIGHBOUR, SECOND_JUDGE, SECRETARY, SUPERVISOR, World

SENTENCE = "林永福回来了，在村委"
OLD_DU = "老杜回来了，在村口抽烟"


async def test_who_has_looked_at_somebody(world: World) -> None:
    await world.phone(SUPERVISOR).says("/case 456")
    await world.phone(SUPERVISOR).taps("导出", await world.phone(SUPERVISOR).expects("执456号"))
    await world.phone(HEAD).says("/case 周弄村")
    await world.settled()
    admin = world.phone(ADMIN)
    await admin.says("/access 331122196903120114")
    card = await admin.expects("谁查阅过")
    for line in ("案件 1 件", "09:41 赵慧敏 看了案件", "09:41 赵慧敏 导出", "09:41 胡建平 查到"):
        assert line in card.text, card.text
    await admin.says("/access 无此人")
    await admin.expects("被执行人里没有这个人")
    assert await AuditEntry.filter(action="debtor.access_read").count() == 1


async def test_erasing_takes_two_and_leaves_no_trace_but_that_there_was_a_case(world: World) -> None:
    admin, head, secretary = world.phone(ADMIN), world.phone(HEAD), world.phone(SECRETARY)
    await secretary.says(SENTENCE)
    await secretary.sends(location={"latitude": 28.66, "longitude": 120.09})
    card = await world.phone(JUDGE).expects(SENTENCE)
    await head.says("/case 林永福")
    await head.expects("执456号")
    await world.settled()
    debtor = await Debtor.get(name="林永福")
    await admin.says("/erase 林永福")
    await admin.expects("要两个人同意：已经去问胡建平")
    asked = await head.expects("【要您同意】陶红要删除被执行人")
    await admin.taps_data(asked, dict(asked.buttons)["同意"])
    await admin.hears("这个按钮已经过期了")
    assert await Debtor.filter(name="林永福").exists(), "one alone can't"
    await head.taps("同意", asked)
    await admin.expects("同意了，已办")
    await world.settled()
    after = await Debtor.get(id=debtor.id).prefetch_related("aliases", "plates")
    assert after.name == "（已按申请删除）" and not after.id_sealed and not after.phone and after.born is None
    assert not after.aliases and not after.plates
    report = await Sighting.get()
    assert report.text == "（已按申请删除）" and report.place == "" and await Attachment.all().count() == 0
    assert not [row for row in await Inbox.all() if "林永福" in str(json.loads(row.payload))]
    assert ("deleteMessage", {"chat_id": JUDGE, "message_id": card.id}) in world.calls
    for who in (JUDGE, HEAD):
        assert not [m for m in await world.phone(who).received() if "林永福" in m.text]
    assert not [m for m in await world.phone(JUDGE).received() if "location" in m.body]
    assert await Case.filter(number="（2013）浙1122执456号").exists()
    assert (await verify(world.product.db.secrets)).broken is None
    for words in ("林永福", "阿福", "0114", "浙K8G12A"):
        await head.says(f"/case {words}")
        await world.settled()
        assert "没有查到" in (await head.received())[-1].text


async def test_no_column_of_a_debtor_is_forgotten(world: World) -> None:
    """Every column is filled, a new one as well; after erasing those are left that tell nothing."""
    debtor = await Debtor.get(name="林永福")
    stays = {"id", "name", "kind", "area_code"}
    filled = {
        name: date(1969, 3, 12) if isinstance(field, fields.DateField) else "林永福"[: getattr(field, "max_length", 9)]
        for name, field in Debtor._meta.fields_map.items()
        if name in Debtor._meta.fields_db_projection and name not in stays
    }
    admin = await world.person(ADMIN)

    async def work() -> None:
        await Debtor.filter(id=debtor.id).update(**filled)
        await privacy.erase(debtor.id, admin, "（已按申请删除）")

    await world.product.db.unit(work)
    after = await Debtor.get(id=debtor.id)
    assert {name: getattr(after, name) for name in filled if getattr(after, name)} == {}


async def test_nobody_makes_their_own_second_pair_of_eyes(world: World) -> None:
    admin = world.phone(ADMIN)
    await admin.says("/erase 林永福")
    asked = await world.phone(HEAD).expects("【要您同意】")
    await admin.says("/invite 胡建平")
    await admin.expects("验证码")
    await world.phone(HEAD).taps("同意", asked)
    await world.phone(HEAD).hears("要另找一位")
    assert await Debtor.filter(name="林永福").exists()


async def test_puppets_of_puppets_are_no_second_pair_of_eyes(world: World) -> None:
    """The asker makes B, B makes C; or B invites the head, and whoever has that link agrees. A month later they may."""
    asker = await world.person(ADMIN)

    async def make() -> tuple[Person, Person]:
        puppet = await staff.take_on("甲某", "19800009001", Role.ADMIN, "331122", "", asker)
        assert puppet is not None
        second = await staff.take_on("乙某", "19800009002", Role.ADMIN, "331122", "", puppet)
        assert second is not None
        await invite(await world.person(HEAD), actor=puppet.actor)
        return puppet, second

    puppets = await world.product.db.unit(make)

    async def independent() -> list[bool]:
        people = [*puppets, await world.person(HEAD)]
        return [await approval.is_independent(one, asker.id) for one in people]

    assert await world.product.db.unit(independent) == [False, False, False]
    await world.phone(ADMIN).says("/erase 林永福")
    await world.phone(ADMIN).expects("本院没有另一位")
    await world.settled()
    assert not [m for m in await world.phone(HEAD).received() if "【要您同意】" in m.text]
    world.clock.advance(31 * 24 * 3600)
    assert await world.product.db.unit(independent) == [True, True, True]


async def test_who_says_no_prevents_it(world: World) -> None:
    await world.phone(ADMIN).says("/erase 林永福")
    await world.phone(HEAD).taps("不同意", await world.phone(HEAD).expects("【要您同意】"))
    await world.phone(ADMIN).expects("没有同意，没有办")
    assert await Debtor.filter(name="林永福").exists()


async def test_a_ladder_that_would_end_in_nobody_takes_two(world: World) -> None:
    head, admin = world.phone(HEAD), world.phone(ADMIN)
    for step in ("值班", "带班", "院长"):
        await head.says(f"/ladder {step} 不叫")
    await world.settled()
    await head.says("/ladder 局长 不叫")
    await head.expects("要两个人同意：已经去问陶红")
    assert await Rung.filter(area_code="331122", target="head").count() == 1
    await admin.taps("同意", await admin.expects("法官不应答就再没有人接"))
    await head.expects("同意了，已办")
    assert [rung.target.value for rung in await Rung.filter(area_code="331122")] == ["again"]


async def test_who_looks_up_two_hundred_names_an_hour_is_stopped(world: World) -> None:
    supervisor = world.phone(SUPERVISOR)
    person = await world.person(SUPERVISOR)

    async def many() -> None:
        for _ in range(quota.LOOK_UPS - 1):
            await quota.look_up(person)

    await world.product.db.unit(many)
    await supervisor.says("/case 456")
    await supervisor.expects("执456号")
    await supervisor.says("/case 林永福")
    await supervisor.expects("先停一停")
    await world.phone(ADMIN).expects("⚠ 赵慧敏一小时内查询了 200 次")
    await supervisor.says("/case 456")
    await world.settled()
    assert len([m for m in await world.phone(ADMIN).received() if "⚠ 赵慧敏" in m.text]) == 1
    await world.phone(NEIGHBOUR).says("黄国强回来了")
    await world.advance(3601)
    count = len([m for m in await supervisor.received() if "执456号" in m.text])
    await supervisor.says("/case 456")
    await world.settled()
    assert len([m for m in await supervisor.received() if "执456号" in m.text]) == count + 1


async def test_who_is_no_debtor_is_said_to_be_none(world: World) -> None:
    await world.phone(ADMIN).says("/erase 沈立群")
    await world.phone(ADMIN).expects("被执行人里没有这个人")


async def test_words_that_may_be_about_somebody_else_stay_while_that_is_open(world: World) -> None:
    """老杜 may be either; one is erased, and the other's judge goes on with the card and the words."""
    await world.phone(SECRETARY).says(OLD_DU)
    await world.advance(61)
    gone, stays = await Debtor.get(name="杜春生"), await Debtor.get(name="杜春升")
    assert await Suspect.filter(debtor_id__in=[gone.id, stays.id]).count() == 2
    await erase(world, "杜春生")
    assert (await Sighting.get()).text == OLD_DU
    card = await world.phone(JUDGE).expects(OLD_DU)
    assert "杜春升" in card.text
    for who in (JUDGE, SECOND_JUDGE, SECRETARY, ADMIN, HEAD):
        assert not [m for m in await world.phone(who).received() if "杜春生" in m.text]
    for who in (JUDGE, SECOND_JUDGE):
        phone = world.phone(who)
        await phone.taps("办结", await phone.expects(lambda m: OLD_DU in m.text and bool(m.buttons)))
        await phone.taps("未见到")
        await world.settled()
    await world.advance(5)
    assert (await Sighting.get()).text == "（已按申请删除）"
    assert not [m for m in await world.phone(JUDGE).received() if OLD_DU in m.text]


async def erase(world: World, name: str) -> None:
    await world.phone(ADMIN).says(f"/erase {name}")
    asked = await world.phone(HEAD).expects(lambda m: "【要您同意】" in m.text and name in m.text)
    await world.phone(HEAD).taps("同意", asked)
    await world.phone(ADMIN).expects("同意了，已办")
    await world.settled()


async def test_who_asked_about_somebody_erased_has_the_question_taken_away_too(world: World) -> None:
    asked = await world.phone(SUPERVISOR).says("林永福")
    await world.phone(SUPERVISOR).expects("执456号")
    await world.settled()
    await erase(world, "林永福")
    assert ("deleteMessage", {"chat_id": SUPERVISOR, "message_id": asked}) in world.calls
    assert asked not in {message.id for message in await world.phone(SUPERVISOR).messages()}


async def test_one_name_in_several_cases_without_a_number_is_not_erased_by_name(world: World) -> None:
    async def forget_number() -> None:
        await Debtor.filter(name="黄国强").update(id_index="")

    await world.product.db.unit(forget_number)
    await world.phone(ADMIN).says("/erase 黄国强")
    await world.phone(ADMIN).expects("也许不是同一个人")
    await world.settled()
    assert not [m for m in await world.phone(HEAD).received() if "【要您同意】" in m.text]


async def test_what_is_said_about_somebody_of_a_longer_name_stays(world: World) -> None:
    """朱宝根荣 is somebody else, and known; so is what another court's people say."""

    async def add() -> None:
        await Debtor.create(name="朱宝根荣", kind="person", gender="男", area_code="331122203226")

    await world.product.db.unit(add)
    said = await world.phone(SECRETARY).says("朱宝根荣今天也来开会")
    asked = await world.phone(HEAD).says("朱宝根")
    await world.settled()
    await erase(world, "朱宝根")
    assert said in {message.id for message in await world.phone(SECRETARY).messages()}
    assert asked not in {message.id for message in await world.phone(HEAD).messages()}
