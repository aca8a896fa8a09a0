"""Tokens of letters, and the protocol of a store that keeps them."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from events.types import Letter


class Issued(Struct, frozen=True, kw_only=True):
    """A token in a letter, by its hash. `cause` is the id of the event that asked for the letter."""

    digest: bytes
    account_id: str
    letter: Letter
    cause: str
    expires: datetime


class LetterStore(Protocol):
    """Keeps tokens. Every method raises DirectoryUnavailable."""

    async def issue(self, issued: Issued) -> None:
        """Keep a token, and void earlier ones of its kind and account that other events asked for."""
        ...

    async def find(self, digest: bytes, letters: Collection[Letter], now: datetime) -> Issued | None:
        """Return the token if it is good and of one of these kinds."""
        ...

    async def take(self, digest: bytes, letters: Collection[Letter], now: datetime) -> Issued | None:
        """Return the token to one caller only, and void all tokens of its account."""
        ...

    async def void(self, account_id: str) -> None:
        """Void all tokens of an account."""
        ...

    async def awaited(self, account_id: str, now: datetime) -> bool:
        """Return True if a token of the account is still good."""
        ...
