"""Puts limits on itself, then becomes the program: `launcher.py as=BYTES,cpu=SECONDS PROGRAM ARGUMENT…`.

Run as `python -I -S`, so it knows nothing but the standard library and no environment; it costs about
13 ms, a fifth of what a clip of five seconds costs ffmpeg: an import here needs a reason. Doing this in
`preexec_fn` would run Python between fork and exec of a threaded process, which can deadlock. This is
also the place where the program will be shut in further (Landlock, seccomp).
"""

import os
import resource
import sys

PREFIX = "launcher:"
"""Begins the one line that is written when the program could not be started."""
EXIT_CODE = 125
SIGKILL = 9
"""POSIX says so. The module `signal` would cost half as much again as all the rest of this."""


def _limit(name: str, wanted: int) -> None:
    if name == "as" and sys.platform == "darwin":
        return  # macOS refuses this one
    kind = getattr(resource, f"RLIMIT_{name.upper()}")
    _, most = resource.getrlimit(kind)
    soft = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    # The soft CPU limit asks ffmpeg to stop, the hard one makes it.
    hard = soft + 5 if name == "cpu" and (most == resource.RLIM_INFINITY or soft + 5 <= most) else soft
    resource.setrlimit(kind, (soft, hard))


def _die_with_parent() -> None:
    """Let the kernel kill us when the converter dies, however it dies. Linux only."""
    if sys.platform != "linux":
        return
    import ctypes

    parent = os.getppid()
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), SIGKILL)


def main(limits: str, program: list[str]) -> None:
    """Become the program. Exits with EXIT_CODE and a line on standard error when that fails."""
    try:
        _die_with_parent()
        for limit in limits.split(","):
            name, _, value = limit.partition("=")
            _limit(name, int(value))
        os.execve(program[0], program, {})  # noqa: S606 - that is the point
    except (OSError, ValueError, AttributeError) as error:
        print(f"{PREFIX} {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(EXIT_CODE)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
