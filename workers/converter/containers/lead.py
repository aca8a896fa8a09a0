"""Finds the sound behind junk at a file's beginning, in formats that can be read from any frame on.

ffmpeg guesses a format by the first bytes, so junk hides it or poses as another one. A row of frames that
follow each other exactly is no accident. It is looked for only where the first bytes are of no known format.

- MP3 (ISO 11172-3, 13818-3), ADTS (ISO 13818-7), AC-3 (ETSI TS 102 366): a header has the frame's length.
- MPEG-TS (ISO 13818-1): a sync byte every 188 bytes. In M2TS, four bytes stand before each packet.
"""

from collections.abc import Callable
from io import RawIOBase

from msgspec import Struct

_FAR = 1 << 20
"""Bytes of junk at most."""
_ROW = 8
"""Frames that follow each other."""
_MOST_PLACES = 50_000
"""Places where a frame may begin, at most: noise of 1 MiB has 4096."""
_LONGEST = 6144
"""Bytes of the longest frame."""
_KNOWN = (
    *(
        b"ID3",
        b"OggS",
        b"FLV",
        b"RIFF",
        b"RF64",
        b"BW64",
        b"riff",
        b"FORM",
        b"caff",
        b".snd",
        b".RMF",
        b".ra",
    ),
    *(b"fLaC", b"TTA1", b"wvpk", b"MAC ", b"MP+", b"MPCK", b"tBaK", b"DSD ", b"FRM8", b"ea3", b"#!AMR"),
    *(b"Creative", b"DTSHDHDR", b"\x1a\x45\xdf\xa3", b"\x30\x26\xb2\x75", b"\x06\x0e\x2b\x34", b"\0\0\1"),
    *(b"\0\0\0\0\1\xbc", b"\x1f\x07\0", b"\x7f\xfe\x80\x01", b"\xfe\x7f\x01\x80", b"\x1f\xff\xe8\0"),
    *(b"\xff\x1f\0\xe8", b"\x0b\x77", b"\x56\xe0"),
)
"""First bytes of formats that ffmpeg knows by them."""
_MLP = (b"\xf8\x72\x6f\xba", b"\xf8\x72\x6f\xbb")
_PACKETS = (188, 192)
_MP3_BITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""kbit/s of layer III, for MPEG 1 and for the others."""
_MP3_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_AC3_BITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
_AC3_RATES = (48000, 44100, 32000)


class Lead(Struct, frozen=True):
    """The bytes before the sound, and the sound's format as ffmpeg names it."""

    length: int
    format: str


def find(file: RawIOBase) -> Lead | None:
    """Return what stands before the sound of a seekable file; None: nothing, or no sound was found."""
    file.seek(0)
    data = file.read(_FAR + _ROW * _LONGEST) or b""
    if not data or data.startswith(_KNOWN) or data[4:8] in _MLP or data[4:8].isalnum():
        return None
    found = [Lead(at, kind) for kind, row in _ROWS.items() if (at := row(data)) is not None]
    first = min(found, key=lambda each: each.length, default=None)
    return first if first is not None and first.length else None


def _frames(sync: bytes, length: Callable[[bytes, int], int]) -> Callable[[bytes], int | None]:
    """Return what finds the first row of frames that begin with these bytes."""

    def first(data: bytes) -> int | None:
        at = -1
        for _ in range(_MOST_PLACES):
            if not 0 <= (at := data.find(sync, at + 1)) < _FAR:
                return None
            place, count = at, 0
            while count < _ROW and data.startswith(sync, place) and (step := length(data, place)):
                place, count = place + step, count + 1
            if count == _ROW:
                return at
        return None

    return first


def _packets(data: bytes) -> int | None:
    at = -1
    for _ in range(_MOST_PLACES):
        if not 0 <= (at := data.find(b"G", at + 1)) < _FAR:
            return None
        for each in _PACKETS:
            if data[at : at + _ROW * each : each] == b"G" * _ROW:
                return max(at - (each - _PACKETS[0]), 0)
    return None


def _mp3(data: bytes, at: int) -> int:
    head = data[at : at + 4]
    if len(head) < 4 or head[1] & 0xE6 != 0xE2:
        return 0
    version, bits, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or not 0 < bits < 15 or rate == 3:
        return 0
    slots = 144 if version == 3 else 72
    return slots * 1000 * _MP3_BITS[version == 3][bits] // _MP3_RATES[version][rate] + (head[2] >> 1 & 1)


def _adts(data: bytes, at: int) -> int:
    head = data[at : at + 7]
    if len(head) < 7 or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length > 7 else 0


def _ac3(data: bytes, at: int) -> int:
    head = data[at : at + 6]
    if len(head) < 6 or head[4] >> 6 == 3 or head[4] & 63 > 37 or head[5] >> 3 > 10:
        return 0
    rate, code = head[4] >> 6, head[4] & 63
    odd = rate == 1 and code & 1
    return 2 * (_AC3_BITS[code >> 1] * 96000 // _AC3_RATES[rate] + bool(odd))


_ROWS: dict[str, Callable[[bytes], int | None]] = {
    "mp3": _frames(b"\xff", _mp3),
    "aac": _frames(b"\xff", _adts),
    "ac3": _frames(b"\x0b\x77", _ac3),
    "mpegts": _packets,
}
