"""Landlock: the kernel lets a process open no file but those named. Linux 5.13 and later.

It needs no root, and nothing in the file system. A right that a ruleset does not handle is not forbidden, so
it handles all that the kernel knows (landlock(7)). Descriptors that are open already stay usable. No version
so far (7) covers UDP and named Unix sockets, for which there is `seccomp`. None hides whether a file exists.
The fork server imports this: nothing but the standard library, and little of it.
"""

import ctypes
import os
import sys

from workers.converter.cage.kernel import syscall

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System calls; the same numbers on every architecture."""
CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH = 1

EXECUTE, READ_FILE = 1 << 0, 1 << 2
_FILES = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""Rights on files, by the version that learnt to forbid them: the first 13, refer, truncate, ioctl."""
_NETWORK = {4: 0b11}
"""TCP: bind, connect."""
_SCOPES = {6: 0b11}
"""Ways out of the cage: abstract Unix sockets, signals."""


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def abi() -> int:
    """Return the kernel's version of Landlock; 0: none, or switched off."""
    if sys.platform != "linux":
        return 0
    try:
        return syscall("landlock", CREATE_RULESET, None, ctypes.c_size_t(0), CREATE_RULESET_VERSION)
    except OSError:
        return 0


def allow_only(readable: list[str], version: int) -> int:
    """Return a ruleset for `restrict`: these files, or whole folders, may be read and run, and nothing else.

    A file is meant as it is now: one that takes its name later may not be read. Raises OSError.
    """
    asked = [_known(table, version) for table in (_FILES, _NETWORK, _SCOPES)]
    ruleset = syscall(
        "landlock", CREATE_RULESET, ctypes.byref(_Ruleset(*asked)), ctypes.c_size_t(_size(version)), 0
    )
    for path in readable:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = _PathBeneath(EXECUTE | READ_FILE, parent)
        syscall("landlock", ADD_RULE, ruleset, RULE_PATH_BENEATH, ctypes.byref(rule), 0)
        os.close(parent)
    return ruleset


def restrict(ruleset: int) -> None:
    """Restrict this thread for ever. Needs PR_SET_NO_NEW_PRIVS first. Raises OSError."""
    syscall("landlock", RESTRICT_SELF, ruleset, 0)


def _known(table: dict[int, int], version: int) -> int:
    return sum(bits for since, bits in table.items() if since <= version)


def _size(version: int) -> int:
    """Return the size of the ruleset's struct: older kernels refuse fields that they do not know."""
    return 24 if version >= 6 else 16 if version >= 4 else 8
