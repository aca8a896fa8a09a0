"""Sessions and API keys, and the protocol of a store that keeps them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct


class Session(Struct, frozen=True, kw_only=True):
    """A session, or an API key: a session with a `name`, without refresh tokens.

    `digest` finds it: of what all its refresh tokens begin with, or of the key. Of those tokens `current` is
    the hash of the one that is good, `previous` of the one before, and `sealed` what that was exchanged for.
    `program` is what signed in, in a few words. `proven` is when its person proved who they are, if not
    when it was created.
    """

    session_id: str
    account_id: str
    digest: bytes
    created: datetime
    expires: datetime
    current: bytes = b""
    previous: bytes = b""
    sealed: bytes = b""
    rotated: datetime | None = None
    ended: datetime | None = None
    reason: str = ""
    name: str = ""
    scopes: tuple[str, ...] = ()
    used: datetime | None = None
    program: str = ""
    proven: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Return True if it has neither ended nor expired."""
        return self.ended is None and now < self.expires

    def __repr__(self) -> str:
        return f"Session({self.session_id!r})"


class SessionStore(Protocol):
    """Keeps sessions and API keys. Every method raises DirectoryUnavailable when it cannot."""

    async def add(self, session: Session) -> None:
        """Keep a new one, durably."""
        ...

    async def get(self, session_id: str) -> Session | None:
        """Find one by its id."""
        ...

    async def find(self, digest: bytes) -> Session | None:
        """Find one by the hash of its secret."""
        ...

    async def rotate(self, session_id: str, old: bytes, new: bytes, sealed: bytes, now: datetime) -> bool:
        """Replace the current refresh token, in one step; False when `old` is not it any more."""
        ...

    async def live_of(self, account_id: str, *, api_keys: bool) -> list[Session]:
        """Return the account's sessions, or its API keys, that have not ended; oldest first."""
        ...

    async def last_begun(self, account_ids: Sequence[str]) -> Mapping[str, datetime]:
        """Return when the latest session of each account began, of those that are kept; API keys are none."""
        ...

    async def surplus(self, account_id: str, most: int) -> Sequence[str]:
        """Return the ids of the account's sessions with refresh tokens, but for the newest so many."""
        ...

    async def mark_used(self, session_id: str, now: datetime) -> None:
        """Note the time of the last use of an API key."""
        ...

    async def end(
        self, account_id: str, session_ids: Sequence[str], now: datetime, reason: str
    ) -> Sequence[str]:
        """End those of the account's that have not ended; return their ids. They are not announced yet."""
        ...

    async def end_account(self, account_id: str, now: datetime, reason: str) -> None:
        """End all sessions and API keys of the account. They are not announced yet."""
        ...

    async def mark_announced(self, session_ids: Sequence[str]) -> None:
        """Note that the log has these ends."""
        ...

    async def mark_all_announced(self, account_id: str) -> None:
        """Note that the log has all ends of this account."""
        ...

    async def unannounced(self, since: datetime) -> list[Session]:
        """Return those that ended since this time and whose end the log may lack."""
        ...
