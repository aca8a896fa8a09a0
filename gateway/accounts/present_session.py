"""The session of a browser, for the page: a question that everybody may ask, with an answer to each."""

import time
from enum import StrEnum

from litestar import Response, get
from litestar.di import NamedDependency
from msgspec import Struct

from events.errors import Unavailable
from gateway.callers.cookies import Cookies
from gateway.callers.guard import AnyRequest
from gateway.callers.tokens import Caller, Tokens
from gateway.errors import NotSignedIn
from gateway.http.contract import ANYBODY, Contract


class Presence(StrEnum):
    """`expired`: `POST /refresh` may bring the session back."""

    IN = "in"
    EXPIRED = "expired"
    OUT = "out"


class PresentSession(Struct, frozen=True, kw_only=True):
    """The session in the request's cookies. Without one, `account` and `roles` are empty."""

    state: Presence
    account: str = ""
    roles: tuple[str, ...] = ()
    expires_in: int = 0


@get(
    "/session",
    operation_id="getPresentSession",
    tags=["accounts"],
    opt=Contract(scope=ANYBODY, errors=(Unavailable,)).opt,
)
async def get_present_session(
    request: AnyRequest, session_cookies: NamedDependency[Cookies], tokens: NamedDependency[Tokens]
) -> Response[PresentSession]:
    """Say whether the cookies of a browser hold a session, and whose. It is no error if they hold none."""
    access = session_cookies.access(request)
    try:
        found = _present(await tokens.caller(f"Bearer {access}")) if access else None
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
        expires_in=int(caller.expires - time.time()),
    )


ROUTES = [get_present_session]
