"""Accounts over HTTP: registering, and the address of an account for the notifier."""

from contextlib import suppress
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from auth.accounts.accounts import Accounts
from auth.accounts.letter_requests import LetterRequests
from auth.accounts.mail_choices import MailChoices
from auth.errors import AlreadyRegistered, NotSignedIn, RegistrationClosed
from auth.policy import Policy
from auth.routes.credentials import Addressed, Credentials, bearer, json_body
from auth.routes.letters import Said, accepted
from auth.routes.sessions import NO_STORE
from service.mail_preference import MailPreference

_NOT_OPEN = {
    "invitation": "registration is by invitation: follow the link in yours",
    "closed": "registration is closed here; ask the operator for an account",
}


class Addressee(Struct, frozen=True):
    """The mail address of an account, the mails about jobs that it gets, and the token that ends them.

    `links`: those about audio have a link that needs no sign-in.
    """

    account_id: str
    email: str
    mails: MailPreference
    unsubscribe: str
    links: bool

    def __repr__(self) -> str:
        return f"Addressee({self.account_id!r})"


@post("/register", status_code=201)
async def register(
    request: Request[Any, Any, Any],
    accounts: NamedDependency[Accounts],
    letter_requests: NamedDependency[LetterRequests],
    policy: NamedDependency[Policy],
) -> Response[Said]:
    """Make an account, or send a letter by which it is made. The answer does not depend on an account."""
    if policy.registration != "open":
        raise RegistrationClosed(_NOT_OPEN[policy.registration])
    if policy.verification:
        asked = await json_body(request, Addressed)
        await letter_requests.register(asked.email, address=policy.client_of(request))
        return accepted("A mail is on its way to this address: follow its link to go on.")
    shown = await json_body(request, Credentials)
    with suppress(AlreadyRegistered):
        await accounts.register(shown.email, shown.password, address=policy.client_of(request))
    return Response(Said("If this address had no account, it has one now: sign in."), headers=NO_STORE)


@get("/accounts/{account_id:str}")
async def addressee(
    request: Request[Any, Any, Any],
    account_id: FromPath[str],
    accounts: NamedDependency[Accounts],
    mail_choices: NamedDependency[MailChoices],
    policy: NamedDependency[Policy],
) -> Response[Addressee]:
    """Return where mails about jobs go, to the notifier only."""
    if not policy.is_service(bearer(request.headers.get("authorization"))):
        raise NotSignedIn("this is for the services of Tonearm")
    found = await accounts.get(account_id)
    token = mail_choices.token(account_id)
    told = Addressee(found.account_id, found.email, found.mails, token, found.mail_links)
    return Response(told, headers=NO_STORE)


ROUTES = [register, addressee]
