"""Bytes to upload: random, so that no database saves itself work by compressing them."""

import os
from itertools import cycle, islice

MB = 1_000_000
BLOCK = 1024 * 1024
_DIFFERENT = 64


def blocks(size: int) -> list[bytes]:
    """Return so many bytes as blocks of 1 MiB; the same 64 go round, so this costs no memory."""
    different = [os.urandom(BLOCK) for _ in range(_DIFFERENT)]
    whole, rest = divmod(size, BLOCK)
    return [*islice(cycle(different), whole), *([os.urandom(rest)] if rest else [])]
