"""Takes out of a picture what a camera wrote beside it: place, device, software. The picture stays as it is.

- JPEG (ITU T.81, B.1): the segments APP1 (Exif, XMP) and APP13 (IPTC).
- PNG (W3C, third edition, 11.3): the chunks eXIf, tEXt, zTXt, iTXt and tIME.
"""

_JPEG, _PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
_APP1, _APP13, _SCAN = 0xE1, 0xED, 0xDA
_NOTES = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"})


def without_notes(picture: bytes) -> bytes:
    """Return a JPEG or PNG without them, and any other picture as it is."""
    if picture.startswith(_JPEG):
        return _jpeg(picture)
    return _png(picture) if picture.startswith(_PNG) else picture


def _jpeg(picture: bytes) -> bytes:
    kept, at = [picture[:2]], 2
    while at + 4 <= len(picture) and picture[at] == 0xFF and picture[at + 1] != _SCAN:
        end = at + 2 + max(int.from_bytes(picture[at + 2 : at + 4]), 2)
        if picture[at + 1] not in (_APP1, _APP13):
            kept.append(picture[at:end])
        at = end
    return b"".join([*kept, picture[at:]])


def _png(picture: bytes) -> bytes:
    kept, at = [picture[:8]], 8
    while at + 12 <= len(picture):
        end = at + 12 + int.from_bytes(picture[at : at + 4])
        if picture[at + 4 : at + 8] not in _NOTES:
            kept.append(picture[at:end])
        at = end
    return b"".join([*kept, picture[at:]])
