"""MP4 and MOV: boxes of `size, type` in each other (ISO 14496-12, QuickTime File Format)."""

from io import RawIOBase
from typing import NamedTuple

from workers.converter.containers.structure import Structure

FIRST = frozenset({b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})
"""Boxes that such a file can begin with."""

_OUTERMOST = FIRST | frozenset(
    {b"moof", b"mfra", b"meta", b"uuid", b"sidx", b"ssix", b"prft", b"emsg", b"pdin", b"udta", b"junk"}
)
"""Boxes at the top. Anything else there that reaches beyond the end is rubbish, common and harmless."""
_PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_PROTECTED = frozenset({b"enca", b"drms"})
"""Sample entries of a protected track: ISO 23001-7, FairPlay."""
_MOST_BOXES = 200_000


class Box(NamedTuple):
    """The place of a box: its head begins at `at`, its content at `body`."""

    kind: bytes
    at: int
    body: int
    end: int


def box_at(data: bytes, at: int, end: int) -> Box | None:
    """Read a box's head; None when there is none. The box may reach beyond `end`."""
    length, kind, body = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8], at + 8
    if length == 1:  # the size stands after the type, in 64 bits
        length, body = int.from_bytes(data[at + 8 : at + 16]), at + 16
    elif length == 0:  # to the end
        length = end - at
    return Box(kind, at, body, at + length) if length >= body - at and len(kind) == 4 else None


def inspect(video: RawIOBase, size: int) -> Structure:
    """Walk over the boxes of a file of so many bytes."""
    return _Boxes(video).inspect(size)


class _Boxes:
    """One walk."""

    def __init__(self, video: RawIOBase) -> None:
        self._video = video
        self._left = _MOST_BOXES
        self._handler = b""
        self._first_audio = b""

    def inspect(self, size: int) -> Structure:
        cut = self._walk(b"", 0, size, 0)
        return Structure(encrypted=self._first_audio in _PROTECTED, cut=cut)

    def _walk(self, parent: bytes, at: int, end: int, depth: int) -> bool:
        """Visit the boxes between two positions. Return True if one reaches beyond the end."""
        while at + 8 <= end and self._left > 0:
            self._left -= 1
            self._video.seek(at)
            box = box_at(self._video.read(16) or b"", 0, end - at)
            if box is None:
                return False
            self._visit(parent, box.kind, at + box.body, min(at + box.end, end), depth)
            at += box.end
            if at > end:
                return box.kind in _OUTERMOST
        return False

    def _visit(self, parent: bytes, kind: bytes, body: int, end: int, depth: int) -> None:
        if kind in _PARENTS and depth < len(_PARENTS):
            self._walk(kind, body, end, depth + 1)
        elif kind == b"hdlr" and parent == b"mdia":  # a MOV has another one in `minf`, which is no track's
            self._handler = self._peek(body + 8)
        elif kind == b"stsd" and self._handler == b"soun" and not self._first_audio:
            self._first_audio = self._peek(body + 12)

    def _peek(self, at: int) -> bytes:
        self._video.seek(at)
        return self._video.read(4)
