"""Finds the frames of an MP3 that comes in pieces. Pure.

ISO 11172-3, 2.4.1.3 (MPEG 1) and ISO 13818-3, 2.4.1 (lower sample rates). Before the music stand an ID3 tag
and a frame with a table, "Xing" or "Info" (http://gabriel.mp3-tech.org/mp3infotag.html): it names the samples
that the encoder added in front (delay) and behind (padding).
"""

from collections.abc import Iterator
from typing import NamedTuple

_HEADER, _ID3 = 4, 10
_BIT_RATES = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""kbit/s by a header's version bits: MPEG 1; MPEG 2, and 2.5 alike."""
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_MPEG_1, _MONO = 3, 3
TABLE_SIZE = 156
_ENOUGH = 2048
"""Bytes that hold the longest frame, and the header of the next one."""


class NoFrames(ValueError):
    """These bytes are no MP3 whose frames are all of one kind."""


class FrameKind(NamedTuple):
    """The properties that all frames of an MP3 share."""

    header: bytes
    """The first frame's 4 bytes."""
    rate: int
    samples: int
    """In a frame."""
    side: int
    """Bytes of a frame's side information."""
    lengths: tuple[int, ...]
    """A frame's bytes, by the third byte of its header; 0: it is of another kind."""

    @property
    def slot_at(self) -> int:
        """The place of a frame's main data: behind header, checksum if it has one, and side information."""
        return _HEADER + self.side + (0 if self.header[1] & 1 else 2)

    @property
    def table_at(self) -> int:
        """The place of a table in its frame, which has no checksum."""
        return _HEADER + self.side

    def header_for(self, length: int) -> bytes:
        """Return the header of the shortest frame of this kind, without checksum, that has so many bytes.

        Raises NoFrames where none has.
        """
        same = self.header[2] & 0x0C
        for third in (bits << 4 | same for bits in range(1, 15)):
            if self.lengths[third] >= length:
                return bytes((0xFF, self.header[1] | 1, third, self.header[3]))
        raise NoFrames("no frame is as long as that")


class Table(NamedTuple):
    """The additions that an MP3 names. Without a table nothing is known to have been added."""

    delay: int = 0
    padding: int = 0
    encoder: bytes = b"Lavf\0\0\0\0\0"


class Frame(NamedTuple):
    """A frame of music, and its place in the file."""

    at: int
    data: bytes


class FrameFinder:
    """The frames of the music, as the bytes come."""

    def __init__(self) -> None:
        self.kind: FrameKind | None = None
        """That of the music, once it has begun."""
        self.table = Table()
        self._left, self._at = b"", 0
        self._skip: int | None = None  # bytes to leave out; None: it is not known yet if there is a tag
        self._ended = False

    def feed(self, piece: bytes) -> Iterator[Frame]:
        """Yield the frames that end in the next piece. Raises NoFrames if the file does not begin as an MP3.

        What is no frame ends the music: the tags behind it.
        """
        data = self._left + piece
        done = self._passed(data)
        if self.kind is None and not self._skip and len(data) - done >= _ENOUGH:
            self.kind = kind_of(data[done : done + _HEADER])
            if (table := _table(data[done:], self.kind)) is not None:
                self.table = table
                done += self.kind.lengths[data[done + 2]]
                self.kind = kind_of(data[done : done + _HEADER])  # the table's frame may differ a little
        while self.kind is not None and not self._ended and done + _HEADER <= len(data):
            length = self.kind.lengths[data[done + 2]]
            if not length or data[done] != 0xFF or data[done + 1] != self.kind.header[1]:
                self._ended = True
            elif done + length <= len(data):
                yield Frame(self._at + done, data[done : done + length])
                done += length
            else:
                break
        self._left, self._at = (b"" if self._ended else data[done:]), self._at + done

    def _passed(self, data: bytes) -> int:
        """Return how much of the data belongs to a tag in front."""
        if self._skip is None and len(data) >= _ID3:
            self._skip = _tag_length(data)
        done = min(self._skip or 0, len(data))
        self._skip = None if self._skip is None else self._skip - done
        return done


def kind_of(header: bytes) -> FrameKind:
    """Read a frame's header. Raises NoFrames."""
    version, layer, rate_index = (header[1] >> 3) & 3, (header[1] >> 1) & 3, (header[2] >> 2) & 3
    if header[0] != 0xFF or header[1] < 0xE0 or layer != 1 or version not in _RATES or rate_index == 3:
        raise NoFrames("no frame of layer III")
    mono, samples = header[3] >> 6 == _MONO, 1152 if version == _MPEG_1 else 576
    side = (17 if mono else 32) if version == _MPEG_1 else (9 if mono else 17)
    rate = _RATES[version][rate_index]
    lengths = tuple(_length(third, version, rate_index, rate) for third in range(256))
    return FrameKind(header, rate, samples, side, lengths)


def _length(third: int, version: int, rate_index: int, rate: int) -> int:
    bit_rate = third >> 4
    if bit_rate in (0, 15) or (third >> 2) & 3 != rate_index:
        return 0
    samples, rates = (1152, _BIT_RATES[3]) if version == _MPEG_1 else (576, _BIT_RATES[2])
    return samples * 125 * rates[bit_rate] // rate + ((third >> 1) & 1)


def _table(frame: bytes, kind: FrameKind) -> Table | None:
    """Return the first frame's table about the others; None where it is music itself."""
    table = frame[kind.table_at :][:TABLE_SIZE]
    if table[:4] not in (b"Xing", b"Info"):
        return None
    gaps = int.from_bytes(table[141:144])
    return Table(gaps >> 12, gaps & 0xFFF, table[120:129])


def _tag_length(begin: bytes) -> int:
    """Return the bytes of an ID3 tag (version 2) in front; 0 where there is none."""
    if begin[:3] != b"ID3":
        return 0
    size = 0
    for byte in begin[6:10]:
        size = size << 7 | byte & 0x7F
    return _ID3 + size + (_ID3 if begin[5] & 0x10 else 0)
