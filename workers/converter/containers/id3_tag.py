"""Writes an ID3v2.3 tag: texts, comment, lyrics and chapters (https://id3.org/id3v2.3.0, id3v2-chapters-1.0).

ffmpeg would write a comment as `TXXX`, which players do not look for, and chapters only as it read them.
"""

import re
from collections.abc import Iterator, Sequence
from io import FileIO

from events.media import Chapter, Tag
from events.texts import one_line
from workers.converter.containers import id3
from workers.converter.containers.insertion import insert

_TEXTS = {
    "title": "TIT2",
    "artist": "TPE1",
    "album": "TALB",
    "album_artist": "TPE2",
    "performer": "TPE3",
    "composer": "TCOM",
    "lyricist": "TEXT",
    "genre": "TCON",
    "grouping": "TIT1",
    "subtitle": "TIT3",
    "track": "TRCK",
    "disc": "TPOS",
    "copyright": "TCOP",
    "publisher": "TPUB",
    "isrc": "TSRC",
}
_IN_FULL = {"comment": "COMM", "lyrics": "USLT"}
"""Frames that have a language and may have several lines."""
_LANGUAGE = b"XXX"
"""It is not known."""
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_MOST_ENTRIES = 255
_NO_OFFSET = b"\xff" * 4
_TOP, _ORDERED = 2, 1
_PADDING = 10
"""Zeros behind the frames, as ffmpeg's muxer has them: so are the NULs behind each text."""


def embed(file: FileIO, tags: Sequence[Tag], marks: Sequence[Chapter]) -> None:
    """Put the tag before an MP3 that has none; nothing for no tags and no marks."""
    frames = b"".join([*(frame for tag in tags for frame in _tag(tag)), *_chapters(marks)])
    if frames:
        frames += bytes(_PADDING)
        insert(file, 0, b"ID3\3\0\0" + id3.packed(len(frames)) + frames)


def _tag(tag: Tag) -> Iterator[bytes]:
    if tag.name == "date":
        yield from _date(tag.text)
    elif (kind := _IN_FULL.get(tag.name)) is not None:
        yield _texts(kind, "", tag.text, language=_LANGUAGE)
    elif (kind := _TEXTS.get(tag.name)) is not None:
        yield _texts(kind, one_line(tag.text))
    else:
        yield _texts("TXXX", tag.name, tag.text)


def _date(text: str) -> Iterator[bytes]:
    """Yield year, and day and month, which stand apart in this version."""
    if match := _DAY.match(text):
        yield _texts("TYER", match[1])
        yield _texts("TDAT", match[3] + match[2])
    else:
        yield _texts("TYER" if re.fullmatch(r"\d{4}", text) else "TDRC", text)


def _chapters(marks: Sequence[Chapter]) -> Iterator[bytes]:
    """Yield tables of contents and chapters. A table has 255 entries; so many tables may be in the first."""
    if not marks:
        return
    names = [f"ch{at}".encode() for at in range(len(marks))]
    tables = [names[at : at + _MOST_ENTRIES] for at in range(0, len(names), _MOST_ENTRIES)]
    if len(tables) == 1:
        yield _contents(b"toc", _TOP | _ORDERED, names)
    else:
        inner = [f"toc{at}".encode() for at in range(len(tables))]
        yield _contents(b"toc", _TOP | _ORDERED, inner)
        for name, entries in zip(inner, tables, strict=True):
            yield _contents(name, _ORDERED, entries)
    for name, mark in zip(names, marks, strict=True):
        times = b"".join(round(each * 1000).to_bytes(4) for each in (mark.start, mark.end))
        title = _texts("TIT2", mark.title) if mark.title else b""
        yield _frame("CHAP", name + b"\0" + times + _NO_OFFSET * 2 + title)


def _contents(name: bytes, flags: int, entries: Sequence[bytes]) -> bytes:
    listed = b"".join(each + b"\0" for each in entries)
    return _frame("CTOC", name + b"\0" + bytes([flags, len(entries)]) + listed)


def _texts(kind: str, *texts: str, language: bytes = b"") -> bytes:
    """Return a frame of texts in one encoding: plain where that suffices, or UTF-16."""
    if all(text.isascii() for text in texts):
        return _frame(kind, b"\0" + language + b"".join(text.encode() + b"\0" for text in texts))
    wide = (b"\xff\xfe" + text.encode("utf-16-le") + b"\0\0" for text in texts)
    return _frame(kind, b"\1" + language + b"".join(wide))


def _frame(kind: str, body: bytes) -> bytes:
    return kind.encode() + len(body).to_bytes(4) + b"\0\0" + body
