"""Uploads that have not ended: their ids in a folder, so that the same command goes on with them.

Each has a file, named by a hash of the gateway, the account, the video and its options, which holds the id
alone. Who goes on with an upload holds its lock. Another process that sends the same meanwhile does so apart.
"""

import contextlib
import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

_ID = re.compile(r"[0-9A-Za-z_-]{1,100}")
_FORGOTTEN_AFTER = 14 * 24 * 3600.0
"""Seconds. Gateways keep what has come for a day, unless their operators set another time."""


class Note:
    """The place for the id of one upload; without a file nothing is remembered."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file

    @property
    def is_kept(self) -> bool:
        """True if a later command will find the id."""
        return self._file is not None and self._file.exists()

    def read(self) -> str:
        """Return the id, or nothing."""
        if self._file is not None:
            with suppress(OSError, ValueError):
                found = self._file.read_text("ascii")
                return found if _ID.fullmatch(found) else ""  # one that was killed may have begun to write
        return ""

    def write(self, upload_id: str) -> None:
        """Remember the id, if the disk lets us."""
        if self._file is not None:
            with suppress(OSError):
                self._file.write_text(upload_id, "ascii")

    def forget(self) -> None:
        """Remember nothing any more."""
        if self._file is not None:
            with suppress(OSError):
                self._file.unlink(missing_ok=True)


class Unfinished:
    """The folder of such ids; None: nothing is remembered."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @contextlib.contextmanager
    def note(self, *names: str) -> Iterator[Note]:
        """Give the place of the upload that these name, to one holder at a time."""
        try:
            file = self._file(names)
            lock = _lock(file) if file else None
            if lock:
                lock.acquire()
        except (Timeout, OSError, NotImplementedError):  # taken; or a disk that takes no file, or no lock
            yield Note()
            return
        note = Note(file)
        try:
            yield note
        finally:
            if file and lock:
                if not note.is_kept:
                    with suppress(OSError):
                        file.with_suffix(".lock").unlink(missing_ok=True)
                lock.release()

    def _file(self, names: tuple[str, ...]) -> Path | None:
        if self._folder is None:
            return None
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in self._folder.iterdir():
            with suppress(OSError):
                if time.time() - old.stat().st_mtime > _FORGOTTEN_AFTER:
                    old.unlink()
        named = b"\0".join(name.encode("utf-8", "surrogateescape") for name in names)
        return self._folder / hashlib.sha256(named).hexdigest()[:32]


def _lock(file: Path) -> FileLock:
    """Return the lock of a file, which is free again however its holder ended."""
    return FileLock(file.with_suffix(".lock"), timeout=0, mode=0o600, fallback_to_soft=False)
