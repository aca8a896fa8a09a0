"""The tags that travel with the sound, as ffmpeg's arguments. Pure.

The place and the phone of a recording never travel, whatever the options are.
"""

import math
import re

from events.media import Media
from events.options import Chapters, Format, Options, Tags

PRIVATE_TAGS = (
    "location",
    "location-eng",
    "com.apple.quicktime.location.ISO6709",
    "com.apple.quicktime.location.accuracy.horizontal",
    "com.apple.quicktime.make",
    "com.apple.quicktime.model",
    "com.apple.quicktime.software",
    "com.android.version",
)
"""The place and the phone of a recording. More such tags are known by the pattern of their names."""

CONTAINER_TAGS = ("major_brand", "minor_version", "compatible_brands", "encoder", "software")
"""Tags about the video's container. They would be wrong about the audio's."""
PLUMBING_TAGS = ("handler_name", "vendor_id", "language", "duration", "bps", "number_of_frames")
"""Tags about a track that containers write for themselves."""

COMMENTING = (Format.OPUS, Format.OGG, Format.FLAC)
"""Formats whose tags are Vorbis comments."""

_PRIVATE = re.compile(r"(location|com\.apple\.|com\.android\.|make$|model$|gps|geo|xyz)", re.IGNORECASE)


def is_private(name: str) -> bool:
    """Return True if a tag of this name holds the place or the phone of a recording."""
    return _PRIVATE.match(name) is not None


def metadata(options: Options, media: Media, track: int, *, number: str = "") -> list[str]:
    """Return the arguments that keep, set and drop tags. `number`: of one file of several, as in `1/12`."""
    given: list[str] = []
    if not options.keep_tags:
        given += ["-map_metadata:g", "-1"]
    elif media.container == "ogg":  # all tags of an Ogg file are the track's
        given += ["-map_metadata:g", f"0:s:a:{track}"]
    if options.format is not Format.MP3 or not options.keep_tags:  # an MP3 has none of the track's own
        given += ["-map_metadata:s:a:0", "-1:s:a:0"]
    found = (tag.name for tag in media.tags if is_private(tag.name) and tag.name not in PRIVATE_TAGS)
    plumbing = PLUMBING_TAGS if media.container == "ogg" else ()
    for name in (*CONTAINER_TAGS, *PRIVATE_TAGS, *plumbing, *found):
        given += ["-metadata", f"{name}="]
    given += _chapter_comments(options, media)
    for name in Tags.__struct_fields__:
        if (text := getattr(options.tags, name)) is not None:
            given += ["-metadata", f"{name}={_plain(text)}"]
    return [*given, "-metadata", f"track={number}"] if number else given


def _chapter_comments(options: Options, media: Media) -> list[str]:
    """Return chapters as Vorbis comments (https://wiki.xiph.org/Chapter_Extension).

    ffmpeg would write them for Opus alone. Here they move with a cut and with the speed.
    """
    if options.format not in COMMENTING or options.chapters is not Chapters.KEEP or options.trim_silence:
        return []
    given: list[str] = []
    end = math.inf if options.end is None else options.end
    inside = [each for each in media.chapters if each.end > options.start and each.start < end]
    for at, chapter in enumerate(inside):
        begin = max(chapter.start - options.start, 0.0) / options.speed
        minutes, seconds = divmod(begin, 60)
        time = f"{int(minutes) // 60:02}:{int(minutes) % 60:02}:{seconds:06.3f}"
        given += ["-metadata", f"CHAPTER{at:03}={time}", "-metadata", f"CHAPTER{at:03}NAME={chapter.title}"]
    return given


def _plain(text: str) -> str:
    """Drop the characters that no argument of a program can hold, and that no tag should."""
    return "".join(char for char in text if char in "\n\t" or ord(char) >= 32)
