"""Writes transcripts: WebVTT, SubRip, and the JSON of podcasts. Pure.

What is written holds no mark-up of anybody's: each character of a cue stands for itself.
"""

import html
from collections.abc import Iterable

import msgspec

from service.transcripts.cues import Cue


def as_webvtt(cues: Iterable[Cue]) -> bytes:
    """Return WebVTT (https://www.w3.org/TR/webvtt1/)."""
    blocks = (f"{_span(each, '.')}\n{_voice(each)}{html.escape(each.text, quote=False)}\n" for each in cues)
    return "\n".join(["WEBVTT\n", *blocks]).encode()


def as_subrip(cues: Iterable[Cue]) -> bytes:
    """Return SubRip. It has no mark for who speaks, so the name stands before the text."""
    blocks = (f"{at}\n{_span(each, ',')}\n{_spoken(each)}\n" for at, each in enumerate(cues, 1))
    return "\n".join(blocks).encode()


def as_json(cues: Iterable[Cue]) -> bytes:
    """Return JSON as podcasts have it (Podcasting 2.0, transcripts): seconds, text and who speaks."""
    segments = [
        {
            **({"speaker": each.voice} if each.voice else {}),
            "startTime": each.start,
            "endTime": each.end,
            "body": each.text,
        }
        for each in cues
    ]
    return msgspec.json.encode({"version": "1.0.0", "segments": segments})


def _span(cue: Cue, point: str) -> str:
    return f"{_clock(cue.start, point)} --> {_clock(cue.end, point)}"


def _clock(seconds: float, point: str) -> str:
    minutes, thousandths = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{thousandths // 1000:02}{point}{thousandths % 1000:03}"


def _voice(cue: Cue) -> str:
    return f"<v {html.escape(cue.voice, quote=False)}>" if cue.voice else ""


def _spoken(cue: Cue) -> str:
    # Some players take what looks like a tag for one. A blank line would end the cue, and there is none.
    text = cue.text.replace("-->", "→")
    return f"{cue.voice}: {text}" if cue.voice else text
