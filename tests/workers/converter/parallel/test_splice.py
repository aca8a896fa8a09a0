"""Splices real encodings of the same sound, and what must not be spliced."""

import random
import shutil
import subprocess
from io import FileIO
from pathlib import Path

import imageio_ffmpeg
import pytest

from workers.converter.containers.lame_tag import Crc
from workers.converter.containers.mp3_frames import Frames, NotFrames
from workers.converter.parallel.splice import AGREEING, Join, Piece, Pursuit, assemble

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
SOUNDS = {
    "speech": "aevalsrc='0.3*(0.5+0.5*sin(2*PI*3.1*t))*gt(sin(2*PI*0.4*t)\\,-0.6)*(sin(2*PI*t*130)"
    "+0.6*sin(4*PI*t*(130+9*sin(t))))+0.05*(random(0)-0.5)*gt(sin(2*PI*1.3*t)\\,0.6)'",
    "bursts": "aevalsrc='0.5*(random(0)-0.5)*lt(mod(t\\,3)\\,0.8)'",
    "music": "aevalsrc='0.25*sin(2*PI*t*(220+55*mod(floor(t/2)\\,7)))*exp(-1.2*mod(t\\,0.5))"
    "+0.2*(random(0)-0.5)*exp(-18*mod(t\\,0.25))|0.25*sin(2*PI*t*(224+55*mod(floor(t/2)\\,7)))*exp(-1.1*mod(t\\,0.5))'",
    "noise": "anoisesrc=c=pink:a=0.3:seed=3",
    "silence": "anullsrc",
}
CONSTANT = ["-b:a 128k", "-b:a 192k", "-b:a 320k"]
VARIABLE = ["-q:a 2 -compression_level 5", "-q:a 5"]
SHORT = dict(zip(SOUNDS, VARIABLE + CONSTANT, strict=True))
"""Each sound and each quality once, and no pair that may go without a join."""


class Studio:
    """Encodes each sound once for each quality, from its beginning and from a frame in the middle."""

    def __init__(self, directory: Path, seconds: int) -> None:
        self._directory, self._seconds = directory, seconds

    def frames(self, name: str, quality: str, first: int = 0, shape: str = "-ar 44100 -ac 2") -> Frames:
        frames = Frames(FileIO(self.path(name, quality, first, shape)))
        frames.grow()
        return frames

    def path(self, name: str, quality: str, first: int = 0, shape: str = "-ar 44100 -ac 2") -> Path:
        path = self._directory / f"{name}{quality}{first}{shape}.mp3".replace(" ", "")
        if not path.exists():
            samples = 1152 if "44100" in shape or "48000" in shape else 576
            pcm = self._pcm(name, shape)[first * samples * 2 * (2 if shape.endswith("2") else 1) :]
            self._ffmpeg(pcm, *f"-f s16le {shape} -i - {quality}".split(), str(path))
        return path

    def _pcm(self, name: str, shape: str) -> bytes:
        path = self._directory / f"{name}{shape}.pcm".replace(" ", "")
        if not path.exists():
            source = ("-f", "lavfi", "-i", SOUNDS[name], "-t", str(self._seconds), *shape.split())
            self._ffmpeg(b"", *source, "-f", "s16le", str(path))
        return path.read_bytes()

    def _ffmpeg(self, data: bytes, *arguments: str) -> None:
        subprocess.run([FFMPEG, "-v", "error", *arguments], input=data, check=True)


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Studio:
    return Studio(tmp_path_factory.mktemp("takes"), pytestconfig.getoption("--spliced-seconds", 20))


def same(one: bytes, other: bytes) -> bool:
    """Compare two files; nothing is like nothing."""
    return bool(one) and one == other


def spliced(lone: Path, earlier: Frames, later: Frames, first: int, join: Join, target: Path) -> bytes:
    """Return what comes of a copy of the earlier one's file, whose table is as yet empty."""
    shutil.copy(lone, target)
    with FileIO(target, "r+") as file:
        file.seek(earlier.table + 40)
        file.write(bytes(130))
        whole = Piece(earlier, 0, join.at), Piece(later, join.at - first, len(later), join.inverted)
        assemble(file, whole)
    return target.read_bytes()


@pytest.mark.parametrize(
    ("name", "quality"),
    [
        pytest.param(name, quality, marks=[pytest.mark.long] * (SHORT[name] != quality))
        for name in SOUNDS
        for quality in CONSTANT + VARIABLE
    ],
)
def test_the_whole_is_what_one_encoder_makes_or_there_is_none(
    takes: Studio, tmp_path: Path, name: str, quality: str
) -> None:
    earlier = takes.frames(name, quality)
    for first in range(6 * 49, len(earlier) // 2, 40 * 49):
        later = takes.frames(name, quality, first)
        join = Pursuit(earlier, later, first).look()
        if join is None:  # which must be the exception
            assert quality in VARIABLE
            assert name in ("music", "noise")
            continue
        assert first + AGREEING <= join.at < len(earlier)
        whole = spliced(takes.path(name, quality), earlier, later, first, join, tmp_path / "whole.mp3")
        assert same(whole, takes.path(name, quality).read_bytes())


@pytest.mark.long
@pytest.mark.parametrize(
    "shape", ["-ar 44100 -ac 1", "-ar 48000 -ac 2", "-ar 22050 -ac 1", "-ar 16000 -ac 2"]
)
@pytest.mark.parametrize("quality", ["-b:a 64k", "-q:a 4"])
def test_so_it_is_in_every_shape(takes: Studio, tmp_path: Path, shape: str, quality: str) -> None:
    first = 6 * 49
    earlier, later = (takes.frames("speech", quality, at, shape) for at in (0, first))
    join = Pursuit(earlier, later, first).look()
    assert join is not None
    lone = takes.path("speech", quality, 0, shape)
    assert same(spliced(lone, earlier, later, first, join, tmp_path / "whole.mp3"), lone.read_bytes())


def test_both_ways_round_of_the_fillings_were_met(takes: Studio) -> None:
    ways = set()
    for first in range(2 * 49, 10 * 49, 49):
        join = Pursuit(
            takes.frames("speech", CONSTANT[0]), takes.frames("speech", CONSTANT[0], first), first
        ).look()
        assert join is not None
        ways.add(join.inverted)
    assert ways == {False, True}


def test_nothing_is_not_the_same() -> None:
    assert not same(b"", b"")
    assert not same(b"a", b"")
    assert not same(b"a", b"b")
    assert same(b"a", b"a")


def test_a_frame_that_differs_by_a_bit_is_not_joined_over(takes: Studio, tmp_path: Path) -> None:
    first = 6 * 49
    earlier = takes.frames("speech", CONSTANT[0])
    good = takes.path("speech", CONSTANT[0], first).read_bytes()
    before = Pursuit(earlier, takes.frames("speech", CONSTANT[0], first), first).look()
    assert before is not None
    data = bytearray(good)
    planted = before.at - 3
    data[takes.frames("speech", CONSTANT[0], first).offsets[planted - first] + 60] ^= 0x10
    (tmp_path / "bad.mp3").write_bytes(data)
    after = Pursuit(earlier, Frames(FileIO(tmp_path / "bad.mp3")), first).look()
    assert after is None or after.at >= planted + AGREEING


@pytest.mark.parametrize("shift", [-1, 1, 49])
def test_a_place_that_is_not_the_right_one_is_refused(takes: Studio, shift: int) -> None:
    first = 6 * 49
    later = takes.frames("speech", CONSTANT[0], first)
    assert Pursuit(takes.frames("speech", CONSTANT[0]), later, first + shift).look() is None


def test_another_sound_is_refused(takes: Studio) -> None:
    first = 6 * 49
    later = takes.frames("noise", CONSTANT[0], first)
    assert Pursuit(takes.frames("speech", CONSTANT[0]), later, first).look() is None


def test_another_kind_is_refused(takes: Studio) -> None:
    first = 6 * 49
    later = takes.frames("speech", CONSTANT[0], first, "-ar 48000 -ac 2")
    with pytest.raises(NotFrames):
        Pursuit(takes.frames("speech", CONSTANT[0]), later, first).look()


def test_what_is_cut_or_no_mp3_is_refused(takes: Studio, tmp_path: Path) -> None:
    first = 6 * 49
    good = takes.path("speech", CONSTANT[0], first).read_bytes()
    (tmp_path / "rubbish.mp3").write_bytes(good[:3000] + b"rubbish" + good[3001:])
    with pytest.raises(NotFrames):
        Frames(FileIO(tmp_path / "rubbish.mp3")).grow()
    (tmp_path / "cut.mp3").write_bytes(good[:-300])
    earlier, cut = takes.frames("speech", CONSTANT[0]), Frames(FileIO(tmp_path / "cut.mp3"))
    join = Pursuit(earlier, cut, first).look()
    assert join is not None
    with pytest.raises(NotFrames):
        spliced(takes.path("speech", CONSTANT[0]), earlier, cut, first, join, tmp_path / "whole.mp3")


def test_what_is_not_yet_there_is_waited_for(takes: Studio, tmp_path: Path) -> None:
    data, path = takes.path("speech", CONSTANT[0]).read_bytes(), tmp_path / "growing.mp3"
    with FileIO(path, "w+") as file:
        frames, seen = Frames(file), []
        for at in range(0, len(data), 9999):
            file.write(data[at : at + 9999])
            frames.grow()
            seen.append(len(frames))
    assert seen == sorted(seen)
    assert seen[-1] == len(takes.frames("speech", CONSTANT[0]))


def test_the_checksum_of_big_numbers_is_that_of_single_bytes() -> None:
    data = random.Random(1).randbytes(100_000)  # noqa: S311
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    summed = Crc(len(data))
    for piece in (data[:777], data[777:50_000], data[50_000:]):
        summed.add(piece)
    assert summed.value() == crc
    known = Crc(9)
    known.add(b"123456789")
    assert known.value() == 0xBB3D  # the catalogue's check value of CRC-16/ARC
