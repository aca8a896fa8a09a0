"""Auth may be slow, hang, or be away: whoever's key is known must not notice."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from waiting import wait_for

from events.errors import Unavailable
from events.ids import new_id
from gateway.callers.tokens import _TIMEOUT, PublicKeys, Tokens
from gateway.errors import NotSignedIn
from tests.gateway.running import FakeAuth


class HangingAuth(FakeAuth):
    """Takes requests and, while it hangs, answers none."""

    hangs = False
    asked = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        if self.hangs:
            await reader.read()
            writer.close()
        else:
            await super().handle(reader, writer)


@asynccontextmanager
async def tokens_of(auth: FakeAuth, *, stale: float = 300.0) -> AsyncIterator[Tokens]:
    async with (
        await asyncio.start_server(auth.handle, "127.0.0.1", auth.port),
        httpx.AsyncClient(timeout=10.0) as client,
    ):
        yield Tokens(PublicKeys(client, auth.url, stale=stale), lambda account, session: False)


async def took(tokens: Tokens, token: str) -> float:
    began = time.monotonic()
    await tokens.caller(f"Bearer {token}")
    return time.monotonic() - began


async def test_a_known_key_waits_for_nobody() -> None:
    auth = HangingAuth()
    async with tokens_of(auth, stale=0.0) as tokens:
        await took(tokens, auth.token(new_id()))
        auth.hangs = True
        times = [await took(tokens, auth.token(new_id())) for _ in range(3)]
        assert max(times) < _TIMEOUT, "auth was waited for"
        with pytest.raises(NotSignedIn):  # an unknown key is asked for, but nobody else waits for it
            async with asyncio.timeout(20):
                await took(tokens, auth.token(new_id(), kid="unknown"))


async def test_old_keys_are_fetched_again_and_a_withdrawn_one_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.callers.tokens._PATIENCE", 0.0)
    auth = HangingAuth()
    async with tokens_of(auth, stale=0.0) as tokens:
        old = auth.token(new_id())
        await took(tokens, old)
        auth.kid = new_id()

        async def forgotten() -> bool:
            try:
                await took(tokens, old)
            except NotSignedIn:
                return True
            return False

        await wait_for(forgotten)
        await took(tokens, auth.token(new_id()))


async def test_without_any_key_all_wait_together_and_not_for_long() -> None:
    auth = HangingAuth()
    auth.hangs = True
    async with tokens_of(auth) as tokens:
        began = time.monotonic()
        calls = [took(tokens, auth.token(new_id())) for _ in range(20)]
        found = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(each) for each in found} == {Unavailable}
        with pytest.raises(Unavailable):
            await took(tokens, auth.token(new_id()))  # the failure is remembered for a moment
        assert time.monotonic() - began < 20
        assert auth.asked == 1
        auth.hangs = False

        async def good() -> bool:
            try:
                await took(tokens, auth.token(new_id()))
            except Unavailable:
                return False
            return True

        await wait_for(good)
