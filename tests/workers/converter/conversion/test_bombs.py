"""Small files that make a lot of work: they get their verdict, and take neither the core nor the memory."""

import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from media import ffmpeg

from events.types import FailureCode
from workers.converter.conversion.conversion import convert
from workers.converter.conversion.task import Equipment, Task
from workers.converter.errors import ConversionError
from workers.converter.ffmpeg import probe, process
from workers.converter.ffmpeg.engine import Engine
from workers.converter.source.input import Input

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel holds it to its limits")
CPU_SECONDS, MEMORY = 10.0, 300 << 20


@pytest.fixture(scope="module")
def bombs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    directory = tmp_path_factory.mktemp("bombs")

    def made(name: str) -> Path:
        path = directory / name
        if not path.exists():
            MAKERS[name](path)
        return path

    return made


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("day-that-hides-its-length.flac", FailureCode.TIMED_OUT, marks=pytest.mark.long),
        pytest.param("day-that-says-it-is-a-second.flac", FailureCode.TIMED_OUT, marks=pytest.mark.long),
        pytest.param("million-packets.flv", FailureCode.TOO_LARGE, marks=pytest.mark.long),
        ("thousand-tracks.mov", FailureCode.TOO_LARGE),
        ("thousand-tracks.mkv", None),
        ("huge-cover.mp3", None),
    ],
)
async def test_a_bomb_gets_its_verdict_for_little(
    name: str,
    code: FailureCode | None,
    bombs: Callable[[str], Path],
    engine: Engine,
    bench: Any,
    spent: list[process.Outcome],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """None: it is harmless, and converted. On a busy machine the clock would come before the limits."""
    monkeypatch.setattr(probe, "PATIENCE", 150.0)
    found = None
    with bench.holding(bombs(name)) as (video, mp3):
        try:
            await convert(Task(Equipment(engine), Input.of(video), mp3))
        except ConversionError as error:
            found = error.code
    assert found is code
    assert sum(run.cpu_seconds for run in spent) < CPU_SECONDS
    assert max(run.peak_bytes for run in spent) < MEMORY


def _day(path: Path, samples: int) -> None:
    """24 hours of silence in 164 kB. The number of samples is the last 36 bits of STREAMINFO's 8 bytes."""
    made = path.with_name("day.flac")
    if not made.exists():
        silence = ["-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono:n=65535", "-t", "86400"]
        ffmpeg(*silence, "-c:a", "flac", "-compression_level", "12", "-frame_size", "65535", str(made))
    content = made.read_bytes()
    word = int.from_bytes(content[18:26])
    path.write_bytes(content[:18] + (word >> 36 << 36 | samples).to_bytes(8) + content[26:])


def _million(path: Path) -> None:
    """FLV tags of one sample each."""
    with path.open("wb") as file:
        file.write(b"FLV\1\4\0\0\0\x09\0\0\0\0")
        for number in range(1_000_000):
            time = number * 1000 // 5512
            tag = b"\x08\0\0\2" + time.to_bytes(3) + b"\0\0\0\0\x30\x80"
            file.write(tag + struct.pack(">I", len(tag)))


def _tracks(path: Path) -> None:
    maps = ["-map", "0:a"] * 1000
    ffmpeg("-f", "lavfi", "-i", "sine=duration=0.1:sample_rate=8000", *maps, "-c:a", "pcm_s16le", str(path))


def _cover(path: Path) -> None:
    """A picture of 62 million pixels, of one colour."""
    side = 7900
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(bytes(1 + 4 * side)) for _ in range(side)) + packer.flush()
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)),
            (b"IDAT", pixels),
            (b"IEND", b""),
        )
    )
    picture = b"\0image/png\0\3\0" + png
    frame = b"APIC" + struct.pack(">I", len(picture)) + b"\0\0" + picture
    size = bytes(len(frame) >> shift & 127 for shift in (21, 14, 7, 0))
    sine = ["-f", "lavfi", "-i", "sine=duration=2", "-id3v2_version", "0", "-f", "mp3", "-"]
    path.write_bytes(b"ID3\3\0\0" + size + frame + ffmpeg(*sine))


MAKERS = {
    "day-that-hides-its-length.flac": lambda path: _day(path, 0),
    "day-that-says-it-is-a-second.flac": lambda path: _day(path, 8000),
    "million-packets.flv": _million,
    "thousand-tracks.mov": _tracks,
    "thousand-tracks.mkv": _tracks,
    "huge-cover.mp3": _cover,
}
