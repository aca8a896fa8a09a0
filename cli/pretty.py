"""Text for people: what may be printed on a terminal, colours, sizes and durations.

Logs, files and answers hold what strangers sent, such as the names of their files. None of their control
characters may reach a terminal.
"""

import re
from typing import TextIO

import msgspec
from rich.console import Console

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BARE = re.compile(r"[^\s\"=\\\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
_WIDE = 10_000
"""Columns of what is no terminal: nothing is wrapped for a file."""


def console_for(stream: TextIO) -> Console:
    """Return a console that shows colour and bars only when the stream is a terminal."""
    terminal = stream.isatty()
    return Console(file=stream, highlight=False, width=None if terminal else _WIDE, no_color=not terminal)


def visible(text: str) -> str:
    """Return the text with U+FFFD in place of each character that cannot be printed, as a table shows it."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def escaped(text: str) -> str:
    r"""Return the text with control characters, and those that turn its direction, as `\u001b`: no loss."""
    return _CONTROL.sub(_escape, text)


def quoted(text: str) -> str:
    """Return the text bare when it can be, otherwise as a JSON string with all control characters escaped."""
    return text if _BARE.fullmatch(text) else escaped(msgspec.json.encode(text).decode())


def painted(text: str, codes: str) -> str:
    """Return the text in the colour of these ANSI codes, such as `1;31`."""
    return f"\x1b[{codes}m{text}\x1b[0m"


def size(count: int) -> str:
    """Return a number of bytes, such as `1.4 MB`."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1e6:.1f} MB" if count >= 1_000_000 else f"{count / 1000:.0f} kB"


def clock(seconds: float) -> str:
    """Return a duration as m:ss."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
