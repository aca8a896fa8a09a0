"""The feed as XML, read by parsers that are not ours."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import feedparser
import podcastparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.media import Chapter
from gateway.feeds.rss import MOST_INSIDE, Channel, Episode, TextTrack, written

SOME_TIME = datetime(2026, 11, 30, 9, 5, 7, tzinfo=UTC)
BASE = "https://audio.example/feeds/TOKEN"
CHANNEL = Channel(
    guid="6f2a4b1e-9c57-5d0e-8a63-746f6e65726d",
    title="Vorträge & <mehr>",
    description="All talks. And “more”.",
    url=f"{BASE}.rss?cursor=a",
    first_url=f"{BASE}.rss",
    next_url=f"{BASE}.rss?cursor=b",
    page_url="https://audio.example/",
    image_url="https://audio.example/page/1/icon.png",
    changed=SOME_TIME,
)
EPISODE = Episode(
    guid="01a22745-1a17-77cf-b302-8b30a80ba1b5",
    title="Über „Ränder“ & <b>Kanten</b>",
    published=SOME_TIME,
    url=f"{BASE}/01a22745-1a17-77cf-b302-8b30a80ba1b5.opus",
    media_type="audio/ogg; codecs=opus",
    bytes=12_345_678,
    seconds=3723.6,
    author="A & B",
    description="1 < 2 & <script>alert(1)</script>\nsecond line",
    cover_url=f"{BASE}/01a22745-1a17-77cf-b302-8b30a80ba1b5/cover",
    chapters_url=f"{BASE}/01a22745-1a17-77cf-b302-8b30a80ba1b5/chapters.json",
    chapters=(
        Chapter(start=0.0, end=61.5, title='"First" & <one>'),
        Chapter(start=61.5, end=3723.6, title="Zweites"),
    ),
    transcripts=(TextTrack(url=f"{BASE}/1/2.vtt", media_type="text/vtt", language="de"),),
)


def podcast_of(xml: bytes) -> Any:
    return podcastparser.parse(f"{BASE}.rss", BytesIO(xml), 0)


def test_podcastparser_reads_every_field() -> None:
    found = podcast_of(written(CHANNEL, [EPISODE]))
    assert found["title"] == CHANNEL.title
    assert found["description"] == CHANNEL.description
    assert found["link"] == CHANNEL.page_url
    assert found["cover_url"] == CHANNEL.image_url
    assert found["generator"] == "Tonearm"
    assert found["explicit"] is False
    assert found["import_prohibited"] is True
    assert found["paged_feed_next"] == CHANNEL.next_url
    [episode] = found["episodes"]
    assert episode["title"] == EPISODE.title
    assert episode["guid"] == EPISODE.guid
    assert episode["published"] == SOME_TIME.timestamp()
    assert episode["total_time"] == 3724
    assert episode["itunes_author"] == EPISODE.author
    assert episode["episode_art_url"] == EPISODE.cover_url
    assert episode["chapters_json_url"] == EPISODE.chapters_url
    assert episode["transcript_url"] == f"{BASE}/1/2.vtt"
    assert [(each["start"], each["title"]) for each in episode["chapters"]] == [
        (0, '"First" & <one>'),
        (61, "Zweites"),  # it reads whole seconds
    ]
    assert episode["enclosures"] == [{"url": EPISODE.url, "file_size": 12_345_678, "mime_type": "audio/ogg"}]


def test_feedparser_reads_every_field() -> None:
    found = feedparser.parse(written(CHANNEL, [EPISODE]))
    assert not found.bozo, found.get("bozo_exception")
    assert found.version == "rss20"
    assert found.feed.title == CHANNEL.title
    assert found.feed.updated == "Mon, 30 Nov 2026 09:05:07 GMT"
    assert {each.rel: each.href for each in found.feed.links if each.rel != "alternate"} == {
        "self": CHANNEL.url,
        "first": CHANNEL.first_url,
        "next": CHANNEL.next_url,
    }
    assert found.feed.podcast_locked == "yes"
    assert found.feed.podcast_guid == CHANNEL.guid
    assert found.feed.itunes_block == 1
    [entry] = found.entries
    assert (entry.id, entry.guidislink) == (EPISODE.guid, False)
    assert entry.itunes_duration == "3724"
    assert entry.published_parsed[:6] == (2026, 11, 30, 9, 5, 7)
    assert entry.author == EPISODE.author
    assert entry.image.href == EPISODE.cover_url
    [enclosure] = entry.enclosures
    assert (enclosure.href, enclosure.length, enclosure.type) == (EPISODE.url, "12345678", "audio/ogg")
    assert entry.podcast_chapters == {"url": EPISODE.chapters_url, "type": "application/json+chapters"}
    assert entry.podcast_transcript == {"url": f"{BASE}/1/2.vtt", "type": "text/vtt", "language": "de"}
    assert [(each["start_parsed"].seconds, each["title"]) for each in entry.psc_chapters["chapters"]] == [
        (0, '"First" & <one>'),
        (61, "Zweites"),
    ]


def test_a_description_holds_no_tag_of_a_stranger() -> None:
    [episode] = podcast_of(written(CHANNEL, [EPISODE]))["episodes"]
    assert episode["description_html"] == (
        "<p>1 &lt; 2 &amp; &lt;script&gt;alert(1)&lt;/script&gt;<br>second line</p>"
    )


texts = st.text(st.characters(), max_size=40)


@given(texts, texts, texts, texts)
def test_whatever_people_write_the_feed_is_xml(name: str, title: str, words: str, chapter: str) -> None:
    episode = replace(
        EPISODE,
        title=title,
        description=words,
        author=words,
        chapters=(Chapter(start=0.0, end=1.0, title=chapter),),
    )
    found = podcast_of(written(replace(CHANNEL, title=name, description=words), [episode]))
    assert [each["guid"] for each in found["episodes"]] == [EPISODE.guid]


@pytest.mark.parametrize(
    "text", ["a\x00b", "a\x0bb", "a\x1bb", "a\ud800b", "a\ufffeb", "a\uffffb", "a\u202eb"]
)
def test_what_no_xml_may_hold_is_left_out(text: str) -> None:
    found = podcast_of(written(replace(CHANNEL, title=text), [replace(EPISODE, title=text)]))
    assert (found["title"], found["episodes"][0]["title"]) == ("a b", "a b")


def test_very_many_chapters_stay_in_their_own_file() -> None:
    many = tuple(Chapter(start=n, end=n + 1, title=f"{n}") for n in range(MOST_INSIDE + 1))
    found = podcast_of(written(CHANNEL, [replace(EPISODE, chapters=many)]))
    [episode] = found["episodes"]
    assert "chapters" not in episode
    assert episode["chapters_json_url"] == EPISODE.chapters_url


def test_a_plain_episode_promises_nothing_more() -> None:
    plain = replace(
        EPISODE, author="", description="", cover_url="", chapters_url="", chapters=(), transcripts=()
    )
    xml = written(replace(CHANNEL, next_url=""), [plain])
    assert b"psc:" not in xml
    found = podcast_of(xml)
    assert "paged_feed_next" not in found
    assert not {"chapters", "transcript_url", "episode_art_url"} & set(found["episodes"][0])
