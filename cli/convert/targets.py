"""The files that the audio goes to, and the rule for replacing one that is there.

A file that is there is replaced without a question when nothing is lost: its bytes are the audio of one of
the account's jobs, and that job was about the same video. Any other file is somebody's own, or another
video's result. A person at a terminal is asked, and a script is refused before anything is uploaded.
`--force` replaces.
"""

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cli.client.answers import Job
from cli.client.gateway import Gateway
from cli.errors import WrongArgument
from events.errors import TonearmError
from events.filenames import divided
from events.options import Chapters, Format

OURS = 200
"""The number of the account's latest jobs that a file is compared with."""
_ALIASES = {"m4b": Format.M4A, "oga": Format.OGG, "wave": Format.WAV}
"""Other endings under which people expect a format."""
_INSTEAD = {"aac": Format.M4A, "mp4": Format.M4A}
"""What holds the sound that some other ending is known for; else MP3."""


class InTheWay(TonearmError):
    """A file that is not ours lies where the audio should go."""


class Folder(NamedTuple):
    """A folder for the audio of each video, made when it is not there; None: each video's own."""

    path: Path | None


class File(NamedTuple):
    """A file for the audio of the one video."""

    path: Path


class StandardOutput(NamedTuple):
    """The audio of the one video goes to standard output, and nothing else does."""


Output = Folder | File | StandardOutput


def output_named(text: str | None, videos: int) -> Output:
    """Return what `-o` means for so many videos. Raises WrongArgument."""
    if text is None:
        return Folder(None)
    if text == "-":
        if videos > 1:
            raise WrongArgument("standard output takes the audio of one video; -o takes a folder for several")
        return StandardOutput()
    path = Path(text)
    if path.is_dir() or text.endswith(os.sep):
        return Folder(path)
    if videos == 1:
        return _file(path)
    if path.exists() or _format_of(path) or divided(path.name)[1]:
        raise WrongArgument(
            f"{text} is the name of one file, and there are {videos}: -o takes a folder for them"
        )
    return Folder(path)


def _file(path: Path) -> File:
    ending = divided(path.name)[1]
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
        f"{output.path} would hold {ending.upper()}, not what its name says:"
        f" name it .{ending}, or ask for the format that it names"
    )


def target_for(file: Path, output: Output, ending: str) -> Path | None:
    """Return where a file's audio goes; None is standard output."""
    match output:
        case StandardOutput():
            return None
        case File(path):
            return path
        case Folder(path):
            return (path or file.parent) / f"{divided(file.name)[0]}.{ending}"


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


def make_folder(output: Output) -> None:
    """Make the folder that is asked for. Raises OSError."""
    if isinstance(output, Folder) and output.path:
        output.path.mkdir(parents=True, exist_ok=True)


def unwritable(targets: Sequence[Path]) -> str | None:
    """Return why the audio cannot be written, None if it can. Called before the work begins."""
    for target in targets:
        if not os.access(target.parent, os.W_OK | os.X_OK):
            return f"{target.parent} may not be written to; choose another folder with -o"
        if len(os.fsencode(target.name)) > os.pathconf(target.parent, "PC_NAME_MAX"):
            return f"{target.name[:40]}… is too long a name for a file; choose another with -o"
        if target.is_dir():
            return f"{target} is a folder"
    return None


def make_way(gateway: Gateway, file: Path | None, target: Path) -> None:
    """Return if the audio of `file` may be written to `target`; None is a video that is not here.

    Raises InTheWay, ClientError, OSError.
    """
    if not target.exists():
        return
    there = _sha256(target)
    made = [job for job in gateway.jobs(OURS) if job.audio and job.audio.sha256 == there]
    if file and any(_is_about(job, file) for job in made):
        return
    if made:
        whose = f"is the audio of another video, {made[0].filename}"
    else:  # another stack may have made it, another account, or an older job of ours
        whose = f"is not the audio of any of your last {OURS} jobs"
    if sys.stdin.isatty() and sys.stderr.isatty():
        print(f"{target} {whose}. Replace it? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return
    raise InTheWay(f"{target} {whose}: use --force to replace it, or -o for another name")


def _is_about(job: Job, file: Path) -> bool:
    """Return True if the job was about this very video, whatever it was called then."""
    return (
        job.video is not None and job.video.bytes == file.stat().st_size and job.video.sha256 == _sha256(file)
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
