"""The routes: parse, one call of the domain, answer."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from litestar import Litestar, Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from msgspec import Struct

from auth.accounts.accounts import Accounts
from auth.accounts.changes import Changes
from auth.accounts.front_desk import FrontDesk
from auth.accounts.letters import Letters
from auth.accounts.password_changes import PasswordChanges
from auth.errors import AlreadyRegistered, BadCredentials, NotReady, NotSignedIn, RegistrationClosed
from auth.keys.access_tokens import Claims
from auth.keys.signer import Signer
from auth.oidc.sign_in import SigningIn
from auth.routes import problems
from auth.routes.api_keys import ROUTES as KEY_ROUTES
from auth.routes.credentials import MAX_BODY, Addressed, Credentials, basic, bearer, json_body
from auth.routes.door import Door
from auth.routes.letters import ROUTES as LETTER_ROUTES
from auth.routes.letters import Said, accepted
from auth.routes.oidc import ROUTES as OIDC_ROUTES
from auth.routes.sessions import NO_STORE, Access, answer
from auth.routes.sessions import ROUTES as SESSION_ROUTES
from auth.sessions.api_keys import ApiKeys
from auth.sessions.sessions import Sessions


class Addressee(Struct, frozen=True):
    """Where the mail of an account goes."""

    account_id: str
    email: str


_NOT_OPEN = {
    "invitation": "registration is by invitation: follow the link in yours",
    "closed": "registration is closed here; ask the operator for an account",
}

Ready = Callable[[], Awaitable[tuple[str, ...]]]
"""Returns what is missing for the service to do its work; nothing when it is ready."""


@post("/login", status_code=200)
async def login(
    request: Request[Any, Any, Any], accounts: NamedDependency[Accounts], door: NamedDependency[Door]
) -> Response[Access] | Response[str]:
    """Begin a session; as plain text only an access token, and the session ends with it."""
    header = request.headers.get("authorization")
    if header is None and "content-type" not in request.headers:
        raise BadCredentials("sign in with HTTP Basic, or with a JSON body")
    shown = basic(header) if header is not None else await json_body(request, Credentials)
    bare = request.accept.best_match(["application/json", "text/plain"]) == "text/plain"
    grant = await accounts.sign_in(
        shown.email, shown.password, address=door.client_of(request), lasting=not bare
    )
    if bare:
        return Response(grant.access.text, media_type="text/plain", headers=NO_STORE)
    return answer(grant)


@post("/validate", status_code=200)
async def validate(request: Request[Any, Any, Any], sessions: NamedDependency[Sessions]) -> Response[Claims]:
    """Tell what a token says, if it is good and its session has not ended."""
    claims = await sessions.validate(bearer(request.headers.get("authorization")))
    return Response(claims, headers=NO_STORE)


@post("/register", status_code=201)
async def register(
    request: Request[Any, Any, Any],
    accounts: NamedDependency[Accounts],
    desk: NamedDependency[FrontDesk],
    door: NamedDependency[Door],
) -> Response[Said]:
    """Make an account, or have a letter sent by which it is made. The answer never tells if there is one."""
    if door.registration != "open":
        raise RegistrationClosed(_NOT_OPEN[door.registration])
    if door.verification:
        asked = await json_body(request, Addressed)
        await desk.register(asked.email, address=door.client_of(request))
        return accepted("A mail is on its way to this address: follow its link to go on.")
    shown = await json_body(request, Credentials)
    with suppress(AlreadyRegistered):
        await accounts.register(shown.email, shown.password, address=door.client_of(request))
    return Response(Said("If this address had no account, it has one now: sign in."), headers=NO_STORE)


@get("/.well-known/jwks.json")
async def jwks(signer: NamedDependency[Signer]) -> Response[dict[str, Any]]:
    """Publish the keys that tokens are verified with (RFC 7517)."""
    keys, seconds = signer.jwks()
    return Response(keys, headers={"Cache-Control": f"public, max-age={seconds}"})


@get("/accounts/{account_id:str}")
async def account(
    request: Request[Any, Any, Any],
    account_id: FromPath[str],
    accounts: NamedDependency[Accounts],
    door: NamedDependency[Door],
) -> Response[Addressee]:
    """Tell the notifier where an account's mail goes."""
    token = bearer(request.headers.get("authorization"))
    if not door.is_service(token):
        raise NotSignedIn("this is for the services of Tonearm")
    found = await accounts.get(account_id)
    return Response(Addressee(found.account_id, found.email), headers=NO_STORE)


@get("/health/live")
async def live() -> dict[str, str]:
    """Answer as long as the process does."""
    return {"status": "live"}


@get("/health/ready")
async def ready(readiness: NamedDependency[Ready]) -> dict[str, str]:
    """Answer 200 when everything needed is there, else 503 naming what is missing."""
    if missing := await readiness():
        raise NotReady("; ".join(missing))
    return {"status": "ready"}


def make_app(
    *,
    accounts: Accounts,
    sessions: Sessions,
    api_keys: ApiKeys,
    signer: Signer,
    desk: FrontDesk,
    letters: Letters,
    password_changes: PasswordChanges,
    changes: Changes,
    signing_in: SigningIn,
    door: Door,
    readiness: Ready,
) -> Litestar:
    """Put the routes together. No OpenAPI here: the gateway is what the world sees."""
    return Litestar(
        [
            login,
            *SESSION_ROUTES,
            *KEY_ROUTES,
            *LETTER_ROUTES,
            *OIDC_ROUTES,
            validate,
            register,
            jwks,
            account,
            live,
            ready,
        ],
        dependencies={
            "accounts": Provide(lambda: accounts, sync_to_thread=False),
            "sessions": Provide(lambda: sessions, sync_to_thread=False),
            "api_keys": Provide(lambda: api_keys, sync_to_thread=False),
            "signing_in": Provide(lambda: signing_in, sync_to_thread=False),
            "signer": Provide(lambda: signer, sync_to_thread=False),
            "desk": Provide(lambda: desk, sync_to_thread=False),
            "letters": Provide(lambda: letters, sync_to_thread=False),
            "password_changes": Provide(lambda: password_changes, sync_to_thread=False),
            "changes": Provide(lambda: changes, sync_to_thread=False),
            "door": Provide(lambda: door, sync_to_thread=False),
            "readiness": Provide(lambda: readiness, sync_to_thread=False),
        },
        exception_handlers={Exception: problems.to_response},
        request_max_body_size=MAX_BODY,
        openapi_config=None,
        logging_config=None,
    )
