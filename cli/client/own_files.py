"""Files of a person on this machine: where they lie, for their owner only, written whole by one at a time."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from cli.errors import Refused

_PATIENCE = 90.0
"""Seconds. Who holds a lock may wait for a gateway meanwhile."""


def settings_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder for settings and sessions: by the XDG Base Directory Specification, or %APPDATA%.

    On macOS, too, it is `~/.config/tonearm`: people look for a command's settings there, not in Library.
    """
    base = Path(environ.get("XDG_CONFIG_HOME", ""))
    if not base.is_absolute():  # such a value has to be ignored
        base = _of_windows("APPDATA", environ) or _home(environ) / ".config"
    return base / "tonearm"


def state_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder for what commands remember: by the same specification, or %LOCALAPPDATA%."""
    base = Path(environ.get("XDG_STATE_HOME", ""))
    if not base.is_absolute():
        base = _of_windows("LOCALAPPDATA", environ) or _home(environ) / ".local" / "state"
    return base / "tonearm"


def _of_windows(name: str, environ: Mapping[str, str]) -> Path | None:
    return Path(environ.get(name) or Path.home()) if sys.platform == "win32" else None


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or "/")


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock of a file for a block, and make its folder. Raises OSError where nothing can be written.

    The lock is the kernel's, which frees it when its holder ends, however it ended. Raises Refused where
    somebody holds it for longer than a gateway is waited for: a command that was stopped, perhaps.
    """
    from filelock import FileLock, Timeout

    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = file.with_name(f".{file.name}.lock")
    lock = FileLock(place, timeout=_PATIENCE, mode=0o600, fallback_to_soft=False)
    with contextlib.ExitStack() as held:
        try:
            with contextlib.suppress(NotImplementedError):  # a file system without locks
                held.enter_context(lock)
        except Timeout:
            raise Refused(f"another command holds {place}: end it first") from None
        yield


def write_whole(file: Path, content: bytes) -> None:
    """Replace a file in one step. Raises OSError, and leaves what was there."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # for its owner only
    try:
        with os.fdopen(descriptor, "wb") as unfinished:
            unfinished.write(content)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
