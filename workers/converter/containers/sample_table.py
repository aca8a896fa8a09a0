"""MP4 and MOV: the bytes of a file that its sound needs (ISO 14496-12, QuickTime File Format).

It needs all but the pictures: the boxes themselves, the sound, and the small tracks (chapters, time codes)
that ffmpeg reads when it opens a file. The boxes `stco` and `co64`, and `trun` in fragments, hold where a
track's chunks begin. A chunk ends, at the latest, where the next chunk of any track begins. So no sizes are
added up: a gap in the file makes the converter read too much, never too little.

This reads a stranger's tables in the converter itself. So all that is made of them is counted before it is
made: boxes, tracks, handlers, chapters' tracks, chunks. It takes some 200 MB and seconds at most.

Whatever is odd (encrypted pictures, compressed or several `moov`, tables beyond the bounds here) is answered
with None: then the whole file is needed.
"""

import sys
from array import array
from collections.abc import Iterable, Iterator
from io import RawIOBase
from itertools import pairwise

from msgspec import Struct

from workers.converter.containers.boxes import Box, box_at

Range = tuple[int, int]
"""Bytes from the first to the one after the last."""

_OPAQUE = frozenset({b"mdat", b"free", b"skip", b"wide"})
"""Boxes at the top whose content is not needed for itself."""
_HEAD = 16
PAGE = 4096
"""Bytes of disk that even a single byte takes."""
_RUBBISH = 1 << 20
"""Bytes behind the last box that may be no box."""
_MOST_TABLES = 64 << 20
"""Bytes of one `moov` or `moof`. A day of 60 pictures a second has half as many."""
_MOST_CHUNKS = 1_000_000
"""Chunks of all tracks: some 60 MB while they are sorted. Two hours of 60 pictures a second have 800,000."""
_MOST_INNER = 200_000
"""Boxes inside `moov` and all `moof`: a second of work. Six hours in fragments of a second have as many."""
_MOST_TRACKS, _MOST_HANDLERS = 1000, 4
_MOST_CHAPTER_TRACKS = 1000
"""Of all tracks. An honest file has one or two."""
_PROTECTED = frozenset({b"encv", b"drmi"})
_BASE_TOLD, _BASE_IS_MOOF, _OFFSET_TOLD = 0x1, 0x20000, 0x1


class _Odd(Exception):
    """The file uses more of the format than is understood here."""


class _Track(Struct):
    id: int = 0
    handlers: tuple[bytes, ...] = ()
    chapters: tuple[int, ...] = ()
    """Ids of the tracks that hold this one's chapters."""
    chunks: "list[array[int]]" = []

    @property
    def is_picture(self) -> bool:
        return self.handlers == (b"vide",)


def needed_ranges(video: RawIOBase, size: int, *, grain: int) -> list[Range] | None:
    """Return the ranges that the sound needs, ascending and without overlap; None: the whole file.

    `grain` is the number of bytes fetched for any one byte. Where there are many more boxes than grains, to
    find what can be left out costs more than it saves.
    """
    try:
        return _Walk(video, size, grain).ranges()
    except _Odd:
        return None


class _Walk:
    """One walk over the boxes of one file."""

    def __init__(self, video: RawIOBase, size: int, grain: int) -> None:
        self._video, self._size, self._grain = video, size, grain
        self._left = 1000 + 8 * (size // grain)
        self._inner = _InnerBoxes()
        self._pictures: frozenset[int] | None = None
        self._ranges: list[Range] = []
        self._marks: array[int] = array("Q")
        """Offsets where chunks and boxes begin, doubled, plus 1 if needed: so the needed one sorts last."""
        self._lost_since: int | None = None
        """The offset of the fragment whose data could be anywhere behind it."""

    def ranges(self) -> list[Range]:
        for box in self._top():
            self._mark([box.at], needed=False)
            if box.kind in _OPAQUE:
                self._ranges.append((box.at, min(box.at + _HEAD, self._size)))
                continue
            self._ranges.append((box.at, box.end))
            if box.kind == b"moov":
                self._movie(self._load(box))
            elif box.kind == b"moof":
                self._end_fragment(box.at)
                self._fragment(self._load(box), box.at)
        self._end_fragment(self._size)
        marks = sorted(self._marks)
        marks.append(self._size << 1)
        sound = ((a >> 1, b >> 1) for a, b in pairwise(marks) if a & 1)
        return _joined(sorted([*_joined(sound), *self._ranges]))

    def _top(self) -> Iterator[Box]:
        at = 0
        while at < self._size:
            self._left -= 1
            if self._left < 0:
                raise _Odd
            self._video.seek(at)
            box = box_at(self._video.read(_HEAD) or b"", 0, self._size - at)
            if box is None or not box.kind.isascii():
                if self._size - at > _RUBBISH:
                    raise _Odd
                self._ranges.append((at, self._size))
                return
            yield Box(box.kind, at, at + box.body, min(at + box.end, self._size))
            at += box.end

    def _load(self, box: Box) -> bytes:
        if box.end - box.body > _MOST_TABLES:
            raise _Odd
        self._video.seek(box.body)
        return self._video.read(box.end - box.body) or b""

    def _mark(self, offsets: "list[int] | array[int]", *, needed: bool) -> None:
        if len(self._marks) + len(offsets) > _MOST_CHUNKS:
            raise _Odd
        self._marks.extend(at << 1 | needed for at in offsets if at < self._size)

    def _movie(self, moov: bytes) -> None:
        if self._pictures is not None:
            raise _Odd
        tracks: list[_Track] = []
        for box in self._inner.boxes(moov, 0, len(moov)):
            if box.kind == b"cmov" or len(tracks) >= _MOST_TRACKS:
                raise _Odd
            if box.kind == b"trak":
                tracks.append(self._inner.track(moov, box))
        chapters = {each for track in tracks for each in track.chapters}
        self._pictures = frozenset(track.id for track in tracks if track.is_picture) - chapters
        if any(track.id in self._pictures and not track.is_picture for track in tracks):
            raise _Odd
        for track in tracks:
            for offsets in track.chunks:
                self._mark(offsets, needed=track.id not in self._pictures)

    def _fragment(self, moof: bytes, at: int) -> None:
        if self._pictures is None:
            raise _Odd
        first: int | None = at
        for traf in self._inner.boxes(moof, 0, len(moof)):
            if traf.kind != b"traf":
                continue
            base, first = first, None
            track = 0
            for box in self._inner.boxes(moof, traf.body, traf.end):
                flags = _number(moof, box.body + 1, 3)
                if box.kind == b"tfhd":
                    track = _number(moof, box.body + 4, 4)
                    if flags & _BASE_TOLD:
                        base = _number(moof, box.body + 8, 8)
                    elif flags & _BASE_IS_MOOF:
                        base = at
                elif box.kind == b"trun" and flags & _OFFSET_TOLD and base is not None:
                    start = base + int.from_bytes(moof[box.body + 8 : box.body + 12], signed=True)
                    self._mark([max(start, 0)], needed=track not in self._pictures)
                elif box.kind == b"trun":
                    self._lost_since = at

    def _end_fragment(self, at: int) -> None:
        if self._lost_since is not None:
            self._ranges.append((self._lost_since, min(at, self._size)))
        self._lost_since = None


class _InnerBoxes:
    """Walks over boxes that are in memory, a bounded number of them."""

    def __init__(self) -> None:
        self._left, self._chunks, self._chapters = _MOST_INNER, _MOST_CHUNKS, _MOST_CHAPTER_TRACKS

    def track(self, moov: bytes, trak: Box) -> _Track:
        """Read the id, kind, chapters and chunks of a track."""
        track = _Track()
        for box in self.descend(moov, trak, [b"mdia", b"minf", b"stbl", b"tref"]):
            if box.kind == b"tkhd":
                track.id = _number(moov, box.body + (20 if moov[box.body : box.body + 1] == b"\1" else 12), 4)
            elif box.kind == b"hdlr":
                kind = moov[box.body + 8 : box.body + 12]
                # A MOV has another one in `minf`: the data's handler, which is not about the track.
                if moov[box.body + 4 : box.body + 8] != b"dhlr":
                    track.handlers += (kind,)
                if len(track.handlers) > _MOST_HANDLERS:
                    raise _Odd
            elif box.kind == b"chap":
                self._chapters -= (box.end - box.body) // 4
                if self._chapters < 0:
                    raise _Odd
                track.chapters += tuple(_numbers(moov, box.body, box.end, "I"))
            elif box.kind == b"stsd" and moov[box.body + 12 : box.body + 16] in _PROTECTED:
                raise _Odd  # other boxes hold where the keys' data is
            elif box.kind in (b"stco", b"co64"):
                code, width = ("I", 4) if box.kind == b"stco" else ("Q", 8)
                count = min(_number(moov, box.body + 4, 4), max(box.end - box.body - 8, 0) // width)
                self._chunks -= count
                if self._chunks < 0:
                    raise _Odd
                track.chunks.append(_numbers(moov, box.body + 8, box.body + 8 + count * width, code))
        return track

    def descend(self, data: bytes, parent: Box, parents: list[bytes]) -> Iterator[Box]:
        """Yield the boxes in a box, and those in its descendants of `parents`, each kind once on a path."""
        for box in self.boxes(data, parent.body, parent.end):
            if box.kind in parents:
                yield from self.descend(data, box, [kind for kind in parents if kind != box.kind])
            else:
                yield box

    def boxes(self, data: bytes, at: int, end: int) -> Iterator[Box]:
        """Yield the boxes between two positions."""
        while at + 8 <= end and (box := box_at(data, at, end)) is not None:
            self._left -= 1
            if self._left < 0:
                raise _Odd
            yield Box(box.kind, at, box.body, min(box.end, end))
            at = box.end


def _number(data: bytes, at: int, width: int) -> int:
    return int.from_bytes(data[at : at + width])


def _numbers(data: bytes, at: int, end: int, code: str) -> "array[int]":
    numbers: array[int] = array(code)
    size = max(end - at, 0) // numbers.itemsize * numbers.itemsize
    numbers.frombytes(memoryview(data)[at : at + size])
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def _joined(ranges: Iterable[Range]) -> list[Range]:
    """Join ranges that are less than a page apart: no page between them could be left out."""
    joined: list[Range] = []
    for start, end in ranges:
        if joined and start < joined[-1][1] + PAGE:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    return joined
