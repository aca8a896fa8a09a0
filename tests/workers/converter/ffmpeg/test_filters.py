"""Channels, loudness, silence, speed, fades: proven on what the result decodes to."""

import json
import math
import subprocess
from pathlib import Path

import pytest
from hall import RATE, Hall
from media import FFMPEG, level, pitch

from events.options import Channels, Format
from events.types import FailureCode
from workers.converter.errors import ConversionError


async def test_mono_is_the_mean_and_stereo_is_twice_the_same(hall: Hall) -> None:
    tones = "0.8*sin(440*2*PI*t)|0.8*sin(440*2*PI*t)"
    await hall.convert(
        hall.source(tones, "-c:a", "flac", name="a.mkv"), format=Format.WAV, channels=Channels.MONO
    )
    (mono,) = hall.heard()
    assert level(mono) == pytest.approx(0.8 / math.sqrt(2), rel=0.01)
    one = hall.source("0.8*sin(440*2*PI*t)", "-c:a", "flac", name="b.mkv")
    await hall.convert(one, format=Format.WAV, channels=Channels.STEREO)
    left, right = hall.heard()
    assert left == right
    assert level(left) == pytest.approx(0.8 / math.sqrt(2), rel=0.01)


@pytest.mark.parametrize(
    ("layout", "gains"),
    [
        ("5.1", [0.4142, 0, 0.2929, 0, 0.2929, 0]),
        ("7.1", [0.3204, 0, 0.2265, 0, 0.2265, 0, 0.2265, 0]),
    ],
)
async def test_surround_is_mixed_down_as_it_is_written_and_cannot_clip(
    hall: Hall, layout: str, gains: list[float]
) -> None:
    for at, gain in enumerate(gains):
        alone = "|".join("0.9*sin(500*2*PI*t)" if each == at else "0" for each in range(len(gains)))
        source = hall.source(
            f"{alone}:c={layout}".replace(":c=", "':c='"), "-c:a", "flac", name="a.mkv", seconds=0.5
        )
        await hall.convert(source, format=Format.WAV, channels=Channels.STEREO)
        left, _ = hall.heard()
        assert level(left) == pytest.approx(gain * 0.9 / math.sqrt(2), abs=0.003)
    loud = "|".join(["0.99"] * len(gains))
    source = hall.source(f"{loud}':c='{layout}", "-c:a", "flac", name="a.mkv", seconds=0.5)
    await hall.convert(source, format=Format.WAV, channels=Channels.STEREO)
    assert max(map(max, hall.heard())) < 0.995


async def test_fades_begin_and_end_in_silence(hall: Hall) -> None:
    source = hall.source("0.8*sin(440*2*PI*t)", "-c:a", "flac", name="a.mkv")
    await hall.convert(source, format=Format.WAV, start=1, end=5, fade_in=1, fade_out=2)
    (heard,) = hall.heard()
    full = 0.8 / math.sqrt(2)
    assert len(heard) == 4 * RATE
    assert level(heard[:441]) < 0.02 * full
    assert level(heard[RATE // 2 - 441 : RATE // 2 + 441]) == pytest.approx(full / 2, rel=0.05)
    assert level(heard[RATE : 2 * RATE]) == pytest.approx(full, rel=0.01)
    assert level(heard[3 * RATE - 441 : 3 * RATE + 441]) == pytest.approx(full / 2, rel=0.05)
    assert level(heard[-441:]) < 0.02 * full


def measured(path: Path) -> tuple[float, float]:
    command = [FFMPEG, "-hide_banner", "-nostats", "-i", str(path), "-af", "loudnorm=print_format=json"]
    words = subprocess.run([*command, "-f", "null", "-"], capture_output=True, text=True, check=True).stderr
    found = json.loads(words[words.rindex("{") : words.rindex("}") + 1])
    return float(found["input_i"]), float(found["input_tp"])


@pytest.mark.parametrize(
    ("format_", "volume"),
    [
        (Format.MP3, 0.02),
        pytest.param(Format.MP3, 0.7, marks=pytest.mark.long),
        pytest.param(Format.FLAC, 0.02, marks=pytest.mark.long),
        (Format.FLAC, 0.7),
        (Format.OPUS, 0.02),
        pytest.param(Format.OPUS, 0.7, marks=pytest.mark.long),
    ],
)
async def test_loudness_is_what_was_asked(hall: Hall, format_: Format, volume: float) -> None:
    source = hall.source(f"{volume}*sin(440*2*PI*t)|{volume}*sin(440*2*PI*t)", "-c:a", "flac", name="a.mkv")
    await hall.convert(source, format=format_, loudness=-16)
    loudness, peak = measured(hall.result)
    assert loudness == pytest.approx(-16, abs=0.3)
    assert peak <= -1


async def test_the_true_peak_comes_before_the_loudness_and_the_dynamics_stay(hall: Hall) -> None:
    source = hall.source("(0.05+0.85*between(t,3,3.02))*sin(440*2*PI*t)", "-c:a", "flac", name="a.mkv")
    await hall.convert(source, format=Format.FLAC, loudness=-10, true_peak=-2)
    loudness, peak = measured(hall.result)
    assert peak == pytest.approx(-2, abs=0.2)
    assert loudness < -20
    (heard,) = hall.heard()
    assert max(heard[: 2 * RATE]) / max(heard) == pytest.approx(0.05 / 0.9, rel=0.05)


@pytest.mark.parametrize("format_", [Format.WAV, Format.MP3])
async def test_silence_goes_at_both_ends_and_stays_within(hall: Hall, format_: Format) -> None:
    source = hall.source(
        "0.5*sin(440*2*PI*t)*(between(t,1,2)+between(t,3,4.5))", "-c:a", "flac", name="a.mkv"
    )
    made = await hall.convert(source, format=format_, trim_silence=True)
    assert made.duration_seconds == pytest.approx(3.5, abs=0.01)
    (heard,) = hall.heard()
    assert level(heard[1000 : RATE - 3000]) > 0.3
    assert level(heard[RATE + 3000 : 2 * RATE - 3000]) < 0.01
    assert level(heard[-RATE:-3000]) > 0.3


async def test_a_fade_ends_with_the_sound_also_where_silence_was_before_it(hall: Hall) -> None:
    source = hall.source("0.5*sin(440*2*PI*t)*between(t,2,5)", "-c:a", "flac", name="a.mkv")
    made = await hall.convert(source, format=Format.WAV, trim_silence=True, fade_out=1)
    (heard,) = hall.heard()
    assert made.duration_seconds == pytest.approx(3, abs=0.01)
    assert level(heard[RATE : 2 * RATE - 2000]) == pytest.approx(0.5 / math.sqrt(2), rel=0.01)
    assert level(heard[-441:]) < 0.01


@pytest.mark.parametrize("seconds", [5.53, 6.07])
async def test_the_end_of_the_sound_is_exact_where_loudness_is_asked(hall: Hall, seconds: float) -> None:
    expression = "0.5*sin(440*2*PI*t)*between(t,2,5)"
    source = hall.source(expression, "-c:a", "flac", name="a.mkv", seconds=seconds)
    made = await hall.convert(source, format=Format.WAV, loudness=-16, trim_silence=True, fade_out=1)
    (heard,) = hall.heard()
    assert made.duration_seconds == pytest.approx(3, abs=0.01)
    assert level(heard[-441:]) < level(heard[RATE : 2 * RATE]) / 50


async def test_nothing_but_silence_is_told_so(hall: Hall) -> None:
    with pytest.raises(ConversionError, match="nothing but silence") as caught:
        await hall.convert(hall.source("0"), trim_silence=True)
    assert caught.value.code is FailureCode.ONLY_SILENCE


async def test_silence_has_no_loudness_and_stays_silence(hall: Hall) -> None:
    await hall.convert(hall.source("0"), loudness=-16)
    assert level(hall.heard()[0]) == 0


@pytest.mark.parametrize("speed", [0.5, 1.25, 3.0])
async def test_speed_changes_the_length_and_not_the_pitch(hall: Hall, speed: float) -> None:
    source = hall.source("0.5*sin(440*2*PI*t)", "-c:a", "flac", name="a.mkv")
    made = await hall.convert(source, format=Format.FLAC, speed=speed)
    assert made.duration_seconds == pytest.approx(6 / speed, abs=0.06)
    assert pitch(hall.heard()[0], RATE) == pytest.approx(440, rel=0.01)
