import array
import math
import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
import pytest

from cli.exits import Exit
from cli.main import main
from cli.stack.sample import BARS, PATTERN, RATE, STEP, frequency, pluck


def ffmpeg(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False)


def power(samples: "array.array[int]", hertz: float) -> float:
    """How much of a pitch is in the samples, of 1 (Goertzel's algorithm)."""
    factor = 2 * math.cos(2 * math.pi * hertz / RATE)
    before, last = 0.0, 0.0
    for sample in samples:
        before, last = last, sample + factor * last - before
    whole = sum(sample * sample for sample in samples) * len(samples) / 2
    return (last * last + before * before - factor * last * before) / max(whole, 1)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "sample.mp4"
    assert main(["sample", str(path)]) == 0
    return path


@pytest.mark.long
def test_the_sample_is_a_small_real_video(sample: Path) -> None:
    said = ffmpeg("-i", sample).stderr.decode()
    assert re.search(r"Video: h264.*640x360.*25 fps", said)
    assert re.search(r"Audio: aac.*44100 Hz", said)
    assert "Duration: 00:00:20.0" in said
    assert sample.stat().st_size < 3_000_000
    assert ffmpeg("-v", "error", "-i", sample, "-f", "null", "-").stderr == b""


@pytest.mark.long
def test_the_picture_moves(sample: Path) -> None:
    hashes = (
        ffmpeg("-i", sample, "-map", "0:v", "-r", "1", "-f", "framemd5", "-").stdout.decode().splitlines()
    )
    pictures = {line.split(",")[-1] for line in hashes if not line.startswith("#")}
    assert len(pictures) >= 18


@pytest.mark.long
def test_the_music_is_chords_and_not_a_bare_tone(sample: Path) -> None:
    """Each note of a bar stands out from the pitches a quarter-tone beside it."""
    samples = array.array("h", ffmpeg("-i", sample, "-map", "0:a", "-f", "s16le", "-").stdout)
    for bar in (0, 3, 6):
        start = round((bar * len(PATTERN) + 4) * STEP * RATE)  # all five are plucked by then
        window = samples[start : start + RATE // 3]
        notes = [frequency(note) for note in BARS[bar].split()]
        beside = [power(window, note * 2 ** (1 / 24)) for note in notes]
        heard = [power(window, note) for note in notes]
        assert all(it > 5 * other for it, other in zip(heard, beside, strict=True)), (bar, heard, beside)
        assert max(heard) < 0.5, "one tone alone"


@pytest.mark.parametrize("note", ["C3", "A4", "A5"])
def test_a_string_sounds_its_pitch(note: str) -> None:
    sound = array.array("h", (round(value * 10_000) for value in pluck(note, 0.5)))
    pitch = frequency(note)
    assert power(sound, pitch) > 10 * power(sound, pitch * 2 ** (1 / 12))


def test_a_file_that_is_there_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "holiday.mp4"
    path.write_bytes(b"mine")
    assert main(["sample", str(path)]) == 0
    assert path.read_bytes() == b"mine"
    assert "--force" in capsys.readouterr().out


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", str(tmp_path / "no" / "sample.mp4")]) == Exit.CANTCREAT
    assert str(tmp_path / "no") in capsys.readouterr().err
