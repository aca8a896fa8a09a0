"""Pages tell people how to get in, and the rule for passwords, and wait for nobody to learn it."""

import httpx
import pytest

from events.errors import Unavailable
from gateway.accounts.auth_client import AuthClient
from gateway.accounts.entry import KNOWN_FOR, UNKNOWN, WaysIn


class Auth:
    """Auth's answer to each request, and how often it was asked."""

    def __init__(self) -> None:
        self.rule, self.asked = "At least 15 characters.", 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if not self.rule:
            raise httpx.ConnectError("away")
        told = {"registration": "open", "verification": True, "providers": {"a": "A"}}
        return httpx.Response(200, json={**told, "password_rule": self.rule})


async def test_the_ways_in_are_auths_and_asked_for_now_and_then() -> None:
    auth, now = Auth(), [0.0]
    async with httpx.AsyncClient(transport=httpx.MockTransport(auth)) as client:
        ways = WaysIn(AuthClient(client, "http://auth"), local=True, clock=lambda: now[0])
        auth.rule = ""
        assert await ways.password_rule() == UNKNOWN
        with pytest.raises(Unavailable):
            await ways.told()
        auth.rule, auth.asked = "At least 15 characters.", 0
        assert {await ways.password_rule() for _ in range(9)} == {"At least 15 characters."}
        told = await ways.told()
        assert (told.registration, told.providers, told.local) == ("open", {"a": "A"}, True)
        assert auth.asked == 1
        auth.rule, now[0] = "At least 20 characters.", KNOWN_FOR
        assert await ways.password_rule() == "At least 20 characters."
        auth.rule, now[0] = "", 2 * KNOWN_FOR
        assert await ways.password_rule() == "At least 20 characters."
