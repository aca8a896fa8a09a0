"""API keys over HTTP. They are made and revoked by people who have signed in, never by a key."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from auth.routes.credentials import bearer, json_body
from auth.routes.door import Door
from auth.routes.sessions import NO_STORE, Access, of_session
from auth.sessions.api_keys import ApiKeys
from auth.sessions.sessions import Sessions
from auth.stores.sessions import Session


class Wanted(Struct, frozen=True):
    """A key as it is asked for."""

    name: str
    scopes: tuple[str, ...]
    days: int = 365


class Key(Struct, frozen=True, kw_only=True):
    """A key as it is shown; `last_used` to a quarter of an hour."""

    key_id: str
    name: str
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime
    last_used: datetime | None


class Keys(Struct, frozen=True):
    """All keys of an account."""

    items: list[Key]


class NewKey(Key, frozen=True, kw_only=True):
    """A key with its secret, which nobody can show again."""

    key: str

    def __repr__(self) -> str:
        return f"NewKey({self.key_id!r})"


@post("/keys")
async def create_key(
    request: Request[Any, Any, Any], sessions: NamedDependency[Sessions], api_keys: NamedDependency[ApiKeys]
) -> Response[NewKey]:
    """Make an API key and show it, this once."""
    caller, wanted = await of_session(request, sessions), await json_body(request, Wanted)
    made, text = await api_keys.create(caller.sub, wanted.name, wanted.scopes, wanted.days)
    return Response(NewKey(key=text, **_shown(made)), headers=NO_STORE)


@get("/keys")
async def list_keys(
    request: Request[Any, Any, Any], sessions: NamedDependency[Sessions], api_keys: NamedDependency[ApiKeys]
) -> Response[Keys]:
    """List the API keys of the account."""
    caller = await of_session(request, sessions)
    return Response(Keys([Key(**_shown(key)) for key in await api_keys.of(caller.sub)]), headers=NO_STORE)


@delete("/keys/{key_id:str}", status_code=204)
async def revoke_key(
    request: Request[Any, Any, Any],
    key_id: FromPath[str],
    sessions: NamedDependency[Sessions],
    api_keys: NamedDependency[ApiKeys],
) -> None:
    """Revoke an API key, at once and everywhere."""
    caller = await of_session(request, sessions)
    await api_keys.revoke(caller.sub, key_id)


@post("/keys/exchange", status_code=200)
async def exchange_key(
    request: Request[Any, Any, Any], api_keys: NamedDependency[ApiKeys], door: NamedDependency[Door]
) -> Response[Access]:
    """Exchange an API key for an access token: what a gateway does."""
    token = await api_keys.exchange(bearer(request.headers.get("authorization")), door.client_of(request))
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


ROUTES = [create_key, list_keys, revoke_key, exchange_key]
