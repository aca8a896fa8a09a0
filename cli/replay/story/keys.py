"""Keys as they are pressed, without Enter, at a terminal of POSIX."""

import asyncio
import contextlib
import os
import signal
import sys
import termios
import tty
from collections.abc import AsyncIterator
from enum import StrEnum


class Key(StrEnum):
    """The meaning of a key here."""

    PAUSE = "pause"
    FASTER = "faster"
    SLOWER = "slower"
    NEXT = "next"
    END = "end"


_KEYS = {
    **dict.fromkeys((b" ", b"p"), Key.PAUSE),
    **dict.fromkeys((b"+", b"=", b"\x1b[A", b"\x1bOA"), Key.FASTER),
    **dict.fromkeys((b"-", b"_", b"\x1b[B", b"\x1bOB"), Key.SLOWER),
    **dict.fromkeys((b"n", b"\n", b"\r", b"\x1b[C", b"\x1bOC"), Key.NEXT),
    **dict.fromkeys((b"q", b"Q", b"\x04"), Key.END),
}
_LONGEST = max(map(len, _KEYS))


def meant(pressed: bytes) -> list[Key]:
    """Return what some pressed keys mean. What means nothing is passed over."""
    found = []
    while pressed:
        known = (pressed[:length] for length in range(_LONGEST, 0, -1))
        key = next((each for each in known if each in _KEYS), b"")
        if key:
            found.append(_KEYS[key])
        pressed = pressed[len(key) or 1 :]
    return found


@contextlib.asynccontextmanager
async def pressed() -> AsyncIterator["asyncio.Queue[Key]"]:
    """Give what is pressed in the block; nothing, ever, where standard input is no terminal of ours."""
    keys: asyncio.Queue[Key] = asyncio.Queue()
    if sys.platform == "win32":
        yield keys
        return
    try:
        descriptor = sys.stdin.fileno()
        ours = os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp()
        before = termios.tcgetattr(descriptor) if ours else None
    except (AttributeError, OSError, ValueError, termios.error):  # closed, or none of this session
        before = None
    if before is None:
        yield keys
        return
    loop = asyncio.get_running_loop()

    def read() -> None:
        got = b""
        with contextlib.suppress(OSError):  # it is gone
            got = os.read(descriptor, 1024)
        if not got:
            loop.remove_reader(descriptor)
        for key in meant(got):
            keys.put_nowait(key)

    def begin() -> None:
        tty.setcbreak(descriptor, termios.TCSADRAIN)

    def suspend() -> None:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        loop.remove_signal_handler(signal.SIGTSTP)
        os.kill(os.getpid(), signal.SIGTSTP)  # it returns when somebody goes on with us
        loop.add_signal_handler(signal.SIGTSTP, suspend)

    begin()
    loop.add_signal_handler(signal.SIGTSTP, suspend)  # a shell has the terminal as it was meanwhile
    loop.add_signal_handler(signal.SIGCONT, begin)
    loop.add_reader(descriptor, read)
    try:
        yield keys
    finally:
        loop.remove_reader(descriptor)
        loop.remove_signal_handler(signal.SIGTSTP)
        loop.remove_signal_handler(signal.SIGCONT)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
