"""The files of a watched folder that may be videos, and the identity by which each is known again."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from cli.convert.search import Chosen
from cli.convert.sources import Source

_UNFINISHED = (
    *(".part", ".partial", ".filepart", ".crdownload", ".download", ".opdownload", ".aria2", ".ytdl"),
    *(".tmp", ".temp", ".!qb", ".!ut", ".bc!", "~"),
)
"""Endings that programs give to a file that they have not finished, in small letters."""
_BESIDE = (".aria2",)
"""Terminations of a file that lies beside another one until that is finished."""


class Identity(Struct, frozen=True):
    """By what a file is known again: a new name changes nothing, a new content does.

    The device is no part of it: disks of the network have another number each time.
    """

    inode: int
    bytes: int
    mtime_ns: int


class Seen(Struct, frozen=True):
    """A file, as it was when somebody looked."""

    source: Source
    identity: Identity

    @property
    def path(self) -> Path:
        """The path to it."""
        return self.source.path


class Watched(Struct, frozen=True):
    """A folder, which of its files are meant, and the folders in it that are not looked into."""

    folder: Path
    chosen: Chosen
    others: Sequence[Path] = ()

    def look(self) -> Iterator[Seen]:
        """Yield the files that may be videos. What goes away meanwhile, or cannot be read, is left out."""
        for place, folders, names in os.walk(self.folder):
            here, there = Path(place), set(names)
            folders[:] = sorted(each for each in folders if self._is_entered(here / each))
            for name in sorted(names):
                below = (here / name).relative_to(self.folder)
                if self.chosen.takes(below) and is_finished(name, there):
                    yield from _seen(Source(here / name, below=below.parent))

    def _is_entered(self, folder: Path) -> bool:
        if not self.chosen.recursive or folder.name.startswith("."):
            return False
        return not any(folder.samefile(other) for other in self.others if other.exists())


def is_finished(name: str, beside: set[str]) -> bool:
    """Return False for a name that some program gives to a file that is not whole yet."""
    small = name.lower()
    return not small.endswith(_UNFINISHED) and not any(f"{name}{ending}" in beside for ending in _BESIDE)


def identity_of(path: Path) -> Identity:
    """Return by what the file is known again. Raises OSError."""
    found = path.stat()
    return Identity(found.st_ino, found.st_size, found.st_mtime_ns)


def _seen(source: Source) -> Iterator[Seen]:
    try:
        if source.path.is_file():
            yield Seen(source, identity_of(source.path))
    except OSError:
        return
