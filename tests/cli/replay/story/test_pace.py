"""A story is played in its own time: as fast as is asked for, with long pauses cut."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.replay.story.pace import Pace, Playback, idle_of, speed_of

BEGUN = datetime(2026, 3, 1, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return BEGUN + timedelta(seconds=seconds)


def waits(pace: Pace, *seconds: float) -> list[float]:
    """Return the waits before events at these seconds, where each is shown as soon as it is due."""
    now, told = 100.0, []
    playback = Playback(pace, now)
    for each in seconds:
        playback.comes(later(each), now)
        told.append(round(playback.left(now), 6))
        now += playback.left(now)
    return told


def test_events_come_as_far_apart_as_they_happened():
    assert waits(Pace(1, 60), 0, 1, 3.5, 3.5) == [0, 1, 2.5, 0]


def test_a_speed_shortens_every_wait_and_then_long_ones_are_cut():
    assert waits(Pace(10, 2), 0, 5, 3600) == [0, 0.5, 2]


def test_an_event_of_a_clock_that_is_behind_is_not_waited_for():
    assert waits(Pace(1, 60), 0, 2, 1, 3) == [0, 2, 0, 1]


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1e6), st.floats(0, 100))
def test_no_wait_is_longer_than_it_was_or_than_a_pause_may_be(seconds, fast, longest):
    gaps = [0.0] + [max(0.0, b - a) for a, b in pairwise(seconds)]
    told = waits(Pace(fast, longest), *seconds)
    assert all(wait <= longest + 1e-5 for wait in told)
    assert all(wait <= gap / fast + 1e-3 for wait, gap in zip(told, gaps, strict=True))


def test_what_happens_now_is_shown_at_once_and_the_next_wait_begins_there():
    playback = Playback(Pace(1, 2), 0.0)
    playback.comes(later(0), 0.0)
    playback.comes(later(60), 60.1)
    assert playback.left(60.1) == 0
    playback.comes(later(61), 60.2)
    assert playback.left(60.2) == pytest.approx(0.9)


def test_a_pause_stops_the_story_where_it_is():
    playback = Playback(Pace(1, 60), 0.0)
    playback.comes(later(0), 0.0)
    playback.comes(later(10), 0.0)
    playback.toggle(4.0)
    assert playback.paused
    assert (playback.left(50.0), playback.place(50.0)) == (6, later(4))
    playback.toggle(50.0)
    assert (playback.left(51.0), playback.place(51.0)) == (5, later(5))


def test_it_is_hurried_and_slowed_within_a_wait():
    playback = Playback(Pace(1, 60), 0.0)
    playback.comes(later(0), 0.0)
    playback.comes(later(10), 0.0)
    playback.hurry(4.0)
    assert (playback.left(4.0), playback.pace.speed) == (3, 2)
    assert playback.place(4.0) == later(4)
    playback.hurry(4.0, slower=True)
    assert (playback.left(4.0), playback.pace.speed) == (6, 1)
    playback.skip(5.0)
    assert playback.is_due(5.0)


def test_in_a_pause_events_come_one_by_one_when_they_are_asked_for():
    playback = Playback(Pace(1, 60), 0.0)
    playback.comes(later(0), 0.0)
    playback.toggle(0.0)
    assert not playback.is_due(0.0)
    playback.skip(1.0)
    assert playback.is_due(1.0)
    playback.comes(later(0), 1.0)
    assert not playback.is_due(99.0)


@pytest.mark.parametrize(
    ("text", "meant"), [("10x", 10), ("10", 10), ("0.5x", 0.5), (" 2X ", 2), ("1000000x", 1e6)]
)
def test_a_speed_is_a_number_with_or_without_an_x(text, meant):
    assert speed_of(text) == meant


@pytest.mark.parametrize("text", ["", "x", "0", "0x", "-1x", "1e3", "nan", "inf", "9999999", "1.x", "٣x"])
def test_what_is_no_speed_is_refused(text):
    with pytest.raises(ValueError, match="speed such as 10x"):
        speed_of(text)


@pytest.mark.parametrize(
    ("text", "meant"), [("2s", 2), ("500ms", 0.5), ("1m", 60), ("0", 0), ("none", float("inf"))]
)
def test_the_longest_pause_is_a_length_of_time(text, meant):
    assert idle_of(text) == meant


@pytest.mark.parametrize("text", ["", "soon", "-1", "1e400", "nan"])
def test_what_is_no_length_of_time_is_refused(text):
    with pytest.raises(ValueError, match="length of time"):
        idle_of(text)
