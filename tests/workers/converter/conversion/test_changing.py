"""Sounds whose rate or channels change on the way come out whole, in time, and with one fade."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hall import Hall
from media import ffmpeg, level

from events.options import Channels, Format

BEEPS = [2.0, 7.0, 12.0]
"""Seconds where a tone of 0.3 s begins: 2 s into each of three parts of 5 s."""


class Part(NamedTuple):
    rate: int
    channels: int


STEREO_MONO_STEREO = [Part(44100, 2), Part(44100, 1), Part(44100, 2)]
RATES = [Part(44100, 2), Part(22050, 1), Part(48000, 2)]
SURROUND = [Part(48000, 2), Part(48000, 6), Part(48000, 1)]


def joined(directory: Path, ending: str, parts: list[Part], *codec: str) -> Path:
    path = directory / f"joined.{ending}"
    sound = "aevalsrc='between(t,2,2.3)*0.3*sin(1000*2*PI*t)':d=5:c=mono"
    files = []
    for at, part in enumerate(parts):
        files.append(directory / f"part{at}.{ending}")
        form = ["-ar", str(part.rate), "-ac", str(part.channels)]
        ffmpeg("-y", "-f", "lavfi", "-i", f"{sound}:s={part.rate}", *form, *codec, str(files[-1]))
    path.write_bytes(b"".join(each.read_bytes() for each in files))
    return path


def podcast(directory: Path) -> Path:
    return joined(directory, "mp3", STEREO_MONO_STEREO, "-write_xing", "0", "-id3v2_version", "0")


def beeps(samples: list[float], rate: int) -> list[float]:
    """Return the seconds where a tone begins."""
    step = rate // 100
    loud = [max(map(abs, samples[at : at + step])) > 0.02 for at in range(0, len(samples) - step, step)]
    return [at / 100 for at in range(1, len(loud)) if loud[at] and not any(loud[max(at - 20, 0) : at])]


@pytest.mark.parametrize("format_", Format)
async def test_all_of_a_changing_sound_comes_out_in_every_format(hall: Hall, format_: Format) -> None:
    made = await hall.convert(podcast(hall.directory), format=format_)
    (heard, other) = hall.heard()
    assert made.duration_seconds == pytest.approx(15.1, abs=0.1)
    assert len(heard) / made.sample_rate == pytest.approx(made.duration_seconds, abs=0.01)
    assert beeps(heard, made.sample_rate) == pytest.approx(BEEPS, abs=0.15)
    assert beeps(other, made.sample_rate) == pytest.approx(BEEPS, abs=0.15)
    assert not made.copied
    assert not made.partial


@pytest.mark.parametrize(
    ("ending", "parts", "codec"),
    [
        ("ac3", SURROUND, []),
        pytest.param("mp3", RATES, ["-write_xing", "0", "-id3v2_version", "0"], marks=pytest.mark.long),
        pytest.param("aac", RATES, [], marks=pytest.mark.long),
        pytest.param("latm", RATES, ["-c:a", "aac", "-f", "latm"], marks=pytest.mark.long),
        pytest.param("ts", RATES, ["-c:a", "aac"], marks=pytest.mark.long),
        pytest.param("mpg", STEREO_MONO_STEREO, ["-c:a", "mp2"], marks=pytest.mark.long),
    ],
)
async def test_a_sound_may_change_in_any_container_that_can_be_joined(
    hall: Hall, ending: str, parts: list[Part], codec: list[str]
) -> None:
    source = joined(hall.directory, ending, parts, *codec)
    for wish in ({"format": Format.M4A}, {"format": Format.FLAC, "speed": 2}):
        made = await hall.convert(source, channels=Channels.STEREO, **wish)
        speed = wish.get("speed", 1)
        assert made.duration_seconds == pytest.approx(15 / speed, abs=0.2)
        assert made.sample_rate == max(part.rate for part in parts)
        found = [each * speed for each in beeps(hall.heard()[0], made.sample_rate)]
        assert found == pytest.approx(BEEPS, abs=0.2)


async def test_silence_is_cut_off_at_the_two_ends_of_all_parts_together(hall: Hall) -> None:
    made = await hall.convert(podcast(hall.directory), format=Format.WAV, trim_silence=True)
    assert made.duration_seconds == pytest.approx(10.3, abs=0.15)


@pytest.mark.parametrize("options", [{}, {"loudness": -20}])
async def test_there_is_one_fade_in_and_one_fade_out(hall: Hall, options: dict[str, Any]) -> None:
    tone = "0.3*sin(440*2*PI*t)"
    files = []
    for channels in (1, 2):
        files.append(hall.directory / f"tone{channels}.aac")
        sound = f"aevalsrc='{'|'.join([tone] * channels)}':d=4:s=44100"
        ffmpeg("-y", "-f", "lavfi", "-i", sound, str(files[-1]))
    source = hall.directory / "tones.aac"
    source.write_bytes(b"".join(each.read_bytes() for each in files))
    await hall.convert(source, format=Format.WAV, fade_in=1, fade_out=1, **options)
    heard, _ = hall.heard()
    loud = [level(heard[round(at * 44100) :][:2205]) for at in (0.05, 2, 3.8, 4.3, 6, 7.95)]
    assert loud[0] < loud[1] / 4 > loud[5]
    assert loud[1:5] == pytest.approx([loud[1]] * 4, rel=0.05)


@pytest.mark.parametrize("ending", ["mp3", "ts"])
async def test_a_cut_of_a_changing_sound_goes_by_its_own_clock(hall: Hall, ending: str) -> None:
    sources = {"mp3": podcast, "ts": lambda directory: joined(directory, "ts", RATES, "-c:a", "aac")}
    source = sources[ending](hall.directory)
    for options in ({"loudness": -20}, {"speed": 2}):
        made = await hall.convert(source, format=Format.WAV, start=4, end=13, **options)
        speed = options.get("speed", 1)
        assert made.duration_seconds == pytest.approx(9 / speed, abs=0.05)
        found = [each * speed for each in beeps(hall.heard()[0], made.sample_rate)]
        assert found == pytest.approx([3, 8], abs=0.15)


@pytest.mark.parametrize(("codec", "ending"), [("libvorbis", "ogg"), ("libopus", "opus")])
async def test_what_ffmpeg_cannot_follow_is_marked_as_a_part(hall: Hall, codec: str, ending: str) -> None:
    source = joined(hall.directory, ending, [Part(48000, 2), Part(48000, 1)], "-c:a", codec)
    for format_ in (Format.MP3, Format(ending)):
        made = await hall.convert(source, format=format_)
        assert (made.duration_seconds, made.partial) == (pytest.approx(5, abs=0.1), True)
