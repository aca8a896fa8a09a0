"""Where a conversion's files are: in a directory of our own, without names.

A file without a name is nobody else's, and is gone with the process however that ends; so nothing is ever
left behind to clean.
"""

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from workers.converter.errors import DiskFull

RESERVE = 64 << 20
"""Bytes that stay free for everybody else on that disk."""


class Workshop:
    """Hands out pairs of files in `directory`, which it makes, and lets only us in."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def open(self) -> None:
        """Make the directory; remove what an older version of us may have left in it."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory.chmod(0o700)
        for leftover in self._directory.glob("tmp*"):
            with suppress(OSError):
                leftover.unlink()

    @contextmanager
    def bench(self, size: int) -> Iterator[tuple[FileIO, FileIO]]:
        """Give a file for a video of so many bytes and one for its audio. Raises DiskFull.

        The audio is seldom larger than its video; when it is, the reserve helps, and the write tells.
        """
        try:
            free = shutil.disk_usage(self._directory).free
            if free < size + RESERVE:
                raise DiskFull(f"{size} bytes of video to work on, and {free} are free")
            with (
                tempfile.TemporaryFile(dir=self._directory, buffering=0) as video,
                tempfile.TemporaryFile(dir=self._directory, buffering=0) as audio,
            ):
                yield video, audio
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull("no room left in the work directory") from error
            raise
