"""What a video's container says of itself: is its sound encrypted, is its end missing?

ffmpeg answers neither: it decodes encrypted audio into noise or errors, and of a file that was cut in half
it converts the half and exits with 0. Only headers are looked at, and not many, however long the file is.

- MP4, MOV: see `boxes`. The last box reaches beyond the end of a file that was cut.
- Matroska, WebM: see `ebml`. The segment tells its size, unless it was streamed.
- AVI: each RIFF chunk tells its size. Its length in seconds is in the index at the end, or a guess.
- WMV (ASF specification, 3.2): the header tells the file's size, unless it was streamed.
- FLV (Adobe's specification, E.3): a whole file ends with the size of its last tag.
- MPEG-TS (ISO 13818-1): packets of 188 bytes; a file that ends inside one was cut, and knows no length.
"""

import os
from io import FileIO

from workers.converter import boxes, ebml
from workers.converter.structure import Structure

_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_HEADER = 64 << 10
_ASF_BROADCAST = 1


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
    if head[:16] == _ASF:
        return _asf(video, size)
    if head[:4] == b"FLV\1":
        return _flv(video, size)
    return _transport(video, size)


def _asf(video: FileIO, size: int) -> Structure:
    video.seek(0)
    header = video.read(_ASF_HEADER)
    at = header.find(_ASF_FILE_PROPERTIES) + 40
    if at < 40:
        return Structure()
    told, flags = (int.from_bytes(header[at + a : at + b], "little") for a, b in ((0, 8), (48, 52)))
    return Structure(cut=not flags & _ASF_BROADCAST and told > size)


def _flv(video: FileIO, size: int) -> Structure:
    last = int.from_bytes(_read(video, size - 4, 4))
    body = int.from_bytes(_read(video, size - 4 - last + 1, 3)) if last <= size - 4 else -1
    return Structure(cut=last != body + 11)


def _transport(video: FileIO, size: int) -> Structure:
    """Look at the grid of sync bytes at both ends; on M2TS each packet has a time of 4 bytes before it."""
    for packet, sync in ((188, 0), (192, 4)):
        last = size // packet - 1
        if last > 1 and all(_read(video, at * packet + sync, 1) == b"G" for at in (0, 1, 2, last)):
            cut = size % packet > 0
            return Structure(cut=cut, guesses_length=cut)
    return Structure()


def _read(video: FileIO, at: int, length: int) -> bytes:
    video.seek(at)
    return video.read(length)


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
