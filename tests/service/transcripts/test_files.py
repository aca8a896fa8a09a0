"""WebVTT and SubRip, read and written."""

import json
import math
import time

import pytest
import webvtt as other
from hypothesis import given
from hypothesis import strategies as st

from service.transcripts.cues import LONGEST_CUE, MOST_CUES, Cue, as_searched, clean, moved, searchable
from service.transcripts.reading import MOST_BYTES, NotATranscript, read
from service.transcripts.writing import as_json, as_subrip, as_webvtt

WEBVTT = """\ufeffWEBVTT - a title
Kind: captions

STYLE
::cue { color: red }

NOTE 00:00.000 --> 00:01.000
a note

REGION
id:fred

first
00:01.000 --> 00:02.500 align:start position:10%
<v.loud Roger Bingham>We are &amp; <i>in</i> &lt;New&gt;&nbsp;York
<c.yellow>City</c>

100:00:03.000 --> 100:00:04.000
late

00:00:03.000 --> 00:00:02.000
backwards

00:00:05.000 --> 00:00:06.000

00:00:07.000 --> 00:00:08.000
early \x1b[31m\u202ered
"""

SUBRIP = """1\r
00:00:01,000 --> 00:00:02,000\r
<i>Hello</i> {\\an8}there & <font color="red">you</font>\r
\r
7
00:00:00,500 --> 00:00:04,000 X1:1 X2:2
A < B, its <needle> and </B>its <br>

2024
00:00:05.500 --> 00:00:06,250
2024
was a year"""


def test_webvtt_is_read_as_its_standard_says():
    assert read(WEBVTT.encode()) == (
        Cue(1.0, 2.5, "We are & in <New> York\nCity", "Roger Bingham"),
        Cue(7.0, 8.0, "early [31m red"),
        Cue(360003.0, 360004.0, "late"),
    )


def test_a_character_of_endless_number_is_none():
    number = "&#" + "9" * 5000
    file = f"WEBVTT\n\n00:01.000 --> 00:02.000\n<v {number}; Ada>a{number};b\n"
    assert read(file.encode()) == (Cue(1.0, 2.0, "a\ufffdb", "\ufffd Ada"),)


def test_subrip_is_read_as_it_is_found():
    assert read(SUBRIP.encode()) == (
        Cue(0.5, 4.0, "A < B, its <needle> and its <br>"),
        Cue(1.0, 2.0, "Hello there & you"),
        Cue(5.5, 6.25, "2024\nwas a year"),
    )
    assert read(SUBRIP.encode("utf-16")) == read(SUBRIP.encode())


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "neither WebVTT"),
        (b"\x00\x00\x00\x20ftypisom", "neither WebVTT"),
        (b"WEBVTT", "no cue"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\n \xe2\x80\x8b \n", "no cue"),
        (b"1\n00:00:01,000 --> 00:00:02,000\nGr\xfc\xdfe\n", "UTF-8"),
        (b"{" * (MOST_BYTES + 1), "1,048,576 bytes at most"),
        (b"WEBVTT\n\n" + b"00:01.000 --> 00:02.000\na\n\n" * (MOST_CUES + 1), "10,000 cues at most"),
    ],
)
def test_what_is_no_transcript_is_refused_with_a_reason(data: bytes, says: str):
    with pytest.raises(NotATranscript, match=says):
        read(data)


_CUE = b"1\n00:00:01,000 --> 00:00:02,000\n"


@pytest.mark.parametrize("vtt", [True, False])
@pytest.mark.parametrize(
    "unit",
    [b"\n", b"1\n", b"<", b"<v ", b"-->", b"&", b"{\\", b" ", _CUE, _CUE + b"a\n\n", b"\xe2\x80\xa8", b"00:"],
)
def test_no_file_takes_longer_than_its_bytes_explain(unit: bytes, vtt: bool):
    size = MOST_BYTES // 4
    data = (b"WEBVTT\n\n" if vtt else b"") + _CUE + unit * (size // len(unit))
    began = time.process_time()
    try:
        found = read(data)
    except NotATranscript:
        found = ()
    assert time.process_time() - began < 10, "a quarter of the largest file takes half a second"
    assert all(len(each.text) <= LONGEST_CUE for each in found)


_TEXT = st.text(max_size=60).map(clean).filter(bool)
_TIMES = st.integers(0, 36_000_000)
_CUES = st.lists(
    st.builds(
        lambda start, length, text, voice: Cue(start / 1000, (start + length) / 1000, text, voice),
        _TIMES,
        st.integers(1, 10_000),
        _TEXT,
        st.just("") | st.sampled_from(["Ada", "<b>A & B</b>", "O'Neil"]),
    ),
    min_size=1,
    max_size=8,
)


@given(_CUES)
def test_what_is_written_as_webvtt_reads_the_same(cues: list[Cue]):
    written = as_webvtt(cues)
    assert sorted(read(written), key=str) == sorted(set(cues), key=str)


@given(_CUES)
def test_no_text_adds_a_cue_or_a_tag_to_what_is_written(cues: list[Cue]):
    assert len(other.from_string(as_webvtt(cues).decode()).captions) == len(cues)
    lines = as_subrip(cues).decode().split("\n")
    assert sum("-->" in line for line in lines) == len(cues)
    assert sum(not line for line in lines) == len(cues), "one behind each cue"


def test_subrip_and_json_name_who_speaks():
    cues = [Cue(3661.5, 3662.0, "a --> b", "Ada"), Cue(3663.0, 3664.0, "c")]
    assert as_subrip(cues).decode() == (
        "1\n01:01:01,500 --> 01:01:02,000\nAda: a → b\n\n2\n01:01:03,000 --> 01:01:04,000\nc\n"
    )
    assert json.loads(as_json(cues)) == {
        "version": "1.0.0",
        "segments": [
            {"speaker": "Ada", "startTime": 3661.5, "endTime": 3662.0, "body": "a --> b"},
            {"startTime": 3663.0, "endTime": 3664.0, "body": "c"},
        ],
    }


def test_cues_move_into_the_time_of_a_cut_that_plays_twice_as_fast():
    def heard(second: float) -> float:
        return min(max((second - 10) / 2, 0.0), 5.0)

    cues = [
        Cue(0, 9, "before"),
        Cue(9, 12, "begins before"),
        Cue(12, 14, "inside"),
        Cue(18, 30, "ends behind"),
        Cue(20.02, 30, "behind"),
        Cue(12, 14, "inside"),
    ]
    assert moved(cues, heard) == (
        Cue(0.0, 1.0, "begins before"),
        Cue(1.0, 2.0, "inside"),
        Cue(4.0, 5.0, "ends behind"),
    )


@given(_CUES, st.floats(0, 10), st.floats(0.5, 4), st.floats(0.1, 100))
def test_moved_cues_are_inside_the_recording_and_in_order(
    cues: list[Cue], start: float, speed: float, length: float
):
    result = moved(cues, lambda second: min(max((second - start) / speed, 0.0), length))
    assert all(0 <= each.start < each.end <= length + 0.001 for each in result)
    assert list(result) == sorted(result, key=lambda each: (each.start, each.end))
    assert moved(cues, lambda second: math.pi) == ()


def test_a_sentence_is_found_across_cues_whatever_its_case():
    cues = [Cue(0, 1, "Die GRO\u00dfE\nStra\u00dfe"), Cue(1, 2, "cafe\u0301 noir")]
    assert as_searched("strasse CAF\u00c9  ") in searchable(cues)
