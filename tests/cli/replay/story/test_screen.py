"""The line below a story says where it is, as far as the terminal has room."""

from datetime import UTC, datetime, timedelta

from cli.replay.story.pace import Pace, Playback
from cli.replay.story.screen import Span, status

BEGUN = datetime(2026, 3, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGUN + timedelta(seconds=seconds)


def test_the_needle_moves_from_one_end_to_the_other():
    playback = Playback(Pace(10, 60), 0.0)
    playback.comes(at(0), 0.0)
    first = status(playback, Span(at(0), at(100)), 0.0, fine=True)
    playback.comes(at(100), 0.0)
    middle = status(playback, Span(at(0), at(100)), 5.0, fine=True)
    last = status(playback, Span(at(0), at(100)), 10.0, fine=False)

    assert first[:3] == ["0:00.0 of 1:40.0", "10x", "●" + 23 * "─"]
    assert middle[0] == "0:50.0 of 1:40.0"
    assert last[2] == 23 * "-" + "o"


def test_of_what_is_followed_nobody_knows_the_end():
    playback = Playback(Pace(), 0.0)
    playback.comes(at(0), 0.0)
    playback.toggle(0.0)
    assert status(playback, Span(at(0)), 0.0, fine=True)[:3] == ["0:00.0", "1x", "paused"]
