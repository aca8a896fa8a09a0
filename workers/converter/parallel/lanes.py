"""Lanes for encoders: as many may run at once as there are cores, over all converters of this machine.

Every running encoder holds an abstract Unix socket (Linux). It vanishes with its process, however that ends.
`/proc/net/unix` lists these sockets, so they can be counted. Containers do not see those of others, and each
counts for itself.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

MOST = 4
"""Encoders for one sound. Each decodes all that is before its part, so more of them gain little."""
_SOCKETS = Path("/proc/net/unix")
_LOAD = Path("/proc/loadavg")
_CROWD = 4.0
"""Runnable threads for each core of the machine: beyond it no core is idle. One ffmpeg has several."""
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


class Lanes:
    """The cores for encoders. All converters with the same `name` share them."""

    def __init__(self, cores: int = 0, *, name: str = "tonearm", crowd: float = _CROWD) -> None:
        """Use so many cores; 0: all of this process. With more than `crowd` threads a core, none is free."""
        self._crowd = crowd * (os.cpu_count() or 1)
        self._cores = cores or _usable()
        self._name = f"{name}/{os.getuid()}/encoder/"

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Count as one encoder, for the block."""
        with socket.socket(socket.AF_UNIX) as mark:
            with suppress(OSError):  # no Linux: nothing is counted, and nothing is shared
                mark.bind(f"\0{self._name}{token_hex(8)}")  # in containers two processes may have one id
            yield

    def free(self) -> int:
        """Return the number of further encoders for which there is a core."""
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
