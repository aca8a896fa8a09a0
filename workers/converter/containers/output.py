"""Reads length (to the sample), rate and channels of a result from its container's own headers.

Bounded: a header, and of Ogg the last page. None for a file that is not of its format: the files are the
converter's own, so something went wrong.

- FLAC: STREAMINFO (RFC 9639, 8.2). - WAV: `fmt ` and `data` (RFC 2361). - MP4: see `mp4`. - MP3: see `mp3`.
- Ogg: the last page's granule position (RFC 3533) less, for Opus, the pre-skip (RFC 7845, 4.2).
"""

import os
from collections.abc import Callable
from io import FileIO

from events.options import Format
from workers.converter.containers import mp3, mp4
from workers.converter.containers.sound import Sound

_LARGEST_PAGE = 27 + 255 + 255 * 255
_MOST_CHUNKS = 64


def describe(format_: Format, file: FileIO) -> Sound | None:
    """Read a seekable file of this format. Its position is anywhere afterwards."""
    return _READERS[format_](file)


def _flac(file: FileIO) -> Sound | None:
    file.seek(0)
    head = file.read(42)
    if head[:4] != b"fLaC" or len(head) < 42:
        return None
    packed = int.from_bytes(head[18:26])
    return _sound(packed & (1 << 36) - 1, packed >> 44, (packed >> 41 & 7) + 1)


def _wav(file: FileIO) -> Sound | None:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        return None
    at, rate, channels, width = 12, 0, 0, 0
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        head = file.read(24)
        length = int.from_bytes(head[4:8], "little")
        if head[:4] == b"fmt " and len(head) == 24:
            channels, rate, width = (
                int.from_bytes(head[a:b], "little") for a, b in ((10, 12), (12, 16), (20, 22))
            )
        elif head[:4] == b"data" and width:
            return _sound(min(length, size - at - 8) // width, rate, channels)
        elif len(head) < 8:
            return None
        at += 8 + length + length % 2
    return None


def _ogg(file: FileIO) -> Sound | None:
    file.seek(0)
    head = file.read(27 + 255 + 64)
    if head[:4] != b"OggS":
        return None
    packet = head[27 + head[26] :]
    if packet[:8] == b"OpusHead":
        skip, rate, channels = int.from_bytes(packet[10:12], "little"), 48000, packet[9]
    elif packet[:7] == b"\x01vorbis":
        skip, rate, channels = 0, int.from_bytes(packet[12:16], "little"), packet[11]
    else:
        return None
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _LARGEST_PAGE, 0))
    end = file.read()
    last = end.rfind(b"OggS\0")
    granule = int.from_bytes(end[last + 6 : last + 14], "little", signed=True)
    return _sound(granule - skip, rate, channels) if last >= 0 else None


def _sound(samples: int, rate: int, channels: int) -> Sound | None:
    if rate <= 0 or channels <= 0:
        return None
    return Sound(duration_seconds=round(max(samples, 0) / rate, 6), sample_rate=rate, channels=channels)


_READERS: dict[Format, Callable[[FileIO], Sound | None]] = {
    Format.MP3: mp3.describe,
    Format.M4A: mp4.describe,
    Format.OPUS: _ogg,
    Format.OGG: _ogg,
    Format.FLAC: _flac,
    Format.WAV: _wav,
}
