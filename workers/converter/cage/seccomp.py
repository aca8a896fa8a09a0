"""Seccomp: the system calls that the program may make, as a filter that the kernel runs. Linux only.

It lists what is allowed, as a list of what is dangerous grows with every kernel. ffmpeg makes about a hundred
calls for sound from descriptor to descriptor, those included that glibc or musl may choose instead. A call
that is not listed fails with ENOSYS, as if it did not exist. Libraries then fall back to another one, so a
newer libc is slower at worst.

This layer alone prevents: sockets of any kind, further processes and programs, ptrace, mount, bpf, keys,
namespaces, io_uring, signals to others, and writing to or making a file by its name. It cannot tell one file
from another for reading: `landlock` does.

The fork server imports this: nothing but the standard library, and little of it.
"""

import ctypes
import errno
import os
import struct
import sys
from functools import cache

from workers.converter.cage.kernel import map_page, syscall
from workers.converter.cage.syscalls import ARCHITECTURES, CHECKED, FREE

DOOR = 0x200000
"""The address of the program's path when it is started, below all that a kernel or a linker uses. Nothing can
be mapped there afterwards, so `execve` of this one address works once and never again."""
_PAGE = 0x1000

_SET_MODE_FILTER, _SPECULATION_AS_EVER = 1, 1 << 2
"""Kernels before 5.16 slow a filtered program down against Spectre 4 without this flag. ffmpeg's memory holds
one stranger's file and nothing to spy on."""

_CLONE_THREAD, _NAMESPACES = 0x10000, 0x7E020000
_WRITING = 0o1103
"""O_WRONLY, O_RDWR, O_CREAT, O_TRUNC. O_TMPFILE needs one of them."""
_MAP_GROWSDOWN, _MAP_FIXED = 0x100, 0x100010
_F_DUPFD_CLOEXEC, _PR_SET_NAME, _MREMAP_FIXED = 1030, 15, 2
_TERMINAL = (0x5401, 0x802C542A, 0x5413)
"""TCGETS, TCGETS2, TIOCGWINSZ: is it a terminal, and how wide?"""

_LOAD, _AND, _EQUALS, _ABOVE, _RETURN = 0x20, 0x54, 0x15, 0x25, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE = 0, 4

_NOBODY = 0x7FFFFFFF
"""No process has this id; it stands for the one that is not known yet."""

_Step = tuple[int, int, int, int]
"""One instruction: code, how many to skip if true, and if false, operand."""


def program(machine: str, pid: int) -> bytes:
    """Return the filter for process `pid` on a machine, by the name in `os.uname`. Raises KeyError."""
    column, architecture, _ = ARCHITECTURES[machine]
    steps: list[_Step] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUALS, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    checks = {
        "clone": _masked(0, _CLONE_THREAD | _NAMESPACES, _CLONE_THREAD),
        "open": _masked(1, _WRITING, 0),
        "openat": _masked(2, _WRITING, 0),
        "fcntl": _masked(1, 0xFFFFFFFF, 0, 1, 2, 3, 4, _F_DUPFD_CLOEXEC),  # copies and flags
        "ioctl": _masked(1, 0xFFFFFFFF, *_TERMINAL),
        "prctl": _masked(0, 0xFFFFFFFF, _PR_SET_NAME),
        "mremap": _masked(3, _MREMAP_FIXED, 0),
        "tgkill": _masked(0, 0xFFFFFFFF, pid),
        "prlimit64": _exactly(2, 0),  # asks, and sets nothing
        "execve": _exactly(0, DOOR),
        "mmap": _nowhere_near_the_door(),
    }
    for name, check in checks.items():
        number = CHECKED[name][column]
        if number >= 0:
            # Every check ends in a verdict, so the number is still loaded behind it.
            steps += [(_EQUALS, 0, len(check), number), *check]
    for numbers in FREE.values():
        if numbers[column] >= 0:
            steps += [(_EQUALS, 0, 1, numbers[column]), (_RETURN, 0, 0, _ALLOW)]
    steps.append((_RETURN, 0, 0, _ERRNO | errno.ENOSYS))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


@cache
def _template(machine: str) -> bytes:
    return program(machine, _NOBODY)


def install(machine: str, pid: int) -> None:
    """Filter this process for ever. Needs PR_SET_NO_NEW_PRIVS first. Raises OSError, KeyError."""
    code = _template(machine).replace(struct.pack("=I", _NOBODY), struct.pack("=I", pid))
    map_page("seccomp", DOOR, _PAGE)
    # struct sock_fprog: how many instructions, and where they are.
    steps = ctypes.create_string_buffer(code, len(code))
    pointer = struct.pack("@HP", len(code) // 8, ctypes.addressof(steps))
    syscall("seccomp", ARCHITECTURES[machine][2], _SET_MODE_FILTER, _SPECULATION_AS_EVER, pointer)


def execute(machine: str, path: str, command: list[str]) -> None:
    """Become the program, without an environment, after `install`. Raises OSError."""
    words, door = [os.fsencode(word) for word in command], os.fsencode(path) + b"\0"
    if len(door) > _PAGE:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
    ctypes.memmove(DOOR, door, len(door))
    arguments = (ctypes.c_char_p * (len(words) + 1))(*words, None)
    environment = (ctypes.c_char_p * 1)(None)
    number = CHECKED["execve"][ARCHITECTURES[machine][0]]
    syscall(command[0], number, ctypes.c_void_p(DOOR), arguments, environment)


def _argument(index: int, half: int = 0) -> _Step:
    """Load the low or the high half of an argument; both architectures are little-endian."""
    return (_LOAD, 0, 0, 16 + 8 * index + 4 * half)


def _masked(index: int, mask: int, *values: int) -> list[_Step]:
    """Allow these values of some bits of an `int` argument; EPERM for others."""
    tests = [(_EQUALS, len(values) - at, 0, value) for at, value in enumerate(values)]
    return [_argument(index), (_AND, 0, 0, mask), *tests, (_RETURN, 0, 0, _ERRNO | errno.EPERM), _GRANT]


def _exactly(index: int, value: int) -> list[_Step]:
    """Allow one value of an argument of 64 bits."""
    high, low = (_argument(index, 1), (_EQUALS, 0, 2, 0)), (_argument(index), (_EQUALS, 1, 0, value))
    return [*high, *low, (_RETURN, 0, 0, _ERRNO | errno.EPERM), _GRANT]


def _nowhere_near_the_door() -> list[_Step]:
    """Allow mappings above the door that do not grow down. Those that the kernel places are far above it."""
    return [
        *(_argument(3), (_AND, 0, 0, _MAP_GROWSDOWN), (_EQUALS, 0, 8, 0)),
        *(_argument(0, 1), (_EQUALS, 0, 7, 0)),
        *(_argument(0), (_ABOVE, 5, 0, DOOR + _PAGE - 1), (_EQUALS, 0, 3, 0)),
        *(_argument(3), (_AND, 0, 0, _MAP_FIXED), (_EQUALS, 1, 0, 0)),
        *((_RETURN, 0, 0, _ERRNO | errno.EPERM), _GRANT),
    ]


_GRANT: _Step = (_RETURN, 0, 0, _ALLOW)


def prepare(machine: str) -> bool:
    """Compute the filter ahead; return False if this machine has no table. Its kernel may yet refuse."""
    if sys.platform != "linux" or machine not in ARCHITECTURES or sys.maxsize < 2**32:
        return False
    return bool(_template(machine))
