"""Starts programs for the converter by forking, which takes a tenth of a new Python's time.

`python -I -S -c … ROOT LAYERS READABLE…`, with a socket as standard input. Reads nothing but that socket,
has one thread, no environment and no secret.

On the control socket it says in one line which layers work here, tried and not guessed. Then each byte that
comes brings the socket of one job, on which wait the request (see `ask`) and the descriptors of the program.
The job's socket gets the exit code when the program has ended, and all that it had started with it. When
the other end of a job's socket is closed, or shut for writing, that program is killed; when the control
socket is, all are, and the server ends.
"""

import os
import select
import signal
import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress

from workers.converter import landlock, seccomp
from workers.converter.launcher import (
    EXIT_CODE,
    PR_SET_CHILD_SUBREAPER,
    PR_SET_DUMPABLE,
    PREFIX,
    Layers,
    become,
    prctl,
    shut_in,
)

LENGTH, EXIT = struct.Struct("!I"), struct.Struct("!i")
MOST_FILES = 16
_CLOEXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


def ask(job: socket.socket, command: Sequence[str], limits: dict[str, int], files: Sequence[int]) -> None:
    """Put a request on a job's socket: strings that end in NUL. It must fit the socket's buffer."""
    words = [" ".join(f"{name}={value}" for name, value in limits.items()), *command]
    body = b"\0".join(map(os.fsencode, words))
    socket.send_fds(job, [LENGTH.pack(len(body)), body], files)


def _asked(job: socket.socket) -> tuple[list[str], dict[str, int], list[int]]:
    data, files, _, _ = socket.recv_fds(job, 1 << 16, MOST_FILES, _CLOEXEC)
    while len(data) < LENGTH.size or len(data) < LENGTH.size + LENGTH.unpack_from(data)[0]:
        more = job.recv(1 << 16)
        if not more:
            raise EOFError
        data += more
    limits, *command = map(os.fsdecode, data[LENGTH.size :].split(b"\0"))
    pairs = (limit.partition("=") for limit in limits.split())
    return command, {name: int(value) for name, _, value in pairs}, files


class Server:
    """The fork server's loop."""

    def __init__(self, control: socket.socket, layers: Layers, readable: list[str]) -> None:
        self._control, self._layers, self._readable = control, layers, readable
        self._jobs: dict[int, socket.socket] = {}
        """By process id, until it was waited for: so long the id is nobody else's."""
        self._pids: dict[int, int] = {}
        """By the descriptor of the job's socket, until killed."""
        self._poll = select.poll()

    def serve(self) -> None:
        """Work until the control socket is closed."""
        woken, wakes = os.pipe()
        os.set_blocking(wakes, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        for fd in (woken, self._control.fileno()):
            self._poll.register(fd, select.POLLIN)
        while True:
            for fd, _ in self._poll.poll():
                if fd == woken:
                    os.read(woken, 4096)
                elif fd != self._control.fileno():
                    self._kill(fd)
                elif not self._take():
                    return
            self._reap()

    def _take(self) -> bool:
        byte, (*fds,), _, _ = socket.recv_fds(self._control, 1, 1, _CLOEXEC)
        if not byte:
            for fd in list(self._pids):
                self._kill(fd)
            return False
        job = socket.socket(fileno=fds[0])
        with suppress(OSError, EOFError):  # it has lost interest already
            self._start(job, *_asked(job))
        return True

    def _start(
        self, job: socket.socket, command: list[str], limits: dict[str, int], files: list[int]
    ) -> None:
        me = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            os.write(files[2], f"{PREFIX} {error}\n".encode())
            job.sendall(EXIT.pack(EXIT_CODE))
            return
        finally:
            if os.getpid() == me:
                for fd in files:
                    os.close(fd)
        if pid == 0:
            signal.set_wakeup_fd(-1)
            become(
                command,
                files=files,
                limits=limits,
                layers=self._layers,
                readable=self._readable,
                parent=me,
            )
        self._jobs[pid] = job
        self._pids[job.fileno()] = pid
        self._poll.register(job, select.POLLIN)

    def _kill(self, fd: int) -> None:
        """Kill what runs for a job, and is reaped like any other."""
        self._poll.unregister(fd)
        pid = self._pids.pop(fd)
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:  # it is no group yet
            os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                pid, status = ended
                if (job := self._jobs.pop(pid, None)) is None:
                    continue  # an orphan of a program's
                with suppress(ProcessLookupError):  # what it left behind; nobody else can have the id yet
                    os.killpg(pid, signal.SIGKILL)
                if self._pids.pop(job.fileno(), None) is not None:
                    self._poll.unregister(job)
                with suppress(OSError), job:
                    job.sendall(EXIT.pack(os.waitstatus_to_exitcode(status)))


def _works(layers: Layers, readable: list[str], forbidden: Callable[[], object]) -> bool:
    """Tell whether a layer can be put on, and then forbids what it should, in a process made to find out."""
    pid = os.fork()
    if pid == 0:
        works = False
        with suppress(BaseException):
            shut_in(layers, readable)
            try:
                forbidden()
            except OSError:
                works = True
        os._exit(not works)
    return os.waitpid(pid, 0)[1] == 0


def _try(wanted: Sequence[str], readable: list[str]) -> Layers:
    version = landlock.abi() if "landlock" in wanted else 0
    files = Layers(landlock=version)
    calls = Layers(seccomp="seccomp" in wanted and seccomp.supported(os.uname().machine))
    return Layers(
        landlock=version if version and _works(files, readable, lambda: os.open("/", os.O_RDONLY)) else 0,
        seccomp=calls.seccomp and _works(calls, readable, socket.socketpair),
        rlimits="rlimits" in wanted,
    )


def main(wanted: str, *readable: str) -> None:
    """Say what works, then serve."""
    prctl(PR_SET_DUMPABLE, 0)  # see `service.privacy`
    prctl(PR_SET_CHILD_SUBREAPER, 1)  # what a program leaves behind becomes ours, and no zombie
    control = socket.socket(fileno=0)
    layers = _try(wanted.split(","), list(readable))
    control.sendall(f"{layers.landlock} {layers.seccomp:d} {layers.rlimits:d}\n".encode())
    Server(control, layers, list(readable)).serve()
