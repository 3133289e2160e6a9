"""Every method that the gateway has, called once as it should be, and what it returns held against the Bot API's own
schema: each field there, of its type, all the way down."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.conftest import needs_corpus
from tests.gateway.test_gateway import CHAT, far_end
from tests.world import TOKEN, FarEnd

__all__ = ["far_end"]
SCHEMA = needs_corpus()
PLAIN = {"Integer": int, "String": str, "Boolean": bool, "Float": (int, float)}
OURS = {("Message", "silent"), ("Message", "asks_reply"), ("Message", "reaction")}
"""What the page needs to know of a message besides; other clients pass over it."""


def wrong(schema: dict[str, Any], value: Any, wanted: str, path: str) -> list[str]:
    """Where the value isn't of that type, and how."""
    if wanted.startswith("Array of "):
        if not isinstance(value, list):
            return [f"{path}: no array"]
        inner = wanted.removeprefix("Array of ")
        return [one for place, item in enumerate(value) for one in wrong(schema, item, inner, f"{path}[{place}]")]
    if wanted in PLAIN or wanted == "True":
        good = value is True if wanted == "True" else isinstance(value, PLAIN[wanted])
        return [] if good and (wanted in ("Boolean", "True") or not isinstance(value, bool)) else [f"{path}: {wanted}?"]
    described = schema["types"][wanted]
    if described.get("subtypes"):
        tries = [wrong(schema, value, subtype, path) for subtype in described["subtypes"]]
        return min(tries, key=len)
    if not isinstance(value, dict):
        return [f"{path}: no object"]
    fields = {field["name"]: field for field in described.get("fields", ())}
    found = [
        f"{path}.{name}: missing {wanted}" for name, field in fields.items() if field["required"] and name not in value
    ]
    for name, inner in value.items():
        if name in fields:
            found += min((wrong(schema, inner, kind, f"{path}.{name}") for kind in fields[name]["types"]), key=len)
        elif (wanted, name) not in OURS:
            found.append(f"{path}.{name}: not in {wanted}")
    return found


GOOD: dict[str, dict[str, Any]] = {
    "getMe": {},
    "sendMessage": {
        "text": "<b>一</b> <a href='tg://user?id=5'>二</a> <pre>三</pre>",
        "parse_mode": "HTML",
        "reply_markup": {"inline_keyboard": [[{"text": "收到", "callback_data": "x"}]]},
    },
    "sendPhoto": {"photo": "FILE", "caption": "*图*", "parse_mode": "MarkdownV2"},
    "sendDocument": {"document": "FILE"},
    "sendVoice": {"voice": "FILE", "duration": 3},
    "sendLocation": {"latitude": 28.6, "longitude": 120.1},
    "sendMediaGroup": {"media": [{"type": "photo", "media": "FILE"}, {"type": "photo", "media": "FILE"}]},
    "sendChatAction": {"action": "typing"},
    "copyMessage": {"from_chat_id": CHAT, "message_id": 1},
    "forwardMessage": {"from_chat_id": CHAT, "message_id": 1},
    "editMessageText": {"message_id": 1, "text": "改"},
    "editMessageCaption": {"message_id": 2, "caption": "改"},
    "editMessageReplyMarkup": {
        "message_id": 1,
        "reply_markup": {"inline_keyboard": [[{"text": "看", "url": "https://x.example/"}]]},
    },
    "setMessageReaction": {"message_id": 1, "reaction": [{"type": "emoji", "emoji": "👍"}]},
    "deleteMessage": {"message_id": 3},
    "deleteMessages": {"message_ids": [4]},
    "getUpdates": {},
    "answerCallbackQuery": {"callback_query_id": "7"},
    "getFile": {"file_id": "FILE"},
    "getChat": {},
    "getChatMember": {"user_id": CHAT},
    "setMyCommands": {"commands": [{"command": "mine", "description": "我的报告"}]},
    "getMyCommands": {},
    "deleteMyCommands": {},
    "setChatMenuButton": {"menu_button": {"type": "commands"}},
    "getChatMenuButton": {},
    "setWebhook": {"url": "https://127.0.0.1:1/hook"},
    "getWebhookInfo": {},
    "deleteWebhook": {},
}
"""In the order in which they are called: the first messages are what the later ones are about."""


async def test_what_each_method_returns_is_of_the_bot_apis_types(far_end: FarEnd, tmp_path: Path) -> None:
    schema = json.loads(SCHEMA("telegram-bot-api.min.json").read_text())
    assert {name.lower() for name in GOOD} == set(far_end.methods.table)
    files = {"sendDocument": "document", "sendVoice": "voice"}
    kept = {
        kind: await far_end.store.keep_file(CHAT, kind, "image/jpeg", b"\xff\xd8\xff")
        for kind in ("photo", *files.values())
    }
    person = {"id": CHAT, "first_name": "某某", "is_bot": False}
    said: dict[str, Any] = {"from": person, "chat": {"id": CHAT, "type": "private", "first_name": "某某"}, "date": 1}
    async with aiohttp.ClientSession() as session:
        for name, given in GOOD.items():
            if name == "getUpdates":
                message = await far_end.store.from_person(CHAT, {**said, "text": "老林回来了"})
                query = {"id": "7", "from": person, "chat_instance": "5", "message": message, "data": "x"}
                await far_end.store.queue({"callback_query": query})
            file_id = kept[files.get(name, "photo")]
            body = json.loads(json.dumps({"chat_id": CHAT, **given}).replace("FILE", file_id))
            async with session.post(f"{far_end.url}/bot{TOKEN}/{name}", json=body) as answer:
                told = await answer.json()
            assert told["ok"], (name, told)
            kinds = schema["methods"][name]["returns"]
            found = min((wrong(schema, told["result"], kind, name) for kind in kinds), key=len)
            assert found == [], name


@pytest.mark.parametrize(
    ("value", "wanted", "said"),
    [
        ({"id": "5", "is_bot": False, "first_name": "x"}, "User", ["u.id: Integer?"]),
        ({"id": 5, "is_bot": False}, "User", ["u.first_name: missing User"]),
        ({"id": 5, "is_bot": False, "first_name": "x", "age": 3}, "User", ["u.age: not in User"]),
        ([1, True], "Array of Integer", ["u[1]: Integer?"]),
    ],
)
def test_what_is_wrong_is_seen(value: Any, wanted: str, said: list[str]) -> None:
    schema = json.loads(SCHEMA("telegram-bot-api.min.json").read_text())
    assert wrong(schema, value, wanted, "u") == said
