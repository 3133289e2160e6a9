"""Our Bot API server, used by a real foreign client: python-telegram-bot's own Bot over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, InvalidToken

from bot.gateway.markup import MarkupError, parse_html, utf16
from bot.gateway.store import Store
from tests.world import TOKEN, FarEnd

CHAT = 5


@pytest.fixture
async def far_end(tmp_path: Path) -> AsyncIterator[FarEnd]:
    server = FarEnd(tmp_path)
    await server.start()
    await server.store.ensure_chat(CHAT)
    yield server
    await server.stop()


@pytest.fixture
async def bot(far_end: FarEnd) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, base_url=f"{far_end.url}/bot", base_file_url=f"{far_end.url}/file/bot") as made:
        yield made


async def test_a_message_with_markup_buttons_and_a_reply(bot: Bot) -> None:
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("收到", callback_data="1:ack:1:0")]])
    first = await bot.send_message(CHAT, "😀 <b>林永福</b> &amp; 村委", parse_mode="HTML", reply_markup=keyboard)
    assert first.text == "😀 林永福 & 村委"
    assert [(entity.type, entity.offset, entity.length) for entity in first.entities] == [("bold", 3, 3)]
    assert first.reply_markup and first.reply_markup.inline_keyboard[0][0].callback_data == "1:ack:1:0"
    second = await bot.send_message(CHAT, "x", reply_to_message_id=first.message_id)
    assert second.reply_to_message and second.reply_to_message.message_id == first.message_id


async def test_edits_and_deletes(bot: Bot) -> None:
    sent = await bot.send_message(CHAT, "一")
    edited = await bot.edit_message_text("二", CHAT, sent.message_id)
    assert not isinstance(edited, bool) and edited.text == "二"
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_text("二", CHAT, sent.message_id)
    assert await bot.delete_message(CHAT, sent.message_id)
    with pytest.raises(BadRequest, match="to edit not found"):
        await bot.edit_message_text("三", CHAT, sent.message_id)


async def test_files_go_up_and_come_down(bot: Bot) -> None:
    sent = await bot.send_photo(CHAT, b"\xff\xd8\xffpicture", caption="照片")
    again = await bot.send_photo(CHAT, sent.photo[-1].file_id)
    file = await bot.get_file(again.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == b"\xff\xd8\xffpicture"


async def test_a_lost_data_folder_does_not_make_new_updates_look_confirmed(tmp_path: Path) -> None:
    store = Store(tmp_path / "gateway")
    try:
        await store.queue({"message": {"text": "one"}}, {"message": {"text": "two"}})
        await store.count_on_from(5000)
        await store.queue({"message": {"text": "three"}})
        waiting = await store.updates(5001, 10)
        assert [one["message"]["text"] for one in waiting] == ["one", "two", "three"]
        await store.count_on_from(4000)
        await store.queue({"message": {"text": "four"}})
        after = await store.updates(waiting[-1]["update_id"] + 1, 10)
        assert [one["message"]["text"] for one in after] == ["four"]
    finally:
        store.close()


async def test_updates_are_kept_until_they_are_confirmed(bot: Bot, far_end: FarEnd) -> None:
    who = {"id": CHAT, "first_name": "某"}
    for text in ("一", "二"):
        await far_end.store.from_person(CHAT, {"chat": {**who, "type": "private"}, "date": 1, "text": text})
    first = await bot.get_updates()
    assert [one.message.text for one in first if one.message] == ["一", "二"]
    assert len(await bot.get_updates()) == 2
    assert len(await bot.get_updates(offset=first[0].update_id + 1)) == 1
    assert await bot.get_updates(offset=first[1].update_id + 1) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [("x" * 4097, "too long"), ("<b>x", "end tag"), ("<script>x</script>", "(?i)unsupported start tag"), ("", "empty")],
)
async def test_errors_are_worded_as_the_bot_api_words_them(bot: Bot, text: str, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        await bot.send_message(CHAT, text, parse_mode="HTML")
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(404, "x")


async def test_a_wrong_token_method_or_body(far_end: FarEnd) -> None:
    with pytest.raises(InvalidToken):
        await Bot("1:wrong", base_url=f"{far_end.url}/bot").get_me()
    async with aiohttp.ClientSession() as session:
        for path, body, status in (
            ("noSuchMethod", b"{}", 404),
            ("sendMessage", b"{", 400),
            ("sendMessage", b"[]", 400),
        ):
            url, headers = f"{far_end.url}/bot{TOKEN}/{path}", {"Content-Type": "application/json"}
            async with session.post(url, data=body, headers=headers) as answer:
                assert answer.status == status and (await answer.json())["ok"] is False


def test_entities_count_utf_16_units() -> None:
    assert parse_html("😀<i>a<b>b</b></i>")[1] == [
        {"type": "italic", "offset": 2, "length": 2},
        {"type": "bold", "offset": 3, "length": 1},
    ]
    assert utf16("😀") == 2
    with pytest.raises(MarkupError):
        parse_html("<i><b>x</i></b>")
