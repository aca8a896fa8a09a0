"""The privileges of the one who starts the program: it keeps none of them.

The fork server imports this: nothing but the standard library, and little of it.
"""

import ctypes
import os
import sys

from workers.converter.cage.kernel import libc_call

NOBODY = 65534
"""User and group that own nothing: Linux's own stand-in for ids that it cannot show."""
_CAPABILITIES_V3 = 0x20080522
"""From linux/capability.h: two words for each set."""


def drop_capabilities() -> None:
    """Drop all capabilities of this process. With no_new_privs `execve` gives none back, even to root's."""
    if sys.platform == "linux":
        header, sets = (ctypes.c_uint32 * 2)(_CAPABILITIES_V3, 0), (ctypes.c_uint32 * 6)()
        libc_call("capset", ctypes.byref(header), ctypes.byref(sets))


def become_nobody() -> None:
    """Become a user without rights, for ever. Root's to do. Raises OSError."""
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
