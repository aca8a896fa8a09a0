"""Memory that a moment needed goes back to the system after it."""

import ctypes
from contextlib import suppress

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of glibc's malloc.h
_LARGE = 128 * 1024


def keep_large_blocks_apart() -> None:
    """Have glibc take each block of 128 KiB or more from the system alone, and give it back at once.

    That is its default only until the first such block is freed. Then it keeps larger and larger ones in its
    heap, which shrinks only from its end: the chunks of a hundred downloads would stay for good.
    """
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)
