"""System calls that Python has no name for. Linux.

The fork server imports this: nothing but the standard library, and little of it. The library's functions are
looked up once: to look them up again would take as long as a fork.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38
"""From linux/prctl.h."""

_libc = ctypes.CDLL(None, use_errno=True)
_mmap = _libc.mmap
_mmap.restype = ctypes.c_void_p


def syscall(what: str, number: int, *arguments: object) -> int:
    """Make a system call. Raises an OSError that names `what`."""
    result: int = _libc.syscall(number, *arguments)
    if result < 0:
        raise _error(what)
    return result


def libc_call(name: str, *arguments: object) -> None:
    """Call a function of the C library. Raises an OSError that has its name."""
    if getattr(_libc, name)(*arguments) < 0:
        raise _error(name)


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process. Does nothing elsewhere than on Linux."""
    if sys.platform == "linux":
        _libc.prctl(option, value, 0, 0, 0)


def map_page(what: str, address: int, size: int) -> None:
    """Map private memory at an address where there is none. Raises OSError."""
    protection, flags = 0x3, 0x100022  # read and write; private, anonymous, fixed but not replacing
    fixed = ctypes.c_void_p(address)
    if _mmap(fixed, ctypes.c_size_t(size), protection, flags, -1, ctypes.c_long(0)) != address:
        raise _error(what)


def _error(what: str) -> OSError:
    code = ctypes.get_errno()
    return OSError(code, f"{what}: {os.strerror(code)}")
