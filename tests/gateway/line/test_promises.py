"""What is learned from conversions: how long the next one takes, and how wide a range has to be."""

from hypothesis import given
from hypothesis import strategies as st

from events.media import Media
from events.options import Format, Options
from gateway.line.durations import Durations, Size, fitted, length
from gateway.line.promises import Experience

SIZES = st.lists(st.floats(0, 1e9), min_size=3, max_size=30, unique=True)


@given(SIZES, st.floats(0, 100), st.floats(1e-9, 1))
def test_conversions_that_lie_on_a_line_are_foretold(sizes, each, unit):
    fit = fitted([(size, each + unit * size) for size in sizes])
    for size in sizes:
        assert abs(fit.at(size) - (each + unit * size)) <= 0.02 * (each + unit * max(sizes)) + 1e-6


@given(st.lists(st.tuples(st.floats(0, 1e12), st.floats(0, 1e5)), min_size=1, max_size=30))
def test_no_conversion_is_expected_to_take_less_than_nothing(points):
    fit = fitted(points)
    assert fit.each >= 0
    assert fit.unit >= 0


def test_a_format_is_learned_by_itself_and_an_unknown_one_from_all_others():
    durations = Durations()
    assert durations.expected(Size(format=Format.MP3, bytes=1)) is None
    for n in range(1, 10):
        durations.learn(Size(format=Format.MP3, bytes=n * 1000, seconds=float(n)), 2.0 * n)
        durations.learn(Size(format=Format.FLAC, bytes=n * 1000, seconds=float(n)), 1.0 * n)
    expected = {
        format_: durations.expected(Size(format=format_, bytes=5000, seconds=5.0)) or 0
        for format_ in (Format.MP3, Format.FLAC, Format.OPUS)
    }
    assert abs(expected[Format.MP3] - 10) < 0.1
    assert abs(expected[Format.FLAC] - 5) < 0.1
    assert 5 < expected[Format.OPUS] < 10
    by_bytes = durations.expected(Size(format=Format.MP3, bytes=5000)) or 0
    assert abs(by_bytes - 10) < 0.1


def test_only_the_part_that_is_converted_counts():
    media = Media(container="c", duration_seconds=100.0)
    assert length(media, Options()) == 100
    assert length(media, Options(start=10, end=30)) == 20
    assert length(media, Options(start=90, end=300)) == 10
    assert length(media, Options(start=200)) == 0
    assert length(Media(container="c"), Options()) is None


@given(st.lists(st.floats(0.01, 100), min_size=20, max_size=100), st.floats(0.1, 1e4))
def test_a_range_reaches_over_nine_of_ten_of_what_came_before(ratios, expected):
    experience = Experience()
    for ratio in ratios:
        experience.note(10.0, 10.0 * ratio)
    least, most = experience.around(expected)
    inside = [
        least <= expected * ratio * (1 + 1e-9) and expected * ratio <= most * (1 + 1e-9) for ratio in ratios
    ]
    assert sum(inside) >= 0.9 * len(ratios)


@given(st.lists(st.floats(0.1, 10), max_size=100), st.floats(0.1, 100), st.floats(0, 1000))
def test_what_is_left_is_never_less_than_nothing_and_ends_after_now(ratios, expected, passed):
    experience = Experience()
    for ratio in ratios:
        experience.note(1.0, ratio)
    least, most = experience.left(expected, passed)
    assert 0 <= least <= most
    assert most > 0
