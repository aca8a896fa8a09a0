"""From a job to an episode."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from events.ids import new_id
from events.media import Chapter, Media, Tag
from events.options import Chapters, Format, Options, Tags
from events.projections.job_view import Audio, Deletion, JobView, Probe, Removal, State, Video
from events.types import DeletionReason
from gateway.feeds.addresses import Addresses
from gateway.feeds.episodes import Page, Recording, channel_of, episode_of, is_episode
from gateway.feeds.rss import Episode
from gateway.feeds.store import Feed

CREATED = datetime(2026, 11, 30, 9, tzinfo=UTC)
LATER = CREATED + timedelta(minutes=3)
ADDRESSES = Addresses("https://audio.example/tonearm", "TOKEN")
FEED = Feed(feed_id=new_id(), account="a", name="All", created=CREATED)
MARKS = (
    Chapter(start=0, end=60, title="Welcome"),
    Chapter(start=60, end=100),
    Chapter(start=100, end=200, title="End"),
)
TAGS = (Tag("title", "T"), Tag("artist", "Kay"), Tag("description", "About it.\nMore."), Tag("comment", "no"))


def job(
    filename: str = "Talk 1.mp4", *, audio: dict[str, Any] | None = None, media: Any = None, **options: Any
) -> JobView:
    wished = Options(**options)
    made = {"duration_seconds": 200.0, "format": wished.format, **(audio or {})}
    return JobView(
        job_id="01a22745-1a17-77cf-b302-8b30a80ba1b5",
        account="a",
        state=State.NOTIFIED,
        run=1,
        attempt=1,
        created=CREATED,
        updated=LATER,
        seen=9,
        timeline=(),
        video=Video(
            run=1,
            offset=1,
            filename=filename,
            content_type="video/mp4",
            bytes=5,
            sha256="0" * 64,
            video_id="v",
            options=wished,
        ),
        probe=Probe(run=1, offset=2, media=media or Media(container="mp4", chapters=MARKS, tags=TAGS)),
        audio=Audio(
            run=1,
            offset=3,
            audio_id="b",
            bytes=1234,
            sha256="1" * 64,
            bit_rate=128_000,
            sample_rate=44_100,
            channels=2,
            time=LATER,
            **made,
        ),
    )


def episode(view: JobView, *chapters: Chapter) -> Episode:
    return episode_of(Recording(view, chapters), ADDRESSES)


def test_an_episode_is_its_audio_under_the_name_that_the_page_shows() -> None:
    made = episode(job(format=Format.OPUS, audio={"cover_bytes": 7}), *MARKS)
    base = "https://audio.example/tonearm/f/TOKEN/01a22745-1a17-77cf-b302-8b30a80ba1b5"
    assert (made.title, made.published) == ("Talk 1", CREATED)
    assert (made.url, made.bytes, made.seconds) == (f"{base}.opus", 1234, 200.0)
    assert (made.cover_url, made.chapters_url) == (f"{base}/cover", f"{base}/chapters.json")
    assert (made.author, made.description) == ("Kay", "About it.\nMore.")


@pytest.mark.parametrize(
    ("options", "title", "author", "description"),
    [
        ({"tags": Tags(title=" My\ttalk ", artist="", comment="c")}, "My talk", "", "About it.\nMore."),
        ({"tags": Tags(title="")}, "Talk 1", "Kay", "About it.\nMore."),
        ({"keep_tags": False, "tags": Tags(comment="Mine")}, "Talk 1", "", "Mine"),
    ],
)
def test_what_was_given_with_the_upload_outweighs_what_the_video_holds(
    options: dict[str, Any], title: str, author: str, description: str
) -> None:
    made = episode(job(**options))
    assert (made.title, made.author, made.description) == (title, author, description)


def test_a_job_that_is_forgotten_still_has_a_title() -> None:
    assert episode(job(filename="")).title == "Audio"


def test_only_audio_that_a_client_can_play_is_an_episode() -> None:
    view = job()
    removal = Removal(run=1, offset=5, time=LATER, reason=DeletionReason.USER)
    deletion = Deletion(
        offset=5, time=LATER, reason=DeletionReason.USER, video_sha256=None, audio_sha256=None
    )
    assert is_episode(view)
    assert not is_episode(replace(view, audio=None))
    assert not is_episode(replace(view, audio_removal=removal))
    assert not is_episode(replace(view, deletion=deletion))
    assert not is_episode(job(chapters=Chapters.SPLIT, audio={"parts": 3}))


def test_an_episode_without_chapters_promises_none() -> None:
    assert episode(job()).chapters_url == ""


def test_pages_lead_to_each_other() -> None:
    first = channel_of(FEED, Page(recordings=[Recording(job())], next_cursor="n"), ADDRESSES)
    second = channel_of(FEED, Page(recordings=[], cursor="n"), ADDRESSES)
    assert (first.url, first.next_url) == (ADDRESSES.feed, f"{ADDRESSES.feed}?cursor=n")
    assert (second.url, second.first_url, second.next_url) == (first.next_url, ADDRESSES.feed, "")
    assert first.guid == second.guid
    assert first.changed == LATER
    assert second.changed == CREATED


def test_addresses_show_no_token_when_they_are_printed() -> None:
    assert "TOKEN" not in repr(ADDRESSES)
