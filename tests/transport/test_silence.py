"""What a 429 asks for: one chat is silent, and only a second one told the same meanwhile silences everybody."""

from datetime import UTC, datetime, timedelta

from bot.transport.limiter import Silence

NOW = datetime(2026, 11, 24, 1, 41, tzinfo=UTC)


def test_one_chat_is_silent_for_as_long_as_it_was_asked() -> None:
    silence = Silence()
    silence.keep(1, NOW, 5)
    assert silence.chats(NOW) == {1} and not silence.everybody(NOW)
    silence.keep(1, NOW, 2)
    assert silence.chats(NOW + timedelta(seconds=4)) == {1}, "the longer wish holds"
    assert silence.chats(NOW + timedelta(seconds=5)) == set()


def test_the_same_chat_twice_is_still_one_chat() -> None:
    silence = Silence()
    silence.keep(1, NOW, 5)
    silence.keep(1, NOW + timedelta(seconds=1), 5)
    assert not silence.everybody(NOW + timedelta(seconds=1))


def test_a_second_chat_meanwhile_silences_all_until_the_later_end() -> None:
    silence = Silence()
    silence.keep(1, NOW, 30)
    silence.keep(2, NOW, 5)
    assert silence.everybody(NOW + timedelta(seconds=29)) and not silence.everybody(NOW + timedelta(seconds=30))


def test_a_second_chat_after_the_first_has_ended_is_one_chat() -> None:
    silence = Silence()
    silence.keep(1, NOW, 5)
    silence.keep(2, NOW + timedelta(seconds=5), 5)
    assert not silence.everybody(NOW + timedelta(seconds=5))
