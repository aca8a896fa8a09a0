"""Matroska and WebM: elements of `id, size` in each other (RFC 8794, 9559)."""

import os
from collections.abc import Iterator
from io import FileIO
from typing import NamedTuple

from workers.converter.structure import Structure

MAGIC = b"\x1a\x45\xdf\xa3"

_SEGMENT, _CLUSTER, _TRACKS, _TRACK = 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE
_TRACK_TYPE, _ENCODINGS, _ENCODING, _ENCRYPTION = 0x83, 0x6D80, 0x6240, 0x5035
_AUDIO = 2
_MOST_ELEMENTS = 10_000


class _Element(NamedTuple):
    id: int
    body: int
    end: int


def inspect(video: FileIO, size: int) -> Structure:
    """Look at the segment's size, and at the tracks, which stand before the first cluster."""
    video.seek(len(MAGIC))
    header = _size(video)
    if header is None:
        return Structure()
    video.seek(header, os.SEEK_CUR)
    if _id(video) != _SEGMENT:
        return Structure(cut=video.tell() >= size)
    length = _size(video)
    body = video.tell()
    cut = length is not None and body + length > size
    return Structure(cut=cut, encrypted=_Elements(video).encrypted(body, size))


class _Elements:
    """One walk."""

    def __init__(self, video: FileIO) -> None:
        self._video = video
        self._left = _MOST_ELEMENTS

    def encrypted(self, body: int, size: int) -> bool:
        """Tell whether the first audio track of a segment is encrypted."""
        for part in self._between(body, size):
            if part.id == _CLUSTER:
                return False
            if part.id != _TRACKS:
                continue
            for track in self._inside(part):
                entries = {each.id: each for each in self._inside(track)}
                if track.id == _TRACK and self._number(entries.get(_TRACK_TYPE)) == _AUDIO:
                    return self._has_encryption(entries.get(_ENCODINGS))
        return False

    def _has_encryption(self, encodings: _Element | None) -> bool:
        return encodings is not None and any(
            inner.id == _ENCRYPTION
            for encoding in self._inside(encodings)
            if encoding.id == _ENCODING
            for inner in self._inside(encoding)
        )

    def _inside(self, parent: _Element) -> Iterator[_Element]:
        return self._between(parent.body, parent.end)

    def _between(self, at: int, end: int) -> Iterator[_Element]:
        """Yield the elements between two positions; one of unknown size, which is a cluster, is the last."""
        while at < end and self._left > 0:
            self._left -= 1
            self._video.seek(at)
            kind, length = _id(self._video), _size(self._video)
            body = self._video.tell()
            at = end if length is None else body + length
            yield _Element(kind, body, min(at, end))

    def _number(self, element: _Element | None) -> int | None:
        if element is None:
            return None
        self._video.seek(element.body)
        return int.from_bytes(self._video.read(min(element.end - element.body, 8)))


def _id(video: FileIO) -> int:
    first = video.read(1)
    return int.from_bytes(first + video.read(8 - first[0].bit_length())) if first else 0


def _size(video: FileIO) -> int | None:
    """Read a variable-size integer (RFC 8794, section 4); None when it stands for "unknown"."""
    first = video.read(1)
    if not first or first == b"\0":
        return None
    width = 9 - first[0].bit_length()
    rest = video.read(width - 1)
    value = int.from_bytes(bytes([first[0] & (0xFF >> width)]) + rest)
    return None if value == (1 << 7 * width) - 1 else value
