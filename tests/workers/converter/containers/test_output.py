"""How long a result plays, by its headers, against what it decodes to; and rubbish, which plays nothing."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from media import ffmpeg, pcm

from events.options import Format
from workers.converter.containers.output import describe

RATES = {Format.OPUS: 48000}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outputs")


def make(directory: Path, format_: Format, channels: int, seconds: float) -> Path:
    path = directory / f"{channels}-{seconds}.{format_}"
    if not path.exists():
        sound = ["-f", "lavfi", "-i", f"sine=duration={seconds}:sample_rate=44100", "-ac", str(channels)]
        codec = ["-c:a", "libvorbis"] if format_ is Format.OGG else []
        ffmpeg(*sound, *codec, str(path))
    return path


@pytest.mark.parametrize("seconds", [1.2345, pytest.param(3, marks=pytest.mark.long)])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("format_", list(Format))
def test_the_length_is_that_of_the_samples(
    directory: Path, format_: Format, channels: int, seconds: float
) -> None:
    if format_ is Format.MP3:
        channels = min(channels, 2)
    path = make(directory, format_, channels, seconds)
    with path.open("rb", buffering=0) as file:
        sound = describe(format_, file)
        heard = pcm(file, format_)
    assert sound is not None
    assert (sound.channels, sound.sample_rate) == (channels, RATES.get(format_, 44100))
    assert sound.duration_seconds == pytest.approx(len(heard[0]) / sound.sample_rate, abs=2e-5)
    if format_ in (Format.FLAC, Format.WAV):
        assert sound.duration_seconds == pytest.approx(round(seconds * 44100) / 44100, abs=1e-6)


@pytest.mark.parametrize("format_", list(Format))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_rubbish_breaks_no_reader(directory: Path, format_: Format, data: st.DataObject) -> None:
    good = make(directory, format_, 1, 0.05).read_bytes()
    at = data.draw(st.integers(0, len(good)))
    content = good[:at] + data.draw(st.binary(max_size=64)) + good[at + data.draw(st.integers(0, 64)) :]
    path = directory / f"rubbish.{format_}"
    path.write_bytes(content)
    with path.open("rb", buffering=0) as file:
        sound = describe(format_, file)
    assert sound is None or sound.duration_seconds >= 0


@pytest.mark.parametrize("format_", list(Format))
def test_another_format_is_none(directory: Path, format_: Format) -> None:
    for other in Format:
        if other is not format_ and {other, format_} != {Format.OPUS, Format.OGG}:
            with make(directory, other, 1, 0.05).open("rb", buffering=0) as file:
                assert describe(format_, file) is None
