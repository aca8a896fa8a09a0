"""The converter's side of the cage: it has a fork server start programs, and keeps that server alive."""

import asyncio
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct

from workers.converter.cage import fork_server, launcher
from workers.converter.errors import EngineFailed

_ROOT = Path(__file__).parents[3]
_BOOT = (
    "import sys; root, *rest = sys.argv[1:]; sys.path.append(root);"
    "from workers.converter.cage.fork_server import main; main(*rest)"
)
LAYERS = ("user", "landlock", "seccomp", "rlimits")
_LIBRARY = re.compile(r"(/\S+) \(0x", re.MULTILINE)
_LOADER_CACHE = Path("/etc/ld.so.cache")


class Cage(Struct, frozen=True, kw_only=True):
    """The layers that shut ffmpeg in on this machine. Each was tried, not guessed."""

    landlock_abi: int
    """The kernel's version of Landlock; 0: ffmpeg may open any file of our user's."""
    seccomp: bool
    """False: ffmpeg may open sockets and start programs (but with Landlock 4 no TCP, and no programs)."""
    rlimits: tuple[str, ...]
    unprivileged: bool
    """False: ffmpeg's user is root, though without any capability. It is where nobody else may start it."""

    @property
    def whole(self) -> bool:
        """True if no layer is missing."""
        limited = set(self.rlimits) == {*launcher.LIMITS, "as"}
        return bool(self.landlock_abi) and self.seccomp and limited and self.unprivileged


class CagedProgram:
    """A program that was started. `close` kills it, and all that it has started."""

    def __init__(self, request: socket.socket) -> None:
        self._request = request
        self._answer: asyncio.Task[int] | None = None
        self.cpu_seconds, self.peak_bytes = 0.0, 0
        """The computing time and memory that it took, known once `wait` has returned."""

    async def wait(self) -> int:
        """Return the exit code, negative for a signal; nothing of the program runs by then.

        Raises EngineFailed when the fork server died, and with it the program.
        """
        # All callers share one task: one that is cancelled would take an answer along that has just come.
        self._answer = self._answer or asyncio.create_task(self._receive())
        return await asyncio.shield(self._answer)

    async def _receive(self) -> int:
        size = fork_server.EXIT.size
        try:
            answer = await asyncio.get_running_loop().sock_recv(self._request, size)
        except ConnectionError:
            answer = b""
        if len(answer) < size:
            raise EngineFailed("what starts ffmpeg has died")
        code: int
        code, self.cpu_seconds, self.peak_bytes = fork_server.EXIT.unpack(answer)
        return code

    def kill(self) -> None:
        """Have it killed. It is dead when `wait` returns."""
        with suppress(OSError):
            self._request.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Have it killed if it still runs, without waiting."""
        self.kill()
        if self._answer is None:
            self._request.close()
        else:  # only when nothing reads from it any more
            self._answer.add_done_callback(lambda _: self._request.close())
            self._answer.cancel()


class Keeper:
    """Starts one program, again and again, each time in a cage of its own.

    The fork server starts when it is first needed, and again when it has died. It ends with this process.
    """

    def __init__(self, program: str, layers: Sequence[str] = LAYERS) -> None:
        self._program, self._layers = program, layers
        self._lock = threading.Lock()
        self._server: _Server | None = None

    async def cage(self) -> Cage:
        """Return the layers around the program. Raises EngineFailed."""
        return (await self._running()).cage

    async def start(
        self, arguments: Sequence[str], files: Sequence[FileIO], limits: dict[str, int]
    ) -> CagedProgram:
        """Start the program with these arguments, and `files` as its descriptors from 0 on.

        The limits are those of `launcher.LIMITS`, in bytes, seconds and pieces. A program that could not be
        started ends with the exit code `launcher.EXIT_CODE`. Raises EngineFailed.
        """
        for _ in range(2):  # it may have died since
            server = await self._running()
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            with theirs:
                try:
                    fork_server.ask(
                        ours, [self._program, *arguments], limits, [file.fileno() for file in files]
                    )
                    socket.send_fds(server.control, [b"J"], [theirs.fileno()])
                    return CagedProgram(ours)
                except BlockingIOError:
                    ours.close()
                    raise EngineFailed("cannot start ffmpeg: too many arguments") from None
                except OSError:
                    ours.close()
                    server.close()
        raise EngineFailed("cannot start ffmpeg: what starts it dies at once")

    def close(self) -> None:
        """End the fork server and all that it has started."""
        with self._lock:
            if self._server is not None:
                self._server.close()
                self._server = None

    async def _running(self) -> "_Server":
        server = self._server
        return server if server and server.alive else await asyncio.to_thread(self._start)

    def _start(self) -> "_Server":
        with self._lock:
            if self._server is None or not self._server.alive:
                self._server = _Server(self._program, self._layers)
            return self._server

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Server:
    """A running fork server."""

    def __init__(self, program: str, layers: Sequence[str]) -> None:
        self.control, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [
                        *(sys.executable, "-I", "-S", "-c", _BOOT, str(_ROOT)),
                        *(",".join(layers), *_needed(program)),
                    ],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,
                    cwd="/",
                    env={},
                )
            with self.control.makefile("rb") as answer:  # it comes when all layers were tried
                words = answer.readline().split()
        except OSError as error:
            raise EngineFailed(f"cannot start ffmpeg: {error.strerror}") from error
        if len(words) != 4:
            self.close()
            raise EngineFailed("cannot start ffmpeg: what starts it has died")
        landlock, seccomp, rlimits, unprivileged = map(int, words)
        self.cage = Cage(
            landlock_abi=landlock,
            seccomp=bool(seccomp),
            rlimits=launcher.LIMITS if rlimits else (),
            unprivileged=bool(unprivileged),
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """End it. First it kills all that it has started, which takes no time."""
        self.control.close()
        self._process.wait()


def _needed(program: str) -> list[str]:
    """Return the files that the kernel and the loader open to start a program."""
    tracing = {"LD_TRACE_LOADED_OBJECTS": "1"}  # the loader lists, and starts nothing; musl's does, too
    listed = subprocess.run([program], env=tracing, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    files = [str(Path(program).resolve()), *_LIBRARY.findall(listed.stdout)]
    return [*files, str(_LOADER_CACHE)] if _LOADER_CACHE.exists() else files


_keepers: dict[str, Keeper] = {}


def keeper_of(program: str) -> Keeper:
    """Return this process's keeper of a program."""
    return _keepers.setdefault(program, Keeper(program))
