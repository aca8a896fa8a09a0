"""File names, cursors and keys: what comes from a client is checked or cleaned."""

from time import process_time
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from events.ids import new_id
from gateway.errors import BadKey, BadParameters
from gateway.http import sse
from gateway.http.filenames import LONGEST, attachment, audio_name, cleaned
from gateway.jobs import cursors
from gateway.uploads.idempotency import read_key


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("a.mp4", "a.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Videos\\a b.mp4", "a b.mp4"),
        ("evil\u202egnp.mp4\x00\n", "evilgnp.mp4"),
        ("", "video"),
        ("..", "video"),
        ("/", "video"),
        ("e\u0301.mp4", "é.mp4"),
    ],
)
def test_a_name_is_cleaned(raw: str, clean: str) -> None:
    assert cleaned(raw) == clean


@given(st.text(max_size=400))
@example(". 0")
@example("e\u200b\u0301")
@example("a" * 254 + " b")
@example(" . . ")
def test_a_clean_name_stays_clean_and_short(raw: str) -> None:
    name = cleaned(raw)
    assert name
    assert len(name.encode()) <= LONGEST
    assert "/" not in name
    assert cleaned(name) == name
    assert len(audio_name(name, "mp3").encode()) <= LONGEST
    header = attachment(audio_name(name, "mp3"))
    assert header.isascii()
    assert "\n" not in header
    assert unquote(header.partition("filename*=UTF-8''")[2]) == audio_name(name, "mp3")


def test_a_name_of_combining_marks_takes_no_longer() -> None:
    began = process_time()
    name = cleaned("a" + "\u0315\u0300" * 30_000 + ".mp4")
    assert process_time() - began < 0.1
    assert name.endswith(".mp4")


def test_the_audio_is_named_after_the_video() -> None:
    assert audio_name("a.b.mp4", "mp3") == "a.b.mp3"
    assert audio_name("noext", "mp3") == "noext.mp3"
    assert audio_name("TALK.MTS", "mp3") == "TALK.mp3"


@pytest.mark.parametrize("name", ["Episode 1. The End", "Lecture 1.2", "Mr.Bean", "S01.E02", "2026.11.29"])
def test_a_title_is_not_cut_at_its_dot(name: str) -> None:
    assert audio_name(name, "mp3") == f"{name}.mp3"
    assert audio_name(f"{name}.mp4", "mp3") == f"{name}.mp3"


@given(st.text(max_size=60))
def test_a_cursor_is_ours_or_refused(text: str) -> None:
    job_id = new_id()
    assert cursors.decode(cursors.encode(job_id)) == job_id
    with pytest.raises(BadParameters):
        cursors.decode(text)


@pytest.mark.parametrize("changed", ["", "A", "=", "\n"])
def test_a_changed_cursor_is_refused(changed: str) -> None:
    cursor = cursors.encode(new_id())
    with pytest.raises(BadParameters):
        cursors.decode(cursor[:-1] + changed)


def test_a_key_may_be_quoted_or_bare() -> None:
    assert read_key(None) is None
    assert read_key('"a b"') == read_key("a b") == "a b"
    for bad in ("", '""', "é", "x" * 256, "a\x00b"):
        with pytest.raises(BadKey):
            read_key(bad)


def test_a_last_event_id_that_is_no_offset_counts_as_none() -> None:
    assert sse.last_event_id("17") == 17
    for other in (None, "", "-1", "٣", "1.5", "9" * 40):
        assert sse.last_event_id(other) is None
