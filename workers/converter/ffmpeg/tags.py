"""The tags that travel with the sound, by an allow-list. Pure.

What is not named here is kept nowhere: not in the log, not in the audio, not by `probe`. So the place, the
device, its serial number and its software never travel, whatever a camera calls them.
"""

import re

from events.media import Media, Tag
from events.options import Options, Tags
from events.texts import harmless

_KEPT = frozenset(
    [
        *("title", "subtitle", "artist", "album", "album_artist", "performer", "composer", "conductor"),
        *("lyricist", "genre", "grouping", "mood", "date", "originaldate", "comment", "description"),
        *("track", "tracktotal", "disc", "disctotal", "synopsis", "lyrics", "copyright", "publisher"),
        *("isrc", "bpm", "compilation", "show", "episode_id", "episode_sort", "season_number", "network"),
        *("title-sort", "artist-sort", "album-sort", "album_artist-sort", "composer-sort", "sort_name"),
        *("sort_artist", "sort_album", "sort_album_artist", "sort_composer", "sort_show"),
    ]
)
"""Names as ffmpeg gives them for all containers: they say what is played, and who made it."""
_SAME = {"year": "date", "author": "artist", "date_released": "date", "lead_performer": "performer"}
_LYRICS = re.compile(r"lyrics-\w+")


def kept_as(name: str) -> str:
    """Return the name by which a tag of the source is kept; empty: it is not kept."""
    name = name.lower()
    name = "lyrics" if _LYRICS.fullmatch(name) else _SAME.get(name, name)
    return name if name in _KEPT else ""


def tags_of(options: Options, media: Media, *, number: str = "") -> tuple[Tag, ...]:
    """Return the result's tags: kept, set and left out. `number`: of one file of several, as in `1/12`."""
    told = {tag.name: tag.text for tag in media.tags if options.keep_tags and tag.text}
    for name in Tags.__struct_fields__:
        if (text := getattr(options.tags, name)) is not None:
            told[name] = lines(text)
    if number:
        told["track"] = number
    return tuple(Tag(name, text) for name, text in told.items() if text)


def lines(text: str) -> str:
    """Return a text of several lines without what does harm."""
    return "\n".join(harmless(line.replace("\t", " ")).rstrip() for line in text.split("\n")).strip()
