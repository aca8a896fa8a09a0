"""The head of an ID3v2 tag, which stands before an MP3's frames (https://id3.org/id3v2.3.0, 3.1)."""

HEAD = 10
"""Bytes."""
_SHIFTS = (21, 14, 7, 0)


def length(head: bytes) -> int:
    """Return the bytes of the tag that begins with this head, the head included; 0: it is no tag."""
    if head[:3] != b"ID3" or len(head) < HEAD:
        return 0
    return HEAD + sum(byte << shift for byte, shift in zip(head[6:HEAD], _SHIFTS, strict=True))


def packed(size: int) -> bytes:
    """Return a size as a head holds it, with seven bits a byte."""
    return bytes(size >> shift & 0x7F for shift in _SHIFTS)
