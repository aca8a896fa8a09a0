"""The work directory: a conversion's files, on a disk with room, and without names.

No other process can open a file without a name, and it is gone with its process however that ends. So nothing
is ever left behind, and converters can share a directory.
"""

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from workers.converter.errors import DiskFull, WorkDirUnfit

RESERVE = 64 << 20
"""Bytes that stay free for the audio and for all others on that disk."""


class Workshop:
    """Opens nameless files in a directory, the system's temporary one by default."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory

    def open(self) -> None:
        """Make the directory, for this user alone, and try it. Raises WorkDirUnfit."""
        try:
            if self._directory is not None:
                self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self.bench(0):
                pass
        except (OSError, DiskFull) as error:
            raise WorkDirUnfit(f"cannot work in {self.path}: {error}") from error

    @contextmanager
    def bench(self, size: int = 0) -> Iterator[tuple[FileIO, FileIO]]:
        """Open a file for a video of so many bytes, and one for its audio, for the block.

        Raises DiskFull when there is no room at the beginning, and when a write in the block finds none.
        """
        try:
            self.room(size)
            with (
                tempfile.TemporaryFile(dir=self.path, buffering=0) as video,
                tempfile.TemporaryFile(dir=self.path, buffering=0) as audio,
            ):
                yield video, audio
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull("no room left in the work directory") from error
            raise

    def file(self) -> FileIO:
        """Open one more such file. The caller closes it."""
        return tempfile.TemporaryFile(dir=self.path, buffering=0)

    def room(self, size: int) -> None:
        """Raise DiskFull if there is no room for so many more bytes."""
        free = shutil.disk_usage(self.path).free
        if free < size + RESERVE:
            raise DiskFull(f"{size} bytes of a video to work on, and only {free} bytes are free")

    @property
    def path(self) -> Path:
        """The directory."""
        return self._directory or Path(tempfile.gettempdir())
