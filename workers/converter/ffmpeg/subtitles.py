"""The subtitles of a video that are text: which there are, and what ffmpeg writes of them. Pure.

ffmpeg turns each kind into ASS (https://github.com/libass/libass/wiki/ASS-File-Format-Guide) before it writes
anything else. Its own WebVTT and SubRip lose or invent mark-up where a text has `<` or `&`. So its ASS is
read here: one line for each subtitle, with times of a hundredth of a second.
"""

import re
from collections.abc import Iterator

from events.media import Media, Subtitle
from events.options import Format
from service.transcripts.cues import Cue, clean, in_order
from workers.converter.ffmpeg.plan import Plan

MOST_BYTES = 4 << 20
"""Bytes of one track as ffmpeg writes it. A film has 100 kB."""
MOST_TRACKS = 12
"""Tracks that are read, the first ones: each takes a descriptor."""
_FIELDS = 10
"""Of a dialogue line: layer, start, end, style, name, three margins, effect, text."""
_TIME = re.compile(r"(\d{1,4}):(\d\d):(\d\d)\.(\d\d)")
_OVERRIDE = re.compile(r"\{([^{}]*)\}")
_DRAWING = re.compile(r"\\p(\d)")
_RESTORED = str.maketrans({"\ue000": "{", "\ue001": "}"})
_ENDLESS = 10 * 60.0
"""Seconds: what is longer has no end of its own, and stays for as long as a sentence takes."""
_A_SENTENCE = 5.0


def text_tracks(media: Media) -> tuple[Subtitle, ...]:
    """Return the tracks that are read."""
    return tuple(each for each in media.subtitles if each.text)[:MOST_TRACKS]


def text_plan(media: Media) -> Plan | None:
    """Return the plan that decodes them all, at the times of the file's clock; None when there is none.

    By ffmpeg's own count, a text before the first sound would have no time.
    """
    tracks = tuple(each.index for each in text_tracks(media))
    return Plan(Format.MP3, ("-copyts",), (), texts=tracks) if tracks else None


def read(data: bytes) -> tuple[Cue, ...]:
    """Return what ffmpeg wrote of one track, in order, at the seconds of the file's clock."""
    return in_order(_cues(data.decode(errors="replace")))


def _cues(text: str) -> Iterator[Cue]:
    for line in text.split("\n"):
        if not line.startswith("Dialogue: "):
            continue
        fields = line.removeprefix("Dialogue: ").rstrip("\r").split(",", _FIELDS - 1)
        if len(fields) < _FIELDS:
            continue  # it was cut where the file was full
        start, end, shown = _seconds(fields[1]), _seconds(fields[2]), clean(_plain(fields[-1]))
        if end > start + _ENDLESS:
            end = start + _A_SENTENCE
        if end > start and shown:
            yield Cue(start, end, shown)


def _plain(text: str) -> str:
    """Return a text without its overrides, and without what is drawn between two of them."""
    text = text.replace("\\{", "\ue000").replace("\\}", "\ue001")
    said, drawing = [], False
    for at, piece in enumerate(_OVERRIDE.split(text)):
        if at % 2 == 0:
            said.append("" if drawing else piece)
        elif marks := _DRAWING.findall(piece):
            drawing = marks[-1] != "0"
    plain = "".join(said).replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
    return plain.translate(_RESTORED)


def _seconds(time: str) -> float:
    if not (match := _TIME.fullmatch(time)):
        return 0.0
    hours, minutes, seconds, hundredths = map(int, match.groups())
    return round(hours * 3600 + minutes * 60 + seconds + hundredths / 100, 2)
