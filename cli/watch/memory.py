"""The ends of a watched folder's files, over restarts: a small database in the state folder.

Each folder has one for each way of converting it. While it is open nobody else watches the folder so.
"""

import hashlib
import sqlite3
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from cli.errors import Refused
from cli.watch.folder import Identity

_TABLE = """
CREATE TABLE IF NOT EXISTS files (
    inode TEXT, bytes INTEGER, mtime_ns INTEGER, end TEXT NOT NULL, job_id TEXT NOT NULL,
    PRIMARY KEY (inode, bytes, mtime_ns)
) WITHOUT ROWID
"""


class Memory:
    """The files that are over and done with."""

    def __init__(self, folder: Path, *names: str) -> None:
        """`names` stand for this way of converting and no other."""
        named = "\0".join(names).encode("utf-8", "surrogateescape")
        self._file = folder / f"{hashlib.sha256(named).hexdigest()[:32]}.sqlite"
        self._lock = FileLock(
            self._file.with_suffix(".lock"), timeout=0, mode=0o600, thread_local=False, fallback_to_soft=False
        )
        self._ends: dict[Identity, str] = {}

    def __enter__(self) -> Self:
        """Raises Refused where another process watches the same, OSError."""
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with suppress(NotImplementedError):  # a file system without locks
                self._lock.acquire()
        except Timeout:
            raise Refused("another `tonearm watch` does this already") from None
        try:
            self._database = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)
            self._database.execute(_TABLE)
            known = self._database.execute("SELECT inode, bytes, mtime_ns, end FROM files")
            for inode, size, mtime_ns, end in known:
                self._ends[Identity(int(inode), size, mtime_ns)] = end
        except sqlite3.DatabaseError as error:
            self._lock.release()
            raise Refused(f"{self._file} cannot be read, remove it to begin anew: {error}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        self._lock.release()

    def end_of(self, identity: Identity) -> str:
        """Return what the file came to, or nothing."""
        return self._ends.get(identity, "")

    def remember(self, identity: Identity, end: str, job_id: str) -> None:
        """Remember what it came to. A disk that takes nothing costs only the memory."""
        self._ends[identity] = end
        row = str(identity.inode), identity.bytes, identity.mtime_ns, end, job_id
        try:  # an inode may have 64 bits without a sign, which is more than a column of numbers holds
            self._database.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", row)
        except sqlite3.Error:
            return
