"""Quality, sample rate, copying: proven on what comes out."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hall import CHAPTERS, RISING, Hall, told
from media import ffmpeg, packets, pcm

from events.options import Channels, Format, Tags
from workers.converter.ffmpeg.arguments import Limits, arguments
from workers.converter.ffmpeg.dump import read
from workers.converter.ffmpeg.engine import Engine

FORMER = shlex.split(
    "-map 0:a:0 -vn -sn -dn -c:a libmp3lame -q:a 2 -compression_level 5 -fflags +bitexact -flags:a +bitexact "
    "-id3v2_version 3 -metadata major_brand= -metadata minor_version= -metadata compatible_brands= "
    "-metadata encoder= -metadata software= -metadata location= -metadata location-eng= "
    "-metadata com.apple.quicktime.location.ISO6709= "
    "-metadata com.apple.quicktime.location.accuracy.horizontal= -metadata com.apple.quicktime.make= "
    "-metadata com.apple.quicktime.model= -metadata com.apple.quicktime.software= "
    "-metadata com.android.version= -t 21601.000 -fs 1000000000 -f mp3"
)
"""What this program did before there were options."""


@pytest.mark.parametrize("name", ["source.mp4", "source.mkv"])
async def test_without_options_the_result_is_what_it_was_before_there_were_any(hall: Hall, name: str) -> None:
    (hall.directory / "chapters").write_text(CHAPTERS)
    meta = ["-i", str(hall.directory / "chapters"), "-map_metadata", "1", "-c:a", "aac"]
    source = hall.source(RISING + "|" + RISING, *meta, name=name)
    await hall.convert(source)
    former = hall.directory / "former.mp3"
    ffmpeg("-i", str(source), *FORMER, str(former))
    assert hall.result.read_bytes() == former.read_bytes()


@pytest.mark.parametrize(
    ("options", "codec", "kilobits"),
    [
        ({"quality": "V0"}, "mp3", None),
        ({"quality": "V9"}, "mp3", None),
        ({"quality": "96k"}, "mp3", 96),
        ({"quality": "source"}, "mp3", 64),
        ({"format": Format.M4A, "quality": "96k"}, "aac", 96),
        ({"format": Format.OPUS, "quality": "48k"}, "opus", 48),
        ({"format": Format.OGG, "quality": "V9"}, "vorbis", None),
        ({"format": Format.OGG, "quality": "64k"}, "vorbis", None),
    ],
)
async def test_quality_is_the_bit_rate_or_level_that_was_asked(
    hall: Hall, options: dict[str, Any], codec: str, kilobits: int | None
) -> None:
    source = hall.source("0.3*(random(0)-0.5)", "-c:a", "aac", "-b:a", "72k")
    made = await hall.convert(source, **options)
    media = read(hall.words())
    assert media is not None
    assert media.tracks[0].codec == codec
    if kilobits:
        assert hall.result.stat().st_size * 8 / made.duration_seconds / 1000 == pytest.approx(
            kilobits, rel=0.1
        )


async def test_a_better_level_takes_more_bytes(hall: Hall) -> None:
    source = hall.source("0.3*(random(0)-0.5)", "-c:a", "aac")
    for format_ in (Format.MP3, Format.OGG):
        sizes = []
        for quality in ("V9", "V5", "V0"):
            await hall.convert(source, format=format_, quality=quality)
            sizes.append(hall.result.stat().st_size)
        assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("format_", list(Format))
async def test_the_sample_rate_is_the_one_that_was_asked(hall: Hall, format_: Format) -> None:
    made = await hall.convert(hall.source(RISING), format=format_, sample_rate=24000)
    rate = 48000 if format_ is Format.OPUS else 24000  # Opus is always played at 48 kHz
    assert made.sample_rate == rate
    assert len(hall.heard()[0]) / rate == pytest.approx(6, abs=0.03)


COPIES = [
    ("a.mp3", "libmp3lame", Format.MP3),
    pytest.param("a.avi", "libmp3lame", Format.MP3, marks=pytest.mark.long),
    ("a.mp4", "aac", Format.M4A),
    ("a.ts", "aac", Format.M4A),
    ("a.webm", "libopus", Format.OPUS),
    ("a.mkv", "libvorbis", Format.OGG),
    ("a.flac", "flac", Format.FLAC),
    ("a.mov", "pcm_s16le", Format.WAV),
]


@pytest.mark.parametrize(("name", "codec", "format_"), COPIES)
async def test_what_is_what_was_asked_already_is_copied_packet_by_packet(
    hall: Hall, name: str, codec: str, format_: Format
) -> None:
    source = hall.source(RISING, "-c:a", codec, name=name)
    made = await hall.convert(source, format=format_)
    assert made.copied
    assert made.duration_seconds == pytest.approx(6, abs=0.06)
    if format_ is Format.WAV:
        assert hall.heard() == [pcm(source.open("rb", buffering=0), "mov")[0]]
    elif name != "a.ts":  # the headers of ADTS go
        assert packets(hall.result) == packets(source)
    for other in ({"copy": False}, {"channels": Channels.STEREO}, {"end": 3.0}, {"speed": 1.5}):
        assert not (await hall.convert(source, format=format_, **other)).copied
    if format_ is not Format.WAV:
        made = await hall.convert(source, format=format_, tags=Tags(title="Another"))
        assert made.copied
        assert told(hall.words())["title"] == "Another"


def _run(command: list[str], source: Path, result: Path) -> None:
    with source.open("rb") as video, result.open("wb+") as target:
        subprocess.run(command, stdin=video, stdout=target, stderr=subprocess.DEVNULL, check=True)


async def test_the_recorded_arguments_make_the_same_again(hall: Hall, engine: Engine) -> None:
    source = hall.source(RISING, "-c:a", "aac")
    made = await hall.convert(source, format=Format.OGG, start=1, fade_out=1, loudness=-20)
    again = hall.directory / "again"
    given = [each for each in made.arguments if not re.match("pipe:", each)]
    at = given.index("-progress")
    _run([engine.path, *given[:at], *given[at + 1 :]], source, again)
    assert again.read_bytes() == hall.result.read_bytes()
    assert list(made.arguments)[-1] == arguments(Limits(), 3)[-1]
