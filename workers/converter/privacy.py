"""Keeps ffmpeg from reading the passwords of the process that started it.

It runs as the same user, and by the kernel's usual rule that is enough to read `/proc/PID/environ` and the
memory of any process of that user, an empty environment of its own notwithstanding.
"""

import ctypes
import sys

PR_SET_DUMPABLE = 4
"""From linux/prctl.h. What ffmpeg is started with is dumpable again: `execve` sets it back."""


def hide_from_neighbours() -> None:
    """Close this process's `/proc` entries and memory to the same user's others. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
