"""The files that the audio goes to, and the rule for replacing one that is there.

A file that is there is replaced without a question when it is ours: its bytes are the audio of one of the
account's jobs, so nothing is lost. Any other file is somebody's own. A person at a terminal is asked, and a
script is refused before anything is uploaded. `--force` replaces.
"""

import hashlib
import os
import sys
from pathlib import Path

from cli.client.gateway import Gateway
from events.errors import TonearmError
from events.options import Chapters, Format

OURS = 200
"""The number of the account's latest jobs that a file is compared with."""


class InTheWay(TonearmError):
    """A file that is not ours lies where the audio should go."""


def target_for(file: Path, output: Path | None, ending: str) -> Path:
    """Return where a file's audio goes: beside it, into the folder `output`, or to the file `output`."""
    name = f"{file.stem}.{ending}"
    if output is None:
        return file.with_name(name)
    return output / name if output.is_dir() else output


def named_by(output: Path | None) -> dict[str, str]:
    """Return the options that a file's name stands for: a format, a ZIP of the chapters, or none."""
    if output is None or output.is_dir():
        return {}
    ending = output.suffix.lower().removeprefix(".")
    if ending == "zip":
        return {"chapters": Chapters.SPLIT.value}
    return {"format": ending} if ending in set(Format) else {}


def impossible(files: list[Path], targets: list[Path]) -> str | None:
    """Return why these files cannot go to these targets, None if they can."""
    if len(set(targets)) < len(targets):
        return "two of the files would become the same one; -o takes a folder for several"
    for file, target in zip(files, targets, strict=True):
        if target.resolve() == file.resolve():
            return f"{file} would be replaced by its own audio; choose another name with -o"
        if not target.parent.is_dir():
            return f"{target.parent} is no folder"
    return None


def unwritable(targets: list[Path]) -> str | None:
    """Return why the audio cannot be written, None if it can. Called before the work begins."""
    for target in targets:
        if not os.access(target.parent, os.W_OK | os.X_OK):
            return f"{target.parent} may not be written to; choose another folder with -o"
        if len(os.fsencode(target.name)) > os.pathconf(target.parent, "PC_NAME_MAX"):
            return f"{target.name[:40]}… is too long a name for a file; choose another with -o"
        if target.is_dir():
            return f"{target} is a folder"
    return None


def make_way(gateway: Gateway, target: Path) -> None:
    """Return if the audio may be written. Raises InTheWay, ClientError."""
    if not target.exists():
        return
    with target.open("rb") as file:
        there = hashlib.file_digest(file, "sha256").hexdigest()
    if any(job.audio and job.audio.sha256 == there for job in gateway.jobs(OURS)):
        return
    if sys.stdin.isatty() and sys.stderr.isatty():
        print(
            f"{target} is there and not made by Tonearm. Replace it? [y/N] ",
            end="",
            file=sys.stderr,
            flush=True,
        )
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return
    raise InTheWay(
        f"{target} is there and not made by Tonearm: use --force to replace it, or -o for another name"
    )
