"""Options as people write them: one meaning, one canonical text, and a sentence for all others."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.options import Channels, Format
from events.wishes import NAMES, SPANS, TIMES, NotUnderstood, canonical, value


@pytest.mark.parametrize(
    ("name", "text", "meant", "kept"),
    [
        ("start", "90", 90.0, "90"),
        ("start", "1:30", 90.0, "90"),
        ("start", "90:00", 5400.0, "5400"),
        ("start", "0:01:30.5", 90.5, "90.5"),
        ("start", "00:01:30,500", 90.5, "90.5"),
        ("end", "90s", 90.0, "90"),
        ("end", "1m30s", 90.0, "90"),
        ("end", "1 h 2 min 3.5 s", 3723.5, "3723.5"),
        ("fade_in", "300ms", 0.3, "0.3"),
        ("quality", "192K", "192k", "192k"),
        ("quality", "192 kbit/s", "192k", "192k"),
        ("quality", "v2", "V2", "V2"),
        ("quality", "Source", "source", "source"),
        ("format", "MP3", Format.MP3, "mp3"),
        ("format", "aac", Format.M4A, "m4a"),
        ("channels", "1", Channels.MONO, "mono"),
        ("sample_rate", "44.1 kHz", 44100, "44100"),
        ("sample_rate", "44,1 kHz", 44100, "44100"),
        ("speed", "1,25", 1.25, "1.25"),
        ("fade_in", "0,5", 0.5, "0.5"),
        ("sample_rate", "48000Hz", 48000, "48000"),
        ("loudness", "−16 LUFS", -16.0, "-16"),
        ("speed", "1.5x", 1.5, "1.5"),
        ("copy", "No", False, "false"),
        ("partial", "on", True, "true"),
        ("title", " As It Is ", " As It Is ", " As It Is "),
        ("end", "", None, ""),
        ("retain_video", "90", 90.0, "90"),
        ("retain_video", "30 min", 1800.0, "1800"),
        ("retain_audio", "7D", 604_800.0, "604800"),
        ("retain_record", "2w 1d 12h", 1_339_200.0, "1339200"),
        ("retain_record", "", None, ""),
    ],
)
def test_it_is_understood_as_it_is_meant(name: str, text: str, meant: Any, kept: str) -> None:
    assert (value(name, text), canonical(name, text)) == (meant, kept)
    assert type(value(name, text)) is type(meant)


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize(
    "text", ["1:75", "1:60:00", "1:2:3:4", "nan", "inf", "-1", "1..5s", "s", "1s1m", "1:3O", "٣", "9" * 400]
)
def test_what_is_no_time_is_told_what_is(name: str, text: str) -> None:
    with pytest.raises(NotUnderstood, match=r"such as 90, 1:30, 0:01:30.5 or 1m30s, not "):
        value(name, text)


@pytest.mark.parametrize("name", SPANS)
@pytest.mark.parametrize("text", ["for ever", "d", "1d1w", "1..5d", "-1d", "7dd", "nan", "1:75", "2000w"])
def test_what_is_no_length_of_time_is_told_what_is(name: str, text: str) -> None:
    with pytest.raises(NotUnderstood, match=r"such as 90, 30m, 12h, 7d or 2w, not "):
        value(name, text)


@given(st.sampled_from(NAMES), st.text(max_size=80))
def test_any_text_has_one_canonical_form_or_is_told_a_rule(name: str, text: str) -> None:
    try:
        kept = canonical(name, text)
    except NotUnderstood as error:
        told = str(error)
    else:
        assert canonical(name, kept) == kept
        assert value(name, kept) == value(name, text)
        told = "give nothing else"
    assert "give " in told
