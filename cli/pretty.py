"""Text for people: what may be printed on a terminal, colours, sizes and durations.

Logs, files and answers hold what strangers sent, such as the names of their files. None of their control
characters may reach a terminal.
"""

import contextlib
import json
import os
import re
import sys
import textwrap
from typing import TYPE_CHECKING, TextIO

from events.texts import HARMFUL, harmless

if TYPE_CHECKING:
    from rich.console import Console

_CONTROL = re.compile(f"(?!\t)[{HARMFUL}]")
_BARE = re.compile(rf"[^\s\"=\\{HARMFUL}]+")
_USUAL = 80
"""Columns of a terminal that does not say how wide it is."""
_WIDE = 10_000
"""Columns of what is no terminal: nothing is wrapped for a file."""


def console_for(stream: TextIO) -> "Console":
    """Return a console that shows colour and bars only when the stream is a terminal."""
    from rich.console import Console

    class Pipe(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # the command ends as all do; rich would end it with 1

    terminal = stream.isatty()
    return Pipe(
        file=stream, highlight=False, width=None if terminal else _WIDE, no_color=None if terminal else True
    )


def visible(text: str) -> str:
    """Return the text with U+FFFD in place of each harmful character, as a table shows it."""
    return harmless(text, "\ufffd")


def for_reading(text: str, stream: TextIO) -> str:
    """Return sentences as `visible`, at a terminal wrapped at words: it would break one in its middle.

    What is longer than a line, such as an address, stays whole.
    """
    lines = [visible(line) for line in text.split("\n")]
    if stream.isatty():
        columns = _columns(stream)
        lines = [part for line in lines for part in _wrapped(line, columns)]
    return "\n".join(lines)


def _columns(stream: TextIO) -> int:
    with contextlib.suppress(OSError):
        return os.get_terminal_size(stream.fileno()).columns or _USUAL
    return _USUAL


def _wrapped(line: str, columns: int) -> list[str]:
    if len(line) <= columns:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(
        line,
        columns,
        subsequent_indent=indent,
        replace_whitespace=False,
        break_long_words=False,
        break_on_hyphens=False,
    )


def escaped(text: str) -> str:
    r"""Return the text with harmful characters but tabs as `\u001b`: no loss."""
    return _CONTROL.sub(_escape, text)


def spelled(text: str) -> str:
    r"""Return the text with each character that cannot be printed as `\u200b`, also within JSON: no loss.

    For names that nobody must mistake. Characters that join others are spelled out, too, unlike by `escaped`.
    """
    return "".join(c if c.isprintable() else _units(c) for c in text)


def quoted(text: str) -> str:
    """Return the text bare when it can be, otherwise as a JSON string with all control characters escaped."""
    return text if _BARE.fullmatch(text) else escaped(json.dumps(text, ensure_ascii=False))


def painted(text: str, codes: str) -> str:
    """Return the text in the colour of these ANSI codes, such as `1;31`."""
    return f"\x1b[{codes}m{text}\x1b[0m"


def size(count: int) -> str:
    """Return a number of bytes, such as `1.4 MB`."""
    if count < 1000:
        return f"{count} bytes"
    if count >= 1_000_000_000:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.1f} MB" if count >= 1_000_000 else f"{count / 1000:.0f} kB"


def clock(seconds: float) -> str:
    """Return a duration as m:ss, or from an hour on as h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def write_json(document: bytes) -> None:
    """Print JSON, which is UTF-8 whatever the terminal can show (RFC 8259, 8.1).

    Its harmful characters, which JSON lets be, are written as their escapes: it means the same.
    """
    sys.stdout.flush()
    text = document.decode(errors="replace")
    lines = text.split("\n") if "\n" in text else [text]
    sys.stdout.buffer.write("\n".join(map(escaped, lines)).encode() + b"\n")
    sys.stdout.buffer.flush()


def _escape(match: re.Match[str]) -> str:
    return _units(match[0])


def _units(character: str) -> str:
    """Return the UTF-16 code units of a character, as JSON writes them."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
