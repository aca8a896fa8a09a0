"""The bytes of a ZIP around its files: headers, the directory, its end (APPNOTE 6.3.10). Pure.

Files are stored as they are: audio does not shrink. Each has its sizes and its CRC-32 in front, so that a ZIP
can be read while it comes. ZIP64 is used where a number needs it, and nowhere else: old readers know none.
"""

from datetime import UTC, datetime
from struct import pack

from msgspec import Struct

_UTF8 = 0x0800
_OLD, _ZIP64 = 20, 45
"""Versions of the format that a reader needs."""
_UNIX = 3 << 8
_ORDINARY_FILE = 0o100644 << 16
_MANY, _LARGE = 0xFFFF, 0xFFFFFFFF
"""In place of a number that stands in a ZIP64 field."""
_MOST = 0xFFFFFFFD
"""The largest number that does without. The next one could, too, but Info-ZIP's unzip misreads it."""
_FIRST_YEAR, _LAST_YEAR = 1980, 2107
_LAST_SECOND = 2**31 - 1


class File(Struct, frozen=True, kw_only=True):
    """A file in a ZIP: the audio with this id, or, where that is empty, `text` itself.

    `crc32` is None while nobody has computed it. `sha256` stands for the content all the same.
    """

    name: str
    size: int
    time: datetime
    sha256: str
    crc32: int | None = None
    audio_id: str = ""
    text: bytes = b""


def header(file: File, crc32: int) -> bytes:
    """Return the record before a file."""
    name, large = file.name.encode(), file.size > _MOST
    extra = _number(*(file.size, file.size) if large else ()) + _mtime(file.time)
    size = _LARGE if large else file.size
    return (
        pack("<IHHH", 0x04034B50, _ZIP64 if large else _OLD, _UTF8, 0)
        + pack("<IIII", _dos_time(file.time), crc32, size, size)
        + pack("<HH", len(name), len(extra))
        + name
        + extra
    )


def entry(file: File, crc32: int, at: int) -> bytes:
    """Return a file's entry in the directory. Its header stands `at` this byte."""
    name, large, far = file.name.encode(), file.size > _MOST, at > _MOST
    numbers = ((file.size, file.size) if large else ()) + ((at,) if far else ())
    extra = _number(*numbers) + _mtime(file.time)
    size = _LARGE if large else file.size
    return (
        pack("<IHHHH", 0x02014B50, _UNIX | _ZIP64, _ZIP64 if numbers else _OLD, _UTF8, 0)
        + pack("<IIII", _dos_time(file.time), crc32, size, size)
        + pack("<HHHHHII", len(name), len(extra), 0, 0, 0, _ORDINARY_FILE, _LARGE if far else at)
        + name
        + extra
    )


def end(count: int, size: int, at: int) -> bytes:
    """Return the end of a directory that has so many entries of `size` bytes in all, and begins `at`."""
    brief = min(count, _MANY), min(size, _LARGE), min(at, _LARGE)
    last = pack("<IHHHHIIH", 0x06054B50, 0, 0, brief[0], *brief, 0)
    if brief[0] < _MANY and max(brief[1:]) <= _MOST:
        return last
    whole = pack("<IQHHIIQQQQ", 0x06064B50, 44, _UNIX | _ZIP64, _ZIP64, 0, 0, count, count, size, at)
    return whole + pack("<IIQI", 0x07064B50, 0, at + size, 1) + last


def _number(*numbers: int) -> bytes:
    """Return the extra field for numbers of more than 32 bits; nothing for none."""
    return pack(f"<HH{len(numbers)}Q", 0x0001, 8 * len(numbers), *numbers) if numbers else b""


def _mtime(time: datetime) -> bytes:
    """Return the extra field with the time as UTC. The other one has no zone."""
    return pack("<HHBi", 0x5455, 5, 1, min(int(time.timestamp()), _LAST_SECOND))


def _dos_time(time: datetime) -> int:
    utc = time.astimezone(UTC)
    if utc.year < _FIRST_YEAR:
        utc = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC)
    date = (min(utc.year, _LAST_YEAR) - _FIRST_YEAR) << 9 | utc.month << 5 | utc.day
    return date << 16 | utc.hour << 11 | utc.minute << 5 | utc.second // 2
