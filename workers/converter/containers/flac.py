"""FLAC (RFC 9639): whether the last frame is the last one of the sound that the head states."""

from io import RawIOBase

from workers.converter.containers.structure import Structure

MAGIC = b"fLaC"
_HEAD = 42
_TAIL = 256 << 10
"""Bytes at the end in which a frame begins: the largest take about as many."""
_LONGEST_HEADER = 16
_SIZES = {1: 192, **{code: 144 << code for code in range(2, 6)}, **{code: 1 << code for code in range(8, 16)}}
"""Samples in a frame by its code (RFC 9639, 9.1.1); 6 and 7 stand for a number behind."""


def inspect(file: RawIOBase, size: int) -> Structure:
    """Compare the number of samples in the head with the place of the last frame."""
    file.seek(0)
    head = file.read(_HEAD) or b""
    total = int.from_bytes(head[18:26]) & (1 << 36) - 1
    file.seek(max(size - _TAIL, 0))
    end = _last_end(file.read(_TAIL) or b"", int.from_bytes(head[10:12])) if total else None
    return Structure(cut=end is not None and end < total)


def _last_end(data: bytes, largest: int) -> int | None:
    """Return the sample behind the last frame; None when no frame begins here."""
    at = len(data)
    while (at := data.rfind(b"\xff", 0, at)) >= 0:
        if (end := _frame_end(data[at : at + _LONGEST_HEADER], largest)) is not None:
            return end
    return None


def _frame_end(head: bytes, largest: int) -> int | None:
    """Return the sample behind the frame with this header; None when it is none."""
    if len(head) < 6 or head[1] & 0xFE != 0xF8 or head[3] & 1 or head[2] >> 4 == 0:
        return None
    width = max(8 - (head[4] ^ 0xFF).bit_length(), 1)
    number = head[4] & (0x7F if width == 1 else 0x7F >> width)
    for byte in head[5 : 4 + width]:
        number = number << 6 | byte & 0x3F
    code, rate = head[2] >> 4, head[2] & 15
    at = 4 + width
    own = {6: 1, 7: 2}.get(code, 0)
    size = int.from_bytes(head[at : at + own]) + 1 if own else _SIZES.get(code, 0)
    at += own + {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if len(head) <= at or _crc(head[:at]) != head[at]:
        return None
    return (number if head[1] & 1 else number * largest) + size


def _crc(data: bytes) -> int:
    """Return the CRC-8 with the polynomial x^8 + x^2 + x + 1."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc
