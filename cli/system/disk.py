"""The room on a disk, in a line for people."""

import contextlib
import os
import shutil
import stat
import sys
from pathlib import Path

from cli.pretty import size

_SCARCE = 0.9
"""The share of a disk that is used, from which on it is nearly full."""


def line_of_disk(folder: Path) -> str:
    """Return how full the disk is that the folder lies on, and how much the folder holds."""
    usage = shutil.disk_usage(folder)
    return f"{line_of_room(usage.total - usage.free, usage.total)}; {size(_taken(folder))} in {folder}"


def line_of_room(used: int, total: int) -> str:
    """Return how full a disk of so many bytes is."""
    warning = "NEARLY FULL: " if used >= _SCARCE * total else ""
    return f"{warning}{used / total:.0%} full, {size(total - used)} free"


def _taken(folder: Path) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # gone again
                status = os.lstat(Path(path, name))
                if sys.platform == "win32":  # which does not say what a file takes
                    total += status.st_size
                elif stat.S_ISREG(status.st_mode):
                    total += status.st_blocks * 512
    return total
