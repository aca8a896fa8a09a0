"""Small files that would become much in a careless parser. Each takes the bytes that it shall have."""

import os
import struct
from collections.abc import Callable


def box(kind: bytes, body: bytes) -> bytes:
    """Return a box of an MP4."""
    return struct.pack(">I4s", 8 + len(body), kind) + body


def element(id_: int, body: bytes) -> bytes:
    """Return an element of a Matroska file."""
    return id_.to_bytes((id_.bit_length() + 7) // 8) + (1 << 56 | len(body)).to_bytes(8) + body


SEGMENT = element(0x1A45DFA3, b"\x42\x86\x81\x01") + bytes.fromhex("18538067") + b"\x01" + b"\xff" * 7
_BRAND = box(b"ftyp", b"isom\0\0\2\0isom")
_CLUSTER = element(0x1F43B675, bytes(100))


def _filled(size: int, piece: bytes) -> bytes:
    return piece * (size // len(piece))


def _movie(*path: bytes, content: bytes) -> bytes:
    for kind in reversed(path):
        content = box(kind, content)
    return _BRAND + box(b"moov", content)


def _table(kind: bytes, width: int, size: int) -> bytes:
    return box(kind, bytes(4) + struct.pack(">I", size // width) + os.urandom(size // width * width))


def _chunks(kind: bytes, width: int) -> Callable[[int], bytes]:
    return lambda size: _movie(b"trak", b"mdia", b"minf", b"stbl", content=_table(kind, width, size))


def _seek(size: int) -> bytes:
    tags = element(0x53AB, 0x1254C367.to_bytes(4))
    piece = b"".join(
        element(0x4DBB, tags + element(0x53AC, at.to_bytes(8))) for at in range(100_000, 101_000)
    )
    return SEGMENT + element(0x114D9B74, _filled(size // 2, piece)) + bytes(size // 2) + _CLUSTER


_HANDLER = box(b"hdlr", bytes(8) + b"soun" + bytes(13))
_FRAGMENT = box(b"moof", box(b"traf", box(b"trun", bytes(8))))

BOMBS: dict[str, Callable[[int], bytes]] = {
    "chapters' tracks": lambda size: _movie(b"trak", b"tref", content=box(b"chap", os.urandom(size))),
    "handlers": lambda size: _movie(b"trak", b"mdia", content=_filled(size, _HANDLER)),
    "tracks": lambda size: _movie(content=_filled(size, box(b"trak", b""))),
    "tables": lambda size: _movie(
        b"trak", b"mdia", b"minf", b"stbl", content=_filled(size, _table(b"stco", 4, 4))
    ),
    "chunks": _chunks(b"stco", 4),
    "wide chunks": _chunks(b"co64", 8),
    "boxes at the top": lambda size: _BRAND + _filled(size, box(b"free", b"")),
    "fragments": lambda size: _BRAND + box(b"moov", b"") + _filled(size, _FRAGMENT),
    "runs": lambda size: _BRAND + box(b"moov", b"") + box(b"moof", _filled(size, _FRAGMENT[8:])),
    "seeks": _seek,
    "voids": lambda size: SEGMENT + _filled(size, element(0xEC, b"")) + _CLUSTER,
    "matroska tracks": lambda size: (
        SEGMENT + element(0x1654AE6B, _filled(size, element(0xAE, element(0x83, b"\1")))) + _CLUSTER
    ),
    "riffs": lambda size: _filled(size, b"RIFF\4\0\0\0AVI "),
    "sync bytes": lambda size: b"G" * size,
}
