"""A copy of packets is held to what they decode to; where that differs, they are encoded."""

from pathlib import Path

import pytest
from hall import Hall
from media import packets

from events.options import Format

CASES = Path(__file__).parent.parent / "cases"
COPIED = {
    Format.MP3: ("avi", ["-c:a", "libmp3lame"]),
    Format.M4A: ("mkv", ["-c:a", "aac"]),
    Format.OPUS: ("mkv", ["-c:a", "libopus"]),
    Format.OGG: ("mkv", ["-c:a", "libvorbis"]),
    Format.FLAC: ("mkv", ["-c:a", "flac"]),
    Format.WAV: ("mov", ["-c:a", "pcm_s16le"]),
}


@pytest.mark.parametrize("format_", Format)
async def test_packets_that_fit_are_copied_and_the_copy_says_what_it_holds(
    hall: Hall, format_: Format
) -> None:
    ending, codec = COPIED[format_]
    source = hall.source("0.3*sin(440*2*PI*t)", *codec, name=f"source.{ending}", seconds=3)
    made = await hall.convert(source, format=format_)
    assert made.copied
    if format_ is not Format.WAV:
        assert packets(hall.result) == packets(source)
    assert len(hall.heard()[0]) / made.sample_rate == pytest.approx(made.duration_seconds, abs=0.03)


async def test_packets_whose_times_cannot_be_are_encoded(hall: Hall) -> None:
    made = await hall.convert(CASES / "joined.webm", format=Format.OPUS)
    assert (made.duration_seconds, made.copied) == (pytest.approx(10, abs=0.05), False)
    assert len(hall.heard()[0]) / made.sample_rate == pytest.approx(10, abs=0.05)


@pytest.mark.parametrize("format_", [Format.M4A, Format.OPUS, Format.FLAC])
async def test_damage_in_packets_that_are_copied_is_seen(hall: Hall, format_: Format) -> None:
    ending, codec = COPIED[format_]
    source = hall.source("0.3*sin(440*2*PI*t)+0.1*random(0)", *codec, name=f"source.{ending}", seconds=8)
    content = bytearray(source.read_bytes())
    middle = len(content) // 2
    content[middle : middle + len(content) // 3] = bytes(len(content) // 3)
    source.write_bytes(content)
    made = await hall.convert(source, format=format_)
    assert made.partial
    assert len(hall.heard()[0]) / made.sample_rate == pytest.approx(made.duration_seconds, abs=0.1)
