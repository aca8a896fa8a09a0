"""Incoming lines: of standard input, pipes, devices. A thread reads each, as only that never blocks us."""

import contextlib
import os
import stat as modes
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

from cli.pretty import visible
from cli.tail.parser import parse_line
from cli.tail.record import Record
from cli.tail.sources.files import Lines
from cli.tail.sources.threads import from_thread

_BLOCK = 64 * 1024


def is_incoming(path: str) -> bool:
    """Return True for standard input, `-`, and for a pipe or a device: what cannot be read twice."""
    if path == "-":
        return True
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False
    return not (modes.S_ISREG(mode) or modes.S_ISDIR(mode))


async def incoming(path: str) -> AsyncIterator[list[Record]]:
    """Yield the records of `path` as they come, until its end; `-` is standard input.

    Plain text is taken for the service of the line before it. A first line without a time has that of its
    coming.
    """
    name = visible(Path(path).name.partition(".")[0])
    service = "stdin" if path == "-" else "pipe" if name.isdecimal() else name  # <(…) is /dev/fd/63
    lines, before = Lines(), datetime.now(UTC)
    async for block in from_thread(lambda: _blocks(path), f"tail {path}"):
        records = []
        for line in lines.feed(block) if block else lines.rest():
            if line.strip("\0"):
                records.append(parse_line(line, service, before))
                before, service = records[-1].time, records[-1].source
        if records:
            yield records


def _blocks(path: str) -> Iterator[bytes]:
    """Yield what can be read, and an empty block at its end. A pipe is opened once it has a writer."""
    with contextlib.suppress(OSError):
        descriptor = 0 if path == "-" else os.open(path, os.O_RDONLY)
        while block := os.read(descriptor, _BLOCK):
            yield block
    yield b""
