"""The session that a client keeps from one command to the next: its tokens in a file, and never a password.

Each account at each gateway has a file of its own, for its owner only. A refresh token is good for one use,
and a second use ends the session. So whoever needs the next token holds the file's lock until it has written
it, and another process that comes meanwhile finds it there. An API key is kept in the same place, by itself.
"""

import contextlib
import hashlib
import re
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import msgspec
from msgspec import Struct

from cli.client.own_files import locked, write_whole

_MARGIN = 60.0
"""Seconds that an access token must still be good for. Its gateway looks at it when a request begins."""


_API_KEY = re.compile(r"[!-~]{1,4096}")
"""Or an access token, which is longer: what a header can hold."""


def api_key(text: str) -> str:
    """Return an API key as it is shown to a gateway, without blanks around it. Raises ValueError."""
    if not _API_KEY.fullmatch(key := text.strip()):
        raise ValueError("this is no API key: `tonearm keys create` makes one, and so does the page")
    return key


class Way(StrEnum):
    """The way in which somebody has signed in."""

    PASSWORD = "password"  # noqa: S105 – a word for people
    BROWSER = "browser"
    KEY = "API key"


class Session(Struct):
    """Tokens, or a key; `good_until` in seconds since 1970 is the access token's. Empty: there is none."""

    access_token: str = ""
    refresh_token: str = ""
    good_until: float = 0.0
    way: Way = Way.PASSWORD
    key: str = ""

    def __repr__(self) -> str:
        return "Session(…)"

    def serves(self, refused: str = "") -> bool:
        """Return True if its access token can be used: it is not the one that was refused, and lasts."""
        return self.access_token not in ("", refused) and time.time() < self.good_until

    def become(self, access: str, refresh: str, seconds: int) -> None:
        """Take up new tokens."""
        self.access_token, self.refresh_token = access, refresh
        self.good_until = time.time() + seconds - min(_MARGIN, seconds / 2)

    def end(self) -> None:
        """Forget all of it."""
        self.access_token, self.refresh_token, self.good_until = "", "", 0.0
        self.way, self.key = Way.PASSWORD, ""


class Kept:
    """The place of a session: a file, or this process alone."""

    def __init__(self, file: Path | None = None, session: Session | None = None) -> None:
        """`session` is what a place without a file begins with."""
        self._file = file
        self._own = session or Session()

    @property
    def outlives_us(self) -> bool:
        """True if a later command will find the session."""
        return self._file is not None

    @property
    def is_there(self) -> bool:
        """True if there is a session. It may have ended."""
        return bool(self._own.key) or (self._file is not None and self._file.exists())

    def replace(self, session: Session) -> Session:
        """Keep this one, and return the one before. Raises OSError where it cannot be kept."""
        if self._file is None:
            before, self._own = self._own, session
            return before
        with locked(self._file):
            found = _content(self._file)
            _keep(self._file, found, session)
        return _read(found)

    @contextlib.contextmanager
    def held(self) -> Iterator[Session]:
        """Give the session to one holder at a time. What it changes is kept."""
        with contextlib.ExitStack() as stack:
            if self._file is not None:
                try:
                    stack.enter_context(locked(self._file))
                except OSError:  # no home, a full disk, somebody else's folder: then without
                    self._file = None
            if self._file is None:
                yield self._own
                return
            found = _content(self._file)
            session = _read(found)
            try:
                yield session
            finally:
                with contextlib.suppress(OSError):  # a full disk ends no work: the next one signs in
                    _keep(self._file, found, session)


def kept_at(folder: Path, url: str, email: str) -> Kept:
    """Return the place of an account's session at a gateway."""
    name = hashlib.sha256(f"{url.rstrip('/')}\n{email}".encode()).hexdigest()[:32]
    return Kept(folder / f"{name}.json")


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _read(found: bytes) -> Session:
    try:
        return msgspec.json.decode(found, type=Session)
    except (msgspec.DecodeError, UnicodeDecodeError):  # new, or damaged
        return Session()


def _keep(file: Path, found: bytes, session: Session) -> None:
    if session == Session():
        file.unlink(missing_ok=True)
    elif (new := msgspec.json.encode(session)) != found:
        write_whole(file, new)
