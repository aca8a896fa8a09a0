"""API keys: each is exchanged at auth for an access token, which does for it while that is good."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from http import HTTPStatus

import msgspec
from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from events.errors import Unavailable
from gateway.accounts.auth_client import BODY_ERRORS, AuthClient, AuthProxy, check_patience
from gateway.accounts.messages import ApiKeyList, NewApiKey, WantedKey
from gateway.callers.guard import AnyConnection, AnyRequest, caller_of
from gateway.errors import NotSignedIn
from gateway.http.contract import Answer, Body, Contract, as_json
from gateway.jobs.waiting import MOST_FOR_UPLOAD
from service.known_problems import BAD_FIELD, BAD_REQUEST, NO_SUCH_KEY
from service.scopes import ACCOUNT

_TAGS = ["accounts"]
_LONGEST = 200
_MOST = 10_000
"""Keys whose tokens are kept."""
_EARLY = MOST_FOR_UPLOAD + 30.0
"""Seconds before its end that a token is replaced: a wait for audio would end with it."""
_SHORT = 0.25
"""The part of its life for which a token is used that is good for not much longer than that, or shorter."""


class _Exchanged(Struct, frozen=True):
    access_token: str
    expires_in: int


class ApiKeyTokens:
    """The access tokens of API keys that were used here. Only hashes of the keys are kept."""

    def __init__(self, auth: AuthClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._auth, self._clock = auth, clock
        self._tokens: dict[bytes, tuple[str, float]] = {}
        self._asking: dict[bytes, asyncio.Task[str]] = {}

    async def token(self, key: str, client: AnyConnection) -> str:
        """Return an access token with the key's rights, for this client.

        Raises NotSignedIn, TooManyTries, Crowded, Unavailable.
        """
        if len(key) > _LONGEST or not key.isascii():
            raise NotSignedIn
        digest = hashlib.sha256(key.encode()).digest()
        token, until = self._tokens.get(digest, ("", 0.0))
        if self._clock() < until:
            return token
        if (asking := self._asking.get(digest)) is None:
            asking = self._asking[digest] = asyncio.create_task(self._exchange(key, digest, client))
            asking.add_done_callback(lambda _: self._asking.pop(digest, None))
        return await asyncio.shield(asking)

    async def _exchange(self, key: str, digest: bytes, client: AnyConnection) -> str:
        headers = {"authorization": f"Bearer {key}"}
        answer = await self._auth.send("POST", "/keys/exchange", headers, client=client)
        check_patience(answer)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            raise NotSignedIn
        if not answer.is_success:
            raise Unavailable("API keys cannot be verified right now")
        found = msgspec.json.decode(answer.content, type=_Exchanged)
        self._tokens.pop(digest, None)
        if len(self._tokens) >= _MOST:
            del self._tokens[next(iter(self._tokens))]
        used_for = max(found.expires_in - _EARLY, found.expires_in * _SHORT)
        self._tokens[digest] = found.access_token, self._clock() + used_for
        return found.access_token


@post(
    "/keys",
    status_code=201,
    operation_id="createApiKey",
    tags=_TAGS,
    opt=Contract(
        scope=ACCOUNT,
        errors=(*BODY_ERRORS, BAD_REQUEST, BAD_FIELD),
        body=Body(as_json(WantedKey)),
        answers={201: Answer("The key, shown this once", as_json(NewApiKey))},
    ).opt,
)
async def create_key(request: AnyRequest, auth: NamedDependency[AuthProxy]) -> Response[bytes]:
    """Make an API key, and show it this once."""
    return await auth.forward(request, token=caller_of(request).token)


@get(
    "/keys",
    operation_id="listApiKeys",
    tags=_TAGS,
    opt=Contract(scope=ACCOUNT, errors=(), answers={200: Answer("Your keys", as_json(ApiKeyList))}).opt,
)
async def list_keys(request: AnyRequest, auth: NamedDependency[AuthProxy]) -> Response[bytes]:
    """List your API keys."""
    return await auth.forward(request, token=caller_of(request).token, body=b"")


@delete(
    "/keys/{key_id:str}",
    status_code=204,
    operation_id="revokeApiKey",
    tags=_TAGS,
    opt=Contract(scope=ACCOUNT, errors=(NO_SUCH_KEY,), answers={204: Answer("Revoked")}).opt,
)
async def revoke_key(
    request: AnyRequest, key_id: FromPath[str], auth: NamedDependency[AuthProxy]
) -> Response[None]:
    """Revoke an API key, at once and everywhere."""
    return await auth.forward(request, token=caller_of(request).token, body=b"")


ROUTES = [create_key, list_keys, revoke_key]
