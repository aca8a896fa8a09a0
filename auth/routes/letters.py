"""Letters over HTTP: registrations, passwords, invitations, and the tokens that the notifier sends."""

from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from auth.accounts.letter_requests import LetterRequests
from auth.accounts.letters import Granted, Letters
from auth.accounts.operator_changes import OperatorChanges
from auth.accounts.password_changes import PasswordChanges
from auth.errors import InvalidRequest, NotSignedIn
from auth.keys.access_tokens import Claims
from auth.policy import Policy
from auth.routes.credentials import Addressed, Undisclosed, bearer, json_body
from auth.routes.sessions import NO_STORE
from auth.stores.directory import ADMIN, USER
from events.types import Letter
from service.scopes import ACCOUNT


class Said(Struct, frozen=True):
    """One sentence."""

    message: str


class Chosen(Undisclosed, frozen=True):
    """The token of a letter, and the new password."""

    token: str
    password: str


class Changed(Undisclosed, frozen=True):
    """The present password, and the new one."""

    current: str
    password: str


class Invited(Undisclosed, frozen=True):
    """An invitation: an address and roles."""

    email: str
    roles: tuple[str, ...] = (USER,)


class Wanted(Struct, frozen=True):
    """A letter, and the id of the event that asked for it."""

    letter: Letter
    cause: str


def accepted(message: str) -> Response[Said]:
    """Return the answer that is the same whether or not there is an account."""
    return Response(Said(message), status_code=202, headers=NO_STORE)


@post("/password/forgot", status_code=202)
async def forgot(
    request: Request[Any, Any, Any],
    letter_requests: NamedDependency[LetterRequests],
    policy: NamedDependency[Policy],
) -> Response[Said]:
    """Request a letter for a new password, if there is such an account."""
    asked = await json_body(request, Addressed)
    await letter_requests.forgot(asked.email, address=policy.client_of(request))
    return accepted("If there is an account with this address, a mail is on its way to it.")


@post("/password/reset", status_code=200)
async def reset(
    request: Request[Any, Any, Any], password_changes: NamedDependency[PasswordChanges]
) -> Response[Said]:
    """Set a new password by the token of such a letter."""
    chosen = await json_body(request, Chosen)
    await password_changes.reset(chosen.token, chosen.password)
    return Response(Said("Your password is set: sign in with it."), headers=NO_STORE)


@post("/register/confirm", status_code=200)
async def confirm(
    request: Request[Any, Any, Any], password_changes: NamedDependency[PasswordChanges]
) -> Response[Said]:
    """Finish a registration, or accept an invitation, by the token of the letter."""
    chosen = await json_body(request, Chosen)
    await password_changes.confirm(chosen.token, chosen.password)
    return Response(Said("Your account is there: sign in."), headers=NO_STORE)


@post("/password", status_code=204)
async def change(
    request: Request[Any, Any, Any],
    person: NamedDependency[Claims],
    password_changes: NamedDependency[PasswordChanges],
    policy: NamedDependency[Policy],
) -> None:
    """Replace one's own password."""
    asked = await json_body(request, Changed)
    await password_changes.change(person, asked.current, asked.password, address=policy.client_of(request))


@post("/invitations", status_code=202)
async def invite(
    request: Request[Any, Any, Any],
    administrator: NamedDependency[Claims],
    changes: NamedDependency[OperatorChanges],
) -> Response[Said]:
    """Invite a person, as an administrator."""
    asked = await json_body(request, Invited)
    if not asked.roles or not set(asked.roles) <= {USER, ADMIN}:
        raise InvalidRequest(f"roles: some of {USER}, {ADMIN}")
    if ADMIN in asked.roles and ACCOUNT not in administrator.scope.split():
        raise InvalidRequest("roles: administrators are invited by one who has signed in, not by an API key")
    await changes.invite(asked.email, tuple(dict.fromkeys(asked.roles)))
    return accepted("The invitation is on its way.")


@post("/accounts/{account_id:str}/letters", status_code=200)
async def grant(
    request: Request[Any, Any, Any],
    account_id: FromPath[str],
    letters: NamedDependency[Letters],
    policy: NamedDependency[Policy],
) -> Response[Granted]:
    """Return the address of a letter and the token of its link, to the notifier only."""
    if not policy.is_service(bearer(request.headers.get("authorization"))):
        raise NotSignedIn("this is for the services of Tonearm")
    asked = await json_body(request, Wanted)
    return Response(await letters.grant(account_id, asked.letter, asked.cause), headers=NO_STORE)


ROUTES = [forgot, reset, confirm, change, invite, grant]
