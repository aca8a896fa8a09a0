"""Reads the chapters of a Matroska file (RFC 9559, 5.1.7): those of the edition that a player shows.

ffmpeg takes the chapters of all editions for one row, hidden and disabled ones too. Shown is the default
edition, or else the first one, unless it is hidden and another is not. An ordered edition would play its
chapters in their own order; we play from the beginning to the end, so they are sorted by time.
"""

from io import BytesIO, RawIOBase

from msgspec import Struct

from events.media import LONGEST_TEXT, MOST_CHAPTERS, Chapter
from events.texts import one_line
from workers.converter.containers.ebml import CHAPTERS, Element, Elements, place_of

_EDITION, _EDITION_HIDDEN, _EDITION_DEFAULT = 0x45B9, 0x45BD, 0x45DB
_ATOM, _START, _END, _HIDDEN, _ENABLED, _ELSEWHERE = 0xB6, 0x91, 0x92, 0x98, 0x4598, 0x6E67
_DISPLAY, _TITLE = 0x80, 0x85
_MOST_BYTES = 4 << 20
_MOST_ELEMENTS = 20 * MOST_CHAPTERS
_SECOND = 1e9


class _Edition(Struct, frozen=True):
    hidden: bool
    default: bool
    atoms: list[Element]


def chapters(video: RawIOBase, size: int) -> tuple[Chapter, ...] | None:
    """Return the chapters that are shown, in order; None when the file has none that can be read.

    An end of 0 is not stated. Times are those of the file's clock, in seconds.
    """
    place = place_of(CHAPTERS, video, size)
    if place is None or not 0 < place[1] - place[0] <= _MOST_BYTES:
        return None
    video.seek(place[0])
    data = video.read(place[1] - place[0]) or b""
    elements = Elements(BytesIO(data), _MOST_ELEMENTS)
    editions = [_edition(elements, each) for each in elements.between(0, len(data)) if each.id == _EDITION]
    if not editions:
        return None
    shown = min(editions, key=lambda each: (each.hidden, not each.default))
    found = [chapter for atom in shown.atoms if (chapter := _chapter(elements, atom)) is not None]
    return tuple(sorted(found[:MOST_CHAPTERS], key=lambda each: each.start))


def _edition(elements: Elements, entry: Element) -> _Edition:
    inner = list(elements.between(entry.body, entry.end))
    flags = {each.id: elements.number(each) for each in inner if each.id != _ATOM}
    return _Edition(
        bool(flags.get(_EDITION_HIDDEN)),
        bool(flags.get(_EDITION_DEFAULT)),
        [each for each in inner if each.id == _ATOM],
    )


def _chapter(elements: Elements, atom: Element) -> Chapter | None:
    """Return the chapter; None for one that is not shown, or that plays another file."""
    entries: dict[int, Element] = {}
    for each in elements.between(atom.body, atom.end):
        entries.setdefault(each.id, each)
    if elements.number(entries.get(_HIDDEN)) or elements.number(entries.get(_ENABLED)) == 0:
        return None
    start = elements.number(entries.get(_START))
    if start is None or _ELSEWHERE in entries:
        return None
    end = elements.number(entries.get(_END)) or 0
    return Chapter(start=start / _SECOND, end=end / _SECOND, title=_title(elements, entries.get(_DISPLAY)))


def _title(elements: Elements, display: Element | None) -> str:
    if display is None:
        return ""
    for each in elements.between(display.body, display.end):
        if each.id == _TITLE:
            text = elements.content(each, 4 * LONGEST_TEXT).decode(errors="replace").rstrip("\0")
            return one_line(text)[:LONGEST_TEXT]
    return ""
