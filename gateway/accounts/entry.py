"""The ways in, which auth alone knows: for the sign-in, and for the pages that ask for a new password."""

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus

import msgspec
from litestar import get
from litestar.di import NamedDependency
from msgspec.structs import replace

from events.errors import TonearmError, Unavailable
from gateway.accounts.auth_client import AuthClient
from gateway.accounts.messages import Entry
from gateway.http.contract import ANYBODY, Answer, Contract

SECONDS = 2.0
"""The time for auth to say it: a page does not wait for more."""
KNOWN_FOR = 300.0
"""Seconds. Auth may come back with other settings."""
UNKNOWN = "Take a sentence of several words."


class WaysIn:
    """The ways in, as auth named them last."""

    def __init__(
        self, auth: AuthClient, *, local: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`local`: this is a stack on one machine, whose page shows where its first admin is named."""
        self._auth, self._local, self._clock = auth, local, clock
        self._told: Entry | None = None
        self._until = clock()

    async def told(self) -> Entry:
        """Return them; while auth is away, its last answer. Raises Unavailable if there was none."""
        if self._clock() >= self._until:
            try:
                async with asyncio.timeout(SECONDS):
                    answer = await self._auth.send("GET", "/entry", {})
                if answer.status_code == HTTPStatus.OK:
                    self._told = replace(msgspec.json.decode(answer.content, type=Entry), local=self._local)
                    self._until = self._clock() + KNOWN_FOR
            except (TonearmError, TimeoutError, msgspec.DecodeError):
                pass
        if self._told is None:
            raise Unavailable("auth has not told how one gets in")
        return self._told

    async def password_rule(self) -> str:
        """Return the rule for passwords; while auth has not answered yet, a piece of advice."""
        try:
            return (await self.told()).password_rule
        except Unavailable:
            return UNKNOWN


@get(
    "/entry",
    operation_id="getEntry",
    tags=["accounts"],
    opt=Contract(
        scope=ANYBODY,
        errors=(Unavailable,),
        answers={200: Answer("Who may register, and by what one signs in")},
    ).opt,
)
async def entry(ways_in: NamedDependency[WaysIn]) -> Entry:
    """Tell how one gets in: who may register, the rule for passwords, the providers."""
    return await ways_in.told()


ROUTES = [entry]
