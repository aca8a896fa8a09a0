"""The place where downloaded audio lands: a file that is named, or a folder, under names of its own.

What is there already by its hash is not fetched again. Nothing else is replaced without --force: in a folder
the audio comes to lie beside it, as `talk (2).mp3`.
"""

import errno
import hashlib
import os
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

from cli.client.answers import Audio
from cli.errors import WrongArgument
from events.filenames import divided
from events.side_by_side import side_by_side


class Place(NamedTuple):
    """The file for an audio, and whether that is there already."""

    path: Path
    is_there: bool


class OneFile:
    """A file for one audio. `force`: another file that is there is replaced."""

    def __init__(self, path: Path, *, force: bool) -> None:
        self._path, self.force = path, force

    def place(self, audio: Audio) -> Place:
        """Return the place. Raises OSError."""
        if self._path.exists() and not self._path.is_file():
            raise FileExistsError(errno.EEXIST, "not a file; -o - is standard output", str(self._path))
        there = _holds(self._path, audio)
        if self._path.exists() and not there and not self.force:
            raise FileExistsError(errno.EEXIST, "another file is there: --force replaces it", str(self._path))
        return Place(self._path, there)


class Folder:
    """A folder for the audio of many, made when the first comes. `force`: what is there is replaced."""

    def __init__(self, path: Path, *, force: bool) -> None:
        self._path, self.force = path, force
        self._taken: set[Path] = set()

    def place(self, audio: Audio) -> Place:
        """Return a place that no other audio has had. Raises OSError."""
        self._path.mkdir(parents=True, exist_ok=True)
        names = (self._path / name for name in side_by_side(repeat(audio.filename)))
        free = (path for path in names if path not in self._taken)
        path = next(path for path in free if self.force or not path.exists() or _holds(path, audio))
        self._taken.add(path)
        return Place(path, _holds(path, audio))


def landing(text: str, *, one: bool, force: bool) -> OneFile | Folder:
    """Return what `-o` means: `one`, there is but one audio. Raises WrongArgument."""
    path = Path(text or ".")
    if path.is_dir() or text.endswith(("/", os.sep)) or not text:
        return Folder(path, force=force)
    if one:
        return OneFile(path, force=force)
    if path.exists() or divided(path.name)[1]:
        raise WrongArgument(f"{text} is the name of one file, and there may be several: -o takes a folder")
    return Folder(path, force=force)


def _holds(path: Path, audio: Audio) -> bool:
    """Return True if the file has the bytes of the audio."""
    if not path.is_file() or path.stat().st_size != audio.bytes:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == audio.sha256
