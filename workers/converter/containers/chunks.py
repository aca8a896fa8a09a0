"""Files of sound that are made of chunks: whether the chunk that holds the sound is whole.

- WAV, RF64 (EBU Tech 3306), W64 (Sony Wave64): a name, then a size with the low byte first.
- AIFF, CAF, RealMedia: a name, then a size with the high byte first.
- VOC (Creative): a kind, then a size with the low byte first, for each piece of the sound. The last is 0.
- AU, DSF: the header has the size.

Only the sound's own chunk counts: the size of a whole file is often wrong by a few bytes. A recorder that
never wrote the size (0, or all bits set) proves nothing. ffmpeg makes up the length of a file that was cut
from what is left of it.
"""

import math
from collections.abc import Iterator
from io import RawIOBase
from typing import Literal, NamedTuple

from workers.converter.containers.structure import Structure

_SLACK = 16
"""Bytes that may be missing: some writers state a few too many."""
_NEARLY = 4096
"""Who writes into a pipe states the most that the size can hold, with or without the heads."""
_MOST_CHUNKS = 100_000
"""Of files with more nothing is known. A VOC has some 50 a second."""
_W64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_W64_HEAD, _WAV_HEAD, _CAF_HEAD, _DSF_HEAD, _AU_HEAD = 40, 12, 8, 28, 12


class _Grammar(NamedTuple):
    """The form of a file's chunks: where the first begins, and how their heads are written."""

    first: int
    name: int
    """Bytes of a chunk's name."""
    size: int
    """Bytes of its size."""
    order: Literal["little", "big"]
    sound: tuple[bytes, ...]
    """The names of chunks with sound."""
    padding: int = 2
    """Chunks begin at a multiple of this."""
    counts_head: bool = False
    """The size is that of head and content together."""
    last: bytes = b""
    """The name of the chunk behind all others, which has no size; empty: there is none."""


def inspect(file: RawIOBase, size: int) -> Structure:
    """Inspect a file of so many bytes; nothing is known of what is no such file."""
    file.seek(0)
    head = file.read(64)
    end = _stated_end(file, size, head)
    cut = end is not None and end > size + _SLACK
    return Structure(cut=cut, guesses_length=cut)


def _stated_end(file: RawIOBase, size: int, head: bytes) -> float | None:
    """Return the byte at which the sound should end; None: it is not stated."""
    if head[:4] == b".snd" and len(head) >= _AU_HEAD:
        start, length = int.from_bytes(head[4:8]), int.from_bytes(head[8:12])
        return None if length in (0, 0xFFFFFFFF) else start + length
    if head[:4] == b"DSD " and len(head) >= _DSF_HEAD:
        return int.from_bytes(head[12:20], "little")
    grammar = _grammar(head)
    return _end_of_sound(file, size, grammar, head) if grammar is not None else None


def _grammar(head: bytes) -> _Grammar | None:
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return _Grammar(_WAV_HEAD, 4, 4, "little", (b"data",))
    if head[:16] == _W64:
        return _Grammar(_W64_HEAD, 16, 8, "little", (b"data",), padding=8, counts_head=True)
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return _Grammar(_WAV_HEAD, 4, 4, "big", (b"SSND",))
    if head[:4] == b"caff":
        return _Grammar(_CAF_HEAD, 4, 8, "big", (b"data",), padding=1)
    if head[:4] == b".RMF":
        return _Grammar(0, 4, 4, "big", (b"DATA",), padding=1, counts_head=True)
    if head[:20] == b"Creative Voice File\x1a":
        return _Grammar(
            int.from_bytes(head[20:22], "little"),
            1,
            3,
            "little",
            (b"\1", b"\2", b"\x09"),
            padding=1,
            last=b"\0",
        )
    return None


def _end_of_sound(file: RawIOBase, size: int, grammar: _Grammar, head: bytes) -> float | None:
    """Return the end of the last chunk of sound; None when there is none, or its size was never written.

    Infinite where the file ends without its last chunk: nobody knows how much sound is missing.
    """
    end, behind = None, grammar.first
    most, wide = (1 << 8 * grammar.size) - 1, _wide_size(head)
    for name, start, length in _chunks(file, size, grammar):
        if name == grammar.last:
            return end
        behind = start + length
        if not name.startswith(grammar.sound):
            continue
        if length == most and wide is not None:
            length = wide
        elif length == 0 or any(limit - _NEARLY <= length <= limit for limit in (most, most >> 1)):
            return None
        end = start + length
    lacks_last = grammar.last and behind + grammar.name + grammar.size > size
    return math.inf if lacks_last and end is not None else end


def _wide_size(head: bytes) -> int | None:
    """Return the size of the sound in an RF64, which has 64 bits in a chunk of its own."""
    return int.from_bytes(head[28:36], "little") if head[12:16] == b"ds64" else None


def _chunks(file: RawIOBase, size: int, grammar: _Grammar) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, first byte and size of each chunk."""
    at, width = grammar.first, grammar.name + grammar.size
    for _ in range(_MOST_CHUNKS):
        if at >= size:
            return
        file.seek(at)
        head = file.read(width)
        name, length = head[: grammar.name], int.from_bytes(head[grammar.name :], grammar.order)
        if name == grammar.last:
            yield name, at + grammar.name, 0
            return
        if grammar.counts_head:
            length -= width
        if len(head) < width or length < 0:
            return
        yield name, at + width, length
        at += width + length
        at += -at % grammar.padding
