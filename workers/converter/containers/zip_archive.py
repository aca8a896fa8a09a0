"""A ZIP of files as they are: the same files always make the same bytes (APPNOTE 6.3, method 0)."""

import os
import shutil
import zipfile
from io import BufferedRandom, BytesIO, FileIO
from types import TracebackType
from typing import Self

_BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP can hold."""
_PLAIN_FILE = 0o100644 << 16
_UNIX = 3


class Archive:
    """Writes a seekable file anew. Nothing is deflated: sound is packed already."""

    def __init__(self, target: FileIO) -> None:
        target.seek(0)
        target.truncate()
        self._buffer = BufferedRandom(target)
        self._zip = zipfile.ZipFile(self._buffer, "w", zipfile.ZIP_STORED)

    def add(self, name: str, file: FileIO | BytesIO) -> int:
        """Copy a whole file into the archive, and return the archive's size so far. Raises OSError."""
        info = zipfile.ZipInfo(name, _BEGINNING)
        info.create_system, info.external_attr = _UNIX, _PLAIN_FILE
        info.file_size = file.seek(0, os.SEEK_END)  # beyond 2 GiB the entry has to be of another kind
        file.seek(0)
        with self._zip.open(info, "w") as entry:
            shutil.copyfileobj(file, entry, 1 << 20)
        return self._buffer.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._zip.close()
        finally:
            self._buffer.detach()
