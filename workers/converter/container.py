"""What a video's container says of itself: is its sound encrypted, is its end missing?

ffmpeg answers neither: it decodes encrypted audio into noise or errors, and of a file that was cut in half
it converts the half and exits with 0. Only headers are looked at, and not many, however long the file is.

- MP4 and MOV (ISO 14496-12): boxes `size, type`; a protected track's sample entry is `enca` (ISO 23001-7)
  or `drms` (FairPlay); the last box reaches beyond the end of a file that was cut.
- Matroska, WebM (RFC 8794, 9559): the segment tells its size, unless it was streamed.
- AVI: each RIFF chunk tells its size. Its length in seconds is in the index at the end, or a guess.
"""

import os
from io import FileIO

from msgspec import Struct

_MOST_BOXES = 200_000
_FIRST_BOXES = frozenset({b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})
_PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_PROTECTED = frozenset({b"enca", b"drms"})
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"


class Structure(Struct, frozen=True, kw_only=True):
    """What could be told; all False for containers that we cannot read this way."""

    encrypted: bool = False
    """The first audio track is protected."""
    cut: bool = False
    """The file ends before its container does."""
    guesses_length: bool = False
    """When cut, the length it tells is a guess from what is left."""


def inspect(video: FileIO) -> Structure:
    """Look at a seekable file from its beginning; its position is anywhere after."""
    size = video.seek(0, os.SEEK_END)
    video.seek(0)
    head = video.read(12)
    if head[4:8] in _FIRST_BOXES:
        return _Boxes(video).inspect(size)
    if head[:4] == _EBML:
        return _matroska(video, size)
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return _riff(video, size)
    return Structure()


class _Boxes:
    """One walk over an MP4's boxes."""

    def __init__(self, video: FileIO) -> None:
        self._video = video
        self._left = _MOST_BOXES
        self._handler = b""
        self._first_audio = b""

    def inspect(self, size: int) -> Structure:
        cut = self._walk(0, size, 0)
        return Structure(encrypted=self._first_audio in _PROTECTED, cut=cut)

    def _walk(self, at: int, end: int, depth: int) -> bool:
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
            if length < body - at or not kind.strip().isalnum():
                return False  # rubbish at the end of a file is common and harmless
            self._visit(kind, body, min(at + length, end), depth)
            at += length
        return at > end

    def _visit(self, kind: bytes, body: int, end: int, depth: int) -> None:
        if kind in _PARENTS and depth < len(_PARENTS):
            self._walk(body, end, depth + 1)
        elif kind == b"hdlr":
            self._handler = self._peek(body + 8)
        elif kind == b"stsd" and self._handler == b"soun" and not self._first_audio:
            self._first_audio = self._peek(body + 12)

    def _peek(self, at: int) -> bytes:
        self._video.seek(at)
        return self._video.read(4)


def _matroska(video: FileIO, size: int) -> Structure:
    video.seek(4)
    header = _ebml_size(video)
    if header is None:
        return Structure()
    video.seek(header, os.SEEK_CUR)
    if video.read(4) != _SEGMENT:
        return Structure(cut=video.tell() >= size)
    segment = _ebml_size(video)
    return Structure(cut=segment is not None and video.tell() + segment > size)


def _ebml_size(video: FileIO) -> int | None:
    """Read a variable-size integer (RFC 8794, section 4); None when it stands for "unknown"."""
    first = video.read(1)
    if not first or first == b"\0":
        return None
    width = 9 - first[0].bit_length()
    rest = video.read(width - 1)
    value = int.from_bytes(bytes([first[0] & (0xFF >> width)]) + rest)
    return None if value == (1 << 7 * width) - 1 else value


def _riff(video: FileIO, size: int) -> Structure:
    at = 0
    while at + 12 <= size:
        video.seek(at)
        head = video.read(12)
        if head[:4] != b"RIFF":
            return Structure()
        at += 8 + int.from_bytes(head[4:8], "little")
        at += at % 2
    # A padding byte that was never written is not missing.
    return Structure(cut=at > size + 1, guesses_length=True)
