"""Help, languages, menus, and what people type by mistake."""

import pytest

from storage.alerts.sighting import Sighting
from tests.world import JUDGE, SECRETARY, SUPERVISOR, TOWN_SECRETARY, World


@pytest.mark.parametrize(
    ("chat", "words"),
    [
        (SECRETARY, "发一句话就行"),
        (JUDGE, "收到、出发、到场、办结"),
        (SUPERVISOR, "直接发案号"),
        (TOWN_SECRETARY, "/pending"),
    ],
)
async def test_help_fits_the_role(world: World, chat: int, words: str) -> None:
    await world.phone(chat).says("/help")
    await world.phone(chat).expects(words)


async def test_the_menu_has_only_what_the_role_may(world: World) -> None:
    for chat in (SECRETARY, SUPERVISOR):
        await world.phone(chat).says("/help")
    await world.settled()
    menus = {call["scope"]["chat_id"]: call["commands"] for method, call in world.calls if method == "setMyCommands"}
    assert [one["command"] for one in menus[SECRETARY]] == ["mine", "me", "quiet", "lang", "help"]
    supervisors = "pending open today week case stats chart digest report duty ladder me quiet lang help"
    assert [one["command"] for one in menus[SUPERVISOR]] == supervisors.split()


async def test_the_language_changes_cards_and_menu(world: World) -> None:
    await world.phone(JUDGE).says("/lang")
    await world.phone(JUDGE).taps("English")
    await world.phone(JUDGE).expects("English it is")
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    card = await world.phone(JUDGE).expects("林永福回来了")
    assert "Got it" in [label for label, _ in card.buttons] and "Seen" in card.text
    await world.settled()
    menus = [call for method, call in world.calls if method == "setMyCommands"]
    assert menus[-1]["commands"][0]["description"] != "查案件"
    await world.phone(JUDGE).says("/lang zh_Hans")
    await world.phone(JUDGE).expects("用中文")


async def test_traditional_characters_are_made_from_the_simplified_ones(world: World) -> None:
    await world.phone(JUDGE).says("/lang")
    await world.phone(JUDGE).taps("繁體中文")
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    card = await world.phone(JUDGE).expects("林永福回来了")
    assert "轉交" in dict(card.buttons) and "報告人" in card.text and "林永福回来了，在村委" in card.text


async def test_an_unknown_command(world: World) -> None:
    await world.phone(SECRETARY).says("/nonsense")
    await world.phone(SECRETARY).expects("没有这个命令")


async def test_a_very_long_message_is_kept_whole(world: World) -> None:
    text = "林永福回来了，在村委。" + "很长" * 10_000
    await world.phone(SECRETARY).says(text)
    card = await world.phone(JUDGE).expects("林永福回来了")
    assert card.text.count("很长") < 1000
    assert (await Sighting.get()).text == text


async def test_a_forwarded_message_is_read_like_any_other(world: World) -> None:
    origin = {"type": "hidden_user", "date": 1_800_000_000, "sender_user_name": "某人"}
    await world.phone(SECRETARY).sends(text="林永福回来了，在村委", forward_origin=origin)
    await world.phone(JUDGE).expects("林永福回来了")


ODD = ["\u200b", "\u200b \u3000", "\u202e反过来\u202c", "<b>&amp;</b>", "'; DROP TABLE sighting; --", "😀😀"]


@pytest.mark.parametrize("text", ODD)
async def test_odd_text_is_answered(world: World, text: str) -> None:
    await world.phone(SECRETARY).says(text)
    await world.phone(SECRETARY).expects("没有看出是哪一位")


async def test_markup_in_a_report_stays_text(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了 <b>在</b> & <a href='x'>村委</a>")
    await world.phone(JUDGE).expects("“林永福回来了 <b>在</b> & <a href='x'>村委</a>”")
