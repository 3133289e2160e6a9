"""What the court's people teach the reader: a candidate at first, never silently a certainty, seen and undone."""

from storage.alerts.sighting import Sighting
from storage.cases.debtor import Debtor, DebtorKind
from storage.reading.evidence import Known
from storage.reading.index import note
from storage.reading.lesson import Lesson, LessonKind, teach
from storage.reading.read import read
from tests.world import ADMIN, GRID_WORKER, JUDGE, NEIGHBOUR, SECOND_JUDGE, SECRETARY, World

ELDER, YOUNGER = Known(1, "林永福", age=57), Known(2, "林永强", age=52)


def taught(**lessons: tuple[str, ...]) -> Known:
    return Known(1, "林永福", age=57, **lessons)


def test_taught_once_a_word_names_a_candidate_first_among_the_others() -> None:
    reading = read("老林回来了", [[YOUNGER, taught(taught=("老林",))]])
    assert reading.ambiguous and [guess.debtor_id for guess in reading.guesses] == [1, 2]
    assert ("taught", "老林") in reading.guesses[0].evidence


def test_taught_again_it_decides() -> None:
    reading = read("老林回来了", [[YOUNGER, taught(learned=("老林",))]])
    assert not reading.ambiguous and [guess.debtor_id for guess in reading.guesses] == [1]


def test_a_word_that_nobody_bears_names_somebody_only_to_be_asked_about() -> None:
    once = read("拐脚回来了", [[YOUNGER, taught(taught=("拐脚",))]])
    assert once.ambiguous and [guess.debtor_id for guess in once.guesses] == [1]
    assert not read("拐脚回来了", [[YOUNGER, taught(learned=("拐脚",))]]).ambiguous


def test_a_full_name_outweighs_whatever_was_taught() -> None:
    reading = read("林永强回来了", [[YOUNGER, taught(learned=("林永强",))]])
    assert not reading.ambiguous and [guess.debtor_id for guess in reading.guesses] == [2]


def test_a_false_alarm_makes_a_weak_sign_doubtful_and_no_strong_one() -> None:
    doubted = taught(doubted=("老林",))
    assert read("老林回来了", [[doubted]]).ambiguous
    assert not read("林永福回来了", [[doubted]]).ambiguous
    assert not read("老林回来了", [[ELDER]]).ambiguous


async def test_an_answer_teaches_and_the_next_question_begins_with_it(world: World) -> None:
    """Two 施 of like age: two people are asked and say which; after that nobody is asked any more. One of them alone
    doesn't make it surer by saying it twice."""
    people = await pair(world)
    for turn, who in enumerate((SECRETARY, SECRETARY, GRID_WORKER)):
        reporter = world.phone(who)
        await reporter.says(f"老施回来了，在第{turn}家店")
        asked = await reporter.expects("是哪一位")
        assert people[1] in asked.buttons[0][0] if turn else True
        await reporter.taps(next(label for label, _ in asked.buttons if people[1] in label), asked)
        await reporter.expects(f"好的，是{people[1]}")
        await world.advance(3600)
        await world.settled()
    await world.phone(SECRETARY).says("老施又来了，在祠堂")
    assert people[1] in (await world.phone(SECRETARY).expects("在祠堂")).text
    await world.settled()
    assert [row.times for row in await Lesson.all()] == [2]


async def test_one_report_teaches_one_thing_and_what_was_undone_stays_so(world: World) -> None:
    people = await pair(world)
    secretary = world.phone(SECRETARY)
    await secretary.says("老施回来了")
    asked = await secretary.expects("是哪一位")
    for name in people:
        await secretary.taps_data(asked, next(data for label, data in asked.buttons if name in label))
        await world.settled()
    standing = await Lesson.filter(undone_at=None).prefetch_related("debtor")
    assert [row.debtor.name for row in standing] == [people[1]]
    await world.phone(ADMIN).says("/learned")
    await world.phone(ADMIN).taps("撤销 1", await world.phone(ADMIN).expects("本地称呼"))
    await world.settled()
    await secretary.taps_data(asked, next(data for label, data in asked.buttons if people[1] in label))
    await world.settled()
    assert await Lesson.filter(undone_at=None).count() == 0


async def test_who_is_called_after_a_relative_teaches_nothing(world: World) -> None:
    """他爸 is whose father was spoken of: next time that is somebody else's."""
    await pair(world)
    secretary, debtor = await world.person(SECRETARY), await Debtor.get(name="施有土")

    async def answered() -> None:
        await teach(LessonKind.ALIAS, secretary.area_code, [("kin", "他爸")], debtor.id, secretary, 1)

    await world.product.db.unit(answered)
    assert await Lesson.all().count() == 0


async def test_what_was_too_long_to_be_read_is_not_read_for_the_lesson_either(world: World) -> None:
    people = await pair(world)
    secretary = world.phone(SECRETARY)
    await secretary.says("老施回来了，在店里。" + "路上人很多。" * 340 + "阿土也在。")
    asked = await secretary.expects("是哪一位")
    await secretary.taps(next(label for label, _ in asked.buttons if people[1] in label), asked)
    await secretary.expects(f"好的，是{people[1]}")
    await world.settled()
    assert [row.word for row in await Lesson.all()] == ["老施"]


async def pair(world: World) -> list[str]:
    """Two of one surname and near in age, in the secretary's village; a neighbour's word is his village's own."""
    names = ["施有根", "施有土"]

    async def work() -> None:
        person = await world.person(SECRETARY)
        rows = [
            await Debtor.create(name=name, kind=DebtorKind.PERSON, gender="男", area_code=person.area_code)
            for name in names
        ]
        await note(row.id for row in rows)

    await world.product.db.unit(work)
    return names


async def test_a_false_alarm_is_remembered_and_an_administrator_undoes_it(world: World) -> None:
    secretary, judge, admin = world.phone(SECRETARY), world.phone(JUDGE), world.phone(ADMIN)
    await secretary.says("老林回来了，人在村委")
    await judge.expects("人在村委")
    await judge.taps("办结")
    await judge.taps("误报")
    await world.settled()
    await secretary.says("老林回来了，在祠堂")
    asked = await secretary.expects("是这一位吗")
    assert "林永福" in asked.buttons[0][0]
    await world.advance(61)
    assert "待确认" in (await judge.expects("在祠堂")).text
    await admin.says("/learned")
    listed = await admin.expects("本地称呼")
    assert "“老林”当成林永福误报过 1 次" in listed.text
    await admin.taps("撤销 1")
    await admin.expects("还没有学到")
    await world.advance(3600)
    await secretary.says("老林回来了，在桥头")
    assert "待确认" not in (await judge.expects("在桥头")).text
    assert await Lesson.filter(kind=LessonKind.CAUTION, undone_at=None).count() == 0


async def test_a_lesson_holds_in_its_own_village(world: World) -> None:
    people = await pair(world)
    for who in (SECRETARY, GRID_WORKER):
        await world.phone(who).says("老施回来了")
        asked = await world.phone(who).expects("是哪一位")
        await world.phone(who).taps(next(label for label, _ in asked.buttons if people[0] in label), asked)
        await world.settled()
        await world.advance(3600)
    assert [row.times for row in await Lesson.all()] == [2]
    await world.phone(NEIGHBOUR).says("周弄村的老施回来了")
    await world.phone(NEIGHBOUR).expects("已转法院")
    assert (await Sighting.get(reporter__name="黄永良")).doubtful


async def test_only_who_answers_for_it_sees_and_undoes_what_was_learned(world: World) -> None:
    await pair(world)
    secretary = world.phone(SECRETARY)
    await secretary.says("老施回来了")
    await secretary.taps((await secretary.expects("是哪一位")).buttons[0][0])
    await world.settled()
    lesson = await Lesson.all().first()
    assert lesson is not None
    message = (await world.phone(SECOND_JUDGE).received() or [await secretary.expects("好的")])[-1]
    await secretary.taps_data(message, f"1:unlearn:{lesson.id}:0")
    await secretary.hears("过期")
    assert await Lesson.filter(undone_at=None).count() == 1
