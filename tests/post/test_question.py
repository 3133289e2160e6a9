"""Which one is meant? And what a restart must not forget."""

from storage.alerts.alert import Alert
from storage.post.question import Question
from tests.world import GRID_WORKER, HEAD, JUDGE, SECOND_JUDGE, SECRETARY, Message, Stage, World

DOUBTFUL = "阿春回来了，在小店打牌"


def asks(message: Message) -> bool:
    return any(label == "都不是" for label, _ in message.buttons)


async def test_two_candidates_are_asked_about_and_the_choice_counts(world: World) -> None:
    secretary = world.phone(SECRETARY)
    await secretary.says(DOUBTFUL)
    question = await secretary.expects(asks)
    labels = [label for label, _ in question.buttons]
    assert len(labels) == 4 and "杜春生" in labels[0] and "杜春升" in labels[1]
    assert "小学旁边" in labels[0] and "加油站后" in labels[1]
    await world.settled()
    assert await Alert.all().count() == 0
    await secretary.taps(labels[1])
    card = await world.phone(JUDGE).expects(DOUBTFUL)
    assert "杜春升" in card.text and "待确认" not in card.text and "报告人选的" in card.text
    await secretary.expects("好的，是杜春升")
    await world.settled()
    assert not await world.phone(SECOND_JUDGE).received()


async def test_after_sixty_seconds_every_judge_concerned_is_told(world: World) -> None:
    await world.phone(SECRETARY).says(DOUBTFUL)
    await world.phone(SECRETARY).expects(asks)
    await world.advance(59)
    assert await Alert.all().count() == 0
    await world.advance(2)
    for judge in (JUDGE, SECOND_JUDGE):
        assert "待确认：可能是" in (await world.phone(judge).expects(DOUBTFUL)).text


async def test_a_late_answer_still_corrects(world: World) -> None:
    secretary = world.phone(SECRETARY)
    await secretary.says(DOUBTFUL)
    question = await secretary.expects(asks)
    await world.advance(61)
    await world.phone(SECOND_JUDGE).expects("待确认")
    await secretary.taps(question.buttons[0][0])
    await world.phone(JUDGE).expects("⚠ 更正")
    card = await world.phone(SECOND_JUDGE).expects(lambda m: "有人看到" in m.text and "待确认" not in m.text)
    assert "杜春生" in card.text


async def test_not_sure_tells_everybody_at_once(world: World) -> None:
    await world.phone(SECRETARY).says(DOUBTFUL)
    await world.phone(SECRETARY).taps("不确定")
    await world.phone(JUDGE).expects("待确认")
    await world.phone(SECOND_JUDGE).expects("待确认")


async def test_none_of_them_goes_to_the_duty_person(world: World) -> None:
    await world.phone(SECRETARY).says(DOUBTFUL)
    await world.phone(SECRETARY).taps("都不是")
    assert "名单外线索" in (await world.phone(HEAD).expects(DOUBTFUL)).text


async def test_cancel_loses_nothing(world: World) -> None:
    await world.phone(SECRETARY).says(DOUBTFUL)
    await world.phone(SECRETARY).expects(asks)
    await world.phone(SECRETARY).says("/cancel")
    await world.phone(SECRETARY).expects("不用回答了")
    await world.phone(JUDGE).expects("待确认")
    await world.phone(SECRETARY).says("/cancel")
    await world.phone(SECRETARY).expects("现在没有问您的事")


async def test_a_restart_forgets_no_open_question(stage: Stage) -> None:
    async with stage.world() as world:
        await world.phone(SECRETARY).says(DOUBTFUL)
        question = await world.phone(SECRETARY).expects(asks)
        await world.settled()
    async with stage.world() as world:
        await world.phone(SECRETARY).taps(question.buttons[0][0], question)
        await world.phone(SECOND_JUDGE).expects(DOUBTFUL)


async def test_a_question_expires_while_the_product_is_down(stage: Stage) -> None:
    async with stage.world() as world:
        await world.phone(SECRETARY).says(DOUBTFUL)
        await world.phone(SECRETARY).expects(asks)
        await world.settled()
    stage.clock.advance(600)
    async with stage.world() as world:
        await world.phone(JUDGE).expects("待确认")


async def test_somebody_elses_question_cannot_be_answered(world: World) -> None:
    await world.phone(SECRETARY).says(DOUBTFUL)
    question = await world.phone(SECRETARY).expects(asks)
    await world.phone(GRID_WORKER).taps_data(question, question.buttons[0][1])
    await world.phone(GRID_WORKER).hears("过期")
    await world.settled()
    assert await Alert.all().count() == 0
    assert (await Question.get()).closed_at is None
