"""Finds the frame where a later encoder can take over from an earlier one, and joins their frames.

    the whole's frames   0 ─────────────────────────────► end
    earlier encoder      ████████████████████▌
    later encoder                    ░░░██████████████████      ░ it does not know the sound before

The later encoder gets the same sound from some frame on, without a past. LAME's memory fades. It forgets the
sound within a few frames (masking, by a factor of 0.925 a frame). It forgets the bits that it saved (the
reservoir) when both encoders' are full, empty, or happen to be equal.

Once `AGREEING` frames in a row are the same to the last bit (headers, places in the reservoir, data), nothing
is left by which the two could differ. From there on the later encoder writes what the earlier one would have
written. So the whole has the very bytes that a lone encoder makes.

With a constant bit rate this takes an instant. With a variable one it may take a minute of dense music. Until
then the earlier encoder goes on; at worst it makes the whole.

One thing depends on more than the sound: LAME fills gaps with 0 and 1 by turns, see `Frames.inverted`.
"""

from collections.abc import Sequence
from io import FileIO

from msgspec import Struct

from workers.converter.containers.lame_tag import Crc, count_of, finish
from workers.converter.containers.mp3_frames import Frames, NotFrames

AGREEING = 100
"""Frames in a row that must be the same. In silence LAME's threshold of hearing, which no frame shows, takes
95 to fall from the loudest to the softest: log(0.000625) / log(0.925)."""
_BLOCK = 512
"""Frames that are handled at once, to bound the memory."""


class Join(Struct, frozen=True):
    """The place where a later encoder takes over."""

    at: int
    """The first of its frames that is used, by its number in the whole."""
    inverted: bool
    """Its gaps are filled the other way round."""


class Pursuit:
    """Looks for the place where a later encoder, which begins with frame `first`, may take over."""

    def __init__(self, earlier: Frames, later: Frames, first: int) -> None:
        self._earlier, self._later, self._first = earlier, later, first
        self.seen = first
        """The number of the next frame of the whole to compare."""
        self._straight = self._inverted = 0
        """Frames in a row that were the same so far: as they are, and with their gaps inverted."""

    def look(self) -> Join | None:
        """Compare the frames that were written since. Raises NotFrames where they can never be joined."""
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
        inverted = self._later.split(first, last, self._later.inverted(first, last))
        self.seen = high
        for at, (frame, straight, other) in enumerate(zip(ours, theirs, inverted, strict=True), low + 1):
            self._straight = self._straight + 1 if frame == straight else 0
            self._inverted = self._inverted + 1 if frame == other else 0
            # As long as no gap was filled, both are the same. The first gap decides.
            if max(self._straight, self._inverted) >= AGREEING > min(self._straight, self._inverted):
                return Join(at, self._inverted > self._straight)
        return None


class Piece(Struct, frozen=True):
    """A row of frames of one encoder, by their numbers in its own file."""

    frames: Frames
    first: int
    last: int
    inverted: bool = False


def assemble(target: FileIO, pieces: Sequence[Piece]) -> None:
    """Write the whole into `target`, the first piece's file. After NotFrames that file is spoilt."""
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
            data = (piece.frames.inverted if piece.inverted else piece.frames.data)(low, high)
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
