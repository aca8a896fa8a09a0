"""Reads the cover that a file carries, by its own bytes: ffmpeg skips one without a media type.

The front cover comes before a picture of no kind, and that before all others. A picture is what begins like
a JPEG or a PNG, whatever type it is given.

- MP3, AAC, WAV, AIFF: frames APIC and PIC of ID3v2 (https://id3.org/id3v2.4.0-frames, 4.14).
- FLAC: RFC 9639, 8.8. - Ogg: the comment METADATA_BLOCK_PICTURE, which holds such a block.
- M4A: the boxes `covr`, which name no kind.
- Matroska: attachments (RFC 9559, 5.1.6); `cover` is the name of the front.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from io import FileIO
from typing import Literal, NamedTuple

from workers.converter.containers import boxes, ebml, id3, mp4
from workers.converter.containers.pictures.tag import LARGEST, kind

_FRONT, _OTHER = 3, 0
_MOST = 64
"""Pictures, or parts that could be one."""
_OGG_HEAD = 2 * LARGEST
_MATROSKA_PARTS = 10_000
_FILE, _NAME, _DATA = 0x61A7, 0x466E, 0x465C


class _Picture(NamedTuple):
    type: int
    data: bytes


def cover(file: FileIO) -> bytes:
    """Return the best picture, as it is stored; empty for none, and for containers that are not read here."""
    file.seek(0)
    head = file.read(16)
    best: _Picture | None = None
    for picture in _pictures(file, head):
        if kind(picture.data) is not None and (best is None or _rank(picture) < _rank(best)):
            best = picture
    return best.data if best else b""


def _rank(picture: _Picture) -> int:
    return (_FRONT, _OTHER).index(picture.type) if picture.type in (_FRONT, _OTHER) else 2


def _pictures(file: FileIO, head: bytes) -> Iterator[_Picture]:
    start = id3.length(head)
    if start:
        yield from _id3(file, 0)
    file.seek(start)
    if file.read(4) == b"fLaC":
        yield from _flac(file, start + 4)
    elif head[:4] in (b"RIFF", b"FORM"):
        yield from _id3(file, _id3_chunk(file, "little" if head[:4] == b"RIFF" else "big"))
    elif head[:4] == b"OggS":
        yield from _ogg(file)
    elif head[:4] == ebml.MAGIC:
        yield from _matroska(file)
    elif head[4:8] in boxes.FIRST:
        yield from _mp4(file)


def _id3_chunk(file: FileIO, order: Literal["little", "big"]) -> int:
    """Return where the tag in a WAV or AIFF begins; 0: it has none."""
    at = 12
    for _ in range(_MOST):
        file.seek(at)
        head = file.read(8)
        if head[:4] in (b"id3 ", b"ID3 "):
            return at + 8
        if len(head) < 8:
            break
        length = int.from_bytes(head[4:], order)
        at += 8 + length + length % 2
    return 0


def _id3(file: FileIO, start: int) -> Iterator[_Picture]:
    file.seek(start)
    head = file.read(id3.HEAD)
    if not (end := id3.length(head)):
        return
    version, flags = head[3], head[5]
    tag = file.read(min(end, 4 * LARGEST) - id3.HEAD)
    if flags & 0x80 and version < 4:
        tag = tag.replace(b"\xff\0", b"\xff")
    at = 0
    if flags & 0x40 and version > 2:  # an extended header; its size counts itself since version 4
        at = _seven(tag[:4]) if version == 4 else 4 + int.from_bytes(tag[:4])
    width, frame_head = (3, 6) if version == 2 else (4, 10)
    while at + frame_head < len(tag) and tag[at] != 0:
        size = tag[at + width : at + 2 * width]
        length = _seven(size) if version == 4 else int.from_bytes(size)
        body = tag[at + frame_head : at + frame_head + length]
        if tag[at : at + width] in (b"APIC", b"PIC"):
            if version == 4:
                inner = tag[at + 9]
                body = body[4:] if inner & 0x01 else body
                body = body.replace(b"\xff\0", b"\xff") if inner & 0x02 or flags & 0x80 else body
            yield _attached(body, version)
        at += frame_head + length


def _attached(body: bytes, version: int) -> _Picture:
    """Read encoding, media type, picture type, description and data of a frame."""
    wide = body[:1] in (b"\1", b"\2")
    at = 4 if version == 2 else body.find(b"\0", 1) + 1
    type_ = body[at] if 0 < at < len(body) else _OTHER
    text = body[at + 1 :]
    end = next((n + 2 for n in range(0, min(len(text), 4096) - 1, 2) if text[n : n + 2] == b"\0\0"), 0)
    return _Picture(type_, text[end if wide else text.find(b"\0") + 1 :])


def _seven(size: bytes) -> int:
    return sum(byte << shift for byte, shift in zip(size, (21, 14, 7, 0), strict=False))


def _flac(file: FileIO, at: int) -> Iterator[_Picture]:
    for _ in range(_MOST):
        file.seek(at)
        head = file.read(4)
        length = int.from_bytes(head[1:])
        if len(head) == 4 and head[0] & 0x7F == 6 and length < 2 * LARGEST:
            yield _block(file.read(length))
        if len(head) < 4 or head[0] & 0x80:
            return
        at += 4 + length


def _block(body: bytes) -> _Picture:
    """Read type, media type, description, four numbers and data of a FLAC block."""
    at = 4
    for _ in range(2):
        at += 4 + int.from_bytes(body[at : at + 4])
    length = int.from_bytes(body[at + 16 : at + 20])
    return _Picture(int.from_bytes(body[:4]), body[at + 20 : at + 20 + length])


def _ogg(file: FileIO) -> Iterator[_Picture]:
    """Look for comments in the second packet of the first track."""
    file.seek(0)
    comments = _second_packet(file.read(_OGG_HEAD))
    found = re.finditer(rb"(....)METADATA_BLOCK_PICTURE=", comments, re.IGNORECASE | re.DOTALL)
    for comment, _ in zip(found, range(_MOST), strict=False):
        length = int.from_bytes(comment[1], "little")
        text = comments[comment.end() : comment.start() + 4 + length]
        try:
            yield _block(base64.b64decode(text))
        except binascii.Error:
            continue


def _second_packet(data: bytes) -> bytes:
    at, packets, serial, packet = 0, 0, data[14:18], bytearray()
    while data[at : at + 4] == b"OggS" and at + 27 <= len(data):
        lengths = data[at + 27 : at + 27 + data[at + 26]]
        body = at + 27 + len(lengths)
        ours = data[at + 14 : at + 18] == serial
        for length in lengths:
            if ours and packets == 1:
                packet += data[body : body + length]
            body += length
            packets += ours and length < 255
            if packets == 2:
                return bytes(packet)
        at = body
    return b""


def _mp4(file: FileIO) -> Iterator[_Picture]:
    box: boxes.Box | None = mp4.as_box(file)
    for name in (b"moov", b"udta", b"meta", b"ilst", b"covr"):
        box = mp4.find(file, box, name) if box else None
        if box and name == b"meta":
            box = box._replace(body=box.body + 4)
    data = mp4.find(file, box, b"data") if box else None
    if data and data.end - data.body < LARGEST:
        file.seek(data.body + 8)
        yield _Picture(_FRONT, file.read(data.end - data.body - 8))


def _matroska(file: FileIO) -> Iterator[_Picture]:
    size = mp4.as_box(file).end
    place = ebml.place_of(ebml.ATTACHMENTS, file, size)
    if place is None:
        return
    elements = ebml.Elements(file, _MATROSKA_PARTS)
    for attached, _ in zip(elements.between(*place), range(_MOST), strict=False):
        if attached.id == _FILE:
            parts = {each.id: each for each in elements.between(attached.body, attached.end)}
            if _DATA in parts and _NAME in parts:
                name = elements.content(parts[_NAME], 255).decode(errors="replace").lower()
                front = _FRONT if name.startswith("cover") else _OTHER if "cover" in name else _OTHER + 1
                yield _Picture(front, elements.content(parts[_DATA], LARGEST))
