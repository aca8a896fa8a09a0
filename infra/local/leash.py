"""Run a program on a leash: it gets SIGTERM when the process that started it ends, however that ended.

    python -I -S leash.py PARENT_PID PROGRAM [ARGUMENT…]

Linux does it by itself (prctl PR_SET_PDEATHSIG, kept across exec). Elsewhere a small watcher stays beside
the program. It is a script and not a `preexec_fn`, which may deadlock in a process with threads.
"""

import os
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
WATCH_SECONDS = 0.5


def main() -> None:
    """Tie this process to its parent, then become the program."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    elif os.fork() == 0:
        watch(parent, os.getppid())
    if os.getppid() != parent:  # it ended before the leash was on
        sys.exit(0)
    os.execvp(program[0], program)  # noqa: S606 – becoming the program is the purpose


def watch(parent: int, program: int) -> None:
    """Wait until either ends; if it was the parent, end the program too."""
    while alive(program):
        if not alive(parent):
            os.kill(program, signal.SIGTERM)
            break
        time.sleep(WATCH_SECONDS)
    os._exit(0)


def alive(pid: int) -> bool:
    """Return True if a process with this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main()
