"""Options as they are given over HTTP: what is understood, and how every fault is named."""

from urllib.parse import parse_qsl

import msgspec
import pytest
from litestar.exceptions import ClientException
from msgspec.structs import replace

from events.options import DEFAULT, Channels, Chapters, Format, Options, Tags
from events.wishes import NAMES
from gateway.errors import BadOptions
from gateway.uploads.options import from_form, from_json, options_of, read, read_query


def test_nothing_asked_is_an_mp3_of_the_default_kind() -> None:
    assert options_of({}) == DEFAULT


def test_every_option_can_be_said() -> None:
    said = read_query(
        "format=m4a&quality=128k&sample_rate=48000&channels=mono&start=1.5&end=9&fade_in=0.5&fade_out=1"
        "&loudness=-16&true_peak=-2&trim_silence=true&speed=1.25&track=1&keep_tags=false&title=A+song&artist="
        "&shorten_pauses=1.5s&marks=90+Two%0A0:00+One&chapters=split&cover=keep&copy=false&partial=0&retain_video=0&retain_audio=12h&retain_record=1w+1d"
    )
    assert options_of(said) == Options(
        format=Format.M4A,
        quality="128k",
        sample_rate=48000,
        channels=Channels.MONO,
        start=1.5,
        end=9.0,
        fade_in=0.5,
        fade_out=1.0,
        loudness=-16.0,
        true_peak=-2.0,
        trim_silence=True,
        speed=1.25,
        track=1,
        keep_tags=False,
        tags=Tags(title="A song", artist=""),
        shorten_pauses=1.5,
        chapters=Chapters.SPLIT,
        marks="0:00 One\n1:30 Two",
        cover=options_of({"cover": "keep"}).cover,
        copy=False,
        partial=False,
        retain_video=0.0,
        retain_audio=43_200.0,
        retain_record=691_200.0,
    )
    assert {*said, "language", "album", "date", "comment", "cover_at"} == set(NAMES)


@pytest.mark.parametrize(
    ("asked", "name", "about"),
    [
        ("format=mp4", "format", "give one of mp3, m4a, opus, ogg, flac, wav, not mp4"),
        ("quality=best", "quality", "V0 (best) to V9"),
        ("quality=V10", "quality", "V0 (best) to V9"),
        ("quality=100k", "quality", "an MP3 has one of"),
        ("format=flac&quality=V2", "quality", "lossless"),
        ("format=opus&quality=V2", "quality", "bit rate such as 128k"),
        ("format=opus&quality=999k", "quality", "6k to 510k"),
        ("quality=8k&sample_rate=44100", "quality", "32k to 320k at 44100 Hz"),
        ("quality=320k&sample_rate=22050", "quality", "8k to 160k at 22050 Hz"),
        ("quality=128k&sample_rate=8000", "quality", "8k to 64k at 8000 Hz"),
        ("format=m4a&quality=512k&sample_rate=44100&channels=mono", "quality", "264k at 44100 Hz in mono"),
        ("format=opus&quality=300k&channels=mono", "quality", "6k to 256k in mono"),
        ("format=ogg&quality=320k&channels=mono", "quality", "32k to 250k in mono"),
        ("format=opus&sample_rate=44100", "sample_rate", "48000"),
        ("sample_rate=1", "sample_rate", "one of"),
        ("sample_rate=often", "sample_rate", "8000, 11025"),
        ("start=9&end=3", "end", "after start"),
        ("end=1e-300", "end", "after start"),
        ("quality=1٢٨k", "quality", "V0 (best)"),
        ("start=-1", "start", "from 0 to 1000000 seconds, such as 90, 1:30"),
        ("start=nan", "start", "from 0 to 1000000 seconds, such as 90, 1:30"),
        ("end=0", "end", "more than 0"),
        ("end=4&fade_in=3&fade_out=2", "fade_out", "longer"),
        ("loudness=3", "loudness", "from -70 to -5"),
        ("true_peak=-2", "true_peak", "loudness"),
        ("speed=9", "speed", "from 0.5 to 4"),
        ("track=1&language=de", "language", "not both"),
        ("track=-1", "track", "from 0 to 63"),
        ("format=wav&cover=keep", "cover", "no picture"),
        ("chapters=burn", "chapters", "keep, drop, split"),
        ("chapters=drop&marks=0:00+One", "marks", "chapters=keep or chapters=split"),
        ("marks=0:00+One%0Asoon", "marks", "line 2 is no chapter"),
        ("marks=0:61+One", "marks", "line 1 is no chapter"),
        ("marks=" + "%0A".join(f"{at}+" + "x" * 40 for at in range(91)), "marks", "4096 bytes"),
        ("shorten_pauses=0.1", "shorten_pauses", "from 0.2 to 60"),
        ("format=opus&cover=frame", "cover", "no picture"),
        ("cover=keep&cover_at=3", "cover_at", "cover=frame"),
        ("partial=perhaps", "partial", "true or false"),
        ("retain_audio=soon", "retain_audio", "such as 90, 30m, 12h, 7d or 2w, not soon"),
        ("retain_record=9999w", "retain_record", "from 0 to 1000000000 seconds"),
        ("title=" + "x" * 501, "title", "500"),
    ],
)
def test_what_cannot_be_had_is_named_with_what_would_be_right(asked: str, name: str, about: str) -> None:
    with pytest.raises(BadOptions) as refused:
        options_of(read_query(asked))
    assert [fault.name for fault in refused.value.faults] == [name]
    assert about in refused.value.faults[0].detail


SHOWN = replace(
    DEFAULT,
    format=Format.OPUS,
    quality="96k",
    start=90.0,
    trim_silence=True,
    tags=Tags(title="Über & more", artist=""),
)


def test_json_has_the_shape_in_which_options_are_shown() -> None:
    assert options_of(read(from_json(msgspec.json.encode(SHOWN)))) == SHOWN
    flat = {"format": "OPUS", "quality": "96K", "start": "1:30", "trim_silence": True, "artist": ""}
    beside = msgspec.json.encode({**flat, "title": "Über & more"})
    assert options_of(read(from_json(beside))) == SHOWN
    assert options_of(read(from_form([("format", "mp3"), ("options", '{"speed": 2}')]))).speed == 2


def test_null_is_an_option_that_is_not_there() -> None:
    given = read(from_json('{"end": null, "loudness": null, "tags": {"title": null}}'))
    assert options_of(given, {"end": "9", "loudness": "-16", "title": "mine"}) == replace(
        DEFAULT, tags=Tags(title="mine")
    )


@pytest.mark.parametrize(
    ("text", "name", "about"),
    [
        ('{"formt": "mp3"}', "formt", "no such option"),
        ('{"tags": {"genre": "x"}}', "tags.genre", "no such tag"),
        ('{"tags": "x"}', "tags", "title, artist"),
        ('{"tags": {"title": false}}', "title", "give a text"),
        ('{"language": 5}', "language", "give a text"),
        ('{"title": "a", "tags": {"title": "b"}}', "title", "more than once"),
        ('{"start": [1]}', "start", "give a text, a number"),
        ('{"start": true}', "start", "1:30"),
        ('{"track": 1.5}', "track", "a whole number from 0 to 63"),
    ],
)
def test_json_that_cannot_be_had_is_named(text: str, name: str, about: str) -> None:
    with pytest.raises(BadOptions) as refused:
        read(from_json(text))
    assert [fault.name for fault in refused.value.faults] == [name]
    assert about in refused.value.faults[0].detail


@pytest.mark.parametrize("text", ["", "[]", "{", '"mp3"', '{"a": ' * 5000, "\udcff", '{"speed": 1e999}'])
def test_what_is_no_json_object_is_said_to_be_none(text: str) -> None:
    with pytest.raises((ClientException, BadOptions)):
        read(from_json(text.encode(errors="surrogatepass")))


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(BadOptions) as refused:
        options_of(read_query("format=tape&speed=0&start=x"))
    assert {fault.name for fault in refused.value.faults} == {"format", "speed", "start"}


def test_an_unknown_name_and_one_said_twice_are_faults() -> None:
    with pytest.raises(BadOptions) as refused:
        read([("formt", "mp3"), ("speed", "1"), ("speed", "2")])
    assert [fault.name for fault in refused.value.faults] == ["formt", "speed"]


def test_the_request_outweighs_the_preset_and_the_preset_the_setting() -> None:
    setting, preset = {"format": "opus", "quality": "64k", "speed": "2"}, {"quality": "96k"}
    assert options_of({}, preset, setting) == replace(DEFAULT, format=Format.OPUS, quality="96k", speed=2.0)
    assert options_of({"quality": "32k"}, preset, setting).quality == "32k"


def test_a_quality_is_not_inherited_by_another_format() -> None:
    assert options_of({"format": "flac"}, {"quality": "V0"}) == replace(DEFAULT, format=Format.FLAC)
    assert options_of({"format": "mp3"}, {"format": "opus", "quality": "64k"}) == DEFAULT
    assert options_of({"format": "mp3"}, {}, {"quality": "V0"}) == replace(DEFAULT, quality="V0")


@pytest.mark.parametrize(
    ("asked", "preset", "setting", "made"),
    [
        ("", "quality=V0", "format=flac", "format=flac"),
        ("format=opus", "sample_rate=44100&speed=2", "", "format=opus&speed=2"),
        ("format=wav", "cover=keep", "", "format=wav"),
        ("language=de", "track=0", "", "language=de"),
        ("track=0", "language=de", "", "track=0"),
        ("", "language=de", "track=0", "language=de"),
        ("end=4", "fade_in=3&fade_out=3", "", "end=4&fade_out=3"),
        ("end=4", "fade_in=9&fade_out=9&speed=2", "", "end=4&speed=2"),
        ("end=3", "start=5", "", "end=3"),
        ("end=4&fade_out=3", "start=2&fade_in=2", "quality=V0", "end=4&fade_out=3&quality=V0"),
        ("end=3", "start=5&fade_in=4", "", "end=3"),
        (
            "true_peak=-2&language=de",
            "loudness=-16&track=0",
            "",
            "true_peak=-2&language=de&loudness=-16",
        ),
        ("loudness=", "loudness=-16&true_peak=-2", "", ""),
        ("", "speed=99&gone=1&format=tape", "speed=2", "speed=2"),
    ],
)
def test_what_is_inherited_gives_way(asked: str, preset: str, setting: str, made: str) -> None:
    def plain(text: str) -> dict[str, str]:
        return dict(parse_qsl(text, keep_blank_values=True))

    assert options_of(plain(asked), plain(preset), plain(setting)) == options_of(plain(made))


@pytest.mark.parametrize(
    ("asked", "preset", "name"),
    [
        ("sample_rate=44100", "format=opus&speed=2", "sample_rate"),
        ("true_peak=-2", "start=1", "true_peak"),
        ("start=9&end=3", "fade_in=1", "end"),
    ],
)
def test_what_was_asked_for_is_never_dropped(asked: str, preset: str, name: str) -> None:
    with pytest.raises(BadOptions) as refused:
        options_of(read_query(asked), read_query(preset))
    assert [fault.name for fault in refused.value.faults] == [name]


def test_very_many_faults_make_a_short_answer() -> None:
    with pytest.raises(BadOptions, match="and 14980 more") as refused:
        read((f"unknown{n}", "") for n in range(15_000))
    assert (len(refused.value.faults), str(refused.value).count("sample_rate")) == (20, 1)
    assert len(str(refused.value)) < 2000


@pytest.mark.parametrize("asked", ["sample_rate=44100", "cover=keep", "quality=V0"])
def test_a_fault_of_an_inherited_format_says_whose_it_is(asked: str) -> None:
    with pytest.raises(BadOptions, match="the format opus comes from a preset or the server's setting"):
        options_of(read_query(asked), read_query("format=opus"))
    with pytest.raises(BadOptions) as refused:
        options_of(read_query(f"format=opus&{asked}"), read_query("format=opus"))
    assert "comes from" not in str(refused.value)
