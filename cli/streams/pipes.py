"""Standard output whose reader goes away, as in `tonearm … | head`, or that cannot show every letter."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO


def drop_output() -> None:
    """Throw away what is still to be written, as nobody reads it: Python would flush again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def stand_in() -> None:
    """Put the null device where a standard stream is closed (`>&-`): else a file would get its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            with contextlib.suppress(OSError):
                os.close(number)
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115


def encode_anything(*streams: TextIO) -> None:
    """Let letters that a terminal cannot show, as an ASCII one, come out as `?`: they end no command."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def unbreakable(stream: TextIO) -> TextIO:
    """Return the stream for a command that changes something: it ends its work although nobody reads it."""
    raw = io.BufferedWriter(_Unbreakable(stream))
    return io.TextIOWrapper(raw, encoding=stream.encoding, errors=stream.errors, line_buffering=True)


@contextlib.contextmanager
def going_on_unread() -> Iterator[None]:
    """Make standard output and error unbreakable for a block, if they are files of this machine's."""
    before = sys.stdout, sys.stderr
    try:
        sys.stdout, sys.stderr = unbreakable(sys.stdout), unbreakable(sys.stderr)
    except io.UnsupportedOperation:  # they were put there by a program
        sys.stdout, sys.stderr = before
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


class _Unbreakable(io.RawIOBase):
    def __init__(self, like: TextIO) -> None:
        self._descriptor = like.fileno()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: Any) -> int:
        try:
            return os.write(self._descriptor, data)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._descriptor)
            return len(data)
