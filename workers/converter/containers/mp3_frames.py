"""Finds an MP3's frames, and the bits with which LAME fills the gaps between them. Only reads the file.

ISO 11172-3, 2.4.1.3 and 2.4.1.7 (MPEG 1), ISO 13818-3, 2.4.1 (half the sample rates). A frame is a header of
4 bytes, side information of 9, 17 or 32 bytes, and a slot. The slots of all frames are one stream of main
data. A frame's main data begin `main_data_begin` bytes *before* its own slot (the bit reservoir). Between the
main data of two frames there may be bits that nobody decodes ("ancillary").
"""

import os
import re
from array import array
from io import FileIO
from itertools import pairwise

from msgspec import Struct

from workers.converter.containers import id3

HEADER = 4
_BIT_RATES = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Layer III's bit rates in kbit/s, by the version bits of a header: MPEG 1 and MPEG 2."""
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000)}
RATES = frozenset(rate for rates in _RATES.values() for rate in rates)
"""Sample rates of MPEG 1 and 2. A sound of MPEG 2.5, with lower ones, always has one encoder only."""
_MONO = 3
_PIECE = 1 << 20
_FILLING = "(01001100(?:01000001(?:01001101(?:01000101(?:0[01]1[01]{5})*?)?)?)?)?(0?(?:10)*1?)"
"""A filling, in bits: as much of `LAME` and a version, `4.1 (alpha 0)`, as fits, then 0 and 1 by turns."""
_GAP = re.compile(_FILLING * 2)
"""LAME fills a gap once or twice: the rest of one frame, and what the next one gave up."""
_CAUTION = 12
"""Bits at the end of a name that may go on in what follows."""


class NotFrames(ValueError):
    """These bytes are no row of layer III frames of one kind, without checksums and without gaps."""


class Kind(Struct, frozen=True):
    """The properties that all frames of one MP3 share."""

    version: int
    """3 is MPEG 1, 2 is MPEG 2."""
    rate_index: int
    mono: bool

    @property
    def overhead(self) -> int:
        """Bytes of a frame before its slot: header and side information."""
        return HEADER + ((17 if self.mono else 32) if self.version == 3 else (9 if self.mono else 17))

    @property
    def begin_bits(self) -> int:
        """The width of `main_data_begin`."""
        return 9 if self.version == 3 else 8

    @property
    def reach(self) -> int:
        """Frames that the longest reservoir can span, if they are the smallest possible ones."""
        smallest = min(length for third in range(256) if (length := self.length(third)) > self.overhead)
        return (1 << self.begin_bits) // (smallest - self.overhead) + 1

    def length(self, third: int) -> int:
        """Return a frame's bytes, by the third byte of its header; 0 when that is of another kind."""
        bit_rate = third >> 4
        if bit_rate in (0, 15) or (third >> 2) & 3 != self.rate_index:
            return 0
        samples, rate = (1152 if self.version == 3 else 576), _RATES[self.version][self.rate_index]
        return samples * 125 * _BIT_RATES[self.version][bit_rate] // rate + ((third >> 1) & 1)

    @property
    def lengths(self) -> list[int]:
        """Bits of side information after the `part2_3_length` of each granule and channel."""
        width, granule, count = (self.overhead - HEADER) * 8, *((59, 2) if self.version == 3 else (63, 1))
        lead = (18 if self.mono else 20) if self.version == 3 else (9 if self.mono else 10)
        return [width - lead - at * granule - 12 for at in range(count * (1 if self.mono else 2))]


def kind_of(header: bytes) -> Kind:
    """Read a header. Raises NotFrames."""
    if len(header) < HEADER:
        raise NotFrames("nothing there")
    version, rate_index = (header[1] >> 3) & 3, (header[2] >> 2) & 3
    if header[0] != 0xFF or header[1] & 0xE7 != 0xE3 or version not in _RATES or rate_index == 3:
        raise NotFrames("no header of layer III without checksum")
    return Kind(version, rate_index, header[3] >> 6 == _MONO)


class Frames:
    """The frames of an MP3 that may still be written, as ffmpeg writes it: tags, a table, then the sound."""

    def __init__(self, file: FileIO) -> None:
        self._file = file  # keeps it open
        self._fd = file.fileno()
        self.kind = Kind(3, 0, mono=False)
        self.table = 0
        """The offset of the table."""
        self.offsets: array[int] = array("Q")
        """Offsets of the frames after the table, and of their end; empty until the first frame is there."""

    def __len__(self) -> int:
        return max(len(self.offsets) - 1, 0)

    def grow(self) -> None:
        """Find the frames that were written since the last call. Raises NotFrames."""
        size = os.fstat(self._fd).st_size
        if not self.offsets and not self._begin(size):
            return
        second = None
        at = self.offsets[-1]
        while at + HEADER <= size and (data := os.pread(self._fd, _PIECE, at)):
            done = 0
            while done + HEADER <= len(data):
                length = self.kind.length(data[done + 2])
                second = data[done + 1] if second is None else second
                if not length or data[done] != 0xFF or data[done + 1] != second:
                    raise NotFrames(f"no frame at {at + done}")
                if at + done + length > size:
                    return
                done += length
                self.offsets.append(at + done)
            at += done

    def _begin(self, size: int) -> bool:
        """Find the table and the first frame; return False if those are not written yet."""
        self.table = id3.length(os.pread(self._fd, id3.HEAD, 0))
        header = os.pread(self._fd, HEADER, self.table)
        if len(header) < HEADER:
            return False
        self.kind = kind_of(header)
        first = self.table + self.kind.length(header[2])
        if first == self.table or first > size:
            return False
        self.offsets.append(first)
        return True

    def data(self, first: int, last: int) -> bytes:
        """Return the bytes of some frames. Raises NotFrames when the file has become shorter."""
        low, high = self.offsets[first], self.offsets[last]
        pieces, at = [], low
        while at < high and (piece := os.pread(self._fd, min(high - at, _PIECE), at)):
            pieces.append(piece)
            at += len(piece)
        if at != high:
            raise NotFrames("cut while it was read")
        return b"".join(pieces)

    def front(self) -> bytes:
        """Return the frame with the table."""
        return os.pread(self._fd, self.offsets[0] - self.table, self.table)

    def split(self, first: int, last: int, data: bytes) -> list[bytes]:
        """Split the bytes of some frames into one piece for each."""
        spans = pairwise(self.offsets[first : last + 1])
        return [data[at - self.offsets[first] : end - self.offsets[first]] for at, end in spans]

    def inverted(self, first: int, last: int) -> bytes:
        """Return the bytes of some frames, with every bit inverted that fills a gap.

        LAME writes 0 and 1 by turns, from the beginning of the file on. So two encoders in the same state
        differ in these bits by chance. The frames behind must be there as far as `Kind.reach`, or to the end.
        """
        kind, reach = self.kind, self.kind.reach
        low, high = max(first - reach, 0), min(last + reach, len(self))
        base, data = self.offsets[low], bytearray(self.data(low, high))
        spans = [(at - base, end - base) for at, end in pairwise(self.offsets[low : high + 1])]
        overhead, begin_shift, lengths = kind.overhead, 16 - kind.begin_bits, kind.lengths
        stream = bytearray().join(data[at + overhead : end] for at, end in spans)
        slot = ended = 0
        for at, end in spans:
            side = int.from_bytes(data[at + HEADER : at + overhead])
            begin = slot - (int.from_bytes(data[at + HEADER : at + HEADER + 2]) >> begin_shift)
            if ended:
                _invert(stream, ended, begin)
            ended = 8 * begin + sum(side >> shift & 0xFFF for shift in lengths) if begin >= 0 else 0
            slot += end - at - overhead
        if ended and high == len(self):
            _invert(stream, ended, slot)
        slot = 0
        for at, end in spans:
            size = end - at - overhead
            data[at + overhead : end] = stream[slot : slot + size]
            slot += size
        return bytes(data[self.offsets[first] - base : self.offsets[last] - base])


def _invert(stream: bytearray, end: int, begin: int) -> None:
    """Invert the gap between two frames' main data, from a bit to a byte, but for LAME's name in it."""
    first, width = end >> 3, 8 * begin - end
    if width < 8:  # as nearly always
        if width > 0:
            stream[first] ^= (1 << width) - 1
        return
    whole = int.from_bytes(stream[first:begin])
    turns = whole ^ whole >> 1  # where a bit is another than the one before
    rest = max((~turns & (turns + 1)).bit_length() - _CAUTION, 0)  # that end with nothing else
    rest = min(rest, width - 1)
    bits = f"{whole >> rest & ((1 << width - rest) - 1):0{width - rest}b}"
    if (found := _GAP.fullmatch(bits)) is None:
        return
    names = (
        f"{'0' * len(found[1] or '')}{'1' * len(found[2])}{'0' * len(found[3] or '')}{'1' * len(found[4])}"
    )
    mask = int(names, 2) << rest | (1 << rest) - 1
    stream[first:begin] = (whole ^ mask).to_bytes(begin - first)
