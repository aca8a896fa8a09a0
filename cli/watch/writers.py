"""Processes of this machine that still write to a file, as far as the system knows them."""

import errno
import sys
from pathlib import Path


def is_written(path: Path) -> bool:
    """Return True if a process has the file open for writing. Raises OSError if it cannot be opened.

    Linux grants a read lease only for a file that nobody writes to; it takes the file's owner to ask. Windows
    opens no file that its writer keeps to itself. Elsewhere, and on disks of the network, nobody knows.
    """
    with path.open("rb") as file:
        if sys.platform != "linux":
            return False
        import fcntl

        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except OSError as error:
            return error.errno == errno.EAGAIN
        return False
