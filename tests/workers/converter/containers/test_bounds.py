"""What the converter itself makes of a stranger's file is bounded: by calls that are counted, and by bytes.

The parsers run beside all other work of the process, and outside the cage. `just fuzz-media` tries the same
on files of many megabytes, with the time and the memory of a process.
"""

import os
import sys
import tracemalloc
from collections.abc import Callable
from io import BytesIO

import pytest
from bombs import BOMBS, SEGMENT, box, element
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.converter.containers import ebml
from workers.converter.containers.sample_table import needed_ranges
from workers.converter.ffmpeg.dump import Dump
from workers.converter.ffmpeg.messages import Messages, ProgressReader
from workers.converter.source.source import outline

GRAIN = 255 * 1024
MB = 1 << 20


def calls_of(do: Callable[[], object]) -> int:
    """Count the calls of Python's functions and C's."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        do()
    finally:
        sys.setprofile(before)
    return calls


def peak_of(do: Callable[[], object]) -> int:
    """Return the most bytes that were held meanwhile."""
    tracemalloc.start()
    try:
        do()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def look(content: bytes) -> None:
    """Read as the converter does before it starts ffmpeg, also what it reads of large files only."""
    file = BytesIO(content)
    outline(file, len(content), grain=GRAIN)
    needed_ranges(file, len(content), grain=512)
    if content[:4] == ebml.MAGIC:
        ebml.late(file, len(content))


def most_calls(size: int) -> int:
    """In proportion to the file, and no more than some seconds' work; `look` walks over it twice."""
    return min(3000 + 12 * size, 12_000_000)


@pytest.mark.parametrize("size", [64 * 1024, pytest.param(4 * MB, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", BOMBS)
def test_no_bomb_takes_more_work_than_a_file_of_its_size(name: str, size: int):
    content = BOMBS[name](size)
    assert calls_of(lambda: look(content)) < most_calls(len(content))


@pytest.mark.parametrize(
    ("name", "size"), [("chapters' tracks", 16 * MB), ("chunks", 4 * MB - 4096), ("wide chunks", 16 * MB)]
)
def test_no_table_becomes_a_multiple_of_itself(name: str, size: int):
    content = BOMBS[name](size)
    assert peak_of(lambda: look(content)) < 2 * len(content) + 100 * MB


@pytest.mark.parametrize("name", ["chapters' tracks", "handlers", "tracks"])
def test_more_of_a_kind_than_any_file_has_is_answered_with_the_whole_file(name: str):
    content = BOMBS[name](64 * 1024)
    assert needed_ranges(BytesIO(content), len(content), grain=512) is None


_KINDS = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"tref", b"moof", b"traf"]
_LEAVES = [b"chap", b"hdlr", b"stco", b"co64", b"stsd", b"tkhd", b"tfhd", b"trun", b"free", b"mdat", b"cmov"]
_BOXES = st.recursive(
    st.builds(box, st.sampled_from(_LEAVES), st.binary(max_size=40)),
    lambda inner: st.builds(
        lambda kind, bodies, times: box(kind, b"".join(bodies)) * times,
        st.sampled_from(_KINDS),
        st.lists(inner, max_size=4),
        st.sampled_from([1, 1, 2, 50]),
    ),
    max_leaves=12,
).map(lambda body: box(b"ftyp", b"isom\0\0\2\0") + body * 3)
_IDS = [0x114D9B74, 0x4DBB, 0x1549A966, 0x1254C367, 0x1654AE6B, 0xAE, 0x6D80, 0x6240, 0xEC]
_LEAF_IDS = [0x53AB, 0x53AC, 0x83, 0x5035, 0xEC, 0x1F43B675]
_ELEMENTS = st.recursive(
    st.builds(element, st.sampled_from(_LEAF_IDS), st.binary(max_size=9)),
    lambda inner: st.builds(
        lambda id_, bodies, times: element(id_, b"".join(bodies)) * times,
        st.sampled_from(_IDS),
        st.lists(inner, max_size=4),
        st.sampled_from([1, 1, 2, 50]),
    ),
    max_leaves=12,
).map(lambda body: SEGMENT + body * 3)


@given(st.one_of(_BOXES, _ELEMENTS))
@settings(max_examples=60)
def test_the_work_grows_no_faster_than_the_file(content: bytes):
    content = content[:MB]
    assert calls_of(lambda: look(content)) < most_calls(len(content))
    assert peak_of(lambda: look(content)) < MB + 20 * len(content)


N = 400_000
HARD = [
    *(piece * (N // len(piece)) for piece in ("(", " (", " ", "1", ": ", ", 1")),
    *(" (" + piece * (N // len(piece)) for piece in ("a", "(a)", "1", "a ", " ")),
    *(piece * (N // len(piece)) for piece in (", x (", ", 1 Hz", "a: b", "():")),
]
PLACES = [
    *("  Stream #0:0(eng): Audio: aac", "  Stream #0:1(eng): Video: h264", "  Stream #0:2("),
    *("  Duration: 00:00:01.00", "    Chapter #0:0: start ", "    title", "[mov @ 0x1] "),
]


@pytest.mark.parametrize("place", PLACES)
def test_words_that_are_hard_to_read_are_read_at_once(place: str):
    """In quadratic time one of these lines takes many minutes, and pytest's own clock would end it."""
    for words in HARD:
        dump = Dump()
        dump.feed("Input #0, mov, from 'fd:':")
        dump.feed("  Metadata:")
        dump.feed(place + words)
        assert dump.media


def test_what_a_file_holds_is_found_behind_megabytes_of_complaints():
    transcript, complaint = Messages(), b"[mov @ 0x1] Packet corrupt\n" * 2000
    while transcript.findings().broken < 1_000_000 and transcript.findings().length is None:
        before = transcript.findings().broken
        transcript.feed(complaint)
        if transcript.findings().broken == before:  # it has had enough of them
            transcript.feed(b"Input #0, mov, from 'fd:':\n  Duration: 00:00:01.00, start: 0\n")
            transcript.feed(b"  Stream #0:0: Audio: aac, 44100 Hz, mono\n")
    found = transcript.findings()
    assert (found.length, found.codec, found.media is not None) == (1.0, "aac", True)
    assert found.broken < 1_000_000


def test_neither_messages_nor_progress_without_an_end_fill_the_memory():
    transcript, progress, piece = Messages(), ProgressReader(), os.urandom(64 * 1024).replace(b"\n", b"=")

    def feed() -> None:
        for number in range(400):
            transcript.feed(piece)
            progress.feed(piece)
            transcript.feed(b"[a @ 0x1] %d\n" % number)
        for number in range(400):
            progress.feed(b"\nkey%d=" % number + piece)

    assert peak_of(feed) < 2 * MB
    assert len(transcript.findings().tail) <= 3 * 64 * 1024
