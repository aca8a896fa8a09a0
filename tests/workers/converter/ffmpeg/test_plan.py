"""From options and media to what ffmpeg is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.media import Media, Track
from events.options import Channels, Chapters, Format, Options, Tags, faults
from workers.converter.errors import TrackMissing
from workers.converter.ffmpeg.encoders import MUXERS
from workers.converter.ffmpeg.filters import gain_of
from workers.converter.ffmpeg.languages import find
from workers.converter.ffmpeg.measurement import Measurement
from workers.converter.ffmpeg.messages import Shape
from workers.converter.ffmpeg.plan import DEFAULT, Plan, choose, measuring_plan, plan

STEREO = Track(
    index=0, codec="aac", profile="LC", sample_rate=44100, channels=2, layout="stereo", bit_rate=127_000
)
FILM = Media(container="mov,mp4,m4a,3gp,3g2,mj2", duration_seconds=600, tracks=(STEREO,))


def after(done: Plan, option: str) -> str:
    return done.output[done.output.index(option) + 1]


def source(**fields: object) -> Media:
    return Media(
        container="mov,mp4", duration_seconds=10, tracks=(Track(**({"index": 0, "codec": "aac"} | fields)),)
    )  # type: ignore[arg-type]


def test_what_most_people_want_is_planned_without_a_look() -> None:
    assert plan(Options(), FILM).output == DEFAULT.output


@pytest.mark.parametrize(
    ("bit_rate", "rate", "kilobits"),
    [
        (127, 44100, 112),
        (128, 44100, 128),
        (1411, 44100, 320),
        (9, 44100, 32),
        (200, 22050, 160),
        (100, 8000, 64),
    ],
)
def test_following_the_source_never_inflates_it(bit_rate: int, rate: int, kilobits: int) -> None:
    media = source(bit_rate=bit_rate * 1000, sample_rate=rate, channels=2)
    assert after(plan(Options(quality="source"), media), "-b:a") == f"{kilobits}k"
    assert after(plan(Options(quality="source"), source(sample_rate=rate)), "-q:a") == "2"


@pytest.mark.parametrize(
    ("options", "track", "copied"),
    [
        (Options(), {"codec": "mp3", "channels": 2}, True),
        (Options(quality="source"), {"codec": "mp3", "channels": 1}, True),
        (Options(quality="V2"), {"codec": "mp3", "channels": 2}, False),
        (Options(sample_rate=44100), {"codec": "mp3", "sample_rate": 44100, "channels": 2}, True),
        (Options(sample_rate=44100), {"codec": "mp3", "sample_rate": 48000, "channels": 2}, False),
        (Options(channels=Channels.STEREO), {"codec": "mp3", "channels": 2}, True),
        (Options(channels=Channels.MONO), {"codec": "mp3", "channels": 2}, False),
        (Options(tags=Tags(title="x"), chapters=Chapters.DROP), {"codec": "mp3", "channels": 2}, True),
        (Options(format=Format.M4A), {"codec": "aac", "channels": 6}, True),
        (Options(format=Format.M4A), {"codec": "aac", "channels": 2, "start": 0.05}, True),
        (Options(format=Format.M4A), {"codec": "aac", "channels": 2, "start": 0.5}, False),
        (Options(format=Format.M4A), {"codec": "aac_latm", "channels": 2}, False),
        (Options(format=Format.OGG), {"codec": "opus", "channels": 2}, False),
        (Options(format=Format.WAV), {"codec": "pcm_s16be", "channels": 2}, False),
        (Options(copy=False), {"codec": "mp3", "channels": 2}, False),
    ],
)
def test_packets_are_copied_only_when_nothing_else_is_asked(
    options: Options, track: dict[str, object], copied: bool
) -> None:
    done = plan(options, source(**track))
    assert done.copied is copied
    assert (after(done, "-c:a") == "copy") is copied


def test_a_cut_is_sought_with_a_margin_only_where_packets_tell_their_time() -> None:
    cut = Options(start=100.5, end=110)
    assert plan(cut, FILM).input == ("-ss", "95.500000")
    assert ",atrim=start=5.000000:end=14.500000," in after(plan(cut, FILM), "-af")
    stream = Media(container="mpegts", duration_seconds=600, tracks=(STEREO,))
    assert plan(cut, stream).input == ()
    assert ",atrim=start=100.500000:end=110.000000," in after(plan(cut, stream), "-af")
    assert plan(cut, stream).expected_seconds == 9.5


def test_the_gain_stops_at_the_true_peak() -> None:
    wanted = Options(loudness=-16, true_peak=-1)
    assert gain_of(wanted, Measurement(seconds=1, loudness=-30, true_peak=-20)) == 14
    assert gain_of(wanted, Measurement(seconds=1, loudness=-30, true_peak=-3)) == 2
    assert gain_of(wanted, Measurement(seconds=1)) == 0


@pytest.mark.parametrize(
    ("wanted", "languages", "found"),
    [
        ("en", "eng deu", [0]),
        ("eng", "de en-GB", [1]),
        ("en", "en-US en eng", [1, 2]),
        ("deu", "ger", [0]),
        ("de-CH", "de-DE ger", [1]),
        ("pt-BR", "pt-PT pt-BR", [1]),
        ("pt_br", "pt-PT por", [1]),
        ("pt-BR", "pt-PT eng", []),
        ("zh", "eng yue cmn", [2]),
        ("zh", "yue eng", [0]),
        ("zh-TW", "zh-CN zh-Hant zho", [2]),
        ("zh-Hant-TW", "zh-Hans zh-Hant", [1]),
        ("cmn", "chi", [0]),
        ("no", "eng nob cmn", [1]),
        ("nb", "nno nor", [1]),
        ("nb", "nno", []),
        ("hr", "scr", [0]),
        ("he", "iw", [0]),
        ("ar", "arb", [0]),
        ("tlh", "tlh", [0]),
        ("en", "deu", []),
        ("-x", "eng ", []),
        ("", "eng ", []),
        ("und", "eng ", []),
    ],
)
def test_a_language_is_looked_up_by_rfc_4647(wanted: str, languages: str, found: list[int]) -> None:
    assert find(wanted, languages.split(" ")) == found


@given(st.text(max_size=35), st.text(max_size=35))
def test_no_tag_whatever_breaks_the_look_up(wanted: str, other: str) -> None:
    assert find(wanted, [other, ""]) in ([], [0])


def test_among_tracks_of_a_language_the_default_one_is_chosen() -> None:
    first, second = (Track(index=at, codec="aac", language="eng", default=at == 1) for at in (0, 1))
    media = Media(container="mov", tracks=(first, second))
    assert choose(Options(language="en"), media) == second
    with pytest.raises(TrackMissing):
        choose(Options(language="fr"), media)


options = st.builds(
    Options,
    format=st.sampled_from(Format),
    quality=st.sampled_from(["", "V0", "V5", "V9", "64k", "192k", "500k", "source"]),
    sample_rate=st.sampled_from([None, 8000, 44100, 96000]),
    channels=st.sampled_from(Channels),
    start=st.floats(0, 20),
    end=st.none() | st.floats(21, 40),
    fade_in=st.floats(0, 1),
    fade_out=st.floats(0, 1),
    loudness=st.none() | st.floats(-70, -5),
    trim_silence=st.booleans(),
    shorten_pauses=st.none() | st.floats(0.2, 60),
    speed=st.floats(0.5, 4),
    keep_tags=st.booleans(),
    tags=st.builds(Tags, title=st.none() | st.text(max_size=20)),
    chapters=st.sampled_from([Chapters.KEEP, Chapters.DROP]),
)
codecs = st.sampled_from(["aac", "mp3", "opus", "vorbis", "flac", "pcm_s24le", "dts"])
tracks = st.builds(
    Track,
    index=st.just(0),
    codec=codecs,
    channels=st.integers(0, 24),
    layout=st.sampled_from(["", "stereo", "5.1(side)", "12 channels"]),
    bit_rate=st.integers(0, 10**7),
    sample_rate=st.sampled_from([0, 8000, 44100, 192000]),
)


@given(options, tracks)
def test_every_plan_names_one_track_and_its_muxer_and_nothing_a_program_cannot_take(
    options: Options, track: Track
) -> None:
    if list(faults(options)):
        return
    media = Media(container="mov,mp4", duration_seconds=30, tracks=(track,))
    first = measuring_plan(options, media)
    done = plan(options, media, Measurement(seconds=9, loudness=-20.0, true_peak=-3.0) if first else None)
    assert done.output[:2] == ("-map", "0:a:0")
    assert done.output[-2:] == ("-f", MUXERS[options.format])
    assert not any("\0" in each for each in done.output)
    assert done == plan(
        options, media, Measurement(seconds=9, loudness=-20.0, true_peak=-3.0) if first else None
    )


@pytest.mark.parametrize("format_", [Format.MP3, Format.FLAC])
def test_no_word_of_a_file_becomes_a_filter(format_: Format) -> None:
    words = "7.1;amovie=/etc/passwd"
    media = source(sample_rate=44100, channels=8, layout=words)
    shapes = (Shape(44100, "mono"), Shape(44100, words))
    made = plan(Options(format=format_), media, shapes=shapes)
    assert "amovie" not in " ".join([*made.input, *made.uniform, *made.output])
