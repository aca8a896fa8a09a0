"""Cuts, tracks, and what is there of an incomplete file."""

from pathlib import Path
from typing import Any

import pytest
from hall import RATE, RISING, Hall
from media import pcm, pitch

from events.options import Format
from events.types import FailureCode
from workers.converter.errors import ConversionError

CASES = Path(__file__).parents[1] / "cases"


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.wav", "a.flac", "a.mp3", "a.opus"])
async def test_a_cut_is_exact_to_a_frame_wherever_it_begins(hall: Hall, name: str) -> None:
    source = hall.source(RISING, name=name, seconds=12)
    rate = 48000 if name == "a.opus" else RATE
    whole = pcm(source.open("rb", buffering=0), name.rpartition(".")[2])[0]
    made = await hall.convert(source, format=Format.WAV, start=7.25, end=9.5)
    (heard,) = hall.heard()
    assert made.duration_seconds == pytest.approx(2.25, abs=0.001)
    begin = round(7.25 * rate)
    assert _offset(whole, heard[2000:6000], begin + 2000) <= (0 if "mk" not in name else 50)


def _offset(whole: list[float], piece: list[float], near: int) -> int:
    """Return by how many samples the piece is away from where it should be; at most 1200 are looked at."""

    def difference(at: int) -> float:
        return sum(abs(a - b) for a, b in zip(whole[at : at + 4000 : 7], piece[::7], strict=False))

    return min(range(1200), key=lambda away: min(difference(near + away), difference(near - away)))


async def test_a_cut_beyond_the_end_takes_what_there_is(hall: Hall) -> None:
    made = await hall.convert(hall.source(RISING), format=Format.M4A, start=4, end=100)
    assert made.duration_seconds == pytest.approx(2, abs=0.03)


async def test_a_part_beyond_the_end_is_told_so(hall: Hall) -> None:
    with pytest.raises(ConversionError, match="this video ends after") as caught:
        await hall.convert(hall.source(RISING), start=9000)
    assert caught.value.code is FailureCode.OUT_OF_RANGE


@pytest.fixture
def two_tracks(hall: Hall) -> Path:
    second = ["-f", "lavfi", "-i", "sine=1000:duration=6", "-map", "0", "-map", "1", "-c:a", "aac"]
    languages = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger"]
    return hall.source("0.3*sin(440*2*PI*t)", *second, *languages, name="two.mkv")


@pytest.mark.parametrize(
    ("options", "hertz"),
    [({}, 440), ({"track": 1}, 1000), ({"language": "de"}, 1000), ({"language": "en-GB"}, 440)],
)
async def test_the_track_is_the_one_that_was_asked(
    hall: Hall, two_tracks: Path, options: dict[str, Any], hertz: int
) -> None:
    made = await hall.convert(two_tracks, **options)
    assert pitch(hall.heard()[0], RATE) == pytest.approx(hertz, rel=0.01)
    assert [track.language for track in made.media.tracks] == ["eng", "ger"]


@pytest.mark.parametrize("options", [{"track": 2}, {"language": "fr"}])
async def test_a_track_that_is_not_there_is_answered_with_those_that_are(
    hall: Hall, two_tracks: Path, options: dict[str, Any]
) -> None:
    with pytest.raises(ConversionError, match=r"0 \(eng, aac\), 1 \(ger, aac\)"):
        await hall.convert(two_tracks, **options)


@pytest.mark.parametrize(
    ("case", "language", "index"),
    [
        ("A24.mkv", "pt-BR", 1),
        ("A24.mkv", "pt-PT", 0),
        ("A19.mkv", "no", 1),
        ("A19.mkv", "zh", 2),
        ("A19.mkv", "hr", 4),
    ],
)
async def test_the_dub_is_that_of_the_language(hall: Hall, case: str, language: str, index: int) -> None:
    await hall.convert(CASES / case, format=Format.FLAC, track=index)
    wanted = hall.heard()
    await hall.convert(CASES / case, format=Format.FLAC, language=language)
    assert hall.heard() == wanted


async def test_of_an_incomplete_file_what_is_there_is_converted_unless_refused(hall: Hall) -> None:
    whole = hall.source(RISING, "-c:a", "aac", "-movflags", "+faststart")
    half = hall.directory / "half.mp4"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(ConversionError, match="partial=true") as caught:
        await hall.convert(half, partial=False)
    assert caught.value.code is FailureCode.TRUNCATED
    made = await hall.convert(half)
    assert made.partial
    assert 2 < made.duration_seconds < 4
    made = await hall.convert(half, format=Format.OPUS, loudness=-16, fade_out=1)
    assert made.partial
    assert 2 < made.duration_seconds < 4
    assert not (await hall.convert(whole)).partial
