"""Reads an MP3's first frame: rate, channels, and length to the sample. Pure.

That frame holds no sound but a table, "Xing" or "Info" (http://gabriel.mp3-tech.org/mp3infotag.html): the
number of frames, and the samples of silence that the encoder added in front (delay) and behind (padding).
"""

import os
from io import FileIO

from workers.converter.containers import id3
from workers.converter.containers.sound import Sound

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Sample rates by the version bits of a frame's header: MPEG 1, 2 and 2.5."""
_MPEG_1, _MONO = 3, 3
_LATE = 529


def describe(mp3: FileIO) -> Sound | None:
    """Read the header of a seekable MP3; None when there is no such frame at its beginning."""
    size = mp3.seek(0, os.SEEK_END)
    mp3.seek(0)
    start = id3.length(mp3.read(id3.HEAD))
    if start + 4 > size:
        return None
    mp3.seek(start)
    frame = mp3.read(256)
    version, layer = (frame[1] >> 3) & 3, (frame[1] >> 1) & 3
    rate_index, mono = (frame[2] >> 2) & 3, frame[3] >> 6 == _MONO
    if frame[0] != 0xFF or frame[1] < 0xE0 or layer != 1 or version not in _RATES or rate_index == 3:
        return None
    side_information = (17 if mono else 32) if version == _MPEG_1 else (9 if mono else 17)
    table = frame[4 + side_information :]
    if table[:4] not in (b"Xing", b"Info") or not table[7] & 1:
        return None
    samples = int.from_bytes(table[8:12]) * (1152 if version == _MPEG_1 else 576)
    gaps = int.from_bytes(table[141:144])
    delay, padding = gaps >> 12, gaps & 0xFFF
    rate = _RATES[version][rate_index]
    # A decoder is late by 529 samples. They are lost at the end of an MP3 that was copied: it has no padding.
    seconds = max(samples - delay - max(padding, _LATE), 0) / rate
    return Sound(duration_seconds=round(seconds, 6), sample_rate=rate, channels=1 if mono else 2)
