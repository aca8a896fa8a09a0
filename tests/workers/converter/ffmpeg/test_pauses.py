"""Pauses by how loud the windows of a sound are, against the plainest model."""

import re

from hypothesis import given
from hypothesis import strategies as st

from workers.converter.ffmpeg.pauses import MOST_SEAMS, Envelope, Hush, Shortening, shortening, window_of

LOUD, ROOM = 6, 45
"""Decibels below the full scale, of speech and of the room."""


def of(text: str) -> bytes:
    """Return levels of which `#` is loud and `.` a pause."""
    return bytes(LOUD if char == "#" else ROOM for char in text)


def evaluated(expression: str, n: int) -> int:
    """Work out an expression of ffmpeg's."""
    plain = re.sub(r"\bif\(", "choose(", expression)
    names = {"choose": lambda a, b, c: b if a else c, "lt": lambda a, b: a < b, "gte": lambda a, b: a >= b}
    return int(eval(plain, {"n": n, **names}))  # noqa: S307 - our own text


@given(st.text("#.", min_size=1, max_size=200), st.integers(1, 8), st.integers(0, 20), st.integers(0, 20))
def test_no_pause_between_the_ends_is_longer_than_asked_and_no_sound_is_left_out(
    text: str, longest: int, before: int, behind: int
) -> None:
    kept = (before / 10, max(len(text) - behind, 0) / 10)
    found = shortening(Envelope(of(text), 10.0), 2400, longest / 10, kept)
    expression = found.filters()[-1].removeprefix("aselect='")[:-1] if found.cuts else "1"
    heard = "".join(char for n, char in enumerate(text) if evaluated(expression, n))
    assert heard.count("#") == text.count("#")
    if "#" in text and text.count("#") > len(text) // 10 and not before and not behind:
        assert all(len(pause) <= longest for pause in re.findall(r"\.+", heard))
    assert all(before <= each.first and each.last <= len(text) - behind for each in found.cuts)
    assert round(found.seconds * 10) == len(text) - len(heard)


def test_a_pause_is_what_is_quiet_for_this_recording() -> None:
    def found(loud: int, quiet: int) -> int:
        return len(Envelope(bytes([loud] * 50 + [quiet] * 20 + [loud] * 50), 10.0).hushes(1.0))

    assert found(6, 37) == 1, "the room of a good recording"
    assert found(6, 35) == 0, "quiet speech is no pause"
    assert found(25, 50) == 0, "the whole recording is quiet"
    assert found(45, 61) == 1
    assert found(127, 127) == 1, "nothing at all is one pause"
    assert Envelope(b"", 1.0).hushes(1.0) == []


def test_thousands_of_cuts_fit_into_an_argument() -> None:
    levels = bytes(([LOUD] * 5 + [ROOM] * 45) * (MOST_SEAMS + 500))
    *_, select = shortening(Envelope(levels, 20.0), 2400, 0.2, (0.0, 1e6)).filters()
    assert len(select) < 110_000


def test_a_window_fits_into_memory_whatever_rate_a_file_claims() -> None:
    assert [window_of(rate) for rate in (0, 1, 8000, 48000, 2**31)] == [2400, 1024, 1024, 2400, 2**18]


def test_seams_are_where_they_are_heard() -> None:
    cut = Shortening(2400, 20.0, (Hush(20, 40), Hush(60, 70)))
    assert [(each.at, each.left_out) for each in cut.seams(0.5)] == [(0.5, 1.0), (1.5, 0.5)]
