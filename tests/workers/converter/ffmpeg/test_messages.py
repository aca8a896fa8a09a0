from math import isfinite

from hypothesis import example, given
from hypothesis import strategies as st

from workers.converter.ffmpeg.dump import read
from workers.converter.ffmpeg.messages import TAIL, Findings, Mark, Messages, ProgressReader

WORDS = b"""[h264 @ 0x1] Codec (h264) not on whitelist 'aac'
Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'fd:':
  Metadata:
    title           : Duration: 09:09:09.09, start
  Duration: 01:02:03.50, start: 0.000000, bitrate: 317 kb/s
  Stream #0:0[0x1](und): Video: h264 (avc1 / 0x31637661), none, 160x120 (default)
  Stream #0:1[0x2](und): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, mono (default)
  Stream #0:2[0x3](und): Audio: ac3 (ac-3 / 0x332D6361), 48000 Hz, 5.1 (default)
"""
PROGRESS = (
    b"out_time_us=N/A\nspeed=N/A\nprogress=continue\nout_time_us=1500000\nspeed= 180x\nprogress=continue\n"
    b"out_time_us=4000000\nspeed=1.5e+02x\nprogress=end\n"
)

cuts = st.lists(st.integers(0, len(WORDS)), max_size=8).map(sorted)


def pieces(data: bytes, at: list[int]) -> list[bytes]:
    return [data[a:b] for a, b in zip([0, *at], [*at, len(data)], strict=True)]


@given(cuts)
def test_words_are_understood_however_they_are_cut(at: list[int]) -> None:
    messages = Messages()
    for piece in pieces(WORDS, at):
        messages.feed(piece)
    assert messages.findings() == Findings(
        length=3723.5, codec="aac", tail=WORDS.decode(), media=read(WORDS.decode())
    )


@given(cuts)
def test_progress_is_understood_however_it_is_cut(at: list[int]) -> None:
    reader = ProgressReader()
    marks = [mark for piece in pieces(PROGRESS, at) for mark in reader.feed(piece)]
    assert marks == [Mark(0.0, None), Mark(1.5, 180.0), Mark(4.0, 150.0)]
    assert reader.seconds == 4.0


@given(st.binary() | st.text(" .=xe+-0123456789\n").map(str.encode), st.integers(0, len(PROGRESS)))
@example(b".", PROGRESS.index(b".5e"))
@example(b"9" * 5000, PROGRESS.index(b"1500000"))
@example(b"9" * 400, PROGRESS.index(b"180x"))
@example(b"9" * 400, PROGRESS.index(b"02x"))
def test_no_progress_whatever_breaks_the_reader(data: bytes, at: int) -> None:
    reader = ProgressReader()
    marks = reader.feed(PROGRESS[:at] + data + PROGRESS[at:])
    assert all(isfinite(mark.seconds) and isfinite(mark.speed or 0) for mark in marks)


@given(st.binary() | st.text(" .:,0123456789\n").map(str.encode), st.integers(0, len(WORDS)))
@example(b"9" * 4000, WORDS.index(b"01:02:03"))
def test_no_words_whatever_break_the_reader_of_messages(data: bytes, at: int) -> None:
    messages = Messages()
    messages.feed(WORDS[:at] + data + WORDS[at:])
    assert isfinite(messages.length or 0)


def test_a_line_without_end_is_not_kept() -> None:
    messages = Messages()
    for _ in range(100):
        messages.feed(b"x" * TAIL)
    messages.feed(b"\n" + WORDS)
    findings = messages.findings()
    assert len(findings.tail) == TAIL
    assert findings.codec == "aac"


def test_an_unknown_length_is_none() -> None:
    messages = Messages()
    messages.feed(b"  Duration: N/A, start: 0.000000, bitrate: N/A\n")
    assert messages.findings().length is None


def test_complaints_are_counted_also_when_their_words_are_gone_and_a_title_is_none() -> None:
    messages = Messages()
    complaint = "[dec:aac @ 0x1] Error submitting packet to decoder: Invalid data\n"
    messages.feed(f"    title           : {complaint}".encode())
    for _ in range(2000):
        messages.feed(complaint.encode())
    messages.feed(b"[flv @ 0x1] Packet mismatch 1 2 3\n")
    findings = messages.findings()
    assert findings.tail.count(complaint) < 2000
    assert (findings.undecoded, findings.broken) == (2000, 1)
