"""Reads the times of the packets that ffmpeg copies, as its muxer `framecrc` lists them. Pure.

Most formats cannot hold a hole or a clock that goes back, or not so that players would notice. So packets
with such times are of no use for a copy.
"""

import re

from workers.converter.ffmpeg.timeline import HOLE

_CLOCK = re.compile(r"#tb 0: (\d{1,9})/(\d{1,9})")
_PACKET = re.compile(r"0, *-?\d{1,18}, *(-?\d{1,18}), *(\d{1,18}),")


class PacketTimes:
    """Follows the packets of one track. They are `steady` as long as each begins where the last one ended."""

    def __init__(self) -> None:
        self._rest = b""
        self._tick = 1.0
        self._end, self._length = 0.0, 0.0
        """Where the last one ended, and how long it was, in seconds."""
        self._pressed = 0.0
        """Seconds by which packets lie over each other: ffmpeg presses them so where the clock goes back."""
        self._first = True
        self.steady = True

    def feed(self, data: bytes) -> None:
        """Take the next piece of the list."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._read(line.decode(errors="replace"))

    def _read(self, line: str) -> None:
        if packet := _PACKET.match(line):
            begin, length = int(packet[1]) * self._tick, int(packet[2]) * self._tick
            missing = begin - self._end
            # A container that tells milliseconds is wrong by less than half a packet.
            self._pressed -= missing if missing < -self._length / 2 else 0.0
            self.steady &= max(missing, self._pressed) < HOLE or not (self._length or self._first)
            self._end, self._length, self._first = begin + length, length, False
        elif clock := _CLOCK.match(line):
            self._tick = int(clock[1]) / (int(clock[2]) or 1)
