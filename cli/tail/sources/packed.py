"""Logs in another form, known by how they begin: gzip, bzip2, xz; UTF-16, as PowerShell writes it."""

import bz2
import codecs
import contextlib
import gzip
import lzma
import shutil
import tempfile
import zlib
from collections.abc import Callable
from io import FileIO
from typing import Any

_BLOCK = 1 << 20


def _recoded(file: FileIO) -> codecs.StreamRecoder:
    return codecs.EncodedFile(file, "utf-8", "utf-16", errors="replace")


_READERS: dict[bytes, Callable[[FileIO], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
    codecs.BOM_UTF16_LE: _recoded,
    codecs.BOM_UTF16_BE: _recoded,
}
_DAMAGED = (OSError, UnicodeError, EOFError, zlib.error, lzma.LZMAError)


def unpacked(file: FileIO) -> FileIO:
    """Return the file, or in its place what it holds, as far as that can be read."""
    begin = file.read(max(map(len, _READERS))) or b""
    file.seek(0)
    reader = next((reader for mark, reader in _READERS.items() if begin.startswith(mark)), None)
    if reader is None:
        return file
    whole = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed as the file would be
    with file, contextlib.suppress(*_DAMAGED):
        shutil.copyfileobj(reader(file), whole, _BLOCK)
    return whole  # type: ignore[return-value, unused-ignore]  # Windows: another class, the same methods
