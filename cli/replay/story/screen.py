"""The status that a terminal shows below the story: where it is, and the keys. Elsewhere there is none."""

import os
import sys
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from rich.cells import cell_len, set_cell_size

from cli.replay.story.lines import elapsed
from cli.replay.story.pace import Playback
from cli.streams.remarks import say

_KEYS = ("space pauses", "+ - speed", "n next", "q ends")
_CLEAR = "\r\x1b[K"
_NEEDLE = 24
"""Characters of the line on which the needle moves."""


class Span(Struct, frozen=True):
    """The time of the story's first event, and of its last one as far as it is known."""

    first: datetime
    last: datetime | None = None


class Screen:
    """Standard output: lines of the story, and below them one of ours, if it is a terminal."""

    def __init__(self) -> None:
        self._drawn = False
        self.is_terminal = sys.stdout.isatty()
        self._fine = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"

    def write(self, line: bytes) -> None:
        """Write a line of the story. Raises BrokenPipeError."""
        self.clear()
        sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()

    def say(self, text: str) -> None:
        """Write a remark on standard error, which may be the same terminal."""
        self.clear()
        say(text)

    def draw(self, playback: Playback, span: Span, now: float) -> None:
        """Draw our line anew."""
        if self.is_terminal:
            text = _fitting(status(playback, span, now, fine=self._fine), _width())
            sys.stdout.write(f"{_CLEAR}\x1b[2m{text}\x1b[0m")
            sys.stdout.flush()
            self._drawn = True

    def clear(self) -> None:
        """Take our line away."""
        if self._drawn:
            sys.stdout.write(_CLEAR)
            sys.stdout.flush()
            self._drawn = False


def status(playback: Playback, span: Span, now: float, *, fine: bool) -> list[str]:
    """Return where the story is: `0:12.3 of 1:40.0`, `10x`, `──●────`, and the keys. `fine`: beyond ASCII."""
    place = max(0.0, (playback.place(now) - span.first).total_seconds())
    whole = (span.last - span.first).total_seconds() if span.last else 0.0
    parts = [
        elapsed(place) + (f" of {elapsed(whole)}" if span.last else ""),
        f"{playback.pace.speed:g}x",
        *(["paused"] if playback.paused else []),
    ]
    if whole > 0:
        at = round(min(1.0, place / whole) * (_NEEDLE - 1))
        line, needle = ("─", "●") if fine else ("-", "o")
        parts.append(line * at + needle + line * (_NEEDLE - 1 - at))
    return [*parts, *_KEYS]


def _fitting(parts: Sequence[str], width: int) -> str:
    """Return as many of the parts as there is room for."""
    text = parts[0]
    for part in parts[1:]:
        if cell_len(text) + 2 + cell_len(part) > width:
            break
        text += f"  {part}"
    return text if cell_len(text) <= width else set_cell_size(text, width)


def _width() -> int:
    try:
        return max(10, os.get_terminal_size(sys.stdout.fileno()).columns - 1)
    except OSError:
        return 79
