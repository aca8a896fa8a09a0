"""What strangers write is shown as they wrote it, but for what does harm."""

import pytest

from cli.pretty import escaped, quoted, visible
from events.texts import harmless, is_seen, one_line
from gateway.http.filenames import cleaned
from workers.converter.conversion.chapters import safe_name
from workers.converter.ffmpeg.dump import clean
from workers.notifier.mail.job_letter import plain_name

MEANT = [
    "می\u200cخواهم بروم",  # a joiner that keeps letters apart
    "👨\u200d👩\u200d👧 family",
    "Donau\u00addampf",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # England's flag
    "שלום\u200f!",
    "« Bon\u202fjour\u00a0»",
    "new \U000323af, private \uf8ff",
]
HARM = ["\x00", "\x1b", "\x7f", "\x9b", "\u2028", "\u202e", "\u2066", "\ud800", "\uffff"]


@pytest.mark.parametrize("text", MEANT)
def test_what_is_meant_comes_through_everywhere(text: str) -> None:
    assert [one_line(text), clean(text), plain_name(text), cleaned(f"{text}.mp4")[:-4]] == [text] * 4
    assert [visible(text), escaped(text), safe_name(text)] == [text] * 3
    assert quoted(text).strip('"') == text


@pytest.mark.parametrize("char", HARM)
def test_what_does_harm_comes_through_nowhere(char: str) -> None:
    text = f"a{char}b"
    for shown in (one_line, clean, plain_name, cleaned, visible, escaped, quoted, safe_name):
        assert char not in shown(text), shown
    assert harmless(text, "") == "ab"


def test_a_name_of_which_nothing_is_seen_is_none() -> None:
    nothing = "\u200b\u200d \u00ad\u2800"
    assert not is_seen(nothing)
    assert (cleaned(nothing), plain_name(nothing), safe_name(nothing)) == ("video", "your video", "Chapter")
