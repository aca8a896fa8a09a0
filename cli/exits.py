"""Exit codes. The numbers from 64 up are those of BSD's sysexits.h; 130 is what shells give for Ctrl-C."""

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended, for scripts."""

    OK = 0
    FAILED = 1
    USAGE = 2
    DATAERR = 65
    NOINPUT = 66
    UNAVAILABLE = 69
    CANTCREAT = 73
    NOPERM = 77
    INTERRUPTED = 130
