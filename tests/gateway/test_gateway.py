"""Our Bot API server, used by a real foreign client: python-telegram-bot's own Bot over HTTP."""

import asyncio
import contextlib
import io
import json
import re
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from PIL import Image
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    BotCommandScopeChatMember,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    MenuButtonCommands,
    Message,
)
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.gateway.lock import Lock
from bot.gateway.markup import MarkupError, parse_html, parse_markdown, utf16
from bot.gateway.methods import Methods
from bot.gateway.parameters import RefusedError, Upload
from bot.gateway.quota import Quota
from bot.gateway.store import GROUP, Store
from tests.conftest import needs_corpus
from tests.process import free_port
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


SCHEMA = needs_corpus()
NEEDS_NOTHING = {
    *("getme", "getupdates", "setwebhook", "deletewebhook", "getwebhookinfo"),
    *("getmycommands", "setmycommands", "deletemycommands", "setchatmenubutton", "getchatmenubutton"),
}


async def test_the_table_of_methods_against_the_bot_apis_own_schema(far_end: FarEnd) -> None:
    """What the gateway has is called as the Bot API calls it; what it lacks answers as an unknown method does; what is
    required and missing is refused."""
    methods = json.loads(SCHEMA("telegram-bot-api.min.json").read_text())["methods"]
    known = {name.lower(): method for name, method in methods.items()}
    assert set(far_end.methods.table) <= set(known)
    async with aiohttp.ClientSession() as session:
        for name, method in known.items():
            async with session.post(f"{far_end.url}/bot{TOKEN}/{method['name']}", json={}) as answer:
                body = await answer.json()
            if name not in far_end.methods.table:
                assert (answer.status, body["description"]) == (404, "Not Found: method not found"), name
            elif name in NEEDS_NOTHING:
                assert body["ok"], (name, body)
            else:
                assert answer.status == 400 and body["description"].startswith("Bad Request: "), (
                    name,
                    body,
                )


ODD: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        1.5,
        2**80,
        "",
        "x",
        "\ud800",
        "[",
        "{",
        "NaN",
        "[" * 100_000,
        [],
        [1],
        [None],
        [[]],
        [[1]],
        [{}],
        {},
    ),
    *({"a": 1}, {"type": 1}, {"type": []}, {"type": "chat", "chat_id": {}}, {"message_id": {}}),
    *({"inline_keyboard": {}}, {"inline_keyboard": [[{"text": "a", "callback_data": 1}]]}),
    *({"inline_keyboard": [[{"text": "a", "url": {}}]]}, {"inline_keyboard": [[{"text": "\ud800"}]]}),
    *([{"type": "photo", "media": 1}, {"type": "photo", "media": {}}], [{"command": 1, "description": []}]),
    [{"type": "bold", "offset": "a", "length": []}],
]


async def test_nothing_odd_in_any_parameter_breaks_the_server(far_end: FarEnd) -> None:
    """Whatever stands in a parameter is taken or refused in the Bot API's form; what was taken, a client can read."""
    methods = json.loads(SCHEMA("telegram-bot-api.min.json").read_text())["methods"]
    good = {"chat_id": CHAT, "from_chat_id": CHAT, "message_id": 1, "text": "x", "latitude": 1, "longitude": 1}
    good |= {"action": "typing", "user_id": CHAT}
    async with aiohttp.ClientSession() as session:
        for name, method in methods.items():
            fields = [field["name"] for field in method.get("fields", ())]
            for field in fields if name.lower() in far_end.methods.table and name != "getUpdates" else ():
                for odd in ODD:
                    body = {**{key: value for key, value in good.items() if key in fields}, field: odd}
                    async with session.post(f"{far_end.url}/bot{TOKEN}/{name}", json=body) as answer:
                        told = await answer.json()
                    assert answer.status in (200, 400) and told["ok"] is (answer.status == 200), (name, field, odd)
    async with Bot(TOKEN, base_url=f"{far_end.url}/bot") as bot:
        for _seq, message, _number in await far_end.store.since(CHAT, 0, 100_000):
            if message is not None:  # not deleted meanwhile
                Message.de_json(message, bot)


def test_the_quota_is_the_bot_apis() -> None:
    """30 a second for the bot, one a second to a person, 20 a minute to a group; who waits as told gets through."""
    quota = Quota()
    assert [quota.refusal(chat, 0.0) for chat in range(31)] == [None] * 30 + [1]
    quota = Quota()
    assert [quota.refusal(1, 0.0), quota.refusal(1, 0.5), quota.refusal(1, 1.5)] == [None, 1, None]
    quota = Quota()
    assert [quota.refusal(-1, float(second)) for second in range(21)] == [None] * 20 + [40]
    assert quota.refusal(-1, 60.0) is None


@pytest.mark.parametrize(
    ("method", "body", "words"),
    [
        ("sendMessage", {"chat_id": CHAT, "text": {"a": 1}}, 'parameter "text" must be a string'),
        ("sendMessage", {"chat_id": "@nobody", "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": 12345, "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": 2**70, "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": CHAT, "text": "x", "parse_mode": "BBCode"}, "unsupported parse_mode"),
        ("sendMessage", {"chat_id": CHAT, "text": "a.b", "parse_mode": "MarkdownV2"}, "Character '.' is reserved"),
        ("sendMessage", {"chat_id": CHAT, "text": "*a", "parse_mode": "MarkdownV2"}, "Can't find end of Bold entity"),
        ("sendMessage", {"chat_id": CHAT, "text": "x", "reply_markup": []}, "object expected as reply markup"),
        (
            "sendMessage",
            {"chat_id": CHAT, "text": "x", "reply_markup": {"inline_keyboard": [1]}},
            'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
        ),
        ("sendMessage", {"chat_id": CHAT, "text": "x", "reply_markup": {"inline_keyboard": [[{}]]}}, "keyboard button"),
        (
            "sendMessage",
            {"chat_id": CHAT, "text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a"}]]}},
            "Text buttons are unallowed in the inline keyboard",
        ),
        (
            "sendMessage",
            {
                "chat_id": CHAT,
                "text": "x",
                "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "林" * 22}]]},
            },
            "BUTTON_DATA_INVALID",
        ),
        (
            "sendMessage",
            {
                "chat_id": CHAT,
                "text": "x",
                "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]] * 101},
            },
            "reply markup is too long",
        ),
        ("sendLocation", {"chat_id": CHAT, "latitude": 91, "longitude": 0}, "invalid location specified"),
        ("sendChatAction", {"chat_id": CHAT, "action": "dancing"}, "wrong parameter action"),
        ("sendMediaGroup", {"chat_id": CHAT, "media": [{"type": "photo"}]}, "media not found"),
        ("sendPhoto", {"chat_id": CHAT, "photo": "nothing"}, "wrong file identifier"),
        ("editMessageText", {"text": "x"}, "message identifier is not specified"),
        ("editMessageText", {"chat_id": CHAT, "text": "x", "message_id": 99}, "message to edit not found"),
        ("deleteMessages", {"chat_id": CHAT, "message_ids": ["a"]}, "can't parse message identifier as a Number"),
        ("setMessageReaction", {"chat_id": CHAT, "message_id": 99, "reaction": []}, "to react not found"),
        ("copyMessage", {"chat_id": CHAT, "from_chat_id": CHAT, "message_id": 99}, "message to copy not found"),
        ("getChatMember", {"chat_id": CHAT, "user_id": 77}, "PARTICIPANT_ID_INVALID"),
        ("getChatMember", {"chat_id": CHAT}, "invalid user_id specified"),
        ("getFile", {}, "file_id not specified"),
        ("setMyCommands", {"commands": [{"command": "x"}]}, 'Can\'t find field "description"'),
        ("setMyCommands", {"commands": [{"command": "Bad Name", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ("setMyCommands", {"commands": [], "scope": {"type": "everybody"}}, "Unsupported type specified"),
        ("setChatMenuButton", {"chat_id": 12345}, "user not found"),
        ("setChatMenuButton", {"chat_id": CHAT, "menu_button": {"type": "web_app"}}, "can't parse menu button"),
        ("setWebhook", {"url": "ftp://x"}, "invalid webhook URL specified"),
        ("setWebhook", {"url": "https://x/", "secret_token": "ä"}, "unallowed characters"),
        ("setWebhook", {"url": "https://x/", "secret_token": "a" * 257}, "secret token is too long"),
        ("sendMessage", {"chat_id": CHAT, "text": " \n "}, "text must be non-empty"),
        ("sendMessage", {"chat_id": CHAT, "text": "x", "reply_to_message_id": 999}, "message to be replied not found"),
    ],
)
async def test_what_is_wrong_is_refused_in_the_bot_apis_words(
    far_end: FarEnd, method: str, body: dict[str, Any], words: str
) -> None:
    """As JSON and, where a form can say it, as a form."""
    form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
    async with aiohttp.ClientSession() as session:
        for how in ({"json": body}, {"data": form}):
            async with session.post(f"{far_end.url}/bot{TOKEN}/{method}", **how) as answer:
                told = await answer.json()
            if how.get("data") and "must be a string" in words:
                assert told["ok"]  # in a form everything is a string
            else:
                assert answer.status == 400 and words in told["description"], told


async def test_a_form_that_is_none_and_what_is_too_large_are_answered_as_the_bot_api_does(far_end: FarEnd) -> None:
    url = f"{far_end.url}/bot{TOKEN}/sendMessage"
    async with aiohttp.ClientSession() as session:
        for kind, body in (("multipart/form-data", b"x"), ("multipart/form-data; boundary=a", b"--b\r\n\r\nx")):
            async with session.post(url, data=body, headers={"Content-Type": kind}) as answer:
                assert answer.status == 400 and (await answer.json())["error_code"] == 400
        large = io.BytesIO(json.dumps({"chat_id": CHAT, "text": "x" * 60_000_000}).encode())
        async with session.post(url, data=large, headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 413 and (await answer.json())["description"] == "Request Entity Too Large"
        async with session.get(url, params={"chat_id": CHAT, "text": "以 GET"}) as answer:
            assert (await answer.json())["result"]["text"] == "以 GET"


async def test_a_group_comes_whole_or_not_at_all(bot: Bot, far_end: FarEnd) -> None:
    good, bad = InputMediaPhoto(b"\xff\xd8\xff1", caption="一"), InputMediaPhoto("no such file")
    with pytest.raises(BadRequest, match=r"[Ww]rong file identifier"):
        await bot.send_media_group(CHAT, [good, bad])
    assert await far_end.store.since(CHAT, 0) == [] and list(far_end.store.files.iterdir()) == []
    far_end.methods.quota = Quota()
    assert len(await bot.send_media_group(CHAT, [good, good])) == 2
    with pytest.raises(RefusedError, match="retry after 1"):
        await far_end.methods.call("sendPhoto", {"chat_id": CHAT}, {"photo": Upload(b"\xff\xd8\xff")})
    for wrong in ({"caption": "x" * 2000}, {"caption": "<b>x", "parse_mode": "HTML"}, {"reply_markup": "["}):
        with pytest.raises(RefusedError):
            await far_end.methods.call("sendPhoto", {"chat_id": CHAT, **wrong}, {"photo": Upload(b"\xff\xd8\xff")})
    assert len(list(far_end.store.files.iterdir())) == 2  # what came with a refused call isn't kept


async def test_commands_are_kept_by_scope_and_language(bot: Bot) -> None:
    one, two = BotCommand("one", "一"), BotCommand("two", "two")
    scope = BotCommandScopeChat(CHAT)
    await bot.set_my_commands([one], scope=scope)
    await bot.set_my_commands([two], scope=scope, language_code="en")
    assert [c.command for c in await bot.get_my_commands(scope=scope)] == ["one"]
    assert [c.command for c in await bot.get_my_commands(scope=scope, language_code="en")] == ["two"]
    member = BotCommandScopeChatMember(CHAT, 5)
    await bot.set_my_commands([two], scope=member)
    assert await bot.get_my_commands(scope=BotCommandScopeChatMember(CHAT, 6)) == ()
    assert await bot.get_my_commands() == ()


async def test_which_updates_come_is_remembered_and_takes_nothing_back(bot: Bot, far_end: FarEnd) -> None:
    person = {"id": CHAT, "first_name": "某某", "is_bot": False}
    body = {"from": person, "chat": {**person, "type": "private"}, "date": 1}
    await far_end.store.from_person(CHAT, {**body, "text": "一"})
    (first,) = await bot.get_updates(allowed_updates=["callback_query"])
    assert first.message and first.message.text == "一"
    await far_end.store.from_person(CHAT, {**body, "text": "二"})
    assert await bot.get_updates(offset=first.update_id + 1) == ()
    await bot.get_updates(allowed_updates=[])
    await far_end.store.from_person(CHAT, {**body, "text": "三"})
    (third,) = await bot.get_updates()
    assert third.message and third.message.text == "三"


async def test_a_webhook_goes_on_after_a_restart(tmp_path: Path) -> None:
    taken = asyncio.Event()

    async def hook(_request: web.Request) -> web.Response:
        taken.set()
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    store = Store(tmp_path)
    methods = Methods(store, TOKEN)
    await store.ensure_chat(CHAT)
    await methods.call("setWebhook", {"url": f"http://127.0.0.1:{port}/hook"}, {})
    methods.close()
    person = {"id": CHAT, "first_name": "某某", "is_bot": False}
    await store.from_person(CHAT, {"from": person, "chat": person, "date": 1, "text": "x"})
    again = Methods(store, TOKEN)
    await again.start()
    async with asyncio.timeout(10):
        await taken.wait()
    again.close()
    await runner.cleanup()
    store.close()


async def test_documents_groups_copies_and_forwards(bot: Bot) -> None:
    document = await bot.send_document(CHAT, b"%PDF", caption="*文* 书", parse_mode="MarkdownV2")
    assert document.document and document.caption == "文 书"
    assert document.caption_entities[0].type == "bold"
    group = await bot.send_media_group(
        CHAT, [InputMediaPhoto(b"\xff\xd8\xff1", caption="一"), InputMediaPhoto(b"\xff\xd8\xff2")]
    )
    assert len(group) == 2 and group[0].media_group_id == group[1].media_group_id and group[0].caption == "一"
    copy = await bot.copy_message(CHAT, CHAT, document.message_id, caption="抄件")
    forwarded = await bot.forward_message(CHAT, CHAT, document.message_id)
    assert copy.message_id < forwarded.message_id and forwarded.forward_origin is not None
    assert await bot.send_chat_action(CHAT, "typing")


async def test_captions_keyboards_reactions_and_deleting_many(bot: Bot) -> None:
    photo = await bot.send_photo(CHAT, b"\xff\xd8\xff", caption="一")
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("收到", callback_data="x")]])
    changed = await bot.edit_message_caption(CHAT, photo.message_id, caption="二", reply_markup=keyboard)
    assert not isinstance(changed, bool) and changed.caption == "二" and changed.reply_markup
    bare = await bot.edit_message_reply_markup(CHAT, photo.message_id)
    assert not isinstance(bare, bool) and bare.reply_markup is None and bare.caption == "二"
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_reply_markup(CHAT, photo.message_id)
    with pytest.raises(BadRequest, match="no text in the message to edit"):
        await bot.edit_message_text("x", CHAT, photo.message_id)
    assert await bot.set_message_reaction(CHAT, photo.message_id, "👍")
    assert await bot.delete_messages(CHAT, [photo.message_id, 99])
    with pytest.raises(BadRequest, match="to delete not found"):
        await bot.delete_message(CHAT, photo.message_id)


async def test_commands_members_and_the_menu_button(bot: Bot) -> None:
    assert await bot.set_my_commands([("help", "怎么用")])
    assert await bot.set_my_commands([("case", "查案件")], scope=BotCommandScopeChat(CHAT))
    assert [one.command for one in await bot.get_my_commands()] == ["help"]
    assert [one.command for one in await bot.get_my_commands(BotCommandScopeChat(CHAT))] == ["case"]
    assert await bot.delete_my_commands() and not await bot.get_my_commands()
    assert (await bot.get_chat_member(CHAT, CHAT)).status == "member"
    assert (await bot.get_chat(CHAT)).id == CHAT
    assert await bot.set_chat_menu_button(CHAT, MenuButtonCommands())
    assert (await bot.get_chat_menu_button(CHAT)).type == "commands"


async def test_a_webhook_gets_everything_in_order_until_it_is_taken(bot: Bot, far_end: FarEnd) -> None:
    taken: list[tuple[str, str]] = []
    enough = asyncio.Event()

    async def take(request: web.Request) -> web.Response:
        text = (await request.json())["message"]["text"]
        taken.append((text, request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")))
        if [said for said, _secret in taken] == ["一", "一", "二"]:
            enough.set()
        return web.Response(status=503 if len(taken) == 1 else 200)

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        await web.SockSite(runner, listener).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
        who = {"id": CHAT, "first_name": "某某"}
        assert await bot.set_webhook(url, secret_token="geheim", max_connections=1)
        with pytest.raises(TelegramError, match="webhook is active"):
            await bot.get_updates()
        for text in ("一", "二"):
            body = {"from": {**who, "is_bot": False}, "chat": {**who, "type": "private"}, "date": 1, "text": text}
            await far_end.store.from_person(CHAT, body)
        async with asyncio.timeout(10):
            await enough.wait()
        assert {secret for _text, secret in taken} == {"geheim"}
        info = await bot.get_webhook_info()
        assert info.url == url and "503" in (info.last_error_message or "")
        assert await bot.delete_webhook() and not (await bot.get_webhook_info()).url
        await runner.cleanup()


def test_markdown_becomes_text_and_entities() -> None:
    text, entities = parse_markdown("*粗 _斜_* __下划__ ~删~ ||密|| `a\\`b` [连](https://x.example/) \\*\\.")
    assert text == "粗 斜 下划 删 密 a`b 连 *."
    kinds = [(one["type"], text[one["offset"] : one["offset"] + one["length"]]) for one in entities]
    assert kinds == [
        ("bold", "粗 斜"), ("italic", "斜"), ("underline", "下划"), ("strikethrough", "删"), ("spoiler", "密"),
        ("code", "a`b"), ("text_link", "连"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        (" <b>x</b> ", "x", [("bold", 0, 1)]),
        ("<b>😀x </b>", "😀x", [("bold", 0, 3)]),
        ("&copy;&lt;&#x4e2d;&amp", "&copy;<中&", []),
        ("<pre><code class='language-python'>x=1</code></pre>", "x=1", [("pre", 0, 3)]),
        ('<span class="tg-spoiler">密</span><strike>删</strike>', "密删", [("spoiler", 0, 1), ("strikethrough", 1, 1)]),
        ("<blockquote expandable>引</blockquote>", "引", [("expandable_blockquote", 0, 1)]),
        ("<a href='tg://user?id=5'>林</a>", "林", [("text_mention", 0, 1)]),
        ("<a href='javascript:alert(1)'>x</a><a>y</a>", "xy", []),
    ],
)
def test_html_becomes_text_and_entities(markup: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    found, kept = parse_html(markup)
    assert found == text and [(one["type"], one["offset"], one["length"]) for one in kept] == entities


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("第一行\n第二<foo>", 'Unsupported start tag "foo" at byte offset 16'),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("a <b", "Unclosed start tag at byte offset 2"),
        ("<b><!-- c --></b>", 'Unsupported start tag "!--" at byte offset 3'),
        ("<b onclick>x</b>", "Expected equal sign in declaration of an attribute of the tag"),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
    ],
)
def test_html_is_refused_in_the_bot_apis_words(markup: str, words: str) -> None:
    with pytest.raises(MarkupError, match=re.escape(f"can't parse entities: {words}")):
        parse_html(markup)


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        ("```python\nx=1\n```", "x=1", [("pre", 0, 3)]),
        (">引\n>用\n完", "引\n用\n完", [("blockquote", 0, 3)]),
        ("**>引\n>用||", "引\n用", [("expandable_blockquote", 0, 3)]),
        ("![👍](tg://emoji?id=53)", "👍", [("custom_emoji", 0, 2)]),
        ("[连](https://x.example/a\\)b)", "连", [("text_link", 0, 1)]),
        ("  *粗*", "粗", [("bold", 0, 1)]),
    ],
)
def test_more_of_markdown(markup: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    found, kept = parse_markdown(markup)
    assert found == text and [(one["type"], one["offset"], one["length"]) for one in kept] == entities
    for one in kept:
        assert one.get("language", "python") == "python" and one.get("url", ")b").endswith(")b")


async def test_no_number_is_given_twice_when_all_is_forgotten(tmp_path: Path) -> None:
    store = Store(tmp_path)
    chat_id, *_ = await store.open_chat()
    first = await store.from_bot(chat_id, {"from": {"is_bot": True}, "date": 100, "text": "一"})
    await store.prune(200)
    assert await store.since(chat_id, 0) == []
    second = await store.from_bot(chat_id, {"from": {"is_bot": True}, "date": 300, "text": "二"})
    assert second[0]["message_id"] > first[0]["message_id"]
    other, *_ = await store.open_chat()
    kept = await store.keep_file(chat_id, "photo", "image/jpeg", b"picture")
    await store.forget_chats([chat_id])
    assert not (store.files / kept).exists() and await store.chat(other) is not None
    store.close()


async def test_what_is_old_is_forgotten_with_the_files_that_only_it_shows(tmp_path: Path) -> None:
    store = Store(tmp_path)
    chat_id, slug, token = await store.open_chat()
    files = [await store.keep_file(chat_id, "photo", "image/jpeg", b"picture") for _ in range(2)]
    who = {"id": chat_id, "first_name": "某某", "is_bot": False}
    for date, file_id in ((100, files[0]), (100, files[1]), (300, files[1])):
        await store.from_person(chat_id, {"from": who, "date": date, "photo": [{"file_id": file_id}]})
    assert not await store.prune(200)
    left = [body["date"] for _seq, body, _id in await store.since(chat_id, 0) if body]
    assert left == [300]
    assert await store.file(files[0]) is None and not (store.files / files[0]).exists()
    assert await store.file(files[1]) is not None and (store.files / files[1]).exists()
    assert await store.chat_by_session(slug, token) is not None
    store.close()


async def test_what_comes_at_once_shares_a_commit_and_what_fails_fails_alone(tmp_path: Path) -> None:
    store, said = Store(tmp_path), []
    chat_id, *_ = await store.open_chat()
    await store.transact(lambda db: db.set_trace_callback(said.append))

    def broken(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM message")
        raise ValueError

    outcomes = await asyncio.gather(
        *(store.from_bot(chat_id, {"text": f"{n}"}) for n in range(20)),
        store.transact(broken),
        *(store.from_bot(chat_id, {"text": f"{n}"}) for n in range(20, 40)),
        return_exceptions=True,
    )
    assert isinstance(outcomes.pop(20), ValueError)
    assert [one[0]["message_id"] for one in outcomes if isinstance(one, list)] == list(range(1, 41))
    assert [body["text"] for _seq, body, _id in await store.since(chat_id, 0) if body] == [f"{n}" for n in range(40)]
    assert said.count("COMMIT") <= 3  # the first goes alone
    store.close()


async def test_closing_finishes_what_waits(tmp_path: Path) -> None:
    store = Store(tmp_path)
    chat_id, *_ = await store.open_chat()

    async def close() -> None:
        store.close()

    await asyncio.gather(*(store.from_bot(chat_id, {"text": f"{n}"}) for n in range(3 * GROUP)), close())
    store = Store(tmp_path)
    assert len(await store.since(chat_id, 0, 1000)) == 3 * GROUP
    store.close()


async def test_a_disk_that_gives_way_is_told_to_everybody_who_waits_for_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    chat_id, *_ = await store.open_chat()
    pages = await store.transact(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await store.transact(lambda db: db.execute(f"PRAGMA max_page_count = {pages:d}"))
    outcomes = await asyncio.gather(
        *(store.from_bot(chat_id, {"text": "长" * 9000}) for _ in range(10)), return_exceptions=True
    )
    assert any(isinstance(one, sqlite3.OperationalError) for one in outcomes)
    kept = [one[0]["message_id"] for one in outcomes if isinstance(one, list)]
    assert [number for _seq, _body, number in await store.since(chat_id, 0)] == kept
    await store.transact(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 1000:d}"))
    assert await store.from_bot(chat_id, {"text": "x"})
    store.close()


async def test_what_is_read_at_once_is_found_by_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the loop's own thread nothing may go through a whole chat, or sort it."""
    store, read = Store(tmp_path), dict[str, tuple[Any, ...]]()
    chat_id, slug, token = await store.open_chat()
    plainly = store._read

    def reading(sql: str, args: tuple[Any, ...]) -> sqlite3.Cursor:
        read[sql] = args
        return plainly(sql, args)

    monkeypatch.setattr(store, "_read", reading)
    await store.chat_by_session(slug, token)
    for seq in (0, 1):
        await store.since(chat_id, seq)
    await store.earlier(chat_id, 5)
    await store.first(chat_id)
    await store.chat(chat_id)
    await store.menu(chat_id)
    await store.setting("x")
    await store.file("x")
    lock = Lock(store)
    await lock.keep(chat_id, token, "1234")
    assert not lock.is_locked(chat_id, token)
    assert len(read) == 10
    for sql, args in read.items():
        plan = " ".join(row["detail"] for row in plainly(f"EXPLAIN QUERY PLAN {sql}", args))
        assert "TEMP B-TREE" not in plan and ("SCAN" not in plan or sql == "SELECT chat_id FROM pin"), (sql, plan)
    store.close()


async def test_it_refuses_and_accepts_as_the_open_source_server_does(far_end: FarEnd) -> None:
    """The tool beside the checkout tries 136 situations; what the server's source says of each, it knows."""
    far_end.store._opened = -1e9  # long before any tap
    tool = SCHEMA("gateway-refusals.py")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(tool), far_end.url, TOKEN, str(CHAT)), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    passed = re.search(r"(\d+) of (\d+) pass", said.decode())
    assert passed is not None and int(passed[1]) >= int(passed[2]) - 1, said.decode()[-2000:]


async def test_an_answer_to_the_webhook_may_be_a_call(far_end: FarEnd) -> None:
    """Telegraf answers so by default; what only asks, or changes the webhook itself, isn't carried out."""
    answers = [{"method": "sendMessage", "chat_id": CHAT, "text": "从答复里来"}, {"method": "deleteWebhook"}, "ok"]
    asked = asyncio.Event()

    async def hook(_request: web.Request) -> web.Response:
        answer = answers.pop(0) if answers else "ok"
        if not answers:
            asked.set()
        return web.json_response(answer) if isinstance(answer, dict) else web.Response(text=answer)

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]
    await far_end.methods.call("setWebhook", {"url": f"http://127.0.0.1:{port}/hook"}, {})
    for text in ("一", "二", "三"):
        await far_end.store.from_person(CHAT, {"text": text, "chat": {"id": CHAT}, "from": {"id": CHAT}, "date": 1})
    async with asyncio.timeout(10):
        await asked.wait()
    shown = [body for _seq, body, _id in await far_end.store.since(CHAT, 0, 100) if body]
    assert "从答复里来" in [body.get("text") for body in shown]
    assert await far_end.methods._webhook.url()
    await runner.cleanup()


async def test_the_older_markdown(far_end: FarEnd) -> None:
    said = {"chat_id": CHAT, "parse_mode": "Markdown", "text": "*粗* _斜_ `码` [链](https://e.org) a.b\\_c"}
    body = await far_end.methods.call("sendMessage", said, {})
    assert body["text"] == "粗 斜 码 链 a.b_c"
    assert [one["type"] for one in body["entities"]] == ["bold", "italic", "code", "text_link"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("见 https://e.org/a?b=1。再说", [("url", "https://e.org/a?b=1")]),
        ("see (https://e.org/a).", [("url", "https://e.org/a")]),
        ("court.gov.cn/x and a.b", [("url", "court.gov.cn/x")]),
        ("mail a.b@court.gov.cn now", [("email", "a.b@court.gov.cn")]),
        ("@chuishao_bot #案件 #12 $USD /push a/b 8/10", [
            ("mention", "@chuishao_bot"), ("hashtag", "#案件"), ("cashtag", "$USD"), ("bot_command", "/push"),
        ]),
        ("😀 /help", [("bot_command", "/help")]),
        ("12:30 3.5 @ # $ /", []),
    ],
)  # fmt: skip
async def test_what_a_text_says_by_itself_is_found(far_end: FarEnd, text: str, found: list[tuple[str, str]]) -> None:
    sent = await good(far_end, "sendMessage", chat_id=CHAT, text=text)
    assert [(one["type"], words_of(text, one)) for one in sent.get("entities", [])] == found


async def good(far_end: FarEnd, method: str, **parameters: Any) -> dict[str, Any]:
    """What a call answers that is taken."""
    async with aiohttp.ClientSession() as session:
        answer = await session.post(f"{far_end.url}/bot{TOKEN}/{method}", json=parameters)
        return await _result(answer)


async def uploaded(far_end: FarEnd, method: str, **parts: str | tuple[str, bytes]) -> dict[str, Any]:
    """What a form with files answers that is taken."""
    form = aiohttp.FormData(quote_fields=False)
    for name, part in parts.items():
        if isinstance(part, str):
            form.add_field(name, part)
        else:
            form.add_field(name, part[1], filename=part[0])
    async with aiohttp.ClientSession() as session:
        return await _result(await session.post(f"{far_end.url}/bot{TOKEN}/{method}", data=form))


async def _result(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    body = await answer.json()
    assert body["ok"], body
    return dict(body["result"])


def words_of(text: str, entity: dict[str, Any]) -> str:
    units = text.encode("utf-16-le")
    return units[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le")


async def test_within_code_and_links_nothing_is_found_and_within_bold_it_is(far_end: FarEnd) -> None:
    html = '<b>see /help</b> <code>/me</code> <a href="https://e.org">@somebody</a>'
    sent = await good(far_end, "sendMessage", chat_id=CHAT, text=html, parse_mode="HTML")
    assert [one["type"] for one in sent["entities"]] == ["bold", "bot_command", "code", "text_link"]


async def test_what_was_sent_is_told_of_it_also_when_it_is_sent_again(far_end: FarEnd) -> None:
    """A photo's size, a voice's length, a document's name, kind and thumbnail."""
    picture = io.BytesIO()
    Image.new("RGB", (64, 48)).save(picture, "JPEG")
    photo = picture.getvalue()
    sent = await uploaded(far_end, "sendPhoto", chat_id="5", photo=("p.jpg", photo))
    voice = await uploaded(far_end, "sendVoice", chat_id="5", duration="7", voice=("v.ogg", b"OggS.."))
    table = await uploaded(
        far_end, "sendDocument", chat_id="5", document=("表.pdf", b"%PDF"), thumbnail=("t.jpg", photo)
    )
    assert [(size["width"], size["height"]) for size in sent["photo"]] == [(64, 48)]
    assert voice["voice"]["duration"] == 7 and voice["voice"]["mime_type"] == "audio/ogg"
    assert table["document"]["file_name"] == "表.pdf" and table["document"]["mime_type"] == "application/pdf"
    assert table["document"]["thumbnail"]["width"] == 64
    for kind, before in (("photo", sent), ("voice", voice), ("document", table)):
        file = before[kind][0] if kind == "photo" else before[kind]
        again = await good(far_end, f"send{kind.title()}", chat_id=CHAT, **{kind: file["file_id"]})
        assert again[kind] == before[kind]


async def test_where_nothing_is_the_answer_is_json(far_end: FarEnd) -> None:
    async with aiohttp.ClientSession() as session:
        for path in (f"/bot{TOKEN}", f"/bot{TOKEN}/a/b", "/file/x", f"/file/bot{TOKEN}//nothing"):
            async with session.get(far_end.url + path) as answer:
                assert answer.status == 404
                assert await answer.json() == {"ok": False, "error_code": 404, "description": "Not Found"}


async def test_what_is_taken_back_is_gone_from_the_file_and_from_whoever_quotes_it(far_end: FarEnd) -> None:
    store = far_end.store
    photo = await uploaded(far_end, "sendPhoto", chat_id="5", photo=("p.jpg", b"\xff\xd8\xffpicture"), caption="秘密一")
    told = await good(far_end, "sendMessage", chat_id=CHAT, text="秘密二")
    answer = await good(
        far_end, "sendMessage", chat_id=CHAT, text="x", reply_parameters={"message_id": told["message_id"]}
    )
    assert answer["reply_to_message"]["text"] == "秘密二"
    await good(far_end, "editMessageText", chat_id=CHAT, message_id=told["message_id"], text="公开")
    quoting = await store.message(CHAT, answer["message_id"])
    assert quoting is not None and quoting["reply_to_message"]["text"] == "公开"
    for one in (photo, told):
        async with aiohttp.ClientSession() as session:
            done = {"chat_id": CHAT, "message_id": one["message_id"]}
            assert (await (await session.post(f"{far_end.url}/bot{TOKEN}/deleteMessage", json=done)).json())["ok"]
    quoting = await store.message(CHAT, answer["message_id"])
    assert quoting is not None and "reply_to_message" not in quoting
    assert list(store.files.iterdir()) == []
    kept = [json.loads(row["body"]) for row in store.rows("SELECT body FROM message")]
    assert "秘密" not in json.dumps(kept, ensure_ascii=False)


async def test_a_file_is_found_without_a_search_also_in_an_older_store(far_end: FarEnd) -> None:
    photo = await uploaded(far_end, "sendPhoto", chat_id="5", photo=("p.jpg", b"\xff\xd8\xffpicture"))
    file_id = photo["photo"][0]["file_id"]
    store = far_end.store
    for sql in (
        "SELECT 1 FROM shows WHERE file_id = 'x' AND chat_id = 5",
        "SELECT 1 FROM shows WHERE file_id = 'x' LIMIT 1",
        "SELECT rowid FROM message WHERE json_extract(body, '$.date') < 5 LIMIT 500",
        "SELECT body FROM message WHERE chat_id = 5 AND deleted = 0 "
        "AND json_extract(body, '$.reply_to_message.message_id') = 7",
    ):
        plan = [row["detail"] for row in store.rows(f"EXPLAIN QUERY PLAN {sql}")]
        assert not [step for step in plan if step.startswith("SCAN")], plan
    assert await store.shown_in(CHAT, file_id) and not await store.shown_in(CHAT + 1, file_id)

    def older(db: sqlite3.Connection) -> None:
        db.execute("ALTER TABLE file DROP COLUMN about")
        db.execute("DELETE FROM shows")

    await store.transact(older)
    again = Store(store.files.parent)
    try:
        assert await again.shown_in(CHAT, file_id)
    finally:
        again.close()
