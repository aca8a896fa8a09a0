"""Pages on which people choose a password tell them the rule, and wait for nobody to learn it."""

import httpx

from gateway.accounts.auth_client import AuthClient
from gateway.accounts.password_rule import KNOWN_FOR, UNKNOWN, PasswordRule


class Auth:
    """Auth's answer to each request, and how often it was asked."""

    def __init__(self) -> None:
        self.rule, self.asked = "At least 15 characters.", 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if not self.rule:
            raise httpx.ConnectError("away")
        return httpx.Response(200, json={"message": self.rule})


async def test_the_rule_is_auths_and_asked_for_now_and_then() -> None:
    auth, now = Auth(), [0.0]
    async with httpx.AsyncClient(transport=httpx.MockTransport(auth)) as client:
        rule = PasswordRule(AuthClient(client, "http://auth"), clock=lambda: now[0])
        auth.rule = ""
        assert await rule.told() == UNKNOWN
        auth.rule = "At least 15 characters."
        assert {await rule.told() for _ in range(9)} == {"At least 15 characters."}
        assert auth.asked == 2
        auth.rule, now[0] = "At least 20 characters.", KNOWN_FOR
        assert await rule.told() == "At least 20 characters."
        auth.rule, now[0] = "", 2 * KNOWN_FOR
        assert await rule.told() == "At least 20 characters."
