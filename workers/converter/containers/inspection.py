"""Finds out from a video's container whether its sound is encrypted, and whether its end is missing.

ffmpeg does neither: it decodes encrypted audio into noise or errors. Of a file that was cut in half, it
converts the half and exits with 0. Only a few headers are read here, however long the file is.

- MP4, MOV: see `boxes`. The last box reaches beyond the end of a file that was cut.
- Matroska, WebM: see `ebml`. The segment has its size, unless it was streamed.
- AVI: each RIFF chunk has its size. The length in seconds is in the index at the end, or a guess.
- WMV (ASF specification, 3.2): the header has the file's size, unless it was streamed.
- WAV, W64, AIFF, CAF, AU, RealMedia, DSF: see `chunks`. - Ogg: see `pages`. - FLAC: see `flac`.
- FLV (Adobe's specification, E.3 to E.5): a whole file ends with the size of its last tag. The time
  of that tag is near the length that the first one states.

Of what has no index (TS, MPEG, ADTS, MP3, raw streams) a cut last packet is ordinary, and shows nothing.
"""

import os
import struct
from enum import Enum, auto
from io import RawIOBase

from msgspec.structs import replace

from workers.converter.containers import boxes, chunks, ebml, flac, lead, matroska_chapters, pages
from workers.converter.containers.structure import Structure

_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_HEADER = 64 << 10
_ASF_BROADCAST = 1
_FLV_HEADER = 64 << 10
_FLV_LENGTH = b"\0\x08duration\0"
_FLV_MEDIA = (8, 9)
"""The kinds of a tag of sound, of picture."""
_FLV_NEAR = 0.5
"""Seconds from the beginning of the last tag to the end, at most."""
_PACKETS = ((188, 0), (192, 4))
"""MPEG-TS and M2TS: a packet's length, and the place of the sync byte in it."""
_NEVER_WRITTEN = b"\xff" * 4
"""The size of a RIFF chunk that went into a pipe."""
_MOST_PARTS = 10_000
"""Parts of an AVI: each is about 1 GB."""


class Kind(Enum):
    """Ways to read a container."""

    BOXES = auto()
    """MP4, MOV."""
    EBML = auto()
    """Matroska, WebM."""
    STREAM = auto()
    """From its beginning to its end, with the same sound and tags as from a file."""
    OTHER = auto()
    """Tags may stand behind the sound (MP3, WAV), or the container is not known."""


def kind(video: RawIOBase) -> Kind:
    """Return the kind of a container, by its first bytes."""
    video.seek(0)
    head = video.read(400)
    if head[4:8] in boxes.FIRST:
        return Kind.BOXES
    if head[:4] == ebml.MAGIC:
        return Kind.EBML
    streams = (
        head[:4] in (b"OggS", b"FLV\1", b"\0\0\1\xba")
        or head[:16] == _ASF
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
        or any(head[sync : 3 * packet : packet] == b"GGG" for packet, sync in _PACKETS)
    )
    return Kind.STREAM if streams else Kind.OTHER


def inspect(video: RawIOBase) -> Structure:
    """Inspect a seekable file. Its position is anywhere afterwards."""
    size = video.seek(0, os.SEEK_END)
    video.seek(0)
    head = video.read(16)
    if head[4:8] in boxes.FIRST:
        return boxes.inspect(video, size)
    if head[:4] == ebml.MAGIC:
        return replace(ebml.inspect(video, size), chapters=matroska_chapters.chapters(video, size))
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return _avi(video, size)
    if head[:16] == _ASF:
        return _asf(video, size)
    if head[:4] == b"FLV\1":
        return _flv(video, size)
    if head[:4] == flac.MAGIC:
        return flac.inspect(video, size)
    if head[:4] == pages.MAGIC:
        return pages.inspect(video, size)
    return replace(chunks.inspect(video, size), lead=lead.find(video))


def _asf(video: RawIOBase, size: int) -> Structure:
    video.seek(0)
    header = video.read(_ASF_HEADER)
    at = header.find(_ASF_FILE_PROPERTIES) + 40
    if at < 40:
        return Structure()
    stated, flags = (int.from_bytes(header[at + a : at + b], "little") for a, b in ((0, 8), (48, 52)))
    cut = not flags & _ASF_BROADCAST and stated > size
    return Structure(cut=cut, guesses_length=cut)


def _flv(video: RawIOBase, size: int) -> Structure:
    last = int.from_bytes(_read(video, size - 4, 4))
    tag = _read(video, size - 4 - last, 8) if last <= size - 4 else b""
    if len(tag) < 8 or last != int.from_bytes(tag[1:4]) + 11:
        return Structure(cut=True)
    end = int.from_bytes(tag[7:] + tag[4:7]) / 1000
    return Structure(cut=tag[0] in _FLV_MEDIA and end < _flv_length(_read(video, 0, _FLV_HEADER)) - _FLV_NEAR)


def _flv_length(header: bytes) -> float:
    """Return the seconds that the metadata state (AMF 0: name, type 0, double); 0: they state none."""
    at = header.find(_FLV_LENGTH) + len(_FLV_LENGTH)
    number = header[at : at + 8] if at >= len(_FLV_LENGTH) else b""
    return struct.unpack(">d", number)[0] if len(number) == 8 else 0.0


def _read(video: RawIOBase, at: int, length: int) -> bytes:
    video.seek(at)
    return video.read(length)


def _avi(video: RawIOBase, size: int) -> Structure:
    at = 0
    for _ in range(_MOST_PARTS):
        if at + 12 > size:
            break
        video.seek(at)
        head = video.read(12)
        if head[:4] != b"RIFF" or head[4:8] == _NEVER_WRITTEN:
            return Structure()
        at += 8 + int.from_bytes(head[4:8], "little")
        at += at % 2
    # A padding byte that was never written is not missing.
    return Structure(cut=at > size + 1, guesses_length=True)
