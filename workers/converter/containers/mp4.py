"""Reads the one sound track of an MP4 (ISO 14496-12): length by the edit list, rate, channels. Pure."""

import os
from collections.abc import Iterator
from io import FileIO

from workers.converter.containers.boxes import Box, box_at
from workers.converter.containers.sound import Sound

_MOST_BOXES = 1000


def describe(file: FileIO) -> Sound | None:
    """Read a seekable MP4; None when there is no sound track in it."""
    movie = find(file, as_box(file), b"moov")
    header = movie and find(file, movie, b"mvhd")
    if movie is None or header is None:
        return None
    clock, _ = _timing(file, header)
    for track in _boxes(file, movie):
        if track.kind == b"trak" and (sound := _track(file, track, clock)) is not None:
            return sound
    return None


def as_box(file: FileIO) -> Box:
    """Return a file as if it were a box, in which the outermost boxes are."""
    return Box(b"", 0, 0, file.seek(0, os.SEEK_END))


def _track(file: FileIO, track: Box, clock: int) -> Sound | None:
    media = find(file, track, b"mdia")
    handler = media and find(file, media, b"hdlr")
    if media is None or handler is None or _read(file, handler.body + 8, 4) != b"soun":
        return None
    table: Box | None = media
    for kind in (b"minf", b"stbl", b"stsd"):
        table = table and find(file, table, kind)
    header = find(file, media, b"mdhd")
    if table is None or header is None:
        return None
    scale, length = _timing(file, header)
    entry = _read(file, table.body + 8, 36)
    channels, rate = int.from_bytes(entry[24:26]), int.from_bytes(entry[32:34])
    if not scale or not channels:
        return None
    # The rate has 16 bits there, and is 0 where those do not suffice. The media's clock ticks once a sample.
    return Sound(
        duration_seconds=round(_played(file, track, clock, scale, length), 6),
        sample_rate=rate or scale,
        channels=channels,
    )


def _played(file: FileIO, track: Box, clock: int, scale: int, length: int) -> float:
    """Return the seconds that the edit list lets through, or all of them.

    An edit's length is in ticks of the movie's clock, which may be as coarse as a millisecond. Where the edit
    ends with the media, the media's clock gives it to the sample.
    """
    edits = find(file, track, b"edts")
    lists = edits and find(file, edits, b"elst")
    if lists is None or not clock:
        return length / scale
    head = _read(file, lists.body, 8)
    wide, count = head[0] == 1, int.from_bytes(head[4:8])
    width = 20 if wide else 12
    seconds = 0.0
    for at in range(min(count, _MOST_BOXES)):
        entry = _read(file, lists.body + 8 + at * width, width)
        half = 8 if wide else 4
        lasts, start = int.from_bytes(entry[:half]), int.from_bytes(entry[half : 2 * half], signed=True)
        if start < 0:  # a pause
            continue
        rest = (length - start) / scale
        seconds += rest if abs(lasts / clock - rest) <= 1.5 / clock else min(lasts / clock, rest)
    return seconds


def _timing(file: FileIO, header: Box) -> tuple[int, int]:
    """Read ticks a second and the length in ticks, from an `mvhd` or `mdhd`."""
    data = _read(file, header.body, 32)
    if data[:1] == b"\1":
        return int.from_bytes(data[20:24]), int.from_bytes(data[24:32])
    return int.from_bytes(data[12:16]), int.from_bytes(data[16:20])


def find(file: FileIO, parent: Box, kind: bytes) -> Box | None:
    """Return the first box of a kind directly inside another one; None when there is none."""
    return next((box for box in _boxes(file, parent) if box.kind == kind), None)


def _boxes(file: FileIO, parent: Box) -> Iterator[Box]:
    at = parent.body
    for _ in range(_MOST_BOXES):
        if at + 8 > parent.end:
            return
        box = box_at(_read(file, at, 16), 0, parent.end - at)
        if box is None:
            return
        yield Box(box.kind, at, at + box.body, min(at + box.end, parent.end))
        at += box.end


def _read(file: FileIO, at: int, length: int) -> bytes:
    file.seek(at)
    return file.read(length)
