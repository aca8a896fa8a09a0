"""Starts programs for the converter by forking, which takes a tenth of a new Python's time.

`python -I -S -c … ROOT LAYERS READABLE…`, with a socket as standard input: the control socket. The server
reads nothing else. It has one thread, no environment and no secret.

First it writes one line to the control socket: the layers that work here, each tried, not guessed. Then each
byte that comes on it brings the socket of one request. On that socket wait the words of the request (see
`ask`) and the program's descriptors. EXIT is sent there when the program, and all that it had started, has
ended. The program is killed when the other end of that socket is closed, or shut for writing. When the
control socket is closed, all programs are killed and the server ends.
"""

import gc
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from workers.converter.cage import landlock, seccomp
from workers.converter.cage.kernel import PR_SET_CHILD_SUBREAPER, PR_SET_DUMPABLE, prctl
from workers.converter.cage.launcher import (
    EXIT_CODE,
    PREFIX,
    Layers,
    become,
    shut_in,
    startable_by_nobody,
)

LENGTH, EXIT = struct.Struct("!I"), struct.Struct("!idq")
"""EXIT: exit code, CPU seconds, peak of the memory in bytes."""
_MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024
MOST_FILES = 16
BUFFER = 1 << 20
"""Bytes that a request may have: chapters' titles can be long. Linux gives at least 400 kB."""
_CLOEXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


def ask(request: socket.socket, command: Sequence[str], limits: dict[str, int], files: Sequence[int]) -> None:
    """Write a request to its socket: limits and command, separated by NUL.

    Raises BlockingIOError when it does not fit the socket's buffer: the server would wait for the rest.
    """
    words = [" ".join(f"{name}={value}" for name, value in limits.items()), *command]
    body = b"\0".join(map(os.fsencode, words))
    request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    if socket.send_fds(request, [LENGTH.pack(len(body)), body], files) < LENGTH.size + len(body):
        raise BlockingIOError("the request does not fit")


def _read(request: socket.socket) -> tuple[list[str], dict[str, int], list[int]]:
    data, files, _, _ = socket.recv_fds(request, 1 << 16, MOST_FILES, _CLOEXEC)
    while len(data) < LENGTH.size or len(data) < LENGTH.size + LENGTH.unpack_from(data)[0]:
        more = request.recv(1 << 16)
        if not more:
            raise EOFError
        data += more
    limits, *command = map(os.fsdecode, data[LENGTH.size :].split(b"\0"))
    pairs = (limit.partition("=") for limit in limits.split())
    return command, {name: int(value) for name, _, value in pairs}, files


class Walls:
    """The layers that work on this machine, ready to be put around each program."""

    def __init__(self, wanted: Sequence[str], readable: list[str]) -> None:
        self._readable = readable
        self._seen: list[tuple[int, int]] = []
        self._ruleset: int | None = None
        self._seccomp = self._rlimits = False
        self._nobody = "user" in wanted and os.geteuid() == 0 and _startable_by_nobody(readable)
        self.landlock = landlock.abi() if "landlock" in wanted else 0
        if self.landlock and not _works(self.layers, lambda: os.open("/", os.O_RDONLY)):
            self.landlock = 0
        if "seccomp" in wanted and seccomp.prepare(os.uname().machine):
            self._seccomp = _works(lambda: Layers(seccomp=True), socket.socketpair)
        self._rlimits = "rlimits" in wanted

    def layers(self) -> Layers:
        """Return the layers. A program or library that was replaced meanwhile may be read. Raises OSError."""
        if not self.landlock:
            return Layers(None, self._seccomp, self._rlimits, self._nobody)
        files = [os.stat(path) for path in self._readable]  # noqa: PTH116 - pathlib takes as long as a fork
        seen = [(file.st_dev, file.st_ino) for file in files]
        if seen != self._seen:
            if self._ruleset is not None:
                os.close(self._ruleset)
            self._ruleset = landlock.allow_only(self._readable, self.landlock)
            self._seen = seen
        return Layers(self._ruleset, self._seccomp, self._rlimits, self._nobody)

    def __str__(self) -> str:
        unprivileged = self._nobody or os.geteuid() != 0
        return f"{self.landlock} {self._seccomp:d} {self._rlimits:d} {unprivileged:d}\n"


class Server:
    """The fork server's loop."""

    def __init__(self, control: socket.socket, walls: Walls) -> None:
        self._control, self._walls = control, walls
        self._requests: dict[int, socket.socket] = {}
        """By process id, until the process was waited for: no other process gets the id before."""
        self._pids: dict[int, int] = {}
        """By the descriptor of the request's socket, until the process is killed."""
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
        request = socket.socket(fileno=fds[0])
        with suppress(OSError, EOFError):  # the other end is closed already
            self._start(request, *_read(request))
        return True

    def _start(
        self, request: socket.socket, command: list[str], limits: dict[str, int], files: list[int]
    ) -> None:
        me = os.getpid()
        try:
            layers = self._walls.layers()
            pid = os.fork()
        except OSError as error:
            os.write(files[2], f"{PREFIX} {error}\n".encode())
            request.sendall(EXIT.pack(EXIT_CODE, 0.0, 0))
            return
        finally:
            if os.getpid() == me:
                for fd in files:
                    os.close(fd)
        if pid == 0:
            signal.set_wakeup_fd(-1)
            become(command, files=files, limits=limits, layers=layers, parent=me)
        self._requests[pid] = request
        self._pids[request.fileno()] = pid
        self._poll.register(request, select.POLLIN)

    def _kill(self, fd: int) -> None:
        """Kill the program of a request. It is reaped like any other."""
        self._poll.unregister(fd)
        pid = self._pids.pop(fd)
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:  # it is no group yet
            os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status, used = os.wait4(-1, os.WNOHANG)
                if pid == 0:
                    return
                if (request := self._requests.pop(pid, None)) is None:
                    continue  # left behind by a program
                with suppress(ProcessLookupError):  # the rest of its group; no other has the id yet
                    os.killpg(pid, signal.SIGKILL)
                if self._pids.pop(request.fileno(), None) is not None:
                    self._poll.unregister(request)
                with suppress(OSError), request:
                    exit_code, cpu = os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime
                    request.sendall(EXIT.pack(exit_code, cpu, used.ru_maxrss * _MEMORY_UNIT))


def _works(layers: Callable[[], Layers], forbidden: Callable[[], object]) -> bool:
    """Return True if a layer can be put on, and then forbids what it should. Tried in a child process."""
    pid = os.fork()
    if pid == 0:
        works = False
        with suppress(BaseException):
            shut_in(layers())
            try:
                forbidden()
            except OSError:
                works = True
        os._exit(not works)
    return os.waitpid(pid, 0)[1] == 0


def _startable_by_nobody(readable: Sequence[str]) -> bool:
    """Return True if a process of nobody's could start the program, and we can end it. Tried in a child."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException):
            ours.close()
            program, *libraries = readable
            theirs.sendall(b"1" if startable_by_nobody(program, libraries) else b"0")
            theirs.recv(1)  # until it is killed, or let go
        os._exit(0)
    theirs.close()
    try:
        startable = ours.recv(1) == b"1"
        os.kill(pid, signal.SIGKILL)
    except OSError:  # root without the capability
        return False
    finally:
        ours.close()
        os.waitpid(pid, 0)
    return startable


def main(wanted: str, *readable: str) -> None:
    """Report the layers that work, then serve."""
    prctl(PR_SET_DUMPABLE, 0)  # see `service.privacy`
    prctl(PR_SET_CHILD_SUBREAPER, 1)  # adopts what a program leaves behind, so that no zombie stays
    control = socket.socket(fileno=0)
    walls = Walls(wanted.split(","), list(readable))
    control.sendall(str(walls).encode())
    gc.collect()
    gc.freeze()  # or each child would copy the pages that its garbage collector looks at
    Server(control, walls).serve()
