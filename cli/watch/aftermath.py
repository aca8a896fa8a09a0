"""The place of a video once its audio is here: it stays, goes into another folder, or away."""

import contextlib
import errno
import itertools
import secrets
import shutil
from pathlib import Path

from msgspec import Struct

from cli.client.placing import place
from cli.watch.folder import Seen, identity_of


class Aftermath(Struct, frozen=True):
    """`move_to`: the folder for videos that are done; `delete`: they are deleted. Neither: they stay."""

    move_to: Path | None = None
    delete: bool = False

    @property
    def keeps(self) -> bool:
        """True if videos stay where they are."""
        return self.move_to is None and not self.delete

    def put_away(self, video: Seen) -> str:
        """Put the video away, and return why not, or nothing. Raises OSError.

        One that is another by now stays: nobody has converted that one.
        """
        if self.keeps:
            return ""
        if identity_of(video.path) != video.identity:
            return "it stays, as something wrote to it meanwhile"
        if self.move_to is None:
            video.path.unlink()
        else:
            moved(video.path, self.move_to / video.source.below)
        return ""


def moved(file: Path, folder: Path) -> Path:
    """Move the file into the folder, under a name that is free there; return where it is. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    names = itertools.chain([file.name], (f"{file.stem} ({n}){file.suffix}" for n in itertools.count(2)))
    while True:
        with contextlib.suppress(FileExistsError):
            _put(file, target := folder / next(names))
            return target


def _put(file: Path, target: Path) -> None:
    try:
        place(file, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _carry(file, target)


def _carry(file: Path, target: Path) -> None:
    """Bring a file to another disk: it is there whole, or not at all."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        shutil.copy2(file, part)
        place(part, target)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    file.unlink()
