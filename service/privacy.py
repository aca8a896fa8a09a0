"""Keeps ffmpeg, and whatever else runs as our user, from reading the passwords of a service.

It runs as the same user, and by the kernel's usual rule that is enough to read `/proc/PID/environ` and the
memory of any process of that user, an empty environment of its own notwithstanding. On one machine that is
not only the converter that started it: auth's signing key is a process away, too.
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
