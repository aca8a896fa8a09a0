"""API keys over HTTP. People who have signed in make and revoke them; an API key cannot."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from auth.keys.access_tokens import Claims
from auth.policy import Policy
from auth.routes.credentials import bearer, json_body
from auth.routes.sessions import NO_STORE, Access
from auth.sessions.api_keys import ApiKeys
from auth.stores.sessions import Session


class Wanted(Struct, frozen=True):
    """The API key that is asked for."""

    name: str
    scopes: tuple[str, ...]
    days: int = 365


class ApiKey(Struct, frozen=True, kw_only=True):
    """An API key without its secret."""

    key_id: str
    name: str
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime
    last_used: datetime | None


class ApiKeyList(Struct, frozen=True):
    """All keys of an account."""

    items: list[ApiKey]


class NewApiKey(ApiKey, frozen=True, kw_only=True):
    """An API key with its secret, which cannot be shown again."""

    key: str

    def __repr__(self) -> str:
        return f"NewApiKey({self.key_id!r})"


@post("/keys")
async def create_api_key(
    request: Request[Any, Any, Any], person: NamedDependency[Claims], api_keys: NamedDependency[ApiKeys]
) -> Response[NewApiKey]:
    """Make an API key and show it, this once."""
    wanted = await json_body(request, Wanted)
    made, text = await api_keys.create(person.sub, wanted.name, wanted.scopes, wanted.days)
    return Response(NewApiKey(key=text, **_shown(made)), headers=NO_STORE)


@get("/keys")
async def list_api_keys(
    person: NamedDependency[Claims], api_keys: NamedDependency[ApiKeys]
) -> Response[ApiKeyList]:
    """List the API keys of the account."""
    return Response(
        ApiKeyList([ApiKey(**_shown(key)) for key in await api_keys.of(person.sub)]), headers=NO_STORE
    )


@delete("/keys/{key_id:str}", status_code=204)
async def revoke_api_key(
    key_id: FromPath[str], person: NamedDependency[Claims], api_keys: NamedDependency[ApiKeys]
) -> None:
    """Revoke an API key, at once and everywhere."""
    await api_keys.revoke(person.sub, key_id)


@post("/keys/exchange", status_code=200)
async def exchange_api_key(
    request: Request[Any, Any, Any], api_keys: NamedDependency[ApiKeys], policy: NamedDependency[Policy]
) -> Response[Access]:
    """Exchange an API key for an access token, for a gateway."""
    token = await api_keys.exchange(bearer(request.headers.get("authorization")), policy.client_of(request))
    return Response(Access(token.text, token.claims.exp - token.claims.iat, "Bearer"), headers=NO_STORE)


def _shown(key: Session) -> dict[str, Any]:
    return {
        "key_id": key.session_id,
        "name": key.name,
        "scopes": key.scopes,
        "created": key.created,
        "expires": key.expires,
        "last_used": key.used,
    }


ROUTES = [create_api_key, list_api_keys, revoke_api_key, exchange_api_key]
