"""Puts a picture into a file of sound, as it is.

ffmpeg would have to know the picture's size for that, and so would decode it, which a cover is not worth.

- MP3: a frame APIC in the ID3v2.3 tag (https://id3.org/id3v2.3.0, 4.15). - FLAC: RFC 9639, 8.8.
- M4A: `covr` in moov/udta/meta/ilst (QuickTime File Format, metadata). `moov` is the last box in ours.
"""

from io import FileIO
from typing import NamedTuple

from events.options import Format
from workers.converter.containers import id3, mp4
from workers.converter.containers.insertion import insert, overwrite

LARGEST = 8 << 20
"""Bytes of a picture; a larger one is left out."""
_FRONT = 3
"""Cover (front)."""


class Place(NamedTuple):
    """The bytes of a file that are the picture; 0 of them where it holds none."""

    at: int = 0
    bytes: int = 0


def kind(picture: bytes) -> tuple[bytes, int] | None:
    """Return a picture's media type, and its number in an M4A; None for a picture that cannot be embedded."""
    if len(picture) >= LARGEST:
        return None
    if picture[:3] == b"\xff\xd8\xff":
        return b"image/jpeg", 13
    return (b"image/png", 14) if picture[:8] == b"\x89PNG\r\n\x1a\n" else None


def embed(format_: Format, file: FileIO, picture: bytes) -> Place:
    """Add the cover to a whole file. Return its place; none where it cannot be added, as in other formats."""
    if (known := kind(picture)) is None:
        return Place()
    mime, number = known
    if format_ is Format.MP3:
        end = _mp3(file, mime, picture)
    elif format_ is Format.FLAC:
        end = _flac(file, mime, picture)
    elif format_ is Format.M4A:
        end = _m4a(file, number, picture)
    else:
        end = 0
    return Place(end - len(picture), len(picture)) if end else Place()


def _mp3(file: FileIO, mime: bytes, picture: bytes) -> int:
    """Return where the picture ends in the file, as the others do; 0: it is not there."""
    body = b"\0" + mime + b"\0" + bytes([_FRONT]) + b"\0" + picture
    frame = b"APIC" + len(body).to_bytes(4) + b"\0\0" + body
    file.seek(0)
    head = file.read(id3.HEAD)
    if head[:4] != b"ID3\3":
        insert(file, 0, b"ID3\3\0\0" + id3.packed(len(frame)) + frame)
        return id3.HEAD + len(frame)
    insert(file, id3.HEAD, frame)
    overwrite(file, 6, id3.packed(id3.length(head) - id3.HEAD + len(frame)))
    return id3.HEAD + len(frame)


def _flac(file: FileIO, mime: bytes, picture: bytes) -> int:
    file.seek(0)
    head = file.read(8)
    if head[:4] != b"fLaC":
        return 0
    # 0 for width, height, depth and colours: they are not known.
    body = _FRONT.to_bytes(4) + len(mime).to_bytes(4) + mime + bytes(20) + len(picture).to_bytes(4) + picture
    last = head[4] & 0x80
    insert(file, 42, bytes([last | 6]) + len(body).to_bytes(3) + body)
    overwrite(file, 4, bytes([head[4] & 0x7F]))
    return 42 + 4 + len(body)


def _m4a(file: FileIO, number: int, picture: bytes) -> int:
    """Append to the innermost of these boxes that exists, and enlarge all around it."""
    parent, path = mp4.as_box(file), []
    size = parent.end
    new = _box(b"covr", _box(b"data", number.to_bytes(4) + bytes(4) + picture))
    missing = [b"moov", b"udta", b"meta", b"ilst"]
    while missing and (box := mp4.find(file, parent, missing[0])) is not None:
        path.append(box)
        missing.pop(0)
        parent = box._replace(body=box.body + 4) if box.kind == b"meta" else box
    if not path or path[0].end != size:
        return 0
    if b"ilst" in missing:
        new = _box(b"ilst", new)
    if b"meta" in missing:
        handler = _box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
        new = _box(b"meta", bytes(4) + handler + new)
    if b"udta" in missing:
        new = _box(b"udta", new)
    insert(file, path[-1].end, new)
    for box in path:
        overwrite(file, box.body - 8, (box.end - box.body + 8 + len(new)).to_bytes(4))
    return path[-1].end + len(new)


def _box(kind: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4) + kind + body
