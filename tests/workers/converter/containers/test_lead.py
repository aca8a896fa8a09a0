"""Junk before the sound, in formats that can be read from any frame on."""

import random
from io import BytesIO

import pytest
from hall import Hall
from media import ffmpeg

from workers.converter.containers.lead import Lead, find

NOISE = random.Random(1).randbytes(100_000)  # noqa: S311
FORMATS = {
    "mp3": ("mp3", ["-c:a", "libmp3lame", "-write_xing", "0", "-id3v2_version", "0"]),
    "aac": ("aac", ["-c:a", "aac"]),
    "ac3": ("ac3", ["-c:a", "ac3"]),
    "ts": ("mpegts", ["-c:a", "aac"]),
}


@pytest.mark.parametrize("junk", [NOISE, bytes(5000)], ids=["noise", "zeros"])
@pytest.mark.parametrize("ending", FORMATS)
async def test_sound_behind_junk_comes_out_whole(hall: Hall, ending: str, junk: bytes) -> None:
    format_, codec = FORMATS[ending]
    plain = hall.source("0.3*sin(440*2*PI*t)", *codec, name=f"plain.{ending}", seconds=4)
    source = hall.directory / "junk"
    source.write_bytes(junk + plain.read_bytes())
    assert find(BytesIO(source.read_bytes())) == Lead(len(junk), format_)
    made = await hall.convert(source, partial=False)
    assert made.duration_seconds == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize(
    "ending", ["mp3", "aac", "ac3", "ts", "m2ts", "mp4", "mkv", "wav", "flac", "ogg", "dts", "mpg"]
)
def test_a_file_that_begins_with_its_sound_has_no_lead(
    ending: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("plain") / f"plain.{ending}"
    ffmpeg("-f", "lavfi", "-i", "sine=440:duration=2:sample_rate=48000", "-strict", "-2", str(path))
    assert find(BytesIO(path.read_bytes())) is None


@pytest.mark.parametrize("junk", [b"", NOISE * 20, b"\xff" * (1 << 20), b"G" * 100, b"Dear diary, " * 999])
def test_junk_alone_has_no_sound_behind_it(junk: bytes) -> None:
    assert find(BytesIO(junk)) is None
