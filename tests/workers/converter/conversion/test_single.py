"""Every shape of media, through the real ffmpeg."""

import os
from typing import Any

import pytest
from media import SECONDS, TONE, Studio, layer_one, listen, tags

from events.options import Format, Options
from events.types import FailureCode
from workers.converter.conversion import single
from workers.converter.conversion.conversion import convert
from workers.converter.conversion.task import Equipment, Task
from workers.converter.errors import ConversionError
from workers.converter.ffmpeg import process
from workers.converter.ffmpeg.arguments import Limits
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.messages import Mark
from workers.converter.source.input import Input

DEFAULTS = Options()

GOOD = [
    "moov-first.mp4",
    "moov-last.mp4",
    "fragmented.mp4",
    "aac.mkv",
    "flac.mkv",
    "opus.webm",
    "vorbis.webm",
    "pcm.mov",
    "mp3.avi",
    "aac.ts",
    "mp2.mpg",
    "mp3.flv",
    "amr.3gp",
    "wma.wmv",
    "surround.mp4",
    "high-rate.mkv",
    "two-tracks.mkv",
]


async def refusal(
    engine: Engine, bench: Any, path: Any, limits: Limits | None = None, options: Options = DEFAULTS
) -> ConversionError:
    with bench.holding(path) as (video, mp3), pytest.raises(ConversionError) as caught:
        await convert(Task(Equipment(engine, limits or Limits()), Input.of(video), mp3, options))
    return caught.value


@pytest.mark.parametrize("name", GOOD)
async def test_the_first_tracks_sound_comes_out_whole(
    engine: Engine, bench: Any, studio: Studio, name: str
) -> None:
    with bench.holding(studio.make(name)) as (video, mp3):
        sound = await convert(Task(Equipment(engine), Input.of(video), mp3))
        seconds, hertz = listen(mp3)
    assert seconds == pytest.approx(SECONDS, abs=0.1)
    assert sound.duration_seconds == pytest.approx(seconds, abs=0.01)
    assert hertz == pytest.approx(TONE, rel=0.03)


async def test_sample_rate_and_channels_are_those_of_the_mp3(
    engine: Engine, bench: Any, studio: Studio
) -> None:
    heard = {}
    for name in ("surround.mp4", "amr.3gp", "high-rate.mkv"):
        with bench.holding(studio.make(name)) as (video, mp3):
            sound = await convert(Task(Equipment(engine), Input.of(video), mp3))
            heard[name] = (sound.sample_rate, sound.channels)
    assert heard == {"surround.mp4": (44100, 2), "amr.3gp": (8000, 1), "high-rate.mkv": (48000, 1)}


@pytest.mark.parametrize("kind", ["mp4", "mkv", "flv", "wmv"])
async def test_sound_that_ends_before_the_picture_is_not_a_cut_file(
    engine: Engine, bench: Any, studio: Studio, kind: str
) -> None:
    with bench.holding(studio.make(f"sound-ends-early.{kind}")) as (video, mp3):
        sound = await convert(Task(Equipment(engine), Input.of(video), mp3))
    assert sound.duration_seconds == pytest.approx(1, abs=0.1)


async def test_title_and_artist_are_kept_and_where_it_was_filmed_is_not(
    engine: Engine, bench: Any, studio: Studio
) -> None:
    with bench.holding(studio.make("tagged.mp4")) as (video, mp3):
        await convert(Task(Equipment(engine), Input.of(video), mp3))
        kept = tags(mp3)
    assert "title=A walk" in kept
    assert "artist=Ada" in kept
    assert "47.37" not in kept
    assert "isom" not in kept


async def test_the_same_video_gives_the_same_bytes(engine: Engine, bench: Any, studio: Studio) -> None:
    outputs = set()
    for _ in range(2):
        with bench.holding(studio.make("aac.mkv")) as (video, mp3):
            await convert(Task(Equipment(engine), Input.of(video), mp3))
            mp3.seek(0)
            outputs.add(mp3.read())
    assert len(outputs) == 1


@pytest.mark.parametrize("percent", [37, 50, 81])
@pytest.mark.parametrize(
    "name",
    [
        "moov-first.mp4",
        "moov-last.mp4",
        "fragmented.mp4",
        "aac.mkv",
        "flac.mkv",
        "opus.webm",
        "pcm.mov",
        "mp3.avi",
        "mp3.flv",
        "wma.wmv",
    ],
)
async def test_a_part_of_a_file_is_told_to_be_a_part(
    engine: Engine, bench: Any, studio: Studio, name: str, percent: int
) -> None:
    error = await refusal(engine, bench, studio.cut(name, percent))
    assert error.code is FailureCode.TRUNCATED


@pytest.mark.parametrize("noise", [False, True], ids=["zeros", "noise"])
@pytest.mark.parametrize("name", ["moov-first.mp4", "aac.mkv", "flac.mkv", "opus.webm", "mp3.flv", "wma.wmv"])
async def test_a_file_that_lost_most_of_its_inside_is_told_to_be_damaged(
    engine: Engine, bench: Any, studio: Studio, name: str, noise: bool
) -> None:
    error = await refusal(engine, bench, studio.damaged(name, noise=noise))
    assert (error.code, "damaged" in str(error)) == (FailureCode.TRUNCATED, True)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("silent.mp4", FailureCode.NO_AUDIO),
        ("silent.mkv", FailureCode.NO_AUDIO),
        ("encrypted.mp4", FailureCode.ENCRYPTED),
        ("encrypted-pcm.mp4", FailureCode.ENCRYPTED),
        ("unheard-of.avi", FailureCode.UNSUPPORTED_CODEC),
    ],
)
async def test_what_cannot_be_converted_is_called_by_its_reason(
    engine: Engine, bench: Any, studio: Studio, name: str, code: FailureCode
) -> None:
    assert (await refusal(engine, bench, studio.make(name))).code is code


@pytest.mark.parametrize("name", ["ac-4", "mhm1", "mha1"])
async def test_codecs_that_nobody_can_decode_freely_are_told_by_name(
    engine: Engine, bench: Any, studio: Studio, name: str
) -> None:
    content = studio.make("moov-first.mp4").read_bytes().replace(b"mp4a", name.encode(), 1)
    path = studio.write(f"{name}.mp4", content.replace(b"esds", b"free", 1))
    for options in (Options(), Options(format=Format.M4A, loudness=-16)):
        error = await refusal(engine, bench, path, options=options)
        assert error.code is FailureCode.UNSUPPORTED_CODEC
    assert name[:2] in str(error) or "mpegh" in str(error)


@pytest.mark.parametrize("name", ["tone.mp1", "he-aac.m4a"])
async def test_codecs_that_ffmpeg_decodes_and_does_not_encode_are_accepted(
    engine: Engine, bench: Any, studio: Studio, name: str
) -> None:
    if name == "tone.mp1":
        path = studio.write(name, layer_one(140))
    else:  # the sound's upper half is announced (SBR, ISO 14496-3), and left out
        low = studio.make("low.m4a").read_bytes()
        assert low.count(b"\x56\xe5\x00") == 1
        path = studio.write(name, low.replace(b"\x56\xe5\x00", b"\x56\xe5\xa0"))
    with bench.holding(path) as (video, mp3):
        made = await convert(Task(Equipment(engine), Input.of(video), mp3))
        seconds, hertz = listen(mp3)
    assert (made.media.tracks[0].codec, made.sample_rate) == (name[-3:] if "mp1" in name else "aac", 44100)
    assert seconds == pytest.approx(140 * 384 / 44100 if "mp1" in name else SECONDS, abs=0.1)
    assert hertz == pytest.approx(44100 / 32 / 4 if "mp1" in name else TONE, rel=0.05)


async def test_a_track_that_only_one_shops_player_opens_is_told_to_be_protected(
    engine: Engine, bench: Any, studio: Studio
) -> None:
    """FairPlay: the sample entry is called `drms`."""
    content = studio.make("moov-first.mp4").read_bytes().replace(b"mp4a", b"drms", 1)
    for options in (Options(), Options(format=Format.M4A, loudness=-16)):
        error = await refusal(engine, bench, studio.write("bought.m4p", content), options=options)
        assert error.code is FailureCode.ENCRYPTED


@pytest.mark.parametrize("options", [Options(), Options(format=Format.FLAC, fade_out=1)])
@pytest.mark.parametrize("name", ["silent.mp4", "silent.mkv"])
async def test_what_has_no_sound_has_none_whatever_is_asked(
    engine: Engine, bench: Any, studio: Studio, name: str, options: Options
) -> None:
    assert (await refusal(engine, bench, studio.make(name), options=options)).code is FailureCode.NO_AUDIO


@pytest.mark.parametrize("options", [Options(format=Format.M4A), Options(loudness=-16), Options(fade_in=1)])
@pytest.mark.parametrize("name", ["moov-first.mp4", "aac.mkv", "mp3.flv"])
async def test_a_part_of_a_file_is_told_to_be_a_part_whatever_is_asked(
    engine: Engine, bench: Any, studio: Studio, name: str, options: Options
) -> None:
    error = await refusal(engine, bench, studio.half(name), options=options)
    assert error.code is FailureCode.TRUNCATED


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"Dear diary,\n" * 500, bytes(range(256)) * 100, b"\0" * 50_000, b"GIF89a" + b"\1" * 999],
    ids=["empty", "one byte", "text", "binary", "zeros", "picture"],
)
async def test_what_is_no_video_is_told_to_be_none(
    engine: Engine, bench: Any, studio: Studio, content: bytes
) -> None:
    error = await refusal(engine, bench, studio.write("renamed.mp4", content))
    assert error.code is FailureCode.NOT_MEDIA


@pytest.mark.parametrize(
    "playlist",
    [
        "ffconcat version 1.0\nfile '{}'\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\na={}\n",
    ],
    ids=["ffconcat", "hls", "sdp"],
)
async def test_a_playlist_that_poses_as_a_video_opens_no_neighbour(
    engine: Engine, bench: Any, studio: Studio, playlist: str
) -> None:
    neighbour = studio.make("aac.ts").as_uri()
    error = await refusal(engine, bench, studio.write("list.mp4", playlist.format(neighbour).encode()))
    assert error.code is FailureCode.NOT_MEDIA


async def test_what_is_longer_than_the_limit_is_too_long_and_not_begun_if_it_says_so(
    engine: Engine, bench: Any, studio: Studio
) -> None:
    limits = Limits(duration_seconds=30)
    with bench.holding(studio.make("long.flac")) as (video, mp3):
        with pytest.raises(ConversionError, match="up to 30 seconds of sound") as caught:
            await convert(Task(Equipment(engine, limits), Input.of(video), mp3))
        assert mp3.seek(0, os.SEEK_END) == 0
    assert caught.value.code is FailureCode.TOO_LONG


async def test_what_turns_out_longer_than_the_limit_stops_there(
    engine: Engine, bench: Any, studio: Studio
) -> None:
    limits = Limits(duration_seconds=1)
    with bench.holding(studio.make("aac.ts")) as (video, mp3):
        with pytest.raises(ConversionError, match="up to 1 second of sound") as caught:
            await convert(Task(Equipment(engine, limits), Input.of(video), mp3))
        seconds, _ = listen(mp3)
    assert caught.value.code is FailureCode.TOO_LONG
    assert 1 < seconds < SECONDS - 0.5


async def test_what_just_fits_the_limit_is_converted(engine: Engine, bench: Any, studio: Studio) -> None:
    with bench.holding(studio.make("aac.ts")) as (video, mp3):
        await convert(Task(Equipment(engine, Limits(duration_seconds=SECONDS)), Input.of(video), mp3))


async def test_audio_beyond_the_size_limit_is_too_large(engine: Engine, bench: Any, studio: Studio) -> None:
    error = await refusal(engine, bench, studio.make("aac.mkv"), Limits(output_bytes=10_000))
    assert error.code is FailureCode.TOO_LARGE


async def test_a_conversion_beyond_its_time_is_stopped(engine: Engine, bench: Any, studio: Studio) -> None:
    error = await refusal(engine, bench, studio.make("long.flac"), Limits(wall_seconds=0.3))
    assert error.code is FailureCode.TIMED_OUT


@pytest.mark.parametrize(("small", "times"), [(0, 1), (8 << 20, 2)])
async def test_a_large_file_is_looked_at_so_that_nothing_is_done_twice(
    engine: Engine,
    bench: Any,
    studio: Studio,
    spent: list[process.Outcome],
    monkeypatch: pytest.MonkeyPatch,
    small: int,
    times: int,
) -> None:
    """What has more than two channels needs another plan than most."""
    monkeypatch.setattr(single, "_SMALL", small)
    with bench.holding(studio.make("surround.mp4")) as (video, mp3):
        await convert(Task(Equipment(engine), Input.of(video), mp3))
    assert len([each for each in spent if each.seconds]) == times


async def test_progress_tells_how_far_it_is_and_of_how_much(
    engine: Engine, bench: Any, studio: Studio
) -> None:
    marks: list[tuple[float, float | None]] = []

    async def note(mark: Mark, length: float | None) -> None:
        marks.append((mark.seconds, length))

    with bench.holding(studio.make("long.flac")) as (video, mp3):
        await convert(Task(Equipment(engine), Input.of(video), mp3, on_progress=note))
    assert len(marks) >= 2
    assert marks == sorted(marks)
    assert marks[-1] == (pytest.approx(600), 600)


@pytest.mark.parametrize(
    ("name", "options", "passes"),
    [
        ("moov-first.mp4", DEFAULTS, 1),
        ("surround.mp4", DEFAULTS, 2),  # the guess at a plan was wrong
        ("aac.mkv", Options(loudness=-16), 2),
        ("aac.mkv", Options(fade_out=1), 2),
        ("aac.mkv", Options(trim_silence=True, start=1), 2),
        ("flac.mkv", Options(format=Format.FLAC, copy=True), 1),
    ],
)
async def test_all_passes_share_one_scale_that_only_grows(
    engine: Engine, bench: Any, studio: Studio, name: str, options: Options, passes: int
) -> None:
    shares: list[float] = []

    async def note(mark: Mark, length: float | None) -> None:
        assert length
        shares.append(mark.seconds / length)

    with bench.holding(studio.make(name)) as (video, result):
        await convert(Task(Equipment(engine), Input.of(video), result, options, note))
    assert len(shares) >= passes
    assert shares == sorted(shares)
    assert shares[-1] == 1
    if options != DEFAULTS and passes > 1:
        assert any(0 < share < 0.7 for share in shares), shares  # the first pass tells, too
