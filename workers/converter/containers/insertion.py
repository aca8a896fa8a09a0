"""Makes room in a finished file, and writes there."""

import os
from io import FileIO

_BLOCK = 1 << 20


def insert(file: FileIO, at: int, data: bytes) -> None:
    """Make room by moving what follows, from the end on, and write there."""
    end = file.seek(0, os.SEEK_END)
    while end > at:
        begin = max(end - _BLOCK, at)
        file.seek(begin)
        overwrite(file, begin + len(data), file.read(end - begin))
        end = begin
    overwrite(file, at, data)


def overwrite(file: FileIO, at: int, data: bytes) -> None:
    """Write all bytes at a place."""
    file.seek(at)
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
