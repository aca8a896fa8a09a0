"""A pseudo-terminal: what a command shows to a person who sits before it, and what that person types."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence

from cli.main import COMMANDS

PATIENCE = 30.0


class Terminal:
    """A command that runs in a terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self.shown = ""

    def type(self, text: str) -> None:
        """Type keys; `\\x03` is Ctrl-C."""
        os.write(self._descriptor, text.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size. The kernel sends SIGWINCH."""
        _resize(self._descriptor, columns, rows)

    def until(self, text: str) -> str:
        """Read until this is shown, and return all that has been."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.shown:
            assert self._read(deadline - time.monotonic()), f"{text!r} is not shown:\n{self.shown}"
        return self.shown

    def end(self) -> int:
        """Read all that is still shown, and return the exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._read(deadline - time.monotonic()):
            pass
        return self.process.wait(max(1.0, deadline - time.monotonic()))

    def _read(self, seconds: float) -> bool:
        if not select.select([self._descriptor], [], [], max(0.0, seconds))[0]:
            return False
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:  # Linux says so at the end: EIO
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)


@contextlib.contextmanager
def terminal(
    words: Sequence[str], environ: Mapping[str, str] | None = None, *, columns: int = 80, rows: int = 24
) -> Iterator[Terminal]:
    """Run `tonearm …`, or any program by its path, in a terminal of this size. It is killed at the end."""
    program = [sys.executable, "-m", "cli.main"] if words[0] in COMMANDS or words[0][0] == "-" else []
    # A terminal says itself how large it is. pytest-xdist sets these for its own processes.
    inherited = {name: text for name, text in os.environ.items() if name not in ("COLUMNS", "LINES")}
    ours, its = pty.openpty()
    _resize(ours, columns, rows)
    process = subprocess.Popen(
        [*program, *words],
        stdin=its,
        stdout=its,
        stderr=its,
        env={**inherited, "TERM": "xterm-256color", **(environ or {})},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(its)
    screen = Terminal(process, ours)
    try:
        yield screen
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        os.close(ours)


def _resize(descriptor: int, columns: int, rows: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
