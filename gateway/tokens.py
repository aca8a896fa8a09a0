"""Who calls: access tokens, verified here with auth's public keys (RFC 9068, RFC 8725).

PyJWT checks no `typ`, no length, and claims only where they are required, so all of that is said here.
`kid` is nothing but a key of a dictionary.
"""

import asyncio
import time
from collections.abc import Sequence

import httpx
import jwt
import structlog
from jwt import PyJWK
from msgspec import Struct

from events.errors import Unavailable
from gateway.errors import NotSignedIn

log = structlog.get_logger()

ISSUER = AUDIENCE = "tonearm"
LONGEST = 4096
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
"""Seconds after which known keys are asked for again, so that a withdrawn key is forgotten."""


class Caller(Struct, frozen=True, kw_only=True):
    """Whose token it is. `expires` is in Unix seconds."""

    account: str
    roles: Sequence[str]
    expires: float


class Keys:
    """Auth's public keys by id, fetched when needed; kept while auth is away.

    One task at a time fetches, and only who comes with an unknown key waits for it.
    """

    def __init__(self, client: httpx.AsyncClient, auth_url: str, *, stale: float = _STALE) -> None:
        """Known keys are asked for again after `stale` seconds."""
        self._client, self._url = client, f"{auth_url.rstrip('/')}/.well-known/jwks.json"
        self._stale = stale
        self._keys: dict[str, PyJWK] = {}
        self._fetched, self._not_before = float("-inf"), float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def get(self, kid: str) -> PyJWK | None:
        """Return the key, None when auth knows none of this id. Raises Unavailable without any keys."""
        if (known := self._keys.get(kid)) is not None:
            if time.monotonic() - self._fetched > self._stale:
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
            self._fetched, pause = time.monotonic(), _PATIENCE
        except _NO_KEYS as error:
            log.warning("keys_unavailable", error=repr(error))
        finally:
            self._not_before = time.monotonic() + pause
            self._fetching = None


class Tokens:
    """Verifies bearer tokens."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def caller(self, authorization: str | None) -> Caller:
        """Return who calls, by the Authorization header. Raises NotSignedIn, Unavailable."""
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise NotSignedIn("send the access token: Authorization: Bearer …")
        if len(token) > LONGEST:
            raise NotSignedIn("this is not an access token")
        try:
            header = jwt.get_unverified_header(token)
            kid = header.get("kid")
            if str(header.get("typ")).lower() != "at+jwt" or not isinstance(kid, str):
                raise NotSignedIn("this is not an access token")
            key = await self._keys.get(kid)
            if key is None:
                raise NotSignedIn("the token's key is not known")
            claims = jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": ["exp", "iat", "iss", "aud", "sub", "jti"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise NotSignedIn("the access token has expired: sign in again") from error
        except jwt.PyJWTError as error:
            raise NotSignedIn("the access token is not valid") from error
        roles = claims.get("roles")
        if not isinstance(roles, list) or not claims["sub"]:
            raise NotSignedIn("the access token is not valid")
        return Caller(account=claims["sub"], roles=tuple(map(str, roles)), expires=float(claims["exp"]))
