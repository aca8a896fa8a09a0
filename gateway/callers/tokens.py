"""Access tokens, verified with auth's public keys (RFC 9068, RFC 8725).

PyJWT checks the signature alone. The types below declare a token's contents; `kid` is nothing but a key of
a dictionary.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import httpx
import jwt
import msgspec
import structlog
from jwt import PyJWK
from jwt.utils import base64url_decode
from msgspec import Meta, Struct

from events.errors import Unavailable
from events.types import LONGEST_TOKEN
from gateway.errors import NotSignedIn

log = structlog.get_logger()

LONGEST = 4096
"""Characters of a token."""
_SKEW = 60
"""Seconds by which auth's clock may be ahead of ours."""
_PATIENCE = 5.0
"""Seconds between two requests for the keys, however many unknown ones are named."""
_AFTER_FAILURE = 1.0
"""The same after a request that failed."""
_TIMEOUT = 2.0
"""Seconds that auth has to answer."""
_NO_KEYS = (
    httpx.HTTPError,
    jwt.PyJWTError,
    TimeoutError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
)
_STALE = 300.0
"""Seconds after which known keys are fetched again, sooner by auth's Cache-Control: to know a new key before
it signs, and to forget a withdrawn one."""


_Text = Annotated[str, Meta(min_length=1, max_length=200)]
_jws = jwt.PyJWS()


class Caller(Struct, frozen=True, kw_only=True):
    """The holder of a token. `expires` is in Unix seconds. The repr leaves the token out."""

    account: str
    roles: Sequence[str]
    expires: float
    session: str = ""
    scopes: frozenset[str] = frozenset()
    token: str = ""

    def __repr__(self) -> str:
        return f"Caller({self.account!r})"


class PublicKeys:
    """Auth's public keys by id, fetched when needed; kept while auth is away.

    One task at a time fetches, and only who comes with an unknown key waits for it.
    """

    def __init__(self, client: httpx.AsyncClient, auth_url: str, *, stale: float = _STALE) -> None:
        """Known keys are asked for again after `stale` seconds."""
        self._client, self._url = client, f"{auth_url.rstrip('/')}/.well-known/jwks.json"
        self._stale = self._max_age = stale
        self._keys: dict[str, PyJWK] = {}
        self._fetched, self._not_before = float("-inf"), float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def get(self, kid: str) -> PyJWK | None:
        """Return the key, None when auth knows none of this id. Raises Unavailable without any keys."""
        if (known := self._keys.get(kid)) is not None:
            if time.monotonic() - self._fetched > self._max_age:
                self._ask()
            return known
        if (fetching := self._ask()) is not None:
            await asyncio.shield(fetching)
        if not self._keys:
            raise Unavailable("the keys that tokens are verified with cannot be fetched")
        return self._keys.get(kid)

    def _ask(self) -> asyncio.Task[None] | None:
        """Return the task that fetches; None when it is too early for another."""
        if self._fetching is None and time.monotonic() >= self._not_before:
            self._fetching = asyncio.create_task(self._fetch())
        return self._fetching

    async def _fetch(self) -> None:
        pause = _AFTER_FAILURE
        try:
            async with asyncio.timeout(_TIMEOUT):
                answer = await self._client.get(self._url)
            answer.raise_for_status()
            keys = [PyJWK(each) for each in answer.json()["keys"] if each.get("kty") == "OKP"]
            self._keys = {key.key_id: key for key in keys if key.key_id}
            self._max_age = min(self._stale, _max_age(answer.headers.get("cache-control", "")))
            self._fetched, pause = time.monotonic(), _PATIENCE
        except _NO_KEYS as error:
            log.warning("keys_unavailable", error=repr(error))
        finally:
            self._not_before = time.monotonic() + pause
            self._fetching = None


def _max_age(cache_control: str) -> float:
    found = re.search(r"max-age=([0-9]{1,9})", cache_control)
    return float(found[1]) if found else _STALE


class _Header(Struct, frozen=True, forbid_unknown_fields=True):
    """A token's header, which may hold nothing else: no `jwk`, `jku`, `x5u`, `crit`, …"""

    alg: Literal["EdDSA"]
    typ: Literal["at+jwt"]
    kid: str


class _Claims(Struct, frozen=True):
    """The claims that every token has."""

    iss: Literal["tonearm"]
    aud: Literal["tonearm"]
    sub: _Text
    exp: int
    iat: int
    jti: _Text
    sid: _Text
    scope: str
    roles: tuple[str, ...]
    nbf: int = 0


class Tokens:
    """Verifies bearer tokens."""

    def __init__(self, keys: PublicKeys, is_void: Callable[[str, str], bool]) -> None:
        """`is_void` returns True if an account's session has been revoked."""
        self._keys, self._is_void = keys, is_void

    async def caller(self, authorization: str | None) -> Caller:
        """Return the caller, by the Authorization header. Raises NotSignedIn, Unavailable.

        The error is the same for every fault of a token, so that it gives nothing away.
        """
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or len(token) > LONGEST:
            raise NotSignedIn
        claims = await self._read(token)
        now = time.time()
        early = max(claims.iat, claims.nbf) > now + _SKEW
        if early or claims.exp <= now or claims.exp - claims.iat > LONGEST_TOKEN:
            raise NotSignedIn
        if self._is_void(claims.sub, claims.sid):
            raise NotSignedIn
        return Caller(
            account=claims.sub,
            roles=claims.roles,
            expires=float(claims.exp),
            session=claims.sid,
            scopes=frozenset(claims.scope.split()),
            token=token,
        )

    def is_void(self, caller: Caller) -> bool:
        """Return True if the caller's session has been revoked since. Raises Unavailable."""
        return self._is_void(caller.account, caller.session)

    async def _read(self, token: str) -> _Claims:
        try:
            head, _, _ = token.partition(".")
            header = msgspec.json.decode(_unrepeated(base64url_decode(head)), type=_Header)
            key = await self._keys.get(header.kid)
            if key is None:
                raise NotSignedIn
            payload = _jws.decode(token, key, algorithms=["EdDSA"])
            return msgspec.json.decode(_unrepeated(payload), type=_Claims)
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise NotSignedIn from error


def _unrepeated(text: bytes) -> bytes:
    """Return JSON in which no object names a member twice: readers differ in which one counts."""

    def members(pairs: list[tuple[str, object]]) -> None:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a member is named twice")

    json.loads(text, object_pairs_hook=members)
    return text
