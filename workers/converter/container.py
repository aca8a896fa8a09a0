"""What a video's container says of itself: is its sound encrypted, is its end missing?

ffmpeg answers neither: it decodes encrypted audio into noise or errors, and of a file that was cut in half
it converts the half and exits with 0. Only headers are looked at, and not many, however long the file is.

- MP4, MOV: see `boxes`. The last box reaches beyond the end of a file that was cut.
- Matroska, WebM: see `ebml`. The segment tells its size, unless it was streamed.
- AVI: each RIFF chunk tells its size. Its length in seconds is in the index at the end, or a guess.
"""

import os
from io import FileIO

from workers.converter import boxes, ebml
from workers.converter.structure import Structure


def inspect(video: FileIO) -> Structure:
    """Look at a seekable file from its beginning; its position is anywhere after."""
    size = video.seek(0, os.SEEK_END)
    video.seek(0)
    head = video.read(16)
    if head[4:8] in boxes.FIRST:
        return boxes.inspect(video, size)
    if head[:4] == ebml.MAGIC:
        return ebml.inspect(video, size)
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return _riff(video, size)
    return Structure()


def _riff(video: FileIO, size: int) -> Structure:
    at = 0
    while at + 12 <= size:
        video.seek(at)
        head = video.read(12)
        if head[:4] != b"RIFF":
            return Structure()
        at += 8 + int.from_bytes(head[4:8], "little")
        at += at % 2
    # A padding byte that was never written is not missing.
    return Structure(cut=at > size + 1, guesses_length=True)
