"""The session that a client keeps from one command to the next: its tokens in a file, and never a password.

Each account at each gateway has a file of its own, for its owner only. A refresh token is good for one use,
and a second use ends the session. So whoever needs the next token holds the file's lock until it has written
it, and another process that comes meanwhile finds it there.
"""

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

_MARGIN = 60.0
"""Seconds that an access token must still be good for. Its gateway looks at it when a request begins."""


class Session(Struct):
    """Tokens; `good_until` in seconds since 1970 is the access token's. Empty: there is none."""

    access_token: str = ""
    refresh_token: str = ""
    good_until: float = 0.0

    def __repr__(self) -> str:
        return "Session(…)"

    def serves(self, refused: str = "") -> bool:
        """Return True if its access token can be used: it is not the one that was refused, and lasts."""
        return self.access_token not in ("", refused) and time.time() < self.good_until

    def become(self, access: str, refresh: str, seconds: int) -> None:
        """Take up new tokens."""
        self.access_token, self.refresh_token = access, refresh
        self.good_until = time.time() + seconds - min(_MARGIN, seconds / 2)


class Kept:
    """The place of a session: a file, or this process alone."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._own = Session()

    @property
    def outlives_us(self) -> bool:
        """True if a later command will find the session."""
        return self._file is not None

    @contextlib.contextmanager
    def held(self) -> Iterator[Session]:
        """Give the session to one holder at a time. What it changes is kept."""
        if self._file is None or (descriptor := _opened(self._file)) is None:
            self._file = None  # it cannot be written here
            yield self._own
            return
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(file, fcntl.LOCK_EX)
            found = file.read() or b""
            session = _read(found)
            try:
                yield session
            finally:
                if (new := msgspec.json.encode(session)) != found:
                    with contextlib.suppress(OSError):  # a full disk ends no work: the next one signs in
                        os.ftruncate(descriptor, 0)
                        os.pwrite(descriptor, new, 0)


def kept_at(folder: Path, url: str, email: str) -> Kept:
    """Return the place of an account's session at a gateway."""
    name = hashlib.sha256(f"{url.rstrip('/')}\n{email}".encode()).hexdigest()[:32]
    return Kept(folder / f"{name}.json")


def own_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder for sessions at gateways elsewhere, by the XDG Base Directory Specification."""
    base = Path(environ.get("XDG_CONFIG_HOME", ""))
    if not base.is_absolute():  # such a value has to be ignored
        base = Path(environ.get("HOME", "/"), ".config")
    return base / "tonearm" / "sessions"


def _opened(file: Path) -> int | None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        os.fchmod(descriptor, 0o600)
    except OSError:  # no home, a full disk, somebody else's folder: then without
        return None
    return descriptor


def _read(found: bytes) -> Session:
    try:
        return msgspec.json.decode(found, type=Session)
    except msgspec.DecodeError:  # new, or written by a process that was killed
        return Session()
