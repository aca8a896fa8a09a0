"""From the files of a ZIP and a range of its bytes to the pieces that make it up. Pure.

A ZIP is a row of sections: for each file its header and its content, then for each file its entry in the
directory, then the end. The length of each is known without a byte of audio, and without any CRC-32. So a
range costs what lies in it: a section is made when it is sent, with the one CRC-32 that it holds.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gateway.handover.archive import records
from gateway.handover.archive.records import File


class Header(NamedTuple):
    """The record before a file, with its name and size."""

    file: File


class Content(NamedTuple):
    """The file itself."""

    file: File


class Entry(NamedTuple):
    """A file's entry in the directory. Its header stands `at` this byte."""

    file: File
    at: int


class End(NamedTuple):
    """The end of the directory, and of the ZIP."""

    data: bytes


Section = Header | Content | Entry | End


class Piece(NamedTuple):
    """The bytes of a section from `first` to `last`, both included."""

    section: Section
    first: int
    last: int


def record(section: Header | Entry, crc32: int) -> bytes:
    """Return the bytes of a header or an entry, of a file with this CRC-32."""
    match section:
        case Header(file):
            return records.header(file, crc32)
        case Entry(file, at):
            return records.entry(file, crc32, at)


def sections(files: Sequence[File]) -> Iterator[Section]:
    """Yield the sections of a ZIP of these files."""
    entries, at = [], 0
    for file in files:
        header = Header(file)
        entries.append(Entry(file, at))
        at += _length(header) + file.size
        yield from (header, Content(file))
    yield from entries
    yield End(records.end(len(files), sum(map(_length, entries)), at))


def length(files: Sequence[File]) -> int:
    """Return the length of a ZIP of these files, in bytes."""
    return sum(map(_length, sections(files)))


def pieces(files: Sequence[File], first: int, last: int) -> Iterator[Piece]:
    """Yield the pieces that make up the bytes from `first` to `last`, both included."""
    at = 0
    for section in sections(files):
        size = _length(section)
        begin, end = max(first - at, 0), min(last - at, size - 1)
        if begin <= end:
            yield Piece(section, begin, end)
        at += size
        if at > last:
            return


def _length(section: Section) -> int:
    match section:
        case Content(file):
            return file.size
        case End(data):
            return len(data)
        case _:
            return len(record(section, 0))
