"""Following files without help from the kernel: look ten times a second, read only what is new.

A file is its identity (device, inode), not its name. So a rotated file is read to its end under its
new name, never again from its start. The file under the old name is a new one. A file that
shrank was truncated and is read from its start. One blind spot, as in every `tail`: a file truncated
and grown past its old length between two looks. A compressed file is unpacked once, as it is then.
"""

import asyncio
import glob
import os
import stat as modes
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import RawIOBase
from itertools import chain
from pathlib import Path

from cli.pretty import visible
from cli.tail.parser import own_time, parse_line
from cli.tail.record import Record
from cli.tail.sources.packed import unpacked

BLOCK = 256 * 1024
"""Bytes read at once."""

MAX_LINE = 1024 * 1024
"""Bytes of the longest line kept whole; a longer one comes in pieces."""

Identity = tuple[int, int]


class Lines:
    """Whole lines out of blocks of bytes."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._held = 0

    def feed(self, block: bytes) -> list[str]:
        """Take a block and return the lines that it completes."""
        *whole, rest = block.split(b"\n")
        lines = []
        if whole:
            lines = [b"".join([*self._rest, whole[0]]), *whole[1:]]
            self._rest, self._held = [], 0
        if rest:
            self._rest.append(rest)
            self._held += len(rest)
        if self._held >= MAX_LINE:
            lines.append(b"".join(self._rest))
            self._rest, self._held = [], 0
        return [_text(line) for line in lines]

    def rest(self) -> list[str]:
        """Return the last line, which no newline ended, if there is one."""
        line = b"".join(self._rest)
        self._rest, self._held = [], 0
        return [_text(line)] if line else []


class LogFile:
    """One open file, read forward, in whole lines.

    Lines before the first one with a time have that time; without any, the file's own.
    """

    def __init__(self, path: Path) -> None:
        """Open the file. Raises OSError."""
        self.service = visible(path.name.partition(".")[0])
        packed = path.open("rb", buffering=0)
        stat = os.fstat(packed.fileno())
        self._file = unpacked(packed)
        self.identity: Identity = (stat.st_dev, stat.st_ino)
        self._lines = Lines()
        self._position = 0
        self._opened = datetime.fromtimestamp(stat.st_mtime, UTC)
        self._before: datetime | None = None

    @property
    def size(self) -> int:
        """Bytes in the file now."""
        return self._file.seek(0, 2)

    def read(self, end: int | None = None) -> list[Record] | None:
        """Return the records of the next block, up to the position `end`; None when nothing is new."""
        records: list[Record] = []
        if self.size < self._position:
            records = self.rest()
            self._position = 0
        self._file.seek(self._position)
        wanted = BLOCK if end is None else min(BLOCK, end - self._position)
        block = self._file.read(wanted) if wanted > 0 else b""
        self._position += len(block)
        return [*records, *self._parsed(self._lines.feed(block))] if block or records else None

    async def skip_to_last(self, count: int, keep: Callable[[Record], bool]) -> None:
        """Begin so that `count` whole lines that `keep` holds for are left, or all if there are fewer.

        Searches from the end and lets others run between blocks.
        """
        lines = backwards(self._file, self.size)
        self._position, _unfinished = next(lines)
        for number, (position, line) in enumerate(lines):
            if count <= 0:
                return
            if line and keep(parse_line(_text(line), self.service, self._opened)):
                count -= 1
                self._position = position
            if number % 1000 == 0:
                await asyncio.sleep(0)
        if count > 0:
            self._position = 0

    def rest(self) -> list[Record]:
        """Return the last line although no newline ended it: nothing more will come."""
        return self._parsed(self._lines.rest())

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def _parsed(self, lines: list[str]) -> list[Record]:
        records = []
        for line in lines:
            if not line.strip("\0"):  # a file that is cut while it is written begins with a hole
                continue
            if self._before is None:
                self._before = next((time for text in lines if (time := own_time(text))), self._opened)
            records.append(parse_line(line, self.service, self._before))
            self._before = records[-1].time
        return records


def backwards(file: RawIOBase, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that end before `end` with their positions, the last one first, in bounded memory.

    First comes what stands after the last newline, often nothing. A line of more than MAX_LINE comes in
    pieces.
    """
    position, tail = end, b""
    while position > 0:
        step = min(BLOCK, position)
        position -= step
        file.seek(position)
        head, *lines = ((file.read(step) or b"") + tail).split(b"\n")
        start = position + len(head) + 1 + sum(len(line) + 1 for line in lines)
        for line in reversed(lines):
            start -= len(line) + 1
            yield start, line
        tail = head
        if len(tail) >= MAX_LINE:
            yield position, tail
            tail = b""
    yield 0, tail


class Watch:
    """The files that some patterns name, as they appear, are rotated and go."""

    def __init__(self, patterns: list[str]) -> None:
        self._patterns = patterns
        self.files: dict[Identity, LogFile] = {}
        self._leaving: dict[Identity, int] = {}

    def look(self) -> list[LogFile]:
        """Open the files not seen before and return them."""
        new, present = [], set()
        for path in chain.from_iterable(map(paths_of, self._patterns)):
            try:
                present.add(known := identity(path))
                if known not in self.files:
                    opened = LogFile(path)
                    self.files[opened.identity] = opened
                    present.add(opened.identity)
                    new.append(opened)
            except OSError:
                continue  # gone again since it was listed, or not ours to read: look again next time
        self._leaving = {
            known: self._leaving.get(known, 0) + 1 for known in self.files if known not in present
        }
        return new

    def leave(self, looks: int) -> list[tuple[LogFile, list[Record]]]:
        """Close the files no longer named for so many looks; return them with their last records.

        The wait is for writers that still hold a file that was rotated away.
        """
        gone = []
        for known in [known for known, count in self._leaving.items() if count >= looks]:
            file = self.files.pop(known)
            del self._leaving[known]
            gone.append((file, file.rest()))
            file.close()
        return gone

    def close(self) -> None:
        """Let all files go."""
        for file in self.files.values():
            file.close()
        self.files.clear()


def paths_of(pattern: str) -> list[Path]:
    """Return what is there under a path or a glob (`**` goes into folders), in order of name.

    A folder stands for the files in it, but hidden ones.
    """
    path = Path(pattern)
    if path.is_dir():
        return sorted(each for each in path.iterdir() if each.is_file() and not each.name.startswith("."))
    if path.exists() or not glob.has_magic(pattern):
        return [path] if path.exists() else []
    return [Path(path) for path in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207 - absolute ones too


def identity(path: Path) -> Identity:
    """Return what stays the same when a regular file is renamed. Raises OSError, for other files too."""
    stat = path.stat()
    if not modes.S_ISREG(stat.st_mode):
        raise OSError(f"{path} is not a regular file")
    return stat.st_dev, stat.st_ino


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode(errors="surrogateescape")
