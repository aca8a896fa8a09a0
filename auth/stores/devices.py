"""Sign-ins of devices that are under way, and the protocol of a store that keeps them."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct


class Answer(Struct, frozen=True, kw_only=True):
    """A person's answer: approved by this session, denied by none.

    `password` is the hash of what is kept of the account's password at that time.
    """

    account_id: str
    session_id: str = ""
    password: bytes = b""

    def __repr__(self) -> str:
        return "Answer(…)"


class Device(Struct, frozen=True, kw_only=True):
    """A device that waits to be let in: both of its codes by their hashes, what it is, and what became of it.

    `session_id` is the session that has approved it, empty until then, and `password` is as in `Answer`.
    `asked` is when it last asked.
    """

    digest: bytes
    user_code: bytes
    begun: datetime
    expires: datetime
    program: str = ""
    address: str = ""
    asked: datetime | None = None
    account_id: str = ""
    session_id: str = ""
    password: bytes = b""
    denied: bool = False

    @property
    def is_answered(self) -> bool:
        """True if a person has approved or denied it."""
        return self.denied or bool(self.session_id)

    def __repr__(self) -> str:
        return "Device(…)"


class DeviceStore(Protocol):
    """Keeps them. Every method raises DirectoryUnavailable; what has expired is not found."""

    async def add(self, device: Device) -> None:
        """Keep a new one, durably. Its codes are nobody else's."""
        ...

    async def waiting(self, user_code: bytes, now: datetime) -> Device | None:
        """Find one that nobody has answered yet."""
        ...

    async def answer(self, user_code: bytes, now: datetime, answer: Answer) -> bool:
        """Approve or deny it. Return False if somebody has answered it before."""
        ...

    async def ask(self, digest: bytes, now: datetime) -> Device | None:
        """Return it as it was, and note that it has asked now."""
        ...

    async def take(self, digest: bytes) -> Device | None:
        """Return it to one caller only, and forget it."""
        ...
