"""Matroska and WebM: elements of `id, size` in each other (RFC 8794, 9559)."""

from collections.abc import Iterator
from io import BytesIO, RawIOBase
from typing import NamedTuple

from workers.converter.containers.structure import Structure

MAGIC = b"\x1a\x45\xdf\xa3"

_SEEK_HEAD, _SEEK, _SEEK_ID, _SEEK_POSITION = 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC
_INFO, _TAGS = 0x1549A966, 0x1254C367
_SCALE, _TIMESTAMP = 0x2AD7B1, 0xE7
_USUAL_SCALE = 1_000_000
"""Nanoseconds of a tick (RFC 9559, 5.1.2.9)."""
CHAPTERS, ATTACHMENTS = 0x1043A770, 0x1941A469
_MOST_LATE = 16 << 20
"""Bytes of elements that may be put before the clusters of a stream."""
_SEGMENT, _CLUSTER, _TRACKS, _TRACK = 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE
_TRACK_TYPE, _ENCODINGS, _ENCODING, _ENCRYPTION = 0x83, 0x6D80, 0x6240, 0x5035
_AUDIO = 2
_WORDS = frozenset({_TAGS, CHAPTERS, ATTACHMENTS})
_MOST_ELEMENTS = 10_000


class Element(NamedTuple):
    """The place of an element: its head begins at `at`, its content at `body`."""

    at: int
    id: int
    body: int
    end: int


class Late(NamedTuple):
    """Parts of the file that a stream must have before its first cluster."""

    cluster: int
    parts: tuple[tuple[int, int], ...]


def inspect(video: RawIOBase, size: int) -> Structure:
    """Read the segment's size, the tracks, which stand before the first cluster, and the time of that."""
    if not _skip_header(video, size):
        return Structure()
    if _id(video) != _SEGMENT:
        return Structure(cut=video.tell() >= size)
    length = _size(video)
    body = video.tell()
    cut = length is not None and body + length > size
    encrypted, begins = Elements(video).encrypted(body, size), Elements(video).begins(body, size)
    return Structure(cut=cut, encrypted=encrypted, begins=begins)


def late(video: RawIOBase, size: int) -> Late | None:
    """Return the tags, chapters and attachments that stand behind the clusters.

    A reader of a stream needs them before the first cluster. None when the file cannot be read as a stream.
    """
    if not _skip_header(video, size):
        return None
    if _id(video) != _SEGMENT or _size(video) == 0:
        return None
    return Elements(video).late(video.tell(), size)


def place_of(kind: int, video: RawIOBase, size: int) -> tuple[int, int] | None:
    """Return the bytes of a part's content: before the first cluster, or where the head points."""
    if not _skip_header(video, size) or _id(video) != _SEGMENT:
        return None
    _size(video)
    return Elements(video).place_of(kind, video.tell(), size)


class Elements:
    """One walk, over so many elements at most."""

    def __init__(self, video: RawIOBase | BytesIO, most: int = _MOST_ELEMENTS) -> None:
        self._video = video
        self._left = most

    def encrypted(self, body: int, size: int) -> bool:
        """Return True if the first audio track of a segment is encrypted."""
        for part in self.between(body, size):
            if part.id == _CLUSTER:
                return False
            if part.id != _TRACKS:
                continue
            for track in self._inside(part):
                entries = {each.id: each for each in self._inside(track)}
                if track.id == _TRACK and self.number(entries.get(_TRACK_TYPE)) == _AUDIO:
                    return self._has_encryption(entries.get(_ENCODINGS))
        return False

    def begins(self, body: int, size: int) -> float | None:
        """Return the time of a segment's first cluster in seconds; None where there is none."""
        scale = _USUAL_SCALE
        for part in self.between(body, size):
            if part.id == _INFO:
                told = {each.id: each for each in self._inside(part)}
                scale = self.number(told.get(_SCALE)) or scale
            if part.id == _CLUSTER:
                first = next((each for each in self._inside(part) if each.id == _TIMESTAMP), None)
                ticks = self.number(first)
                return None if ticks is None else ticks * scale / 1e9
        return None

    def place_of(self, kind: int, body: int, size: int) -> tuple[int, int] | None:
        """Return the bytes of the content of a part of a segment."""
        told = 0
        for part in self.between(body, size):
            if part.id == kind:
                return part.body, part.end
            if part.id == _CLUSTER:
                break
            told = dict(self._seeks(part, body)).get(kind, told)
        behind = next(self.between(told, size), None) if body < told < size else None
        return (behind.body, behind.end) if behind and behind.id == kind else None

    def _seeks(self, part: Element, body: int) -> Iterator[tuple[int, int]]:
        """Yield the other parts that a head of the segment names: kind and place."""
        if part.id != _SEEK_HEAD:
            return
        for seek in (each for each in self._inside(part) if each.id == _SEEK):
            entry = {each.id: self.number(each) or 0 for each in self._inside(seek)}
            yield entry.get(_SEEK_ID, 0), body + entry.get(_SEEK_POSITION, 0)

    def late(self, body: int, size: int) -> Late | None:
        """Return the parts of a segment that stand behind its clusters."""
        told: list[tuple[int, int]] = []
        for part in self.between(body, size):
            if part.id == _CLUSTER:
                return self._late(part.at, {(kind, at) for kind, at in told if part.at < at < size}, size)
            told += self._seeks(part, body)
        return None

    def _late(self, cluster: int, told: set[tuple[int, int]], size: int) -> Late | None:
        if {kind for kind, _ in told} & {_INFO, _TRACKS, _SEEK_HEAD}:
            return None
        parts = [next(self.between(at, size), None) for kind, at in sorted(told) if kind in _WORDS]
        found = [part for part in parts if part is not None and part.id in _WORDS]
        if len(found) < len(parts) or sum(part.end - part.at for part in found) > _MOST_LATE:
            return None
        return Late(cluster, tuple((part.at, part.end) for part in found))

    def _has_encryption(self, encodings: Element | None) -> bool:
        return encodings is not None and any(
            inner.id == _ENCRYPTION
            for encoding in self._inside(encodings)
            if encoding.id == _ENCODING
            for inner in self._inside(encoding)
        )

    def _inside(self, parent: Element) -> Iterator[Element]:
        return self.between(parent.body, parent.end)

    def between(self, at: int, end: int) -> Iterator[Element]:
        """Yield the elements between two positions. One of unknown size is a cluster, and the last."""
        while at < end and self._left > 0:
            self._left -= 1
            self._video.seek(at)
            kind, length = _id(self._video), _size(self._video)
            start, body = at, self._video.tell()
            at = end if length is None else body + length
            yield Element(start, kind, body, min(at, end))

    def content(self, element: Element, most: int) -> bytes:
        """Return the bytes of an element, so many at most."""
        self._video.seek(element.body)
        return self._video.read(max(0, min(element.end - element.body, most))) or b""

    def number(self, element: Element | None) -> int | None:
        """Return the unsigned number that an element holds."""
        if element is None:
            return None
        self._video.seek(element.body)
        return int.from_bytes(self._video.read(max(0, min(element.end - element.body, 8))))


def _skip_header(video: RawIOBase, size: int) -> bool:
    """Go behind the header, at most to the end: a damaged size may be more than a file system can seek."""
    video.seek(len(MAGIC))
    header = _size(video)
    if header is None:
        return False
    video.seek(min(video.tell() + header, size))
    return True


def _id(video: RawIOBase | BytesIO) -> int:
    first = video.read(1)
    return int.from_bytes(first + video.read(8 - first[0].bit_length())) if first else 0


def _size(video: RawIOBase | BytesIO) -> int | None:
    """Read a variable-size integer (RFC 8794, section 4); None when it stands for "unknown"."""
    first = video.read(1)
    if not first or first == b"\0":
        return None
    width = 9 - first[0].bit_length()
    rest = video.read(width - 1)
    value = int.from_bytes(bytes([first[0] & (0xFF >> width)]) + rest)
    return None if value == (1 << 7 * width) - 1 else value
