"""Accounts over HTTP, for administrators: find them, end what is signed in, erase them."""

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from auth.accounts.operator_changes import OperatorChanges
from auth.accounts.profiles import Listed, Profiles
from auth.accounts.quotas import QuotaChanges
from auth.errors import InvalidRequest, NotAllowed
from auth.keys.access_tokens import Claims
from auth.routes.credentials import Undisclosed, json_body
from auth.routes.sessions import NO_STORE
from auth.stores.directory import ADMIN, Account
from service.quotas import NAMES, Amount, Own
from service.scopes import ACCOUNT

MOST = 200
"""Accounts on a page."""
RATE, LEAST_OF_ONESELF = "requests_a_minute", 60
"""The limit by which administrators could lock themselves out, and the least that they give themselves."""


class Search(Undisclosed, frozen=True):
    """A part of an address or the start of an id, and the page: ids below `before`, so many."""

    q: str = ""
    before: str = ""
    limit: int = 50


class Given(Struct, frozen=True):
    """Limits of an account's own by name; null: none. What is not named is its role's."""

    limits: dict[str, Any]


class Page(Undisclosed, frozen=True):
    """Accounts, newest first."""

    items: list[Listed]


@get("/admin/accounts")
async def search(
    request: Request[Any, Any, Any],
    administrator: NamedDependency[Claims],
    profiles: NamedDependency[Profiles],
) -> Response[Page]:
    """Find accounts. What is looked for stands in the body: it may be an address, and logs have paths."""
    asked = await json_body(request, Search)
    found = await profiles.search(asked.q, asked.before, max(1, min(asked.limit, MOST)))
    return Response(Page(found), headers=NO_STORE)


@get("/admin/accounts/{account_id:str}")
async def show(
    account_id: FromPath[str],
    administrator: NamedDependency[Claims],
    profiles: NamedDependency[Profiles],
) -> Response[Listed]:
    """Return one account."""
    return Response(await profiles.get(account_id), headers=NO_STORE)


@post("/admin/accounts/{account_id:str}/revoke", status_code=204)
async def revoke(
    account_id: FromPath[str],
    administrator: NamedDependency[Claims],
    profiles: NamedDependency[Profiles],
    changes: NamedDependency[OperatorChanges],
) -> None:
    """End all sessions and API keys of an account."""
    account = await profiles.account(account_id)
    _may_end(administrator, account)
    await changes.revoke(account)


@delete("/admin/accounts/{account_id:str}")
async def erase(
    account_id: FromPath[str],
    administrator: NamedDependency[Claims],
    profiles: NamedDependency[Profiles],
    changes: NamedDependency[OperatorChanges],
) -> None:
    """Erase an account, for good, but never the caller's own."""
    account = await profiles.account(account_id)
    if account.account_id == administrator.sub:
        raise NotAllowed("this is your own account: DELETE /account erases it, by your password")
    _may_end(administrator, account)
    await changes.erase(account)


@put("/admin/accounts/{account_id:str}/quota", status_code=204)
async def give_quota(
    request: Request[Any, Any, Any],
    account_id: FromPath[str],
    administrator: NamedDependency[Claims],
    profiles: NamedDependency[Profiles],
    quota_changes: NamedDependency[QuotaChanges],
) -> None:
    """Give an account limits of its own, in the place of all those that it had."""
    asked = await json_body(request, Given)
    account, own = await profiles.account(account_id), _own(asked.limits)
    rate = own.get(RATE)
    if account.account_id == administrator.sub and rate is not None and rate < LEAST_OF_ONESELF:
        raise InvalidRequest(f"{RATE}: give yourself {LEAST_OF_ONESELF} or more, or you cannot take it back")
    await quota_changes.give(account.account_id, own)


def _own(limits: dict[str, Any]) -> Own:
    """Return the limits. Raises InvalidRequest, which names one."""
    own: dict[str, int | None] = {}
    for name, value in limits.items():
        if name not in NAMES:
            raise InvalidRequest(f"{name[:100]}: there is no such limit; there are {', '.join(NAMES)}")
        is_whole = isinstance(value, float) and value.is_integer()  # 5.0 is an integer in JSON
        try:
            own[name] = msgspec.convert(int(value) if is_whole else value, Amount | None)
        except msgspec.ValidationError:
            raise InvalidRequest(f"{name}: give a whole number, or null for no limit") from None
    return own


def _may_end(administrator: Claims, account: Account) -> None:
    """Raise NotAllowed if an API key would end what an administrator has: one that leaks must not."""
    if ADMIN in account.roles and ACCOUNT not in administrator.scope.split():
        raise NotAllowed("this is an administrator's account: sign in for that, no API key may do it")


ROUTES = [search, show, revoke, erase, give_quota]
