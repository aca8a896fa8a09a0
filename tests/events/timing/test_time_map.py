"""The map of time, against a model that keeps or drops every tenth of a second by itself."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.options import Options
from events.timing.time_map import Seam, TimeMap

TENTH = 0.1
Cuts = list[tuple[int, int]]


@st.composite
def cuts(draw: st.DrawFn) -> Cuts:
    """Draw stretches to leave out, in tenths of a second as heard: apart, in order."""
    edges = sorted(draw(st.sets(st.integers(0, 300), max_size=20)))
    return list(zip(edges[::2], edges[1::2], strict=False))


def seams(left_out: Cuts) -> list[Seam]:
    found, before = [], 0
    for first, last in left_out:
        found.append(Seam((first - before) * TENTH, (last - first) * TENTH))
        before += last - first
    return found


@given(cuts(), st.sampled_from([0.5, 1.0, 2.0]), st.integers(0, 50), st.integers(0, 30))
def test_each_kept_moment_is_where_it_is_heard_and_comes_from_where_it_was(
    left_out: Cuts, speed: float, start: int, silence: int
) -> None:
    time_map = TimeMap(Options(start=start, speed=speed), seams(left_out), silence_cut=silence * TENTH)
    kept = [at for at in range(400) if not any(first <= at < last for first, last in left_out)]
    for place, at in enumerate(kept):
        # the middle of a tenth: edges belong to two moments
        video = start + ((at + 0.5) * TENTH + silence * TENTH) * speed
        assert time_map.in_audio(video) == pytest.approx((place + 0.5) * TENTH)
        assert time_map.in_video((place + 0.5) * TENTH) == pytest.approx(video)


@given(cuts(), st.lists(st.floats(0, 60), max_size=30))
def test_nothing_that_comes_later_is_heard_earlier(left_out: Cuts, moments: list[float]) -> None:
    time_map = TimeMap(Options(), seams(left_out), length=20.0)
    heard = [time_map.in_audio(each) for each in sorted(moments)]
    assert all(low <= high + 1e-9 for low, high in pairwise(heard))
    assert all(0 <= each <= 20 for each in heard)


def test_what_is_left_out_is_at_its_seam() -> None:
    time_map = TimeMap(Options(), [Seam(5.0, 3.0)])
    assert [time_map.in_audio(each) for each in (4.9, 5.0, 6.5, 8.0, 8.5)] == [4.9, 5.0, 5.0, 5.0, 5.5]
    assert time_map.in_video(5.0) == 8.0
