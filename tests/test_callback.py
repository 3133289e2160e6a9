"""What a button carries."""

from hypothesis import given
from hypothesis import strategies as st

from handlers.callback import LARGEST, LIMIT, Tap, unpack
from handlers.route import route_table
from tests import world  # noqa: F401 - registers the buttons

numbers = st.integers(min_value=0, max_value=LARGEST)


@given(st.sampled_from(sorted(route_table())), numbers, numbers)
def test_it_fits_and_comes_back_as_it_was(verb: str, ref: int, arg: int) -> None:
    tap = Tap(verb, ref, arg)
    assert len(tap.pack().encode()) <= LIMIT
    assert unpack(tap.pack()) == tap


@given(st.one_of(st.none(), st.text(), st.from_regex(r"\d:[a-z]+:-?\d+:\d+", fullmatch=True)))
def test_anything_else_is_refused_or_means_exactly_what_it_says(data: str | None) -> None:
    tap = unpack(data)
    assert tap is None or tap.pack() == data
