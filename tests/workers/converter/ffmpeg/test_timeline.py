"""A second of the sound is the same second of the video: holes, late beginnings, clocks that jump."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hall import EACH_WAY, Hall, marks_in
from hypothesis import given
from hypothesis import strategies as st
from media import FFMPEG, ffmpeg

from events.options import Chapters, Format
from workers.converter.ffmpeg.dump import read
from workers.converter.ffmpeg.packets import PacketTimes

CASES = Path(__file__).parents[1] / "cases"
EVERY = [*EACH_WAY, pytest.param(Format.WAV, marks=pytest.mark.long)]
LATE, HOLED = CASES / "A01.mkv", CASES / "A02.mkv"
BEEPS = "0.5*sin(2000*PI*t)*lt(mod(t,2),0.3)"
"""At 0, 2, 4 and so on, for 0.3 s."""


def beeps(path: Path) -> list[float]:
    """Return when sound begins after silence, in seconds."""
    detect = ["-af", "silencedetect=noise=-40dB:d=0.2", "-f", "null", "-"]
    command = [FFMPEG, "-hide_banner", "-i", str(path), *detect]
    words = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    ends = [float(each) for each in re.findall(r"silence_end: (\d+\.?\d*)", words)]
    media = read(words.replace(f"'{path}'", "'fd:'"))
    assert media is not None
    return [each for each in ends if each < media.duration_seconds - 0.1]


@pytest.mark.parametrize("format_", EVERY)
@pytest.mark.parametrize(("source", "mark"), [(LATE, 5.0), (HOLED, 8.0)], ids=["late", "hole"])
async def test_each_mark_points_at_its_beep(hall: Hall, source: Path, mark: float, format_: Format) -> None:
    for options, at in [
        ({}, mark),
        ({"start": 4.0, "end": 9.0}, mark - 4),
        ({"end": 9.5}, mark),
        ({"speed": 2.0}, mark / 2),
        ({"fade_out": 1.0}, mark),
        ({"copy": False}, mark),
    ]:
        made = await hall.convert(source, format=format_, **options)
        assert beeps(hall.result) == pytest.approx([at], abs=0.03), options
        if format_ is not Format.WAV:
            assert [start for start, _, _ in marks_in(hall)] == pytest.approx([0, at], abs=0.05), options
        seconds = {"start": 5.0, "end": 9.5, "speed": 5.0}.get(next(iter(options), ""), 10.0)
        assert made.duration_seconds == pytest.approx(seconds, abs=0.06), options


@pytest.mark.parametrize("format_", EACH_WAY)
async def test_a_beep_is_where_its_mark_is_without_silence_too(hall: Hall, format_: Format) -> None:
    await hall.convert(HOLED, format=format_, trim_silence=True, chapters=Chapters.KEEP)
    assert marks_in(hall) == [(0, 0.3, "Two")]


async def test_a_chapter_as_a_file_has_the_hole_in_it(hall: Hall) -> None:
    made = await hall.convert(HOLED, format=Format.FLAC, chapters=Chapters.SPLIT)
    assert made.duration_seconds == pytest.approx(10.0, abs=0.05)


CONTAINERS = {
    "mkv": ("-c:v", "mpeg4", "-c:a", "aac"),
    "webm": ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"),
    "mp4": ("-c:v", "mpeg4", "-c:a", "aac"),
    "mov": ("-c:v", "mpeg4", "-c:a", "pcm_s16le"),
    "ts": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    "mpg": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    "flv": ("-c:v", "flv", "-c:a", "libmp3lame"),
    "wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
}


def delayed(hall: Hall, kind: str, late: float, seconds: float = 6) -> Path:
    """A video of white pictures whose sound begins late."""
    path = hall.directory / f"late.{kind}"
    picture = f"color=white:size=64x48:rate=25:duration={seconds + late}"
    sound = f"aevalsrc='{BEEPS}':s=44100:d={seconds}"
    given = ["-f", "lavfi", "-i", picture, "-itsoffset", str(late), "-f", "lavfi", "-i", sound]
    ffmpeg("-y", *given, "-map", "0", "-map", "1", *CONTAINERS[kind], str(path))
    return path


@pytest.mark.parametrize(
    "kind", ["mp4", "ts", *(pytest.param(each, marks=pytest.mark.long) for each in CONTAINERS)]
)
async def test_sound_that_begins_late_is_as_late_in_every_container(hall: Hall, kind: str) -> None:
    source = delayed(hall, kind, 1.5)
    for options in ({}, {"format": Format.OGG}, {"format": Format.M4A, "start": 1.0}, {"loudness": -20.0}):
        await hall.convert(source, **options)
        start = options.get("start", 0.0)
        assert beeps(hall.result) == pytest.approx([at - start for at in (1.5, 3.5, 5.5)], abs=0.06), options


async def test_sound_that_begins_later_than_ffmpeg_looks_is_as_late(hall: Hall) -> None:
    await hall.convert(delayed(hall, "mkv", 12.5, seconds=2), format=Format.M4A)
    assert beeps(hall.result) == pytest.approx([12.5], abs=0.05)


@pytest.mark.parametrize("clock", [0, 3])
async def test_pictures_that_travel_out_of_order_hide_no_late_beginning(hall: Hall, clock: int) -> None:
    start = f"START={3500 + 1000 * clock}\nEND={7500 + 1000 * clock}"
    (hall.directory / "marks").write_text(f";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\n{start}\n")
    given = ["-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=7.5", "-itsoffset", "1.5"]
    given += ["-f", "lavfi", "-i", f"aevalsrc='{BEEPS}':s=44100:d=6", "-i", str(hall.directory / "marks")]
    mapped = ["-map", "0", "-map", "1", "-map_chapters", "2", "-output_ts_offset", str(clock)]
    source = hall.directory / "reordered.mkv"
    ffmpeg("-y", *given, *mapped, "-c:v", "libx264", "-c:a", "aac", str(source))
    for options in (
        {},
        {"format": Format.M4A, "start": 1.0},
        {"format": Format.OGG, "start": 3.0, "end": 7.0},
    ):
        made = await hall.convert(source, **options)
        start = options.get("start", 0.0)
        heard = [at - start for at in (1.5, 3.5, 5.5) if at > start]
        assert beeps(hall.result) == pytest.approx(heard, abs=0.06), options
        assert marks_in(hall)[-1][0] == pytest.approx(3.5 - start, abs=0.06), options
        assert made.duration_seconds == pytest.approx(options.get("end", 7.5) - start, abs=0.06), options


@pytest.mark.parametrize("later", ["both", "picture"])
async def test_a_mark_points_at_its_beep_whenever_clock_and_picture_begin(hall: Hall, later: str) -> None:
    told = [";FFMETADATA1"]
    for start, end in ((3, 5), (5, 9)) if later == "both" else ((0, 2), (2, 6)):
        told += ["[CHAPTER]", "TIMEBASE=1/1", f"START={start}", f"END={end}"]
    (hall.directory / "marks").write_text("\n".join(told))
    picture = [*(["-itsoffset", "1.5"] if later == "picture" else []), "-f", "lavfi"]
    given = [*picture, "-i", "color=white:size=64x48:rate=25:duration=4", "-f", "lavfi"]
    given += ["-i", f"aevalsrc='{BEEPS}*between(t,1,3)':s=44100:d=6", "-i", str(hall.directory / "marks")]
    clock = ["-output_ts_offset", "3"] if later == "both" else []
    source = hall.directory / "clock.mkv"
    mapped = ["-map", "0", "-map", "1", "-map_chapters", "2", *CONTAINERS["mkv"]]
    ffmpeg(*given, *mapped, *clock, str(source))
    for options in ({}, {"format": Format.M4A}, {"format": Format.OPUS, "start": 1.0}):
        await hall.convert(source, **options)
        at = 2 - options.get("start", 0.0)
        assert beeps(hall.result) == pytest.approx([at], abs=0.05)
        assert [start for start, _, _ in marks_in(hall)] == pytest.approx([0, at], abs=0.05)


@pytest.mark.parametrize("format_", EVERY)
async def test_where_the_clock_goes_back_nothing_is_lost(hall: Hall, format_: Format) -> None:
    one = hall.source(BEEPS, "-c:a", "libopus", name="one.webm", seconds=4)
    two = hall.directory / "two.webm"
    two.write_bytes(one.read_bytes() * 2)
    made = await hall.convert(two, format=format_)
    assert made.duration_seconds == pytest.approx(8, abs=0.1)
    assert beeps(hall.result) == pytest.approx([2, 4, 6], abs=0.05)


@pytest.mark.parametrize(
    ("times", "steady"),
    [
        ([0, 21, 43, 64, 85], True),
        ([-7, 14, 35], True),
        ([0, 21, 143, 164], False),
        ([150, 171], False),
        ([*range(0, 2100, 21), 0, 21], False),
        ([0, 21, 43, *range(44, 60)], False),
    ],
)
def test_packets_are_steady_where_each_begins_at_the_end_of_the_last(times: list[int], steady: bool) -> None:
    read_ = PacketTimes()
    listed = "".join(f"0, {at:10}, {at:10}, {21:8}, {99:8}, 0x0\n" for at in times)
    read_.feed(f"#tb 0: 1/1000\n{listed}".encode())
    assert read_.steady is steady


@given(st.binary(max_size=60), st.integers(0, 60))
def test_no_list_whatever_breaks_the_reader(noise: bytes, at: int) -> None:
    listed = b"#tb 0: 1/1000\n0, 0, 0, 21, 99, 0x0\n0, 21, 21, 21, 99, 0x0\n"
    times: Any = PacketTimes()
    times.feed(listed[:at] + noise + listed[at:])
