"""Sources that end early are converted as far as they go, and marked where the container shows the cut."""

import wave
from contextlib import suppress
from pathlib import Path
from typing import Literal

import pytest
from hall import Hall
from media import ffmpeg

from events.options import Format
from events.types import FailureCode
from workers.converter.errors import ConversionError, NoAudio, NotMedia, Truncated

CASES = Path(__file__).parent.parent / "cases"
SECONDS = 4.0
STATES_ITS_END = {
    "wav": ["pcm_s16le"],
    "rf64.wav": ["pcm_s16le", "-rf64", "always"],
    "w64": ["pcm_s16le"],
    "aiff": ["pcm_s16be"],
    "caf": ["pcm_s16le"],
    "au": ["pcm_s16be"],
    "voc": ["pcm_u8"],
    "flac": ["flac"],
    "tta": ["tta"],
    "wv": ["wavpack"],
    "mp3": ["libmp3lame"],
    "m4a": ["aac", "-movflags", "+faststart"],
    "mkv": ["aac"],
    "ogg": ["libvorbis"],
    "opus": ["libopus"],
    "avi": ["pcm_s16le"],
    "flv": ["libmp3lame"],
    "wma": ["wmav2"],
    "rm": ["real_144", "-ac", "1", "-ar", "8000"],
}
HAS_NO_INDEX = {
    "ts": ["aac"],
    "mpg": ["mp2"],
    "aac": ["aac"],
    "ac3": ["ac3"],
    "dts": ["dca"],
    "amr": ["libopencore_amrnb", "-ac", "1", "-ar", "8000"],
    "headless.mp3": ["libmp3lame", "-write_xing", "0"],
}
FEW = ("wav", "flac", "ogg", "m4a", "ts")


def made(directory: Path, ending: str, codec: list[str], seconds: float = SECONDS) -> bytes:
    path = directory / f"whole.{ending}"
    sound = f"aevalsrc='0.3*sin(440*2*PI*t)':d={seconds}:s=48000"
    ffmpeg("-y", "-f", "lavfi", "-i", sound, "-c:a", *codec, "-strict", "-2", str(path))
    return path.read_bytes()


def many(endings: dict[str, list[str]]) -> list[object]:
    return [pytest.param(each, marks=[pytest.mark.long] * (each not in FEW)) for each in endings]


@pytest.mark.parametrize("ending", many(STATES_ITS_END))
async def test_half_a_file_is_converted_as_far_as_it_goes_and_marked(hall: Hall, ending: str) -> None:
    whole = made(hall.directory, ending, STATES_ITS_END[ending])
    half = hall.directory / f"half.{ending}"
    half.write_bytes(whole[: len(whole) // 2 + 1])
    for wish in ({}, {"format": Format.FLAC}, {"format": Format.WAV, "trim_silence": True}):
        found = await hall.convert(half, **wish)
        (heard, *_) = hall.heard()
        assert found.partial
        assert 0.9 < found.duration_seconds < SECONDS - 1
        assert found.duration_seconds == pytest.approx(len(heard) / found.sample_rate, abs=0.01)
    with pytest.raises(ConversionError, match="partial=true") as caught:
        await hall.convert(half, partial=False)
    assert caught.value.code is FailureCode.TRUNCATED
    assert not (await hall.convert(hall.directory / f"whole.{ending}")).partial


@pytest.mark.parametrize("ending", many(HAS_NO_INDEX))
async def test_a_last_packet_that_is_cut_is_ordinary_where_there_is_no_index(hall: Hall, ending: str) -> None:
    whole = made(hall.directory, ending, HAS_NO_INDEX[ending])
    half = hall.directory / f"half.{ending}"
    half.write_bytes(whole[: len(whole) // 2 + 1])
    found = await hall.convert(half, partial=False)
    assert not found.partial
    assert found.duration_seconds == pytest.approx(SECONDS / 2, abs=0.3)


@pytest.mark.parametrize(("ending", "first", "order"), [("flv", 13, "big"), ("voc", 26, "little")])
async def test_a_cut_between_two_packets_is_one_too(
    hall: Hall, ending: str, first: int, order: Literal["big", "little"]
) -> None:
    whole, at = made(hall.directory, ending, STATES_ITS_END[ending], 60), first
    while at < len(whole) / 2:  # a kind, a size of three bytes, and in FLV the rest of a tag
        at += int.from_bytes(whole[at + 1 : at + 4], order) + (15 if ending == "flv" else 4)
    half = hall.directory / f"half.{ending}"
    half.write_bytes(whole[:at])
    assert (await hall.convert(half)).partial
    assert not (await hall.convert(hall.directory / f"whole.{ending}")).partial


@pytest.mark.parametrize("format_", [Format.MP3, Format.FLAC])
async def test_a_file_that_lost_all_of_its_sound_is_no_result_without_seconds(
    hall: Hall, format_: Format
) -> None:
    source = hall.directory / "head.wav"
    with wave.open(str(source), "wb") as head:
        head.setparams((1, 2, 48000, 0, "NONE", ""))
    with pytest.raises(Truncated):
        await hall.convert(source, format=format_)


@pytest.mark.long
@pytest.mark.parametrize("ending", [*STATES_ITS_END, *HAS_NO_INDEX])
async def test_a_cut_at_any_byte_never_makes_a_false_length_or_a_failure_of_ours(
    hall: Hall, ending: str
) -> None:
    whole = made(hall.directory, ending, (STATES_ITS_END | HAS_NO_INDEX)[ending], 1.5)
    part = hall.directory / f"part.{ending}"
    for length in range(1, len(whole) + 1, max(len(whole) // 97, 1)):
        part.write_bytes(whole[:length])
        with suppress(Truncated, NotMedia, NoAudio):
            found = await hall.convert(part, format=Format.FLAC)
            (heard, *_) = hall.heard()
            assert found.duration_seconds == pytest.approx(len(heard) / found.sample_rate, abs=0.01), length
            if ending in STATES_ITS_END and found.duration_seconds < 0.9:
                assert found.partial, length


async def test_joined_recordings_with_other_clocks_are_whole(hall: Hall) -> None:
    for wish in ({}, {"format": Format.M4A}, {"format": Format.FLAC, "fade_out": 1}):
        found = await hall.convert(CASES / "three-clocks.ts", partial=False, **wish)
        assert found.duration_seconds == pytest.approx(15.36, abs=0.1)
        assert not found.partial


async def test_a_lost_packet_of_the_picture_is_no_loss_of_sound(hall: Hall) -> None:
    found = await hall.convert(CASES / "lost-picture.ts", partial=False)
    assert (found.duration_seconds, found.partial) == (pytest.approx(6.1, abs=0.05), False)


async def test_the_size_that_a_pipe_never_learnt_is_no_sign_of_a_cut(hall: Hall) -> None:
    streamed = hall.directory / "streamed.wav"
    streamed.write_bytes(ffmpeg("-f", "lavfi", "-i", "sine=440:duration=1", "-f", "wav", "-"))
    assert not (await hall.convert(streamed)).partial


async def test_an_index_that_is_missing_altogether_stays_a_failure(hall: Hall) -> None:
    whole = made(hall.directory, "mp4", ["aac"])
    half = hall.directory / "half.mp4"
    half.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ConversionError, match="upload the whole file") as caught:
        await hall.convert(half)
    assert caught.value.code is FailureCode.TRUNCATED
