"""Who is signed in, by what a gateway answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from cli.client.credentials import Credentials
from cli.client.sessions import Kept
from cli.sign_in.whoami import session_of

URL = "https://x.example"


class Gateway:
    """It has an account, and does not say which of its sessions asks."""

    @contextmanager
    def asking(self, method: str, path: str) -> Iterator[httpx.Response]:
        body = {"/account": {"account_id": "a-1", "email": "ada@x"}, "/sessions": {"items": []}}[path]
        yield httpx.Response(200, json=body, request=httpx.Request(method, f"{URL}{path}"))


def test_a_gateway_that_lists_no_session_of_ours_still_says_who_is_signed_in() -> None:
    account = Credentials(url=URL, email="ada@x", password="", kept=Kept())
    gateway: Any = Gateway()
    who = session_of(account, gateway)
    assert (who.email, who.account_id, who.since, who.until) == ("ada@x", "a-1", None, None)
