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
from gateway.feeds.chapters import MOST, chapters_of
from gateway.feeds.episodes import Page, changed, channel_of, episode_of, is_episode
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


def starts(view: JobView) -> list[tuple[float, float, str]]:
    return [(each.start, each.end, each.title) for each in chapters_of(view)]


def test_an_episode_is_its_audio_under_the_name_that_the_page_shows() -> None:
    episode = episode_of(job(format=Format.OPUS, audio={"cover_bytes": 7}), ADDRESSES)
    base = "https://audio.example/tonearm/f/TOKEN/01a22745-1a17-77cf-b302-8b30a80ba1b5"
    assert (episode.title, episode.published) == ("Talk 1", CREATED)
    assert (episode.url, episode.bytes, episode.seconds) == (f"{base}.opus", 1234, 200.0)
    assert (episode.cover_url, episode.chapters_url) == (f"{base}/cover", f"{base}/chapters.json")
    assert (episode.author, episode.description) == ("Kay", "About it.\nMore.")


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
    episode = episode_of(job(**options), ADDRESSES)
    assert (episode.title, episode.author, episode.description) == (title, author, description)


def test_a_job_that_is_forgotten_still_has_a_title() -> None:
    assert episode_of(job(filename=""), ADDRESSES).title == "Audio"


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


def test_chapters_stand_where_they_are_heard() -> None:
    assert starts(job()) == [(0, 60, "Welcome"), (60, 100, "Chapter 2"), (100, 200, "End")]
    cut = job(start=30.0, end=130.0, speed=2.0, audio={"duration_seconds": 50.0})
    assert starts(cut) == [(0, 15, "Welcome"), (15, 35, "Chapter 2"), (35, 50, "End")]
    trimmed = {"duration_seconds": 150.0, "silence_cut": 50.0}
    assert starts(job(trim_silence=True, audio=trimmed))[:2] == [(0, 10, "Welcome"), (10, 50, "Chapter 2")]
    assert starts(job(start=60.0, audio={"duration_seconds": 140.0}))[0] == (0, 40, "Chapter 1")


def test_there_are_no_chapters_where_the_audio_has_none_or_their_times_are_not_known() -> None:
    assert not chapters_of(job(chapters=Chapters.DROP))
    assert not chapters_of(job(trim_silence=True))
    assert not chapters_of(replace(job(), probe=None))
    assert episode_of(job(chapters=Chapters.DROP), ADDRESSES).chapters_url == ""


def test_chapters_are_bounded() -> None:
    many = Media(
        container="mp4", chapters=tuple(Chapter(start=n / 10, end=n / 10 + 0.1) for n in range(1999))
    )
    assert len(chapters_of(job(media=many))) == MOST


def test_pages_lead_to_each_other() -> None:
    first = channel_of(FEED, Page(views=[job()], next_cursor="n"), ADDRESSES)
    second = channel_of(FEED, Page(views=[], cursor="n"), ADDRESSES)
    assert (first.url, first.next_url) == (ADDRESSES.feed, f"{ADDRESSES.feed}?cursor=n")
    assert (second.url, second.first_url, second.next_url) == (first.next_url, ADDRESSES.feed, "")
    assert first.guid == second.guid
    assert first.changed == changed(FEED, Page(views=[job()])) == LATER
    assert second.changed == CREATED


def test_addresses_show_no_token_when_they_are_printed() -> None:
    assert "TOKEN" not in repr(ADDRESSES)
