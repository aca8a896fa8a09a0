"""The bytes of a video that is uploaded: a file, which can be read again, and a stream, which cannot."""

import io
import mimetypes
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from cli.client.errors import ClientError, SourceChanged

BLOCK = 256 * 1024
PIECE = 64 * 1024 * 1024
"""Bytes of a file in one request: proxies in front of a gateway may take no more than a hundred million."""
KEPT = 8 * 1024 * 1024
"""Bytes of a stream in one request. They stay in memory until the gateway has them."""

Count = Callable[[int], None]
"""Called with the bytes transferred so far: fewer than before when a transfer goes back."""


class Piece(NamedTuple):
    """The next bytes: how many, and what they are."""

    size: int
    blocks: Iterator[bytes]


class Content(Protocol):
    """The bytes that are uploaded. `name` is in the bytes of the disk; `length` is None until it is known."""

    @property
    def name(self) -> bytes:
        """The name under which the job is known."""

    @property
    def length(self) -> int | None:
        """Bytes of the whole; None: its end has not been seen."""

    def piece(self, offset: int) -> Piece:
        """Return the bytes from this place on, as many as one request may have. Raises ClientError."""


class File:
    """An open file, as it was when this began."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.name = os.fsencode(path.name)
        self._file, self._path = file, path
        self._before = os.fstat(file.fileno())

    @property
    def length(self) -> int:
        """Bytes of the whole."""
        return self._before.st_size

    @property
    def identity(self) -> tuple[str, ...]:
        """The marks of this content of this file, which no other has."""
        found = self._before
        return str(self._path.absolute()), str(found.st_ino), str(found.st_size), str(found.st_mtime_ns)

    def piece(self, offset: int) -> Piece:
        """Return the next bytes. Reading them raises SourceChanged, before the last block is given away."""
        if offset > self.length:
            raise ClientError("the gateway has more bytes than the file")
        size = min(PIECE, self.length - offset)
        return Piece(size, self._blocks(offset, size))

    def _blocks(self, offset: int, size: int) -> Iterator[bytes]:
        self._file.seek(offset)
        while size:
            block = self._file.read(min(BLOCK, size))
            now = os.fstat(self._file.fileno())
            changed = (now.st_size, now.st_mtime_ns) != (self._before.st_size, self._before.st_mtime_ns)
            if not block or changed:
                raise SourceChanged("something wrote to it while it was sent: convert it when it is complete")
            yield block
            size -= len(block)


class Stream:
    """Standard input, or another stream. Only what the gateway may still ask for is kept, so no other process
    can go on with it.
    """

    def __init__(self, name: str, file: io.BufferedIOBase | BinaryIO) -> None:
        self.name = os.fsencode(name)
        self.length: int | None = None
        self._file = file
        self._start, self._kept = 0, b""

    def piece(self, offset: int) -> Piece:
        """Return the next bytes, and wait for them. Raises ClientError for those that are kept no more."""
        end = self._start + len(self._kept)
        if not self._start <= offset <= end:
            raise ClientError("the gateway has lost what it had of the stream, which cannot be read again")
        if offset == end and self.length is None:
            self._start, self._kept = offset, self._read()
            if len(self._kept) < KEPT:
                self.length = offset + len(self._kept)
        rest = memoryview(self._kept)[offset - self._start :]
        return Piece(len(rest), (bytes(rest[at : at + BLOCK]) for at in range(0, len(rest), BLOCK)))

    def _read(self) -> bytes:
        """Read until there are enough, or no more: one read of a pipe may bring fewer."""
        found = bytearray()
        while len(found) < KEPT and (more := self._file.read(KEPT - len(found))):
            found += more
        return bytes(found)


def media_type(content: Content) -> str:
    """Return the type that the name stands for."""
    return mimetypes.guess_type(os.fsdecode(content.name))[0] or "application/octet-stream"
