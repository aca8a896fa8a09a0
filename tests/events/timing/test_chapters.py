"""Chapters that somebody gives, as text."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.media import Chapter, Media
from events.options import Chapters, Options
from events.timing import chapters
from events.timing.time_map import Seam, TimeMap

FILE = Media(container="mov", chapters=(Chapter(start=0.0, end=5.0, title="The file's"),))


def test_chapters_are_read_as_people_write_them() -> None:
    text = "\n 12:34,5  Questions \r\n0:00\tWelcome\n1:02:03 \u202eHarmful\n90\n"
    assert chapters.canonical(text) == "0:00 Welcome\n1:30\n12:34.5 Questions\n1:02:03 Harmful"
    assert chapters.read(text)[1:] == (
        Chapter(start=90.0, end=754.5),
        Chapter(start=754.5, end=3723.0, title="Questions"),
        Chapter(start=3723.0, end=math.inf, title="Harmful"),
    )


@given(st.dictionaries(st.integers(0, 10**12 - 1), st.text(max_size=20), max_size=9))
def test_the_one_text_for_chapters_is_read_as_the_same_chapters(listed: dict[int, str]) -> None:
    text = "\n".join(
        f"{at // 10**6}.{at % 10**6:06} {' '.join(title.split())}" for at, title in listed.items()
    )
    once = chapters.canonical(text)
    assert chapters.canonical(once) == once
    assert [each.start for each in chapters.read(once)] == sorted(at / 10**6 for at in listed)


@pytest.mark.parametrize(
    "text", ["soon", "1:60", "1:60:00", "-1", "1e3", "٣", "0:00 a\nb", "9999999", "0:00x", "0\r1"]
)
def test_a_text_that_is_no_list_of_chapters_is_refused(text: str) -> None:
    with pytest.raises(chapters.NotChapters):
        chapters.canonical(text)


def test_of_several_at_the_same_time_the_last_counts_and_a_long_title_is_cut() -> None:
    assert chapters.canonical("60 One\n1:00 Two\n") == "1:00 Two"
    assert chapters.canonical("0 " + "x" * 120) == "0:00 " + "x" * 100


@given(st.from_regex(re.compile(f"{chapters.LINE}(\r?\n{chapters.LINE})*"), fullmatch=True))
def test_what_the_schema_takes_is_read(text: str) -> None:
    once = chapters.as_text(chapters.read(text))
    assert chapters.as_text(chapters.read(once)) == once


def test_given_chapters_stand_in_place_of_the_files_own_and_move_with_the_sound() -> None:
    options = Options(start=10.0, marks="0:05 Before\n0:20 One\n0:31 Two")
    heard = chapters.in_audio(options, FILE, TimeMap(options, [Seam(12.0, 8.0)], length=30.0))
    assert heard == (
        Chapter(start=0.0, end=10.0, title="Before"),
        Chapter(start=10.0, end=13.0, title="One"),
        Chapter(start=13.0, end=30.0, title="Two"),
    )
    assert chapters.in_audio(Options(), FILE, TimeMap(Options())) == FILE.chapters
    assert chapters.in_audio(Options(chapters=Chapters.DROP), FILE, TimeMap(Options())) == ()
