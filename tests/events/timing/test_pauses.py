"""Pauses as places at which a chapter may begin."""

from hypothesis import given
from hypothesis import strategies as st

from events.timing.pauses import Pause, Pauses, Rest, packed, rests, unpacked
from events.timing.time_map import Seam


def test_a_chapter_begins_just_before_the_end_of_a_pause_and_none_at_the_ends() -> None:
    found = Pauses((Pause(0, 2), Pause(10, 13), Pause(20, 20.5), Pause(58, 60)))
    assert rests(found, 0.0, 60.0) == (
        Rest(0, 2, 2),
        Rest(10, 13, 3, 12.6),
        Rest(20, 20.5, 0.5, 20.25),
        Rest(58, 60, 2),
    )


def test_a_pause_that_was_shortened_is_as_long_as_it_was() -> None:
    found = Pauses((Pause(10, 11), Pause(40, 42)), (Seam(10.5, 4.0), Seam(10.6, 1.0), Seam(30.0, 2.0)))
    assert rests(found, 1.0, 60.0) == (
        Rest(10, 11, 6, 10.6),
        Rest(29.5, 30.5, 3, 30.1),
        Rest(40, 42, 2, 41.6),
    )


@given(st.binary(max_size=40))
def test_what_is_stored_is_read_back_and_anything_else_is_nothing(data: bytes) -> None:
    found = Pauses((Pause(1.0, 2.5),), (Seam(2.0, 0.05),))
    assert unpacked(packed(found)) == found
    assert unpacked(data) is None or isinstance(unpacked(data), Pauses)
