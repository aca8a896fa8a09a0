"""Keeps ffmpeg, and any other process of our user, from reading the passwords of a service.

By the kernel's usual rule, a process may read `/proc/PID/environ` and the memory of every process of its own
user, even if its own environment is empty. On one machine that is not only the converter that started it, but
also auth with its signing key.
"""

import ctypes
import sys

PR_SET_DUMPABLE = 4
"""From linux/prctl.h. What ffmpeg is started with is dumpable again: `execve` sets it back."""


def hide_from_neighbours() -> None:
    """Close this process's `/proc` entries and memory to the same user's others. Linux only.

    So debuggers and profilers have to be root's, and a crash leaves no core file.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
