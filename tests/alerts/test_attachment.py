"""Photos, voice and places go to the judge with the report."""

from typing import Any

from storage.alerts.alert import Alert
from storage.alerts.attachment import Attachment
from storage.alerts.sighting import Sighting
from tests.world import GRID_WORKER, HEAD, JUDGE, SECRETARY, SUPERVISOR, Phone, World

SENTENCE = "林永福回来了，人就在村委"
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 20


async def photo(world: World, phone: Phone, **more: Any) -> None:
    file_id = await world.store.keep_file(phone.chat_id, "photo", "image/jpeg", JPEG)
    size = {"file_id": file_id, "file_unique_id": file_id[:16], "width": 9, "height": 9, "file_size": len(JPEG)}
    await phone.sends(photo=[size], **more)


async def test_a_photo_after_the_sentence(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.advance(9 * 60)
    await photo(world, world.phone(SECRETARY))
    shown = await world.phone(JUDGE).expects(lambda message: "photo" in message.body)
    assert "报告人发来" in shown.text
    await world.phone(SECRETARY).expects(f"照片已附在刚才的报告后面（“{SENTENCE}”），法官能看到")


async def test_a_photo_of_somebody_else_is_taken_out_again(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE)
    await judge.expects(SENTENCE)
    await photo(world, secretary)
    await judge.expects(lambda message: "photo" in message.body)
    await secretary.taps("这是另一个人", await secretary.expects("照片已附在"))
    await secretary.expects("照片收到了。请再用一句话说")
    await world.settled()
    assert not [m for m in await judge.messages() if "photo" in m.body]
    await secretary.says("黄国强在田里")
    await world.settled()
    assert (await Attachment.get()).sighting_id == (await Sighting.get(text="黄国强在田里")).id


async def test_what_was_sent_by_a_slip_is_taken_back(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE)
    await judge.expects(SENTENCE)
    for _ in range(2):
        await photo(world, secretary)
    await world.settled()
    await secretary.taps("撤回", await secretary.expects("照片已附在"))
    await secretary.expects("已撤回，没有人看得到")
    await world.settled()
    assert len([m for m in await judge.messages() if "photo" in m.body]) == 1
    assert await Attachment.all().count() == 1


async def test_a_voice_message_before_the_sentence(world: World) -> None:
    secretary = world.phone(SECRETARY)
    file_id = await world.store.keep_file(SECRETARY, "voice", "audio/ogg", b"OggS....")
    await secretary.sends(voice={"file_id": file_id, "file_unique_id": "v", "duration": 3})
    await secretary.expects("语音收到了")
    await world.advance(9 * 60)
    await secretary.says(SENTENCE)
    await world.phone(JUDGE).expects(lambda message: "voice" in message.body)


async def test_a_place_goes_along(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(SECRETARY).sends(location={"latitude": 28.65, "longitude": 120.07})
    shown = await world.phone(JUDGE).expects(lambda message: "location" in message.body)
    assert shown.body["location"] == {"latitude": 28.65, "longitude": 120.07}


async def test_after_ten_minutes_it_is_asked_what_it_is_about(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.advance(11 * 60)
    await photo(world, world.phone(SECRETARY))
    await world.phone(SECRETARY).expects("照片收到了。请再用一句话说")
    await world.phone(SECRETARY).taps("直接报上去")
    await world.phone(HEAD).expects(lambda message: "photo" in message.body)


async def test_a_caption_is_the_report(world: World) -> None:
    await photo(world, world.phone(SECRETARY), caption=SENTENCE)
    await world.phone(JUDGE).expects(f"“{SENTENCE}”")
    await world.phone(JUDGE).expects(lambda message: "photo" in message.body)


async def test_a_witness_photo_goes_to_the_same_judge(world: World) -> None:
    await world.phone(SECRETARY).says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.phone(GRID_WORKER).says("林永福在村委门口抽烟")
    await world.phone(JUDGE).expects("又有 1 人报告")
    await photo(world, world.phone(GRID_WORKER))
    await world.phone(JUDGE).expects(lambda message: "photo" in message.body)
    assert await Alert.all().count() == 1


async def test_a_supervisors_photo_is_not_taken(world: World) -> None:
    await photo(world, world.phone(SUPERVISOR))
    await world.phone(SUPERVISOR).expects("这里只收文字")
    await world.settled()
    assert await Attachment.all().count() == 0


async def test_a_sticker_or_contact_is_answered_kindly(world: World) -> None:
    for content in (
        {
            "sticker": {
                "file_id": "s",
                "file_unique_id": "s",
                "type": "regular",
                "width": 9,
                "height": 9,
                "is_animated": False,
                "is_video": False,
            }
        },
        {"dice": {"emoji": "x", "value": 1}},
        {"contact": {"phone_number": "1", "first_name": "x"}},
    ):
        after = len(await world.phone(SECRETARY).messages())
        await world.phone(SECRETARY).sends(**content)
        await world.phone(SECRETARY).expects("这种消息我看不懂", after=after)


FILE = {"file_id": "", "file_unique_id": "u"}
CLIPS = {
    "video": {"width": 9, "height": 9, "duration": 3},
    "animation": {"width": 9, "height": 9, "duration": 3},
    "video_note": {"length": 9, "duration": 3},
    "audio": {"duration": 3},
    "document": {"file_name": "a.jpg"},
}


async def clip(world: World, phone: Phone, kind: str, **more: Any) -> int:
    file_id = await world.store.keep_file(phone.chat_id, kind, "application/octet-stream", JPEG)
    return await phone.sends(**{kind: {**FILE, "file_id": file_id, **CLIPS[kind]}}, **more)


async def test_a_sentence_under_a_video_file_or_recording_is_a_sentence_and_the_medium_goes_along(world: World) -> None:
    for number, kind in enumerate(CLIPS):
        if number:
            await world.advance(31 * 60)
        last = max((message.id for message in await world.phone(JUDGE).messages()), default=0)
        await clip(world, world.phone(SECRETARY), kind, caption=SENTENCE)
        await world.phone(JUDGE).expects(SENTENCE, after=last)
        await world.phone(JUDGE).expects(lambda message: "document" in message.body, after=last, what=kind)


async def test_words_that_come_with_something_else_are_not_lost(world: World) -> None:
    await world.phone(SECRETARY).sends(story={"id": 1}, caption=SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.phone(SECRETARY).expects("这种附件没法转给法官")


async def test_a_video_too_large_to_pass_on_is_named(world: World) -> None:
    file = {**FILE, "file_id": "x", **CLIPS["video"], "file_size": 50_000_000}
    await world.phone(SECRETARY).sends(video=file, caption=SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    await world.phone(SECRETARY).expects("超过 20 MB")


async def test_an_edited_caption_corrects_like_an_edited_text(world: World) -> None:
    secretary = world.phone(SECRETARY)
    number = await clip(world, secretary, "video", caption=SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    body = {**secretary._user(), "message_id": number, "video": {**FILE, "file_id": "x", **CLIPS["video"]}}
    await world.store.queue(
        {"edited_message": {**body, "caption": "林永福回来了，人在老车站", "edit_date": 1_800_000_001}}
    )
    await secretary.expects("已更正")
    await world.phone(JUDGE).expects("人在老车站")


async def test_a_photo_belongs_to_what_went_out_whatever_was_said_between(world: World) -> None:
    secretary = world.phone(SECRETARY)
    await secretary.says(SENTENCE)
    await world.phone(JUDGE).expects(SENTENCE)
    for words in ("好的", "老张你好", "马上"):
        await secretary.says(words)
    await world.settled()
    await photo(world, secretary)
    await world.phone(JUDGE).expects(lambda message: "photo" in message.body)
    assert not [m for m in await secretary.received() if "请再用一句话说" in m.text]


async def test_a_photo_that_answers_the_judge_goes_with_the_answer(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE)
    card = await judge.expects(SENTENCE)
    await world.advance(20 * 60)
    await judge.says("他穿什么衣服？", reply_to=card)
    await secretary.expects("他穿什么衣服")
    await photo(world, secretary, caption="蓝色外套")
    await judge.expects("蓝色外套")
    await judge.expects(lambda message: "photo" in message.body)
    await photo(world, secretary)  # and one more
    await world.settled()
    assert len([m for m in await judge.received() if "photo" in m.body]) == 2


async def test_an_album_asks_nothing_that_its_own_caption_answers(world: World) -> None:
    secretary = world.phone(SECRETARY)
    for more in ({}, {}, {"caption": SENTENCE}):
        await photo(world, secretary, media_group_id="7", **more)
    await world.settled()
    await world.advance(5)
    assert not [m for m in await secretary.received() if "请再用一句话说" in m.text]
    assert len([m for m in await world.phone(JUDGE).received() if "photo" in m.body]) == 3


async def test_a_voice_that_nobody_puts_into_words_goes_up_after_a_minute(world: World) -> None:
    secretary, head = world.phone(SECRETARY), world.phone(HEAD)
    file_id = await world.store.keep_file(SECRETARY, "voice", "audio/ogg", b"OggS....")
    await secretary.sends(voice={"file_id": file_id, "file_unique_id": "v", "duration": 3})
    await secretary.expects("语音收到了")
    await world.advance(50)
    assert not [m for m in await head.received() if "待听" in m.text]
    await world.advance(15)
    card = await head.expects("待听")
    assert "周弄村" in card.text and "+86198" in card.text and "“”" not in card.text
    await head.expects(lambda message: "voice" in message.body)
    await world.advance(60)
    assert len([m for m in await head.received() if "voice" in m.body]) == 1
    await secretary.says(SENTENCE)  # said at last: it is his judge's now, with the voice
    await world.phone(JUDGE).expects(SENTENCE)
    await world.phone(JUDGE).expects(lambda message: "voice" in message.body)
    await secretary.expects("沈立群法官")


async def test_a_photo_waits_on_when_what_follows_is_only_a_greeting(world: World) -> None:
    secretary, head = world.phone(SECRETARY), world.phone(HEAD)
    await photo(world, secretary)
    await secretary.says("你好")
    await world.settled()
    await world.advance(65)
    await head.expects(lambda message: "photo" in message.body)


async def test_a_question_that_presses_goes_to_the_judge(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE)
    await judge.expects(SENTENCE)
    await secretary.says("能不能快点，要跑了？")
    await judge.expects("能不能快点")


async def test_what_comes_once_it_is_over_belongs_to_no_report_of_before(world: World) -> None:
    """The judge had asked something, and closed it: a photo is about something new."""
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE)
    card = await judge.expects(SENTENCE)
    await world.settled()
    await judge.says("开车来的吗？", reply_to=card)
    await secretary.expects("开车来的吗")
    await judge.taps("办结", card)
    await judge.taps("未见到")
    await world.advance(60)
    await photo(world, secretary)
    await secretary.expects("照片收到了。请再用一句话说")
    await secretary.says("你好，在吗")
    await secretary.says("我上次报的那个人抓到没有？")
    await world.settled()
    assert not [m for m in await judge.received() if "你好" in m.text or "抓到没有" in m.text]


async def test_a_photo_goes_with_the_report_made_since_the_question(world: World) -> None:
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE)
    card = await judge.expects(SENTENCE)
    await world.settled()  # the answer finds a card once its delivery has been noted
    await judge.says("开车来的吗？", reply_to=card)
    await secretary.expects("开车来的吗")
    await world.advance(60)
    await secretary.says("黄国强在田里")
    await secretary.expects("黄国强")
    await photo(world, secretary)
    await secretary.expects("（“黄国强在田里”）")
    assert (await Attachment.get()).sighting_id == (await Sighting.get(text="黄国强在田里")).id


async def test_one_answer_is_what_was_asked_for(world: World) -> None:
    """What is said later goes on about the report, or is small talk."""
    secretary, judge = world.phone(SECRETARY), world.phone(JUDGE)
    await secretary.says(SENTENCE)
    card = await judge.expects(SENTENCE)
    await world.settled()  # the answer finds a card once its delivery has been noted
    await judge.says("开车来的吗？", reply_to=card)
    await secretary.expects("开车来的吗")
    await secretary.says("是的，一辆白车")
    await judge.expects("是的，一辆白车")
    for chat in ("你好，在吗", "谢谢"):
        await secretary.says(chat)
    await world.settled()
    assert not [m for m in await judge.received() if "你好" in m.text or "谢谢" in m.text]
    await secretary.says("他往桥头走了")
    await judge.expects("他往桥头走了")
