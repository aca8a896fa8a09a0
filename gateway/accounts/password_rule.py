"""The rule for new passwords, which auth alone knows, for the pages on which people choose one."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from events.errors import TonearmError
from gateway.accounts.auth_client import AuthClient
from gateway.accounts.messages import Message

SECONDS = 2.0
"""The time for auth to say it: a page does not wait for more."""
KNOWN_FOR = 300.0
"""Seconds. Auth may come back with another setting."""
UNKNOWN = "Take a sentence of several words."


class PasswordRule:
    """The rule as one or two sentences."""

    def __init__(self, auth: AuthClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._auth, self._clock = auth, clock
        self._told, self._until = UNKNOWN, clock()

    async def told(self) -> str:
        """Return the rule as auth told it last; while it has told nothing yet, a piece of advice."""
        if self._clock() >= self._until:
            with suppress(TonearmError, TimeoutError, msgspec.DecodeError):
                async with asyncio.timeout(SECONDS):
                    answer = await self._auth.send("GET", "/password/rule", {})
                if answer.is_success:
                    self._told = msgspec.json.decode(answer.content, type=Message).message
                    self._until = self._clock() + KNOWN_FOR
        return self._told
