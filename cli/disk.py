"""How full a disk is, in a line for people."""

import contextlib
import os
import shutil
import stat
from pathlib import Path

from cli.pretty import size

_SCARCE = 0.9
"""The share of a disk that is used, from which on it is nearly full."""


def line_of_disk(folder: Path) -> str:
    """Return how full the disk is that the folder lies on, and how much of that is the folder's."""
    usage = shutil.disk_usage(folder)
    share = 1 - usage.free / usage.total
    warning = "NEARLY FULL: " if share >= _SCARCE else ""
    return f"{warning}{share:.0%} full, {size(usage.free)} free; {size(_taken(folder))} in {folder}"


def _taken(folder: Path) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # gone again
                status = os.lstat(Path(path, name))
                total += status.st_blocks * 512 if stat.S_ISREG(status.st_mode) else 0
    return total
