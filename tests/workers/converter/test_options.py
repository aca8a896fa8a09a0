"""Each option, proven on what the result decodes to."""

import json
import math
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import mutagen
import pytest
from media import FFMPEG, ffmpeg, level, packets, pcm, pitch

from events.options import Channels, Chapters, Cover, Format, Options, Tags
from events.types import FailureCode
from workers.converter.command import Limits, arguments
from workers.converter.conversion import Converted, convert
from workers.converter.dump import read
from workers.converter.engine import Engine
from workers.converter.errors import ConversionError
from workers.converter.tagging import COMMENTING

RATE = 44100
CHAPTERS = """;FFMETADATA1
title=A walk
artist=Ada
location=+47.3769+008.5417/
[CHAPTER]
TIMEBASE=1/1000
START=0
END=2000
title=One
[CHAPTER]
TIMEBASE=1/1000
START=2000
END=6000
title=Two
"""
RISING = "0.4*sin(2*PI*(200+100*floor(t))*t)"
"""Each second 100 Hz higher than the one before: so one hears where one is."""
TAGGABLE = [Format.MP3, Format.M4A, Format.OPUS, Format.OGG, Format.FLAC]


async def ignore(*_: object) -> None:
    pass


class Hall:
    """Converts with options, and keeps the result as a file."""

    def __init__(self, engine: Engine, bench: Any, directory: Path) -> None:
        self._engine, self._bench, self.directory = engine, bench, directory
        self.result = directory / "result"

    def source(self, expression: str, *arguments: str, name: str = "source.mp4", seconds: float = 6) -> Path:
        path = self.directory / name
        sound = f"aevalsrc='{expression}':s={RATE}:d={seconds}"
        ffmpeg("-y", "-f", "lavfi", "-i", sound, *arguments, str(path))
        return path

    async def convert(self, source: Path, limits: Limits | None = None, **options: Any) -> Converted:
        with self._bench.holding(source) as (video, target):
            made = await convert(
                *(self._engine, video, target),
                limits=limits or Limits(),
                tell=ignore,
                options=Options(**options),
            )
            target.seek(0)
            self.result = self.directory / f"result.{made.format}"
            self.result.write_bytes(target.read())
        return made

    def heard(self) -> list[list[float]]:
        with self.result.open("rb", buffering=0) as file:
            return pcm(file, self.result.suffix[1:])

    def words(self) -> str:
        command = [FFMPEG, "-hide_banner", "-i", str(self.result)]
        words = subprocess.run(command, capture_output=True, text=True, check=False).stderr
        return words.replace(f"'{self.result}'", "'fd:'")


@pytest.fixture
def hall(engine: Engine, bench: Any, tmp_path: Path) -> Hall:
    return Hall(engine, bench, tmp_path)


FORMER = shlex.split(
    "-map 0:a:0 -vn -sn -dn -c:a libmp3lame -q:a 2 -compression_level 5 -fflags +bitexact -flags:a +bitexact "
    "-id3v2_version 3 -metadata major_brand= -metadata minor_version= -metadata compatible_brands= "
    "-metadata encoder= -metadata software= -metadata location= -metadata location-eng= "
    "-metadata com.apple.quicktime.location.ISO6709= "
    "-metadata com.apple.quicktime.location.accuracy.horizontal= -metadata com.apple.quicktime.make= "
    "-metadata com.apple.quicktime.model= -metadata com.apple.quicktime.software= "
    "-metadata com.android.version= -t 21601.000 -fs 1000000000 -f mp3"
)
"""What this program did before there were options."""


@pytest.mark.parametrize("name", ["source.mp4", "source.mkv"])
async def test_without_options_the_result_is_what_it_was_before_there_were_any(hall: Hall, name: str) -> None:
    (hall.directory / "chapters").write_text(CHAPTERS)
    meta = ["-i", str(hall.directory / "chapters"), "-map_metadata", "1", "-c:a", "aac"]
    source = hall.source(RISING + "|" + RISING, *meta, name=name)
    await hall.convert(source)
    former = hall.directory / "former.mp3"
    ffmpeg("-i", str(source), *FORMER, str(former))
    assert hall.result.read_bytes() == former.read_bytes()


@pytest.mark.parametrize(
    ("options", "codec", "kilobits"),
    [
        ({"quality": "V0"}, "mp3", None),
        ({"quality": "V9"}, "mp3", None),
        ({"quality": "96k"}, "mp3", 96),
        ({"quality": "source"}, "mp3", 64),
        ({"format": Format.M4A, "quality": "96k"}, "aac", 96),
        ({"format": Format.OPUS, "quality": "48k"}, "opus", 48),
        ({"format": Format.OGG, "quality": "V9"}, "vorbis", None),
        ({"format": Format.OGG, "quality": "64k"}, "vorbis", None),
    ],
)
async def test_quality_is_the_bit_rate_or_level_that_was_asked(
    hall: Hall, options: dict[str, Any], codec: str, kilobits: int | None
) -> None:
    source = hall.source("0.3*(random(0)-0.5)", "-c:a", "aac", "-b:a", "72k")
    made = await hall.convert(source, **options)
    media = read(hall.words())
    assert media is not None
    assert media.tracks[0].codec == codec
    if kilobits:
        assert hall.result.stat().st_size * 8 / made.duration_seconds / 1000 == pytest.approx(
            kilobits, rel=0.1
        )


async def test_a_better_level_takes_more_bytes(hall: Hall) -> None:
    source = hall.source("0.3*(random(0)-0.5)", "-c:a", "aac")
    for format_ in (Format.MP3, Format.OGG):
        sizes = []
        for quality in ("V9", "V5", "V0"):
            await hall.convert(source, format=format_, quality=quality)
            sizes.append(hall.result.stat().st_size)
        assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("format_", list(Format))
async def test_the_sample_rate_is_the_one_that_was_asked(hall: Hall, format_: Format) -> None:
    made = await hall.convert(hall.source(RISING), format=format_, sample_rate=24000)
    rate = 48000 if format_ is Format.OPUS else 24000  # Opus is always played at 48 kHz
    assert made.sample_rate == rate
    assert len(hall.heard()[0]) / rate == pytest.approx(6, abs=0.03)


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


@pytest.mark.parametrize("format_", [Format.MP3, Format.FLAC, Format.OPUS])
@pytest.mark.parametrize("volume", [0.02, 0.7])
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


async def test_a_part_beyond_the_end_is_told_so(hall: Hall) -> None:
    with pytest.raises(ConversionError, match="this video ends after") as caught:
        await hall.convert(hall.source(RISING), start=9000)
    assert caught.value.code is FailureCode.OUT_OF_RANGE


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


def told(words: str) -> dict[str, str]:
    media = read(words)
    assert media is not None
    return {tag.name.lower(): tag.text for tag in media.tags}


@pytest.fixture
def tagged(hall: Hall) -> Path:
    (hall.directory / "chapters").write_text(CHAPTERS)
    return hall.source(RISING, "-i", str(hall.directory / "chapters"), "-map_metadata", "1", "-c:a", "aac")


@pytest.mark.parametrize("format_", [*TAGGABLE, Format.WAV])
async def test_tags_are_kept_set_and_left_out_and_the_place_never_travels(
    hall: Hall, tagged: Path, format_: Format
) -> None:
    await hall.convert(tagged, format=format_, tags=Tags(artist="", album="Walks", comment="one\ntwo = 2"))
    tags = told(hall.words())
    assert (tags["title"], tags["album"], tags["comment"]) == ("A walk", "Walks", "one two = 2")
    assert "artist" not in tags
    assert b"47.37" not in hall.result.read_bytes()
    await hall.convert(tagged, format=format_, keep_tags=False, tags=Tags(album="Walks"))
    assert told(hall.words()) == {"album": "Walks"}


@pytest.mark.parametrize("format_", TAGGABLE)
async def test_another_library_reads_the_tags_chapters_and_cover_too(
    hall: Hall, tagged: Path, format_: Format
) -> None:
    picture, source = hall.directory / "cover.png", hall.directory / "covered.m4a"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=96x64:duration=1", "-frames:v", "1", str(picture))
    attach = ["-map", "0:a", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic"]
    ffmpeg("-i", str(tagged), "-i", str(picture), *attach, str(source))
    holds = format_ in (Format.MP3, Format.M4A, Format.FLAC)
    wanted = Tags(artist="Björk, 愛", date="2024")
    await hall.convert(source, format=format_, tags=wanted, cover=Cover.KEEP if holds else Cover.NONE)
    easy = mutagen.File(hall.result, easy=True)
    assert (easy["title"], easy["artist"], easy["date"]) == (["A walk"], ["Björk, 愛"], ["2024"])
    assert easy.info.length == pytest.approx(6, abs=0.06)
    whole = mutagen.File(hall.result)
    if format_ is Format.MP3:
        assert [str(each.sub_frames["TIT2"]) for each in whole.tags.getall("CHAP")] == ["One", "Two"]
        assert [each.data for each in whole.tags.getall("APIC")] == [picture.read_bytes()]
    elif format_ is Format.M4A:
        assert [bytes(each) for each in whole["covr"]] == [picture.read_bytes()]
        assert [(each.start, each.title) for each in whole.chapters] == [(0, "One"), (2, "Two")]
    else:
        assert (whole["chapter001"], whole["chapter001name"]) == (["00:00:02.000"], ["Two"])
    if format_ is Format.FLAC:
        assert [each.data for each in whole.pictures] == [picture.read_bytes()]


async def test_tags_of_an_ogg_file_are_kept(hall: Hall) -> None:
    source = hall.source(RISING, "-c:a", "libvorbis", "-metadata", "title=A walk", name="a.ogg")
    for format_ in TAGGABLE:
        await hall.convert(source, format=format_)
        assert told(hall.words()) == {"title": "A walk"}


@pytest.mark.parametrize("format_", TAGGABLE)
async def test_chapters_are_kept_move_with_a_cut_and_can_be_left_out(
    hall: Hall, tagged: Path, format_: Format
) -> None:
    def chapters() -> list[tuple[float, str]]:
        media = read(hall.words())
        assert media is not None
        return [(round(each.start, 2), each.title) for each in media.chapters]

    await hall.convert(tagged, format=format_)
    assert chapters() == [(0, "One"), (2, "Two")]
    made = await hall.convert(tagged, format=format_, start=1.5, end=5)
    assert chapters() == [(0, "One"), (0.5, "Two")]
    assert made.duration_seconds == pytest.approx(3.5, abs=0.001)
    await hall.convert(tagged, format=format_, start=1.5, end=5, fade_in=0.5, fade_out=0.5)
    assert chapters() == [(0, "One"), (0.5, "Two")]
    await hall.convert(tagged, format=format_, chapters=Chapters.DROP)
    assert chapters() == []
    await hall.convert(tagged, format=format_, start=1, speed=2)
    assert chapters() == ([(0, "One"), (0.5, "Two")] if format_ in COMMENTING else [])


COPIES = [
    ("a.mp3", "libmp3lame", Format.MP3),
    ("a.avi", "libmp3lame", Format.MP3),
    ("a.mp4", "aac", Format.M4A),
    ("a.ts", "aac", Format.M4A),
    ("a.webm", "libopus", Format.OPUS),
    ("a.mkv", "libvorbis", Format.OGG),
    ("a.flac", "flac", Format.FLAC),
    ("a.mov", "pcm_s16le", Format.WAV),
]


@pytest.mark.parametrize(("name", "codec", "format_"), COPIES)
async def test_what_is_what_was_asked_already_is_copied_packet_by_packet(
    hall: Hall, name: str, codec: str, format_: Format
) -> None:
    source = hall.source(RISING, "-c:a", codec, name=name)
    made = await hall.convert(source, format=format_)
    assert made.copied
    assert made.duration_seconds == pytest.approx(6, abs=0.06)
    if format_ is Format.WAV:
        assert hall.heard() == [pcm(source.open("rb", buffering=0), "mov")[0]]
    elif name != "a.ts":  # the headers of ADTS go
        assert packets(hall.result) == packets(source)
    for other in ({"copy": False}, {"channels": Channels.STEREO}, {"end": 3.0}, {"speed": 1.5}):
        assert not (await hall.convert(source, format=format_, **other)).copied
    if format_ is not Format.WAV:
        made = await hall.convert(source, format=format_, tags=Tags(title="Another"))
        assert made.copied
        assert told(hall.words())["title"] == "Another"


@pytest.mark.parametrize("kind", ["jpg", "png"])
@pytest.mark.parametrize("name", ["a.mp3", "a.m4a", "a.flac"])
async def test_the_cover_comes_along_byte_by_byte_when_asked(hall: Hall, name: str, kind: str) -> None:
    cover = hall.directory / f"cover.{kind}"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=96x64:duration=1", "-frames:v", "1", str(cover))
    plain = hall.source("0.3*sin(440*2*PI*t)", name=f"plain-{name}", seconds=1)
    source = hall.directory / name
    attached = [
        "-map",
        "0",
        "-map",
        "1",
        "-c",
        "copy",
        "-disposition:v",
        "attached_pic",
        "-map_metadata",
        "-1",
    ]
    ffmpeg("-i", str(plain), "-i", str(cover), *attached, str(source))
    for format_ in (Format.MP3, Format.M4A, Format.FLAC):
        for tags in (Tags(), Tags(title="A walk")):
            await hall.convert(source, format=format_)
            assert cover.read_bytes() not in hall.result.read_bytes()
            made = await hall.convert(source, format=format_, cover=Cover.KEEP, tags=tags)
            media = read(hall.words())
            assert media is not None
            assert [(each.cover, each.codec) for each in media.pictures] == [
                (True, {"jpg": "mjpeg"}.get(kind, kind))
            ]
            assert (
                ffmpeg("-i", str(hall.result), "-map", "0:v", "-c", "copy", "-f", "image2pipe", "-")
                == cover.read_bytes()
            )
            assert told(hall.words()) == ({"title": "A walk"} if tags.title else {})
            assert made.duration_seconds == pytest.approx(1, abs=0.06)
            assert pitch(hall.heard()[0], RATE) == pytest.approx(440, rel=0.01)


async def test_a_file_without_a_cover_is_converted_without_one(hall: Hall) -> None:
    await hall.convert(hall.source(RISING), cover=Cover.KEEP)
    media = read(hall.words())
    assert media is not None
    assert media.pictures == ()


async def test_of_an_incomplete_file_what_is_there_is_converted_only_when_asked(hall: Hall) -> None:
    whole = hall.source(RISING, "-c:a", "aac", "-movflags", "+faststart")
    half = hall.directory / "half.mp4"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(ConversionError) as caught:
        await hall.convert(half)
    assert caught.value.code is FailureCode.TRUNCATED
    made = await hall.convert(half, partial=True)
    assert made.partial
    assert 2 < made.duration_seconds < 4
    made = await hall.convert(half, partial=True, format=Format.OPUS, loudness=-16, fade_out=1)
    assert made.partial
    assert 2 < made.duration_seconds < 4
    assert not (await hall.convert(whole, partial=True)).partial


def _run(command: list[str], source: Path, result: Path) -> None:
    with source.open("rb") as video, result.open("wb+") as target:
        subprocess.run(command, stdin=video, stdout=target, stderr=subprocess.DEVNULL, check=True)


async def test_the_recorded_arguments_make_the_same_again(hall: Hall, engine: Engine) -> None:
    source = hall.source(RISING, "-c:a", "aac")
    made = await hall.convert(source, format=Format.OGG, start=1, fade_out=1, loudness=-20)
    again = hall.directory / "again"
    given = [each for each in made.arguments if not re.match("pipe:", each)]
    at = given.index("-progress")
    _run([engine.path, *given[:at], *given[at + 1 :]], source, again)
    assert again.read_bytes() == hall.result.read_bytes()
    assert list(made.arguments)[-1] == arguments(Limits(), 3)[-1]
