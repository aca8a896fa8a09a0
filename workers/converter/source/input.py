"""The input of a conversion: a seekable file, and a stream where that file holds only a part of the video."""

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from io import FileIO
from typing import Self

from msgspec import Struct

from workers.converter.containers.inspection import inspect
from workers.converter.containers.structure import Structure

Stream = Callable[[], AbstractAsyncContextManager[FileIO]]
"""Opens a pipe that brings all of a video, from its beginning, for the block."""


class Input(Struct, frozen=True):
    """One video, as a conversion reads it."""

    file: FileIO
    """As long as the video. With a `stream` it needs to hold no more than shows which tracks there are."""
    structure: Structure
    stream: Stream | None = None

    @classmethod
    def of(cls, file: FileIO) -> Self:
        """Return the input that a whole file is."""
        return cls(file, inspect(file))

    @property
    def size(self) -> int:
        """Bytes of the video."""
        return os.fstat(self.file.fileno()).st_size

    @property
    def seekable(self) -> bool:
        """True unless the video comes through a pipe."""
        return self.stream is None

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[FileIO, None]:
        """Open all of the video, from its beginning, for the block. Every block of a stream fetches again."""
        if self.stream is None:
            self.file.seek(0)
            yield self.file
            return
        async with self.stream() as pipe:
            yield pipe
