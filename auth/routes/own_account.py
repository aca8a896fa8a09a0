"""One's own account over HTTP: who am I, and the end of it."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, delete, get
from litestar.di import NamedDependency

from auth.accounts.own_account import OwnAccounts
from auth.keys.access_tokens import Claims
from auth.policy import Policy
from auth.routes.credentials import Undisclosed, json_body
from auth.routes.sessions import NO_STORE


class Shown(Undisclosed, frozen=True, kw_only=True):
    """The account as its holder sees it. `providers` are the names of those that sign in to it."""

    account_id: str
    email: str
    roles: tuple[str, ...]
    created: datetime
    has_password: bool
    providers: tuple[str, ...]


class Erasing(Undisclosed, frozen=True):
    """The password, once more; accounts without one send none."""

    password: str = ""


@get("/account")
async def show_account(
    person: NamedDependency[Claims], own_accounts: NamedDependency[OwnAccounts]
) -> Response[Shown]:
    """Return who is signed in."""
    found = await own_accounts.of(person)
    account = found.account
    shown = Shown(
        account_id=account.account_id,
        email=account.email,
        roles=account.roles,
        created=account.created,
        has_password=bool(account.password_hash),
        providers=found.providers,
    )
    return Response(shown, headers=NO_STORE)


@delete("/account", status_code=204)
async def erase_account(
    request: Request[Any, Any, Any],
    person: NamedDependency[Claims],
    own_accounts: NamedDependency[OwnAccounts],
    policy: NamedDependency[Policy],
) -> None:
    """Erase the account of the session that asks."""
    shown = await json_body(request, Erasing) if "content-type" in request.headers else Erasing()
    await own_accounts.erase(person, shown.password, address=policy.client_of(request))


ROUTES = [show_account, erase_account]
