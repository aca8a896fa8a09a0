"""Ogg (RFC 3533): pages, of which the last of each stream is marked as the last.

ffmpeg takes the position in the last page that is left for the length.
"""

from io import RawIOBase

from workers.converter.containers.structure import Structure

MAGIC = b"OggS"
_HEAD = 27
_LARGEST = _HEAD + 255 + 255 * 255
_LAST = 4
"""The flag of a stream's last page."""


def inspect(file: RawIOBase, size: int) -> Structure:
    """Look whether the last page is whole, and the last one of its stream."""
    begin = max(size - 2 * _LARGEST, 0)
    file.seek(begin)
    end = file.read(2 * _LARGEST)
    at, last = 0, None
    while (at := end.find(MAGIC, at)) >= 0:
        head = end[at : at + _HEAD]
        if len(head) < _HEAD or head[4] != 0:
            at += 1
            continue
        table = end[at + _HEAD : at + _HEAD + head[26]]
        last = (head[5], at + _HEAD + head[26] + sum(table))
        at = max(last[1], at + 1)
    cut = last is None or last[1] > len(end) or not last[0] & _LAST
    return Structure(cut=cut, guesses_length=cut)
