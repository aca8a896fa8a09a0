"""The waveform that is measured while a sound is converted, against the samples that come out."""

import asyncio
import json
import math
import os
from pathlib import Path
from struct import unpack_from
from typing import Any

import pytest
from hall import Hall
from javascript import node, packages
from msgspec import Struct

from events.options import Channels, Chapters, Format
from tests.workers.converter.conversion.test_changing import podcast
from workers.converter.conversion import single
from workers.converter.conversion.conversion import convert
from workers.converter.conversion.task import Equipment, Task
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.meter import MOST, Levels, metered
from workers.converter.parallel.encoding import Sharing
from workers.converter.parallel.lanes import Lanes
from workers.converter.source.input import Input

BEEPS = "0.05*sin(2*PI*300*t)+0.8*between(mod(t\\,2)\\,1\\,1.3)*sin(2*PI*1000*t)"
"""Quiet, with a loud beep of 0.3 s in every other second."""
CLOSE = 8
"""Of 128: so far a lossy encoder moves the outermost samples, or less."""


class Wave(Struct):
    """A waveform, taken apart by the words of its specification."""

    rate: int
    window: int
    lows: list[int]
    highs: list[int]


def read(data: bytes) -> Wave:
    version, flags, rate, window, length, channels = unpack_from("<iIiiIi", data)
    assert (version, flags, channels) == (2, 1, 1)
    points = unpack_from(f"<{2 * length}b", data, 24)
    assert len(data) == 24 + 2 * length
    return Wave(rate, window, list(points[0::2]), list(points[1::2]))


def drawn(channels: list[list[float]], rate: int, wave: Wave) -> Wave:
    """Return what the waveform should be, by the decoded samples of the result."""
    lows, highs = [], []
    for at in range(len(wave.lows)):
        first, last = (round((at + n) * wave.window * rate / wave.rate) for n in (0, 1))
        part = [sample for channel in channels for sample in channel[first:last]] or [0.0]
        lows.append(max(round(min(part) * 128), -128))
        highs.append(min(round(max(part) * 128), 127))
    return Wave(wave.rate, wave.window, lows, highs)


def agree(found: Wave, expected: Wave) -> bool:
    """Return True if they are alike in all points but those where a beep begins or ends."""
    pairs = [*zip(found.lows, expected.lows, strict=True), *zip(found.highs, expected.highs, strict=True)]
    return sum(abs(a - b) > CLOSE for a, b in pairs) <= len(pairs) // 12


@pytest.mark.parametrize(
    ("name", "encoder", "options"),
    [
        ("aac.mp4", ["-c:a", "aac"], {}),
        ("aac.mp4", ["-c:a", "aac"], {"format": Format.M4A}),
        ("opus.webm", ["-c:a", "libopus"], {"format": Format.OGG, "channels": Channels.MONO}),
        ("flac.mkv", ["-c:a", "flac"], {"format": Format.OPUS}),
        ("pcm.mov", ["-c:a", "pcm_s16le"], {"format": Format.FLAC, "sample_rate": 22050}),
        ("aac.ts", ["-c:a", "aac"], {"format": Format.WAV, "start": 1.5, "end": 5.5}),
        ("mp3.avi", ["-c:a", "libmp3lame"], {"loudness": -20.0, "speed": 1.5, "fade_in": 1.0}),
    ],
)
async def test_the_peaks_are_those_of_the_sound_that_came_out(
    hall: Hall, name: str, encoder: list[str], options: dict[str, Any]
) -> None:
    made = await hall.convert(hall.source(BEEPS, *encoder, name=name), **options)
    wave = read(made.peaks)
    expected = drawn(hall.heard(), made.sample_rate if made.format is not Format.OPUS else 48000, wave)
    assert len(wave.lows) * wave.window / wave.rate == pytest.approx(made.duration_seconds, abs=0.25)
    assert max(expected.highs) - min(expected.highs) > 20, "there is something to see"
    assert agree(wave, expected), (wave.highs, expected.highs)


async def test_a_sound_that_changes_on_the_way_has_peaks(hall: Hall) -> None:
    made = await hall.convert(podcast(hall.directory))
    wave = read(made.peaks)
    assert agree(wave, drawn(hall.heard(), made.sample_rate, wave))


async def test_encoders_that_share_a_sound_draw_all_of_it(engine: Engine, hall: Hall, bench: Any) -> None:
    path = hall.source(BEEPS, "-c:a", "aac", seconds=40)
    waves = []
    for sharing in (None, Sharing(Lanes(2, name=f"peaks-{os.getpid()}", crowd=math.inf), 10.0, 0.0)):
        with bench.holding(path) as (video, target):
            waves.append(
                (await convert(Task(Equipment(engine, sharing=sharing), Input.of(video), target))).peaks
            )
    assert waves[0] == waves[1]
    assert max(read(waves[0]).highs[-40:]) > 90


@pytest.mark.parametrize("format_", Format)
async def test_a_sound_has_the_same_bytes_whether_it_is_measured_or_not(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, format_: Format
) -> None:
    path = hall.source(BEEPS, "-c:a", "aac")
    assert (await hall.convert(path, format=format_, speed=1.25)).peaks
    measured = hall.result.read_bytes()
    monkeypatch.setattr(single, "metered", lambda plan, *about: plan)
    assert not (await hall.convert(path, format=format_, speed=1.25)).peaks
    assert hall.result.read_bytes() == measured


async def test_a_zip_of_chapters_has_no_peaks(hall: Hall) -> None:
    made = await hall.convert(hall.source(BEEPS, "-c:a", "aac"), chapters=Chapters.SPLIT)
    assert (made.parts, made.peaks) == (1, b"")


async def test_a_long_sound_has_few_points_and_loses_no_peak(hall: Hall) -> None:
    path = hall.source(
        "0.9*between(t\\,200\\,200.05)*sin(2*PI*500*t)",
        "-ac",
        "1",
        "-b:a",
        "8k",
        seconds=300,
        name="long.m4a",
    )
    wave = read((await hall.convert(path, channels=Channels.MONO, quality="V9")).peaks)
    assert MOST / 2 <= len(wave.highs) <= MOST
    assert [at for at, high in enumerate(wave.highs) if high > 90] == [int(200 * wave.rate / wave.window)]


async def test_a_source_of_a_petabyte_is_measured_in_windows_that_fit_into_memory(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single, "metered", lambda plan, *about: metered(plan, 2**50, 2**31))
    wave = read((await hall.convert(hall.source(BEEPS, "-c:a", "aac"))).peaks)
    assert wave.window <= 2**18
    assert agree(wave, drawn(hall.heard(), wave.rate, wave))


@pytest.mark.parametrize(
    "said",
    [
        b"lavfi.astats.Overall.Min_level=1e999\n",
        b"pts:1 pts_time:1\nOverall.Min_level=x\nOverall.Max_level=1\nOverall.Peak_level=0\n",
        b"pts:1 pts_time:0\nOverall.Min_level=-1\nOverall.Max_level=1\nOverall.Peak_level=9e999\n",
        b"pts:0 pts_time:0\nOverall.Min_level=nan\nOverall.Max_level=inf\nOverall.Peak_level=nan\n",
        b"pts:0 pts_time:0\nOverall.Min_level=-nan\nOverall.Max_level=1\nOverall.Peak_level=-inf\n",
        b"pts:9%b pts_time:0.1\nOverall.Min_level=-1\nOverall.Max_level=1\nOverall.Peak_level=0\n"
        % (b"9" * 17),
        b"\xff" * 100_000,
    ],
)
def test_whatever_a_meter_says_is_read_without_harm(said: bytes) -> None:
    levels = Levels(4800)
    for at in range(0, len(said), 7):
        levels.feed(said[at : at + 7])
    assert len(levels.waveform(0.1, 48000)) in (0, 24 + 2)


def test_peaks_that_are_not_of_this_sound_are_left_out() -> None:
    levels = Levels(4800)
    levels.feed(b"pts:0 pts_time:0\nOverall.Min_level=-1\nOverall.Max_level=1\nOverall.Peak_level=0\n" * 10)
    assert levels.waveform(2.0, 48000) == b""


@pytest.mark.long
async def test_bbcs_own_library_reads_the_same_peaks(hall: Hall) -> None:
    environment = {"PATH": os.environ["PATH"], "NODE_PATH": str(packages("waveform-data"))}
    made = await hall.convert(hall.source(BEEPS, "-c:a", "aac"))
    reader = await asyncio.create_subprocess_exec(
        *(node(), Path(__file__).with_name("read_waveform.cjs")),
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    seen = json.loads((await reader.communicate(made.peaks))[0])
    wave = read(made.peaks)
    assert (seen["bits"], seen["channels"]) == (8, 1)
    assert Wave(seen["rate"], seen["window"], seen["lows"], seen["highs"]) == wave
