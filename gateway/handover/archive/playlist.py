"""A playlist of the files in a ZIP: extended M3U in UTF-8, for players that keep an order. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from events.texts import one_line

NAME = "playlist.m3u8"


class Track(NamedTuple):
    """A file of the playlist, by its name in the same folder."""

    name: str
    title: str
    seconds: float


def playlist(tracks: Iterable[Track]) -> bytes:
    """Return the playlist."""
    lines = ["#EXTM3U"]
    for track in tracks:
        lines += [f"#EXTINF:{round(track.seconds)},{one_line(track.title)}", _path(track.name)]
    return "".join(f"{line}\n" for line in lines).encode()


def _path(name: str) -> str:
    """Return the name, so that no player takes it for a comment."""
    return f"./{name}" if name.startswith("#") else name
