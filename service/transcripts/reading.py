"""Reads WebVTT (https://www.w3.org/TR/webvtt1/) and SubRip, whoever wrote them. Pure.

webvtt-py reads both in a time that grows with the file: a megabyte of anything takes two seconds at most. So
a thread of its own is the place for it.
"""

import html
import re
from collections.abc import Iterator

import webvtt
from webvtt.errors import MalformedCaptionError, MalformedFileError

from events.errors import TonearmError
from service.transcripts.cues import MOST_CUES, Cue, clean, clean_voice, in_order

MOST_BYTES = 1 << 20
"""Bytes of a file: ten hours of talk."""
MOST_STORED = 16 * MOST_BYTES
"""Bytes of what we have written ourselves: it escapes some characters, and is bounded by its text."""
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
"""A note on position or style, which SubRip files have from elsewhere."""
_NO_STYLE = re.compile(r"<(?!/?(?:b|i|u|s|font)\b)", re.IGNORECASE)
"""SubRip knows these tags alone: any other `<` is a character of the text."""
_LESS = "\ufdd0"
"""Stands for it while the text is read. Unicode keeps it for such uses, and for no text."""
_NUMBER = re.compile(r"&#[0-9]{20,};?")
"""A character's number that none has. Python refuses to read thousands of digits."""
_TIME = re.compile(r"(\d{1,4}):(\d\d):(\d\d)\.(\d{3})")


class NotATranscript(TonearmError):
    """A file that is neither WebVTT nor SubRip, or has no words; the text names what is wrong with it."""


def read(data: bytes, *, most: int = MOST_BYTES) -> tuple[Cue, ...]:
    """Return the cues of a file, in order, at least one. Raises NotATranscript."""
    if len(data) > most:
        raise NotATranscript(f"a transcript has {most:,} bytes at most")
    text = _decoded(data)
    kind = "vtt" if text.startswith("WEBVTT") else "srt"
    if kind == "srt":
        text = _NO_STYLE.sub(_LESS, text)
    try:
        captions = webvtt.from_buffer(text.strip("\n").split("\n"), format=kind).captions
    except (MalformedFileError, MalformedCaptionError):
        raise NotATranscript(
            "this is neither WebVTT, which begins with the line WEBVTT, nor SubRip, which begins with a"
            " number and a line such as 00:00:01,000 --> 00:00:02,500"
        ) from None
    if len(captions) > MOST_CUES:
        raise NotATranscript(
            f"a transcript has {MOST_CUES:,} cues at most, and this one has {len(captions):,}"
        )
    cues = in_order(_cues(captions, kind))
    if not cues:
        raise NotATranscript("no cue in it has a text that is heard for a while")
    return cues


def _decoded(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    except UnicodeDecodeError:
        raise NotATranscript("its letters are not in UTF-8; save it as UTF-8") from None


def _cues(captions: list[webvtt.Caption], kind: str) -> Iterator[Cue]:
    for each in captions:
        text = _unescaped(each.text) if kind == "vtt" else _OVERRIDE.sub("", each.text).replace(_LESS, "<")
        start, end, shown = _seconds(each.start), _seconds(each.end), clean(text)
        if end > start and shown:
            yield Cue(start, end, shown, clean_voice(_unescaped(each.voice or "")))


def _unescaped(text: str) -> str:
    return html.unescape(_NUMBER.sub("\ufffd", text))


def _seconds(time: str) -> float:
    """Return a time in seconds; 0 for one that no recording has, so that its cue is left out."""
    if not (match := _TIME.fullmatch(time)):
        return 0.0
    hours, minutes, seconds, thousandths = map(int, match.groups())
    return round(hours * 3600 + minutes * 60 + seconds + thousandths / 1000, 3)
