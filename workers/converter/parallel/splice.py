"""Where an encoder's work can be ended because another one is doing the same, and how theirs is put together.

    the whole's frames   0 ─────────────────────────────► end
    earlier encoder      ████████████████████▌
    later encoder                    ░░░██████████████████      ░ it has not heard what was before

The later one hears the same sound from some frame on, without a past. LAME's memory fades: of the sound
within a few frames (what masks: at a factor of 0.925 a frame), of the bits that it saved (the reservoir) when
both are full, empty, or happen to be equal. Once `AGREEING` frames in a row are the same to the last bit,
their headers, their places in the reservoir and their data, nothing is left by which the two could differ:
from there on the later one writes what the earlier one would have. So the whole is what a lone encoder
makes, to the byte. It takes an instant for a constant bit rate; a variable one may take a minute of dense
music, and until then the earlier encoder simply goes on: at worst it makes the whole.

One thing remembers more than the sound: LAME fills gaps with 0 and 1 by turns, see `Frames.turned`.
"""

from collections.abc import Sequence
from io import FileIO

from msgspec import Struct

from workers.converter.containers.lame_tag import Crc, count_of, finish
from workers.converter.containers.mp3_frames import Frames, NotFrames

AGREEING = 100
"""Frames in a row that must be the same. In silence the ear's threshold, which nothing shows, takes 95 to
fall from the loudest to the softest: log(0.000625) / log(0.925)."""
_BLOCK = 512
"""Frames that are worked on at once, to bound the memory."""


class Join(Struct, frozen=True):
    """Where a later encoder takes over."""

    at: int
    """The number in the whole of its first frame that is used."""
    turned: bool
    """Its fillings are the other way round."""


class Pursuit:
    """Looks for the place where a later encoder, whose first frame is number `first`, may take over."""

    def __init__(self, earlier: Frames, later: Frames, first: int) -> None:
        self._earlier, self._later, self._first = earlier, later, first
        self.seen = first
        """Frames of the whole that were compared, or are before."""
        self._straight = self._turned = 0
        """How many of the last frames were the same, as they are and with their fillings turned."""

    def look(self) -> Join | None:
        """Compare what was written since. Raises NotFrames when there is no hope."""
        self._earlier.grow()
        self._later.grow()
        if not len(self._later):
            return None
        ready = min(len(self._earlier), self._first + len(self._later) - self._later.kind.reach)
        while self.seen < ready:
            if (found := self._compare(self.seen, min(ready, self.seen + _BLOCK))) is not None:
                return found
        return None

    def _compare(self, low: int, high: int) -> Join | None:
        if self._earlier.kind != self._later.kind:
            raise NotFrames("the two are of different kinds")
        first, last = low - self._first, high - self._first
        ours = self._earlier.split(low, high, self._earlier.data(low, high))
        theirs = self._later.split(first, last, self._later.data(first, last))
        turned = self._later.split(first, last, self._later.turned(first, last))
        self.seen = high
        for at, (frame, straight, other) in enumerate(zip(ours, theirs, turned, strict=True), low + 1):
            self._straight = self._straight + 1 if frame == straight else 0
            self._turned = self._turned + 1 if frame == other else 0
            # Where nothing was filled both are the same, and it shows later which way round it is.
            if max(self._straight, self._turned) >= AGREEING > min(self._straight, self._turned):
                return Join(at, self._turned > self._straight)
        return None


class Piece(Struct, frozen=True):
    """A row of one encoder's frames, by their numbers in its own file."""

    frames: Frames
    first: int
    last: int
    turned: bool = False


def assemble(target: FileIO, pieces: Sequence[Piece]) -> None:
    """Make the whole in the first piece's file, `target`. Raises NotFrames, upon which that is spoilt."""
    end = pieces[-1].frames
    table = end.front()
    if not pieces[-1].last == len(end) == count_of(table):
        raise NotFrames("the last encoder did not end well")
    start = pieces[0].frames.offsets[0]
    if pieces[0].frames.table + len(table) != start:
        raise NotFrames("the tables are of different sizes")
    crc = Crc(sum(piece.frames.offsets[piece.last] - piece.frames.offsets[piece.first] for piece in pieces))
    ends: list[int] = []
    bit_rates: set[int] = set()
    target.seek(pieces[0].frames.offsets[pieces[0].last])
    target.truncate()
    for number, piece in enumerate(pieces):
        for low in range(piece.first, piece.last, _BLOCK):
            high = min(low + _BLOCK, piece.last)
            data = (piece.frames.turned if piece.turned else piece.frames.data)(low, high)
            crc.add(data)
            if number:
                _write(target, data)
            offsets, before = piece.frames.offsets, ends[-1] if ends else 0
            ends += [before + at - offsets[low] for at in offsets[low + 1 : high + 1]]
            bit_rates |= {data[at - offsets[low] + 2] >> 4 for at in offsets[low:high]}
    target.seek(pieces[0].frames.table)
    _write(target, finish(table, ends=ends, variable=len(bit_rates) > 1, music_crc=crc.value()))


def _write(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
