"""Pauses, found and shortened in real conversions."""

import itertools
import zipfile
from typing import Any

import pytest
from hall import EACH_WAY, Hall, marks_in

from events.options import Chapters, Format, Options
from events.timing.pauses import Pauses
from events.timing.time_map import TimeMap
from tests.workers.converter.conversion.test_changing import podcast
from workers.converter.conversion.result import Result

TALK = "0.5*(1-between(t\\,3\\,5.5)-between(t\\,9\\,9.4)-between(t\\,11\\,14))*sin(2*PI*(200+100*floor(t))*t)"
"""16 s with pauses of 2.5 s, 0.4 s and 3 s; each second sounds 100 Hz higher."""
ROOM = "0.004*sin(2*PI*90*t)"
"""The hum of a room, at -48 dB."""
PAUSES = [(3.0, 5.5), (11.0, 14.0)]
NEARLY = 0.25
"""Seconds: a window, and what an encoder rings."""


def spans(made: Result) -> list[tuple[float, float]]:
    return [(each.start, each.end) for each in told(made).pauses]


def told(made: Result) -> Pauses:
    assert made.pauses is not None
    return made.pauses


def close(seconds: float) -> Any:
    return pytest.approx(seconds, abs=NEARLY)


@pytest.mark.parametrize("format_", EACH_WAY)
async def test_pauses_are_those_of_the_audio(hall: Hall, format_: Format) -> None:
    source = hall.source(f"{TALK}+{ROOM}", "-c:a", "aac", seconds=16)
    made = await hall.convert(source, format=format_)
    assert spans(made) == [(close(low), close(high)) for low, high in PAUSES]
    assert (told(made).seams, made.seconds_saved) == ((), 0.0)


async def test_packets_that_are_copied_have_pauses_and_so_have_parts_at_another_speed(hall: Hall) -> None:
    source = hall.source(f"{TALK}+{ROOM}", "-c:a", "aac", seconds=16)
    copied = await hall.convert(source, format=Format.M4A)
    assert copied.copied
    assert spans(copied) == [(close(low), close(high)) for low, high in PAUSES]
    quick = await hall.convert(source, start=2, speed=2)
    assert spans(quick) == [(close(0.5), close(1.75)), (close(4.5), close(6))]


async def test_a_pause_is_shortened_and_all_sound_stays_to_the_sample(hall: Hall) -> None:
    source = hall.source(TALK, "-c:a", "pcm_s16le", name="talk.mov", seconds=16)
    await hall.convert(source, format=Format.WAV, copy=False)
    [whole] = hall.heard()
    made = await hall.convert(source, format=Format.WAV, shorten_pauses=1.0)
    [short] = hall.heard()
    assert made.seconds_saved == pytest.approx(3.5, abs=0.15)
    assert made.duration_seconds == pytest.approx(16 - made.seconds_saved, abs=0.001)
    # What stays is the whole without what the seams leave out, to the sample.
    rate, at, behind, expected = made.sample_rate, 0, 0.0, []
    for seam in told(made).seams:
        here = round((seam.at + behind) * rate)
        expected += whole[at:here]
        behind += seam.left_out
        at = round((seam.at + behind) * rate)
    assert short == expected + whole[at:]
    assert max(map(abs, short)) > 0.4


@pytest.mark.parametrize("format_", EACH_WAY)
async def test_marks_move_with_pauses_that_are_shortened(hall: Hall, format_: Format) -> None:
    source = hall.source(f"{TALK}+{ROOM}", "-c:a", "aac", seconds=16)
    marks = "0:00 One\n0:04 In a pause\n0:07 Two\n0:15 Three"
    made = await hall.convert(source, format=format_, shorten_pauses=1, marks=marks)
    first, second = (seam.left_out for seam in told(made).seams)
    assert first + second == pytest.approx(3.5, abs=NEARLY)
    assert [(start, title) for start, _, title in marks_in(hall)] == [
        (0.0, "One"),
        (close(3.5), "In a pause"),
        (pytest.approx(7 - first, abs=0.11), "Two"),
        (pytest.approx(15 - first - second, abs=0.11), "Three"),
    ]


async def test_marks_stand_in_place_of_the_files_own(hall: Hall) -> None:
    source = hall.source(TALK, "-c:a", "aac", seconds=16)
    await hall.convert(source, marks="0:02 Here\n0:10 There", start=1, speed=0.5)
    assert marks_in(hall) == [(2.0, 18.0, "Here"), (18.0, 30.0, "There")]


async def test_marks_split_a_recording_and_each_part_has_its_pauses_shortened(hall: Hall) -> None:
    source = hall.source(TALK, "-c:a", "aac", seconds=16)
    made = await hall.convert(
        source, chapters=Chapters.SPLIT, marks="0:00 One\n0:07 Two", shorten_pauses=1, loudness=-20.0
    )
    with zipfile.ZipFile(hall.result) as archive:
        assert archive.namelist() == ["01 One.mp3", "02 Two.mp3"]
    assert (made.parts, made.pauses) == (2, None)
    assert made.seconds_saved == close(3.5)
    assert made.duration_seconds == close(12.5)


async def test_silence_at_the_ends_goes_and_pauses_between_are_shortened(hall: Hall) -> None:
    source = hall.source(f"between(t\\,4\\,13)*{TALK}", "-c:a", "pcm_s16le", name="talk.mov", seconds=16)
    made = await hall.convert(
        source, format=Format.WAV, trim_silence=True, shorten_pauses=0.3, loudness=-20.0, fade_out=0.5
    )
    assert made.silence_cut == close(5.5)
    [seam] = told(made).seams
    assert (seam.at, seam.left_out) == (pytest.approx(3.65, abs=0.06), pytest.approx(0.1, abs=0.06))
    assert made.duration_seconds == close(5.4)


@pytest.mark.parametrize(
    ("format_", "sample_rate", "speed"),
    [
        (Format.WAV, None, 0.5),
        (Format.WAV, None, 1.25),
        (Format.WAV, 16000, 1.0),
        (Format.OPUS, None, 1.0),
        pytest.param(Format.MP3, 48000, 1.25, marks=pytest.mark.long),
    ],
)
async def test_the_map_of_time_finds_every_second_of_the_video(
    hall: Hall, format_: Format, sample_rate: int | None, speed: float
) -> None:
    source = hall.source(TALK, "-c:a", "aac", seconds=16)
    options: dict[str, Any] = {"start": 1.0, "end": 15.5, "speed": speed, "sample_rate": sample_rate}
    options |= {"shorten_pauses": 0.8, "trim_silence": True}
    made = await hall.convert(source, format=format_, **options)
    sound = hall.heard()[0]
    time_map = TimeMap(Options(**options), told(made).seams, silence_cut=made.silence_cut or 0.0)
    for second in (1, 2, 6, 7, 8, 10, 14, 15):
        at = round(time_map.in_audio(second + 0.25) * made.sample_rate)
        half = sound[at : at + round(0.2 / speed * made.sample_rate)]
        crossings = sum(low < 0 <= high for low, high in itertools.pairwise(half))
        assert crossings / len(half) * made.sample_rate == pytest.approx(200 + 100 * second, rel=0.06)


async def test_pauses_of_a_sound_that_changes_on_the_way_are_shortened(hall: Hall) -> None:
    source = podcast(hall.directory)
    whole = await hall.convert(source, format=Format.WAV)
    made = await hall.convert(source, format=Format.WAV, shorten_pauses=0.2)
    assert made.duration_seconds == pytest.approx(whole.duration_seconds - made.seconds_saved, abs=0.01)


async def test_a_recording_of_nothing_keeps_as_much_of_it_as_asked(hall: Hall) -> None:
    made = await hall.convert(hall.source("0", "-c:a", "aac", seconds=5), shorten_pauses=2)
    assert made.duration_seconds == close(2)
    assert len(told(made).pauses) == 1


@pytest.mark.long
async def test_thousands_of_pauses_are_shortened(hall: Hall) -> None:
    source = hall.source(
        "0.5*lt(mod(t\\,0.5)\\,0.1)*sin(2*PI*300*t)", "-c:a", "aac", "-ar", "16000", seconds=1600
    )
    made = await hall.convert(source, shorten_pauses=0.2, quality="V9")
    assert len(told(made).seams) == 3000
    assert made.duration_seconds == pytest.approx(1600 - made.seconds_saved, abs=0.5)
