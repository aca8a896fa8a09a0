"""The contents of a media file, as `job.probed` records them for each attempt of a run.

Texts come from a stranger's file, so they are cut and hold no harmful characters (see `texts`). Tags are
those of an allow-list. `fitting` makes the whole short enough for an event.
"""

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from events.texts import one_line

MOST_TRACKS = 64
MOST_CHAPTERS = 5000
LONGEST_TEXT = 300
"""Characters, as an event has them."""
LONGEST_TAG = 10_000
"""Characters of a tag, as the sound keeps it: a description has several lines."""
MOST_BYTES = 60 * 1024
"""Bytes of a file's contents in an event, see `room_of`: a whole event may have 64 KiB."""


class Track(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One audio track. `index` counts audio tracks from 0; rates in Hz and bit/s, 0 where unknown.

    `start`: seconds after the beginning of the file at which its sound begins.
    """

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
    start: float = 0.0


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


class Subtitle(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One subtitle track. `index` counts subtitle tracks from 0. `text`: it holds text, and no pictures."""

    index: int
    codec: str
    language: str = ""
    title: str = ""
    default: bool = False
    forced: bool = False
    text: bool = False


class Tag(Struct, frozen=True, gc=False):
    """One name and its text."""

    name: str
    text: str


class Media(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A file's contents. `duration_seconds` is 0 where the container does not hold it."""

    container: str
    duration_seconds: float = 0.0
    bit_rate: int = 0
    tracks: tuple[Track, ...] = ()
    pictures: tuple[Picture, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    tags: tuple[Tag, ...] = ()
    subtitles: tuple[Subtitle, ...] = ()


def fitting(media: Media, most: int = MOST_BYTES) -> Media:
    """Return as much of the contents as fits into `most` bytes of an event.

    Tags become one line of bounded length. Where that does not suffice, chapters go first, from the end; then
    tags, subtitles, the tracks' titles, most tracks and pictures, and last the container's name. Raises
    ValueError when not even the numbers fit.
    """
    if any(len(tag.text) > LONGEST_TEXT or "\n" in tag.text for tag in media.tags):
        shorter = (Tag(tag.name, one_line(tag.text)[:LONGEST_TEXT]) for tag in media.tags)
        media = replace(media, tags=tuple(shorter))
    while (excess := room_of(media) - most) > 0:
        media = _less(media, most / (most + excess))
    return media


def untitled(media: Media) -> Media:
    """Return the contents without the texts that somebody wrote into the file, and without its chapters."""
    tracks = tuple(replace(track, title="") for track in media.tracks)
    subtitles = tuple(replace(track, title="") for track in media.subtitles)
    return replace(media, tracks=tracks, subtitles=subtitles, chapters=(), tags=())


def room_of(media: Media) -> int:
    """Return the bytes that the contents take in an event: without texts, and whole, sealed and in base64."""
    return len(msgspec.json.encode(untitled(media))) + len(msgspec.json.encode(media)) * 4 // 3


def _less(media: Media, share: float) -> Media:
    """Return the contents without some of their least important part. Raises ValueError when nothing is left.

    Each step removes something and adds nothing, so repeating it comes to an end.
    """
    if media.chapters:
        keep = int(len(media.chapters) * share)
        return replace(media, chapters=media.chapters[: min(keep, len(media.chapters) - 1)])
    if media.tags:
        return replace(media, tags=media.tags[: len(media.tags) // 2])
    if media.subtitles:
        return replace(media, subtitles=media.subtitles[: len(media.subtitles) // 2])
    if any(track.title for track in media.tracks):
        return replace(media, tracks=tuple(replace(track, title="") for track in media.tracks))
    if len(media.tracks) > 1 or len(media.pictures) > 1:
        return replace(
            media, tracks=media.tracks[: (len(media.tracks) + 1) // 2], pictures=media.pictures[:1]
        )
    if media.pictures:
        return replace(media, pictures=())
    if media.tracks:
        return replace(media, tracks=())
    if media.container:
        return replace(media, container=media.container[: len(media.container) // 2])
    raise ValueError("the file's duration and bit rate alone are too long")
