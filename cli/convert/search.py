"""From what is typed to the videos that are meant: files, folders, patterns that no shell expanded, lists.

Of a folder only what ends as a video does is taken: the audio that lies beside it from the last time is none.
"""

import codecs
import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from msgspec import Struct

from cli.convert.sources import STANDARD_INPUT, Source, source
from cli.errors import NothingFound, WrongArgument
from events.filenames import ENDINGS, divided

_SOUNDS = frozenset(
    """
    aac ac3 aif aiff alac amr ape au caf dts eac3 f4a flac m4a m4b m4p m4r mka mp2 mp3 mpa oga ogg opus ra snd
    spx tta w64 wav wave weba wma wv zip
    """.split()  # noqa: SIM905 - a list of so many is a column
)
VIDEOS = ENDINGS - _SOUNDS
"""Endings, in small letters, by which a file in a folder is taken for a video."""


class Chosen(Struct, frozen=True):
    """The files of a folder that are meant.

    Patterns are of the shell: `*.m4a` for names, `talks/*` for ways to a file. Without `include` it is what
    ends as a video does. `exclude` outweighs it.
    """

    recursive: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def takes(self, below: Path) -> bool:
        """Return True if the file with this way from the folder is meant. Hidden files never are."""
        if any(part.startswith(".") for part in below.parts) or self._is_in(self.exclude, below):
            return False
        if self.include:
            return self._is_in(self.include, below)
        return divided(below.name)[1] in VIDEOS

    @staticmethod
    def _is_in(patterns: Iterable[str], below: Path) -> bool:
        return any(fnmatch(below.name, each) or fnmatch(below.as_posix(), each) for each in patterns)


def videos(texts: Sequence[str], chosen: Chosen) -> list[Source]:
    """Return each video that is meant, once, in the order in which they are named.

    Raises WrongArgument for a folder without `recursive`, NothingFound where nothing matches.
    """
    if texts.count(STANDARD_INPUT) > 1:
        raise WrongArgument("standard input is one video: give - once")
    found: dict[Source | str, Source] = {}
    for text in texts:
        for each in _meant(text, chosen):
            found.setdefault(os.path.abspath(each.path) if each.file else each, each)  # noqa: PTH100
    return list(found.values())


def listed(content: bytes) -> list[str]:
    """Return the names and addresses in a list: one a line, or each before a NUL, as `find -print0` has them.

    In a list of lines, empty ones and those that begin with `#` are none. Some editors begin it with a mark.
    """
    content = content.removeprefix(codecs.BOM_UTF8)
    if b"\0" in content:
        return [os.fsdecode(each) for each in content.split(b"\0") if each]
    lines = (os.fsdecode(line.rstrip(b"\r")) for line in content.split(b"\n"))
    return [line for line in lines if line.strip() and not line.startswith("#")]


def _meant(text: str, chosen: Chosen) -> Iterator[Source]:
    named = source(text)
    if named.file is None:
        yield named
    elif os.path.isdir(named.file):  # noqa: PTH112 - raises nothing for a name that is too long
        if not chosen.recursive:
            raise WrongArgument(f"{text} is a folder: give -r to convert the videos in it")
        yield from _inside(named.file, chosen)
    elif glob.has_magic(text) and not os.path.exists(named.file):  # noqa: PTH110
        yield from _matching(text, chosen)
    else:
        yield named


def _inside(folder: Path, chosen: Chosen) -> Iterator[Source]:
    empty, unread = True, list[OSError]()
    # Links to folders are not followed: they may go in circles.
    for place, folders, names in os.walk(folder, onerror=unread.append):
        folders.sort()
        for name in sorted(names):
            file = Path(place, name)
            below = file.relative_to(folder)
            if chosen.takes(below):
                empty = False
                yield Source(file, below=below.parent)
    if empty and not unread:
        raise NothingFound(f"there is no video in {folder}")
    yield from (Source(Path(each.filename)) for each in unread)  # as a video that cannot be read


def _matching(pattern: str, chosen: Chosen) -> Iterator[Source]:
    found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - it takes `..` and drives, too
    if not found:
        raise NothingFound(f"nothing is called {pattern}")
    for each in found:
        yield from _meant(each, chosen)
