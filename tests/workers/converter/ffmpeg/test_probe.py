"""What a file holds, by recorded words and of real files."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from media import FFMPEG, Studio, ffmpeg

from events.envelope import encode, job_event
from events.media import (
    LONGEST_TAG,
    LONGEST_TEXT,
    MOST_CHAPTERS,
    MOST_TRACKS,
    Chapter,
    Media,
    Picture,
    Tag,
    Track,
    fitting,
)
from events.types import FailureCode, JobProbed
from workers.converter.containers.structure import Structure
from workers.converter.errors import ConversionError
from workers.converter.ffmpeg.arguments import Limits
from workers.converter.ffmpeg.dump import channels_of, clean, read
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.messages import Findings
from workers.converter.ffmpeg.probe import content, probe

WORDS = """[h264 @ 0x55] Codec (h264) not on whitelist 'aac,mp3'
Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'fd:':
  Metadata:
    major_brand     : isom
    title           : A walk
                    :   Stream #0:7: Audio: mp3, 44100 Hz, stereo
                    : Input #0, wav, from 'fd:':
    artist          : Ada: the one
    location        : +47.3769+008.5417/
  Duration: 01:02:03.50, start: 0.000000, bitrate: 809 kb/s
  Chapters:
    Chapter #0:0: start 0.000000, end 1.500000
      Metadata:
        title           : Chapter #0:9: start 7.0, end 8.0
    Chapter #0:1: start 1.500000, end 3.000000
  Program 1
    Metadata:
      service_name    : BBC
  Stream #0:2[0x3](deu): Audio: dts (dca) (DTS-HD MA) (DTS / 0x32), 48000 Hz, 5.1(side), s32p, 448 kb/s
    Metadata:
      title           : Zwei
  Stream #0:0[0x1](und): Video: h264 (avc1 / 0x31637661), none(progressive), 1920x1080, 15 fps (default)
    Metadata:
      title           : not a track's
  Stream #0:1[0x2](eng): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, mono, fltp, 69 kb/s (default)
    Side data:
      Audio Service Type: main
  Stream #0:3: Video: mjpeg, none, 90k tbr, 90k tbn (attached pic)
  Stream #0:4: Audio: none (mha1 / 0x3161686D), 44100 Hz, 12 channels, 69 kb/s
  Stream #0:1: Audio: mp3, 8000 Hz, stereo
At least one output file must be specified
  Stream #0:5: Audio: mp3, 8000 Hz, stereo
"""


def test_recorded_words_are_read_whole() -> None:
    assert read(WORDS) == Media(
        container="mov,mp4,m4a,3gp,3g2,mj2",
        duration_seconds=3723.5,
        bit_rate=809_000,
        tracks=(
            Track(
                index=0,
                codec="aac",
                profile="LC",
                sample_rate=44100,
                channels=1,
                layout="mono",
                bit_rate=69_000,
                language="eng",
                default=True,
            ),
            Track(
                index=1,
                codec="dts",
                profile="DTS-HD MA",
                sample_rate=48000,
                channels=6,
                layout="5.1(side)",
                bit_rate=448_000,
                language="deu",
                title="Zwei",
            ),
            Track(
                index=2, codec="mha1", sample_rate=44100, channels=12, layout="12 channels", bit_rate=69_000
            ),
        ),
        pictures=(Picture(codec="h264", width=1920, height=1080), Picture(codec="mjpeg", cover=True)),
        chapters=(
            Chapter(start=0, end=1.5, title="Chapter #0:9: start 7.0, end 8.0"),
            Chapter(start=1.5, end=3),
        ),
        tags=(
            Tag("title", "A walk\n  Stream #0:7: Audio: mp3, 44100 Hz, stereo\nInput #0, wav, from 'fd:':"),
            Tag("artist", "Ada: the one"),
        ),
    )


def within(words: str) -> int:
    """The place between the first two letters of these words."""
    return WORDS.index(words) + 1


@given(st.text() | st.text(",. 0123456789:-#xHz\n"), st.integers(0, len(WORDS)))
@example(".", within(".000000, end"))
@example("9" * 400, within("01:02:03"))
@example("9" * 5000, within("44100 Hz"))
@example("9" * 30, within("1920x1080"))
@example("9" * 30, within("809 kb/s"))
def test_no_words_whatever_break_the_reader(text: str, at: int) -> None:
    media = read(WORDS[:at] + text + WORDS[at:])
    if media is not None:
        assert len(media.tracks) <= MOST_TRACKS
        probed = JobProbed(run=1, media=fitting(media))
        encode(job_event(probed, job_id="job", account="account", source="/test"))


def test_a_chapter_without_an_end_goes_to_the_next_and_none_is_told_twice() -> None:
    told = [(0, 0, "One"), (2, 2, "Two"), (2, 2, "Zwei"), (4, 6, "Three"), (8, 3, "Last")]
    chapters = tuple(Chapter(start=start, end=end, title=title) for start, end, title in told)
    media = Media(container="mp3", duration_seconds=9, chapters=chapters)
    found = content(Findings(media=media), Structure())
    assert found is not None
    assert [(each.start, each.end, each.title) for each in found.chapters] == [
        (0, 2, "One"),
        (2, 4, "Two"),
        (4, 6, "Three"),
        (8, 9, "Last"),
    ]


def test_there_is_an_end_to_everything() -> None:
    tags = "".join(f"    lyrics-{at}: {'x' * 1000}\n    : {'y' * 20_000}\n" for at in range(1000))
    title = f"      Metadata:\n        title: {'z' * 1000}\n"
    chapters = "".join(f"    Chapter #0:{at}: start 1.0, end 2.0\n{title}" for at in range(6000))
    streams = "".join(f"  Stream #0:{at}: Audio: mp3, 8000 Hz, mono\n" for at in range(1000))
    media = read(f"Input #0, x, from 'fd:':\n  Metadata:\n{tags}  Chapters:\n{chapters}{streams}")
    assert media is not None
    assert [len(tag.text) for tag in media.tags] == [LONGEST_TAG]
    assert [len(tag.text) for tag in fitting(media).tags] == [LONGEST_TEXT]
    assert (len(media.chapters), len(media.tracks)) == (MOST_CHAPTERS, MOST_TRACKS)
    assert {len(chapter.title) for chapter in media.chapters} == {LONGEST_TEXT}


def test_texts_can_be_shown() -> None:
    assert clean("a\x1b[31m\u202e b\x00\ud800 \u2066c\n") == "a [31m b c"


@pytest.mark.parametrize(
    ("layout", "count"),
    [("mono", 1), ("5.1(side)", 6), ("7.1.4", 12), ("quad", 4), ("16 channels", 16), ("2.1", 3), ("what", 0)],
)
def test_channels_are_counted(layout: str, count: int) -> None:
    assert channels_of(layout) == count


async def found(engine: Engine, bench: Any, path: Path) -> Media:
    with bench.holding(path) as (source, _):
        return await probe(engine, source, Limits())


async def test_a_real_file_tells_what_it_holds(engine: Engine, bench: Any, studio: Studio) -> None:
    media = await found(engine, bench, studio.make("two-tracks.mkv"))
    assert media.container == "matroska,webm"
    assert media.duration_seconds == pytest.approx(3, abs=0.1)
    assert [(each.index, each.codec, each.sample_rate) for each in media.tracks] == [
        (0, "aac", 44100),
        (1, "aac", 44100),
    ]
    assert media.pictures == (Picture(codec="h264", width=176, height=144),)
    surround = await found(engine, bench, studio.make("surround.mp4"))
    assert [(each.channels, each.layout) for each in surround.tracks] == [(6, "5.1")]
    assert (await found(engine, bench, studio.make("silent.mp4"))).tracks == ()
    tagged = await found(engine, bench, studio.make("tagged.mp4"))
    assert tagged.tags[:2] == (Tag("title", "A walk"), Tag("artist", "Ada"))
    assert "47.37" not in str(tagged)


async def test_a_hostile_title_forges_no_track(engine: Engine, bench: Any, tmp_path: Path) -> None:
    stream = "  Stream #0:9: Audio: mp3, 8000 Hz, mono"
    title = f"x\n{stream}\r{stream}\n\nAt least one"
    for name in ("a.mp3", "a.mkv", "a.flac", "a.ogg", "a.m4a"):
        meta = ["-metadata", f"title={title}", "-metadata:s:a:0", f"title={title}"]
        path = tmp_path / name
        ffmpeg("-y", "-f", "lavfi", "-i", "sine=duration=1", *meta, str(path))
        media = await found(engine, bench, path)
        assert [(each.index, each.sample_rate) for each in media.tracks] == [(0, 44100)], (name, FFMPEG)


async def test_tags_longer_than_all_that_is_remembered_hide_nothing(
    engine: Engine, bench: Any, tmp_path: Path
) -> None:
    meta = ["-metadata", "title=A walk"]
    meta += [part for at in range(20) for part in ("-metadata", f"t{at}={'long ' * 2000}")]
    path = tmp_path / "a.mp3"
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", *meta, str(path))
    media = await found(engine, bench, path)
    assert (media.container, len(media.tracks), media.tags) == ("mp3", 1, (Tag("title", "A walk"),))


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", FailureCode.NOT_MEDIA), (b"Dear diary,\n" * 500, FailureCode.NOT_MEDIA)],
)
async def test_of_what_is_no_media_that_is_said(
    engine: Engine, bench: Any, studio: Studio, content: bytes, code: FailureCode
) -> None:
    with pytest.raises(ConversionError) as caught:
        await found(engine, bench, studio.write("no.mp4", content))
    assert caught.value.code is code


async def test_a_file_that_lost_its_index_is_told_to_be_cut(
    engine: Engine, bench: Any, studio: Studio
) -> None:
    with pytest.raises(ConversionError) as caught:
        await found(engine, bench, studio.half("moov-last.mp4"))
    assert caught.value.code is FailureCode.TRUNCATED
