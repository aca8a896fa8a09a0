"""How many encoders may run at once: as many as there are cores, counting those of all our processes here.

Every encoder in use holds an abstract Unix socket (Linux), which vanishes with its process, however that
ends; `/proc/net/unix` tells how many there are. Containers do not see each other's, each counts for itself.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

MOST = 4
"""Encoders for one sound. Each decodes all that is before its part, so that more gain little."""
_SOCKETS = Path("/proc/net/unix")
_LOAD = Path("/proc/loadavg")
_CROWD = 4.0
"""Threads that want to run, for each core of the machine: with more, none is idle. One ffmpeg has several."""
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


class Lanes:
    """The cores for encoders. `name` is that of all who share them."""

    def __init__(self, cores: int = 0, *, name: str = "tonearm", crowd: float = _CROWD) -> None:
        """Take so many cores; 0: all that this process may use. None is free with a `crowd` for each core."""
        self._crowd = crowd * (os.cpu_count() or 1)
        self._cores = cores or _usable()
        self._name = f"{name}/{os.getuid()}/encoder/"

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Be counted as one encoder, for the block."""
        with socket.socket(socket.AF_UNIX) as mark:
            with suppress(OSError):  # no Linux: nobody counts, and nobody shares
                mark.bind(f"\0{self._name}{token_hex(8)}")  # a process id may be there twice, in containers
            yield

    def free(self) -> int:
        """Return how many encoders more there is a core for."""
        try:
            running = int(_LOAD.read_text().split()[3].partition("/")[0])
            busy = _SOCKETS.read_text(errors="replace").count(f"@{self._name}")
        except OSError:
            return 0
        if running > self._crowd:
            return 0
        return max(min(self._cores - busy, MOST - 1), 0)


def _usable() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    try:
        quota, period = _QUOTA.read_text().split()
        return max(min(cores, int(quota) // int(period)), 1)
    except (OSError, ValueError):  # no such limit: "max"
        return cores
