"""The jobs that a shell completes to: asked of the gateway that is signed in to, and in a second or never.

Nobody is signed in, and no token is exchanged for it: a session that was refreshed by a command which the
shell ends would be lost. So ids are completed as long as the token of the last command is good.
"""

import contextlib
import os
import threading
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from cli.client.answers import Jobs
from cli.client.credentials import Asked, Credentials, credentials_for
from cli.jobs.ids import times_of

_PATIENCE = 1.0
_MOST = 50
_NEAR = 9
"""Places from the last that are offered."""


def beginning_with(text: str, typed: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return ids that begin so, newest first, or places such as `@-1`, each with a few words about the job.

    `typed` are the command's options so far. Nothing comes of any trouble.
    """
    found: list[tuple[str, str]] = []

    def look() -> None:
        with contextlib.suppress(Exception):  # whatever it is, the shell shows the line as it was
            found.extend(_asked(text, Asked(typed.get("url"), typed.get("on"), typed.get("email"))))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    return [] if thread.is_alive() else found


def _asked(text: str, asked: Asked) -> list[tuple[str, str]]:
    account = credentials_for(asked, start=False, environ=os.environ)
    token = _token(account)
    if not token:
        return []
    params = {"limit": str(_MOST)} if not text or text[0] == "@" else {"limit": str(_MOST), **times_of(text)}
    near = httpx.URL(account.url).host in ("127.0.0.1", "localhost", "::1")
    with httpx.Client(trust_env=not near, timeout=_PATIENCE) as http:
        answer = http.get(f"{account.url}/jobs", params=params, headers={"Authorization": f"Bearer {token}"})
    jobs = msgspec.json.decode(answer.raise_for_status().content, type=Jobs).items
    if text.startswith("@"):
        named = [(f"@-{place}", job) for place, job in enumerate(jobs[:_NEAR], start=1)]
    else:
        named = [(job.job_id, job) for job in jobs]
    return [(name, f"{job.state}, {job.filename}") for name, job in named if name.startswith(text)]


def _token(account: Credentials) -> str:
    if not account.kept.is_there:
        return ""
    with account.kept.held() as session:
        return session.key or (session.access_token if session.serves() else "")
