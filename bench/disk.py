"""The bytes that a run writes to the disk of TMPDIR. Every measure removes its own files."""

import shutil
import tempfile
from collections.abc import Iterable

from bench.blocks import MB
from bench.measure import Options

_UPLOAD, _WAYS = 512 * MB, 3
_VIDEO, _COPIES = 4_000 * MB, 4
"""The file, the database's (twice while it makes room), and a worker's if it kept all."""
_MEMORY = 18_000 * MB
_LOGGED, _VIEWED = 1000, 2000
"""Bytes an event: in the log, and in each rebuilt version of the views."""
_STACK = 300 * MB


def needed(names: Iterable[str], options: Options) -> int:
    """Return the most bytes that any of the measures takes at a time."""
    return _STACK + max(_needs(name, options) for name in names)


def free() -> tuple[str, int]:
    """Return the folder that is written to and the bytes that are free there."""
    directory = tempfile.gettempdir()
    return directory, shutil.disk_usage(directory).free


def _needs(name: str, options: Options) -> int:
    match name:
        case "upload":
            return options.scaled(_UPLOAD) * _WAYS * options.repetitions
        case "reading":
            return options.scaled(_VIDEO) * _COPIES
        case "memory":
            return options.scaled(_MEMORY)
        case "replay":
            return options.events * (_LOGGED + _VIEWED * options.repetitions)
        case "sealing":
            return 2 * options.events * (2 * _LOGGED + _VIEWED * options.repetitions)
        case _:
            return 0
