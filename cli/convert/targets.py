"""The files that the audio goes to."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cli.convert.sources import Source
from cli.errors import WrongArgument
from events.filenames import divided
from events.options import Chapters, Format

_ALIASES = {"m4b": Format.M4A, "oga": Format.OGG, "wave": Format.WAV}
"""Other endings under which people expect a format."""
_SPELT = {"opus": "Opus", "ogg": "Ogg"}
"""Formats whose names are no abbreviations."""
_LONGEST_NAME = 255
_INSTEAD = {"aac": Format.M4A, "mp4": Format.M4A}
"""The format for the sound that another ending is known for; else MP3."""


_LIKE_AN_ENDING = re.compile(r"[^.]\.([a-z][a-z0-9]{2,3})$")
"""What nobody writes but as the ending of a file; a title may have a dot, too."""


class Folder(NamedTuple):
    """A folder for the audio of each video, made when it is not there; None: each video's own."""

    path: Path | None


class File(NamedTuple):
    """A file for the audio of the one video."""

    path: Path


class StandardOutput(NamedTuple):
    """The audio of the one video goes to standard output, and nothing else does."""


Output = Folder | File | StandardOutput


def output_named(text: str | None, *, several: bool) -> Output:
    """Return what `-o` means, for one video or `several`. Raises WrongArgument."""
    if text is None:
        return Folder(None)
    if text == "-":
        if several:
            raise WrongArgument("standard output takes the audio of one video; -o takes a folder for several")
        return StandardOutput()
    path = Path(text)
    if path.is_dir() or text.endswith(("/", os.sep)):
        return Folder(path)
    if not several:
        return _file(path)
    if path.exists() or _format_of(path) or divided(path.name)[1]:
        raise WrongArgument(
            f"{text} is the name of one file, and there are several videos: -o takes a folder for them"
        )
    return Folder(path)


def _file(path: Path) -> File:
    ending = divided(path.name)[1]
    if not ending and (like_one := _LIKE_AN_ENDING.search(path.name)):
        ending = like_one[1]
    if ending in ("", "zip") or _format_of(path):
        return File(path)
    instead = path.with_suffix(f".{_INSTEAD.get(ending, Format.MP3)}")
    raise WrongArgument(
        f"no format is called .{ending}: -o takes a name that ends in .{', .'.join(Format)},"
        f" or .zip for a file for each chapter; {instead} would do"
    )


def _format_of(path: Path) -> str | None:
    ending = divided(path.name)[1]
    return _ALIASES.get(ending, ending if ending in set(Format) else None)


def named_by(output: Output) -> dict[str, str]:
    """Return the options that a file's name stands for: a format, a ZIP of the chapters, or none."""
    if not isinstance(output, File):
        return {}
    if divided(output.path.name)[1] == "zip":
        return {"chapters": Chapters.SPLIT.value}
    format_ = _format_of(output.path)
    return {"format": format_} if format_ else {}


def misnamed(output: Output, ending: str) -> str | None:
    """Return why a file of the kind that ends in `ending` must not have this name, None if it may."""
    if not isinstance(output, File):
        return None
    told = divided(output.path.name)[1]
    if told in ("", ending) or _ALIASES.get(told) == ending:
        return None
    return (
        f"{output.path} would hold {_SPELT.get(ending, ending.upper())}, not what its name says:"
        f" name it .{ending}, or ask for the format that it names"
    )


def target_for(video: Source, output: Output, ending: str) -> Path | None:
    """Return where a video's audio goes; None is standard output.

    In a folder of its own it keeps the folders that it was in.
    """
    match output:
        case StandardOutput():
            return None
        case File(path):
            return path
        case Folder(path):
            folder = path / video.below if path else video.path.parent
            return folder / f"{divided(video.name)[0]}.{ending}"


def impossible(files: Sequence[Path], targets: Sequence[Path], output: Output) -> str | None:
    """Return why these files cannot go to these targets, None if they can."""
    taken: dict[Path, Path] = {}
    for file, target in zip(files, targets, strict=True):
        if (other := taken.setdefault(target, file)) is not file:
            return f"{other} and {file} would both become {target}; convert them one by one, with -o for each"
        if target.resolve() == file.resolve():
            return f"{file} would be replaced by its own audio; choose another name with -o"
        if not isinstance(output, Folder) and not target.parent.is_dir():
            return f"there is no folder {target.parent}"
    return None


def make_folders(output: Output, targets: Sequence[Path]) -> None:
    """Make the folder that is asked for, and those in it. Raises OSError."""
    if isinstance(output, Folder) and output.path:
        for folder in {output.path, *(target.parent for target in targets)}:
            folder.mkdir(parents=True, exist_ok=True)


def unwritable(target: Path) -> str | None:
    """Return why the audio cannot be written, None if it can. Called before the work begins."""
    if not os.access(target.parent, os.W_OK | os.X_OK):
        return f"{target.parent} may not be written to; choose another folder with -o"
    if len(os.fsencode(target.name)) > _longest_name(target.parent):
        return f"{target.name[:40]}… is too long a name for a file; choose another with -o"
    if target.is_dir():
        return f"{target} is a folder"
    if target.exists() and not target.is_file():  # to read a pipe may take for ever
        return f"{target} is not a file; -o - is standard output"
    return None


def _longest_name(folder: Path) -> int:
    """Return how many bytes a name in this folder may have. Windows has no such question."""
    return os.pathconf(folder, "PC_NAME_MAX") if hasattr(os, "pathconf") else _LONGEST_NAME
