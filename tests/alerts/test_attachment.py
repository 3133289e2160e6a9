"""Photos, voice and places go to the judge with the report."""

from typing import Any

from storage.alerts.alert import Alert
from storage.alerts.attachment import Attachment
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
    await world.phone(SECRETARY).expects("已经和刚才的报告放在一起（1 个）")


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
    await world.phone(SECRETARY).taps("就按线索报上去")
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


async def test_a_sticker_or_file_is_answered_kindly(world: World) -> None:
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
        {"document": {"file_id": "d", "file_unique_id": "d"}},
        {"contact": {"phone_number": "1", "first_name": "x"}},
    ):
        after = len(await world.phone(SECRETARY).messages())
        await world.phone(SECRETARY).sends(**content)
        await world.phone(SECRETARY).expects("这种消息我看不懂", after=after)
