"""HTTP requests to an issuer: bounded in time and size, and never redirected elsewhere."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import httpx
import msgspec

from auth.errors import IssuerUnavailable

T = TypeVar("T")
Document = dict[str, Any]
"""A JSON object that is not validated yet."""

SECONDS = 6.0
"""For one answer, all of it."""
_LARGEST = 256 * 1024
"""Bytes of one; the largest key sets in use have a tenth of that."""
_CONNECTIONS = 8

FRESH = 3600.0
"""Seconds for which what an issuer publishes is not asked for again."""
_STALE = 24 * 3600.0
"""And for which it will do while the issuer does not answer."""
PAUSE = 20.0
"""Seconds between two tries. So an issuer that is down does not make everybody wait, and tokens that name
unknown keys cannot make us fetch keys all the time."""


def client() -> httpx.AsyncClient:
    """Return a client for one issuer. It follows no redirects."""
    limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=2)
    return httpx.AsyncClient(timeout=SECONDS, limits=limits, headers={"Accept": "application/json"})


class Answer(NamedTuple):
    """The answer of an issuer. The body should be JSON."""

    status: int
    body: bytes

    def read(self, kind: type[T]) -> T:
        """Return the body. Raises IssuerUnavailable where it is something else."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise IssuerUnavailable(f"an answer of the issuer cannot be read: {error}") from None


async def ask(
    http: httpx.AsyncClient,
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> Answer:
    """Get `url`, or post a form to it. Raises IssuerUnavailable; the text holds no part of an answer."""
    request = http.build_request("POST" if form is not None else "GET", url, data=form, headers=headers)
    try:
        async with asyncio.timeout(SECONDS):
            answer = await http.send(request, stream=True, auth=httpx.BasicAuth(*auth) if auth else None)
            try:
                body = b""
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > _LARGEST:
                        raise IssuerUnavailable("an answer of the issuer is too long")
                return Answer(answer.status_code, body)
            finally:
                await answer.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        raise IssuerUnavailable(f"the issuer does not answer: {type(error).__name__}") from error


class Kept(Generic[T]):
    """Something that an issuer publishes: asked for when it is needed, by one for all, and kept."""

    def __init__(
        self, fetch: Callable[[], Awaitable[T]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` counts seconds."""
        self._fetch, self._clock, self._asking = fetch, clock, asyncio.Lock()
        self._value: T | None = None
        self._at = self._tried = float("-inf")

    async def get(self, fresh: float = FRESH) -> T:
        """Return it as it was at most `fresh` seconds ago, or when it was last tried.

        Raises IssuerUnavailable.
        """
        async with self._asking:
            now = self._clock()
            if now - self._at >= fresh and now - self._tried >= PAUSE:
                self._tried = now
                try:
                    self._value, self._at = await self._fetch(), now
                except IssuerUnavailable:
                    if now - self._at >= _STALE:
                        self._value = None
                        raise
            if self._value is None:
                raise IssuerUnavailable("the issuer did not answer a moment ago")
            return self._value
