"""The sound must not change when all that is not needed is zeros; only pictures may be left out."""

import struct
from io import BytesIO, RawIOBase
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from media import H264, Studio, ffmpeg, tone

from workers.converter.containers.sample_table import Range, needed_ranges

GRAIN = 4096
LARGE = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=6", *tone(seconds=6)]
COARSE = ["-chunk_duration", "1000000"]
"""A second of pictures, a second of sound."""
NOISY = ["-vf", "noise=alls=20:allf=t"]

SHAPES = {
    "first.mp4": [*LARGE, *NOISY, *H264, "-c:a", "aac", *COARSE, "-movflags", "+faststart"],
    "last.mp4": [*LARGE, *NOISY, *H264, "-c:a", "aac", *COARSE],
    "fine.mp4": [*LARGE, *NOISY, *H264, "-c:a", "aac"],
    "hevc.mp4": [
        *(*LARGE, *NOISY, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"),
        *("-c:a", "ac3", *COARSE),
    ],
    "mjpeg.mov": [*LARGE, "-c:v", "mjpeg", "-q:v", "2", "-c:a", "pcm_s16le", *COARSE],
    "adpcm.mov": [*LARGE, *NOISY, *H264, "-c:a", "adpcm_ima_qt", "-timecode", "01:00:00:00", *COARSE],
    "fragments.mp4": [
        *LARGE,
        *NOISY,
        *H264,
        "-g",
        "25",
        "-c:a",
        "aac",
        "-movflags",
        "frag_keyframe+empty_moov",
    ],
    "dash.mp4": [
        *(*LARGE, *NOISY, *H264, "-g", "25", "-c:a", "aac"),
        *("-movflags", "dash+global_sidx+frag_keyframe+default_base_moof"),
    ],
    "delayed.mp4": [
        *(*LARGE[:4], "-itsoffset", "0.7", *tone(seconds=5), *NOISY, *H264, "-c:a", "aac", *COARSE),
    ],
    "tracks.mp4": [
        *(*LARGE, *tone(900, seconds=6), "-map", "0", "-map", "1", "-map", "2"),
        *(*NOISY, *H264, "-c:a", "aac", *COARSE),
    ],
}

LONG = ("last.mp4", "fine.mp4", "hevc.mp4", "adpcm.mov")


def make(studio: Studio, name: str) -> bytes:
    path = studio.write(name, b"")
    ffmpeg("-y", *SHAPES[name], str(path))
    return path.read_bytes()


def ranges_of(content: bytes, grain: int = GRAIN) -> list[Range] | None:
    return needed_ranges(cast("RawIOBase", BytesIO(content)), len(content), grain=grain)


def with_holes(content: bytes, ranges: list[Range]) -> bytes:
    holed = bytearray(len(content))
    for start, end in ranges:
        holed[start:end] = content[start:end]
    return bytes(holed)


def sound_of(path: Path) -> bytes:
    """A line for each packet of each track: when it is heard, how long it is, and its hash."""
    return ffmpeg("-v", "quiet", "-i", str(path), "-map", "0:a", "-c", "copy", "-f", "framemd5", "-")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name in LONG)) for name in SHAPES]
)
def test_every_sound_is_the_same_without_the_pictures(studio: Studio, name: str) -> None:
    content = make(studio, name)
    ranges = ranges_of(content)
    assert ranges is not None
    assert sum(end - start for start, end in ranges) < len(content) / 2
    whole, holed = (
        studio.write(f"whole-{name}", content),
        studio.write(f"holed-{name}", with_holes(content, ranges)),
    )
    assert sound_of(whole).count(b"\n") > 100
    assert sound_of(holed) == sound_of(whole)


def test_chapters_and_the_cover_are_still_there(studio: Studio) -> None:
    words = ";FFMETADATA1\ntitle=A walk\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=2\ntitle=up\n"
    words += "[CHAPTER]\nTIMEBASE=1/1\nSTART=2\nEND=6\ntitle=down\n"
    notes, cover, path = (
        studio.write("notes.txt", words.encode()),
        studio.write("c.png", b""),
        studio.write("c.mp4", b""),
    )
    ffmpeg("-y", "-f", "lavfi", "-i", "color=red:s=32x32", "-frames:v", "1", str(cover))
    inputs = [
        *LARGE,
        "-i",
        str(notes),
        "-i",
        str(cover),
        "-map",
        "0",
        "-map",
        "1",
        "-map",
        "3",
        "-map_metadata",
        "2",
    ]
    ffmpeg(
        *("-y", *inputs, "-filter:v:0", "noise=alls=20:allf=t", "-c:v:0", "libx264", "-preset", "ultrafast"),
        *("-c:v:1", "copy", "-disposition:v:1", "attached_pic", "-c:a", "aac", *COARSE, str(path)),
    )
    content = path.read_bytes()
    ranges = ranges_of(content)
    assert ranges is not None
    holed = studio.write("holed-c.mp4", with_holes(content, ranges))
    told = ffmpeg("-v", "quiet", "-i", str(holed), "-f", "ffmetadata", "-").decode()
    assert "title=A walk" in told
    assert "title=up" in told
    assert "title=down" in told
    assert (
        ffmpeg("-i", str(holed), "-map", "0:v:1", "-c", "copy", "-f", "image2pipe", "-") == cover.read_bytes()
    )


def test_all_is_needed_of_what_is_odd(studio: Studio) -> None:
    content = make(studio, "last.mp4")
    assert ranges_of(content.replace(b"avc1", b"encv")) is None, "keys may be anywhere"
    moov = content[content.index(b"moov") - 4 :]
    assert ranges_of(content + moov) is None, "two tables"
    assert ranges_of(content + b"\xff" * (2 << 20)) is None, "a lot of rubbish"
    assert ranges_of((b"\0\0\0\x08free" * 100_000) + content, grain=1 << 20) is None, "no end of boxes"
    huge = struct.pack(">I4s", 100 << 20, b"moov") + bytes(100 << 20)
    assert ranges_of(huge) is None, "a huge table"


def test_without_a_table_ffmpeg_is_shown_that_there_is_none(studio: Studio) -> None:
    content = make(studio, "last.mp4")
    ranges = ranges_of(content[: len(content) // 2])
    assert ranges is not None
    assert sum(end - start for start, end in ranges) < 1000


def test_sound_beyond_the_end_is_not_asked_for(studio: Studio) -> None:
    content = make(studio, "first.mp4")
    half = content[: len(content) // 2]
    assert (ranges_of(half) or [])[-1][1] <= len(half)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_makes_it_fail(studio: Studio, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["moov-first.mp4", "fragmented.mp4", "pcm.mov"]))
    content = bytearray(studio.make(name).read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        near = data.draw(st.sampled_from([200, 4000, len(content)]))
        content[data.draw(st.integers(0, near - 1))] = data.draw(st.sampled_from([0, 1, 8, 127, 255]))
    ranges = ranges_of(bytes(content))
    assert all(0 <= start < end <= len(content) for start, end in ranges or [])
    assert ranges is None or ranges == sorted(ranges)


def test_a_file_without_pictures_is_needed_whole(studio: Studio) -> None:
    path = studio.write("only.m4a", b"")
    ffmpeg("-y", *tone(), "-c:a", "aac", str(path))
    content = path.read_bytes()
    assert sum(end - start for start, end in ranges_of(content) or []) == len(content)
