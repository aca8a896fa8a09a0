"""From jobs to the files of their ZIP: the audio of each under a name of its own, and a playlist. Pure."""

import hashlib
import zlib
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from events.filenames import divided
from events.options import offered_as
from events.projections.job_view import Audio, JobView
from events.side_by_side import side_by_side
from gateway.handover.archive import pieces
from gateway.handover.archive.playlist import NAME, Track, playlist
from gateway.handover.archive.records import File
from gateway.http.filenames import audio_name
from gateway.http.ranges import Version
from gateway.jobs.outcome import audio_of

_LAYOUT = b"1"
"""Of the ZIPs that this code makes: another one has other bytes for the same files."""


class Contents(Struct, frozen=True):
    """The files of a ZIP."""

    files: tuple[File, ...]

    @property
    def version(self) -> Version:
        """Return the identity of the ZIP. What is deleted from it, or comes to it, makes it another one."""
        told = hashlib.sha256(_LAYOUT)
        for file in self.files:
            told.update(f"{file.name}\0{file.sha256}\0{file.size}\0{file.time.timestamp():.0f}\0".encode())
        newest = max(file.time for file in self.files)
        return Version(pieces.length(self.files), f'"{told.hexdigest()}"', newest)


def contents(views: Sequence[JobView]) -> Contents:
    """Return what a ZIP of these jobs holds, in their order. Raises JobGone, NoAudio for the first without.

    A ZIP of chapters is a file in it like any other, which no playlist can name.
    """
    made = [audio_of(view) for view in views]
    called = [
        audio_name(view.filename, offered_as(each.format, each.parts)[1])
        for view, each in zip(views, made, strict=True)
    ]
    names = tuple(side_by_side(called))
    files = [_file(name, each) for name, each in zip(names, made, strict=True)]
    tracks = [
        Track(name, divided(view.filename)[0], each.duration_seconds)
        for name, view, each in zip(names, views, made, strict=True)
        if not each.parts
    ]
    if tracks:
        files.append(_text(NAME, playlist(tracks), max(each.time for each in made)))
    return Contents(tuple(files))


def _file(name: str, audio: Audio) -> File:
    return File(
        name=name,
        size=audio.bytes,
        time=audio.time,
        sha256=audio.sha256,
        crc32=audio.crc32,
        audio_id=audio.audio_id,
    )


def _text(name: str, text: bytes, time: datetime) -> File:
    return File(
        name=name,
        size=len(text),
        time=time,
        sha256=hashlib.sha256(text).hexdigest(),
        crc32=zlib.crc32(text),
        text=text,
    )
