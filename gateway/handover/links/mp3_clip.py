"""Cuts a clip out of an MP3, to the sample, without decoding it. Pure.

A clip is some of the file's own frames, and a frame in front whose table counts the samples at both ends that
are not to be played: players know this of every MP3, as encoders add such samples. So the cut is exact where
a player minds the table, and a tenth of a second early elsewhere; and the rest of the audio is not in it.

A frame overlaps with those before it, so two more stand in front. And it borrows bytes from the slots of
earlier ones (the reservoir): these come in the slot of a silent frame, before the two.
"""

from array import array
from typing import NamedTuple

from gateway.handover.links.mp3_frames import TABLE_SIZE, FrameFinder, FrameKind, NoFrames

_LATE = 529
"""Samples by which every decoder of layer III is late."""
_MOST_GAP = 4095
"""Samples that a table can name."""
_MOST_NAMED = 2**32 - 1
"""Bytes that a table can name."""
_OVERLAPPING = 2
_REACH = 511
"""Bytes before its slot at which a frame's main data may begin, at most; half of it below MPEG 1."""
_MPEG_1 = 1152
_MOST_BORROWED = 70
"""Frames whose slots have so many bytes, however short they are."""
_TOC, _TAG_CRC_COVERS = 100, 190
_ALL_FLAGS = 0x0F


class Clip(NamedTuple):
    """A clip: the frames of ours, then the stored MP3's bytes from `first` to `last`, both included."""

    head: bytes
    first: int
    last: int

    @property
    def size(self) -> int:
        """Bytes of the whole."""
        return len(self.head) + self.last - self.first + 1


class Cutter:
    """Takes an MP3 in pieces until it knows the clip. `start` and `end` are seconds of the audio."""

    def __init__(self, start: float, end: float) -> None:
        self._start, self._end = start, end
        self._finder = FrameFinder()
        self._span: _Span | None = None
        self._seen = self._at = 0
        self._reservoir = b""
        self._lengths = array("I")

    def feed(self, piece: bytes) -> bool:
        """Take the next piece. Return True if no more is needed. Raises NoFrames."""
        for at, frame in self._finder.feed(piece):
            if (span := self._span) is None:
                span = self._span = self._find()
            if self._seen >= span.first:
                self._at = self._at if self._lengths else at
                self._lengths.append(len(frame))
            elif self._seen >= span.first - _MOST_BORROWED:
                self._reservoir += frame[self._kind.slot_at :]
            self._seen += 1
            if self._seen == span.beyond:
                return True
        return False

    def clip(self) -> Clip:
        """Return the clip; where the music ends before it, what there is of it. Raises NoFrames."""
        if self._span is None or not self._lengths:
            raise NoFrames("there is no music where the clip is to begin")
        silent = _silent(self._kind, self._reservoir) if self._span.first else b""
        lengths = array("I", [len(silent)] if silent else []) + self._lengths
        table = _table(self._kind, self._finder.table.encoder, self._span, lengths)
        return Clip(table + silent, self._at, self._at + sum(self._lengths) - 1)

    @property
    def _kind(self) -> FrameKind:
        if self._finder.kind is None:
            raise NoFrames("nothing came")
        return self._finder.kind

    def _find(self) -> "_Span":
        """Find the frames that the clip needs."""
        kind, table = self._kind, self._finder.table
        late = table.delay + _LATE if table.delay or table.padding else 0
        begin, end = (round(seconds * kind.rate) + late for seconds in (self._start, self._end))
        first = max(begin // kind.samples - _OVERLAPPING, 0)
        before = (first - 1 if first else 0) * kind.samples  # the silent frame is one, too
        return _Span(first, max(-(-end // kind.samples), first + 1), begin - before, end - before)


class _Span(NamedTuple):
    """Frames from `first` up to `beyond`, and the samples of what is sent that are the clip."""

    first: int
    beyond: int
    begin: int
    end: int


def _silent(kind: FrameKind, reservoir: bytes) -> bytes:
    """Return a frame without sound whose slot ends with these bytes, as far as frames reach back."""
    borrowed = reservoir[-(_REACH if kind.samples == _MPEG_1 else _REACH // 2) :]
    header = kind.header_for(kind.table_at + len(borrowed))
    length = kind.lengths[header[2]]
    return header + bytes(length - len(header) - len(borrowed)) + borrowed


def _table(kind: FrameKind, encoder: bytes, span: _Span, lengths: "array[int]") -> bytes:
    """Return the frame with the clip's table."""
    header, at = kind.header_for(kind.table_at + TABLE_SIZE), kind.table_at
    frame = bytearray(header.ljust(kind.lengths[header[2]], b"\0"))
    size = min(len(frame) + sum(lengths), _MOST_NAMED)
    unplayed = len(lengths) * kind.samples - span.end

    def put(where: int, value: int, width: int) -> None:
        frame[at + where : at + where + width] = value.to_bytes(width)

    frame[at : at + 4] = b"Xing" if max(lengths) - min(lengths) > 1 else b"Info"
    put(4, _ALL_FLAGS, 4)
    put(8, len(lengths), 4)
    put(12, size, 4)
    frame[at + 16 : at + 16 + _TOC] = _contents(lengths, len(frame))
    frame[at + 120 : at + 129] = encoder.ljust(9, b"\0")
    put(141, _gap(span.begin - _LATE) << 12 | _gap(unplayed + _LATE), 3)
    put(148, size, 4)
    put(154, _crc(bytes(frame.ljust(_TAG_CRC_COVERS, b"\0")[:_TAG_CRC_COVERS])), 2)
    return bytes(frame)


def _gap(samples: int) -> int:
    return min(max(samples, 0), _MOST_GAP)


def _contents(lengths: "array[int]", before: int) -> bytes:
    """Return the position of each hundredth of the time, in 256ths of the size."""
    size, at, seen, contents = before + sum(lengths), before, 0, bytearray()
    for index in range(_TOC):
        frame = index * len(lengths) // _TOC
        at += sum(lengths[seen:frame])  # a day has millions of frames: no list of their places
        seen = frame
        contents.append(min(256 * at // size, 255))
    return bytes(contents)


def _crc(data: bytes) -> int:
    """CRC-16/ARC."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
