"""A small disk of the drill's own, to be filled: a tmpfs, which only root can mount."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.drills.rig.drill import Skipped

_BLOCK = 1 << 20


class Disk:
    """A file system of its own, with ballast in it or not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self, leave: int = 0) -> None:
        """Take all room but so many bytes."""
        free = shutil.disk_usage(self.path).free
        with self._ballast.open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, max(free - leave, _BLOCK) // _BLOCK * _BLOCK)

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(path: Path, megabytes: int) -> Iterator[Disk]:
    """Mount one for the block. Raises Skipped where that is not allowed."""
    path.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tonearm-drill", str(path)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Skipped(f"a small disk wants root and mount: {done.stderr.strip()}")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=False)
