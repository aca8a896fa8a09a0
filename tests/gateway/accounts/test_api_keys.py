"""The access tokens for which API keys are exchanged."""

from typing import Any

import httpx
import pytest

from gateway.accounts.api_keys import ApiKeyTokens
from gateway.jobs.waiting import MOST_FOR_UPLOAD


class Auth:
    """Auth, as far as keys go: each token names the second at which it ends."""

    def __init__(self, lifetime: int) -> None:
        self.lifetime, self.now, self.asked = lifetime, 0.0, 0

    def clock(self) -> float:
        return self.now

    async def send(self, *_: Any, **__: Any) -> httpx.Response:
        self.asked += 1
        token = {"access_token": str(self.now + self.lifetime), "expires_in": self.lifetime}
        return httpx.Response(200, json=token)


@pytest.mark.parametrize(("lifetime", "good_for"), [(900, MOST_FOR_UPLOAD + 10), (60, 10)])
async def test_a_keys_token_outlasts_the_longest_wait_and_is_used_again_until_then(
    lifetime: int, good_for: int
) -> None:
    auth = Auth(lifetime)
    keys = ApiKeyTokens(auth, auth.clock)  # type: ignore[arg-type]
    for second in range(2 * lifetime):
        auth.now = second
        ends = float(await keys.token("tonearm_key", None))  # type: ignore[arg-type]
        assert ends - second >= good_for
    assert auth.asked <= 8
