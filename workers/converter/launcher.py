"""Puts limits on itself, then becomes the program: `launcher.py PARENT as=BYTES,cpu=SECONDS PROGRAM …`.

Run as `python -I -S`, so it knows nothing but the standard library and no environment; it costs about
13 ms, a fifth of what a clip of five seconds costs ffmpeg: an import here needs a reason. Doing this in
`preexec_fn` would run Python between fork and exec of a threaded process, which can deadlock.

What the program is *not* kept from: it runs as the converter's user, sees the file system and may open
sockets. Whoever takes it over finds no secret in the converter (`service.privacy`), but is not shut in.
This is the place for that (Landlock, seccomp).
"""

import os
import resource
import sys

PREFIX = "launcher:"
"""Begins the one line that is written when the program could not be started."""
EXIT_CODE = 125
SIGKILL = 9
"""POSIX says so. The module `signal` would cost half as much again as all the rest of this."""
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
"""From linux/prctl.h."""


def _limit(name: str, wanted: int) -> None:
    if name == "as" and sys.platform == "darwin":
        return  # macOS refuses this one
    kind = getattr(resource, f"RLIMIT_{name.upper()}")
    _, most = resource.getrlimit(kind)
    soft = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    # The soft CPU limit asks ffmpeg to stop, the hard one makes it.
    hard = soft + 5 if name == "cpu" and (most == resource.RLIM_INFINITY or soft + 5 <= most) else soft
    resource.setrlimit(kind, (soft, hard))


def _tie_to(parent: int) -> None:
    """Let the kernel kill us when the converter dies, however it dies; gain no privileges. Linux only."""
    if sys.platform != "linux":
        return
    import ctypes

    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_PDEATHSIG, SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was asked
        os.kill(os.getpid(), SIGKILL)
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def main(parent: str, limits: str, program: list[str]) -> None:
    """Become the program. Exits with EXIT_CODE and a line on standard error when that fails."""
    try:
        _tie_to(int(parent))
        for limit in limits.split(","):
            name, _, value = limit.partition("=")
            _limit(name, int(value))
        os.execve(program[0], program, {})  # noqa: S606 - that is the point
    except (OSError, ValueError, AttributeError) as error:
        print(f"{PREFIX} {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(EXIT_CODE)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
