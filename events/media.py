"""What a file holds, as the converter found it: told once a run, by `job.probed`.

Texts come from a stranger's file: they are cut, and hold nothing but what can be shown.
"""

from msgspec import Struct

MOST_TRACKS = 64
MOST_CHAPTERS = 200
MOST_TAGS = 32
LONGEST_TEXT = 300


class Track(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One audio track. `index` counts audio tracks from 0; rates in Hz and bit/s, 0 where it is not told."""

    index: int
    codec: str
    profile: str = ""
    sample_rate: int = 0
    channels: int = 0
    layout: str = ""
    bit_rate: int = 0
    language: str = ""
    title: str = ""
    default: bool = False


class Chapter(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A part of the recording, in seconds."""

    start: float
    end: float
    title: str = ""


class Picture(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A video track, or the cover."""

    codec: str
    width: int = 0
    height: int = 0
    cover: bool = False


class Tag(Struct, frozen=True, gc=False):
    """One name and its text."""

    name: str
    text: str


class Media(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A file's contents. `duration_seconds` is 0 where the container does not tell it."""

    container: str
    duration_seconds: float = 0.0
    bit_rate: int = 0
    tracks: tuple[Track, ...] = ()
    pictures: tuple[Picture, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    tags: tuple[Tag, ...] = ()
