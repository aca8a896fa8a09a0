"""Prepares a new process to become the program: session, descriptors, limits, user, layers.

This runs in a child of the fork server. That has one thread, so Python may run between fork and exec.
Nothing but the standard library, and little of it. Where one step fails, the program is not started, and one
line on standard error gives the reason.
"""

import fcntl
import os
import resource
import signal
import sys
from collections.abc import Sequence
from typing import NamedTuple, NoReturn

from workers.converter.cage import landlock, privileges, seccomp
from workers.converter.cage.kernel import PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG, prctl

PREFIX = "launcher:"
"""The beginning of the one line that is written when the program could not be started."""
EXIT_CODE = 125
LIMITS = tuple(
    name
    for name in ("as", "data", "cpu", "fsize", "nofile", "core")
    if (name, sys.platform) != ("as", "darwin")
)
"""The limits of this system. macOS refuses to limit the address space."""
_MOST_DESCRIPTORS = 1024
"""The fork server has not a tenth of that many."""


class Layers(NamedTuple):
    """The layers around the program."""

    ruleset: int | None = None
    """The ruleset of `landlock.allow_only`; None: no Landlock."""
    seccomp: bool = False
    rlimits: bool = False
    nobody: bool = False
    """The program runs as `privileges.NOBODY`."""


def become(
    command: list[str], *, files: Sequence[int], limits: dict[str, int], layers: Layers, parent: int
) -> NoReturn:
    """Become the program, with `files` as its descriptors from 0 on and no others."""
    try:
        path = _enter(command[0], layers)
        _tie_to(parent)  # a change of the user would undo it
        os.setsid()
        _restrict(layers)
        _take(files)
        if layers.rlimits:
            for name in LIMITS:
                _limit(name, limits[name])
        for number in (
            signal.SIGPIPE,
            signal.SIGXFSZ,
        ):  # Python ignores these two, and ffmpeg would inherit that
            signal.signal(number, signal.SIG_DFL)
        if layers.seccomp:
            seccomp.install(os.uname().machine, os.getpid())
            seccomp.execute(os.uname().machine, path, command)
        os.execve(path, command, {})  # noqa: S606 - that is the point
    except Exception as error:
        os.write(2, f"{PREFIX} {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(EXIT_CODE)


def shut_in(layers: Layers) -> None:
    """Put Landlock and seccomp around this process, for ever. Raises OSError."""
    _restrict(layers)
    if layers.seccomp:
        seccomp.install(os.uname().machine, os.getpid())


def _enter(program: str, layers: Layers) -> str:
    """Give up the user and all capabilities. Return the path by which the program can still be started.

    It may be in a folder of root's that nobody may walk through, such as `/root/.venv`. So its folder is
    entered before.
    """
    path = program
    if layers.nobody:
        folder, _, name = program.rpartition("/")
        os.chdir(folder or "/")
        privileges.become_nobody()
        path = f"./{name}"
    privileges.drop_capabilities()
    return path


def startable_by_nobody(program: str, libraries: Sequence[str]) -> bool:
    """Return True if nobody could start the program. Changes this process for ever. Raises OSError."""
    path = _enter(program, Layers(nobody=True))
    return all([os.access(path, os.R_OK | os.X_OK), *(os.access(each, os.R_OK) for each in libraries)])


def _restrict(layers: Layers) -> None:
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if layers.ruleset is not None:
        landlock.restrict(layers.ruleset)


def _tie_to(parent: int) -> None:
    """Let the kernel kill this process when the fork server dies, however it dies."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # the server died before prctl
        os.kill(os.getpid(), signal.SIGKILL)


def _take(files: Sequence[int]) -> None:
    # First move each aside, so that none takes the place of another.
    aside = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, len(files)) for fd in files]
    for place, fd in enumerate(aside):
        os.dup2(fd, place)
    os.closerange(
        len(files), _MOST_DESCRIPTORS
    )  # received descriptors survive exec: recv_fds drops its flags


def _limit(name: str, wanted: int) -> None:
    kind = getattr(resource, f"RLIMIT_{name.upper()}")
    _, most = resource.getrlimit(kind)
    soft = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    # The soft CPU limit asks ffmpeg to stop, the hard one makes it.
    hard = soft + 5 if name == "cpu" and (most == resource.RLIM_INFINITY or soft + 5 <= most) else soft
    resource.setrlimit(kind, (soft, hard))
