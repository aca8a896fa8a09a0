"""A file that is whole takes its name. Nobody else's is lost, not even one that came a moment ago."""

import os
import sys
from pathlib import Path


def place(file: Path, target: Path) -> None:
    """Give the file this name, in its folder or another of the same disk.

    Raises FileExistsError where anything has the name already, OSError.
    """
    if sys.platform == "win32":  # where this replaces nothing
        file.rename(target)
        return
    try:
        os.link(file, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # a disk without links; or another disk, which the last step tells
        target.touch(exist_ok=False)
        try:
            file.replace(target)
        except OSError:
            target.unlink()
            raise
    else:
        file.unlink()
