import re

from media import FFMPEG, ffmpeg

from events.options import Format
from workers.converter.ffmpeg.arguments import DECODERS, FORMATS, TEXT_DECODERS, Limits, arguments
from workers.converter.ffmpeg.plan import Plan


def after(option: str) -> list[str]:
    given = arguments(Limits(), 7)
    return [given[at + 1] for at, argument in enumerate(given) if argument == option]


def test_ffmpeg_gets_descriptors_and_knows_no_other_protocol() -> None:
    assert after("-protocol_whitelist") == ["fd"]
    assert after("-fd") == ["0", "1"]
    assert after("-i") == ["fd:"]
    assert arguments(Limits(), 7)[-1] == "fd:"
    opened = [each for each in arguments(Limits(), 7) if re.match(r"[./~]|[a-z]{2,}:", each)]
    assert opened == ["pipe:7", "fd:", "fd:"]


def test_the_whitelists_stand_before_the_input_they_are_for() -> None:
    given = arguments(Limits(), 7)
    for option in ("-protocol_whitelist", "-format_whitelist", "-codec_whitelist", "-max_streams"):
        assert given.index(option) < given.index("-i")


def test_every_decoder_on_the_list_exists_and_is_for_sound() -> None:
    listed = ffmpeg("-hide_banner", "-decoders").decode()
    sound = set(re.findall(r"^ A\S{5} (\S+)", listed, re.MULTILINE))
    assert set(DECODERS.split(",")) - sound == set(), FFMPEG


def test_every_decoder_of_subtitles_exists_and_is_for_text() -> None:
    listed = ffmpeg("-hide_banner", "-decoders").decode()
    known = set(re.findall(r"^ S\S{5} (\S+)", listed, re.MULTILINE))
    pictures = {"dvbsub", "dvdsub", "pgssub", "xsub"}
    assert set(TEXT_DECODERS.split(",")) <= known - pictures, FFMPEG


def test_who_reads_subtitles_decodes_nothing_else_and_gets_descriptors() -> None:
    given = arguments(Limits(output_bytes=1000), 3, Plan(Format.MP3, (), (), texts=(0, 2, 5)))
    assert given[given.index("-codec_whitelist") + 1] == TEXT_DECODERS
    assert [given[at + 1] for at, each in enumerate(given) if each == "-fd"] == ["0", "1", "4", "5"]
    assert [given[at + 1] for at, each in enumerate(given) if each == "-map"] == ["0:s:0", "0:s:2", "0:s:5"]
    assert given.count("-fs") == 3
    assert not set(DECODERS.split(",")) & set(TEXT_DECODERS.split(","))


def test_every_format_on_the_list_exists() -> None:
    listed = ffmpeg("-hide_banner", "-demuxers").decode()
    known = {
        name
        for names in re.findall(r"^ D\S* +(?:d +)?(\S+)", listed, re.MULTILINE)
        for name in names.split(",")
    }
    assert set(FORMATS.split(",")) - known == set()
