"""Values that a shell completes to: asked of the gateway that is signed in to, and in a second or never.

Nobody is signed in, and no token is exchanged for it: a session that was refreshed by a command which the
shell ends would be lost. So values are completed as long as the token of the last command is good.
"""

import contextlib
import os
import threading
from collections.abc import Mapping
from typing import Any, TypeVar

import httpx
import msgspec

from cli.client.credentials import Asked, Credentials, credentials_for
from cli.client.gateway import HERE

T = TypeVar("T")
PATIENCE = 1.0
"""Seconds."""


def glance(
    path: str, kind: type[T], typed: Mapping[str, Any], params: Mapping[str, str] | None = None
) -> T | None:
    """Return what the gateway has at this path. None comes of any trouble.

    `typed` are the command's options so far.
    """
    found: list[T] = []

    def look() -> None:
        with contextlib.suppress(Exception):  # whatever it is, the shell shows the line as it was
            asked = Asked(typed.get("url"), typed.get("on"), typed.get("email"))
            found.append(msgspec.json.decode(_asked(asked, path, params or {}), type=kind))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return found[0] if found else None


def _asked(asked: Asked, path: str, params: Mapping[str, str]) -> bytes:
    account = credentials_for(asked, start=False, environ=os.environ)
    signed = {"Authorization": f"Bearer {_token(account)}"}
    near = httpx.URL(account.url).host in HERE
    with httpx.Client(trust_env=not near, timeout=PATIENCE) as http:
        answer = http.get(f"{account.url}{path}", params=dict(params), headers=signed)
    return answer.raise_for_status().content


def _token(account: Credentials) -> str:
    """Return the token that is kept. Raises LookupError where none is good."""
    if account.kept.is_there:
        with account.kept.held() as session:
            if token := session.key or (session.access_token if session.serves() else ""):
                return token
    raise LookupError("nobody is signed in")
