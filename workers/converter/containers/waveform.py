"""Writes the peaks of a sound as BBC audiowaveform's data format, version 2, with 8 bits and one channel.

https://github.com/bbc/audiowaveform, doc/DataFormat.md. All numbers are little-endian.
"""

import struct

_VERSION, _EIGHT_BITS, _CHANNELS = 2, 1, 1


def waveform(points: bytes, *, sample_rate: int, samples_per_point: int) -> bytes:
    """Return the file. `points` are low and high by turns, a signed byte each."""
    numbers = (_VERSION, _EIGHT_BITS, sample_rate, samples_per_point, len(points) // 2, _CHANNELS)
    return struct.pack("<iIiiIi", *numbers) + points
