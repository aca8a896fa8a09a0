"""What a file holds, as the converter found it: told by `job.probed`, by each attempt of a run.

Texts come from a stranger's file: they are cut, and hold nothing but what can be shown. All of it has to
fit into an event, whatever the file says of itself: see `fitting`.
"""

import msgspec
from msgspec import Struct
from msgspec.structs import replace

MOST_TRACKS = 64
MOST_CHAPTERS = 200
MOST_TAGS = 32
LONGEST_TEXT = 300
MOST_BYTES = 48 * 1024
"""What is told of a file, as JSON: an event may have 64 KiB."""


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


def fitting(media: Media, most: int = MOST_BYTES) -> Media:
    """Return as much of it as fits into so many bytes: chapters go first, from the end, then tags, titles."""
    while (excess := len(msgspec.json.encode(media)) - most) > 0:
        if media.chapters:
            keep = len(media.chapters) * most // (most + excess)
            media = replace(media, chapters=media.chapters[: min(keep, len(media.chapters) - 1)])
        elif media.tags:
            media = replace(media, tags=media.tags[: len(media.tags) // 2])
        elif any(track.title for track in media.tracks):
            media = replace(media, tracks=tuple(replace(track, title="") for track in media.tracks))
        else:
            media = replace(media, tracks=media.tracks[: len(media.tracks) // 2], pictures=media.pictures[:1])
    return media
