"""The session of a request. Everybody may ask for it, a browser and a program, and each gets an answer."""

import time
from enum import StrEnum

from litestar import Response, get
from litestar.di import NamedDependency
from msgspec import Struct

from events.errors import Unavailable
from gateway.accounts.api_keys import ApiKeyTokens
from gateway.callers.cookies import Cookies
from gateway.callers.guard import AnyRequest, api_key_of
from gateway.callers.tokens import Caller, Tokens
from gateway.errors import Crowded, NotSignedIn, TooManyTries
from gateway.http.contract import ANYBODY, Contract


class Presence(StrEnum):
    """`expired`: `POST /refresh` may bring the session back."""

    IN = "in"
    EXPIRED = "expired"
    OUT = "out"


class PresentSession(Struct, frozen=True, kw_only=True):
    """The session in the request's cookies, or its token or API key. Without one, all else is empty."""

    state: Presence
    account: str = ""
    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    expires_in: int = 0


@get(
    "/session",
    operation_id="getPresentSession",
    tags=["accounts"],
    opt=Contract(scope=ANYBODY, errors=(Crowded, TooManyTries, Unavailable)).opt,
)
async def get_present_session(
    request: AnyRequest,
    session_cookies: NamedDependency[Cookies],
    tokens: NamedDependency[Tokens],
    key_tokens: NamedDependency[ApiKeyTokens],
) -> Response[PresentSession]:
    """Say who asks: by the cookies of a browser, an access token or an API key. It is no error if nobody."""
    authorization = request.headers.get("authorization")
    if authorization is None and (access := session_cookies.access(request)):
        authorization = f"Bearer {access}"
    try:
        if authorization and (key := api_key_of(authorization)):
            authorization = f"Bearer {await key_tokens.token(key, request)}"
        found = _present(await tokens.caller(authorization)) if authorization else None
    except NotSignedIn:
        found = None
    if found is None:
        state = Presence.EXPIRED if session_cookies.refresh(request) else Presence.OUT
        found = PresentSession(state=state)
    return Response(found, headers={"Cache-Control": "no-store"})


def _present(caller: Caller) -> PresentSession:
    return PresentSession(
        state=Presence.IN,
        account=caller.account,
        roles=tuple(caller.roles),
        scopes=tuple(sorted(caller.scopes)),
        expires_in=int(caller.expires - time.time()),
    )


ROUTES = [get_present_session]
