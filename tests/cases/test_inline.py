"""@bot 1234 in any chat: the same permissions, and nobody's name in what is sent."""

import json
from typing import Any

from tests.world import ADMIN, HEAD, SECRETARY, STRANGER, SUPERVISOR, TOWN_SECRETARY, World


async def asks(world: World, who: int, words: str) -> list[dict[str, Any]]:
    """What Telegram is told to show under the line."""
    query = {"id": f"i{who}", "from": {"id": who, "is_bot": False, "first_name": "某某"}, "query": words, "offset": ""}
    before = len(world.calls)
    await world.store.queue({"inline_query": query})
    await world.settled()
    answers = [call for method, call in world.calls[before:] if method == "answerInlineQuery"]
    assert len(answers) == 1 and answers[0]["is_personal"] and answers[0]["cache_time"] == 0
    return list(answers[0]["results"])


async def test_who_may_ask_finds_the_case_anywhere(world: World) -> None:
    for who in (SUPERVISOR, HEAD, TOWN_SECRETARY, ADMIN):
        (found,) = await asks(world, who, "456")
        assert found["title"] == "（2013）浙1122执456号 林永福"
        sent = found["input_message_content"]["message_text"]
        assert sent == "（2013）浙1122执456号：终本；承办 沈立群；执行标的 130,000元"
    assert len(await asks(world, HEAD, "黄村畈村")) == 8


async def test_everybody_else_finds_nothing(world: World) -> None:
    for who in (SECRETARY, STRANGER):
        assert await asks(world, who, "456") == []
    assert await asks(world, HEAD, "4") == [] and await asks(world, HEAD, "") == []
    assert await asks(world, TOWN_SECRETARY, "何伟明") == []
    assert "林永福" not in json.dumps([call for method, call in world.calls if method == "sendMessage"])
