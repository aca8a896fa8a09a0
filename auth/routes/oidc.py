"""Sign-ins by issuers over HTTP, as a gateway asks for them."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from auth.oidc.sign_in import Answered, Begun, SignIn
from auth.policy import Policy
from auth.routes.credentials import json_body, program_of
from auth.routes.sessions import NO_STORE, Access, access_of


class Wanted(Struct, frozen=True):
    """The path on this site to go on to after the sign-in."""

    return_to: str = "/"


class Entered(Struct, frozen=True):
    """A session that has begun, and the path to go on to."""

    session: Access
    return_to: str

    def __repr__(self) -> str:
        return "Entered(…)"


@get("/oidc")
async def providers(sign_in: NamedDependency[SignIn]) -> Response[dict[str, str]]:
    """List the providers: labels by names."""
    return Response(sign_in.offered(), headers=NO_STORE)


@post("/oidc/{provider:str}/begin", status_code=200)
async def begin(
    request: Request[Any, Any, Any], provider: FromPath[str], sign_in: NamedDependency[SignIn]
) -> Response[Begun]:
    """Begin an attempt; return the address for the browser and the cookie it must keep."""
    wanted = await json_body(request, Wanted)
    return Response(await sign_in.begin(provider, wanted.return_to), headers=NO_STORE)


@post("/oidc/{provider:str}/finish", status_code=200)
async def finish(
    request: Request[Any, Any, Any],
    provider: FromPath[str],
    sign_in: NamedDependency[SignIn],
    policy: NamedDependency[Policy],
) -> Response[Entered]:
    """Begin a session by the issuer's answer."""
    answered = await json_body(request, Answered)
    grant, return_to = await sign_in.finish(
        provider, answered, address=policy.client_of(request), program=program_of(request)
    )
    return Response(Entered(access_of(grant), return_to), headers=NO_STORE)


ROUTES = [providers, begin, finish]
