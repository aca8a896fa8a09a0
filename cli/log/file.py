"""An exported log as a file: a line of JSON for each event, and a manifest beside it that vouches for it.

`FILE` holds `{"offset", "chunk_time", "event": {…}}` a line, in the log's order; `FILE.manifest.json` the
counts, the ends and the SHA-256 of the lines (before compression, where the name ends in `.gz`). Both appear
whole or not at all, the manifest last: a file without one is not finished.
"""

import contextlib
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
from msgspec import UNSET, Struct

from cli.errors import FileDamaged
from cli.log.formats import Exported
from events.envelope import decode
from events.errors import InvalidEvent

FORMAT = 1
_BLOCK = 1 << 20
_NOT_GZIP = (EOFError, gzip.BadGzipFile, zlib.error)
"""Errors of a damaged gzip file: cut short, a wrong frame, wrong content."""


class Manifest(Struct, frozen=True, kw_only=True):
    """The counts, the ends and the hash by which a file is known to be whole."""

    format: int = FORMAT
    count: int
    first_offset: int
    last_offset: int
    first_time: float
    last_time: float
    sha256: str
    tonearm: str


def file_name(text: str) -> Path:
    """Return the path of a file that is given as an argument. Raises ValueError."""
    path = Path(text)
    if not path.name or path.is_dir():
        raise ValueError(f"takes the name of a file, and {text!r} is a folder")
    return path


def manifest_of(path: Path) -> Path:
    """Return where the manifest of a file is."""
    return path.with_name(path.name + ".manifest.json")


@contextlib.contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name when the block ends well, safely on disk."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as raw:
            with (
                gzip.GzipFile("", "wb", 3, raw, mtime=0)
                if path.suffix == ".gz"
                else contextlib.nullcontext(raw) as out
            ):
                yield cast("BinaryIO", out)
            raw.flush()
            os.fsync(raw.fileno())
        partial.replace(path)
        _sync_directory(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write the manifest of a file."""
    with written(manifest_of(path)) as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def read_manifest(path: Path) -> Manifest:
    """Return a file's manifest. Raises FileDamaged."""
    try:
        manifest = msgspec.json.decode(manifest_of(path).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise FileDamaged(f"{manifest_of(path)} is missing: the export was not finished") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FileDamaged(f"{manifest_of(path)}: {error}") from error
    if manifest.format != FORMAT:
        raise FileDamaged(f"{path} is of format {manifest.format}; this version reads {FORMAT}")
    return manifest


def bodies(path: Path) -> Iterator[bytes]:
    """Yield the bodies in order, each as it was in the log. Raises FileDamaged."""
    decoder = msgspec.json.Decoder(Exported)
    try:
        with _opened(path) as file:
            for number, text in enumerate(file, 1):
                try:
                    exported = decoder.decode(text)
                    if exported.event is not UNSET:
                        decode(exported.event)
                        yield bytes(exported.event)
                    elif exported.base64 is not None:
                        yield exported.base64
                    else:
                        raise InvalidEvent("there is no event in it")
                except (msgspec.DecodeError, UnicodeDecodeError, InvalidEvent) as error:
                    raise FileDamaged(f"{path}, line {number}: {error}") from error
    except _NOT_GZIP as error:
        raise FileDamaged(f"{path}: {error}") from error


def verify(path: Path) -> Manifest:
    """Read the whole file and return its manifest. Raises FileDamaged unless every line is as it was."""
    manifest = read_manifest(path)
    hashed = hashlib.sha256()
    try:
        with _opened(path) as file:
            while block := file.read(_BLOCK):
                hashed.update(block)
    except _NOT_GZIP as error:
        raise FileDamaged(f"{path}: {error}") from error
    if hashed.hexdigest() != manifest.sha256:
        raise FileDamaged(f"{path} is not what its manifest says: its SHA-256 differs")
    count = sum(1 for _ in bodies(path))
    if count != manifest.count:
        raise FileDamaged(f"{path} holds {count} events, its manifest says {manifest.count}")
    return manifest


def _opened(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb"))


def _sync_directory(directory: Path) -> None:
    with contextlib.suppress(OSError):  # some file systems refuse it
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
