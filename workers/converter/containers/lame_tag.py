"""Writes the table before an MP3's sound ("Xing" or "Info", with LAME's part) as ffmpeg does. Pure.

ffmpeg's muxer writes it, not LAME (libavformat/mp3enc.c). All that does not depend on the music's length is
taken from a table that the muxer wrote. Layout: http://gabriel.mp3-tech.org/mp3infotag.html. After the side
information, which is zero: 0 "Xing", 4 flags, 8 frames, 12 bytes, 16 table of contents (100), 116 quality,
120 encoder (9), 141 delay and padding (12 bits each), 148 music's bytes, 152 its CRC, 154 the table's CRC.
"""

from collections.abc import Sequence
from itertools import count

from workers.converter.containers.mp3_frames import NotFrames, kind_of

_FRAMES, _BYTES, _TOC, _MUSIC_BYTES, _MUSIC_CRC, _TAG_CRC, _SIZE = 8, 12, 16, 148, 152, 154, 156
_TOC_ENTRIES, _BAGS = 100, 400
_ALL_FLAGS = 0x0F
_CRC_COVERS = 190
"""Bytes of the frame that the CRC covers: all before it, for MPEG 1 in stereo. ffmpeg takes as many of any
sound; of a mono frame it goes beyond the end, into the zeros behind it."""
_PERIOD = 32767
"""Bytes after which the CRC's polynomial x^16+x^15+x^2+1 = (x+1)(x^15+x+1) repeats: x^32767 = 1 by both."""


def count_of(table: bytes) -> int:
    """Return the number of frames that follow; 0 in an unfinished table. Raises NotFrames."""
    found = table[kind_of(table).overhead :]
    if found[:4] not in (b"Xing", b"Info") or len(found) < _SIZE or found[7] != _ALL_FLAGS:
        raise NotFrames("the first frame holds no table")
    return int.from_bytes(found[_FRAMES:][:4])


def finish(table: bytes, *, ends: Sequence[int], variable: bool, music_crc: int) -> bytes:
    """Return the table's frame for other music, whose frames end at `ends` after the start of the first.

    `variable`: they have more than one bit rate, whatever the options are. Delay and padding stay.
    """
    frame, at = bytearray(table), kind_of(table).overhead
    size = len(frame) + ends[-1]

    def put(where: int, value: int, width: int) -> None:
        frame[at + where : at + where + width] = value.to_bytes(width)

    frame[at : at + 4] = b"Xing" if variable else b"Info"
    put(_FRAMES, len(ends), 4)
    put(_BYTES, size, 4)
    frame[at + _TOC : at + _TOC + _TOC_ENTRIES] = _contents(ends, len(frame))
    put(_MUSIC_BYTES, size, 4)
    put(_MUSIC_CRC, music_crc, 2)
    put(_TAG_CRC, 0, 2)
    covered = bytes(frame.ljust(_CRC_COVERS, b"\0")[:_CRC_COVERS])
    crc = Crc(len(covered))
    crc.add(covered)
    put(_TAG_CRC, crc.value(), 2)
    return bytes(frame)


def _contents(ends: Sequence[int], before: int) -> bytes:
    """Return the position of each hundredth of the time, in 256ths of the size.

    ffmpeg remembers the end of every n-th frame, where n is the power of two that leaves fewer than 400.
    """
    every = next(1 << at for at in count() if len(ends) >> at < _BAGS)
    bags, size = len(ends) // every, before + ends[-1]
    found = (ends[every * (index * bags // _TOC_ENTRIES + 1) - 1] for index in range(1, _TOC_ENTRIES))
    return bytes((0, *(min(256 * (before + end) // size, 255) for end in found)))


class Crc:
    """CRC-16/ARC of so many bytes, given in pieces.

    To look up a table for each byte would take a second a song. As the polynomial repeats, blocks of one
    period are first added up (exclusive or), each as a single big number.
    """

    def __init__(self, length: int) -> None:
        self._at, self._folded = -length % _PERIOD, 0

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        done = 0
        while done < len(piece):
            part = piece[done : done + _PERIOD - self._at]
            self._folded ^= int.from_bytes(part, "little") << 8 * self._at
            done, self._at = done + len(part), (self._at + len(part)) % _PERIOD

    def value(self) -> int:
        """Return the CRC, once all bytes were given."""
        crc = 0
        for byte in self._folded.to_bytes(_PERIOD, "little"):
            crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
        return crc


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_TABLE = [_remainder(byte) for byte in range(256)]
