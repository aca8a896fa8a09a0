"""The contents of any file fit into an event."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import payloads

from events.envelope import encode, job_event
from events.ids import new_id
from events.media import MOST_BYTES, Chapter, Media, Picture, Tag, Track, fitting, room_of
from events.privacy.sealing import KEY_BYTES, seal
from events.types import JobProbed

KEY = bytes(KEY_BYTES)


def test_a_file_that_says_too_much_is_told_of_in_part() -> None:
    emoji = "🎧" * 300
    media = Media(
        container="matroska,webm",
        tracks=tuple(Track(index=n, codec="aac", title=emoji) for n in range(64)),
        chapters=tuple(Chapter(start=n, end=n + 1, title=emoji) for n in range(200)),
        tags=tuple(Tag(f"tag {n}", emoji) for n in range(32)),
    )
    told = fitting(media)
    assert [track.codec for track in told.tracks] == ["aac"] * 64
    encode(seal(job_event(JobProbed(run=1, media=told), job_id=new_id(), account=new_id(), source="t"), KEY))


def test_chapters_go_from_the_end_and_no_more_than_need_be() -> None:
    chapters = tuple(Chapter(start=n, end=n + 1, title="x" * 300) for n in range(200))
    told = fitting(Media(container="mov", chapters=chapters, tags=(Tag("title", "kept"),)))
    assert told.tags == (Tag("title", "kept"),)
    assert told.chapters == chapters[: len(told.chapters)]
    assert room_of(told) > MOST_BYTES * 0.8


LONG_NAME = JobProbed(
    run=1, media=Media(container="\x00" * 30, pictures=(Picture(codec="\x00" * 30, width=2**31),))
)


@given(payloads(JobProbed), st.integers(400, 5000))
@example(LONG_NAME, 400)
@example(JobProbed(run=1, media=Media(container="\x00" * 300)), 400)
@settings(deadline=None, max_examples=50)
def test_any_file_fits_and_what_fits_stays_as_it_is(probed: JobProbed, most: int) -> None:
    media = probed.media
    told = fitting(media, most)
    assert room_of(told) <= most
    assert fitting(told, most) == told
    if room_of(media) <= most and not any("\n" in tag.text for tag in media.tags):
        assert told == media


def test_what_cannot_be_made_short_enough_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        fitting(Media(container="mov", duration_seconds=1 / 3, bit_rate=10**18), 20)
