"""The keyboard: each key as it is pressed, without its being shown; by termios, or Windows' console."""

import codecs
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

ESCAPE = "\x1b"
_ALONE = 0.05
"""Seconds in which the rest of a key comes that begins with an escape."""
_LOOK = 0.2
_NAMES = {
    "\r": "enter", "\n": "enter", "\t": "tab", "\x7f": "backspace", "\x08": "backspace", "\x15": "ctrl-u",
    "\x03": "ctrl-c", "\x1b": "escape",
}  # fmt: skip
_SEQUENCES = {
    "[A": "up", "[B": "down", "[C": "right", "[D": "left", "OA": "up", "OB": "down", "OC": "right",
    "OD": "left", "[5~": "pageup", "[6~": "pagedown", "[H": "home", "[F": "end", "OH": "home", "OF": "end",
    "[1~": "home", "[4~": "end", "[7~": "home", "[8~": "end", "[Z": "backtab",
}  # fmt: skip
_OF_WINDOWS = {
    "H": "up", "P": "down", "M": "right", "K": "left", "I": "pageup", "Q": "pagedown", "G": "home",
    "O": "end",
}  # fmt: skip

Pressed = Callable[[str], None]


def names(text: str) -> Iterator[str]:
    """Yield the keys that were pressed for this text. Of a sequence that nobody knows, there is none."""
    at = 0
    while at < len(text):
        if text[at] == ESCAPE and text[at + 1 : at + 2] in ("[", "O"):
            end = at + 2
            while end < len(text) and not ("@" <= text[end] <= "~"):
                end += 1
            if name := _SEQUENCES.get(text[at + 1 : end + 1]):
                yield name
            at = end + 1
            continue
        if name := _NAMES.get(text[at]):
            yield name
        elif text[at].isprintable():
            yield text[at]
        at += 1


class Keyboard:
    """The keys of this process's terminal, for as long as it is `open`."""

    def __init__(self, pressed: Pressed) -> None:
        self._pressed = pressed
        self._stop = threading.Event()

    @contextmanager
    def open(self) -> Iterator[None]:
        """Tell of keys during the block, from a thread of its own. The terminal is as before after it."""
        reading = _reading_windows if sys.platform == "win32" else _reading_posix
        with reading() as read:
            self._stop.clear()
            thread = threading.Thread(target=self._run, args=(read,), name="keys", daemon=True)
            thread.start()
            try:
                yield
            finally:
                self._stop.set()
                thread.join()

    def _run(self, read: Callable[[], list[str] | None]) -> None:
        while not self._stop.is_set():
            keys = read()
            if keys is None:  # nobody sits there any more
                self._pressed("q")
                return
            for key in keys:
                self._pressed(key)


if sys.platform == "win32":
    import msvcrt

    @contextmanager
    def _reading_windows() -> Iterator[Callable[[], list[str] | None]]:
        pause = threading.Event()

        def read() -> list[str] | None:
            if not msvcrt.kbhit():
                pause.wait(_ALONE)
                return []
            key = msvcrt.getwch()
            if key in ("\x00", "\xe0"):
                name = _OF_WINDOWS.get(msvcrt.getwch())
                return [name] if name else []
            return list(names(key))

        yield read

    _reading_posix = _reading_windows
else:
    import os
    import select
    import termios
    import tty

    @contextmanager
    def _reading_posix() -> Iterator[Callable[[], list[str] | None]]:
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")

        def waits(seconds: float) -> bool:
            return bool(select.select([descriptor], [], [], seconds)[0])

        def read() -> list[str] | None:
            if not waits(_LOOK):
                return []
            try:
                data = os.read(descriptor, 1024)
                while data.endswith((b"\x1b", b"\x1b[", b"\x1bO")) and waits(_ALONE):
                    if not (more := os.read(descriptor, 1024)):
                        break
                    data += more
            except OSError:
                return None
            return list(names(decoder.decode(data))) if data else None

        try:
            tty.setcbreak(descriptor, termios.TCSADRAIN)
            yield read
        finally:
            with suppress(termios.error):  # it is gone
                termios.tcsetattr(descriptor, termios.TCSADRAIN, before)

    _reading_windows = _reading_posix
