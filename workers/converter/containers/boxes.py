"""MP4 and MOV: boxes of `size, type` in each other (ISO 14496-12, QuickTime File Format)."""

from io import RawIOBase

from workers.converter.containers.structure import Structure

FIRST = frozenset({b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})
"""What such a file can begin with."""

_OUTERMOST = FIRST | frozenset(
    {b"moof", b"mfra", b"meta", b"uuid", b"sidx", b"ssix", b"prft", b"emsg", b"pdin", b"udta", b"junk"}
)
"""What stands at the top. Anything else that reaches beyond the end is rubbish, common and harmless."""
_PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_PROTECTED = frozenset({b"enca", b"drms"})
"""Sample entries of a protected track: ISO 23001-7, FairPlay."""
_MOST_BOXES = 200_000


def inspect(video: RawIOBase, size: int) -> Structure:
    """Walk over the boxes."""
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
        """Visit the boxes between two positions; tell whether one reaches beyond."""
        while at + 8 <= end and self._left > 0:
            self._left -= 1
            self._video.seek(at)
            head = self._video.read(16)
            length, kind, body = int.from_bytes(head[:4]), head[4:8], at + 8
            if length == 1:  # the size stands after the type, in 64 bits
                length, body = int.from_bytes(head[8:16]), at + 16
            elif length == 0:  # to the end of the file
                length = end - at
            if length < body - at:
                return False
            self._visit(parent, kind, body, min(at + length, end), depth)
            at += length
            if at > end:
                return kind in _OUTERMOST
        return False

    def _visit(self, parent: bytes, kind: bytes, body: int, end: int, depth: int) -> None:
        if kind in _PARENTS and depth < len(_PARENTS):
            self._walk(kind, body, end, depth + 1)
        elif kind == b"hdlr" and parent == b"mdia":  # a MOV has another in `minf`, which is of no track
            self._handler = self._peek(body + 8)
        elif kind == b"stsd" and self._handler == b"soun" and not self._first_audio:
            self._first_audio = self._peek(body + 12)

    def _peek(self, at: int) -> bytes:
        self._video.seek(at)
        return self._video.read(4)
