"""The broker's management API, for what no protocol for messages shows."""

from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from events.errors import Unavailable, in_words


async def asked(url: str, path: str, *, timeout: float = 5.0) -> list[dict[str, Any]]:
    """Return the rows of a path below `/api/`. Raises Unavailable.

    `url` is `http://user:password@host:port`; it may end in `/api`.
    """
    parts = urlsplit(url)
    before = parts.path.rstrip("/").removesuffix("/api")
    base = f"{parts.scheme}://{parts.hostname}:{parts.port or 15672}{before}"
    auth = (unquote(parts.username or "guest"), unquote(parts.password or "guest"))
    try:
        async with httpx.AsyncClient(timeout=timeout, auth=auth) as client:
            answer = await client.get(f"{base}/api/{path}")
            answer.raise_for_status()
            rows: list[dict[str, Any]] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable(f"the broker's management API does not answer: {in_words(str(error))}") from error
    return rows
